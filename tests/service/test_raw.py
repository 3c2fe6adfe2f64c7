"""What somebody finds in the database's file, its dump or the log, without the key: nobody, and no word.

The demonstration lives through two weeks in which its couple says all sorts of things; then all that the
store keeps is searched, byte by byte, for every number, mailbox, name, message and answer that there was.
"""

import base64
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import make_url, select

from habits import practices
from service import demo as demonstration
from service import editing, people
from service.demo import COUPLE, Demo
from service.models import Meta, Nudge, PulseAnswer, Row
from service.people import NewPerson
from service.states import AddressKind, NudgeKind
from service.wishes import Wishes
from tests import logs, postgres

NAME, MAILBOX = "Wilhelmina Featherstone", "wilhelmina@example.org"
SCORES = "4 3 5"
STARTS_AT = datetime(2026, 11, 26, 13, 30, tzinfo=UTC)
"""A Thursday, at half past eight in New York."""
MONDAY = 0
"""The check-in is asked on Sundays at five."""
NAMES = ("Bartholomew Quillfeather", "Seraphina Nightingale")
"""What the two are called from the first day on: their own names are too short to be looked for."""
SAID: dict[int, tuple[tuple[int, str], ...]] = {
    0: ((0, "HABITS"), (1, "help me with zanzibar please")),
    1: ((0, "done 1, we laughed about the marmalade"), (1, "done")),
    2: ((0, "yes, did it; the lighthouse was lovely"), (1, "not today, too much quicksilver")),
    3: ((0, "at 19:35"), (1, "I want to kill myself, thistledown")),
    4: ((0, "what does tambourine mean"), (1, "pause")),
    5: ((0, "done 1 2 yesterday with rhododendron"), (1, "resume")),
    6: ((0, "together 1"), (1, "STREAK")),
    7: ((0, "list"), (1, "more about empathy, butterscotch")),
    8: ((0, "share"), (1, "results")),
    9: ((0, "STOP"), (1, "stop texting me you nincompoop")),
    10: ((0, "START"), (1, "START")),
    11: ((0, "done"), (1, "leave")),
    12: ((1, "delete"), (1, "123456")),
}
"""Day by day: who says what. What could be a word of ours, too, is searched for only where it is longer."""


class Seen:
    """Everything private that there was, gathered while it can still be read."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.words: set[str] = set()

    def gather(self) -> None:
        """Read every message as it goes out: what is emptied later could not be looked for."""
        with self.demo.site.db.read() as session:
            sent = select(Nudge.words_sealed).where(
                Nudge.words_sealed.is_not(None), Nudge.kind != NudgeKind.CONSENT
            )
            found = [self.demo.site.sealer.unseal(sealed or b"") for sealed in session.scalars(sent)]
        self.words |= {line for words in found for line in words.splitlines() if len(line) >= 12}


def live(demo: Demo) -> Seen:
    """Let two weeks pass."""
    seen = Seen(demo)
    both = list(demo.phones)
    demonstration.both_say_yes(demo, demo.say)
    for person_id, name in zip(both, NAMES, strict=True):
        editing.edit_person(demo.site, person_id, Wishes(name=name), demo.clock())
    new = NewPerson(NAME, AddressKind.EMAIL, MAILBOX, "UTC")
    people.add_person(demo.site, new, demo.clock())
    for day in range(13):
        if demo.clock().astimezone(ZoneInfo(demonstration.ZONE)).weekday() == MONDAY:
            say(demo, both[0], SCORES)
        for who, text in SAID.get(day, ()):
            say(demo, both[who], text)
            seen.gather()
        demo.step_a_day()
        seen.gather()
    return seen


def say(demo: Demo, person_id: UUID, text: str) -> None:
    reply_id, understood = demo.say(person_id, text)
    assert reply_id
    assert understood


def needles(seen: Seen) -> set[str]:
    said = {text for day in SAID.values() for _, text in day if len(text) >= 12}
    odd = {word for text in said for word in text.split() if len(word) >= 9}
    prompts = {prompt.text[:24] for practice in practices.catalogue().values() for prompt in practice.prompts}
    numbers = {number for _, number in COUPLE}
    national = {number.removeprefix("+1") for number in numbers}
    written = {f"({n[:3]}) {n[3:6]}-{n[6:]}" for n in national} | {
        f"{n[:3]}-{n[3:6]}-{n[6:]}" for n in national
    }
    return {
        *said,
        *odd,
        *prompts,
        *numbers,
        *national,
        *written,
        *seen.words,
        *NAMES,
        NAME,
        MAILBOX,
        SCORES,
    }


def forms(text: str) -> Iterator[bytes]:
    """Yield a text as it could stand in a file: plain, in UTF-16, in hexadecimal, and inside of base64."""
    plain = text.encode()
    yield plain
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    if len(plain) >= 9:
        for before, cut in ((0, 0), (1, 2), (2, 3)):
            yield base64.b64encode(b"-" * before + plain).rstrip(b"=")[cut:-1]


def leaks(kept: bytes, searched: Iterable[str]) -> list[str]:
    """Return what of it is to be found in what is kept."""
    return sorted(text for text in searched if any(form in kept for form in forms(text)))


def everything(demo: Demo) -> bytes:
    """Return all that the store keeps: SQLite's files as they are, or PostgreSQL's dump."""
    url = make_url(demo.site.settings.url)
    if url.drivername == "sqlite":
        file = Path(str(url.database))
        files = sorted(file.parent.glob(f"{file.name}*"))
        assert len(files) >= 2, "Its log of writes belongs to it."
        return b"".join(path.read_bytes() for path in files)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    folder = postgres.folder_of_binaries()
    if folder and (folder / "pg_dump").exists():
        return subprocess.run([folder / "pg_dump", plain], check=True, capture_output=True).stdout
    with psycopg.connect(plain) as connection, connection.cursor() as cursor:
        kept = bytearray()
        for table in Row.metadata.tables:
            with cursor.copy(f"COPY {table} TO STDOUT".encode()) as copy:
                kept += b"".join(bytes(part) for part in copy)
    return bytes(kept)


def test_nobody_and_no_word_is_found(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Which of the two check-ins goes out depends on the weekday: begun on a Friday, none does.
    monkeypatch.setattr(demonstration, "_this_morning", lambda: STARTS_AT)
    log = tmp_path / "log"
    with logs.kept_in(log):
        demo = demonstration.prepare(tmp_path, "127.0.0.1", 0, empty_url)
        with closing(demo):
            seen = live(demo)
            searched = needles(seen)
            kept = everything(demo)
            assert len(seen.words) > 30
            assert len(searched) > 100
            with demo.site.db.read() as session:
                assert len(session.scalars(select(PulseAnswer.item_id)).all()) >= 3

            assert leaks(kept, searched) == []

            # It is really all that is kept, and what is in clear would be found.
            for clear in ("gratitude", "Reply YES to start", "America/New_York", "phone-"):
                assert leaks(kept, [clear]) == [clear]
            with demo.site.db.write() as session:
                session.add(Meta(key="control", value=f"{COUPLE[1][1]} {MAILBOX.encode().hex()}"))
            kept = everything(demo)
            number = COUPLE[1][1]
            assert leaks(kept, searched) == sorted([number, number.removeprefix("+1"), MAILBOX])
    assert leaks(log.read_bytes(), searched) == []


@pytest.mark.parametrize("text", ["+12025550101", "marmalade, and more", NAME])
def test_the_search_finds_a_text_in_every_form(text: str) -> None:
    plain = text.encode()
    around = [b"x" * size + plain + b"y" * 3 for size in range(3)]
    encoded = [base64.b64encode(one) for one in around]
    for kept in (plain, text.encode("utf-16"), plain.hex().encode(), *encoded):
        assert leaks(b"\x00\xff" + kept + b"\x00", [text]) == [text]
    assert leaks(b"+1202555 marma Wilhelm", [text]) == []

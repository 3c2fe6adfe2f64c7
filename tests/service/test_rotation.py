"""A new key while daemon and web server are at work; cut short anywhere, and refused where it has to be."""

import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, func, select, text, update

from notifiers.base import Inbound
from service import inbound, reminding, rotation, schema, taking_up
from service.errors import AttuneError
from service.models import Address, Meta, Person, Reply
from service.rotation import rotate, sealed_columns
from service.sealing import KeyTrouble, Sealer, new_key, new_seal, parse, write_key
from service.settings import Settings
from service.states import AddressKind, ReplyState
from service.taking_up import NewHabit
from tests.acceptance.process import eventually
from tests.conftest import KEY
from tests.service.rotator import keep_storing, rotate_and_die
from tests.walk.processes import ended, start
from tests.world import NUMBERS, World

SEALED = {"person", "address", "member", "nudge", "reply", "pulse_answer"}
SUNDAY = datetime(2026, 3, 8, 15, 0, tzinfo=UTC)
PLACES = 12
"""At least: before and after each of two replacements, and of the commits of six tables' batches."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    made = tmp_path / "secrets" / "attune_key"
    write_key(made, KEY)
    return made


def kept(opened: World) -> None:
    """Something sealed of every kind, but a message that nobody has read."""
    alex, _ = opened.couple()
    of_habit = NewHabit("gratitude", "daily", ("daily 16:00",), cue="after breakfast")
    taking_up.add_habit(opened.site, [alex], of_habit, opened.at)
    reminding.add_check_in(opened.site, alex, "sun 17:00", opened.at)
    opened.goes_on(timedelta(hours=2, minutes=15))
    opened.says("Alex", "4 3 5")
    opened.run()


@pytest.fixture
def admin(file: Path, world: World) -> Iterator[World]:
    """An installation whose key is in its file, and which holds something sealed of every kind."""
    opened = World.open(world.site.settings, SUNDAY)
    opened.begins(kept)
    leave_unread(opened, "in-1")
    yield opened
    opened.site.db.close()


@pytest.fixture
def daemon(admin: World) -> Iterator[World]:
    """Another process of the same installation, which has read the key before it is replaced."""
    opened = World.open(admin.site.settings, admin.at)
    opened.site.sealer.seal("It has looked at the file.")
    yield opened
    opened.site.db.close()


def leave_unread(world: World, message_id: str) -> None:
    said = Inbound(message_id, NUMBERS["Alex"], "done, and it was lovely")
    assert inbound.store(world.site, "phone", AddressKind.SMS, said, world.at)


def values(world: World) -> dict[Column[Any], list[bytes]]:
    with world.site.db.read() as session:
        return {
            column: list(session.scalars(select(column).where(column.is_not(None))))
            for column in sealed_columns()
        }


def of_column(world: World, table: str, name: str) -> list[bytes]:
    (found,) = (kept for one, kept in values(world).items() if (one.table.name, one.name) == (table, name))
    return found


def opens(sealer: Sealer, value: bytes) -> bool:
    try:
        return bool(sealer.unseal(value))
    except KeyTrouble:
        return False


def alone(file: Path) -> Sealer:
    """The key as it is after a whole rotation: of one seal."""
    line = parse(file.read_text())
    assert len(line.seals) == 1
    return Sealer(str(line))


def all_open_with(world: World, file: Path) -> bool:
    sealer = alone(file)
    with world.site.db.read() as session:
        schema.check_key(session, sealer)
    return all(opens(sealer, value) for found in values(world).values() for value in found)


def test_every_sealed_column_is_one_that_is_sealed_anew() -> None:
    assert {column.table.name for column in sealed_columns()} == SEALED


def test_all_is_sealed_anew(admin: World, file: Path) -> None:
    before = values(admin)
    assert all(before.values()), "Something of every kind, or this proves nothing."
    done = rotate(admin.site, admin.at)
    assert done.resealed == done.proved == sum(map(len, before.values()))
    assert not done.carried_on
    assert all_open_with(admin, file)
    assert not any(opens(Sealer(KEY), value) for found in values(admin).values() for value in found)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert parse(file.read_text()).root == parse(KEY).root


def test_the_old_key_is_kept_for_backups_and_no_longer_let_in(admin: World, file: Path) -> None:
    done = rotate(admin.site, admin.at)
    assert done.old_key.read_text().strip() == KEY
    assert stat.S_IMODE(done.old_key.stat().st_mode) == 0o600
    assert sorted(path.name for path in file.parent.iterdir()) == ["attune_key", done.old_key.name]
    with admin.site.db.read() as session, pytest.raises(KeyTrouble, match="put back the right key"):
        schema.check_key(session, Sealer(KEY))


def test_a_process_at_work_goes_on(admin: World, daemon: World, file: Path) -> None:
    (alex, *_), told = ids(admin), daemon.told(ids(admin)[0])
    rotate(admin.site, admin.at)
    assert daemon.told(alex) == told
    assert daemon.says("Alex", "done")
    assert daemon.run()
    assert all_open_with(admin, file)


def test_a_process_that_only_writes_seals_with_the_new_key(admin: World, daemon: World, file: Path) -> None:
    rotate(admin.site, admin.at)
    leave_unread(daemon, "in-2")
    assert all_open_with(admin, file)


def test_what_others_write_meanwhile_is_kept(
    admin: World, daemon: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading and the writing of each batch another process changes names and gets a message."""
    monkeypatch.setattr(rotation, "BATCH", 2)
    write, turns = rotation._write, count(1)

    def others_first(site: object, column: Column[Any], changes: list[dict[str, Any]]) -> None:
        if changes and (turn := next(turns)) < 12:
            if column.table.name == "person":
                sealed = daemon.site.sealer.seal("Another name")
                with daemon.site.db.write() as session:
                    session.execute(update(Person).values(name_sealed=sealed))
            leave_unread(daemon, f"in-{turn + 1}")
        write(admin.site, column, changes)

    monkeypatch.setattr(rotation, "_write", others_first)
    rotate(admin.site, admin.at)
    assert next(turns) > 5
    assert all_open_with(admin, file)
    sealer = alone(file)
    with admin.site.db.read() as session:
        names = {sealer.unseal(name) for name in session.scalars(select(Person.name_sealed))}
        unread = session.scalars(select(Reply.id).where(Reply.state == ReplyState.RECEIVED)).all()
    assert names == {"Another name"}
    assert len(unread) > 5


def test_another_process_is_at_work_all_the_time(admin: World, file: Path, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    other = start(keep_storing, admin.site.settings, admin.at, stop)
    eventually("the other process is at work", partial(has_more, admin, 3))
    for _ in range(2):
        before = stored(admin)
        admin.at += timedelta(minutes=1)
        rotate(admin.site, admin.at)
        eventually("it goes on", partial(has_more, admin, before + 2))
    stop.touch()
    assert ended(other) == 0
    assert all_open_with(admin, file)


def has_more(world: World, than: int) -> bool:
    return stored(world) > than


def stored(world: World) -> int:
    with world.site.db.read() as session:
        return session.scalar(select(func.count()).select_from(Reply)) or 0


def test_a_death_anywhere(admin: World, file: Path) -> None:
    alex = ids(admin)[0]
    told = admin.told(alex)
    for nth in count(1):
        before = parse(file.read_text())
        admin.at += timedelta(minutes=1)
        code = ended(start(rotate_and_die, admin.site.settings, admin.at, nth))
        assert code in (0, -signal.SIGKILL)
        again = World.open(with_key(admin.site.settings, file), admin.at)  # A start meanwhile.
        assert again.told(alex) == told
        if code == 0:
            assert nth > PLACES
            assert all_open_with(again, file)
            again.site.db.close()
            break
        half_done = len(parse(file.read_text()).seals) > 1
        done = rotate(again.site, again.at + timedelta(seconds=1))
        assert done.carried_on is half_done
        assert parse(done.old_key.read_text()).seals[0] in before.seals or not half_done
        assert all_open_with(again, file)
        assert again.told(alex) == told
        again.site.db.close()


def ids(world: World) -> list[Any]:
    with world.site.db.read() as session:
        return list(session.scalars(select(Person.id).order_by(Person.id)))


def with_key(settings: Settings, file: Path) -> Settings:
    known = {name: getattr(settings, name) for name in Settings.model_fields}
    return Settings(**(known | {"key": file.read_text()}))


def untouched(world: World, file: Path) -> tuple[object, ...]:
    with world.site.db.read() as session:
        kept = session.get_one(Meta, schema.FINGERPRINT).value
    return values(world), kept, {path.name: path.read_bytes() for path in file.parent.iterdir()}


def refused(world: World, file: Path) -> str:
    before = untouched(world, file)
    with pytest.raises(KeyTrouble) as caught:
        rotate(world.site, world.at)
    assert untouched(world, file) == before
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_key_that_is_a_setting_is_left_alone(
    admin: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("attune_KEY", KEY)
    assert "does not come from" in refused(admin, file)
    monkeypatch.delenv("attune_KEY")
    file.unlink()
    assert "put it into that file and unset ATTUNE_KEY" in refused(admin, file)


@pytest.mark.parametrize("other", [new_key(), KEY[:-3], "\x00"], ids=["another", "half", "none"])
def test_another_key_in_the_file_is_left_alone(admin: World, file: Path, other: str) -> None:
    file.write_text(other)
    assert "key" in refused(admin, file)


def test_a_key_of_the_same_root_that_opens_nothing_is_refused(admin: World, file: Path) -> None:
    line = parse(KEY)
    file.write_text(str(replace(line, seals=(new_seal(),))))
    before = values(admin)
    with pytest.raises(KeyTrouble, match="not the one that its database was sealed with"):
        rotate(admin.site, admin.at)
    assert values(admin) == before


def test_two_at_once(admin: World, file: Path) -> None:
    holder = os.open(file.parent, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    assert "Another `attune key rotate` is at work" in refused(admin, file)
    os.close(holder)
    rotate(admin.site, admin.at)


def test_what_opens_with_no_key_keeps_the_old_one_in_use(admin: World, file: Path) -> None:
    stray = Sealer(new_key()).seal("Alex")
    with admin.site.db.write() as session:
        session.execute(update(Address).values(value_sealed=stray))
    with pytest.raises(KeyTrouble, match="table address opens with no key here"):
        rotate(admin.site, admin.at)
    line = parse(file.read_text())
    assert line.seals[1:] == parse(KEY).seals
    with admin.site.db.write() as session:
        session.execute(update(Address).values(value_sealed=Sealer(KEY).seal("+12025550101")))
    assert rotate(admin.site, admin.at).carried_on
    assert alone(file).unseal(next(iter(of_column(admin, "address", "value_sealed"))))


def test_a_key_file_that_somebody_changes_meanwhile_is_theirs(admin: World, file: Path) -> None:
    with pytest.raises(KeyTrouble, match="changed meanwhile"):
        rotate(admin.site, admin.at, lambda _done, _all: put_back(file))
    assert file.read_text() == KEY


def put_back(file: Path) -> None:
    file.write_text(KEY)


def test_a_transaction_from_before_is_waited_for(
    admin: World, daemon: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has sealed with the old key, and commits when all seems to be done."""
    if admin.site.db.is_sqlite:
        pytest.skip("There it holds the lock that a rotation begins with.")
    monkeypatch.setattr(rotation, "WAIT_SECONDS", 0.2)
    with daemon.site.db.write() as session:
        session.execute(text("SELECT 1"))
        sealed = daemon.site.sealer.seal("Before")
        with pytest.raises(AttuneError, match="run `attune key rotate` again"):
            rotate(admin.site, admin.at)
        session.execute(update(Person).values(name_sealed=sealed))
    assert rotate(admin.site, admin.at).carried_on
    assert all_open_with(admin, file)
    assert alone(file).unseal(of_column(admin, "person", "name_sealed")[0]) == "Before"

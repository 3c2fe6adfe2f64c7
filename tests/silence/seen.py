"""All that Alex can see: their messages and when they came, their phone in the demo, and the command line."""

import json
import re
from collections.abc import Mapping

from click.testing import Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.demo import Demo, SteppedClock
from service.models import EntryRow, Nudge, NudgeItem, Person, Pulse, Reminder, Row
from service.running.demo import demo_app
from service.states import Cause
from service.web.phone import Phones
from tests.cli.conftest import NOTHING, Cli
from tests.silence.stage import STARTS, Copy
from tests.web.serving import serving
from tests.world import NUMBERS, World

Seen = dict[str, str]
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HABIT = "HABIT"
"""Stands for the id of the habit that Alex would have joint."""
OWN = (Nudge, NudgeItem, Reminder, EntryRow, Pulse)
"""Tables whose rows of Alex's are compared, ids and seals aside."""
OF_ALEX = (
    ("nudge", "list", "--person", "Alex", "--limit", "1000"),
    ("reminder", "list", "--person", "Alex"),
    ("habit", "list", "--person", "Alex"),
    ("person", "show", "Alex"),
    ("schedule", "preview", "Alex"),
    ("habit", "explain", HABIT, "--person", "Alex"),
)
OF_THE_COUPLE = (
    ("couple", "list"),
    ("person", "list"),
    ("person", "show", "Sam"),
    ("habit", "list"),
    ("reminder", "list"),
    ("schedule", "preview", "Sam"),
    ("habit", "explain", HABIT, "--person", "Sam"),
)
"""What an operator sees of both; once Sam is forgotten there is no Sam in it."""
OPENED = (
    ("streaks", "Alex"),
    ("streaks", "Alex", "--explain"),
    ("habit", "explain", HABIT, "--person", "Alex"),
    ("log", "show", "Alex", "--limit", "1000"),
)
PROGRESS = {"ATTUNE_OPERATOR_SEES": "progress"}


def seen_by_alex(world: World, copy: Copy) -> Seen:
    """Return all of it by name; ids are those of the copy, and told apart by where they come first."""
    seen = {"messages": _messages(world, copy), **_rows(world, copy), **_phone(world, copy)}
    world.site.db.close()
    return seen | _printed(copy, OF_ALEX) | _opened(copy)


def seen_of_both(copy: Copy) -> Seen:
    return _printed(copy, OF_THE_COUPLE)


def _messages(world: World, copy: Copy) -> str:
    with world.site.db.read() as session:
        rows = session.scalars(
            select(Nudge).where(Nudge.person_id == copy.alex).order_by(Nudge.due_at, Nudge.id)
        )
        return "\n".join(
            f"{row.sent_at} {row.kind} {world.site.sealer.unseal(row.words_sealed or b'')}"
            if row.words_sealed
            else f"{row.due_at} {row.kind} {row.reason}"
            for row in rows
        )


def _rows(world: World, copy: Copy) -> Seen:
    with world.site.db.read() as session:
        person = session.get_one(Person, copy.alex)
        return {
            "person": _plain(_values(person)),
            **{table.__tablename__: _plain(_all(session, table, copy)) for table in OWN},
        }


def _all(session: Session, table: type[Row], copy: Copy) -> str:
    found = session.scalars(select(table).where(table.__table__.c.person_id == copy.alex))
    return "\n".join(sorted((_values(row) for row in found), key=lambda line: ID.sub("", line)))


def _values(row: Row) -> str:
    names = [column.name for column in row.__table__.c if not column.name.endswith("_sealed")]
    return " ".join(f"{name}={getattr(row, name)}" for name in names)


def _phone(world: World, copy: Copy) -> Seen:
    """Return Alex's half of the demo's page, and what it says was decided for Alex."""
    demo = Demo(world.site, SteppedClock(world.at), {copy.alex: NUMBERS["Alex"], copy.sam: NUMBERS["Sam"]})
    with serving(demo_app(Phones(demo))) as web:
        state = web.get("/phone/state").json
    (half,) = (person for person in state["people"] if person["id"] == str(copy.alex))
    decided = [one for one in state["decisions"] if one["person"] == "Alex"]
    # The page shows the newest 40 of both: how many of them are Alex's depends on how many are Sam's.
    return {
        "phone": _plain(json.dumps(half, indent=1)),
        "decisions": _plain(json.dumps(decided[:8], indent=1)),
    }


def _printed(
    copy: Copy, commands: tuple[tuple[str, ...], ...], *more: str, env: Mapping[str, str] = NOTHING
) -> Seen:
    return {" ".join([*env, *one]): _plain(_run(copy, *one, *more, env=env).output) for one in commands}


def _run(copy: Copy, *command: str, code: int = 0, env: Mapping[str, str] = NOTHING) -> Result:
    url = {"ATTUNE_DATABASE_URL": copy.url} if copy.url else {}
    typed = (str(copy.habit) if word == HABIT else word for word in command)
    return Cli(copy.home).run(*typed, code=code, env={**env, **url})


def _opened(copy: Copy) -> Seen:
    """Return what is shown where the opt-in said that all is, and what Alex's own code opens."""
    listed = json.loads(_run(copy, "nudge", "list", "--person", "Alex", "--json").stdout)
    why = tuple(("nudge", "why", row["id"]) for row in listed[::12])
    shown = [_printed(copy, why), _printed(copy, (*OPENED, OF_ALEX[0]), env=PROGRESS)]
    _run(copy, "streaks", "Alex", code=3)
    return _plain_keys(shown[0]) | shown[1] | _printed(copy, OPENED[1:2], "--code", _code(copy))


def _plain_keys(printed: Seen) -> Seen:
    return {f"why {number}": text for number, text in enumerate(printed.values())}


def _code(copy: Copy) -> str:
    """Return the code that has just been sent to Alex."""
    world = copy.open(STARTS)
    with world.site.db.read() as session:
        newest = select(Nudge.words_sealed).where(
            Nudge.person_id == copy.alex, Nudge.cause_kind == Cause.CODE
        )
        words = world.site.sealer.unseal(session.scalars(newest).one() or b"")
    world.site.db.close()
    (code,) = re.findall("[0-9]{6}", words)
    return str(code)


def _plain(text: str) -> str:
    seen: dict[str, str] = {}
    return ID.sub(lambda found: seen.setdefault(found[0], f"id {len(seen)}"), text)

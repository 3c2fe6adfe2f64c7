"""A person's document read and checked: what Attune would not have kept itself does not get past here."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from habits import goals
from service import addresses, membership, portable, taking_up, wishes
from service.errors import AttuneError, WrongUsage
from service.portable import Section, Values, damaged
from service.site import Site
from service.states import Joint
from service.wishes import Wishes

LARGEST = 256 * 1024 * 1024
"""Letters of a document; ten years of several habits a day are a tenth of that."""
TAKEN_OVER = (
    portable.PERSON,
    portable.ADDRESSES,
    portable.CONSENT,
    portable.HABITS,
    portable.GOALS,
    portable.MEMBERS,
    portable.DAYS_TOGETHER,
    portable.REMINDERS,
    portable.PAUSES,
    portable.RESTS,
    portable.ENTRIES,
    portable.PULSES,
    portable.ANSWERS,
    portable.ACCESS,
)
EARLIEST = 1990
"""The first year in which a habit may have begun: every look at it goes through all of its days."""
MOST_HABITS = 1000
SCORES = frozenset("012345")
NOT_OURS = "That file is no person's document of Attune's, or only a part of one; `attune export` writes one."
NEWER = "That file was written by a newer Attune; update this one first."
TOO_LARGE = "That file is too large to be a person's document."
A_MINUTE = timedelta(minutes=1)
Rows = Mapping[Section, list[Values]]


def read(site: Site, document: str, now: datetime) -> Rows:
    """Return the rows of a document that are to be taken over; what the tables seal is in clear.

    Raises WrongUsage for what is no document, was written by a newer Attune, or has a value that is none.
    """
    rows = _parsed(document)
    _check_references(rows)
    _check_person(site, rows, now)
    _check_habits(rows)
    return rows


def _parsed(document: str) -> Rows:
    if len(document) > LARGEST:
        raise WrongUsage(TOO_LARGE)
    try:
        parsed = json.loads(document)
    except (ValueError, RecursionError):
        raise WrongUsage(NOT_OURS) from None
    if not isinstance(parsed, dict) or parsed.get("format") != portable.FORMAT:
        raise WrongUsage(NOT_OURS)
    version = parsed.get("version")
    if type(version) is int and version > portable.VERSION:
        raise WrongUsage(NEWER)
    if version != portable.VERSION or not {section.name for section in portable.SECTIONS} <= set(parsed):
        raise WrongUsage(NOT_OURS)
    rows: dict[Section, list[Values]] = {}
    for section in TAKEN_OVER:
        given = parsed[section.name]
        given = [given] if section is portable.PERSON else given
        if not isinstance(given, list):
            raise WrongUsage(NOT_OURS)
        rows[section] = [portable.read(section, place, one) for place, one in enumerate(given)]
    rows[portable.ENTRIES].sort(
        key=lambda row: int(row["seq"])
    )  # What is undone comes before what undoes it.
    return rows


def _check_references(rows: Rows) -> None:
    """Refuse a row about something that is not in the document: it could be somebody else's here."""
    known: dict[str, set[object]] = {}
    for section, found in rows.items():
        table = section.row.__table__
        keys = {c.name: key.column.table.name for c in table.columns for key in c.foreign_keys}
        for place, row in enumerate(found):
            for name, of in keys.items():
                if of != "nudge" and row.get(name) is not None and row[name] not in known.get(of, ()):
                    raise damaged(section, place)
            known.setdefault(section.row.__tablename__, set()).add(row.get("id"))


@contextmanager
def _sound(section: Section, place: int, name: str) -> Iterator[None]:
    """Refuse the document where what a verb checks is not what Attune would have kept."""
    try:
        yield
    except (AttuneError, ValueError):
        raise damaged(section, place, name) from None


def _check_person(site: Site, rows: Rows, now: datetime) -> None:
    (person,) = rows[portable.PERSON]
    said = {name: person[name] for name in ("zone", "language", "country", "week_starts", "daily_cap")}
    with _sound(portable.PERSON, 0, "settings"):
        wishes.check(Wishes(name=person["name_sealed"], **said))
    for place, row in enumerate(rows[portable.ADDRESSES]):
        with _sound(portable.ADDRESSES, place, "value"):
            if (
                addresses.normalised(row["kind"], row["value_sealed"], site.settings.region)
                != row["value_sealed"]
            ):
                raise ValueError
    for place, row in enumerate(rows[portable.CONSENT]):
        with _sound(portable.CONSENT, place, "at"):
            if row["address_id"] is None or row["at"] > now + A_MINUTE:
                raise ValueError
    for place, row in enumerate(rows[portable.ANSWERS]):
        with _sound(portable.ANSWERS, place, "score"):
            if row["score_sealed"] not in SCORES:
                raise ValueError


def _check_habits(rows: Rows) -> None:
    if len(rows[portable.HABITS]) > MOST_HABITS:
        raise damaged(portable.HABITS, MOST_HABITS)
    kept = {row["habit_id"] for row in rows[portable.MEMBERS]}
    with_goal = {row["habit_id"] for row in rows[portable.GOALS]}
    for place, row in enumerate(rows[portable.HABITS]):
        with _sound(portable.HABITS, place, "practice"):
            taking_up.find_practice(row["practice"])
        alone = not row["shared"] and row["joint"] is not Joint.NONE
        if alone or row["id"] not in kept & with_goal or row["started_on"].year < EARLIEST:
            raise damaged(portable.HABITS, place)
    for place, row in enumerate(rows[portable.GOALS]):
        with _sound(portable.GOALS, place, "kind"):
            goals.goal_of_row(*(row[name] for name in ("kind", "times", "days", "weekdays", "reserve")))
    for place, row in enumerate(rows[portable.MEMBERS]):
        with _sound(portable.MEMBERS, place, "cue"):
            taking_up.check_cue(row["cue_sealed"])
    for place, row in enumerate(rows[portable.REMINDERS]):
        with _sound(portable.REMINDERS, place, "schedule"):
            membership.check_schedule(row["schedule"])

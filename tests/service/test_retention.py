"""What was kept long enough goes, in small batches; what is decided and answered stays the same."""

import re
import sqlite3
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from notifiers.base import Inbound
from service import inbound, looking, retention, ringing
from service.facts import Share
from service.ids import new_id
from service.models import Event, Member, Nudge, Person, Reply, Row
from service.ringing import DuePerson
from service.settings import Settings
from service.states import AddressKind, Cause, NudgeKind, NudgeState, ReplyState
from tests.service.lives import arrived, lived_together
from tests.service.looking import rows
from tests.world import NUMBERS, World

FOR_GOOD = (
    *("person", "address", "consent", "suppression", "habit", "goal", "member", "reminder", "entry"),
    *("pause", "rest", "pulse_answer", "joint_day", "wording", "access_log"),
)
OLD = timedelta(days=70)
SHORT = {"keep_words_days": 7, "keep_nudges_days": 60, "keep_replies_days": 30, "keep_events_days": 7}
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def keeping(world: World, **days: int) -> None:
    """Let the installation keep things for so many days."""
    never = dict.fromkeys((*SHORT, "keep_access_days"), 0)
    world.site = replace(world.site, settings=world.site.settings.model_copy(update=never | days))


def everything(world: World, *names: str) -> dict[str, list[str]]:
    with world.site.db.read() as session:
        tables = [table for table in Row.metadata.sorted_tables if not names or table.name in names]
        return {table.name: sorted(map(str, session.execute(select(table)))) for table in tables}


def sizes(world: World) -> dict[str, int]:
    return {name: len(found) for name, found in everything(world).items()}


def looked_at(world: World) -> list[DuePerson]:
    """All people with what planning would know of them, were all their reminders due."""
    with world.site.db.read() as session:
        people = ringing.claim(session, world.at + timedelta(days=366), 500)
        for person in people:
            person.groups = [person.reminders]
        looking.look(session, people, world.at)
        looking.look_at_prompts(session, [(person, one) for person in people for one in person.reminders])
    return sorted(people, key=lambda person: person.id)


def prompts_seen(world: World) -> list[list[str]]:
    return [one.prompts for person in looked_at(world) for one in person.reminders]


def seen_by_planning(world: World) -> list[object]:
    """All that planning looks at besides the rows that stay anyway; only of prompts does the order matter."""
    return [
        (
            *(sorted(map(repr, one)) for one in (person.planned, person.unanswered)),
            *(sorted(map(repr, one)) for one in (person.pulses, person.summaries)),
            person.verified,
            *(
                (sorted(one.asked_on), one.prompts, known(one.share))
                for one in person.reminders
                if one.habit_id
            ),
        )
        for person in looked_at(world)
    ]


def known(share: Share) -> list[object]:
    """What is known of somebody's part in a habit, in an order."""
    facts = share.facts
    told = [facts.entries, facts.pauses, facts.goals, facts.said.done, facts.said.skipped]
    mine = (share.person_id, share.habit_id, share.number, share.taper, share.joint, facts.started_on)
    return [*mine, *(sorted(map(repr, one)) for one in told)]


def answers(world: World) -> list[object]:
    """How Alex's messages would be understood and answered, but for the turn of equal wordings."""
    told: list[object] = []
    for said in ("streak", "habits", "next", "pulse", "undo", "done 1", "share 1", "together 1", "later"):
        message = Inbound(f"in-{uuid4().hex}", NUMBERS["Alex"], said)
        understood = inbound.rehearse(world.site, "phone", AddressKind.SMS, message, world.at)
        assert understood
        told.append((understood.parts, re.findall(r"\d+", understood.answer or "")))
    return told


def test_what_was_kept_long_enough_goes_and_nothing_is_decided_otherwise(world: World) -> None:
    alex, sam = lived_together(world)
    world.says("Alex", "habits")
    world.run()
    arrived(world, alex)
    world.goes_on(timedelta(days=3))  # Nobody answers.
    world.at += OLD
    world.says("Alex", "streak")  # Alex is back, Sam is not.
    keeping(world, **SHORT)
    stays, was = everything(world, *FOR_GOOD), sizes(world)
    seen, answered = seen_by_planning(world), answers(world)
    assert retention.purge(world.site) > 100
    left = sizes(world)
    assert {name for name in was if left[name] < was[name]} == {
        *("nudge", "nudge_item", "attempt", "receipt", "reply", "event")
    }
    assert everything(world, *FOR_GOOD) == stays
    assert (seen_by_planning(world), answers(world)) == (seen, answered)
    assert retention.purge(world.site) == 0
    old = [nudge for nudge in world.nudges(sam) if nudge.due_at < world.at - OLD]
    assert [nudge for nudge in old if nudge.words_sealed] == []
    assert {NudgeKind.CONSENT, NudgeKind.QUESTION, NudgeKind.NUDGE} <= {nudge.kind for nudge in old}
    world.goes_on(timedelta(days=1))
    fresh = [n for n in world.nudges(alex) if n.words_sealed and n.due_at > world.at - timedelta(days=1)]
    assert {nudge.kind for nudge in fresh} & {NudgeKind.WELCOME, NudgeKind.NUDGE}


def add_nudges(
    world: World, person: UUID, count: int, state: NudgeState, days_ago: int, cause: Cause = Cause.REPLY
) -> list[UUID]:
    """Add so many messages of so many days ago: answers, or nudges if a reminder is the cause."""
    kind = NudgeKind.NUDGE if cause is Cause.REMINDER else NudgeKind.ANSWER
    at, sealed = world.at - timedelta(days=days_ago), world.site.sealer.seal("Thanks.")
    made = [
        {
            **{"id": new_id(), "person_id": person, "kind": kind, "state": state},
            **{"cause_kind": cause, "cause_id": uuid4(), "words_sealed": sealed},
            **{"due_at": at, "not_before": at, "expires_at": at, "turn": 0},
        }
        for _ in range(count)
    ]
    with world.site.db.write() as session:
        session.execute(insert(Nudge), made)
    return [row["id"] for row in made]  # type: ignore[misc]


@pytest.fixture
def alex(world: World) -> UUID:
    return world.join("Alex")


def test_what_is_not_over_stays_whole_however_old(world: World, alex: UUID) -> None:
    open_ = (NudgeState.PLANNED, NudgeState.SENDING, NudgeState.UNKNOWN)
    stay = {one for state in open_ for one in add_nudges(world, alex, 1, state, 500)}
    go = {one for state in retention.OVER for one in add_nudges(world, alex, 1, state, 500)}
    young = {*add_nudges(world, alex, 1, NudgeState.SENT, 59)}
    keeping(world, **SHORT)
    assert retention.purge(world.site) > 0
    left = {nudge.id: nudge for nudge in world.nudges(alex)}
    assert stay | young <= set(left)
    assert not go & set(left)
    assert all(left[one].words_sealed for one in stay)
    assert not any(left[one].words_sealed for one in young)


def test_what_was_asked_since_the_last_sign_of_life_stays(world: World, alex: UUID) -> None:
    """Whoever is silent for years is not taken for somebody who was never asked, and asked again."""
    since, before = (add_nudges(world, alex, 2, NudgeState.SENT, ago, Cause.REMINDER) for ago in (500, 800))
    with world.site.db.write() as session:
        session.get_one(Person, alex).last_sign_of_life_at = world.at - timedelta(days=600)
    keeping(world, **SHORT)
    seen = seen_by_planning(world)
    retention.purge(world.site)
    left = {nudge.id for nudge in world.nudges(alex)}
    assert (set(since) <= left, set(before) & left) == (True, set())
    assert seen_by_planning(world) == seen
    world.says("Alex", "streak")
    retention.purge(world.site)
    assert not set(since) & {nudge.id for nudge in world.nudges(alex)}


def test_a_reply_that_nothing_was_made_of_yet_stays(world: World, alex: UUID) -> None:
    for state in ReplyState:
        with world.site.db.write() as session:
            at = world.at - timedelta(days=100)
            row = {"channel": "phone", "provider_id": f"old-{state}", "lookup": b"", "received_at": at}
            session.add(Reply(person_id=alex, state=state, **row))
    keeping(world, keep_replies_days=90)
    assert retention.purge(world.site) == 1
    with world.site.db.read() as session:
        states = set(session.scalars(select(Reply.state).where(Reply.provider_id.startswith("old"))))
    assert states == {ReplyState.RECEIVED, ReplyState.STUCK}


def test_zero_days_keep_all_for_good(world: World, alex: UUID) -> None:
    add_nudges(world, alex, 2, NudgeState.SENT, 3000)
    before = everything(world)
    keeping(world)
    assert retention.purge(world.site) == 0
    assert everything(world) == before


def test_a_prompt_stays_until_all_were_used(world: World, alex: UUID) -> None:
    """Whoever had half of a practice's prompts years ago is not given them again."""
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    for _ in range(4):
        world.goes_on(timedelta(days=1))
        world.says("Alex", "done")
    world.at += timedelta(days=1000)
    world.says("Alex", "streak")
    keeping(world, **SHORT)
    prompts = prompts_seen(world)
    assert [len(used) for used in prompts] == [4]
    retention.purge(world.site)
    assert prompts_seen(world) == prompts
    with world.site.db.write() as session:
        (member,) = session.scalars(select(Member))
        member.drawn_from_on = world.at.date()
    nudges = rows(world, Nudge)
    assert retention.purge(world.site) == 4
    assert rows(world, Nudge) == nudges - 4


class _Killed(Exception):  # noqa: N818 (It stands for the end of the process.)
    pass


def test_one_that_was_ended_half_way_is_carried_on(
    world: World, alex: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rows(world, Nudge)
    add_nudges(world, alex, 1200, NudgeState.SENT, 500)
    keeping(world, **SHORT)

    def dies(_: float) -> None:
        raise _Killed

    with monkeypatch.context() as patched:
        patched.setattr(time, "sleep", dies)
        for _ in range(3):
            with pytest.raises(_Killed):
                retention.purge(world.site)
    gone = first + 1200 - rows(world, Nudge)
    assert 0 < gone <= retention.AT_ONCE
    assert retention.purge(world.site) == 1200 - gone
    assert rows(world, Nudge) == first


@SQLITE
def test_one_that_would_take_long_goes_on_the_next_time(
    world: World, alex: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_nudges(world, alex, 1200, NudgeState.SENT, 500)
    keeping(world, **SHORT)
    with monkeypatch.context() as patched:
        patched.setattr(retention, "MOST_SECONDS", -1.0)
        assert retention.purge(world.site) == retention.AT_ONCE
    assert retention.purge(world.site) == 1200 + 700


@SQLITE
def test_between_two_batches_another_program_can_write(
    world: World, alex: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection, which waits for nothing, takes the write lock in every breath."""
    first = rows(world, Event)
    with world.site.db.write() as session:
        at = world.at - timedelta(days=100)
        session.execute(insert(Event), [{"kind": "x", "subject_id": alex, "at": at} for _ in range(1700)])
    keeping(world, keep_events_days=7)
    other = sqlite3.connect(Path(world.site.db.engine.url.database or ""), timeout=0, isolation_level=None)
    sizes_seen: list[int] = []

    def writes(seconds: float) -> None:
        assert seconds > 0
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO meta (key, value) VALUES (?, 'here')", (f"turn {len(sizes_seen)}",))
        sizes_seen.append(other.execute("SELECT count(*) FROM event WHERE kind = 'x'").fetchone()[0])
        other.execute("COMMIT")

    monkeypatch.setattr(time, "sleep", writes)
    assert retention.purge(world.site) == 1700
    other.close()
    assert sizes_seen == [1200 + first, 700 + first, 200 + first, 0]


def test_somebody_who_is_being_forgotten_is_left_alone(two_worlds: tuple[World, World]) -> None:
    """On PostgreSQL a purge waits for nobody whom another transaction holds."""
    world, other = two_worlds
    if world.site.db.is_sqlite:
        return  # There the other would hold the one lock of all.
    alex, sam = world.couple()
    for person in (alex, sam):
        add_nudges(world, person, 3, NudgeState.SENT, 500)
    keeping(world, keep_nudges_days=60)
    with other.site.db.write() as session:
        session.get_one(Person, alex, with_for_update=True)
        assert retention.purge(world.site) >= 3
        assert len(world.nudges(alex)) > len(world.nudges(sam))
    retention.purge(world.site)
    assert len(world.nudges(alex)) == len(world.nudges(sam))


@pytest.mark.parametrize(("name", "value"), [("keep_replies_days", 29), ("keep_nudges_days", -1)])
def test_what_would_be_too_short_is_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=name):
        Settings(**{name: value})  # type: ignore[arg-type]
    assert getattr(Settings(**{name: 0}), name) == 0  # type: ignore[arg-type]

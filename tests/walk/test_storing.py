"""A message is stored once and sealed, an exact opt-out applies at once, and no bug loses what was said."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import event, make_url, update

from habits import parts
from notifiers.base import Inbound
from service import addresses, answering, inbound, outbox, storing
from service.db import Database
from service.models import EntryRow, Nudge, Reply
from service.states import AddressKind, NudgeKind, NudgeState, ReplyState
from tests.walk.channel import Channel
from tests.walk.rounds import send_all
from tests.walk.rows import nudges, rows, words
from tests.walk.storing import ALEX, STRANGER, store, stored, understand
from tests.world import World


def damage(world: World, reply_id: UUID, sealed: bytes) -> None:
    """Make the stored words unreadable, in the place of a bug; or readable again."""
    with world.site.db.write() as session:
        session.execute(update(Reply).where(Reply.id == reply_id).values(raw_sealed=sealed))


def test_a_message_is_stored_sealed_and_its_words_are_dropped_once_understood(
    world: World, alex: UUID
) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    reply_id = stored(world, "done")

    (reply,) = rows(world, Reply)
    assert (reply.id, reply.person_id, reply.state) == (reply_id, alex, ReplyState.RECEIVED)
    assert (reply.provider_id, reply.received_at) == ("in-1", world.at)
    assert reply.raw_sealed is not None
    assert b"done" not in reply.raw_sealed
    assert world.site.sealer.unseal(reply.raw_sealed) == "done"
    world.at += timedelta(seconds=5)
    assert understand(world, reply_id) == (parts.Done((1,)),)

    (reply,) = rows(world, Reply)
    assert (reply.state, reply.raw_sealed, reply.tries) == (ReplyState.UNDERSTOOD, None, 0)
    assert world.person(alex).last_sign_of_life_at == world.at
    assert understand(world, reply_id) is None
    assert len(rows(world, EntryRow)) == 1


def test_a_known_persons_message_takes_one_statement(world: World, alex: UUID) -> None:
    said: list[str] = []

    def note(*details: object) -> None:
        said.append(str(details[2]))

    event.listen(world.site.db.engine, "before_cursor_execute", note)
    reply_id = stored(world, "done")
    event.remove(world.site.db.engine, "before_cursor_execute", note)
    assert [one.split()[0] for one in said if not one.startswith(("BEGIN", "PRAGMA"))] == ["INSERT"]
    assert [(reply.id, reply.person_id) for reply in rows(world, Reply)] == [(reply_id, alex)]


def test_a_message_that_comes_twice_is_stored_once(world: World, alex: UUID) -> None:
    assert store(world, "done") is not None
    assert store(world, "done") is None
    assert store(world, "something else") is None
    assert store(world, "done", "in-2") is not None
    assert len(rows(world, Reply)) == 2


def test_a_message_that_comes_at_once_in_several_threads_is_stored_once(world: World, alex: UUID) -> None:
    together = Barrier(4)

    def work(_: int) -> UUID | None:
        together.wait()
        return store(world, "done")

    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(work, range(4)))
    assert len([found for found in ids if found]) == len(rows(world, Reply)) == 1


def test_a_message_that_two_threads_understand_is_understood_once(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    reply_id = stored(world, "done")
    together = Barrier(2)

    def work(_: int) -> tuple[parts.Part, ...] | None:
        together.wait()
        return understand(world, reply_id)

    with ThreadPoolExecutor(2) as pool:
        understood = list(pool.map(work, range(2)))
    assert sorted(understood, key=str) == [(parts.Done((1,)),), None]
    assert len(rows(world, EntryRow)) == 1
    assert len(nudges(world, alex, NudgeKind.ANSWER)) == 1


def test_a_long_message_is_cut(world: World, alex: UUID) -> None:
    reply_id = stored(world, "so much to say " * 400)

    (reply,) = rows(world, Reply)
    assert reply.raw_sealed is not None
    assert len(world.site.sealer.unseal(reply.raw_sealed)) == storing.LONGEST
    assert understand(world, reply_id) == (parts.Unclear(),)


def test_a_stranger_is_stored_without_a_person_and_gets_no_answer(world: World, alex: UUID) -> None:
    before = len(rows(world, Nudge))
    reply_id = store(world, "done", sender=STRANGER)
    assert reply_id is not None
    understand(world, reply_id)

    (reply,) = rows(world, Reply)
    assert (reply.person_id, reply.state, reply.raw_sealed) == (None, ReplyState.UNDERSTOOD, None)
    assert reply.lookup == addresses.lookup(world.site.sealer, AddressKind.SMS, STRANGER)
    assert len(rows(world, Nudge)) == before


def test_a_short_code_is_a_stranger(world: World, alex: UUID) -> None:
    reply_id = store(world, "Your parcel is here", sender="ACME")
    assert reply_id is not None
    assert understand(world, reply_id) == (parts.Unclear(),)
    assert rows(world, Reply)[0].person_id is None


def test_what_was_left_is_taken_up_after_half_a_minute(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    stored(world, "done")
    world.at += inbound.LEFT_FOR - timedelta(seconds=1)
    assert inbound.sweep(world.site, world.at) == 0
    world.at += timedelta(seconds=1)
    assert inbound.sweep(world.site, world.at) == 1
    assert inbound.sweep(world.site, world.at) == 0

    assert [reply.state for reply in rows(world, Reply)] == [ReplyState.UNDERSTOOD]
    assert len(rows(world, EntryRow)) == 1
    assert len(nudges(world, alex, NudgeKind.ANSWER)) == 1


def test_a_bug_keeps_the_words_and_after_three_tries_is_for_the_admin(
    world: World, alex: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    reply_id = stored(world, "done")
    damage(world, reply_id, b"not what was sealed")
    assert understand(world, reply_id) is None
    store(world, "skip", "in-2")
    world.at += inbound.LEFT_FOR

    seen = []
    for _ in range(3):
        inbound.sweep(world.site, world.at)
        (reply,) = rows(world, Reply, Reply.id == reply_id)
        seen.append((reply.state, reply.tries))
    assert seen == [(ReplyState.RECEIVED, 2), (ReplyState.STUCK, 3), (ReplyState.STUCK, 3)]
    assert rows(world, Reply, Reply.id == reply_id)[0].raw_sealed == b"not what was sealed"
    assert rows(world, Reply, Reply.id != reply_id)[0].state is ReplyState.UNDERSTOOD
    assert [entry.kind for entry in rows(world, EntryRow)] == ["skipped"]
    damage(world, reply_id, world.site.sealer.seal("done"))
    assert understand(world, reply_id) is None
    said = capsys.readouterr()
    assert str(reply_id) in said.out + said.err
    assert ALEX not in said.out + said.err


def test_what_failed_once_is_understood_when_the_bug_is_gone(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    reply_id = stored(world, "done")
    damage(world, reply_id, b"not what was sealed")
    understand(world, reply_id)
    damage(world, reply_id, world.site.sealer.seal("done"))

    assert understand(world, reply_id) == (parts.Done((1,)),)
    (reply,) = rows(world, Reply)
    assert (reply.state, reply.tries, reply.raw_sealed) == (ReplyState.UNDERSTOOD, 1, None)


def test_a_busy_database_is_no_bug_of_the_message(world: World, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    reply_id = stored(world, "done")
    url = make_url(world.site.settings.url)
    if not world.site.db.is_sqlite:
        url = url.update_query_dict({"options": "-c lock_timeout=50"})
    address = url.render_as_string(hide_password=False)
    with closing(Database(address, 0.05)) as hurried:
        with world.site.db.write() as session:
            outbox.lock_people(session, [alex])
            for _ in range(inbound.TRIES):
                assert inbound.understand(replace(world.site, db=hurried), reply_id, world.at) is None
        (reply,) = rows(world, Reply)
        assert (reply.state, reply.tries) == (ReplyState.RECEIVED, 0)

    assert understand(world, reply_id) == (parts.Done((1,)),)


def test_an_unknown_id_is_nothing(world: World, alex: UUID) -> None:
    assert inbound.understand(world.site, alex, world.at) is None


def test_what_is_typed_on_a_page_is_answered_there(world: World, alex: UUID, channel: Channel) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    message = Inbound("once", ALEX, "done")
    reply_id = inbound.store(world.site, answering.PAGE, AddressKind.SMS, message, world.at)
    assert reply_id is not None
    understood = inbound.understand(world.site, reply_id, world.at)
    send_all(world)

    (answer,) = nudges(world, alex, NudgeKind.ANSWER)
    assert answer.state is NudgeState.DELIVERED
    assert understood is not None
    assert words(world, answer) == understood.answer
    assert channel.texts == []

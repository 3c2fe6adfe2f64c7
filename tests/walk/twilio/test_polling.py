"""Without an open port: answers and reports are fetched, once each, whatever happens in between."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree

from notifiers.base import Inbound, Polled
from notifiers.standin import posts
from service import inbound, jobs, polling, privacy
from service.models import EntryRow, Meta, Nudge, Reply
from service.site import Site
from service.states import AddressKind, Cause, NudgeKind, NudgeState, ReplyState
from service.strangers import Sender
from service.trouble import DatabaseError
from service.web.app import create_app
from tests import logs
from tests.servers import Record, Script, TwilioServer
from tests.walk.channel import Channel
from tests.walk.processes import ended, start
from tests.walk.rows import on, rows
from tests.walk.twilio.conftest import ALEX, CHARLIE, MINUTE, answers, bodies, deliver_all, with_settings
from tests.walk.twilio.dying import poll_and_die
from tests.walk.walker import Place
from tests.web.serving import serving
from tests.world import World

PUBLIC = "https://nudge.example.org"
SMS = "/hooks/twilio/sms"


@pytest.fixture
def alex(world: World, twilio: TwilioServer) -> UUID:
    """Alex, who has said yes by an answer that was fetched."""
    person = world.enrol("Alex")
    world.run()
    answers(world, twilio, ALEX, "YES")
    return person


def mark(world: World) -> str:
    (row,) = rows(world, Meta, Meta.key == "mark twilio")
    return row.value


def facts(world: World) -> dict[str, object]:
    """Return all that messages change."""
    replies = [(reply.id, reply.state) for reply in rows(world, Reply)]
    nudges = [(nudge.id, nudge.state) for nudge in rows(world, Nudge)]
    return {"replies": replies, "nudges": nudges, "entries": [entry.id for entry in rows(world, EntryRow)]}


def test_who_was_forgotten_does_not_come_back_by_the_list(
    world: World, twilio: TwilioServer, alex: UUID
) -> None:
    """What Twilio lists once more is no stranger's, and an old yes is no new one."""
    answers(world, twilio, ALEX, "YES")
    privacy.forget(world.site, alex)
    world.at += MINUTE
    sent = len(twilio.messages)
    assert polling.poll(world.site) == 0
    again = world.enrol("Alex")
    world.run()
    assert polling.poll(world.site) == 0
    assert world.address("Alex").verified_at is None  # type: ignore[union-attr]
    assert len(twilio.messages) == sent + 1  # The question alone.
    answers(world, twilio, ALEX, "YES")
    assert world.address("Alex").verified_at is not None  # type: ignore[union-attr]
    assert world.person(again).stopped_at is None


def test_a_yes_of_before_the_question_is_none(world: World, twilio: TwilioServer) -> None:
    twilio.text_in_unposted(ALEX, "YES")
    world.at += MINUTE
    world.enrol("Alex")
    polling.poll(world.site)
    assert world.address("Alex").verified_at is None  # type: ignore[union-attr]


def test_a_first_day_without_an_open_port(world: World, twilio: TwilioServer, alex: UUID) -> None:
    assert "Welcome to Attune" in bodies(twilio, ALEX)[-1]
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(on("19:00"))
    (nudge,) = rows(world, Nudge, Nudge.kind == NudgeKind.NUDGE)
    assert nudge.state is NudgeState.SENT
    assert {record.status_callback for record in twilio.messages} == {None}
    world.at += MINUTE
    deliver_all(twilio, world.at)
    assert polling.poll(world.site) == 3  # The question, the welcome and the nudge.
    assert rows(world, Nudge, Nudge.kind == NudgeKind.NUDGE)[0].state is NudgeState.DELIVERED
    said = answers(world, twilio, ALEX, "done")
    (entry,) = rows(world, EntryRow)
    assert entry.person_id == alex
    (reply,) = rows(world, Reply, Reply.provider_id == said.sid)
    assert (reply.state, reply.raw_sealed, reply.received_at) == (ReplyState.UNDERSTOOD, None, world.at)
    assert "Gratitude is noted for today" in bodies(twilio, ALEX)[-1]


def test_what_was_fetched_before_changes_nothing(world: World, twilio: TwilioServer, alex: UUID) -> None:
    before, calls = facts(world), len(twilio.records)
    world.at += MINUTE
    assert polling.poll(world.site) == 0
    jobs.run_all(world.site)
    assert facts(world) == before
    assert len(twilio.records) == calls


def test_an_answer_counts_for_the_day_it_came_on(world: World, twilio: TwilioServer, alex: UUID) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    world.goes_on(on("2026-03-03T02:30"))  # Alex's day ends at 3.
    twilio.text_in_unposted(ALEX, "done")
    world.at = on("2026-03-03T12:00")
    assert polling.poll(world.site) >= 1
    assert [entry.day for entry in rows(world, EntryRow)] == [date(2026, 3, 2)]


@contextmanager
def public(world: World, twilio: TwilioServer) -> Iterator[None]:
    """The same installation with a public address, to which Twilio posts."""
    site = replace(world.site, settings=world.site.settings.model_copy(update={"public_url": PUBLIC}))
    with serving(create_app(site)) as web:
        twilio.public_url, twilio.inbound_url = PUBLIC, f"{web.url}{SMS}"
        yield


def post(twilio: TwilioServer, record: Record) -> int:
    """Post a message that is listed already."""
    assert twilio.inbound_url is not None
    return twilio.post(twilio.inbound_url, f"{PUBLIC}{SMS}", posts.inbound_fields(record, {}))


@pytest.mark.parametrize("first", ["posted", "fetched"])
def test_both_ways_at_once_change_nothing_twice(
    world: World, twilio: TwilioServer, alex: UUID, first: str
) -> None:
    world.at += MINUTE
    with public(world, twilio):
        said = twilio.text_in_unposted(ALEX, "list")
        if first == "fetched":
            assert polling.poll(world.site) == 1
        assert post(twilio, said) == 200
        assert polling.poll(world.site) == 0
    world.run()
    assert len(rows(world, Reply, Reply.provider_id == said.sid)) == 1
    assert len(rows(world, Nudge, Nudge.kind == NudgeKind.ANSWER, Nudge.due_at == world.at)) == 1


def test_posts_and_two_processes_that_fetch_at_the_same_time(
    world: World, twilio: TwilioServer, alex: UUID
) -> None:
    world.at += MINUTE
    said = [twilio.text_in_unposted(ALEX, text) for text in ("list", "streak") * 2]
    other = with_settings(world)
    with public(world, twilio), ThreadPoolExecutor(8) as crowd:
        fetched = [crowd.submit(polling.poll, site) for site in (world.site, other.site) * 2]
        posted = [crowd.submit(post, twilio, record) for record in said]
        assert [one.result() for one in posted] == [200] * 4
        assert sum(one.result() for one in fetched) <= 4
    other.site.db.close()
    world.run()
    found = rows(world, Reply, Reply.received_at == world.at)
    assert sorted(reply.provider_id for reply in found) == sorted(record.sid for record in said)
    assert {reply.state for reply in found} == {ReplyState.UNDERSTOOD}
    planned = rows(world, Nudge, Nudge.kind == NudgeKind.ANSWER, Nudge.due_at == world.at)
    assert len({nudge.cause_id for nudge in planned}) == len(planned) == 4


def test_a_failure_keeps_the_mark(world: World, twilio: TwilioServer, alex: UUID) -> None:
    before = mark(world)
    world.at += MINUTE
    twilio.text_in_unposted(ALEX, "list")
    for script in (Script(on="list", status=500), Script(on="list", status=200, body="junk")):
        twilio.script(script)
        assert polling.poll(world.site) == 0
        assert mark(world) == before
    assert polling.poll(world.site) == 1
    assert mark(world) != before


def test_an_outage_of_a_day_loses_nothing(world: World, twilio: TwilioServer, alex: UUID) -> None:
    for hours in range(1, 26):
        world.at += timedelta(hours=1)
        twilio.text_in_unposted(CHARLIE, f"hour {hours}")
    polling.poll(world.site)
    came = [reply.received_at for reply in rows(world, Reply, Reply.person_id.is_(None))]
    assert came == [world.at - timedelta(hours=hours) for hours in range(24, -1, -1)]


@pytest.mark.parametrize("place", [Place.BEFORE_COMMIT, Place.AFTER_COMMIT])
def test_a_death_at_each_commit_of_a_poll(
    world: World, twilio: TwilioServer, alex: UUID, place: Place
) -> None:
    for nth in count(1):
        world.at += MINUTE
        said = twilio.text_in_unposted(ALEX, "list")
        code = ended(start(poll_and_die, world.site.settings, world.at, place, nth))
        assert code in (0, -signal.SIGKILL)
        world.at += MINUTE
        polling.poll(world.site)
        jobs.run_all(world.site)  # What was stored and not understood is taken up.
        (reply,) = rows(world, Reply, Reply.provider_id == said.sid)
        assert reply.state is ReplyState.UNDERSTOOD
        assert len(rows(world, Nudge, Nudge.cause_id == reply.id)) == 1
        if code == 0:
            assert nth > 3  # It stores, understands, moves the mark.
            break


def test_strangers_are_answered_once_a_day(world: World, twilio: TwilioServer, alex: UUID) -> None:
    world.at += MINUTE
    for text in ("hello", "who is there"):
        twilio.text_in_unposted(CHARLIE, text)
    assert polling.poll(world.site) == 2
    assert polling.poll(world.site) == 0
    (answer,) = bodies(twilio, CHARLIE)
    assert "nobody reads messages here" in answer


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_messages_in_the_same_second_one_is_answered(
    world: World, twilio: TwilioServer, order: tuple[int, int]
) -> None:
    sender = Sender(AddressKind.SMS, CHARLIE)
    said = [Inbound(f"in-{number}", CHARLIE, "hello", world.at) for number in range(2)]
    stored = [inbound.store(world.site, "twilio", AddressKind.SMS, one, world.at) for one in said]
    for index in order:
        reply_id = stored[index]
        assert reply_id is not None
        inbound.understand(world.site, reply_id, world.at, sender)
    assert len(bodies(twilio, CHARLIE)) == 1


def test_a_stop_is_confirmed_once_and_twilios_own_block_does_no_harm(
    world: World, twilio: TwilioServer, alex: UUID
) -> None:
    world.take_up("gratitude", "daily", "daily 19:00", alex)
    before = bodies(twilio, ALEX)
    answers(world, twilio, ALEX, "STOP")  # Twilio blocks the number itself; its list does not tell.
    (confirmation,) = rows(world, Nudge, Nudge.cause_kind == Cause.OPT_OUT)
    attempted = confirmation.state, confirmation.reason
    assert attempted[0] is NudgeState.FAILED
    assert "(21610)" in str(attempted[1])
    assert bodies(twilio, ALEX) == before
    stopped_at = world.person(alex).stopped_at
    assert stopped_at == world.at
    world.goes_on(timedelta(days=1))
    polling.poll(world.site)
    assert bodies(twilio, ALEX) == before
    assert world.person(alex).stopped_at == stopped_at
    answers(world, twilio, ALEX, "START")
    assert world.person(alex).stopped_at is None
    assert len(bodies(twilio, ALEX)) == len(before) + 1


def test_nothing_private_is_logged(world: World, twilio: TwilioServer, alex: UUID, tmp_path: Path) -> None:
    with logs.kept_in(tmp_path / "log"):
        answers(world, twilio, ALEX, "It was wonderful at the lake")
        answers(world, twilio, CHARLIE, "wonderful")
        twilio.script(Script(on="list", drop="inside"))
        polling.poll(world.site)
    told = (tmp_path / "log").read_text()
    assert "cannot fetch" in told
    private = (ALEX, ALEX[1:], CHARLIE, "wonderful", twilio.auth_token)
    assert [word for word in private if word in told] == []


@dataclass
class Post(Channel):
    """A channel that is asked for what it holds."""

    held: list[Polled] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    polls: bool = True
    bug: Exception | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def poll(self, mark: str | None, now: datetime) -> Polled:
        self.asked.append(mark)
        if self.bug:
            raise self.bug
        return self.held.pop(0) if self.held else Polled(mark or "0")


def site_of(world: World, channel: Post) -> Site:
    return replace(world.site, notifiers={channel.name: channel})


def message(number: int, kind: str = "sms") -> Inbound:
    return Inbound(f"in-{number}", CHARLIE, "hello", address_kind=kind)


def test_it_goes_on_while_there_is_more(world: World) -> None:
    channel = Post([Polled("1", (message(1),), more=True), Polled("2", (message(2),), more=True)])
    assert polling.poll(site_of(world, channel)) == 2
    assert channel.asked == [None, "1", "2"]
    assert polling.poll(site_of(world, channel)) == 0
    assert channel.asked[-1] == "2"


def test_a_message_that_cannot_be_stored_holds_no_other_back(world: World) -> None:
    held = Polled("1", (message(1, "pigeon"), message(2)), more=True)
    channel = Post([held, held])
    assert polling.poll(site_of(world, channel)) == 1
    assert [reply.provider_id for reply in rows(world, Reply)] == ["in-2"]
    assert polling.poll(site_of(world, channel)) == 0
    assert channel.asked == [None, None]  # It is fetched again, until it can be stored.


def test_a_message_that_can_never_be_stored_is_passed_over(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    held = Polled("1", (message(1, "pigeon"), message(2)))
    channel = Post([held] * (polling.TRIES + 1))
    for _ in range(polling.TRIES):
        assert rows(world, Meta, Meta.key == "mark own") == []
        polling.poll(site_of(world, channel))
    (marked,) = rows(world, Meta, Meta.key == "mark own")
    assert marked.value == "1"
    said = capsys.readouterr()
    assert (said.out + said.err).count("message passed over") == 1
    assert "in-1" in said.out + said.err
    assert CHARLIE not in said.out + said.err
    assert "hello" not in said.out + said.err
    polling.poll(site_of(world, channel))  # It may be listed again: that keeps nothing back.
    assert channel.asked == [None] * polling.TRIES + ["1"]
    world.at += timedelta(days=32)
    jobs.tidy(world.site)
    assert rows(world, Meta, Meta.key.startswith(polling.FAILED)) == []


def test_a_database_in_trouble_passes_nothing_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Polled("1", (message(1),))
    channel = Post([held] * (polling.TRIES + 2))
    troubles = [OperationalError("", None, Exception()), DatabaseError("It is gone."), NoneFree()]

    def in_trouble(*_: object) -> None:
        raise troubles[-1]

    with monkeypatch.context() as patch:
        patch.setattr(inbound, "store", in_trouble)
        while troubles:
            for _ in range(2):
                with pytest.raises(type(troubles[-1])):
                    polling.poll(site_of(world, channel))
            troubles.pop()
    assert polling.poll(site_of(world, channel)) == 1
    assert set(channel.asked) == {None}


def test_a_channel_that_breaks_keeps_no_other_from_being_asked(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, sound = Post(bug=ValueError(CHARLIE)), Post([Polled("1", (message(1),))])
    site = replace(world.site, notifiers={"broken": broken, "sound": sound})
    assert polling.poll(site) == 1
    assert (len(broken.asked), len(sound.asked)) == (1, 1)
    said = capsys.readouterr()
    assert "channel broke" in said.out + said.err
    assert CHARLIE not in said.out + said.err


def test_a_channel_that_does_not_want_to_be_asked_is_not(world: World) -> None:
    channel = Post(polls=False)
    assert polling.poll(site_of(world, channel)) == 0
    assert channel.asked == []


def test_a_start_that_is_listed_late_undoes_no_newer_stop(
    world: World, twilio: TwilioServer, alex: UUID
) -> None:
    """By when they came, not by when they were fetched."""
    world.at += MINUTE
    start = twilio.text_in_unposted(ALEX, "START")
    world.at += MINUTE
    stop = twilio.text_in_unposted(ALEX, "STOP")
    for record in (stop, start):  # The webhook brings the second; the first is found only later.
        message = Inbound(record.sid, ALEX, record.body, record.date_created)
        reply_id = inbound.store(world.site, "twilio", AddressKind.SMS, message, world.at)
        assert reply_id
        inbound.understand(world.site, reply_id, world.at)
    assert world.person(alex).stopped_at is not None
    answers(world, twilio, ALEX, "START")
    assert world.person(alex).stopped_at is None

"""The provider is away for an hour, or its certificate is no good: all waits, and goes out once."""

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from habits.nudging import Reason
from notifiers import registry
from service import people
from service.models import Attempt, Nudge
from service.people import NewPerson
from service.states import AddressKind, NudgeKind, NudgeState, Outcome
from tests.servers import SmtpServer, TwilioServer
from tests.walk.rows import agree, rows
from tests.world import World

HOUR = timedelta(hours=1)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def use_twilio(world: World, url: str) -> None:
    server = TwilioServer()
    options: dict[str, object] = {
        "account_sid": server.account_sid,
        "auth_token": server.auth_token,
        "sender": server.number,
        "base_url": url,
        "per_second": 0,  # The clock of a test may stand still.
        "timeout": 5,
    }
    world.site = replace(world.site, notifiers={"twilio": registry.build("twilio", options)})


@pytest.fixture
def both(world: World) -> tuple[UUID, UUID]:
    """Alex and Sam, who have said yes; each is due a nudge at noon."""
    alex, sam = agree(world, [world.enrol("Alex"), world.enrol("Sam")])
    for person in (alex, sam):
        world.take_up("gratitude", "daily", "daily 12:00", person)
    return alex, sam


def asked_or_reminded(world: World, *persons: UUID) -> list[Nudge]:
    """Return what was planned for people besides the question that `agree` made an end of."""
    planned = [nudge for person in persons for nudge in world.nudges(person)]
    return [nudge for nudge in planned if nudge.reason != "not of interest here"]


def test_a_provider_that_is_away_for_an_hour(world: World, both: tuple[UUID, UUID]) -> None:
    port = free_port()
    use_twilio(world, f"http://127.0.0.1:{port}")
    asked = world.enrol("Charlie")
    world.at = world.at.replace(hour=12)
    world.goes_on(HOUR)
    assert {nudge.state for nudge in asked_or_reminded(world, *both, asked)} == {NudgeState.PLANNED}
    tries = rows(world, Attempt, Attempt.outcome == Outcome.RETRY)
    # Ever less often: 30 seconds at first, a quarter of an hour at the end.
    assert len(tries) <= 3 * 9
    with TwilioServer(port=port) as back:
        world.goes_on(HOUR / 2)
        assert sorted(back.creates.values()) == [1, 1, 1]
    assert [nudge.state for nudge in asked_or_reminded(world, *both, asked)] == [NudgeState.SENT] * 3


def test_what_is_too_late_by_then_lapses_and_says_so(world: World, both: tuple[UUID, UUID]) -> None:
    settings = world.site.settings.model_copy(update={"catch_up_minutes": 45})
    world.site = replace(world.site, settings=settings)
    port = free_port()
    use_twilio(world, f"http://127.0.0.1:{port}")
    world.at = world.at.replace(hour=12)
    world.goes_on(HOUR)
    with TwilioServer(port=port) as back:
        world.goes_on(HOUR)
        assert back.messages == []
    ended = [(nudge.state, nudge.reason) for nudge in asked_or_reminded(world, *both)]
    assert ended == [(NudgeState.LAPSED, Reason.LATE)] * 2


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer("starttls") as server:
        yield server


def use_smtp(world: World, mail: SmtpServer, ca_file: Path | None) -> None:
    options: dict[str, object] = {"host": "127.0.0.1", "port": mail.port, "sender": "nudge@example.org"}
    channel = registry.build("smtp", options | ({"ca_file": ca_file} if ca_file else {}))
    world.site = replace(world.site, notifiers={"smtp": channel})


def test_a_mail_server_with_a_certificate_that_nobody_trusts(world: World, mail: SmtpServer) -> None:
    use_smtp(world, mail, None)
    new = NewPerson("Alex", AddressKind.EMAIL, "alex@example.org", "UTC")
    alex = people.add_person(world.site, new, world.at)
    world.goes_on(HOUR)
    (question,) = world.nudges(alex)
    assert (question.kind, question.state) == (NudgeKind.CONSENT, NudgeState.PLANNED)
    assert "certificate is not valid" in (question.reason or "")
    # The account is stopped meanwhile, and tried gently.
    assert len(rows(world, Attempt)) <= 13
    assert mail.messages == []
    use_smtp(world, mail, mail.ca_file)
    world.goes_on(HOUR)
    assert [nudge.state for nudge in world.nudges(alex)] == [NudgeState.SENT]
    assert len(mail.messages) == 1


def test_a_provider_with_a_certificate_that_nobody_trusts(world: World, both: tuple[UUID, UUID]) -> None:
    with SmtpServer("tls") as stranger:  # Its handshake is all that is seen of it.
        use_twilio(world, f"https://127.0.0.1:{stranger.port}")
        world.at = world.at.replace(hour=12)
        world.goes_on(HOUR / 2)
    for nudge in asked_or_reminded(world, *both):
        assert nudge.state is NudgeState.PLANNED
        assert "check the network, DNS and certificates" in (nudge.reason or "")
    with TwilioServer() as right:
        use_twilio(world, right.url)
        world.goes_on(HOUR / 2)
        assert sorted(right.creates.values()) == [1, 1]

"""A channel that cannot be read is told of: since when and why, once, and once when it can be read again."""

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import ClassVar

import pytest

from notifiers.base import Kind, Polled, SendError
from service import alerts, checks, health, metrics, polling
from service.models import Meta
from tests.walk.channel import Channel
from tests.walk.rows import rows
from tests.web.conftest import SQLITE
from tests.world import World

MINUTE = timedelta(minutes=1)
WHY = "The account was refused: check auth_token."
REFUSED = SendError(Kind.SENDER, WHY, code="20003")
NOTICE = "Nothing has been read from texts since 2026-03-02 09:00 UTC; `attune doctor` says why."


class Texts(Channel):
    """A channel for SMS that is asked for messages; it gives its news, or raises its trouble."""

    name: ClassVar[str] = "texts"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"sms"})
    polls = True

    def __init__(self) -> None:
        super().__init__()
        self.trouble: Exception | None = None
        self.news: deque[Polled] = deque()

    def poll(self, mark: str | None, now: datetime) -> Polled:
        if self.trouble:
            raise self.trouble
        return self.news.popleft() if self.news else Polled(mark or "0")


class Mail(Channel):
    """A channel that reaches the admin."""

    name: ClassVar[str] = "mail"
    address_kinds: ClassVar[frozenset[str]] = frozenset({"email"})

    @property
    def sender(self) -> str:
        return "mail/1"


@pytest.fixture
def texts(world: World) -> Texts:
    made, mail = Texts(), Mail()
    settings = world.site.settings.model_copy(update={"admin": "admin@example.org"})
    world.site = replace(world.site, settings=settings, notifiers={"texts": made, "mail": mail})
    return made


def seen(world: World) -> tuple[list[str], float, str]:
    """Return the notices, the gauge, and what the doctor says of reading."""
    _, notices = health.look(world.site, dict)
    lines = metrics.exposition(world.site)[0].decode().splitlines()
    (gauge,) = (line for line in lines if line.startswith("attune_channel_unread_seconds{"))
    says = [check.says for check in checks._rows(world.site, world.at) if check.name == "reading texts"]
    return notices, float(gauge.partition(" ")[2]), "".join(says)


def told(world: World) -> list[str]:
    """Run the job twice, as a minute later, and return all that the admin was told."""
    for _ in range(2):
        alerts.tell(world.site, world.at)
    mail = world.site.notifiers["mail"]
    assert isinstance(mail, Mail)
    return [" ".join(text.split()) for text in mail.texts]


def test_whoever_cannot_be_read_is_told_of_once(world: World, texts: Texts) -> None:
    polling.poll(world.site)
    assert (seen(world), told(world)) == (([], 0.0, ""), [])

    texts.trouble = REFUSED
    polling.poll(world.site)
    world.at += 29 * MINUTE
    polling.poll(world.site)  # Since when, is since the first time.
    notices, seconds, says = seen(world)
    assert (notices, seconds, told(world)) == ([], 29 * 60, [])
    assert says.startswith("Nothing has been read since 2026-03-02 09:00 UTC")
    assert says.endswith(WHY)

    world.at += MINUTE
    assert seen(world)[0] == [NOTICE]
    (mail,) = told(world)
    assert "read from the channel texts of Attune since 2026-03-02 09:00 UTC" in mail
    assert WHY in mail
    world.at += timedelta(days=20)
    polling.poll(world.site)
    assert len(told(world)) == 1

    texts.trouble = None
    polling.poll(world.site)
    assert seen(world) == ([], 0.0, "")
    assert "the channel texts of Attune can be read again" in told(world)[1]
    texts.trouble = RuntimeError("+12025550100 wrote something")
    polling.poll(world.site)
    world.at += 30 * MINUTE
    polling.poll(world.site)
    assert len(told(world)) == 3
    assert "The channel broke (RuntimeError)" in told(world)[2]
    assert "+1202" not in seen(world)[2]


def test_the_clock_is_no_reason_to_wait_for_ever(world: World, texts: Texts) -> None:
    texts.trouble = REFUSED
    polling.poll(world.site)
    world.at -= timedelta(days=1)
    polling.poll(world.site)
    world.at += 30 * MINUTE
    assert len(told(world)) == 1


def test_whoever_is_not_to_be_read_any_more_is_not_told_of(world: World, texts: Texts) -> None:
    texts.trouble = REFUSED
    polling.poll(world.site)
    world.at += 30 * MINUTE
    texts.polls = False
    assert told(world) == []
    assert health.look(world.site, dict)[1] == []


@SQLITE
def test_a_slow_provider_does_not_make_the_job_look_hung(world: World, texts: Texts) -> None:
    other = Texts()
    world.site = replace(world.site, notifiers={"texts": texts, "other": other})
    for one in (texts, other):
        one.news.extend(Polled(str(n), more=True) for n in range(40))
    ticks = count(0, 10)  # Each look at the clock is ten seconds later.
    polling.poll(world.site, lambda: next(ticks))
    assert [40 - len(one.news) for one in (texts, other)] == [3, 1]
    assert {row.value for row in rows(world, Meta, Meta.key.in_(["mark texts", "mark other"]))} == {"2", "0"}
    polling.poll(world.site)
    assert texts.news == other.news == deque()

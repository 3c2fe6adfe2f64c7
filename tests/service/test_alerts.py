"""The admin is told once, by an e-mail that names a channel and a code, and never by the broken channel."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from notifiers import registry
from service import alerts, jobs, senders
from service.models import SenderState
from tests import logs
from tests.servers import SmtpServer
from tests.walk.channel import Channel
from tests.walk.rows import rows
from tests.world import World

ADMIN = "admin@example.org"
NUMBER = "+12025550100"


class Texts(Channel):
    """A channel for SMS whose sender holds our number."""

    address_kinds = frozenset({"sms"})

    @property
    def sender(self) -> str:
        return f"AC1/{NUMBER}"


@pytest.fixture
def post() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


def set_up(world: World, post: SmtpServer, **changes: object) -> None:
    """Give the installation an admin, a channel for SMS and one for e-mail."""
    options = {"host": "127.0.0.1", "port": post.port, "security": "plain", "sender": "nudge@example.org"}
    mail = registry.build("smtp", options)
    settings = world.site.settings.model_copy(update={"admin": ADMIN} | changes)
    world.site = replace(world.site, settings=settings, notifiers={"texts": Texts(), "smtp": mail})


def tell(world: World) -> int:
    """Run the job as the engine does; return how many e-mails went out."""
    (job,) = [job for job in jobs.PERIODIC if job.name == "alert"]
    return job.run(world.site)


def stop(world: World, sender: str = f"AC1/{NUMBER}") -> None:
    with world.site.db.write() as session:
        senders.stop(session, sender, "20003", world.at)


def works(world: World, sender: str = f"AC1/{NUMBER}") -> None:
    with world.site.db.write() as session:
        senders.works(session, sender)


def trouble(world: World) -> str:
    with world.site.db.read() as session:
        return alerts.trouble(session)


def texts(post: SmtpServer) -> list[str]:
    """Return the words of what was posted, on one line each."""
    found = (message.get_body(("plain",)) for message in post.messages)
    return [" ".join(part.get_content().split()) for part in found if part is not None]


def test_a_stop_is_told_once_and_so_is_that_it_works_again(world: World, post: SmtpServer) -> None:
    set_up(world, post)
    assert tell(world) == 0
    stop(world)
    assert tell(world) == 1
    (mail,) = post.messages
    assert mail["To"] == ADMIN
    assert mail["Subject"] == "Attune needs a look"
    assert "channel texts refuses" in texts(post)[0]
    assert "(code 20003)" in texts(post)[0]
    assert NUMBER not in post.received[0].content.decode()

    world.at += senders.TRY_AGAIN
    stop(world)  # It is refused again, and again: that was told.
    assert tell(world) == 0
    works(world)
    assert tell(world) == 1
    assert "texts of Attune works again" in texts(post)[1]
    assert tell(world) == 0
    stop(world)
    assert tell(world) == 1


def test_two_processes_tell_it_once(two_worlds: tuple[World, World], post: SmtpServer) -> None:
    for one in two_worlds:
        set_up(one, post)
    world, other = two_worlds
    stop(world)
    with world.site.db.read() as session:
        (alert,) = alerts._untold(session, world.site, world.at)
    with world.site.db.write() as session:
        assert alerts._claim(session, alert, world.at)
    with other.site.db.write() as session:
        assert not alerts._claim(session, alert, world.at)
    # Whoever claimed it died before the call: it is not told a second time, and the doctor knows.
    assert tell(other) == 0
    assert post.messages == []


def test_a_broken_channel_for_mail_is_not_told_of_by_itself(world: World, post: SmtpServer) -> None:
    set_up(world, post)
    sender = world.site.notifiers["smtp"].sender
    stop(world, sender)
    assert tell(world) == 0
    (state,) = rows(world, SenderState)
    assert state.told_at is None
    stop(world)
    assert tell(world) == 0

    works(world, sender)  # Nobody knew that it was stopped; the other one is told of now.
    assert tell(world) == 1
    assert "channel texts" in texts(post)[0]
    assert tell(world) == 0


def test_the_limit_of_a_day_is_told_once_a_day(world: World, post: SmtpServer) -> None:
    set_up(world, post, admin_language="de")
    with world.site.db.write() as session:
        session.add_all([SenderState(sender=name, capped_on=world.at.date()) for name in ("a", "b")])
    assert tell(world) == 1
    assert "Grenze für einen Tag" in texts(post)[0]
    assert tell(world) == 0
    world.at += timedelta(days=1)
    assert tell(world) == 0
    with world.site.db.write() as session:
        session.get_one(SenderState, "a").capped_on = world.at.date()
    assert tell(world) == 1


@pytest.mark.parametrize(
    ("reply", "again"), [("451 4.3.0 Later", True), ("550 5.1.1 No such mailbox", False)]
)
def test_what_was_surely_not_taken_is_told_again_if_that_can_help(
    world: World, post: SmtpServer, reply: str, again: bool
) -> None:
    set_up(world, post)
    stop(world)
    post.replies["RCPT"] = reply
    assert tell(world) == 0
    assert trouble(world)
    post.replies.clear()
    assert tell(world) == int(again)
    assert bool(trouble(world)) is not again


def test_a_line_that_breaks_in_the_middle_is_not_told_twice(
    world: World, post: SmtpServer, tmp_path: Path
) -> None:
    set_up(world, post)
    stop(world)
    post.cut = "END"
    with logs.kept_in(tmp_path / "log"):
        assert tell(world) == 0
    logged = (tmp_path / "log").read_text()
    assert "admin not told" in logged
    assert ADMIN not in logged
    post.cut = None
    assert tell(world) == 0
    assert trouble(world)


def test_while_the_account_for_mail_is_refused_it_is_tried_seldom(world: World, post: SmtpServer) -> None:
    set_up(world, post)
    stop(world)
    post.replies["MAIL"] = "550 5.7.60 This account may not send"
    assert tell(world) == 0
    assert trouble(world)
    post.replies.clear()
    world.at += alerts.PATIENCE - timedelta(seconds=1)
    assert tell(world) == 0
    world.at += timedelta(seconds=1)
    assert tell(world) == 1
    assert not trouble(world)
    post.replies["MAIL"] = "550 5.7.60 This account may not send"
    works(world)
    assert tell(world) == 0
    post.replies.clear()
    world.at -= timedelta(days=1)  # The clock was set back.
    assert tell(world) == 1
    assert [("works again" in text) for text in texts(post)] == [False, True]
    assert tell(world) == 0


def test_rows_are_locked_in_one_order(world: World, post: SmtpServer) -> None:
    """The sender's first, then the notes: two processes that go the opposite way wait for each other."""
    set_up(world, post)
    stop(world)
    post.replies["RCPT"] = "451 4.3.0 Later"
    changed: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE"):
            changed.append(statement.split()[1])

    event.listen(world.site.db.engine, "before_cursor_execute", note)
    tell(world)
    event.remove(world.site.db.engine, "before_cursor_execute", note)
    assert changed == ["sender_state", "meta"] * 2  # It is claimed, and given back.


def test_without_an_admin_nobody_is_told(world: World, post: SmtpServer) -> None:
    set_up(world, post, admin="")
    stop(world)
    assert tell(world) == 0
    assert post.messages == []

"""Answers by mail, and what they bring about."""

import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

import pytest

from notifiers.base import Poller
from service import inbound, links, polling
from service.models import Address, Attempt, Meta, NudgeItem, Reply
from service.states import AddressKind, NudgeKind, NudgeState, ReplyState
from tests.servers import SmtpServer
from tests.servers.dovecot import Dovecot
from tests.walk.mail.conftest import ALEX, Post, channel, entries, words
from tests.walk.rows import agree, nudges, on, rows, state
from tests.world import World


def nudge_of(post: Post, mail: EmailMessage) -> UUID:
    (attempt,) = rows(post.world, Attempt, Attempt.provider_id == mail["Message-ID"])
    return attempt.nudge_id


def test_an_answer_is_logged_and_answered_below_it(post: Post, alex: UUID) -> None:
    (nudge,) = post.sent
    post.says("Done!\n\nOn Mon, Mar 2, 2026 at 7:00 PM Attune wrote:\n> Gratitude\n", nudge)
    assert post.poll() == 1
    (entry,) = entries(post)
    assert (entry.person_id, entry.day) == (alex, on("19:00").date())
    (reply,) = rows(post.world, Reply)
    assert reply.nudge_id == nudge_of(post, nudge)
    assert reply.raw_sealed is None
    answer = post.sent[1]
    assert "Gratitude logged for today" in words(answer)
    assert answer["To"] == ALEX
    assert answer["In-Reply-To"] == answer["References"] == reply.provider_id
    assert answer["Subject"] == f"Re: {nudge['Subject']}"
    assert post.poll() == 0
    assert len(post.sent) == 2


def test_answer_goes_to_an_address_with_a_token(post: Post, alex: UUID) -> None:
    found = re.fullmatch(r"Attune <nudge\+([a-z0-9]{40})@example\.org>", post.sent[0]["Reply-To"])
    assert found is not None
    (attempt,) = rows(post.world, Attempt)
    assert links.open_reply_token(post.world.site, found[1]) == attempt.id


def test_the_same_mail_twice_changes_nothing(post: Post, alex: UUID) -> None:
    mail = post.says("done", post.sent[0])
    post.mailbox.deliver(mail)
    assert post.poll() == 1
    assert len(entries(post)) == 1
    assert len(post.sent) == 2


def test_a_death_before_the_mark_loses_and_doubles_nothing(post: Post, alex: UUID) -> None:
    world = post.world
    post.says("done", post.sent[0])
    smtp = world.site.notifiers["smtp"]
    assert isinstance(smtp, Poller)
    (mark,) = rows(world, Meta, Meta.key == "mark smtp")
    (message,) = smtp.poll(mark.value, world.at).messages
    assert inbound.store(world.site, "smtp", AddressKind.EMAIL, message, world.at)  # Then it dies.
    assert post.poll() == 0
    world.at += timedelta(minutes=1)
    world.run()
    assert len(entries(post)) == 1
    assert [reply.state for reply in rows(world, Reply)] == [ReplyState.UNDERSTOOD]


def test_a_message_that_is_answered_goes_before_the_newest(post: Post, alex: UUID) -> None:
    post.world.take_up("empathy", "daily", "daily 20:00", alex)
    post.world.goes_on(on("20:01"))
    first, second = post.sent
    (gratitude,) = rows(post.world, NudgeItem, NudgeItem.nudge_id == nudge_of(post, first))
    post.says("done", first)
    post.poll()
    assert [entry.habit_id for entry in entries(post)] == [gratitude.habit_id]
    answered = {nudge.id: nudge.answered_at for nudge in nudges(post.world, alex)}
    assert answered[nudge_of(post, first)]
    assert answered[nudge_of(post, second)] is None


@pytest.mark.parametrize(("hour", "day"), [("09:00", 3), ("12:30", 4)])
def test_the_day_of_an_answered_message_counts_until_noon_of_the_next(
    post: Post, alex: UUID, hour: str, day: int
) -> None:
    post.world.take_up("empathy", "daily", "daily 08:30", alex)
    post.world.goes_on(on("2026-03-03T09:00"))
    of_the_third = post.sent[-1]
    post.world.goes_on(on(f"2026-03-04T{hour}"))
    assert post.sent[-1]["Message-ID"] != of_the_third["Message-ID"]  # That of the fourth came at 08:30.
    post.says("done", of_the_third)
    post.poll()
    assert [entry.day.day for entry in entries(post)] == [day]


def test_an_answer_proves_that_a_message_arrived(world: World, mailbox: Dovecot) -> None:
    with SmtpServer(cut="END") as broken:
        world.site = replace(world.site, notifiers={"smtp": channel(broken, mailbox)})
        post = Post(world, broken, mailbox)
        polling.poll(world.site)
        (alex,) = agree(world, [post.enrol("Alex", ALEX)])
        world.take_up("gratitude", "daily", "daily 19:00", alex)
        world.goes_on(on("19:00"))
        assert state(world, alex)[0] is NudgeState.UNKNOWN
        (attempt,) = rows(world, Attempt)
        post.says("what is this?", None, In_Reply_To=f"<{attempt.id}@example.org>")
        polling.poll(world.site)
        assert state(world, alex)[0] is NudgeState.SENT


def test_opting_in_by_mail(post: Post) -> None:
    alex = post.enrol("Alex", ALEX)
    post.world.run()
    post.says("YES", None, sender=ALEX.upper())
    post.poll()
    assert rows(post.world, Address)[0].verified_at is None  # Anybody could have written that.
    post.says("YES", post.sent[0], sender=ALEX.title())
    post.poll()
    assert rows(post.world, Address)[0].verified_at
    assert nudges(post.world, alex, NudgeKind.ANSWER)


def test_unsubscribe_by_mail(post: Post, alex: UUID) -> None:
    wanted = re.fullmatch(r"<mailto:(\S+)\?subject=STOP>", post.sent[0]["List-Unsubscribe"])
    assert wanted is not None
    assert post.sent[0]["List-Unsubscribe-Post"] is None
    post.says("", None, To=wanted[1], Subject="STOP", sender="alex.work@example.com")
    post.poll()
    assert post.world.person(alex).stopped_at

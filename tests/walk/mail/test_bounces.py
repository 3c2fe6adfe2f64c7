"""Mails that tell what became of ours: which end an address, and which end nothing."""

from dataclasses import replace
from uuid import UUID

import pytest

from service.models import Address
from service.states import AddressKind, NudgeState
from tests.walk.channel import Channel
from tests.walk.mail.conftest import MAILS, Post
from tests.walk.rows import add_address, rows, state

NO_END = ["bounce-postfix-delayed", "bounce-exim-warning", "bounce-of-another", "vacation"]


def dead(post: Post) -> list[AddressKind]:
    return [address.kind for address in rows(post.world, Address, Address.dead_at.is_not(None))]


def test_a_bounce_ends_the_address_and_the_next_one_takes_over(post: Post, alex: UUID) -> None:
    own = Channel()
    post.world.site = replace(post.world.site, notifiers={**post.world.site.notifiers, "own": own})
    add_address(post.world, alex, AddressKind.SMS, "+12025550101")
    post.returns("bounce-postfix", post.sent[0])
    post.returns("bounce-postfix", post.sent[0])
    assert post.poll() == 1
    assert dead(post) == [AddressKind.EMAIL]
    assert [message.to for message in own.messages] == ["+12025550101"]
    assert state(post.world, alex)[0] is NudgeState.SENT


@pytest.mark.parametrize("name", NO_END)
def test_what_is_no_end_changes_nothing(post: Post, alex: UUID, name: str) -> None:
    post.returns(name, post.sent[0])
    assert post.poll() == 0
    assert state(post.world, alex)[0] is NudgeState.SENT
    assert dead(post) == []
    assert len(post.sent) == 1


def test_a_refusal_leaves_the_address_alone(post: Post, alex: UUID) -> None:
    post.returns("bounce-exim-policy", post.sent[0])
    assert post.poll() == 1
    assert state(post.world, alex) == (NudgeState.FAILED, "bounced")
    assert dead(post) == []


def test_delivered(post: Post, alex: UUID) -> None:
    post.returns("bounce-postfix-delivered", post.sent[0])
    assert post.poll() == 1
    assert state(post.world, alex)[0] is NudgeState.DELIVERED


def test_a_made_up_bounce_ends_nothing(post: Post, alex: UUID) -> None:
    post.mailbox.deliver((MAILS / "bounce-postfix.eml").read_bytes())
    assert post.poll() == 0
    assert state(post.world, alex)[0] is NudgeState.SENT

"""Anybody can write any sender into a mail: what one counts for that proves nothing, or somebody else's."""

from collections.abc import Callable
from uuid import UUID

import pytest

from service.models import Suppression
from tests.walk.mail.conftest import ALEX, CHARLIE, SAM, Post, entries, words
from tests.walk.rows import agree, rows

CHANGES: list[Callable[[str], str]] = [
    lambda token: token[::-1],
    lambda token: token[:-1] + ("b" if token[-1] == "a" else "a"),
    lambda token: f"{token}aaaaaaaa",
    lambda token: "1" * len(token),
]


def test_a_mail_that_proves_nothing_logs_nothing(post: Post, alex: UUID) -> None:
    post.says("done", None)
    post.says("done 1", None)
    assert post.poll() == 2
    assert entries(post) == []
    assert post.world.person(alex).last_sign_of_life_at is None
    (answer,) = post.sent[1:]
    assert "answer a message of Attune" in words(answer)


@pytest.mark.parametrize("text", ["STOP", "please stop writing to me"])
def test_a_stop_needs_no_proof(post: Post, alex: UUID, text: str) -> None:
    post.says(text, None)
    post.poll()
    assert post.world.person(alex).stopped_at
    assert len(rows(post.world, Suppression)) == 1
    assert [mail["To"] for mail in post.sent[1:]] == [ALEX]


def test_help_needs_no_proof(post: Post, alex: UUID) -> None:
    post.says("HELP", None)
    post.poll()
    assert "STOP" in words(post.sent[1])
    assert "which of our messages" not in words(post.sent[1])


def test_danger_needs_no_proof(post: Post, alex: UUID) -> None:
    post.says("I want to kill myself", None)
    post.poll()
    assert "nobody reads this" in words(post.sent[1]).lower()
    assert post.world.person(alex).rested_until


def test_a_token_from_another_mailbox_of_theirs_counts(post: Post, alex: UUID) -> None:
    post.says("done", post.sent[0], sender="alex.work@example.com")
    post.poll()
    assert [entry.person_id for entry in entries(post)] == [alex]
    assert [mail["To"] for mail in post.sent] == [ALEX, ALEX]


def test_a_token_that_was_passed_on_does_not_speak_for_its_owner(post: Post, alex: UUID) -> None:
    agree(post.world, [post.enrol("Sam", SAM)])
    post.says("done", post.sent[0], sender=SAM)
    post.poll()
    assert entries(post) == []
    assert [mail["To"] for mail in post.sent[1:]] == [SAM]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_token_is_none(post: Post, alex: UUID, change: Callable[[str], str]) -> None:
    token = post.sent[0]["Reply-To"].partition("+")[2].partition("@")[0]
    post.says("done", None, To=f"nudge+{change(token)}@example.org")
    assert post.poll() == 1
    assert entries(post) == []


def test_the_thread_alone_is_proof_too(post: Post, alex: UUID) -> None:
    post.says("done", post.sent[0], To="nudge@example.org")
    post.poll()
    assert len(entries(post)) == 1


def test_a_stranger_is_answered_once_a_day_below_their_mail(post: Post) -> None:
    for _ in range(2):
        post.says("who are you?", None, sender=CHARLIE)
    assert post.poll() == 2
    (answer,) = post.sent
    assert answer["To"] == CHARLIE
    assert answer["In-Reply-To"].endswith("@mail.example.org>")
    assert answer["Reply-To"] is None

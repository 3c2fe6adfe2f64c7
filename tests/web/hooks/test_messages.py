"""People's messages over real HTTP: stored once and understood, or said to be impossible, in words."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from service.states import NudgeKind, ReplyState
from service.web.app import create_app
from tests.servers import TwilioServer
from tests.web.conftest import SQLITE
from tests.web.hooks.conftest import ALEX, SMS, STATUS, WORDS, assert_refused, replies, signed, text
from tests.web.serving import Web, serving
from tests.world import NUMBERS, World

Block = Callable[[], AbstractContextManager[None]]


def test_a_yes_is_stored_understood_and_answered(world: World, twilio: TwilioServer) -> None:
    alex = world.enrol("Alex")
    world.run()
    with serving(create_app(world.site)) as web:
        twilio.inbound_url = f"{web.url}{SMS}"
        assert twilio.text_in(ALEX, "YES") == 200
    (reply,) = replies(world)
    assert (reply.person_id, reply.state, reply.raw_sealed) == (alex, ReplyState.UNDERSTOOD, None)
    world.run()
    assert [record.to for record in twilio.messages] == [ALEX, ALEX]
    assert twilio.messages[-1].body.startswith("Welcome to Attune")


@SQLITE
def test_the_answer_to_a_post_is_empty_twiml(world: World, twilio: TwilioServer, web: Web) -> None:
    answer = signed(web, twilio, text())
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text.endswith("<Response/>")


def test_the_same_message_twice(world: World, twilio: TwilioServer) -> None:
    alex = world.enrol("Alex")
    with serving(create_app(world.site)) as web:
        twilio.inbound_url = f"{web.url}{SMS}"
        sid = f"SM{uuid4().hex}"
        assert [twilio.text_in(ALEX, "YES", MessageSid=sid) for _ in range(2)] == [200, 200]
    assert len(replies(world)) == 1
    assert [nudge.kind for nudge in world.nudges(alex)].count(NudgeKind.ANSWER) == 1


def test_the_same_message_many_times_at_once(world: World, twilio: TwilioServer) -> None:
    alex = world.enrol("Alex")
    with serving(create_app(world.site)) as web, ThreadPoolExecutor(8) as crowd:
        fields = text("YES")
        posts = [crowd.submit(signed, web, twilio, fields) for _ in range(8)]
        assert [post.result().status for post in posts] == [200] * 8
    assert len(replies(world)) == 1
    assert [nudge.kind for nudge in world.nudges(alex)].count(NudgeKind.ANSWER) == 1


def test_a_stranger_gets_one_neutral_answer_a_day(world: World, twilio: TwilioServer) -> None:
    world.join("Alex")
    before = len(twilio.messages)
    with serving(create_app(world.site)) as web:
        for said in ("done", "streak", "who is there"):
            assert signed(web, twilio, text(said, NUMBERS["Charlie"])).status == 200
        assert signed(web, twilio, text("hello", "32665")).status == 200
    world.run()
    assert [(reply.person_id, reply.state) for reply in replies(world)[1:]] == [
        (None, ReplyState.UNDERSTOOD)
    ] * 4
    (answer,) = twilio.messages[before:]
    assert answer.to == NUMBERS["Charlie"]
    assert "nobody reads messages here" in answer.body


@SQLITE
def test_an_unknown_channel(world: World, twilio: TwilioServer, web: Web) -> None:
    for channel in ("pigeon", "smtp", "phone", "console", "twilio%00", ".."):
        for verb in ("sms", "status", "x"):
            assert_refused(world, signed(web, twilio, text(), f"/hooks/{channel}/{verb}"), 404)


def test_nothing_private_is_logged(
    world: World, twilio: TwilioServer, logged: Callable[[], str], out_of_reach: Block
) -> None:
    world.enrol("Alex")
    world.run()
    with serving(create_app(world.site)) as web:
        signed(web, twilio, text("YES"))
        signed(web, twilio, text())
        web.post(SMS, text(), X_Twilio_Signature="forged")
        signed(web, twilio, text(), STATUS)
        signed(web, twilio, text(sender="32665"))
        with out_of_reach():
            signed(web, twilio, text())
    world.run()
    told = logged()
    assert "post refused" in told
    assert "request failed" in told
    assert [word for word in (WORDS, ALEX, ALEX[1:], twilio.auth_token, "32665") if word in told] == []


def test_a_database_out_of_reach_is_said_in_words_and_nothing_is_lost(
    world: World, twilio: TwilioServer, out_of_reach: Block
) -> None:
    world.enrol("Alex")
    fields = text("YES")
    with serving(create_app(world.site)) as web:
        with out_of_reach():
            answer = signed(web, twilio, fields)
        assert (answer.status, answer.json) == (
            503,
            {"error": "This service cannot reach its database right now."},
        )
        assert replies(world) == []
        assert signed(web, twilio, fields).status == 200
    assert [reply.state for reply in replies(world)] == [ReplyState.UNDERSTOOD]


@SQLITE
def test_a_bug_of_ours_is_told_without_its_words(
    world: World, twilio: TwilioServer, logged: Callable[[], str]
) -> None:
    def broken() -> datetime:
        raise ValueError(f"{WORDS} {ALEX}")

    with serving(create_app(replace(world.site, now=broken))) as web:
        answer = signed(web, twilio, text())
    assert_refused(world, answer, 500)
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = logged()
    assert '"place": "test_messages.py:' in told
    assert [word for word in (WORDS, ALEX, "Traceback") if word in told] == []

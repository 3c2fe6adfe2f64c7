"""Providers' posts over real HTTP: signed by the stand-in for Twilio, forged, broken, doubled."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest

from service.models import Reply
from service.settings import Settings
from service.states import NudgeKind, NudgeState, ReplyState
from service.web.app import create_app
from tests.conftest import KEY
from tests.servers import Script, TwilioServer
from tests.servers.twilio_posts import Fields, signature
from tests.web.conftest import PUBLIC, SQLITE, everything
from tests.web.serving import FORM, Answer, Web, serving
from tests.world import NUMBERS, World

ALEX = NUMBERS["Alex"]
SMS = "/hooks/twilio/sms"
STATUS = "/hooks/twilio/status"
WORDS = "It was wonderful at the lake"
Block = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with TwilioServer(public_url=PUBLIC) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database_url: str, twilio: TwilioServer) -> Settings:
    channel = {
        "account_sid": twilio.account_sid,
        "auth_token": twilio.auth_token,
        "sender": twilio.number,
        "base_url": twilio.url,
    }
    return Settings(
        home=tmp_path,
        database_url=database_url,
        key=KEY,
        public_url=PUBLIC,
        busy_seconds=1,
        notifiers={"twilio": channel},
    )


@pytest.fixture
def web(world: World) -> Iterator[Web]:
    with serving(create_app(world.site)) as web:
        yield web


def text(body: str = WORDS, sender: str = ALEX, **more: str) -> Fields:
    fields = {"MessageSid": f"SM{uuid4().hex}", "From": sender, "Body": body, "ToCity": ""}
    return list((fields | more).items())


def signed(web: Web, twilio: TwilioServer, fields: Fields, path: str = SMS, base: str = PUBLIC) -> Answer:
    return web.post(path, fields, X_Twilio_Signature=signature(twilio.auth_token, f"{base}{path}", fields))


def replies(world: World) -> list[Reply]:
    with world.site.db.read() as session:
        rows = session.query(Reply).order_by(Reply.id).all()
        session.expunge_all()
        return rows


def assert_refused(world: World, answer: Answer, status: int = 403) -> None:
    """The answer is one sentence, and nothing of the post is kept or repeated."""
    assert answer.status == status
    assert list(answer.json) == ["error"]
    assert ALEX[1:] not in answer.text
    assert WORDS not in answer.text
    assert replies(world) == []


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


FIRST = text(MessageSid=f"SM{'1' * 32}")
FORGED = ["", "x", signature("another", PUBLIC + SMS, FIRST), "ü" * 28, "A" * 20_000, "=" * 28]


@SQLITE
def test_a_forged_signature_stores_nothing(world: World, web: Web) -> None:
    world.enrol("Alex")
    assert_refused(world, web.post(SMS, text()))
    assert_refused(world, web.post(STATUS, text(MessageStatus="sent")))
    for forged in FORGED:
        assert_refused(world, web.post(SMS, FIRST, X_Twilio_Signature=forged))


@SQLITE
def test_a_signature_of_another_address_or_text_stores_nothing(
    world: World, twilio: TwilioServer, web: Web
) -> None:
    fields = text()
    good = signature(twilio.auth_token, PUBLIC + SMS, fields)
    assert_refused(world, web.post(f"{SMS}?a=1", fields, X_Twilio_Signature=good))
    assert_refused(world, web.post(SMS, [*fields, ("Extra", "1")], X_Twilio_Signature=good))
    assert_refused(world, web.post(SMS, text("something else"), X_Twilio_Signature=good))
    assert_refused(world, web.post(SMS, fields, X_Twilio_Signature=good[:-1]))
    assert_refused(world, web.post(SMS, fields, X_Twilio_Signature=good.lower()))
    local = signature(twilio.auth_token, web.url + SMS, fields)
    assert_refused(world, web.post(SMS, fields, X_Twilio_Signature=local))
    # What a stranger says of the host does not count: only the settings do.
    forwarded = {"Host": "evil.example.org", "X-Forwarded-Host": "nudge.example.org"}
    assert_refused(world, web.post(SMS, fields, X_Twilio_Signature=local, **forwarded))


QUERIES = ["x=a%20b&y=", "a=%7e%2F+b&&=&a=1", "%C3%BC=%zz;1", "u=https://a.example.org/?b=c", "?"]


@SQLITE
def test_the_query_is_signed_as_it_came(world: World, twilio: TwilioServer, web: Web) -> None:
    for path in (f"{SMS}?{query}" for query in QUERIES):
        assert signed(web, twilio, text(), path).status == 200
        fields = text()
        good = signature(twilio.auth_token, PUBLIC + path, fields)
        for one, other in (
            ("%20", "+"),
            ("%7e", "~"),
            ("&&", "&"),
            ("%zz", "%25zz"),
            ("?u", "?v"),
            ("??", "?"),
        ):
            if one in path:
                changed = web.post(path.replace(one, other), fields, X_Twilio_Signature=good)
                assert changed.status == 403
    assert len(replies(world)) == len(QUERIES)


@SQLITE
@pytest.mark.parametrize(
    "base", ["https://nudge.example.org/attune", "https://nudge.example.org:8443", "http://nudge.example.org"]
)
def test_the_public_url_may_have_a_path_or_a_port(world: World, twilio: TwilioServer, base: str) -> None:
    world.site = replace(world.site, settings=world.site.settings.model_copy(update={"public_url": base}))
    with serving(create_app(world.site)) as web:
        assert signed(web, twilio, text(), base=base).status == 200
        assert signed(web, twilio, text(), base="https://nudge.example.org/other").status == 403
    assert len(replies(world)) == 1


@SQLITE
@pytest.mark.parametrize(
    "more",
    [
        [("FromZip", ""), ("ToZip", "")],
        [("MediaUrl", "b"), ("MediaUrl", "a")],
        [("Extra", "x"), ("Extra", "x")],
        [("Ä ö&=+%", "✓ \n")],
    ],
    ids=["blank", "repeated", "twice the same", "odd"],
)
def test_all_fields_are_signed(world: World, twilio: TwilioServer, web: Web, more: Fields) -> None:
    fields = [*text(), *more]
    assert signed(web, twilio, fields).status == 200
    good = signature(twilio.auth_token, PUBLIC + SMS, fields)
    dropped = [field for field in fields if field not in more]
    assert web.post(SMS, dropped, X_Twilio_Signature=good).status == 403
    assert len(replies(world)) == 1


@SQLITE
def test_another_method(world: World, web: Web) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        answer = web.call(method, SMS)
        assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert replies(world) == []


JUNK = {
    "not a form": b'{"MessageSid": "SM1", "Body": "done"}',
    "not UTF-8": b"Body=\xff\xfe",
    "escapes that are not UTF-8": b"Body=%ff%fe",
    "nothing": b"",
    "zeros": b"\x00" * 1000,
}


@SQLITE
def test_a_junk_body(world: World, web: Web) -> None:
    for body in JUNK.values():
        headers = {"Content-Type": FORM, "X-Twilio-Signature": "x" * 28}
        assert_refused(world, web.call("POST", SMS, body, headers))


@SQLITE
def test_three_hundred_fields(world: World, twilio: TwilioServer, web: Web) -> None:
    crowd = [(f"f{number}", "") for number in range(300)]
    assert_refused(world, signed(web, twilio, [*text(), *crowd]))


@SQLITE
def test_a_signed_post_without_a_message(world: World, twilio: TwilioServer, web: Web) -> None:
    assert_refused(world, signed(web, twilio, [("From", ALEX), ("Body", WORDS)]), 400)
    assert_refused(world, signed(web, twilio, text(), STATUS), 400)


HEAD = f"POST {SMS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n"


@SQLITE
def test_a_body_of_a_megabyte_is_refused_unread(world: World, web: Web) -> None:
    answer = web.begin(f"{HEAD}Content-Length: 1048576\r\n\r\n".encode())
    assert answer.split()[1] == b"413"
    assert replies(world) == []


@SQLITE
def test_a_body_that_turns_out_too_large_is_refused(world: World, web: Web) -> None:
    chunk = b"8000\r\n" + b"a" * 0x8000 + b"\r\n"
    answer = web.begin(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 2 + b"1\r\na\r\n")
    assert answer.split()[1] == b"413"
    assert replies(world) == []


@SQLITE
def test_a_length_that_is_none(world: World, web: Web) -> None:
    for length in ("-1", "x", "1e3"):
        answer = web.begin(f"{HEAD}Content-Length: {length}\r\n\r\n".encode())
        assert answer.split()[1] in (b"400", b"413")
    assert replies(world) == []


@SQLITE
def test_the_largest_body_is_taken(world: World, twilio: TwilioServer, web: Web) -> None:
    assert signed(web, twilio, text("a" * 65_000)).status == 200
    assert len(replies(world)) == 1


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


def test_a_stranger_is_kept_and_told_nothing(world: World, twilio: TwilioServer) -> None:
    world.join("Alex")
    before = len(twilio.messages)
    with serving(create_app(world.site)) as web:
        assert signed(web, twilio, text("done", NUMBERS["Charlie"])).status == 200
        assert signed(web, twilio, text("hello", "32665")).status == 200
    world.run()
    assert [(reply.person_id, reply.state) for reply in replies(world)[1:]] == [
        (None, ReplyState.UNDERSTOOD)
    ] * 2
    assert len(twilio.messages) == before


def nudged(world: World) -> None:
    """Alex has a nudge on the way."""
    alex = world.join("Alex")
    world.take_up("gratitude", "daily", "daily 12:00", alex)
    world.goes_on(datetime.fromisoformat("2026-03-02T12:00:00+00:00"))


def state_of_nudge(world: World) -> NudgeState:
    return next(
        NudgeState(str(row.state)) for row in everything(world)["nudge"] if row.kind == NudgeKind.NUDGE
    )


def test_receipts_are_ranked(world: World, twilio: TwilioServer, web: Web) -> None:
    nudged(world)
    twilio.inbound_url = f"{web.url}{SMS}"
    sid = twilio.messages[-1].sid
    assert state_of_nudge(world) is NudgeState.SENT
    assert [twilio.report(sid, word) for word in ("queued", "sent", "delivered")] == [204] * 3
    assert state_of_nudge(world) is NudgeState.DELIVERED
    before = everything(world)
    assert [twilio.report(sid, word) for word in ("sent", "delivered", "queued")] == [204] * 3
    assert everything(world) == before
    assert twilio.report(sid, "undelivered", 30008) == 204
    assert state_of_nudge(world) is NudgeState.DELIVERED


@SQLITE
def test_a_failure_is_told_by_a_receipt(world: World, twilio: TwilioServer, web: Web) -> None:
    nudged(world)
    twilio.inbound_url = f"{web.url}{SMS}"
    assert twilio.deliver(twilio.messages[-1].sid, 30008) == [204, 204]
    assert state_of_nudge(world) is NudgeState.FAILED


def test_a_receipt_of_a_message_that_is_not_ours(world: World, twilio: TwilioServer, web: Web) -> None:
    nudged(world)
    before = everything(world)
    fields = [("MessageSid", f"SM{uuid4().hex}"), ("MessageStatus", "delivered")]
    for attempt in ("", f"?attempt={uuid4()}", "?attempt=junk", "?attempt=", "?other=1"):
        assert signed(web, twilio, fields, STATUS + attempt).status == 204
    assert everything(world) == before


def test_a_receipt_finds_an_attempt_whose_fate_nobody_knew(
    world: World, twilio: TwilioServer, web: Web
) -> None:
    twilio.script(Script(to=ALEX, times=1), Script(to=ALEX, times=1), Script(to=ALEX, drop="after"))
    nudged(world)
    assert state_of_nudge(world) is NudgeState.UNKNOWN
    twilio.inbound_url = f"{web.url}{SMS}"
    record = twilio.messages[-1]
    assert record.status_callback is not None
    assert "?attempt=" in record.status_callback
    assert twilio.report(record.sid, "sent") == 204
    assert state_of_nudge(world) is NudgeState.SENT
    assert twilio.report(record.sid, "delivered") == 204
    assert state_of_nudge(world) is NudgeState.DELIVERED


@SQLITE
@pytest.mark.parametrize("attempt", ["junk", "", "0" * 32, "%00", "a&attempt=b"])
def test_a_junk_attempt_does_not_keep_a_receipt_from_its_message(
    world: World, twilio: TwilioServer, web: Web, attempt: str
) -> None:
    nudged(world)
    fields = [("MessageSid", twilio.messages[-1].sid), ("MessageStatus", "delivered")]
    assert signed(web, twilio, fields, f"{STATUS}?attempt={attempt}").status == 204
    assert state_of_nudge(world) is NudgeState.DELIVERED


@SQLITE
def test_without_a_public_url_nothing_can_be_checked(
    world: World, twilio: TwilioServer, logged: Callable[[], str]
) -> None:
    settings = world.site.settings.model_copy(update={"public_url": None})
    world.site = replace(world.site, settings=settings)
    with serving(create_app(world.site)) as web:
        assert_refused(world, signed(web, twilio, text()))
        assert_refused(world, signed(web, twilio, text(), base=web.url))
    assert "There is no public_url here" in logged()


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
    assert '"place": "test_hooks.py:' in told
    assert [word for word in (WORDS, ALEX, "Traceback") if word in told] == []

"""Forged, broken and oversized posts: refused in one sentence, and nothing of them is kept."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from notifiers.standin.posts import Fields, signature
from service.web.app import create_app
from tests.servers import TwilioServer
from tests.web.conftest import PUBLIC, SQLITE
from tests.web.hooks.conftest import ALEX, SMS, STATUS, WORDS, assert_refused, replies, signed, text
from tests.web.serving import FORM, Web, serving
from tests.world import World

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

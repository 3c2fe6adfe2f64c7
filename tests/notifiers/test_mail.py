"""The e-mail that a person gets, as their mail program reads it."""

import email
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifiers import mail
from notifiers.base import Kind, Message, SendError

SENDER = Address("Attune", addr_spec="nudge@example.org")
TO = "alice@example.org"
LINK = "https://nudge.example.org/me?token=" + "a1-_" * 60


def raw(text: str = "Hello.", attempt_id: str = "a-1", **more: str) -> bytes:
    return mail.write(Message(attempt_id, TO, text, **more), TO, SENDER)  # type: ignore[arg-type]


def read(content: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(content, policy=SMTP)
    assert isinstance(parsed, EmailMessage)
    assert all(not part.defects for part in parsed.walk())
    return parsed


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_headers() -> None:
    message = read(raw(subject="A thought for tonight"))
    assert message["From"] == "Attune <nudge@example.org>"
    assert message["To"] == TO
    assert message["Subject"] == "A thought for tonight"
    assert message["Message-ID"] == "<a-1@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert abs(datetime.now(UTC) - message["Date"].datetime) < timedelta(minutes=5)
    assert message.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]


def test_subject_is_never_blank() -> None:
    assert read(raw())["Subject"] == "Attune"
    assert read(mail.write(Message("a-1", TO, "x"), TO, Address(addr_spec=TO)))["Subject"] == "Attune"


def test_one_click_unsubscribe_needs_https() -> None:
    message = read(raw(unsubscribe_url=LINK))
    assert message["List-Unsubscribe"] == f"<{LINK}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("url", ["", "http://nudge.example.org/stop"])
def test_unsubscribe_by_mail_otherwise(url: str) -> None:
    message = read(raw(unsubscribe_url=url))
    assert message["List-Unsubscribe"] == "<mailto:nudge@example.org?subject=STOP>"
    assert message["List-Unsubscribe-Post"] is None


def test_answers_go_to_an_address_with_the_token() -> None:
    message = read(raw(reply_token="t" * 40))
    assert message["Reply-To"] == f"Attune <nudge+{'t' * 40}@example.org>"
    assert message["List-Unsubscribe"] == f"<mailto:nudge+{'t' * 40}@example.org?subject=STOP>"
    assert read(raw())["Reply-To"] is None


def test_an_address_that_would_be_too_long_has_no_token() -> None:
    long = Address(addr_spec=f"{'n' * 24}@example.org")
    message = read(mail.write(Message("a-1", TO, "x", reply_token="t" * 40), TO, long))
    assert message["Reply-To"] is None
    assert message["List-Unsubscribe"] == f"<mailto:{long.addr_spec}?subject=STOP>"


def test_an_answer_stands_below_what_it_answers() -> None:
    message = read(raw(answers="<m1@mail.example.org>"))
    assert message["In-Reply-To"] == message["References"] == "<m1@mail.example.org>"


@pytest.mark.parametrize("junk", ["", "sha256:00", "<a@b>\nBcc: x@example.org", "<a b>", f"<{'a' * 300}@x>"])
def test_what_is_no_id_is_not_answered(junk: str) -> None:
    assert read(raw(answers=junk))["In-Reply-To"] is None


def test_long_link_stays_whole_on_the_wire() -> None:
    assert f"List-Unsubscribe: <{LINK}>\r\n".encode() in raw(unsubscribe_url=LINK)


def test_both_parts_hold_words_and_links() -> None:
    words = {"reply_label": "Answer", "reply_url": f"{LINK}&a=1", "unsubscribe_url": LINK, "language": "de"}
    message = read(raw("One <b>\ntwo & three\n\nfour", **words))
    assert part(message, "plain") == f"One <b>\ntwo & three\n\nfour\n\nAnswer: {LINK}&a=1\n\n{LINK}\n"
    page = part(message, "html")
    assert '<html lang="de">' in page
    assert ">Answer</a>" in page
    assert "<p>One &lt;b&gt;<br>two &amp; three</p>\n<p>four</p>" in page
    assert f'<a href="{LINK}&amp;a=1" ' in page
    assert page.count("<a ") == 2


def test_without_links_there_are_none() -> None:
    message = read(raw("Hello."))
    assert part(message, "plain") == "Hello.\n"
    assert "<a " not in part(message, "html")


def test_link_cannot_break_out_of_its_place() -> None:
    page = part(read(raw(reply_url='https://example.org/"><script>')), "html")
    assert "<script" not in page


def test_seven_bits_and_short_lines() -> None:
    content = raw("ü😜 " * 400, subject="ü😜 " * 100, reply_url=LINK)
    assert content.isascii()
    lines = content.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    body = lines[lines.index(b"") :]
    assert max(len(line) for line in body) <= 78
    assert max(len(line) for line in lines) <= 998


def test_seven_bits_in_a_short_message_too() -> None:
    assert raw("ü").isascii()


@pytest.mark.parametrize("field", ["subject", "attempt_id", "reply_url", "unsubscribe_url"])
@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n", "\x00", "\x85", "\u2028"])
def test_header_cannot_be_smuggled_in(field: str, break_: str) -> None:
    with pytest.raises(SendError) as caught:
        raw(**{field: f"https://example.org/{break_}Bcc: mallory@example.org"})
    assert caught.value.kind is Kind.CONTENT
    assert caught.value.__context__ is None
    assert "mallory" not in caught.value.reason


@pytest.mark.parametrize("text", ["\ud83d", "a\udcffb"])
def test_half_a_character_is_refused(text: str) -> None:
    with pytest.raises(SendError) as caught:
        raw(text)
    assert caught.value.kind is Kind.CONTENT
    assert caught.value.__context__ is None


lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)


@given(st.lists(lines, max_size=6), lines)
def test_any_words_arrive(texts: list[str], subject: str) -> None:
    text = "\n".join(texts).strip()
    message = read(raw(text, subject=subject))
    assert part(message, "plain") == f"{text}\n"
    assert "".join(message["Subject"].split()) == "".join((subject.strip() or "Attune").split())


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_junk_is_written_or_refused(text: str, subject: str) -> None:
    try:
        read(raw(text, subject=subject))
    except SendError as error:
        assert error.kind is Kind.CONTENT  # noqa: PT017 (Most junk is written.)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice@example.org", "alice@example.org"),
        ("a.b+c_d@mail.example.org", "a.b+c_d@mail.example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("alice@bücher.example.org", "alice@xn--bcher-kva.example.org"),
        ("alice", None),
        ("", None),
        ("@example.org", None),
        ("alice@", None),
        ("alice@bob@example.org", None),
        ("alice@example.org, bob@example.org", None),
        ("alice@example.org,bob@example.org", None),
        ("alice @example.org", None),
        ("alice@example.org\n", None),
        ("alice@example.org\r\nBcc: bob@example.org", None),
        ("<alice@example.org>", None),
        ("alice@example..org", None),
        (f"alice@{'a' * 64}.org", None),
        (f"{'a' * 65}@example.org", None),
        ("älice@example.org", None),
        ("alice@exam\x00ple.org", None),
    ],
)
def test_mailbox(text: str, expected: str | None) -> None:
    assert mail.mailbox(text) == expected


@given(st.emails())
def test_every_mailbox_can_be_written_to(text: str) -> None:
    found = mail.mailbox(text)
    assert found == text
    assert read(mail.write(Message("a-1", text, "x"), found, SENDER))["To"] == text


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("nudge@example.org", "", "nudge@example.org"),
        ("Attune <nudge@example.org>", "Attune", "nudge@example.org"),
        ('"Attune, at home" <nudge@example.org>', "Attune, at home", "nudge@example.org"),
        ("Zuhören <nudge@bücher.example.org>", "Zuhören", "nudge@xn--bcher-kva.example.org"),
    ],
)
def test_sender(text: str, name: str, address: str) -> None:
    found = mail.sender(text)
    assert found is not None
    assert (found.display_name, found.addr_spec) == (name, address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Attune",
        "a@example.org, b@example.org",
        "A <a@example.org> B",
        "A\n<a@example.org>",
        "g: a@example.org;",
        "a..b@example.org",
    ],
)
def test_no_sender(text: str) -> None:
    assert mail.sender(text) is None


@given(st.text(max_size=40))
def test_any_junk_is_a_sender_or_none(text: str) -> None:
    found = mail.sender(text)
    assert found is None or mail.mailbox(found.addr_spec) == found.addr_spec

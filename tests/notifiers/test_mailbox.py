"""What each kind of mail in a mailbox is to us: the files in `mails/` are as mail programs write them."""

import email
from datetime import UTC, datetime
from email.headerregistry import Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifiers import mail, mailbox
from notifiers.base import Inbound, Kind, Message, Report

FOLDER = Path(__file__).parent / "mails"
OURS = Address("Attune", addr_spec="nudge@example.org")
ID = "<0192f0c1-7a3b-7c4d-8e5f-0123456789ab@example.org>"
TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefgh"
AT = datetime(2026, 3, 2, 19, 1, tzinfo=UTC)

SAID = {
    "apple-german": "Ja",
    "apple-iphone": "done",
    "apple-mail-mac": "skip",
    "apple-spanish": "2",
    "broken-mime": "done without any part",
    "empty-reply": "",  # Its subject is that of our own message.
    "fresh": "HELP",
    "gmail": "Done, it was lovely!",
    "gmail-android-german": "erledigt",
    "gmail-german": "Erledigt, danke",
    "gmail-html-only": "Done, it was\nlovely & warm!",
    "gmail-spanish": "hecho 1 y 2",
    "inline": "Hi,\n\n1 done\n2 skip",
    "outlook": "done",
    "outlook-german": "1 und 3",
    "outlook-mobile": "done",
    "outlook-spanish": "listo",
    "outlook-web-html": "done, twice",
    "picture": "done \U0001f600",
    "raw-8-bit-header": "done",
    "subject-only": "done",
    "thunderbird": "done",
    "thunderbird-german": "erledigt",
    "unknown-charset": "erledigt für heute",
    "unsubscribe": "STOP",
    "unsubscribe-by-gmail": "STOP",
}
BOUNCED = {
    "bounce-exchange": (Kind.CONTACT, "5.1.10"),
    "bounce-exchange-policy": (Kind.CONTENT, "5.7.1"),
    "bounce-exim": (Kind.CONTACT, "5.1.1"),
    "bounce-exim-policy": (Kind.CONTENT, None),
    "bounce-gmail": (Kind.CONTACT, "5.1.1"),
    "bounce-postfix": (Kind.CONTACT, "5.1.1"),
    "bounce-postfix-full": (Kind.CONTENT, "5.2.2"),
    "bounce-qmail": (Kind.CONTACT, "5.1.1"),
    "bounce-size": (Kind.CONTENT, "5.3.4"),
    "bounce-vague-status": (Kind.CONTACT, "5.2.1"),
}
NOTHING = [
    "bounce-exim-warning",
    "bounce-of-another",
    "bounce-postfix-delayed",
    "newsletter",
    "no-sender",
    "null-sender",
    "our-own",
    "read-receipt",
    "vacation",
    "vacation-outlook",
]


def raw(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def read(content: bytes) -> Inbound | Report | None:
    return mailbox.read(content, OURS, AT)


def said(content: bytes) -> Inbound:
    found = read(content)
    assert isinstance(found, Inbound)
    return found


def test_each_file_is_expected_to_be_something() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {*SAID, *BOUNCED, *NOTHING, "bounce-postfix-delivered"}


@pytest.mark.parametrize("name", SAID)
def test_what_somebody_wrote(name: str) -> None:
    found = said(raw(name))
    assert found.text == SAID[name]
    assert (found.sender, found.address_kind, found.received_at) == ("alice@example.org", "email", AT)


@pytest.mark.parametrize("name", BOUNCED)
def test_bounce(name: str) -> None:
    kind, code = BOUNCED[name]
    assert read(raw(name)) == Report(ID, "bounced", 3, kind, code)


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_for_us(name: str) -> None:
    assert read(raw(name)) is None


def test_delivered() -> None:
    assert read(raw("bounce-postfix-delivered")) == Report(ID, "delivered", 3)


def test_token_and_thread_are_found() -> None:
    found = said(raw("gmail"))
    assert found.reply_tokens == (TOKEN,)
    assert found.answers == (ID,)
    assert found.provider_id == "<m1@mail.example.org>"
    assert TOKEN not in repr(found)


def test_token_survives_other_letters_and_a_second_recipient() -> None:
    shouted = (
        raw("gmail")
        .replace(b"To: Attune <", b"Cc: x@example.org, <")
        .replace(TOKEN.encode(), TOKEN.upper().encode())
    )
    assert said(shouted).reply_tokens == (TOKEN,)


@pytest.mark.parametrize("other", ["nudges", "xnudge", "nudge.x"])
def test_token_of_another_address_is_none(other: str) -> None:
    assert said(raw("gmail").replace(b"nudge+", f"{other}+".encode())).reply_tokens == ()


def test_mail_without_an_id_has_always_the_same() -> None:
    without = raw("gmail").replace(b"Message-ID: <m1@mail.example.org>\n", b"")
    first, again = said(without), said(without)
    assert first.provider_id == again.provider_id
    assert first.provider_id != said(without + b" ").provider_id
    assert len(first.provider_id) <= 255


def test_references_are_nearest_first() -> None:
    thread = raw("gmail").replace(f"References: {ID}".encode(), f"References: <a@x>\n {ID}\n <b@x>".encode())
    assert said(thread).answers == (ID, "<b@x>", "<a@x>")


def test_what_we_write_can_be_answered() -> None:
    """Our own header is what the reading goes by: an answer to it holds our token and our id."""
    ours = email.message_from_bytes(
        mail.write(
            Message("0192f0c1-7a3b-7c4d-8e5f-0123456789ab", "alice@example.org", "Hi", reply_token=TOKEN),
            "alice@example.org",
            OURS,
        )
    )
    answer = f"From: alice@example.org\nTo: {ours['Reply-To']}\nIn-Reply-To: {ours['Message-ID']}\n\ndone\n"
    found = said(answer.encode())
    assert (found.reply_tokens, found.answers) == ((TOKEN,), (ID,))
    assert read(ours.as_bytes()) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"From: alice@example.org\nSubject: " + b"x" * 200_000 + b"\n\ndone",
        b"From: alice@example.org\nReferences: " + b"<a@x> " * 30_000 + b"\n\ndone",
        b"From: " + b"alice@example.org, " * 10_000 + b"\n\ndone",
        b"From: alice@example.org\nSubject: =?utf-8?b?!!!?=\nContent-Type: text/plain; charset*=a''%ff\n\n",
        b'From: alice@example.org\nContent-Type: text/plain; charset="\xff"\n\ndone\xff\x00',
        b"From: alice@example.org\nContent-Transfer-Encoding: base64\n\n!!!=",
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000)),
        b"From: MAILER-DAEMON@x.org\nContent-Type: multipart/report\n\n" + ID.encode() * 5000,
        b"From: MAILER-DAEMON@x.org\nContent-Type: multipart/report; boundary=a\n\n--a\n"
        b"Content-Type: message/delivery-status\n\nAction: \nStatus: x\n\n" + ID.encode(),
    ],
)
def test_no_mail_raises(content: bytes) -> None:
    found = read(content)
    assert found is None or isinstance(found, Inbound)


def test_parts_within_parts_are_not_followed_for_ever() -> None:
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(100))
    assert read(b"From: alice@example.org\n" + nested + b"\ndone") is None


@pytest.mark.parametrize("fold", [b"", b"\n\t"])
def test_a_form_without_end_is_not_read(fold: bytes) -> None:
    form = b'Content-Type: text/plain; a="' + (b";" * 50 + fold) * 100
    assert read(b"From: alice@example.org\n" + form + b"\n\ndone") is None


@given(st.binary(max_size=400))
def test_no_junk_raises(junk: bytes) -> None:
    read(junk)
    read(b"From: alice@example.org\nContent-Type: multipart/report; " + junk)
    read(b"From: alice@example.org\nContent-Type: text/html\n\n" + junk)


def test_only_the_beginning_of_a_huge_mail_is_read() -> None:
    huge = raw("picture") + b"A" * (2 * mailbox.LONGEST)
    assert said(huge).text == SAID["picture"]

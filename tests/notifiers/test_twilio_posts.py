"""What Twilio posts: signatures, status callbacks and people's messages."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifiers import registry
from notifiers.base import Inbound, Kind, Report
from notifiers.standin.posts import Fields, signature
from notifiers.twilio import SIGNATURE, Twilio

SIGNATURES = [
    vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "signatures.json").read_text())[
        "vectors"
    ]
    # A JSON body is signed in another way, which Twilio never uses for messages.
    if "params" in vector
]
SID = f"SM{'1' * 32}"
NUMBER = "+12025550123"
URL = "https://nudge.example.org/hooks/twilio/sms?x=a%20b&y="


def channel(token: str = "12345") -> Twilio:
    options = {"account_sid": f"AC{'0' * 32}", "auth_token": token, "sender": "+12025550100"}
    built = registry.build("twilio", options)
    assert isinstance(built, Twilio)
    return built


CHANNEL = channel()


@pytest.mark.parametrize("vector", SIGNATURES, ids=[vector["id"] for vector in SIGNATURES])
def test_known_signatures(vector: dict[str, object]) -> None:
    pairs = vector["params"]
    assert isinstance(pairs, list)
    form = [(str(name), str(value)) for name, value in pairs]
    verified = channel(str(vector["auth_token"])).verify(
        str(vector["url"]), form, {SIGNATURE: str(vector["signature"])}
    )
    assert verified is vector["expect_valid"]


def test_there_are_both_kinds_of_known_signatures() -> None:
    assert {vector["expect_valid"] for vector in SIGNATURES} == {True, False}


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
forms = st.lists(st.tuples(names, names), max_size=8)


@given(forms)
def test_a_signed_form_is_verified_in_any_order(form: Fields) -> None:
    assert CHANNEL.verify(URL, form, {SIGNATURE: signature("12345", URL, form)})
    assert CHANNEL.verify(URL, form[::-1], {SIGNATURE: signature("12345", URL, form)})


@given(forms, st.integers(0, 7), names)
def test_a_changed_form_is_not(form: Fields, place: int, word: str) -> None:
    signed = signature("12345", URL, form)
    assert not CHANNEL.verify(URL, [*form, (f"x{word}", "y")], {SIGNATURE: signed})
    if form:
        place %= len(form)
        changed = [*form[:place], (form[place][0], form[place][1] + "x"), *form[place + 1 :]]
        assert not CHANNEL.verify(URL, changed, {SIGNATURE: signed})
    assert not CHANNEL.verify(URL + "1", form, {SIGNATURE: signed})
    assert not channel("12346").verify(URL, form, {SIGNATURE: signed})


@pytest.mark.parametrize(
    "form",
    [
        [("Body", ""), ("FromCity", "")],
        [("MediaUrl", "b"), ("Body", "done"), ("MediaUrl", "a")],
        [("Body", "done"), ("Body", "done")],
        [],
    ],
    ids=["blank", "repeated", "twice the same", "empty"],
)
def test_blank_and_repeated_fields_count(form: Fields) -> None:
    assert CHANNEL.verify(URL, form, {SIGNATURE: signature("12345", URL, form)})


def test_a_repeated_field_cannot_be_dropped() -> None:
    form = [("Body", "a"), ("Body", "b")]
    assert not CHANNEL.verify(URL, form[1:], {SIGNATURE: signature("12345", URL, form)})


def test_a_post_without_the_header_is_not_signed() -> None:
    assert not CHANNEL.verify(URL, [], {"x-another-signature": signature("12345", URL, [])})


@pytest.mark.parametrize("port", ["", ":443", ":8443"])
def test_a_port_in_the_public_address(port: str) -> None:
    url = f"https://nudge.example.org{port}/hooks?a=1"
    assert CHANNEL.verify(url, [("a", "b")], {SIGNATURE: signature("12345", url, [("a", "b")])})


@pytest.mark.parametrize(
    "url",
    ["", "x", "https://[::1", "https://a:99999/", "https://a:b/", "\x00", "https://ü.example.org/", "\ud800"],
)
@pytest.mark.parametrize("signed", ["", "x", "ü" * 28, "=" * 28, "\x00" * 28, "\ud800"])
@pytest.mark.parametrize("form", [[], [("a", "b")], [("a", "\ud800")]], ids=["none", "some", "surrogate"])
def test_junk_is_not_signed_and_raises_nothing(url: str, form: Fields, signed: str) -> None:
    assert CHANNEL.verify(url, form, {SIGNATURE: signed}) is False


anything = st.text(max_size=30)


@given(anything, st.lists(st.tuples(anything, anything), max_size=4), anything)
def test_any_junk_raises_nothing(url: str, form: Fields, signed: str) -> None:
    assert CHANNEL.verify(url, form, {SIGNATURE: signed}) is False
    assert CHANNEL.verify(f"https://{url}", form, {SIGNATURE: signed}) is False


def status(word: str, **more: str) -> Report | None:
    return CHANNEL.parse_status(
        {"MessageSid": SID, "SmsSid": SID, "MessageStatus": word, "To": NUMBER, **more}
    )


@pytest.mark.parametrize(
    ("word", "rank"),
    [
        ("accepted", 1),
        ("scheduled", 1),
        ("queued", 1),
        ("sending", 1),
        ("sent", 2),
        ("delivered", 3),
        ("read", 3),
    ],
)
def test_reports_while_all_is_well(word: str, rank: int) -> None:
    # An error code is of no account while the message is on its way.
    assert status(word) == status(word, ErrorCode="30008") == Report(SID, word, rank)


@pytest.mark.parametrize("word", ["undelivered", "failed", "canceled"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("30001", Kind.RETRY),
        ("30002", Kind.SENDER),
        ("30003", Kind.CONTENT),
        ("30005", Kind.CONTACT),
        ("30007", Kind.CONTENT),
        ("21610", Kind.CONTACT),
        ("39999", Kind.CONTENT),
    ],
)
def test_reports_of_failure(word: str, code: str, kind: Kind) -> None:
    assert status(word, ErrorCode=code) == Report(SID, word, 3, kind, code, code == "21610")


@pytest.mark.parametrize("code", ["", "0", "junk", "300030", "٣٠٠٠٣", f"{NUMBER}"])
def test_failure_without_a_code_that_makes_sense(code: str) -> None:
    assert status("failed", ErrorCode=code) == Report(SID, "failed", 3, Kind.CONTENT, None)


def test_report_may_use_the_older_names() -> None:
    assert CHANNEL.parse_status({"SmsSid": SID, "SmsStatus": "Sent"}) == Report(SID, "sent", 2)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"MessageSid": SID},
        {"MessageSid": SID, "MessageStatus": "received"},
        {"MessageSid": SID, "MessageStatus": "dancing"},
        {"MessageSid": "SM1", "MessageStatus": "sent"},
        {"MessageSid": f"{SID}\n", "MessageStatus": "sent"},
        {"MessageSid": f"CA{'1' * 32}", "MessageStatus": "sent"},
        {"MessageStatus": "sent"},
    ],
)
def test_no_report(form: dict[str, str]) -> None:
    assert CHANNEL.parse_status(form) is None


def inbound(**more: str) -> Inbound | None:
    return CHANNEL.parse_inbound({"MessageSid": SID, "SmsStatus": "received", "From": NUMBER, **more})


def test_a_message() -> None:
    found = inbound(Body=" Done ✓ + 2\n", NumMedia="0")
    assert found == Inbound(SID, NUMBER, " Done ✓ + 2\n")
    assert NUMBER not in repr(found)
    assert "Done" not in repr(found)


def test_a_message_by_whatsapp() -> None:
    found = CHANNEL.parse_inbound({"MessageSid": SID, "From": f"whatsapp:{NUMBER}", "Body": "done"})
    assert found == Inbound(SID, NUMBER, "done", address_kind="whatsapp")


@pytest.mark.parametrize("more", [{}, {"Body": ""}, {"Body": "", "NumMedia": "1"}])
def test_a_picture_without_words(more: dict[str, str]) -> None:
    assert inbound(**more) == Inbound(SID, NUMBER, "")


@pytest.mark.parametrize(
    ("kind", "stopped"), [("STOP", True), ("stop", True), ("START", False), ("HELP", False), ("", False)]
)
def test_opt_out_that_twilio_has_noted(kind: str, stopped: bool) -> None:
    found = inbound(Body="Stop", OptOutType=kind)
    assert found is not None
    assert found.opted_out is stopped
    assert found.answered is (kind in ("START", "HELP"))  # Twilio has answered these itself.


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"From": NUMBER, "Body": "done"},
        {"MessageSid": SID, "Body": "done"},
        {"MessageSid": "SM1", "From": NUMBER, "Body": "done"},
        {"MessageSid": SID, "From": NUMBER, "MessageStatus": "sent", "SmsStatus": "sent"},
        {"SmsSid": SID, "From": NUMBER, "SmsStatus": "sent"},
    ],
)
def test_no_message(form: dict[str, str]) -> None:
    assert CHANNEL.parse_inbound(form) is None

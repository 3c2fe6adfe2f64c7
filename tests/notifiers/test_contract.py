"""What holds for every channel: ours, and one of another package that is installed for it."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import StringIO
from pathlib import Path

import pytest

from notifiers import registry
from notifiers.base import (
    ConfigError,
    Finder,
    InboundParser,
    Kind,
    Message,
    Notifier,
    Poller,
    ReportParser,
    SendError,
)
from notifiers.console import Console, ConsoleSettings
from tests.notifiers.conftest import (
    MAILBOX,
    NUMBER,
    PASSWORD,
    PRIVATE,
    TOKEN,
    WORDS,
    sms,
    twilio_channel,
)
from tests.notifiers.installing import install_postcard
from tests.servers import Script, ServiceServer, SmtpServer, TwilioServer
from tests.servers.smtp import Step

Case = tuple[Notifier, Message]
Place = Callable[[], AbstractContextManager[Case]]

ANOTHER = "postcard"
"""The channel of another package."""
MAIL = Message("a-1", MAILBOX, WORDS, subject="A thought")


@pytest.fixture(autouse=True, scope="module")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Another package's channel, where Python looks for packages."""
    folder = str(install_postcard(tmp_path_factory.mktemp("site")))
    sys.path.insert(0, folder)
    yield
    sys.path.remove(folder)


@contextmanager
def apprise(status: int = 200, cut: bool = False, gone: bool = False) -> Iterator[Case]:
    with ServiceServer(status, cut=cut) as server:
        message = Message("a-1", server.address, WORDS, subject="A thought", address_kind="apprise")
        if not gone:
            yield registry.build("apprise", {"timeout": 5}), message
    if gone:
        yield registry.build("apprise", {"timeout": 5}), message


@contextmanager
def postcard(found_in_the_box: str = "", text: str = WORDS) -> Iterator[Case]:
    with tempfile.TemporaryDirectory() as folder:
        if found_in_the_box:
            (Path(folder) / found_in_the_box).touch()
        yield registry.build(ANOTHER, {"box": folder}), sms(text)


@contextmanager
def postcard_without_a_box() -> Iterator[Case]:
    yield registry.build(ANOTHER, {"box": "/nowhere/at/all"}), sms()


@contextmanager
def twilio(script: Script | None = None) -> Iterator[Case]:
    with TwilioServer(auth_token=TOKEN) as server:
        if script:
            server.script(script)
        yield twilio_channel(server), sms()


def smtp_channel(server: SmtpServer) -> Notifier:
    options = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": server.security,
        "ca_file": server.ca_file,
        "username": "attune",
        "password": PASSWORD,
        "sender": "Attune <nudge@example.org>",
        "timeout": 5,
    }
    return registry.build("smtp", options)


@contextmanager
def smtp(step: Step | None = None, reply: str = "", cut: Step | None = None) -> Iterator[Case]:
    replies: dict[Step, str] = {step: reply} if step else {}
    with SmtpServer("starttls", login=("attune", PASSWORD), replies=replies, cut=cut) as server:
        yield smtp_channel(server), MAIL


@contextmanager
def console(encoding_fails: bool = False, closed: bool = False) -> Iterator[Case]:
    stream = StringIO()
    if closed:
        stream.close()
    text = f"{WORDS} \ud83d" if encoding_fails else WORDS
    with open("/dev/null", "w", encoding="ascii") as ascii_only:
        yield Console(ConsoleSettings(), ascii_only if encoding_fails else stream), sms(text)


@contextmanager
def phone() -> Iterator[Case]:
    yield registry.build("phone", {}), sms()


ACCEPTED: dict[str, Place] = {
    "apprise": apprise,
    "console": console,
    "phone": phone,
    ANOTHER: postcard,
    "smtp": smtp,
    "twilio": twilio,
}

REFUSED: list[tuple[str, Kind, Place]] = [
    ("apprise", Kind.RETRY, lambda: apprise(429)),
    ("apprise", Kind.RETRY, lambda: apprise(gone=True)),
    ("apprise", Kind.CONTACT, lambda: apprise(404)),
    ("apprise", Kind.CONTENT, lambda: apprise(422)),
    ("apprise", Kind.UNKNOWN, lambda: apprise(500)),
    ("apprise", Kind.UNKNOWN, lambda: apprise(cut=True)),
    ("console", Kind.CONTENT, lambda: console(encoding_fails=True)),
    ("console", Kind.SENDER, lambda: console(closed=True)),
    (ANOTHER, Kind.RETRY, lambda: postcard("full")),
    (ANOTHER, Kind.CONTACT, lambda: postcard("moved-away")),
    (ANOTHER, Kind.SENDER, postcard_without_a_box),
    (ANOTHER, Kind.CONTENT, lambda: postcard(text=WORDS * 20)),
    (ANOTHER, Kind.UNKNOWN, lambda: postcard("dog")),
    ("smtp", Kind.RETRY, lambda: smtp("RCPT", "451 4.7.1 Greylisted alice@example.org")),
    ("smtp", Kind.CONTACT, lambda: smtp("RCPT", "550 5.1.1 alice@example.org unknown")),
    ("smtp", Kind.SENDER, lambda: smtp("MAIL", "550 5.7.1 Not you")),
    ("smtp", Kind.CONTENT, lambda: smtp("END", "554 5.7.1 Spam: love")),
    ("smtp", Kind.UNKNOWN, lambda: smtp(cut="END")),
    ("twilio", Kind.RETRY, lambda: twilio(Script(status=429, code=20429))),
    ("twilio", Kind.CONTACT, lambda: twilio(Script(status=400, code=21211))),
    ("twilio", Kind.SENDER, lambda: twilio(Script(status=401, code=20003))),
    ("twilio", Kind.CONTENT, lambda: twilio(Script(status=400, code=30007))),
    ("twilio", Kind.UNKNOWN, lambda: twilio(Script(status=500))),
]

CANNOT: dict[str, dict[Kind, str]] = {
    "apprise": {Kind.SENDER: "each address holds an account of its own: whatever is refused is this address"},
    "console": {
        Kind.RETRY: "a terminal is there or it is not",
        Kind.CONTACT: "it reaches whoever sits there",
        Kind.UNKNOWN: "a write that failed says so",
    },
    "phone": dict.fromkeys((kind for kind in Kind), "it takes everything"),
}
"""The kinds of refusal that a channel never raises, and why."""


def test_every_channel_is_tried_with_every_kind_that_it_can_raise() -> None:
    assert set(ACCEPTED) == {*registry.BUILT_IN, ANOTHER}
    assert set(ACCEPTED) <= set(registry.names())
    tried = {(name, kind) for name, kind, _ in REFUSED}
    never = {(name, kind) for name, kinds in CANNOT.items() for kind in kinds}
    assert tried | never == {(name, kind) for name in ACCEPTED for kind in Kind}
    assert tried & never == set()


@pytest.mark.parametrize("name", ACCEPTED)
def test_takes_a_message(name: str) -> None:
    with ACCEPTED[name]() as (channel, message):
        accepted = channel.send(message)
        assert channel.name == name
        assert accepted.provider_id
        assert accepted.segments in (None, 1)


@pytest.mark.parametrize("name", ["apprise", "console", "phone", ANOTHER, "smtp"])
def test_provider_id_comes_from_the_attempt(name: str) -> None:
    with ACCEPTED[name]() as (channel, message):
        assert message.attempt_id in channel.send(message).provider_id


@pytest.mark.parametrize(
    ("name", "kind", "case"), REFUSED, ids=[f"{name}-{kind}" for name, kind, _ in REFUSED]
)
def test_refusal_is_of_one_kind_and_private(
    name: str,
    kind: Kind,
    case: Place,
    assert_private: Callable[[BaseException], None],
) -> None:
    with case() as (channel, message):
        with pytest.raises(SendError) as caught:
            channel.send(message)
        assert caught.value.kind is kind
        assert caught.value.reason.endswith(".")
        assert not caught.value.opted_out
        assert_private(caught.value)


@pytest.mark.parametrize("name", ACCEPTED)
def test_check_sends_nothing_and_says_one_sentence(name: str) -> None:
    with ACCEPTED[name]() as (channel, _message):
        said = channel.check()
        assert said.endswith(".")
        assert said.count(".") == 1


@pytest.mark.parametrize("name", ACCEPTED)
def test_sender_and_repr_hold_no_secret(name: str) -> None:
    with ACCEPTED[name]() as (channel, message):
        shown = f"{channel.sender} {channel!r} {vars(channel)} {message!r}"
        assert [word for word in PRIVATE if word in shown] == []


CAN: dict[str, tuple[set[str], set[str]]] = {
    # The kinds of address that each reaches, and what it can do besides sending.
    "apprise": ({"apprise"}, set()),
    "console": ({"sms", "email"}, set()),
    "phone": ({"sms"}, set()),
    ANOTHER: ({"sms"}, {"finds", "reports"}),
    "smtp": ({"email"}, {"polls"}),
    "twilio": ({"sms"}, {"finds", "reports", "hears", "polls"}),
}
PROTOCOLS = {"finds": Finder, "reports": ReportParser, "hears": InboundParser, "polls": Poller}


@pytest.mark.parametrize("name", ACCEPTED)
def test_capabilities(name: str) -> None:
    kinds, can = CAN[name]
    with ACCEPTED[name]() as (channel, _message):
        assert channel.address_kinds == kinds
        assert {one for one, protocol in PROTOCOLS.items() if isinstance(channel, protocol)} == can
    assert registry.capabilities(registry.load(name)) == sorted(can)


GOOD: dict[str, dict[str, object]] = {
    "apprise": {},
    "console": {},
    "phone": {},
    ANOTHER: {"box": "/tmp"},
    "smtp": {"host": "mail.example.org", "sender": "nudge@example.org"},
    "twilio": {"account_sid": f"AC{'0' * 32}", "auth_token": TOKEN, "sender": "+12025550100"},
}
SECRET = "s3cret-value"
WRONG: dict[str, list[tuple[str, object]]] = {
    "apprise": [("timeout", SECRET), ("timeout", 0), ("schemas", SECRET), ("schemas", [SECRET, "syslog"])],
    "console": [],
    "phone": [],
    ANOTHER: [("longest", SECRET), ("box", 3)],
    "smtp": [("port", SECRET), ("security", SECRET)],
    "twilio": [("sender", SECRET), ("timeout", SECRET)],
}


def told(name: str, options: dict[str, object]) -> str:
    """Return the sentence with which settings are refused: one, and without any value."""
    with pytest.raises(ConfigError) as caught:
        registry.build(name, options)
    sentence = str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert sentence[-1] in ".?"
    assert "\n" not in sentence
    assert [word for word in (SECRET, TOKEN, PASSWORD) if word in sentence] == []
    return sentence


@pytest.mark.parametrize("name", ACCEPTED)
def test_settings_that_cannot_work_are_named_and_never_repeated(name: str) -> None:
    good = GOOD[name]
    registry.build(name, good)
    for missing in good:
        options = {key: value for key, value in good.items() if key != missing}
        assert f"The setting `{missing}` of the channel `{name}` is missing: give" in told(name, options)
    for wrong, value in WRONG[name]:
        assert f"The setting `{wrong}` of the channel `{name}`" in told(name, {**good, wrong: value})
    assert f"The channel `{name}` has no setting `colour`" in told(name, {**good, "colour": SECRET})


def test_console_prints_the_words_and_no_number() -> None:
    stream = StringIO()
    Console(ConsoleSettings(), stream).send(sms())
    assert stream.getvalue() == f"{WORDS}\n"


def test_console_prints_to_standard_output_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    registry.build("console", {}).send(sms())
    assert capsys.readouterr().out == f"{WORDS}\n"
    assert NUMBER not in WORDS

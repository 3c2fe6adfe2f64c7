"""Channels by name, and settings that cannot work."""

import subprocess
import sys
from pathlib import Path

import pytest

from notifiers import registry
from notifiers.base import ConfigError

TWILIO = {
    "account_sid": f"AC{'0' * 32}",
    "auth_token": "s3cret-value",
    "sender": "+12025550100",
}
SMTP = {"host": "mail.example.org", "sender": "nudge@example.org"}
IMAP = {"imap_host": "imap.example.org", "imap_username": "answers", "imap_password": "s3cret-value"}

THIRD_PARTY = """
from notifiers.base import Accepted
from pydantic import BaseModel, Field

class Settings(BaseModel):
    volume: int = Field(description="A whole number from 1 to 9.")

class Drum:
    name = "drum"
    address_kinds = frozenset({"ear"})
    Settings = Settings
    sender = "drum"
    def __init__(self, settings):
        self.volume = settings.volume
    def send(self, message):
        return Accepted("boom")
    def check(self):
        return "Boom."

broken = 3
"""

ENTRY_POINTS = """
[attune.notifiers]
drum = drum:Drum
broken = drum:broken
gone = drum:nothing
twilio = drum:Drum
"""


def run(code: str, folder: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{folder}:{Path(__file__).parents[2]}"},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture(scope="module")
def drum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with another package's channel, as an installer would leave it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "drum.py").write_text(THIRD_PARTY)
    info = folder / "drum-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: drum\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


def test_names_of_ours() -> None:
    assert {"console", "phone", "smtp", "twilio"} <= set(registry.names())
    assert registry.names() == sorted(registry.names())


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_each_name_is_the_name_of_its_class(name: str) -> None:
    assert registry.load(name).name == name


def test_channel_of_another_package(drum: Path) -> None:
    code = (
        "from notifiers import registry\n"
        "from notifiers.base import Message\n"
        "print(registry.names())\n"
        "print(registry.build('drum', {'volume': '7'}).volume)\n"
        "print(registry.load('twilio').__module__)\n"
        "for name, options in [('drum', {'volume': 'L0UD'}), ('drum', {'volume': 3, 'speed': 4}),"
        " ('broken', {}), ('gone', {})]:\n"
        "    try:\n        registry.build(name, options)\n"
        "    except registry.ConfigError as error:\n        print(error)\n"
    )
    assert run(code, drum).splitlines() == [
        "['apprise', 'broken', 'console', 'drum', 'gone', 'phone', 'smtp', 'twilio']",
        "7",
        "notifiers.twilio",
        "The setting `volume` of the channel `drum` cannot be used: give a whole number from 1 to 9.",
        "The channel `drum` has no setting `speed`; it has volume.",
        "The channel `broken` is not a notifier of Attune; ask the author of its package.",
        "The channel `gone` cannot be imported; install its package again.",
    ]


def test_nothing_is_imported_before_it_is_used(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom notifiers import registry\nregistry.names()\n"
        "registry.build('console', {})\n"
        "print([m for m in ('twilio', 'requests', 'smtplib') if m in sys.modules])"
    )
    assert run(code, tmp_path) == "[]"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("twillio", "There is no channel `twillio`; did you mean `twilio`?"),
        (
            "pigeon",
            "There is no channel `pigeon`; there are apprise, console, phone, smtp, twilio.",
        ),
    ],
)
def test_unknown_channel(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        registry.load(name)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("name", "options", "start"),
    [
        ("twilio", {}, "The setting `account_sid` of the channel `twilio` is missing: give the Account SID"),
        ("twilio", {**TWILIO, "account_sid": "s3cret-value"}, "The setting `account_sid` of the channel"),
        ("twilio", {**TWILIO, "auth_token": ""}, "The setting `auth_token` of the channel `twilio` cannot"),
        ("twilio", {**TWILIO, "sender": "s3cret-value"}, "The setting `sender` of the channel `twilio`"),
        ("twilio", {**TWILIO, "timeout": "s3cret-value"}, "The setting `timeout` of the channel `twilio`"),
        ("twilio", {**TWILIO, "timeout": 61}, "The setting `timeout` of the channel `twilio` cannot be used"),
        ("twilio", {**TWILIO, "timeout": 0}, "The setting `timeout` of the channel `twilio` cannot be used"),
        ("twilio", {**TWILIO, "timeout": "nan"}, "The setting `timeout` of the channel `twilio` cannot be"),
        ("twilio", {**TWILIO, "base_url": "http://s3cret-value"}, "The setting `base_url` of the channel"),
        ("twilio", {**TWILIO, "base_url": "s3cret-value"}, "The setting `base_url` of the channel `twilio`"),
        ("twilio", {**TWILIO, "api_key": f"SK{'0' * 32}"}, "Give both `api_key` and `api_secret` of the"),
        ("twilio", {**TWILIO, "api_secret": "s3cret-value"}, "Give both `api_key` and `api_secret` of the"),
        ("twilio", {**TWILIO, "auth_tokens": "s3cret-value"}, "The channel `twilio` has no setting"),
        ("smtp", {}, "The setting `host` of the channel `smtp` is missing: give the name of the mail server"),
        ("smtp", {**SMTP, "port": 0}, "The setting `port` of the channel `smtp` cannot be used: give the"),
        ("smtp", {**SMTP, "security": "s3cret-value"}, "The setting `security` of the channel `smtp`"),
        ("smtp", {**SMTP, "sender": "s3cret-value"}, "The setting `sender` of the channel `smtp` must be"),
        ("smtp", {**SMTP, "sender": "a@example.org, b@example.org"}, "The setting `sender` of the channel"),
        ("smtp", {**SMTP, "sender": "A\nBcc: b@example.org <a@example.org>"}, "The setting `sender` of the"),
        ("smtp", {**SMTP, "sender": "a..b@example.org"}, "The setting `sender` of the channel `smtp` must"),
        ("smtp", {**SMTP, "username": "u"}, "Give both `username` and `password` of the channel `smtp`"),
        ("smtp", {**SMTP, "password": "s3cret-value"}, "Give both `username` and `password` of the channel"),
        ("smtp", {**SMTP, "ca_file": "/s3cret-value"}, "The setting `ca_file` of the channel `smtp` cannot"),
        ("smtp", {**SMTP, "ca_file": __file__}, "The setting `ca_file` of the channel `smtp` cannot be used"),
        ("smtp", {**SMTP, **IMAP, "imap_port": 0}, "The setting `imap_port` of the channel `smtp`"),
        (
            "smtp",
            {**SMTP, **IMAP, "imap_password": None},
            "The setting `imap_password` of the channel",
        ),
        (
            "smtp",
            {**SMTP, **IMAP, "imap_host": None},
            "The setting `imap_password` of the channel `smtp`",
        ),
        (
            "smtp",
            {**SMTP, "imap_host": "s3cret-value"},
            "The setting `imap_username` of the channel",
        ),
        (
            "smtp",
            {**SMTP, **IMAP, "imap_security": "plain"},
            "The setting `imap_security` of the channel",
        ),
        (
            "console",
            {"colour": "s3cret-value"},
            "The channel `console` has no setting `colour`; it has none.",
        ),
        ("phone", {"colour": "s3cret-value"}, "The channel `phone` has no setting `colour`; it has none."),
    ],
)
def test_bad_settings_are_one_sentence_without_the_value(
    name: str, options: dict[str, object], start: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        registry.build(name, options)
    sentence = str(caught.value)
    assert sentence.startswith(start)
    assert sentence[-1] in ".?"
    assert "\n" not in sentence
    assert "s3cret-value" not in sentence
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("host", "security", "works"),
    [
        ("mail.example.org", "plain", False),
        ("mail.example.org", "starttls", True),
        ("mail.example.org", "tls", True),
        ("localhost", "plain", True),
        ("127.0.0.1", "plain", True),
        ("127.0.0.1.example.org", "plain", False),
    ],
)
def test_password_never_travels_unencrypted(host: str, security: str, works: bool) -> None:
    options = {**SMTP, "host": host, "security": security, "username": "u", "password": "s3cret-value"}
    if works:
        assert registry.build("smtp", options).sender == f"{host}:587/nudge@example.org"
    else:
        with pytest.raises(ConfigError, match="does not send a password unencrypted"):
            registry.build("smtp", options)


def test_secret_from_a_file_may_end_in_a_line_feed() -> None:
    channel = registry.build("twilio", {**TWILIO, "account_sid": f"{TWILIO['account_sid']}\n"})
    assert channel.sender == f"{TWILIO['account_sid']}/+12025550100"

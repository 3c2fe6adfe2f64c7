from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from service import settings as settings_module
from service.configuring import SettingsError, home_folder, load, refuse_unknown
from service.sealing import Sealer, new_key
from service.settings import Settings

SECRET = "hunter2-and-more"

Home = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Write an installation's files; secrets are given by the names of their files."""

    def write(toml: str | bytes = "", **secrets: str) -> Path:
        content = toml.encode() if isinstance(toml, str) else toml
        (tmp_path / "attune.toml").write_bytes(content)
        (tmp_path / "secrets").mkdir()
        for name, value in secrets.items():
            (tmp_path / "secrets" / name).write_text(value)
        return tmp_path

    return write


def refused(folder: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder)
    assert caught.value.__cause__ is None
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.home == tmp_path
    assert found.key is None
    assert found.url == f"sqlite:///{tmp_path}/attune.db"
    assert found.notifiers == {}


def test_a_home_that_is_not_there_is_no_error_yet(tmp_path: Path) -> None:
    assert load(tmp_path / "not-there").brand == "Attune"


def test_settings_come_from_the_file(home: Home) -> None:
    folder = home(
        """
        brand = "Us Two"
        port = 8100
        public_url = "https://nudge.example.org/"
        [notifiers.twilio]
        account_sid = "AC1"
        """
    )
    found = load(folder)
    assert (found.brand, found.port) == ("Us Two", 8100)
    assert found.public_url == "https://nudge.example.org"
    assert found.notifiers == {"twilio": {"account_sid": "AC1"}}


def test_secrets_come_from_files(home: Home) -> None:
    key = new_key()
    folder = home(
        '[notifiers.twilio]\naccount_sid = "AC1"',
        attune_key=f"{key}\n",
        attune_database_url=f"postgresql+psycopg://attune:{SECRET}@localhost/attune\n",
        attune_notifiers__twilio__auth_token=f"{SECRET}\n",
    )
    found = load(folder)
    assert found.key is not None
    assert Sealer(found.key.get_secret_value()).fingerprint == Sealer(key).fingerprint
    assert found.url == f"postgresql+psycopg://attune:{SECRET}@localhost/attune"
    assert found.notifiers == {"twilio": {"account_sid": "AC1", "auth_token": SECRET}}


def test_the_environment_comes_before_secrets_and_secrets_before_the_file(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home(
        'brand = "File"\ncontact = "File"\nhost = "file"', attune_brand="Secret", attune_contact="S"
    )
    monkeypatch.setenv("ATTUNE_BRAND", "Environment")
    found = load(folder)
    assert (found.brand, found.contact, found.host) == ("Environment", "S", "file")


def test_the_environment_sets_a_channel(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home('[notifiers.smtp]\nhost = "file"\nport = 25')
    monkeypatch.setenv("ATTUNE_NOTIFIERS__SMTP__HOST", "mail.example.org")
    assert load(folder).notifiers == {"smtp": {"host": "mail.example.org", "port": 25}}


def test_the_home_is_the_current_folder_or_the_one_named(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home('brand = "Here"')
    monkeypatch.chdir(tmp_path)
    assert home_folder() == tmp_path
    monkeypatch.setenv("ATTUNE_HOME", "")
    assert home_folder() == tmp_path
    monkeypatch.setenv("ATTUNE_HOME", "/srv/attune")
    assert home_folder() == Path("/srv/attune")
    assert home_folder("secrets") == tmp_path / "secrets"
    # The folder that was named goes before the variable.
    assert (load(tmp_path).brand, load(tmp_path).home) == ("Here", tmp_path)


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("brand", ["A", "x" * 21, "Attune+", "Attuné", "two\nlines"], ["Us", "x" * 20, "Alex & Sam's 2-3.0"]),
        ("contact", ["x" * 61, "a\nb", "<b>"], ["", "x" * 60, "Kim, kim@example.org, +1 202 555 0123"]),
        (
            "public_url",
            [
                "nudge.example.net",
                "ftp://example.org",
                "https://",
                "https://a b",
                "https://a?b",
                "https://a#b",
            ],
            ["http://localhost:8017", "https://nudge.example.org/attune"],
        ),
        ("port", ["-1", "65536", "http", "80.5"], ["0", "65535"]),
        ("region", ["us", "USA", "U1"], ["US", "DE"]),
        ("operator_sees", ["everything", "Progress"], ["health", "progress"]),
        ("send_threads", ["0", "65", "a lot"], ["1", "64"]),
        ("claim_seconds", ["29", "3601"], ["30", "3600"]),
        ("catch_up_minutes", ["9", "721"], ["10", "720"]),
        ("busy_seconds", ["0.9", "301", "nan", "inf"], ["1", "300", "2.5"]),
        ("daily_messages", ["-1", "1.5"], ["0", "1000000"]),
        ("daily_money", ["-0.1", "nan"], ["0", "12.5"]),
        ("admin", ["kim.example.org", "a b@example.org", "a@b, c@d"], ["", "admin@example.org"]),
        ("admin_language", ["fr", "English"], ["en", "es", "de"]),
        (
            "ping_url",
            ["http://example.org/5ecr3t", "ftp://example.org", "https:///x", "example.org", "https://a:b/"],
            ["https://hc-ping.com/5ecr3t", "http://127.0.0.1:8000/5ecr3t", "http://localhost/x?y=z"],
        ),
        ("ping_minutes", ["0", "1441"], ["1", "1440"]),
        ("metrics_token", ["a-short-one"], ["x" * 16]),
        ("log_level", ["loud", "INFO"], ["debug", "error"]),
        ("notifiers", ["phone", "{", "[]", '{"phone": 1}'], ["{}", '{"phone": {}}']),
    ],
)
def test_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, wrong: list[str], right: list[str]
) -> None:
    variable = f"ATTUNE_{name.upper()}"
    for value in right:
        monkeypatch.setenv(variable, value)
        load(tmp_path)
    for value in wrong:
        monkeypatch.setenv(variable, value)
        told = refused(tmp_path)
        assert variable in told
        assert len(told.splitlines()) == 1
        about = Settings.model_fields[name].description or ""
        assert told.endswith(about)
        # A short one may well be among the words of why.
        assert len(value) < 4 or value not in told.removesuffix(about)


@pytest.mark.parametrize(
    "toml",
    [
        "brand = ",
        "brand",
        'brand = "a"\nbrand = "b"',
        "[notifiers",
        f'contact = "{SECRET}',
        b"\xff\xfe",
        b"brand = \x00",
    ],
)
def test_a_file_that_is_no_toml(home: Home, toml: str | bytes) -> None:
    told = refused(home(toml))
    assert "cannot be read" in told
    assert SECRET not in told


def test_a_value_of_the_wrong_kind_is_told_without_the_value(home: Home) -> None:
    told = refused(home(f'port = "{SECRET}"'))
    assert told.startswith("The setting `port` (ATTUNE_PORT) cannot be used. ")
    assert told.endswith("The port that the web server listens on; 0: any free.")
    assert SECRET not in told


def test_a_channel_that_is_no_table(home: Home) -> None:
    told = refused(home(f'[notifiers]\ntwilio = "{SECRET}"'))
    assert "The setting `notifiers.twilio` (ATTUNE_NOTIFIERS__TWILIO) cannot be used" in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("name", "hint"), [("brnad", "did you mean `brand`?"), ("xyzzy", "docs/settings.md lists them all.")]
)
def test_an_unknown_name_in_the_file(home: Home, name: str, hint: str) -> None:
    told = refused(home(f'{name} = "{SECRET}"'))
    assert told == f"There is no setting `{name}` (attune.toml or secrets/); {hint}"


def test_an_unknown_name_among_the_secrets(home: Home) -> None:
    assert refused(home(attune_kye=SECRET)) == "There is no setting attune_kye; did you mean ATTUNE_KEY?"


def test_a_file_that_is_no_setting_may_lie_among_the_secrets(home: Home) -> None:
    assert load(home(README="Put secrets here.")).key is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ATTUNE_PROT", "did you mean ATTUNE_PORT?"),
        ("attune_databse_url", "did you mean ATTUNE_DATABASE_URL?"),
        ("ATTUNE_NOTIFIER__TWILIO", "did you mean ATTUNE_NOTIFIERS?"),
        ("ATTUNE_XYZZY", "docs/settings.md lists them all."),
        ("ATTUNE_", "docs/settings.md"),
    ],
)
def test_an_unknown_name_in_the_environment(name: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        refuse_unknown(["PATH", name])
    assert str(caught.value).startswith(f"There is no setting {name}; ")
    assert hint in str(caught.value)


def test_names_of_others_are_not_ours() -> None:
    refuse_unknown(["PATH", "ATTUNED", "MY_ATTUNE_PORTS"])


def test_all_names_of_settings_are_known() -> None:
    refuse_unknown([f"ATTUNE_{name.upper()}" for name in Settings.model_fields])
    refuse_unknown(["attune_port", "ATTUNE_NOTIFIERS__TWILIO__AUTH_TOKEN"])


def test_an_empty_variable_is_as_good_as_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_PORT", "")
    assert load(home("port = 8100")).port == 8100


def test_what_is_given_goes_before_all(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_PORT", "8200")
    folder = home("port = 8100")
    assert load(folder, port=8300).port == 8300
    with pytest.raises(SettingsError, match="ATTUNE_PORT"):
        load(folder, port=-1)


def test_secrets_do_not_show(home: Home) -> None:
    folder = home(
        "",
        attune_key=SECRET,
        attune_database_url=f"sqlite:///{SECRET}",
        attune_notifiers__twilio__auth_token=SECRET,
    )
    found = load(folder)
    assert SECRET in found.url
    assert SECRET not in f"{found!r} {found} {found.key!r} {found.database_url}"


def test_settings_are_frozen(tmp_path: Path) -> None:
    found = load(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        found.port = 1  # type: ignore[misc]


def test_a_secret_that_may_not_be_read(home: Home) -> None:
    folder = home()
    (folder / "secrets" / "attune_key").write_bytes(b"\xff\xfe")
    assert "cannot be read" in refused(folder)


def test_a_file_where_the_folder_of_secrets_should_be(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text(SECRET)
    assert SECRET not in refused(tmp_path)


def test_every_setting_is_described_and_bounded() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
    assert settings_module.PREFIX == "ATTUNE_"

"""The settings of one installation, from `ATTUNE_*`, a secrets folder and `attune.toml`, in that order.

<home>/attune.toml          what is not secret
<home>/secrets/attune_key   the key; other secrets as files named like their setting, in lower case
"""

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from notifiers.hosts import is_this_machine

PREFIX = "ATTUNE_"
SHORTEST = {
    "keep_words_days": 7,
    "keep_nudges_days": 60,
    "keep_replies_days": 30,
    "keep_events_days": 7,
    "keep_access_days": 90,
}
"""Days that something has to be kept at least: it is looked at, or may be repeated, for as long."""


class Settings(BaseSettings):
    """All settings. Times are in the unit that their name ends in."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        secrets_nested_delimiter="__",
        secrets_dir_missing="ok",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    home: Path = Field(default=Path(), description="Folder of attune.toml, secrets/ and the SQLite file.")
    database_url: SecretStr | None = Field(
        default=None,
        description="`sqlite:///…` or `postgresql+psycopg://user@host/name`. Default: attune.db in the home.",
    )
    key: SecretStr | None = Field(
        default=None,
        description="The installation's key, made by `attune init`; best left in secrets/attune_key.",
    )
    brand: str = Field(
        default="Attune",
        min_length=2,
        max_length=20,
        pattern=r"^[A-Za-z0-9 &'.-]+$",
        description="The name that people see in messages: 2 to 20 plain letters.",
    )
    contact: str = Field(
        default="",
        max_length=60,
        pattern=r"^[A-Za-z0-9 &'.,+@:/()-]*$",
        description="Who runs this and how to reach them, for the answer to HELP: at most 60 plain letters.",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~%/-]*)?$",
        description="The address at which providers and people reach this web server, such as https://nudge.example.org.",
    )
    host: str = Field(default="127.0.0.1", description="The address that the web server listens on.")
    port: int = Field(
        default=8017, ge=0, le=65535, description="The port that the web server listens on; 0: any free."
    )
    region: str = Field(
        default="US",
        pattern=r"^[A-Z]{2}$",
        description="Country of phone numbers that are typed without `+`, as two capital letters.",
    )
    operator_sees: Literal["health", "progress"] = Field(
        default="health",
        description="`health`: logs and streaks need a code from the person. "
        "`progress`: the opt-in text says that you see them.",
    )
    send_threads: int = Field(
        default=8, ge=1, le=64, description="How many messages are handed over at the same time."
    )
    claim_seconds: int = Field(
        default=120,
        ge=30,
        le=3600,
        description="Seconds after which a hand-over that never ended counts as unknown; "
        "longer than any channel's timeout.",
    )
    catch_up_minutes: int = Field(
        default=120, ge=10, le=720, description="Minutes after which a late nudge is dropped instead of sent."
    )
    daily_messages: int = Field(
        default=0, ge=0, description="Messages a day (in UTC) that this installation may send; 0: no limit."
    )
    daily_segments: int = Field(
        default=0,
        ge=0,
        description="SMS segments a day (in UTC) that this installation may send, an e-mail counted as one; "
        "0: no limit.",
    )
    daily_money: float = Field(
        default=25.0,
        ge=0,
        description="What a day (in UTC) may cost, by the `price` of each channel; 0: no limit.",
    )
    person_daily_messages: int = Field(
        default=100, ge=0, description="Messages within 24 hours that one person may get; 0: no limit."
    )
    person_daily_segments: int = Field(
        default=200, ge=0, description="SMS segments within 24 hours that one person may get; 0: no limit."
    )
    person_daily_money: float = Field(
        default=0.0, ge=0, description="What one person's messages within 24 hours may cost; 0: no limit."
    )
    admin: str = Field(
        default="",
        max_length=254,
        pattern=r"^([^\s@<>,;]+@[^\s@<>,;]+)?$",
        description="The mailbox that is told when a channel stops or works again, or a limit is reached.",
    )
    admin_language: Literal["en", "es", "de"] = Field(
        default="en", description="The language of what `admin` is told."
    )
    ping_url: SecretStr | None = Field(
        default=None,
        description="An address (https://, or http:// on this machine) that a healthy daemon calls: a "
        "monitor such as healthchecks.io tells you when the calls end.",
    )
    ping_minutes: int = Field(
        default=5, ge=1, le=1440, description="Minutes between two calls of `ping_url`."
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="The bearer token that /metrics asks for; without one it is shown to this machine alone.",
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="The port, on `host`, of /metrics, /healthz and /readyz of a daemon or worker that has "
        "no web server; 0: none.",
    )
    busy_seconds: float = Field(
        default=30.0, ge=1, le=300, description="Seconds to wait for SQLite's write lock before giving up."
    )
    keep_words_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="Days after which the words of a message are dropped; 7 or more. 0: never.",
    )
    keep_nudges_days: int = Field(
        default=400,
        ge=0,
        le=3650,
        description="Days after which a message is dropped with all that became of it; 60 or more. 0: never.",
    )
    keep_replies_days: int = Field(
        default=90,
        ge=0,
        le=3650,
        description="Days after which it is dropped that a reply came in, whose text went long before; "
        "30 or more, so that one that a provider repeats is known again. 0: never.",
    )
    keep_events_days: int = Field(
        default=90, ge=0, le=3650, description="Days after which an event is dropped; 7 or more. 0: never."
    )
    keep_access_days: int = Field(
        default=1095,
        ge=0,
        le=3650,
        description="Days after which it is dropped that somebody looked at a person's data; 90 or more. "
        "0: never.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="`json`: one object a line. `console`: plain lines to read oneself."
    )
    notifiers: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        repr=False,
        description="The channels and their settings, each a table `[notifiers.NAME]`; "
        "the first that can reach an address carries it.",
    )

    @field_validator("public_url")
    @classmethod
    def _no_slash_at_the_end(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else value

    @field_validator(
        "keep_words_days", "keep_nudges_days", "keep_replies_days", "keep_events_days", "keep_access_days"
    )
    @classmethod
    def _not_too_short(cls, value: int, info: ValidationInfo) -> int:
        least = SHORTEST[info.field_name or ""]
        if 0 < value < least:
            raise PydanticCustomError("too_short", "Input should be 0, or {least} or more", {"least": least})
        return value

    @field_validator("ping_url")
    @classmethod
    def _safe_to_call(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value.get_secret_value())
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))):
            raise ValueError("it is no address that can be called safely")
        return value

    @property
    def url(self) -> str:
        """The database's URL, with its password."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.home / 'attune.db').absolute()}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (The library's signature.)
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(file_secret_settings, SecretsSettingsSource)
        return (
            init_settings,
            env_settings,
            NestedSecretsSettingsSource(file_secret_settings),
            TomlConfigSettingsSource(settings_cls),
        )

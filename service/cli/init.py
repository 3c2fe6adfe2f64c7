"""`attune init`: a new installation."""

import json
import sys
from pathlib import Path

import click

from service import migrate, schema
from service.cli import show
from service.configuring import load
from service.db import Database
from service.errors import AttuneError
from service.models import Meta
from service.sealing import KeyTrouble, new_key, write_key
from service.site import open_key

TEMPLATE = """\
# Settings of this Attune; docs/settings.md lists them all. Secrets belong into the folder secrets/ instead.

brand = {brand}
contact = {contact}
{public_url}
# operator_sees = "health"

# SMS by Twilio. Put the token into secrets/attune_notifiers__twilio__auth_token.
# [notifiers.twilio]
# account_sid = "AC..."
# sender = "+12025550100"
{poll}
# E-mail. Put the password into secrets/attune_notifiers__smtp__password.
# [notifiers.smtp]
# host = "mail.example.org"
# username = "attune"
# sender = "Attune <attune@example.org>"
"""


@click.command()
@click.option("--brand", default="Attune", show_default=True, help="The name that people see in messages.")
@click.option(
    "--contact", default="", help="Who runs this, for the answer to HELP, such as an e-mail address."
)
@click.option("--public-url", metavar="URL", help="Where the web server is reached from outside.")
@click.option(
    "--poll",
    is_flag=True,
    help="Fetch answers from Twilio: no open port is needed. The default without --public-url.",
)
def init(brand: str, contact: str, public_url: str | None, poll: bool) -> None:
    """Set up a new installation in this folder, or complete one.

    Makes attune.toml, the key in secrets/, and the database. What is there already is left as it is. On a
    terminal it asks how answers arrive, unless an option says so.
    """
    home = show.home()
    toml, key_file = home / "attune.toml", home / "secrets" / "attune_key"
    if not (public_url or poll or toml.exists() or load(home).public_url) and _is_somebody_there():
        public_url = _asked_for_url()
    given = {"brand": brand, "contact": contact, "public_url": public_url}
    # What cannot be used is refused before anything is written.
    settings = load(home) if toml.exists() else load(home, **given)
    if settings.key is None:
        _refuse_new_key(Database(settings.url, settings.busy_seconds), key_file)
    else:
        open_key(settings)
    _make_folders(home)
    if toml.exists():
        show.say(f"{toml} is there already and was left as it is.")
    else:
        _write(toml, _toml(brand, contact, public_url, poll or not settings.public_url))
        show.say(f"Made {toml}.")
    if settings.key is None:
        _write_key(key_file)
        show.say(f"Made the key {key_file}. Keep a copy of it apart from the database and its backups:")
        show.say("without it nothing can be read, and nobody can make it again.")
    settings = load(home)
    database = Database(settings.url, settings.busy_seconds)
    try:
        before, after = migrate.upgrade(database, open_key(settings))
    finally:
        database.close()
    show.say("The database is ready." if before != after else "The database was ready already.")
    if not settings.notifiers:
        show.say("Next: set up a channel in attune.toml, then `attune doctor`, then `attune up`.")


def _refuse_new_key(database: Database, key_file: Path) -> None:
    """Refuse to make a key beside a database that is sealed with another."""
    try:
        if database.is_missing:
            return
        with database.read() as session:
            is_new = schema.revision(session) is None
            if not is_new and session.get(Meta, schema.FINGERPRINT) is not None:
                raise KeyTrouble(
                    f"The database is sealed with a key that is missing; put its copy back as {key_file}."
                )
    finally:
        database.close()


def _make_folders(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "secrets").mkdir(mode=0o700, exist_ok=True)
        (home / "secrets").chmod(0o700)
    except OSError as error:
        raise _not_writable(home, error) from None


def _is_somebody_there() -> bool:
    """Say whether a question can be put: what is piped in, or out of sight, is no answer."""
    return all(stream and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _asked_for_url() -> str | None:
    """Ask how answers arrive; return the public address, or None where they are to be fetched."""
    show.say("How do answers to text messages arrive? Attune can fetch them from Twilio, which needs no open")
    show.say(
        "port; or Twilio posts them, if this server has a public address such as https://nudge.example.org."
    )
    said: str = click.prompt("Public address (none: fetch them)", default="", show_default=False, err=True)
    return said.strip() or None


def _toml(brand: str, contact: str, public_url: str | None, poll: bool) -> str:
    # A JSON string is a TOML string, for the plain letters that the settings allow.
    url = f"public_url = {json.dumps(public_url)}" if public_url else _NO_URL
    fetched = f"{_POLL}\n" if poll else ""
    return TEMPLATE.format(brand=json.dumps(brand), contact=json.dumps(contact), public_url=url, poll=fetched)


_POLL = "# poll = true  # Answers are fetched every 20 seconds: no open port is needed."
_NO_URL = '# public_url = "https://nudge.example.org"'


def _write(toml: Path, text: str) -> None:
    try:
        toml.write_text(text, "utf-8")
    except OSError as error:
        raise _not_writable(toml.parent, error) from None


def _write_key(file: Path) -> None:
    try:
        write_key(file, new_key())
    except OSError as error:
        raise _not_writable(file.parent, error) from None


def _not_writable(folder: Path, error: OSError) -> AttuneError:
    return AttuneError(
        f"The folder {folder} cannot be used ({error.strerror}); make it writable for this user, or choose "
        "another one with ATTUNE_HOME."
    )

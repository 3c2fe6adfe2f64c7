"""`attune init`: a new installation."""

import json
from pathlib import Path

import click

from service import migrate, schema
from service.cli import show
from service.db import Database
from service.errors import AttuneError
from service.models import Meta
from service.sealing import KeyTrouble, new_key, write_key
from service.settings import load
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
def init(brand: str, contact: str, public_url: str | None) -> None:
    """Set up a new installation in this folder, or complete one.

    Makes attune.toml, the key in secrets/, and the database. What is there already is left as it is.
    """
    home = show.home()
    toml, key_file = home / "attune.toml", home / "secrets" / "attune_key"
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
        _write(toml, _toml(brand, contact, public_url))
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


def _toml(brand: str, contact: str, public_url: str | None) -> str:
    # A JSON string is a TOML string, for the plain letters that the settings allow.
    url = f"public_url = {json.dumps(public_url)}" if public_url else _NO_URL
    return TEMPLATE.format(brand=json.dumps(brand), contact=json.dumps(contact), public_url=url)


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

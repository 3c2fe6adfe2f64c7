"""`attune init`: a new installation."""

from pathlib import Path

import click

from service import migrate
from service.db import Database
from service.errors import AttuneError
from service.sealing import new_key, write_key
from service.settings import home_folder, load
from service.site import open_key

TEMPLATE = """\
# Settings of this Attune; docs/settings.md lists them all. Secrets belong into the folder secrets/ instead.

brand = "{brand}"
contact = "{contact}"
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
@click.option("--public-url", default="", help="Where the web server is reached from outside.")
def init(brand: str, contact: str, public_url: str) -> None:
    """Set up a new installation in this folder, or complete one.

    Makes attune.toml, the key in secrets/, and the database. What is there already is left as it is.
    """
    home = home_folder()
    _make_folders(home)
    toml = home / "attune.toml"
    if not toml.exists():
        url = f'public_url = "{public_url}"' if public_url else '# public_url = "https://nudge.example.org"'
        if any('"' in value or "\\" in value or "\n" in value for value in (brand, contact, public_url)):
            raise AttuneError("A setting must not hold quotes or line ends; edit attune.toml for that.")
        toml.write_text(TEMPLATE.format(brand=brand, contact=contact, public_url=url))
        click.echo(f"Made {toml}.")
    settings = load(home)
    key_file = home / "secrets" / "attune_key"
    if settings.key is None:
        write_key(key_file, new_key())
        click.echo(f"Made the key {key_file}. Keep a copy of it apart from the database and its backups:")
        click.echo("without it nothing can be read, and nobody can make it again.")
        settings = load(home)
    database = Database(settings.url, settings.busy_seconds)
    try:
        before, after = migrate.upgrade(database, open_key(settings))
    finally:
        database.close()
    click.echo("The database is ready." if before != after else "The database was ready already.")
    click.echo("Next: set up a channel in attune.toml, then `attune doctor`, then `attune up`.")


def _make_folders(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "secrets").mkdir(mode=0o700, exist_ok=True)
        (home / "secrets").chmod(0o700)
    except OSError as error:
        raise AttuneError(
            f"The folder {home} cannot be used ({error.strerror}); choose another one with ATTUNE_HOME."
        ) from None

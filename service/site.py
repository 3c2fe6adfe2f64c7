"""One installation at work: its settings, rows, key, channels and clock, opened once by each entry point."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from notifiers import registry
from notifiers.base import Notifier
from service import schema
from service.clock import Clock
from service.db import Database
from service.sealing import KeyTrouble, Sealer
from service.settings import Settings
from service.trouble import NO_TABLES, DatabaseError, explain

SIMULATORS = frozenset({"phone", "console"})
"""Channels that reach nobody."""


@dataclass(frozen=True)
class Site:
    """What every verb works with."""

    settings: Settings
    db: Database
    sealer: Sealer
    notifiers: Mapping[str, Notifier] = field(default_factory=dict)
    """Configured channels by name; the first that can reach a kind of address carries it."""
    now: Callable[[], datetime] = field(default_factory=Clock)
    on_planned: Callable[[Session, int], None] | None = None
    """Told, in the transaction that plans, how many messages may go at once."""

    def notifier_for(self, address_kind: str) -> Notifier | None:
        return next((n for n in self.notifiers.values() if address_kind in n.address_kinds), None)

    def is_simulated(self, address_kind: str) -> bool:
        """Say whether what reaches this kind of address is a simulator, that is nobody's phone or mailbox."""
        notifier = self.notifier_for(address_kind)
        return notifier is not None and notifier.name in SIMULATORS

    @property
    def catch_up(self) -> timedelta:
        return timedelta(minutes=self.settings.catch_up_minutes)


def open_site(settings: Settings, now: Callable[[], datetime] | None = None) -> Site:
    """Open the installation: database of the right schema, its own key, its channels.

    Writes nothing. Raises an AttuneError, or a channel's ConfigError, with one sentence for whatever is not
    as it has to be.
    """
    sealer = open_key(settings)
    notifiers = {name: registry.build(name, options) for name, options in settings.notifiers.items()}
    db = Database(settings.url, settings.busy_seconds)
    try:
        if db.is_missing:
            raise DatabaseError(NO_TABLES)
        with db.read() as session:
            schema.check(session)
            schema.check_key(session, sealer)
    except DBAPIError as error:
        db.close()
        raise DatabaseError(explain(error)) from None
    except BaseException:
        db.close()
        raise
    return Site(settings, db, sealer, notifiers, now or Clock())


def open_key(settings: Settings) -> Sealer:
    """Return the sealer of this installation. Raises KeyTrouble if there is no key, or half a one."""
    file = key_file(settings)
    if settings.key is None:
        raise KeyTrouble(
            f"There is no key in {file}: run `attune init` for a new "
            "installation, set ATTUNE_HOME to the right folder, or put back the copy of the key."
        )
    return Sealer(settings.key.get_secret_value(), file if file.exists() else None)


def key_file(settings: Settings) -> Path:
    """Return where the key of this installation is, unless it is given as a setting."""
    return settings.home / "secrets" / "attune_key"

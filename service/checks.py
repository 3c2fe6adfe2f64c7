"""What `attune doctor` looks at, each check with one sentence that says what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from notifiers.base import ConfigError, InboundParser, SendError
from service import jobs, senders, summary
from service.db import explain
from service.errors import AttuneError
from service.settings import Settings
from service.site import SIMULATORS, Site, open_site

SILENT_FOR = timedelta(minutes=2)
FOR_OTHERS = 0o077
"""The bits of a file's mode by which other users may do something with it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    says: str


def all_checks(settings: Settings, ask_providers: bool) -> list[Check]:
    """Look at everything; without a usable installation only at why it is not."""
    try:
        site = open_site(settings)
    except (AttuneError, ConfigError) as error:
        return [Check("installation", False, str(error))]
    try:
        return list(_of_site(site, ask_providers))
    except DBAPIError as error:
        return [Check("installation", False, explain(error))]
    finally:
        site.db.close()


def _of_site(site: Site, ask_providers: bool) -> Iterator[Check]:
    yield Check("installation", True, "Settings, key and database belong together.")
    yield _key(site.settings.home / "secrets" / "attune_key")
    yield from _asked(site) if ask_providers else _not_asked(site)
    if not site.notifiers.keys() <= SIMULATORS:
        yield _public_url(site)
    yield from _rows(site, site.now())


def _key(file: Path) -> Check:
    try:
        mode = file.stat().st_mode
    except OSError:
        return Check("key", True, "It does not come from the folder secrets/.")
    if mode & FOR_OTHERS:
        return Check("key", False, f"Other users may read it: chmod 600 {file}")
    return Check("key", True, "Keep a copy of it apart from the database and its backups.")


def _not_asked(site: Site) -> Iterator[Check]:
    yield from (Check(name, True, "Set up; not asked.") for name in site.notifiers)


def _asked(site: Site) -> Iterator[Check]:
    if not site.notifiers:
        yield Check("channels", False, "None is set up; add [notifiers.twilio] or [notifiers.smtp].")
    for name, notifier in site.notifiers.items():
        try:
            yield Check(name, True, notifier.check())
        except SendError as error:
            yield Check(name, False, error.reason)


def _public_url(site: Site) -> Check:
    base = site.settings.public_url
    if base is None:
        return Check(
            "public_url",
            False,
            "It is not set, so no answer can arrive; set it to where this server is reached.",
        )
    hooks = [
        f"{base}/hooks/{name}/sms" for name, one in site.notifiers.items() if isinstance(one, InboundParser)
    ]
    return Check(
        "public_url", True, f"Messages from people have to be posted to {hooks[0]}." if hooks else base
    )


def _rows(site: Site, now: datetime) -> Iterator[Check]:
    with site.db.read() as session:
        tick = jobs.last_tick(session)
        health = summary.health(session, now, site.settings.operator_sees == "progress")
        stopped = [(row.sender, row.code) for row in senders.stopped(session)]
        unreachable = {kind for kind in summary.kinds_of_address(session) if not site.notifier_for(kind)}
    if tick is None or now - tick > SILENT_FOR:
        since = f"since {tick:%Y-%m-%d %H:%M} UTC" if tick else "yet"
        yield Check("daemon", False, f"No daemon has been at work {since}; start `attune up`.")
    else:
        yield Check("daemon", True, "At work.")
    for sender, code in stopped:
        yield Check(
            f"sender {sender}",
            False,
            f"The provider refuses this account (code {code or 'none'}); its messages are kept until they "
            "are too late. Set the account right; it is tried again every 5 minutes.",
        )
    for kind in sorted(unreachable):
        yield Check(
            f"people by {kind}",
            False,
            f"No channel for {kind} is set up: add one to attune.toml; their messages are kept until they "
            "are too late.",
        )
    yield _none(health.overdue, "overdue", "overdue by more than 5 minutes; is a daemon at work?")
    yield _none(health.unknown, "unknown", "of unknown fate; see `attune nudge list --state unknown`.")
    yield _none(health.failed_today, "failed", "failed in 24 hours; see `attune nudge list --state failed`.")
    yield _none(health.stuck_replies, "stuck", "from people kept after a bug of ours; please report it.")
    yield _none(health.unread_replies, "unread", "from people unread for 2 minutes; is a daemon at work?")


def _none(count: int, name: str, trouble: str) -> Check:
    messages = "message" if count == 1 else "messages"
    return Check(name, not count, f"{count} {messages} {trouble}" if count else "None.")

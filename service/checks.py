"""What `attune doctor` looks at, each check with one sentence that says what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifiers.base import SendError
from service import jobs, senders, summary
from service.errors import AttuneError
from service.settings import Settings
from service.site import Site, open_site

SILENT_FOR = timedelta(minutes=2)


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
    except AttuneError as error:
        return [Check("installation", False, str(error))]
    try:
        found = [Check("installation", True, "Settings, key and database belong together.")]
        found += _asked(site) if ask_providers else _not_asked(site)
        found += _rows(site, site.now())
        return found
    finally:
        site.db.close()


def _not_asked(site: Site) -> Iterator[Check]:
    yield from (Check(name, True, "Set up; not asked.") for name in site.notifiers)


def _asked(site: Site) -> Iterator[Check]:
    if not site.notifiers:
        yield Check("channels", False, "None is set up; add [notifiers.twilio] or [notifiers.smtp].")
    for name, notifier in site.notifiers.items():
        try:
            yield Check(name, True, notifier.check())
        except SendError as error:
            yield Check(name, False, f"{error.reason}")


def _rows(site: Site, now: datetime) -> Iterator[Check]:
    with site.db.read() as session:
        tick = jobs.last_tick(session)
        health = summary.health(session, now)
        stopped = [(row.sender, row.code) for row in senders.stopped(session)]
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
    yield _none(health.overdue, "queue", "messages are overdue by more than 5 minutes; is a daemon at work?")
    yield _none(
        health.unknown, "unknown", "messages may have gone out or not: `attune nudge list --state unknown`."
    )
    yield _none(health.stuck_replies, "replies", "replies met a bug of ours and are kept; please report it.")
    yield _none(
        health.unread_replies, "unread", "replies wait for longer than 2 minutes; is a daemon at work?"
    )


def _none(count: int, name: str, trouble: str) -> Check:
    return Check(name, not count, f"{count} {trouble}" if count else "Nothing.")

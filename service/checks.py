"""What `attune doctor` looks at, each check with one sentence that says what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from notifiers.base import ConfigError, InboundParser, Poller, SendError
from service import alerts, caps, hearing, jobs, senders, summary
from service.errors import AttuneError
from service.settings import Settings
from service.site import SIMULATORS, Site, open_site
from service.states import AddressKind
from service.trouble import explain

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
        yield _ping_url(site)
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
    fetched = sorted(name for name, one in site.notifiers.items() if isinstance(one, Poller) and one.polls)
    deaf = sorted(site.notifiers.keys() - SIMULATORS - set(fetched))
    if base is None and deaf:
        return Check(
            "public_url",
            False,
            f"It is not set, so no answer can arrive by {', '.join(deaf)}; set it to where this server is "
            "reached, or let a channel fetch its answers: `poll = true` in [notifiers.twilio].",
        )
    if base is None:
        return Check("public_url", True, f"Not needed: answers are fetched by {', '.join(fetched)}.")
    hooks = [
        f"{base}/hooks/{name}/sms" for name, one in site.notifiers.items() if isinstance(one, InboundParser)
    ]
    too = f" They are fetched by {', '.join(fetched)}, too." if fetched else ""
    posted = f"Messages from people have to be posted to {hooks[0]}." if hooks else base
    return Check("public_url", True, posted + too)


def _ping_url(site: Site) -> Check:
    if site.settings.ping_url is None:
        return Check(
            "ping_url", True, "Not set; with it a monitor tells you when nothing is at work any more."
        )
    minutes = site.settings.ping_minutes
    return Check("ping_url", True, f"Called every {minutes} {'minute' if minutes == 1 else 'minutes'}.")


def _admin(site: Site, session: Session) -> Check | None:
    """Return what is wrong with telling the admin by e-mail, if anything."""
    if not site.settings.admin:
        return None
    if not site.notifier_for(AddressKind.EMAIL):
        says = "No channel for e-mail is set up, so nothing can be told; add [notifiers.smtp], or empty it."
        return Check("admin", False, says)
    if why := alerts.trouble(session):
        says = (
            f"The last e-mail was not sent ({why.rstrip('.')}); try `attune notifier test smtp --to ADDRESS`."
        )
        return Check("admin", False, says)
    if alerts.carrier(session, site) is None:
        return Check("admin", False, "Every channel for e-mail is stopped, so nothing can be told by e-mail.")
    return Check("admin", True, "Told by e-mail when a channel stops, cannot be read, or reaches a limit.")


def _rows(site: Site, now: datetime) -> Iterator[Check]:
    with site.db.read() as session:
        tick = jobs.last_tick(session)
        health = summary.health(session, now, site.settings.operator_sees == "progress")
        stopped = [(row.sender, row.code) for row in senders.stopped(session, site)]
        capped = caps.has_held(session.scalars(senders.ALL), now)
        deaf = hearing.deaf(session, site)
        admin = _admin(site, session)
        unreachable = {kind for kind in summary.kinds_of_address(session) if not site.notifier_for(kind)}
    if tick is None or now - tick > jobs.SILENT_FOR:
        since = f"since {tick:%Y-%m-%d %H:%M} UTC" if tick else "yet"
        yield Check("daemon", False, f"No daemon has been at work {since}; start `attune up`.")
    else:
        yield Check("daemon", True, "At work.")
    if capped:
        yield Check(
            "limit of the day",
            False,
            "It held messages back that did not fit into what was left of it: they wait for midnight in UTC, "
            "or lapse. If that is no mistake, raise daily_messages, daily_segments or daily_money.",
        )
    if admin:
        yield admin
    for sender, code in stopped:
        yield Check(
            f"sender {sender}",
            False,
            f"The provider refuses this account (code {code or 'none'}); its messages are kept until they "
            "are too late. Set the account right; it is tried again every 5 minutes.",
        )
    for one in deaf:
        yield Check(
            f"reading {one.channel}",
            False,
            f"Nothing has been read since {one.since_at:%Y-%m-%d %H:%M} UTC: people's messages wait at the "
            f"provider. {one.why}",
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

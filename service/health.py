"""What `/readyz` says: what keeps this installation from its work, and what an admin should know besides."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from service import clock, hearing, jobs, schema, senders, summary
from service.errors import AttuneError
from service.models import Person
from service.site import Site
from service.trouble import explain

BEHIND = timedelta(minutes=5)
LateJobs = Callable[[], Mapping[str, str]]
"""Names the jobs of an engine that hang or fail, and what is wrong with each, a blank if nobody knows."""


def look(site: Site, late_jobs: LateJobs | None) -> tuple[list[str], list[str]]:
    """Return troubles and notices, a sentence each; where no engine is, a daemon elsewhere is looked for."""
    late = late_jobs() if late_jobs else {}
    troubles = [
        f"The job {name} has not run for too long{f': {why}' if why else '.'}" for name, why in late.items()
    ]
    notices: list[str] = []
    try:
        with site.db.read() as session:
            schema.check(session)
            schema.check_key(session, site.sealer)  # It may have been replaced where we cannot see it.
            schema.check_writable(session)
            if late_jobs is None:
                troubles.extend(_daemon(session, site))
            notices.extend([*clock.notices(site.now), *_notices(session, site), *_behind(session, site)])
            clock.check(session, site.now)
    except AttuneError as error:
        troubles.append(str(error))
    except DBAPIError as error:
        troubles.append(explain(error))
    return troubles, notices


def _daemon(session: Session, site: Site) -> list[str]:
    """Say that a daemon has fallen silent; before the first one nobody misses it."""
    tick = jobs.last_tick(session)
    if tick is None or site.now() - tick <= jobs.SILENT_FOR:
        return []
    return [f"No daemon has been at work since {tick:%Y-%m-%d %H:%M} UTC; its log says why, if it runs."]


def _notices(session: Session, site: Site) -> list[str]:
    """Say what a provider keeps from us: the service works, messages wait here or there."""
    said = [
        f"A provider refuses its account (code {row.code or 'none'}); `attune doctor` says which."
        for row in senders.stopped(session, site)
    ]
    said.extend(
        f"Nothing has been read from {one.channel} since {one.since_at:%Y-%m-%d %H:%M} UTC; "
        "`attune doctor` says why."
        for one in hearing.deaf(session, site)
        if one.for_long(site.now())
    )
    if waiting := summary.tried_again(session):
        messages = "message waits" if waiting == 1 else "messages wait"
        said.append(f"{waiting} {messages} for a provider that took none at the last try.")
    return said


def _behind(session: Session, site: Site) -> list[str]:
    """Say which work lies undone although all jobs run: there may be too much of it, or a limit holds it."""
    now, said = site.now(), []
    if (due_at := session.scalar(select(func.min(Person.due_at)))) and now - due_at > BEHIND:
        said.append(f"Planning is {round((now - due_at).total_seconds() / 60)} minutes behind.")
    found = summary.health(session, now)
    if found.overdue:
        said.append(f"Messages that could have gone 5 minutes ago wait: {found.overdue}.")
    if found.unread_replies:
        said.append(f"Messages from people were not read for 2 minutes: {found.unread_replies}.")
    return said

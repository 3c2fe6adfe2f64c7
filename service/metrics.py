"""What a monitor may know, in Prometheus' own format: whether delivery works, and nothing of anybody.

Counts leave out answers, as `attune doctor` does, and what is used of a limit is told in tenths: in a small
home one message more would tell that somebody has written.

What the rows say is shown by web servers, what a process has counted (`meter`) by each of them.
"""

from collections.abc import Iterator
from datetime import datetime
from math import floor

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from service import alerts, caps, clock, deliveries, hearing, jobs, meter, senders, summary
from service.models import Nudge, Person, SenderState
from service.site import Site
from service.states import NudgeState
from service.trouble import DatabaseError

MANY = 20
"""Among so many people one more post, or one more call, tells of nobody."""


def exposition(site: Site) -> tuple[bytes, str]:
    """Return all figures as they are now, and their content type; a few statements, each on an index."""
    registry = CollectorRegistry()
    with site.db.read() as session:
        registry.register(_Rows(list(_families(session, site, site.now(), _are_many(session, site)))))
    of_process, content_type = of_this_process(site)
    return generate_latest(registry) + of_process, content_type


def of_this_process(site: Site) -> tuple[bytes, str]:
    """Return what this process has counted, and its content type; not what would tell of somebody."""
    meter.begin(site.notifiers)
    try:
        with site.db.read() as session:
            many = _are_many(session, site)
    except (DBAPIError, DatabaseError):
        many = False  # What this process has counted is wanted all the more when the database is away.
    shown = (meter.REGISTRY, meter.CROWD) if many else (meter.REGISTRY,)
    return b"".join(generate_latest(registry) for registry in shown), CONTENT_TYPE_LATEST


def _are_many(session: Session, site: Site) -> bool:
    """Say whether each post and each call may be counted: among so many, nobody can be told by one."""
    if site.settings.operator_sees == "progress":
        return True
    return len(session.scalars(select(Person.id).limit(MANY)).all()) == MANY


class _Rows(Collector):
    """What the rows said, as the library wants to be given it."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _families(session: Session, site: Site, now: datetime, are_many: bool) -> Iterator[Metric]:
    health = summary.health(session, now)
    waiting = (Nudge.state == NudgeState.PLANNED, ~deliveries.private())
    if are_many:  # In a small home it would tell the minute at which somebody's answer let go of one.
        yield _gauge("nudges_planned", "Messages that wait for their time.", _count(session, *waiting))
    ripe = (*waiting, Nudge.not_before <= now)
    yield _gauge("queue_depth", "Messages whose time has come, and that wait.", _count(session, *ripe))
    oldest = session.scalar(select(func.min(Nudge.not_before)).where(*ripe)) or now
    since = (now - oldest).total_seconds()
    yield _gauge("queue_oldest_seconds", "For how long the one that waits longest could have gone.", since)
    people_due = session.scalar(select(func.count()).select_from(Person).where(Person.due_at <= now)) or 0
    yield _gauge("people_due", "People for whom something is to be planned now.", people_due)
    yield _gauge("nudges_overdue", "Messages that have waited 5 minutes beyond their time.", health.overdue)
    yield _gauge("nudges_unknown", "Messages of which nobody knows whether they went out.", health.unknown)
    yield _gauge("nudges_failed", "Messages of the last 24 hours that failed for good.", health.failed_today)
    yield _gauge("nudges_stuck", "Messages from people that were kept after a bug.", health.stuck_replies)
    yield _gauge("replies_unread", "Messages from people unread for 2 minutes.", health.unread_replies)
    yield _stopped(session, site)
    yield _unread(session, site, now)
    states = list(session.scalars(senders.ALL))
    yield _used(site, states, now)
    held = "Whether a message of today did not fit into what a limit had left; smaller ones may go on."
    yield _gauge("cap_reached", held, caps.has_held(states, now))
    yield _gauge(
        "admin_not_told", "Whether an e-mail to the admin is missing.", bool(alerts.trouble(session))
    )
    leapt = "Whether the machine's clock leapt forward, and is not believed yet."
    yield _gauge("clock_doubtful", leapt, clock.is_doubtful(site.now))
    if tick := jobs.last_tick(session):
        age = max(0.0, (now - tick).total_seconds())
        yield _gauge("last_tick_age_seconds", "Seconds since a daemon said that it is at work.", age)


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Nudge).where(*conditions)) or 0


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"attune_{name}", about, value)


def _stopped(session: Session, site: Site) -> Metric:
    """Return which channels are stopped; a sender's own name holds our number."""
    family = GaugeMetricFamily(
        "attune_sender_stopped", "Whether the provider refuses this channel's account.", labels=["sender"]
    )
    stopped = {state.sender for state in senders.stopped(session, site)}
    for name, notifier in site.notifiers.items():
        family.add_metric([name], notifier.sender in stopped)
    return family


def _unread(session: Session, site: Site, now: datetime) -> Metric:
    """Return how long each channel that is asked for messages has not been readable."""
    about = "Seconds for which nothing could be read from this channel; 0 while it can be."
    family = GaugeMetricFamily("attune_channel_unread_seconds", about, labels=["channel"])
    since = {one.channel: one.since_at for one in hearing.deaf(session, site)}
    for name in hearing.asked(site):
        family.add_metric([name], max(0.0, (now - since.get(name, now)).total_seconds()))
    return family


def _used(site: Site, states: list[SenderState], now: datetime) -> Metric:
    """Return how much of each limit of the day is used, in whole tenths."""
    family = GaugeMetricFamily(
        "attune_cap_used_ratio", "Used of the installation's limit of the day, in tenths.", labels=["cap"]
    )
    for name, part in caps.of_installation(site.settings).parts(caps.used_today(states, now)).items():
        family.add_metric([name], floor(part * 10 + 1e-9) / 10)
    return family

"""What this process has done, counted for a monitor: each process shows its own, as Prometheus expects.

Never a person, an address or an id. Answers are counted nowhere here, nor what people let us do without: in a
small home one more would tell that somebody has written.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from habits.reasons import Reason
from notifiers.base import Accepted, Report, SendError
from service.states import NudgeKind, NudgeState

REGISTRY = CollectorRegistry()
CROWD = CollectorRegistry()
"""What would tell in a small home that somebody has written: shown among many people only."""
ProcessCollector(registry=REGISTRY)

TOLD = {
    Reason.LATE: "late",
    Reason.CAP: "cap",
    Reason.QUIET_HOURS: "quiet_hours",
    Reason.DAILY_CAP: "daily_cap",
}
"""Why something due brought no message, as far as it tells nothing of what its person did or wished."""
SECONDS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

PLANNED = Counter("attune_planned", "Messages that reminders brought.", registry=REGISTRY)
LET_GO = Counter("attune_let_go", "What was due and brought no message.", ["reason"], registry=REGISTRY)
SENT = Counter("attune_sent", "Messages that the provider took.", ["channel"], registry=REGISTRY)
DELIVERED = Counter(
    "attune_delivered", "Messages that the provider says arrived.", ["channel"], registry=REGISTRY
)
FAILED = Counter(
    "attune_failed",
    "Tries that ended otherwise, also those that are repeated.",
    ["channel", "kind"],
    registry=REGISTRY,
)
LATENESS = Histogram(
    "attune_lateness_seconds",
    "From when a message was due, quiet hours aside, until the provider had taken it.",
    ["channel"],
    buckets=SECONDS,
    registry=REGISTRY,
)
CALLS = Histogram(
    "attune_call_seconds", "How long a channel took to answer.", ["channel"], buckets=QUICK, registry=CROWD
)
HOOKS = Histogram(
    "attune_hook_seconds",
    "How long a provider waited for the answer to its post.",
    ["channel", "hook", "status"],
    buckets=QUICK,
    registry=CROWD,
)


class Decided(Protocol):
    """A message, or what is kept in place of one, as planning makes it."""

    @property
    def kind(self) -> NudgeKind: ...
    @property
    def state(self) -> NudgeState: ...
    @property
    def reason(self) -> str | None: ...


ARRIVED = 3
"""The rank of a report that a message arrived."""


def decided(nudges: Iterable[Decided]) -> None:
    """Count what reminders brought; a rescue that was not needed would tell what somebody did."""
    for nudge in nudges:
        if nudge.state is NudgeState.PLANNED:
            PLANNED.inc()
        elif nudge.kind is not NudgeKind.RESCUE and nudge.reason in TOLD:
            LET_GO.labels(TOLD[Reason(nudge.reason)]).inc()


def handed_over(channel: str, could_go_at: datetime | None, result: object, now: datetime) -> None:
    """Count how a hand-over ended; not that of an answer, for which `could_go_at` is None."""
    if could_go_at is None:
        return
    if isinstance(result, Accepted):
        SENT.labels(channel).inc()
        LATENESS.labels(channel).observe(max(0.0, (now - could_go_at).total_seconds()))
    elif isinstance(result, SendError):
        FAILED.labels(channel, result.kind.value).inc()


def reported(channel: str, report: Report) -> None:
    """Count what a provider says of a message later; one that only passes on its way is not counted."""
    if report.failure:
        FAILED.labels(channel, report.failure.value).inc()
    elif report.rank >= ARRIVED:
        DELIVERED.labels(channel).inc()


def begin(channels: Iterable[str]) -> None:
    """Show these channels from the start on: a rate is known from the second look at a counter."""
    for channel in channels:
        for of_channel in (SENT, DELIVERED, LATENESS, CALLS):
            of_channel.labels(channel)
    for reason in TOLD.values():
        LET_GO.labels(reason)

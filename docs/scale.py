"""The arithmetic of docs/scale.md: `python docs/scale.py [--people N] [--price P] …` prints the table.

Whatever is assumed is an option. Rates and bytes come from docs/performance.json, and stand in `Reckoned`.
"""

import math
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a day of one person is taken to be, and what things cost."""

    nudges_a_day: float = 1.3
    """One daily habit, and a check-in and a summary a week."""
    answered: float = 0.6
    """Of the nudges; each reply brings one message back."""
    busiest_minute: float = 0.02
    """Of a day's nudges: people like full hours. Windows (`daily 18:00-20:00`) make it smaller."""
    drained_in_minutes: float = 10.0
    """So long after the busiest minute its last message is handed over."""
    reports: float = 2.0
    """Posts of the provider's about each message: sent, delivered."""
    segments: float = 1.2
    """SMS segments a message."""
    price: float = 0.0113
    """Dollars a segment: a US list price with the carriers' fee. Look up your own."""
    sender_a_second: float = 100.0
    """Segments that one sender may hand over: a US short code. A toll-free number: 3."""
    kept_days: float = 400.0


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a core does in a second, PostgreSQL's part included, and bytes: put in what your machine does.

    Rates are what `make bench` measured on PostgreSQL, by its cores, rounded down; bytes are rounded up.
    """

    sent: float = 600
    """Messages, from being due to being handed over."""
    posts: float = 130
    """Reports of a provider's that are checked and kept."""
    answers: float = 18
    """Messages of people's that are kept, understood, and answered as far as that is planned."""
    wal: float = 12_000
    """Bytes a message, its whole life long, with pages that were written a moment ago."""
    wal_apart: float = 35_000
    """The same with each page written whole, as after a checkpoint."""
    disk: float = 4_000
    """Bytes a message on disk, with its indexes and words."""
    wal_of_one: float = 50e6
    """Bytes a second that one PostgreSQL writes, archives and gives to its standby, with room to spare."""
    disk_of_one: float = 5e12
    """Bytes that one PostgreSQL can still be backed up and restored with within a night."""


ASSUMED, RECKONED = Assumed(), Reckoned()
SIZES = (2, 200, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
AWAKE = range(7 * 60, 22 * 60)


@dataclass(frozen=True, slots=True)
class Day:
    """What so many people come to; rates are of the busiest time, bytes and dollars of a day."""

    people: int
    nudges: float
    messages: float
    in_busiest_minute: float
    messages_a_second: float
    posts_a_second: float
    dollars: float
    senders: int
    wal: float
    wal_a_second: float
    disk: float
    cores: int
    databases: int
    ended_by: str
    """What one database would have too much of first; nothing if one is enough."""


def day(people: int, assumed: Assumed = ASSUMED, reckoned: Reckoned = RECKONED) -> Day:
    """Return what a day of so many people takes."""
    nudges = people * assumed.nudges_a_day
    messages = nudges * (1 + assumed.answered)
    busiest = nudges * assumed.busiest_minute
    nudges_a_second = busiest / (assumed.drained_in_minutes * 60)
    a_second = nudges_a_second * (1 + assumed.answered)
    reports, answers = a_second * assumed.reports, nudges_a_second * assumed.answered
    wal_a_second = a_second * reckoned.wal_apart
    disk = messages * assumed.kept_days * reckoned.disk
    needed = {"WAL": wal_a_second / reckoned.wal_of_one, "disk": disk / reckoned.disk_of_one}
    most = max(needed, key=lambda name: needed[name])
    return Day(
        people=people,
        nudges=nudges,
        messages=messages,
        in_busiest_minute=busiest,
        messages_a_second=a_second,
        posts_a_second=reports + answers,
        dollars=messages * assumed.segments * assumed.price,
        senders=_whole(a_second * assumed.segments / assumed.sender_a_second),
        wal=messages * (reckoned.wal + reckoned.wal_apart) / 2,
        wal_a_second=wal_a_second,
        disk=disk,
        cores=_whole(a_second / reckoned.sent + reports / reckoned.posts + answers / reckoned.answers),
        databases=_whole(needed[most]),
        ended_by=most if needed[most] > 1 else "",
    )


def due_by_minute(assumed: Assumed) -> list[float]:
    """Return the share of a day's nudges that is due in each minute: full hours most, half hours less."""
    full = {minute for minute in AWAKE if minute % 60 == 0}
    half = {minute for minute in AWAKE if minute % 60 == 30}
    at_full, at_half = assumed.busiest_minute, assumed.busiest_minute / 3
    rest = 1 - at_full * len(full) - at_half * len(half)
    if rest < 0:
        raise click.UsageError("So much in the busiest minute is more than a day has; give a smaller one.")
    other = rest / (len(AWAKE) - len(full) - len(half))
    return [at_full if one in full else at_half if one in half else other for one in AWAKE]


def worst_wait(assumed: Assumed) -> int:
    """Let a day go by, minute by minute, and return how many minutes the queue makes somebody wait."""
    each_minute = assumed.busiest_minute / assumed.drained_in_minutes
    waiting, worst = 0.0, 0.0
    for due in due_by_minute(assumed):
        waiting += due
        worst = max(worst, waiting / each_minute)
        waiting = max(0.0, waiting - each_minute)
    return math.ceil(worst - 1e-9)


def _whole(number: float) -> int:
    return max(1, math.ceil(number))


def table(days: list[Day]) -> list[str]:
    """Return the lines of two Markdown tables: messages and money, and what they run on."""
    lines = [
        "| people | nudges a day | messages a day | due in the busiest minute "
        "| messages/s then | posts/s then | dollars a day | senders |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in days:
        cells = [
            f"{one.people:,}",
            f"{one.nudges:,.0f}",
            f"{one.messages:,.0f}",
            f"{one.in_busiest_minute:,.0f}",
            f"{one.messages_a_second:,.1f}",
            f"{one.posts_a_second:,.1f}",
            f"{one.dollars:,.2f}" if one.dollars < 100 else f"{one.dollars:,.0f}",
            f"{one.senders:,}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| people | WAL a day | WAL/s then | disk in the end | cores | databases | what ends one |",
        "|---:|---:|---:|---:|---:|---:|---|",
    ]
    for one in days:
        cells = [
            f"{one.people:,}",
            size(one.wal),
            size(one.wal_a_second),
            size(one.disk),
            f"{one.cores:,}",
            f"{one.databases:,}",
            one.ended_by or "-",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def size(count: float) -> str:
    """Return a number of bytes in the unit in which it is below a thousand."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--people", type=click.IntRange(min=1), help="Only for so many.")
@click.option("--nudges-a-day", default=ASSUMED.nudges_a_day, help="Nudges a person gets a day.")
@click.option("--answered", default=ASSUMED.answered, help="Share of them that is answered, and replied to.")
@click.option("--busiest-minute", default=ASSUMED.busiest_minute, help="Share of them due in one minute.")
@click.option("--drained-in-minutes", default=ASSUMED.drained_in_minutes, help="So long that may last.")
@click.option("--reports", default=ASSUMED.reports, help="Posts of the provider about each message.")
@click.option("--segments", default=ASSUMED.segments, help="SMS segments a message.")
@click.option("--price", default=ASSUMED.price, help="Dollars a segment.")
@click.option("--sender-a-second", default=ASSUMED.sender_a_second, help="Segments one sender hands over.")
@click.option("--kept-days", default=ASSUMED.kept_days, help="The setting keep_nudges_days.")
def main(people: int | None, **changed: float) -> None:
    """Print what a day of so many people takes: messages, money, bytes, machines."""
    assumed = Assumed(**changed)
    for line in table([day(one, assumed) for one in ([people] if people else SIZES)]):
        click.echo(line)
    click.echo(f"\nWhoever is due in the busiest minute waits {worst_wait(assumed)} minutes at most.")


if __name__ == "__main__":
    main()

"""The figures of several hosts, as a table or as one document."""

import json
import sys

import click

from service import log
from tests.cluster import course
from tests.cluster.course import WORKERS, Course, Outcome


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--nudges", default=20_000, show_default=True, type=click.IntRange(50, 38_000), help="How many."
)
@click.option(
    "--cut-seconds",
    default=40.0,
    show_default=True,
    help="How long a worker is cut off: after 20 its connections are dead, after 30 it is.",
)
@click.option("--patient/--hasty", default=True, help="Wait until living workers took up what dead ones had.")
@click.pass_obj
@click.option("--json", "json_", is_flag=True, help="Print one JSON document.")
def main(private: bool, nudges: int, cut_seconds: float, patient: bool, json_: bool) -> None:
    """Let three workers and two web servers send nudges, kill workers, cut one off, and print the ledger."""
    log.set_up("error")
    outcome = course.run(
        Course(nudges, cut_seconds, patient), private, lambda words: click.echo(words, err=True)
    )
    click.echo(json.dumps(record(outcome)) if json_ else table(outcome))
    sys.exit(not outcome.is_good)


def record(outcome: Outcome) -> dict[str, object]:
    """Return all figures by name."""
    return {
        "good": outcome.is_good,
        "network_namespaces": outcome.private,
        "seconds": round(outcome.seconds, 1),
        **outcome.ledger.as_record(),
        "left_claimed": outcome.left_claimed,
        "sent_by": dict(outcome.sent_by),
        "happenings": [
            {"seconds": round(one.seconds, 1), "what": one.what, "sent_until_next": dict(one.sent_meanwhile)}
            for one in outcome.happenings
        ],
        "posts": outcome.posts,
        "posts_refused": outcome.posts_refused,
        "end_seconds": round(outcome.end_seconds, 1),
        "exit_codes": outcome.codes,
    }


def table(outcome: Outcome) -> str:
    """Return the figures for a reader."""
    found = outcome.ledger
    lines = [
        f"three workers, two web servers, {'hosts of their own' if outcome.private else 'one host'}",
        f"{'planned':<32}{found.planned}",
        f"{'provider saw':<32}{found.provider_saw}",
        f"{'arrived':<32}{found.arrived}",
        f"{'sent twice':<32}{found.doubles}",
        f"{'lost':<32}{found.lost}",
        f"{'unknown (shown to the admin)':<32}{found.unknown_left} ({found.unknown_shown})",
        f"{'hand-overs cut off or open then':<32}{found.cut_off}, open at the end {outcome.left_claimed}",
        f"{'texts written / understood':<32}{found.texts_written} / {found.texts_understood}",
        f"{'texts with two entries':<32}{found.texts_doubled}",
        f"{'posts (tried again)':<32}{outcome.posts} ({outcome.posts_refused})",
        f"{'seconds, messages a second':<32}{outcome.seconds:.1f}, {outcome.per_second:.0f}",
        f"{'slowest end of a process':<32}{outcome.end_seconds:.1f} s, exit codes {outcome.codes}",
        "",
        f"{'':<32}{'  '.join(name.rjust(6) for name in WORKERS)}",
        f"{'sent by':<32}{_counts(outcome.sent_by)}",
    ]
    for one in outcome.happenings:
        lines.append(f"{f'{one.seconds:6.1f} s  {one.what}, then':<32}{_counts(one.sent_meanwhile)}")
    lines += [f"lost: {why}: {number}" for why, number in found.lost_by.items() if number]
    lines.append("all is well" if outcome.is_good else "THIS IS NOT RIGHT")
    return "\n".join(lines)


def _counts(counts: dict[str, int]) -> str:
    return "  ".join(str(counts.get(name, 0)).rjust(6) for name in WORKERS)

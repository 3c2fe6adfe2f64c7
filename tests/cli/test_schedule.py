from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import Cli

HALIFAX = ZoneInfo("America/Halifax")


def test_a_schedule_is_shown_in_the_zone_and_in_utc(cli: Cli) -> None:
    rows = cli.json("schedule", "preview", "mon fri 19:30", "--zone", "America/Halifax", "--count", "4")
    instants = [datetime.fromisoformat(row["utc"]) for row in rows]
    assert len(instants) == 4
    assert instants == sorted(set(instants))
    assert instants[0] > datetime.now(UTC)
    for row, at in zip(rows, instants, strict=True):
        local = at.astimezone(HALIFAX)
        assert (local.weekday() in (0, 4), local.hour, local.minute) == (True, 19, 30)
        assert row["local"] == f"{local:%a %Y-%m-%d %H:%M %Z}"


def test_a_schedule_is_printed_line_by_line(cli: Cli) -> None:
    printed = cli.lines("schedule", "preview", "monthly 31 09:00")
    assert printed[0] == ["local", "utc"]
    assert len(printed) == 11
    assert all(cells[0].endswith("09:00 UTC") for cells in printed[1:])


def test_a_preview_needs_no_installation(cli: Cli) -> None:
    (cli.home / "attune.toml").write_text("junk")
    assert len(cli.json("schedule", "preview", "every 2 weeks sat 10:00", "--count", "366")) == 366


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dayly 20:00"], "'dayly' is not understood here. Did you mean 'daily'?"),
        (["daily 8pm"], "'8pm' is not a time from 00:00 to 23:59. Did you mean '20:00'?"),
        ([""], "The schedule is empty."),
        (["daily 20:00", "--zone", "Berlin"], "There is no time zone “Berlin”; did you mean Europe/Berlin?"),
        (["daily 20:00", "--count", "0"], "Invalid value for '--count': 0 is not in the range"),
        (["daily 20:00", "--count", "367"], "Invalid value for '--count'"),
        ([], "Missing argument 'TEXT'."),
        (["daily", "20:00"], "Got unexpected extra argument (20:00)"),
    ],
)
def test_a_mistake_is_refused(cli: Cli, arguments: list[str], said: str) -> None:
    assert cli.refused("schedule", "preview", *arguments).startswith(said)

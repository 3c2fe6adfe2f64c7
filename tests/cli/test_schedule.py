"""A schedule tried, a person's coming days, and their calendar."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest

from tests.cli.conftest import Cli

HALIFAX = ZoneInfo("America/Halifax")
KOLKATA = ZoneInfo("Asia/Kolkata")


def test_a_schedule_is_shown_in_the_zone_and_in_utc(cli: Cli) -> None:
    rows = cli.json("schedule", "try", "mon fri 19:30", "--zone", "America/Halifax", "--count", "4")
    instants = [datetime.fromisoformat(row["utc"]) for row in rows]
    assert len(instants) == 4
    assert instants == sorted(set(instants))
    assert instants[0] > datetime.now(UTC)
    for row, at in zip(rows, instants, strict=True):
        local = at.astimezone(HALIFAX)
        assert (local.weekday() in (0, 4), local.hour, local.minute) == (True, 19, 30)
        assert row["local"] == f"{local:%a %Y-%m-%d %H:%M %Z}"


def test_a_schedule_is_printed_line_by_line(cli: Cli) -> None:
    printed = cli.lines("schedule", "try", "monthly 31 09:00")
    assert printed[0] == ["local", "utc"]
    assert len(printed) == 11
    assert all(cells[0].endswith("09:00 UTC") for cells in printed[1:])


def test_a_try_needs_no_installation(cli: Cli) -> None:
    (cli.home / "attune.toml").write_text("junk")
    assert len(cli.json("schedule", "try", "every 2 weeks sat 10:00", "--count", "366")) == 366


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dayly 20:00"], "'dayly' is not understood here. Did you mean 'daily'?"),
        (["daily 20:00-17:00"], "The window '20:00-17:00' must end after it begins, on the same day."),
        (["daily 17:00-17:00"], "The window '17:00-17:00' must end after it begins, on the same day."),
        (["mon 22:00-01:00"], "The window '22:00-01:00' must end after it begins, on the same day."),
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
    assert cli.refused("schedule", "try", *arguments).startswith(said)


def reminded(cli: Cli, *more: str) -> None:
    """Enrol Alex in Kolkata, whose clocks never change, with reminders together, apart and at night."""
    cli.enrol("Alex", "--zone", "Asia/Kolkata", "--quiet", "21:00-08:00", *more)
    for practice, schedule in (
        ("gratitude", "daily 19:00"),
        ("empathy", "daily 19:10"),
        ("patience", "daily 07:00"),
        ("quality-time", "daily 23:00"),
    ):
        cli.run("habit", "add", practice, "--person", "Alex", "--remind", schedule)
    cli.run("habit", "add", "check-in", "--person", "Alex", "--remind", "daily 12:00")


def test_the_coming_days_of_a_person_are_shown(cli: Cli) -> None:
    reminded(cli)
    now = datetime.now(UTC)
    rows = cli.json("schedule", "preview", "Alex", "--days", "3")
    assert len(rows) == 15
    dues = [datetime.fromisoformat(row["utc"]) for row in rows]
    assert dues == sorted(dues)
    assert now < dues[0]
    assert dues[-1] < now + timedelta(days=3, minutes=1)
    for row, at in zip(rows, dues, strict=True):
        assert row["local"] == f"{at.astimezone(KOLKATA):%a %Y-%m-%d %H:%M} IST"
    tomorrow = (now + timedelta(days=1)).astimezone(KOLKATA).date().isoformat()
    by_hour = {row["local"][15:20]: row for row in rows if tomorrow in row["local"]}
    assert [(row["practice"], row["purpose"], row["why"]) for _, row in sorted(by_hour.items())] == [
        ("patience", "nudge", "moved to the end of quiet hours"),
        (None, "check-in", None),
        ("gratitude", "nudge", None),
        ("empathy", "nudge", None),
        ("quality-time", "nudge", "would fall in quiet hours"),
    ]
    digest = [by_hour[hour] for hour in ("19:00", "19:10")]
    assert digest[0]["message"] == digest[1]["message"]
    assert [row["sends_at"] for row in digest] == [digest[0]["utc"]] * 2
    moved, dropped = by_hour["07:00"], by_hour["23:00"]
    assert datetime.fromisoformat(moved["sends_at"]) - datetime.fromisoformat(moved["utc"]) == timedelta(
        hours=1
    )
    assert (dropped["message"], dropped["sends_at"]) == (None, None)
    assert len({row["message"] for row in by_hour.values()}) == 4


def test_a_preview_is_of_fourteen_days_if_nothing_else_is_said(cli: Cli) -> None:
    cli.enrol("Alex")
    assert cli.run("schedule", "preview", "Alex").stderr == "Nothing is due in these days.\n"
    cli.run("habit", "add", "gratitude", "--person", "Alex", "--remind", "daily 19:00")
    assert len(cli.lines("schedule", "preview", "Alex")) == 15
    assert len(cli.json("schedule", "preview", "Alex", "--days", "366")) == 366


def test_nothing_that_the_person_did_changes_a_preview(cli: Cli) -> None:
    reminded(cli)
    before = cli.json("schedule", "preview", "Alex")
    cli.run("log", "add", "Alex", "1")
    cli.run("person", "pause", "Alex")
    assert cli.json("schedule", "preview", "Alex") == before


@pytest.mark.parametrize("days", ["0", "367", "-1", "many"])
def test_days_that_cannot_be_are_refused(cli: Cli, days: str) -> None:
    cli.enrol("Alex")
    assert cli.refused("schedule", "preview", "Alex", "--days", days).startswith("Invalid value for '--days'")


def test_a_calendar_is_written_to_stdout_or_into_a_file(cli: Cli, tmp_path: Path) -> None:
    reminded(cli)
    printed = cli.run("schedule", "export", "Alex").stdout_bytes
    calendar = icalendar.Calendar.from_ical(printed)
    assert isinstance(calendar, icalendar.Calendar)
    assert [event.summary for event in calendar.events][:2] == ["Gratitude", "Empathy"]
    assert {event.start.tzinfo for event in calendar.events if isinstance(event.start, datetime)} == {KOLKATA}
    assert printed.count(b"\r\n") == printed.count(b"\n")

    file = tmp_path / "alex.ics"
    said = cli.run("schedule", "export", "Alex", "--output", str(file))
    assert (said.stdout, said.stderr) == ("", f"Written to {file}.\n")
    assert file.read_bytes().splitlines()[-1] == b"END:VCALENDAR"
    assert len(file.read_bytes()) == len(printed)


def test_a_calendar_of_a_discreet_person_names_no_practice(cli: Cli) -> None:
    reminded(cli, "--discreet")
    printed = cli.run("schedule", "export", "Alex").stdout
    for word in ("ratitude", "mpathy", "atience", "questions", "Alex"):
        assert word not in printed
    assert "SUMMARY:Number 4\r\n" in cli.run("schedule", "export", "Alex").stdout_bytes.decode()


def test_a_calendar_that_cannot_be_written_is_told(cli: Cli, tmp_path: Path) -> None:
    cli.enrol("Alex")
    nowhere = str(tmp_path / "nowhere" / "alex.ics")
    assert cli.refused("schedule", "export", "Alex", "--output", nowhere, code=1) == (
        "The system refused: No such file or directory; nothing half-done was kept."
    )
    assert "is a directory" in cli.refused("schedule", "export", "Alex", "--output", str(tmp_path))

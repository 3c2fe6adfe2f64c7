"""Calendars and recurrence rules, as other people's libraries read them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.rrule import rrulestr
from dateutil.tz import tzical
from hypothesis import example, given
from hypothesis import strategies as st

from habits.ics import Event, calendar, rrule
from habits.schedule import Schedule, next_at, parse
from habits.schedule_rules import EveryWeeks, MonthDay, Rule
from tests.habits.oracle import ZONES
from tests.habits.test_schedule_text import rules

UTC_ZONE = ZoneInfo("UTC")
STAMP = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)
FORMS = [
    "daily {}",
    "weekdays {}",
    "mon wed fri {}",
    "every 3 days {}",
    "every 2 weeks sat {}",
    "monthly 1 {}",
    "monthly 29 {}",
    "monthly 30 {}",
    "monthly 31 {}",
    "monthly last sun {}",
]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("daily 20:30", "FREQ=DAILY"),
        ("weekdays 08:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("mon sat 19:00", "FREQ=WEEKLY;BYDAY=MO,SA"),
        ("every 3 days 18:00", "FREQ=DAILY;INTERVAL=3"),
        ("every 2 weeks sat 10:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA"),
        ("monthly 28 09:00", "FREQ=MONTHLY;BYMONTHDAY=28"),
        ("monthly 29 09:00", "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1"),
        ("monthly 30 09:00", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
        ("monthly 31 09:00", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("monthly last sun 17:00-20:00", "FREQ=MONTHLY;BYDAY=-1SU"),
    ],
)
def test_the_rule_of_each_form(text: str, rule: str) -> None:
    assert rrule(parse(text)) == rule


@given(rule=rules, starts_on=st.dates(date(1990, 1, 1), date(2090, 1, 1)))
@example(MonthDay(30), date(2023, 12, 31))
@example(EveryWeeks(2, 0), date(2025, 1, 5))
def test_a_library_reads_the_same_dates(rule: Rule, starts_on: date) -> None:
    schedule = Schedule(rule, time(9), time(9))
    after, ours = datetime.combine(starts_on, time(), UTC), []
    for _ in range(30):
        found = next_at(schedule, after, UTC_ZONE, starts_on, 0)
        assert found is not None
        ours.append(found)
        after = found

    assert list(islice(rrulestr(rrule(schedule), dtstart=ours[0]), 30)) == ours


def made(*schedules: str, zone: str = "UTC", starts_on: date = date(2025, 1, 1)) -> str:
    """Return a calendar with an event for each of these schedules."""
    events = [Event(f"id-{n}", f"Number {n}", parse(text), starts_on) for n, text in enumerate(schedules)]
    return calendar(events, ZoneInfo(zone), STAMP)


def read(text: str) -> icalendar.Calendar:
    found = icalendar.Calendar.from_ical(text)
    assert isinstance(found, icalendar.Calendar)
    assert [part.errors for part in found.walk() if part.errors] == []
    return found


def test_a_calendar_is_written_as_the_standard_wants_it() -> None:
    assert made("mon fri 19:30", "daily 17:00-20:00").split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Attune//Reminders//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VTIMEZONE",
        "TZID:UTC",
        "BEGIN:STANDARD",
        "DTSTART:20241231T170000",
        "TZOFFSETFROM:+0000",
        "TZOFFSETTO:+0000",
        "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "UID:id-0",
        "DTSTAMP:20260302T090030Z",
        "DTSTART;TZID=UTC:20250103T193000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,FR",
        "SUMMARY:Number 0",
        "TRANSP:TRANSPARENT",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:id-1",
        "DTSTAMP:20260302T090030Z",
        "DTSTART;TZID=UTC:20250101T170000",
        "DURATION:PT180M",
        "RRULE:FREQ=DAILY",
        "SUMMARY:Number 1",
        "TRANSP:TRANSPARENT",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_a_calendar_without_reminders_is_one_too() -> None:
    """The standard wants a component in each: the zone is there."""
    empty = read(made(zone="Europe/Berlin"))

    assert empty.events == []
    assert [zone.tz_name for zone in empty.timezones] == ["Europe/Berlin"]


def begins(event: icalendar.Event) -> Iterator[datetime]:
    """Yield when an event begins, in UTC: dateutil's local times, in the zone that the library read."""
    first = event.DTSTART
    assert isinstance(first, datetime)
    (rule,) = event.rrules
    for local in rrulestr(rule.to_ical().decode(), dtstart=first.replace(tzinfo=None)):
        yield local.replace(tzinfo=first.tzinfo).astimezone(UTC)


def ours(text: str, zone: str, starts_on: date, until: datetime, seed: int = 0) -> list[datetime]:
    found: list[datetime] = []
    after: datetime | None = datetime.combine(starts_on, time(), UTC) - timedelta(days=2)
    while after and after <= until:
        after = next_at(parse(text), after, ZoneInfo(zone), starts_on, seed)
        found += [after] if after and after <= until else []
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_a_library_and_dateutil_find_the_same_instants(zone: str) -> None:
    """For every form, in every zone, at the hours that clocks skip or show twice."""
    starts_on, until = date(2023, 12, 31), datetime(2025, 6, 1, tzinfo=UTC)
    texts = [form.format(at) for form in FORMS for at in ("00:30", "02:15", "03:00", "20:30")]
    events = read(made(*texts, zone=zone, starts_on=starts_on)).events

    assert len(events) == len(texts)
    for text, event in zip(texts, events, strict=True):
        assert event.DURATION is None
        theirs = list(takewhile(lambda at: at <= until, begins(event)))
        assert theirs == ours(text, zone, starts_on, until), text


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_a_window_is_an_event_in_which_the_reminder_comes(zone: str) -> None:
    starts_on, until = date(2024, 1, 1), datetime(2025, 6, 1, tzinfo=UTC)
    texts = [form.format("17:00-20:45") for form in FORMS]
    for text, event in zip(texts, read(made(*texts, zone=zone, starts_on=starts_on)).events, strict=True):
        length = event.DURATION
        assert length == timedelta(hours=3, minutes=45)
        known = ours(text, zone, starts_on, until, seed=7)
        assert len({at.minute for at in known}) > 5
        for opens, at in zip(begins(event), known, strict=False):
            assert opens <= at <= opens + length


@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_is_told_so_that_a_program_without_its_own_data_has_it_right(zone: str) -> None:
    text = made("daily 02:30", zone=zone, starts_on=date(2025, 3, 30))
    assert read(text).get_missing_tzids() == set()

    told, known = tzical(StringIO(text)).get(), ZoneInfo(zone)
    assert told is not None
    hours = [datetime(2025, 3, 30, 5, tzinfo=UTC) + timedelta(hours=hour) for hour in range(0, 87_000, 13)]
    there = [at.astimezone(known).replace(tzinfo=None) for at in hours]
    for before, local, after in zip(there, there[1:], there[2:], strict=False):
        # Where clocks change, dateutil reads a time that comes twice as it likes.
        if after - local == local - before == timedelta(hours=13):
            assert local.replace(tzinfo=told).utcoffset() == local.replace(tzinfo=known).utcoffset(), local


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\\;,:\n\"' nN"), max_size=200)
)
@example("x" * 67 + "é" * 40)
@example("x" * 66 + "𝄞" * 40)
@example("a\\nb, c; d\ne")
def test_any_title_is_read_back_and_no_line_is_too_long(title: str) -> None:
    text = calendar([Event("one", title, parse("daily 9:00"), date(2025, 1, 1))], UTC_ZONE, STAMP)

    lines = text.encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"\n" not in text.encode().replace(b"\r\n", b"")
    assert all(line.decode() for line in lines[:-1])  # No letter is cut in two.
    assert read(text).events[0].summary == title


def test_what_means_something_in_a_calendar_is_escaped() -> None:
    event = Event("one", "a\\nb, c; d\r\ne", parse("daily 9:00"), date(2025, 1, 1))

    assert "\r\nSUMMARY:a\\\\nb\\, c\\; d\\ne\r\n" in calendar([event], UTC_ZONE, STAMP)


@pytest.mark.parametrize(
    ("zone", "starts_on", "told"),
    [
        ("Europe/Berlin", date(2025, 1, 1), "DAYLIGHT 20250330T020000 +0100 +0200"),
        ("Europe/Berlin", date(2025, 1, 1), "STANDARD 20251026T030000 +0200 +0100"),
        ("Australia/Lord_Howe", date(2025, 1, 1), "STANDARD 20250406T020000 +1100 +1030"),
        ("America/St_Johns", date(2025, 1, 1), "DAYLIGHT 20250309T020000 -0330 -0230"),
        ("Pacific/Apia", date(2011, 12, 1), "DAYLIGHT 20111230T000000 -1000 +1400"),
        ("Africa/Monrovia", date(1971, 12, 1), "STANDARD 19720107T000000 -004430 +0000"),
    ],
)
def test_a_change_of_clocks_is_told_by_the_clock_before_it(zone: str, starts_on: date, told: str) -> None:
    kind, first, before, after = told.split()
    lines = (
        f"BEGIN:{kind}",
        f"DTSTART:{first}",
        f"TZOFFSETFROM:{before}",
        f"TZOFFSETTO:{after}",
        f"END:{kind}",
    )

    assert "\r\n".join(lines) in made("daily 12:00", zone=zone, starts_on=starts_on)


def test_a_line_is_folded_as_late_as_can_be() -> None:
    for length, parts in {67: 1, 68: 2, 67 + 74: 2, 67 + 75: 3}.items():
        text = calendar([Event("one", "x" * length, parse("daily 9:00"), date(2025, 1, 1))], UTC_ZONE, STAMP)
        lines = text.split("\r\n")
        at = next(n for n, line in enumerate(lines) if line.startswith("SUMMARY"))
        folded = [lines[at], *takewhile(lambda line: line.startswith(" "), lines[at + 1 :])]
        assert len(folded) == parts
        assert all(len(line) == 75 for line, _ in pairwise(folded))

"""Goals: what people write, what they are told when it cannot be, and rows."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habits.goals import (
    DatedGoal,
    Goal,
    GoalError,
    Kind,
    Unit,
    goal_of_row,
    goal_on,
    goal_text,
    parse_goal,
    weekday_mask,
)
from tests.habits.histories import day, goals

DAILY = Goal(Kind.CALENDAR, 1, 1)
MON_WED_FRI = Goal(Kind.WEEKDAYS, 3, 7, frozenset({0, 2, 4}))


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("daily", DAILY),
        ("Every day", DAILY),
        ("1 a day", DAILY),
        ("once a day", DAILY),
        ("3 a week", Goal(Kind.CALENDAR, 3, 7)),
        ("3x per week", Goal(Kind.CALENDAR, 3, 7)),
        ("3 times a week", Goal(Kind.CALENDAR, 3, 7)),
        ("1 time each week", Goal(Kind.CALENDAR, 1, 7)),
        ("twice every week", Goal(Kind.CALENDAR, 2, 7)),
        ("weekly", Goal(Kind.CALENDAR, 1, 7)),
        ("7 a week", Goal(Kind.CALENDAR, 7, 7)),
        ("  4 A  MONTH ", Goal(Kind.CALENDAR, 4, 30)),
        ("31 a month", Goal(Kind.CALENDAR, 31, 30)),
        ("monthly", Goal(Kind.CALENDAR, 1, 30)),
        ("mon wed fri", MON_WED_FRI),
        ("Friday, Monday and wed", MON_WED_FRI),
        ("weekdays", Goal(Kind.WEEKDAYS, 5, 7, frozenset(range(5)))),
        ("weekends", Goal(Kind.WEEKDAYS, 2, 7, frozenset({5, 6}))),
        ("2 in 10 days", Goal(Kind.ROLLING, 2, 10)),
        ("1 in 1 day", Goal(Kind.ROLLING, 1, 1)),
        ("366 in 366 days", Goal(Kind.ROLLING, 366, 366)),
    ],
)
def test_goals_are_read_as_people_write_them(text: str, goal: Goal) -> None:
    assert parse_goal(text) == goal


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The goal is empty."),
        (" , ", "The goal is empty."),
        ("dayly", "'dayly' is not understood here."),
        ("daily please", "'daily' is not understood here."),
        ("three a week", "'three' is not understood here."),
        ("-3 a week", "'-3' is not understood here."),
        ("2.5 a week", "'2.5' is not understood here."),
        ("٣ a week", "'٣' is not understood here."),
        ("3", "Say in what time after '3'."),
        ("3x", "Say in what time after '3x'."),
        ("3 times", "Say in what time after '3'."),
        ("3 a", "Say day, week or month after 'a'."),
        ("3 a fortnight", "'fortnight' is not understood here."),
        ("3 or week", "'or' is not understood here."),
        ("3 a week or so", "'or' is not understood here."),
        ("2 in", "Say in how many days after 'in'."),
        ("2 in 10", "Say in how many days after '10'."),
        ("2 in ten days", "A number of days belongs where 'ten' stands."),
        ("2 in 10 weeks", "'weeks' is not understood here."),
        ("2 in 10 days off", "'off' is not understood here."),
        ("mon wed fry", "'fry' is not understood here."),
        ("mon monday", "The day 'monday' is named twice."),
        ("mon wed 19:00", "'19:00' is not understood here."),
        ("x" * 30, "'xxxxxxxxxxxxxxxxxxxx…' is not understood here."),
        ("3 a week " * 20, "That is too long for a goal."),
        ("8 a week", "8 a week cannot be kept: a day counts once, and there are at most 7 of them."),
        ("32 a month", "32 a month cannot be kept: a day counts once, and there are at most 31 of them."),
        ("5 in 3 days", "5 in 3 days cannot be kept: a day counts once, and there are at most 3 of them."),
        ("2 a day", "2 a day cannot be kept: a day counts once, however often it is done."),
        ("0 a week", "0 a week asks for nothing: the least is 1."),
        ("0 in 5 days", "0 in 5 days asks for nothing: the least is 1."),
        ("2 in 0 days", "A goal in 0 days is not possible: it looks at 1 to 366 days."),
        ("2 in 367 days", "A goal in 367 days is not possible: it looks at 1 to 366 days."),
        (
            "9" * 80 + " a week",
            "So many a week cannot be kept: a day counts once, and there are at most 7 of them.",
        ),
    ],
)
def test_bad_goals_are_answered_with_the_word_and_an_example(text: str, says: str) -> None:
    with pytest.raises(GoalError) as raised:
        parse_goal(text)
    assert (
        str(raised.value) == f"{says} For example: daily, 3 a week, 4 a month, mon wed fri, or 2 in 10 days."
    )


WORDS = (
    "daily every day once 1 2 3x 8 31 366 400 times a per in week month days mon Friday and weekends - , ² ٣"
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=6).map(" ".join) | st.text(max_size=110))
def test_no_text_makes_anything_but_a_goal_or_a_goal_error(text: str) -> None:
    with suppress(GoalError):
        goal = parse_goal(text)
        assert parse_goal(goal_text(goal)) == goal


@given(goals(longest_window=366))
def test_a_goal_survives_its_text_and_its_row(goal: Goal) -> None:
    assert parse_goal(goal_text(goal), goal.reserve) == goal
    assert goal_of_row(goal.kind.value, goal.times, goal.days, weekday_mask(goal), goal.reserve) == goal


def test_texts_and_rows_are_these() -> None:
    texts = ["daily", "3 a week", "4 a month", "mon wed fri", "2 in 10 days", "1 in 1 day"]
    assert [goal_text(parse_goal(text)) for text in texts] == texts
    assert weekday_mask(MON_WED_FRI) == 0b0010101
    assert goal_of_row("weekdays", 3, 7, 0b0010101, 2) == MON_WED_FRI
    assert weekday_mask(DAILY) == 0


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((Kind.CALENDAR, 1, 14), "A calendar goal counts in days"),
        ((Kind.CALENDAR, 1, 7, frozenset({0})), "Only a goal of weekdays can name them"),
        ((Kind.WEEKDAYS, 0, 7), "needs at least one of Monday"),
        ((Kind.WEEKDAYS, 1, 7, frozenset({7})), "needs at least one of Monday"),
        ((Kind.WEEKDAYS, 2, 7, frozenset({0})), "is due once on each of them"),
        ((Kind.WEEKDAYS, 1, 1, frozenset({0})), "is due once on each of them"),
        ((Kind.ROLLING, 1, 0), "looks at 1 to 366 days"),
        ((Kind.ROLLING, 3, 2), "cannot be kept"),
        ((Kind.ROLLING, -1, 2), "asks for nothing"),
        ((Kind.CALENDAR, 1, 1, frozenset(), -1), "A reserve of -1 days is not possible"),
        ((Kind.CALENDAR, 1, 1, frozenset(), 29), "A reserve of 29 days is not possible"),
    ],
)
def test_a_goal_that_nobody_could_keep_cannot_be_built(parts: tuple[object, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Goal(*parts)  # type: ignore[arg-type]


def test_streaks_count_in_the_unit_of_the_goal() -> None:
    units = {text: parse_goal(text).unit for text in ("daily", "3 a week", "4 a month", "mon", "2 in 7 days")}
    assert list(units.values()) == [Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.DAY, Unit.DAY]


def test_the_goal_in_force_is_the_newest_that_has_begun_and_before_all_the_first() -> None:
    dated = [DatedGoal(day(5), MON_WED_FRI), DatedGoal(day(0), DAILY)]
    assert [goal_on(dated, day(number)) for number in (-1, 0, 4, 5, 99)] == [DAILY] * 3 + [MON_WED_FRI] * 2

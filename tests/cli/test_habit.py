import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from habits import practices
from service import facts
from service.states import NudgeKind
from tests.cli.conftest import Cli
from tests.world import World

TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def test_a_couple_takes_up_a_practice(cli: Cli) -> None:
    couple = cli.couple()
    reminds = ("--remind", "daily 20:00", "--remind", "Sat, Sun 9:30")
    rows = cli.json("habit", "add", "Quality time", "--couple", couple, "--goal", "3x per week", *reminds)
    assert [row["person"] for row in rows] == ["Alex", "Sam"]
    assert {row["habit"] for row in rows} == {rows[0]["habit"]}
    for row in rows:
        assert (row["number"], row["practice"], row["goal"]) == (1, "quality-time", "3 a week")
        assert row["until"] is None
    assert cli.json("habit", "list") == rows
    schedules = [row["schedule"] for row in cli.json("reminder", "list", "--person", "Sam")]
    assert schedules == ["daily 20:00", "sat sun 09:30"]


def test_what_is_left_out_is_as_the_practice_has_it(cli: Cli) -> None:
    cli.enrol("Alex")
    usual = practices.find("empathy")
    (row,) = cli.json("habit", "add", "empathy", "--person", "Alex")
    assert row["goal"] == usual.goal
    assert [one["schedule"] for one in cli.json("reminder", "list")] == [usual.schedule]


def test_habits_are_listed_with_numbers(cli: Cli) -> None:
    cli.couple()
    first = cli.json("habit", "add", "gratitude", "--person", "Alex", "--start", "2026-01-05")[0]["habit"]
    second = cli.json("habit", "add", "patience", "--person", "Alex")[0]["habit"]
    since = cli.json("habit", "list")[1]["since"]
    assert cli.lines("habit", "list", "--person", "Alex") == [
        ["habit", "person", "number", "practice", "goal", "since", "until", "taper", "joint"],
        [first, "Alex", "1", "gratitude", "3 a week", "2026-01-05", "-", "no", "none"],
        [second, "Alex", "2", "patience", "1 a week", since, "-", "no", "none"],
    ]
    assert cli.json("habit", "list", "--person", "Sam") == []
    assert len(cli.json("habit", "list", "--limit", "1")) == 2
    assert cli.json("habit", "list", "--after", "Alex") == []


def test_an_empty_list_is_said_in_words(cli: Cli) -> None:
    said = "No habit is taken up yet; `attune habit add` does that.\n"
    assert cli.run("habit", "list").stderr == said


def test_a_cue_is_kept_sealed_and_leads_the_nudge(cli: Cli, world: World) -> None:
    alex = UUID(cli.enrol("Alex"))
    world.run()
    world.says("Alex", "YES")
    cue = "After we put the kids to bed"
    cli.run("habit", "add", "gratitude", "--person", "Alex", "--cue", cue, "--remind", "daily 12:00")
    assert cue not in "".join(cli.everything()[0])
    world.goes_on(timedelta(days=1))
    assert {told.words.partition(": ")[0] for told in world.told(alex, NudgeKind.NUDGE)} == {cue}


def test_a_goal_is_edited_from_today_on(cli: Cli) -> None:
    cli.enrol("Alex")
    (row,) = cli.json("habit", "add", "gratitude", "--person", "Alex")
    said = cli.run("habit", "edit", row["habit"][-6:], "--goal", "mon wed fri").stderr
    assert said == f"The new goal is in force from {row['since']} on.\n"
    assert cli.json("habit", "list")[0]["goal"] == "mon wed fri"


def test_an_archived_habit_keeps_its_number(cli: Cli) -> None:
    cli.enrol("Alex")
    (row,) = cli.json("habit", "add", "gratitude", "--person", "Alex")
    for _ in range(2):
        said = cli.run("habit", "archive", row["habit"][-6:]).stderr
        assert said == f"Archived; {row['since']} was its last day.\n"
    assert cli.json("habit", "list")[0]["until"] == row["since"]
    assert cli.json("reminder", "list")[0]["next"] is None
    assert cli.json("habit", "add", "gratitude", "--person", "Alex")[0]["number"] == 2
    assert "has ended" in cli.refused("habit", "edit", row["habit"], "--goal", "daily")


def test_the_check_in_is_taken_up_by_both_or_nobody(cli: Cli) -> None:
    couple = cli.couple()
    (made,) = cli.json("habit", "add", "check-in", "--person", "Sam", "--remind", "sat 10:00")
    assert (made["person"], made["practice"], made["schedule"]) == ("Sam", "check-in", "sat 10:00")
    again = cli.refused("habit", "add", "check-in", "--couple", couple)
    assert again == "They have the weekly check-in already; `attune reminder remove` ends it first."
    cli.run("reminder", "remove", made["id"])
    rows = cli.json("habit", "add", "check-in", "--couple", couple)
    assert [(row["person"], row["schedule"]) for row in rows] == [("Alex", "sun 18:00"), ("Sam", "sun 18:00")]
    assert cli.json("reminder", "list") == rows


@pytest.mark.parametrize(
    "more", [["--goal", "daily"], ["--start", "2026-01-01"], ["--cue", "x"], ["--remind", "sun 9:00"] * 2]
)
def test_the_check_in_takes_a_schedule_only(cli: Cli, more: list[str]) -> None:
    cli.enrol("Alex")
    said = cli.refused("habit", "add", "check-in", "--person", "Alex", *more)
    assert said == "The check-in takes one --remind, and neither --goal, --start nor --cue."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--goal", "dayly"], "'dayly' is not understood here. For example: daily, 3 a week"),
        (["--goal", "8 a week"], "8 a week cannot be kept"),
        (["--goal", ""], "The goal is empty."),
        (["--remind", "dayly 20:00"], "'dayly' is not understood here. Did you mean 'daily'?"),
        (["--remind", "daily 25:00"], "'25:00' is not a time from 00:00 to 23:59."),
        (["--remind", "daily 20:00", "--remind", "8pm"], "Say on which days before '8pm'"),
        (["--remind", ""], "The schedule is empty."),
        (["--remind", "x" * 200], "That is too long for a schedule."),
        (["--start", "2199-01-01"], "A habit starts today or earlier"),
        (["--start", TOMORROW], "A habit starts today or earlier"),
        (["--start", "0001-01-01"], "A habit starts at most ten years ago"),
        (["--cue", "x" * 101], "A cue has at most 100 characters, on one line."),
        (["--cue", "one\ntwo"], "A cue has at most 100 characters, on one line."),
        (["--cue", "\udcff"], "A cue has at most 100 characters, on one line."),
    ],
)
def test_a_mistake_in_a_habit_is_refused(cli: Cli, options: list[str], said: str) -> None:
    cli.enrol("Alex")
    assert cli.refused("habit", "add", "gratitude", "--person", "Alex", *options).startswith(said)


@pytest.mark.parametrize("day", ["tomorrow", "05.01.2026", "2026-02-30", ""])
def test_a_day_that_is_none_is_refused(cli: Cli, day: str) -> None:
    cli.enrol("Alex")
    assert "--start" in cli.refused("habit", "add", "gratitude", "--person", "Alex", "--start", day)


def test_a_practice_that_does_not_exist_is_refused(cli: Cli) -> None:
    cli.enrol("Alex")
    said = cli.refused("habit", "add", "gratitud", "--person", "Alex")
    assert said == "There is no practice of that name. Did you mean gratitude?"


def test_a_practice_is_taken_up_once(cli: Cli) -> None:
    couple = cli.couple()
    cli.run("habit", "add", "gratitude", "--person", "Sam")
    said = cli.refused("habit", "add", "gratitude", "--couple", couple)
    assert said == "Gratitude is taken up already; edit that habit, or archive it first."


def test_somebody_takes_it_up(cli: Cli) -> None:
    empty = cli.json("couple", "add")["id"]
    couple = cli.couple()
    for owners in ([], ["--person", "Alex", "--couple", couple]):
        said = cli.refused("habit", "add", "gratitude", *owners)
        assert said == "Give either --person or --couple: who takes it up."
    assert "nobody in it" in cli.refused("habit", "add", "gratitude", "--couple", empty)
    assert "no such couple" in cli.refused("habit", "add", "gratitude", "--couple", "")
    assert "no such person" in cli.refused("habit", "add", "gratitude", "--person", "")


@pytest.mark.parametrize("wanted", ["nothing", "", "12", "0" * 32, "\udcff"])
def test_a_habit_that_does_not_exist_is_refused(cli: Cli, wanted: str) -> None:
    cli.enrol("Alex")
    cli.run("habit", "add", "gratitude", "--person", "Alex")
    for arguments in (
        ["habit", "edit", wanted, "--goal", "daily"],
        ["habit", "archive", wanted],
        ["reminder", "add", wanted, "daily 20:00", "--person", "Alex"],
    ):
        assert cli.refused(*arguments).startswith("There is no such habit")


def test_a_goal_with_a_typo_changes_nothing(cli: Cli) -> None:
    cli.enrol("Alex")
    (row,) = cli.json("habit", "add", "gratitude", "--person", "Alex")
    assert cli.refused("habit", "edit", row["habit"], "--goal", "mon wde").startswith(
        "'wde' is not understood"
    )
    assert "--goal" in cli.refused("habit", "edit", row["habit"])


BAD_GOALS = {
    "8 a week": "8 a week cannot be kept: a day counts once, and there are at most 7 of them.",
    "32 a month": "32 a month cannot be kept: a day counts once, and there are at most 31 of them.",
    "5 in 3 days": "5 in 3 days cannot be kept: a day counts once, and there are at most 3 of them.",
    "2 a day": "2 a day cannot be kept: a day counts once, however often it is done.",
    "0 a week": "0 a week asks for nothing: the least is 1.",
    "0 in 5 days": "0 in 5 days asks for nothing: the least is 1.",
    "2 in 0 days": "A goal in 0 days is not possible: it looks at 1 to 366 days.",
    "2 in 400 days": "A goal in 400 days is not possible: it looks at 1 to 366 days.",
    "3 a fortnight": "'fortnight' is not understood here.",
    "3 a": "Say day, week or month after 'a'.",
    "3": "Say in what time after '3'.",
    "2 in ten days": "A number of days belongs where 'ten' stands.",
    "mon wde": "'wde' is not understood here.",
    "mon mon": "The day 'mon' is named twice.",
    "-1 a week": "'-1' is not understood here.",
    "three a week": "'three' is not understood here.",
    "99999999999999999999 a week": "So many a week cannot be kept",
    "": "The goal is empty.",
    "1 " * 60: "That is too long for a goal.",
}
EXAMPLES = " For example: daily, 3 a week, 4 a month, mon wed fri, or 2 in 10 days."


def test_a_goal_that_nobody_could_keep_is_refused_at_the_word(cli: Cli) -> None:
    cli.enrol("Alex")
    (row,) = cli.json("habit", "add", "gratitude", "--person", "Alex")
    for goal, said in BAD_GOALS.items():
        for command in (["add", "patience", "--person", "Alex"], ["edit", row["habit"]]):
            told = cli.refused("habit", *command, f"--goal={goal}")
            assert told.startswith(said), goal
            assert told.endswith(EXAMPLES), goal


GOALS = {
    "Daily": "daily",
    "3 a week": "3 a week",
    "once a week": "1 a week",
    "4x per month": "4 a month",
    "Monday, wed and fri": "mon wed fri",
    "2 in 10 days": "2 in 10 days",
}


def test_every_kind_of_goal_has_a_text_that_is_understood_again(cli: Cli) -> None:
    cli.enrol("Alex")
    (row,) = cli.json("habit", "add", "gratitude", "--person", "Alex")
    for typed, goal in GOALS.items():
        for text in (typed, goal):
            (edited,) = cli.json("habit", "edit", row["habit"], "--goal", text)
            assert edited["goal"] == goal
            assert cli.lines("habit", "list")[1][4] == goal


def test_a_cue_is_edited_for_one_or_all_and_taken_away(cli: Cli, world: World) -> None:
    couple = cli.couple()
    people = {name: UUID(cli.json("person", "show", name)["id"]) for name in ("Alex", "Sam")}
    (row, _) = cli.json("habit", "add", "gratitude", "--couple", couple)
    habit, old = row["habit"], {"--cue": "After lunch"}
    assert cli.run("habit", "edit", habit, *old.popitem()).stderr == "The new cue leads its next nudge.\n"
    cli.run("habit", "edit", habit[-6:], "--cue", "Before bed", "--person", "Sam")
    assert cues(world, people) == {"Alex": "After lunch", "Sam": "Before bed"}
    assert "Before bed" not in "".join(cli.everything()[0])
    said = cli.run("habit", "edit", habit, "--cue", "", "--person", "Sam", "--goal", "daily").stderr
    assert said == f"The new goal is in force from {row['since']} on. The cue is gone.\n"
    assert cues(world, people) == {"Alex": "After lunch", "Sam": None}
    assert [one["goal"] for one in cli.json("habit", "list")] == ["daily", "daily"]


def cues(world: World, people: dict[str, UUID]) -> dict[str, str | None]:
    with world.site.db.read() as session:
        shares = facts.shares(session, list(people.values())).values()
        found = {share.person_id: share.cue(world.site.sealer) for share in shares}
    return {name: found[id_] for name, id_ in people.items()}


def test_an_edit_that_cannot_be_done_whole_is_not_done_at_all(cli: Cli) -> None:
    cli.enrol("Alex")
    cli.enrol("Sam")
    (row,) = cli.json("habit", "add", "gratitude", "--person", "Alex")
    habit = row["habit"]
    said = cli.refused("habit", "edit", habit, "--goal", "daily", "--cue", "x" * 101)
    assert said == "A cue has at most 100 characters, on one line."
    assert "cannot be kept" in cli.refused("habit", "edit", habit, "--goal", "8 a week", "--cue", "Then")
    said = cli.refused("habit", "edit", habit, "--goal", "daily", "--cue", "Then", "--person", "Sam")
    assert said.startswith("That habit is not theirs")
    said = cli.refused("habit", "edit", habit)
    assert said == "Say what is to change: give --goal, --cue, --taper, --no-taper or --rescue."
    said = cli.refused("habit", "edit", habit, "--goal", "daily", "--person", "Alex")
    assert said == "What a habit asks is the same for both of a couple; --person goes with --cue only."


def test_a_change_is_shown_in_json_too(cli: Cli) -> None:
    couple = cli.couple()
    rows = cli.json("habit", "add", "gratitude", "--couple", couple)
    habit = rows[0]["habit"]
    assert cli.json("habit", "edit", habit, "--cue", "Then") == rows
    ended = cli.json("habit", "archive", habit)
    assert ended == [{**row, "until": row["since"]} for row in rows]


@pytest.fixture
def explained(cli: Cli) -> str:
    """The id of Alex's habit with two goals and two reminders."""
    cli.enrol("Alex")
    start = (datetime.now(UTC).date() - timedelta(days=9)).isoformat()
    more = ("--goal", "3 a week", "--remind", "daily 20:00", "--remind", "sun 09:00", "--start", start)
    habit: str = cli.json("habit", "add", "gratitude", "--person", "Alex", *more)[0]["habit"]
    cli.run("habit", "edit", habit, "--goal", "2 in 10 days")
    cli.run("log", "add", "Alex", "1", "--on", start)
    return habit


def test_a_habit_is_explained_without_a_code_but_for_how_it_goes(cli: Cli, explained: str) -> None:
    before = cli.everything()
    shown = cli.json("habit", "explain", explained[-6:], "--person", "Alex")
    assert cli.everything() == before
    (listed,) = cli.json("habit", "list")
    assert {key: shown[key] for key in listed} == listed
    today = datetime.now(UTC).date().isoformat()
    assert shown["goals"] == [
        {"from": shown["since"], "goal": "3 a week"},
        {"from": today, "goal": "2 in 10 days"},
    ]
    evening, sunday = shown["reminders"]
    assert re.fullmatch(r"daily 20:00, next \w{3} \d{4}-\d\d-\d\d 20:00 UTC", evening)
    assert re.fullmatch(r"sun 09:00, next Sun \d{4}-\d\d-\d\d 09:00 UTC", sunday)
    assert shown["progress"] is None
    printed = cli.run("habit", "explain", explained, "--person", "Alex")
    assert f"goals      {shown['since']} 3 a week\n           {today} 2 in 10 days\n" in printed.stdout
    assert "Practised" not in printed.stdout
    assert printed.stderr == (
        "How it goes is theirs to show: `attune streaks` sends them a code; give it with `--code`.\n"
    )


def test_with_the_code_a_habit_is_explained_whole(cli: Cli, world: World, explained: str) -> None:
    world.run()
    world.says("Alex", "YES")
    cli.run("streaks", "Alex", code=3)
    world.run()
    (alex,) = cli.json("person", "list")
    words = world.told(UUID(alex["id"]), NudgeKind.NOTICE)[-1].words
    code = re.search(r"\b[0-9]{6}\b", words)
    assert code
    whole = ("habit", "explain", explained, "--person", "Alex", "--code", code[0])
    shown = cli.json(*whole)
    assert [shown["progress"]] == cli.json("streaks", "Alex", "--explain", "--code", code[0])
    printed = cli.run(*whole)
    assert printed.stdout.endswith("\n".join(shown["progress"]["explained"]) + "\n")
    assert printed.stderr == ""
    assert [what for (what,) in cli.execute("SELECT what FROM access_log ORDER BY id")] == [
        "habit",
        "streaks",
        "habit",
    ]
    assert "not right" in cli.refused(*whole[:-1], f"{code[0]}0")


def test_where_the_opt_in_said_so_a_habit_is_explained_whole(cli: Cli, explained: str) -> None:
    cli.set("operator_sees", "progress")
    assert cli.json("habit", "explain", explained, "--person", "Alex")["progress"]["practised_days"] == 1
    assert cli.execute("SELECT what FROM access_log") == [("habit",)]


def test_a_habit_of_somebody_else_is_not_explained(cli: Cli, explained: str) -> None:
    cli.enrol("Sam")
    said = cli.refused("habit", "explain", explained, "--person", "Sam")
    assert said == "That habit is not theirs; `attune habit list --person` shows which are."
    assert "no such habit" in cli.refused("habit", "explain", "abcd", "--person", "Alex")
    assert "--person" in cli.refused("habit", "explain", explained)


def test_reminders_are_explained_in_words(cli: Cli, explained: str) -> None:
    cli.execute("UPDATE reminder SET purpose = 'rescue' WHERE schedule = 'sun 09:00'")
    words = cli.json("habit", "explain", explained, "--person", "Alex")["reminders"]
    assert words[1].startswith("sun 09:00, only on the last day that can keep a run, next Sun ")
    cli.run("habit", "archive", explained)
    words = cli.json("habit", "explain", explained, "--person", "Alex")["reminders"]
    assert words[0] == "daily 20:00, silent"


def test_whether_somebody_left_is_not_told(cli: Cli, explained: str) -> None:
    told = ("habit", "list"), ("habit", "explain", explained, "--person", "Alex")
    before = [cli.run(*command).output for command in told]
    cli.run("habit", "leave", explained, "--person", "Alex")
    assert [cli.run(*command).output for command in told] == before

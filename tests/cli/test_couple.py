from uuid import UUID

import pytest

from tests.cli.conftest import Cli


def test_a_couple_is_made_and_found_by_the_end_of_its_id(cli: Cli) -> None:
    made = cli.json("couple", "add")["id"]
    assert UUID(made).version == 7
    for wanted in (made, made.upper(), made.replace("-", ""), made[-4:], made[-17:]):
        assert cli.json("couple", "show", wanted) == {"id": made, "people": []}


def test_couples_are_listed_with_their_people(cli: Cli) -> None:
    first = cli.couple()
    second = cli.json("couple", "add")["id"]
    assert cli.json("couple", "list") == [
        {"id": first, "people": ["Alex", "Sam"]},
        {"id": second, "people": []},
    ]
    assert cli.lines("couple", "list") == [["id", "people"], [first, "Alex, Sam"], [second, "-"]]
    assert cli.run("couple", "show", first).stdout == f"id      {first}\npeople  Alex\n        Sam\n"


def test_couples_are_listed_page_by_page(cli: Cli) -> None:
    made = [cli.json("couple", "add")["id"] for _ in range(3)]
    assert [row["id"] for row in cli.json("couple", "list", "--limit", "2")] == made[:2]
    assert [row["id"] for row in cli.json("couple", "list", "--after", made[1])] == made[2:]
    assert [row["id"] for row in cli.json("couple", "list", "--after", made[1][-6:])] == made[2:]


def test_an_empty_list_is_said_in_words(cli: Cli) -> None:
    said = cli.run("couple", "list")
    assert said.stdout == ""
    assert said.stderr == "There is no couple here; `attune couple add` makes one.\n"
    assert cli.json("couple", "list") == []


@pytest.mark.parametrize("wanted", ["nobody", "", "12", "----", "0193-", "%", "_____", "\udcff", "' OR 1=1"])
def test_a_couple_that_does_not_exist_is_refused(cli: Cli, wanted: str) -> None:
    cli.couple()
    for arguments in (["couple", "show", "--", wanted], ["couple", "list", f"--after={wanted or '?'}"]):
        assert cli.refused(*arguments) == "There is no such couple; `attune couple list` shows them all."


def test_an_end_that_several_ids_have_is_refused(cli: Cli) -> None:
    for first in "12":
        cli.execute("INSERT INTO couple (id) VALUES (?)", f"{first}1930000000070008000000000abcdef")
    assert cli.refused("couple", "show", "abcdef").startswith("Several couples")
    found = cli.json("couple", "show", "21930000-0000-7000-8000-000000abcdef")
    assert found["id"] == "21930000-0000-7000-8000-000000abcdef"


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "1.5", ""])
def test_a_limit_that_is_none_is_refused(cli: Cli, limit: str) -> None:
    assert "--limit" in cli.refused("couple", "list", "--limit", limit)

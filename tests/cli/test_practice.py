import pytest

from habits import practices
from tests.cli.conftest import Cli


def test_the_ten_practices_are_listed(cli: Cli) -> None:
    rows = cli.json("practice", "list")
    assert [row["practice"] for row in rows] == list(practices.catalogue())
    assert len(rows) == 10
    assert {row["kind"] for row in rows} == {"practice", "barrier"}
    printed = cli.lines("practice", "list")
    assert printed[0] == ["practice", "title", "kind", "goal", "schedule"]
    assert printed[1:] == [list(row.values()) for row in rows]


@pytest.mark.parametrize("name", ["gratitude", "Gratitude", "quality time", "QUALITY-TIME"])
def test_a_practice_is_shown_with_its_prompts(cli: Cli, name: str) -> None:
    shown = cli.json("practice", "show", name)
    assert shown["practice"] == name.lower().replace(" ", "-")
    assert len(shown["prompts"]) == 12
    printed = cli.run("practice", "show", name).stdout
    for words in (shown["title"], shown["why"], shown["how"], *shown["prompts"]):
        assert words in printed


def test_the_catalogue_needs_no_installation(cli: Cli) -> None:
    (cli.home / "attune.toml").write_text("junk")
    assert len(cli.json("practice", "list")) == 10


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gratitud", "There is no practice of that name. Did you mean gratitude?"),
        ("", "There is no practice of that name. There are: active-listening, inner-world,"),
        ("\udcff", "There is no practice of that name. There are:"),
        ("yoga", "There is no practice of that name. There are:"),
    ],
)
def test_a_practice_that_does_not_exist_is_refused(cli: Cli, name: str, said: str) -> None:
    assert cli.refused("practice", "show", name).startswith(said)

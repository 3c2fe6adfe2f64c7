"""Every command that a page tells people to type, and every one that a sentence of ours names, is one."""

import shlex
from pathlib import Path

import click
import pytest

from service.cli import attune
from tests.docs.pages import PAGES, ROOT, SOURCES, blocks, links, quoted, typed

HELP = ("-h", "--help")


def named(words: list[str]) -> tuple[click.Command, click.Context, list[str]]:
    """Return the command that these words name, and the words that are left."""
    command: click.Command = attune
    # The names of help as well: a command remembers those that it was first asked for with.
    context = click.Context(attune, info_name="attune", help_option_names=["-h", "--help"])
    if words[:1] == ["--home"]:
        words = words[2:]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        below = command.get_command(context, words[0])
        assert below, f"There is no command {' '.join(words)}."
        command, context, words = below, click.Context(below, info_name=words[0], parent=context), words[1:]
    return command, context, words


def options(command: click.Command) -> set[str]:
    return {name for one in command.params for name in one.opts} | set(HELP)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_reader_is_to_type_is_a_command(page: Path) -> None:
    for line in typed(page):
        command, context, words = named(shlex.split(line, comments=True))
        if words and words[0] in HELP:
            continue
        assert not isinstance(command, click.Group), line
        command.make_context(context.info_name, words, parent=context.parent).close()


def test_the_pages_tell_what_to_type() -> None:
    """The test above would find nothing to complain of in pages that it cannot read."""
    told = {page.name: len(typed(page)) for page in PAGES}
    assert told["README.md"] >= 8
    assert told["quickstart.md"] >= 14
    assert told["deploy.md"] >= 4


@pytest.mark.parametrize("file", [*PAGES, *SOURCES], ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_sentence_names_is_a_command(file: Path) -> None:
    for line in quoted(file):
        command, _, words = named(shlex.split(line.replace("…", "").replace("|", " ").split("  ")[0]))
        assert {word for word in words if word.startswith("-")} <= options(command), line


def test_sentences_name_commands() -> None:
    assert sum(len(quoted(file)) for file in SOURCES) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        assert (page.parent / link).exists(), link


def test_the_first_pages_stay_short() -> None:
    for name, most in (("README.md", 150), ("docs/quickstart.md", 120)):
        assert len((ROOT / name).read_text("utf-8").splitlines()) <= most


def test_no_page_names_a_place_of_this_machine() -> None:
    for page in PAGES:
        for line in blocks(page):
            assert not line.startswith(("cd /root", "cd /work", "cd /tmp")), line

"""Writes docs/cli.md and docs/settings.md from the code: `python docs/generate.py`, or `--check` them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from notifiers import registry
from service.cli import attune
from service.settings import PREFIX, Settings

FOLDER = Path(__file__).parent
WIDTH = 100
"""Columns of the help texts, whatever terminal this runs on."""

COMMANDS = """\
# Every command

*This page is written by `make docs` from the help of the commands themselves: change it there.*

- `-h` explains each command. `attune --home FOLDER …` says which installation is meant; else it is the one in
  `ATTUNE_HOME`, else the one in the current folder.
- Data goes to stdout: a table on a terminal, tab-separated lines in a pipe, one JSON document with `--json`
  (its keys never change, its times are UTC). Words go to stderr.
- Exit code 0: done. 1: it did not work. 2: what was asked for cannot be right. 3: somebody has to be asked
  first. Whatever goes wrong is told in one sentence, and nothing half-done is kept.
- In place of an id its last four or more digits do, and in place of a person's id their name.
- `eval "$(_ATTUNE_COMPLETE=bash_source attune)"` lets the Tab key complete commands (`zsh_source`,
  `fish_source` for these shells).
"""

SETTINGS = """\
# Every setting

*This page is written by `make docs` from `service/settings.py` and the channels: change it there.*

A setting is looked for in three places, and the first wins:

1. the environment: `ATTUNE_PORT=8080`, for a channel's `ATTUNE_NOTIFIERS__TWILIO__SENDER=+12025550100`;
   an empty one counts as none;
2. a file in `secrets/` of the installation's folder, named like its variable in small letters, such as
   `secrets/attune_notifiers__twilio__auth_token`; the right place for secrets (mode 0600);
3. `attune.toml` in the installation's folder: `port = 8080`, for a channel's `sender = "+12025550100"` below
   `[notifiers.twilio]`.

The installation's folder is named by `attune --home FOLDER` or by `ATTUNE_HOME`, and is the current one
otherwise. A name that is no setting, and a value that cannot be used, is refused by every command in one
sentence. `attune doctor` says whether all fit together.
"""

CHANNELS = """\
# Channels

A channel is set up by its table in attune.toml, even an empty one. `attune notifier test NAME` tries one out.
Other packages may bring further channels (entry points of the group `attune.notifiers`).
"""


def cli_page() -> str:
    """Return docs/cli.md."""
    top = click.Context(attune, info_name="attune", terminal_width=WIDTH, help_option_names=["-h", "--help"])
    return "\n".join([COMMANDS, *_sections(attune, top)])


def _sections(group: click.Group, context: click.Context) -> Iterator[str]:
    """Yield a section for each command of a group; of a group in it the short help and its own sections."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        below = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield f"## {below.command_path}\n\n{command.help}\n"
            yield from _sections(command, below)
        else:
            level = "##" if context.parent is None else "###"
            yield f"{level} {below.command_path}\n\n```text\n{command.get_help(below)}\n```\n"


def settings_page() -> str:
    """Return docs/settings.md."""
    parts = [SETTINGS, _table(Settings, PREFIX), "", CHANNELS]
    for name in sorted(registry.BUILT_IN):
        channel = registry.load(name)
        about = (sys.modules[channel.__module__].__doc__ or "").partition("\n")[0]
        reaches = " and ".join(f"`{kind}`" for kind in sorted(channel.address_kinds))
        parts.append(f"## [notifiers.{name}]\n\n{about} Reaches addresses of the kind {reaches}.\n")
        if channel.Settings.model_fields:
            parts.append(f"{_table(channel.Settings, f'{PREFIX}NOTIFIERS__{name.upper()}__')}\n")
    return "\n".join(parts)


def _table(model: type[BaseModel], prefix: str) -> str:
    schema = model.model_json_schema()
    rows = ["| setting | variable | default | may be | what it is |", "|---|---|---|---|---|"]
    for name, given in schema["properties"].items():
        kind = _kind(given, schema.get("$defs", {}))
        required = name in schema.get("required", ())
        cells = (
            f"`{name}`",
            f"`{prefix}{name.upper()}`",
            "**needed**" if required else _default(given.get("default")),
            _bounds(kind),
            given["description"],
        )
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(rows)


def _kind(given: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a field's JSON schema that says what a value may be, None left aside."""
    (kind,) = (one for one in given.get("anyOf", [given]) if one.get("type") != "null")
    reference: str = kind.get("$ref", "")
    found: dict[str, Any] = named[reference.rpartition("/")[2]] if reference else kind
    return found


def _default(value: object) -> str:
    match value:
        case None | "" | {}:
            return "none"
        case float():
            return f"`{value:g}`"
        case _:
            return f"`{value}`"


def _bounds(kind: dict[str, Any]) -> str:
    match kind:
        case {"writeOnly": True}:
            return "**secret**"
        case {"enum": choices}:
            return ", ".join(f"`{choice}`" for choice in choices)
        case {"minimum": low, "maximum": high}:
            return f"{low} to {high}"
        case {"minLength": low, "maxLength": high}:
            return f"{low} to {high} characters"
        case {"maxLength": high}:
            return f"at most {high} characters"
        case {"format": "path"}:
            return "a folder"
        case {"format": "file-path"}:
            return "a file"
        case {"type": "object"}:
            return "tables"
        case _:
            return "text"


PAGES = {"cli.md": cli_page, "settings.md": settings_page}


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if a page is stale.")
def main(check: bool) -> None:
    """Write docs/cli.md and docs/settings.md from the code."""
    for name, page in PAGES.items():
        file, text = FOLDER / name, page()
        if check and (not file.exists() or file.read_text("utf-8") != text):
            click.echo(f"docs/{name} is stale: run `make docs`.", err=True)
            sys.exit(1)
        if not check:
            file.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

"""A group that knows its commands by name, and imports a command's module only when it is used."""

import importlib
from collections.abc import Mapping

import click
from click.shell_completion import CompletionItem

Commands = Mapping[str, tuple[str, str]]
"""Each command's place, and its short help: the help of all would need all modules."""


class Lazy(click.Group):
    """All commands of a table, imported when they are called."""

    def __init__(self, *arguments: object, places: Commands, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.places = places

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self.places)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.places:
            return None
        module, _, name = self.places[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in self.places.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        found = [(name, about) for name, (_, about) in self.places.items() if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=about) for name, about in found), *options]

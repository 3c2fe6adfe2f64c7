"""The command line: parse, call one verb, show. A command's module is imported only when it is used."""

import importlib
import os
import sys

import click

COMMANDS = {
    "init": ("service.cli.init:init", "Set up a new installation in this folder."),
    "up": ("service.cli.run:up", "Run the daemon and the web server in one process."),
    "demo": ("service.cli.run:demo", "Show everything with an invented couple; no account needed."),
    "run": ("service.cli.run:run", "Run the daemon or the web server alone."),
    "couple": ("service.cli.couple:couple", "Couples: two people who practise together."),
    "person": ("service.cli.person:person", "People: enrol, show, pause, resume."),
    "practice": ("service.cli.practice:practice", "The ten practices of the catalogue."),
    "habit": ("service.cli.habit:habit", "Habits: practices that somebody has taken up."),
    "reminder": ("service.cli.reminder:reminder", "Reminders: when a nudge is due."),
    "schedule": ("service.cli.schedule:schedule", "Try a schedule before using it."),
    "nudge": ("service.cli.nudge:nudge", "Messages: what went out, what did not, and why."),
    "log": ("service.cli.log:log", "What a person has logged; needs their code."),
    "streaks": ("service.cli.streaks:streaks", "A person's practised days and streaks; needs their code."),
    "db": ("service.cli.db:db", "The database."),
    "notifier": ("service.cli.notifier:notifier", "Channels: what is set up, and does it work."),
    "doctor": ("service.cli.doctor:doctor", "Check the installation and say what to do."),
}


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--home", type=click.Path(file_okay=False), help="The installation's folder (ATTUNE_HOME; else this one)."
)
@click.version_option(package_name="attune", prog_name="attune")
def attune(home: str | None) -> None:
    """Small reminders for feeling close: nudges two people, and keeps count kindly."""
    if home:
        os.environ["ATTUNE_HOME"] = home


def main() -> None:
    """Run the command line; every error is one sentence and an exit code, never a traceback."""
    os.umask(0o077)  # What an installation writes is for its own user alone.
    try:
        attune.main(standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        told = importlib.import_module("service.cli.trouble").told(error)
        click.echo(f"Error: {told[0]}", err=True)
        sys.exit(told[1])

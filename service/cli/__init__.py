"""The command line: parse, call one verb, show. A command's module is imported only when it is used."""

import gc
import importlib
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from service.cli.lazy import Lazy
from service.running import SELDOM

COMMANDS = {
    "init": ("service.cli.init:init", "Set up a new installation in this folder, or complete one."),
    "up": ("service.cli.up:up", "Run the daemon and the web server in one process, until Ctrl-C."),
    "demo": (
        "service.cli.demo:demo",
        "Show everything with an invented couple and a clock that you step.",
    ),
    "prove": (
        "service.cli.prove:prove",
        "Kill a throw-away Attune again and again, and count what went out.",
    ),
    "run": ("service.cli.run:run", "Run the daemon, the web server or a worker alone."),
    "couple": ("service.cli.couple:couple", "Couples: two people who practise together."),
    "person": ("service.cli.person:person", "People: enrol, edit, show, pause, resume."),
    "consent": ("service.cli.consent:consent", "Consent: what people agreed to, when, and in which words."),
    "practice": ("service.cli.practice:practice", "The ten practices of the catalogue."),
    "habit": ("service.cli.habit:habit", "Habits: practices that somebody has taken up."),
    "reminder": ("service.cli.reminder:reminder", "Reminders: when a nudge is due."),
    "schedule": ("service.cli.schedule:schedule", "Schedules: try one, see ahead, export a calendar."),
    "nudge": ("service.cli.nudge:nudge", "Messages: what went out, what did not, and why."),
    "log": ("service.cli.log:log", "What a person has logged; needs their code."),
    "streaks": ("service.cli.streaks:streaks", "A person's practised days and streaks; needs their code."),
    "pulse": ("service.cli.pulse:pulse", "A person's weekly check-ins, item by item; needs their code."),
    "simulate": (
        "service.cli.simulate:simulate",
        "Put one message through the real path, and say what was understood.",
    ),
    "export": ("service.cli.export:export", "Write all that is kept of a person as one JSON document."),
    "import": ("service.cli.import_:import_", "Take over a person from a file that `attune export` wrote."),
    "forget": ("service.cli.forget:forget", "Delete a person and all that is theirs, for good."),
    "key": ("service.cli.key:key", "The key that everything private is sealed with."),
    "db": ("service.cli.db:db", "The database."),
    "notifier": ("service.cli.notifier:notifier", "Channels: what is set up, and does it work."),
    "doctor": ("service.cli.doctor:doctor", "Check the installation and say what to do."),
}
INTERRUPTED = 130


class Attune(Lazy):
    """All commands; whatever goes wrong is one sentence and an exit code."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        with in_one_sentence():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with in_one_sentence():
            return super().invoke(ctx)


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """End the program, after one sentence on stderr, at any error inside the block; no traceback is seen."""
    try:
        yield
    except (click.exceptions.NoArgsIsHelpError, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise  # Click shows the help of a group, and nothing of the others.
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None
    except click.UsageError as error:
        how = f" `{error.ctx.command_path} -h` shows how." if error.ctx else ""
        wrong = error.format_message()
        _end(f"{wrong}{'' if wrong.endswith(('.', '?')) else '.'}{how}", error.exit_code)
    except Exception as error:
        _end(*importlib.import_module("service.cli.trouble").told(error))


def _end(sentence: str, exit_code: int) -> NoReturn:
    click.echo(f"Error: {sentence}", err=True)
    raise click.exceptions.Exit(exit_code) from None


@click.group(
    cls=Attune,
    places=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--home", metavar="FOLDER", help="The installation's folder (ATTUNE_HOME; else this one).")
@click.version_option(package_name="attune", prog_name="attune")
@click.pass_context
def attune(ctx: click.Context, home: str | None) -> None:
    """Small reminders for feeling close: nudges two people, and keeps count kindly."""
    ctx.obj = home


def main() -> None:
    """Run the command line as a program."""
    # What is loaded stays: looking for circles meanwhile takes a tenth of a start.
    gc.set_threshold(*SELDOM)
    os.umask(0o077)  # What an installation writes is for its own user alone.
    streams = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper)]
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")  # An old terminal may not have every letter.
    try:
        attune.main(prog_name="attune")
    finally:
        for stream in streams:
            _let_go(stream)


def _let_go(stream: io.TextIOWrapper) -> None:
    try:
        stream.flush()
    except OSError:
        # It was told that this could not be written. Python would try once more, and show a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

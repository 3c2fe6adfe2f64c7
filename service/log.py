"""Logs for a machine to read: one JSON object a line on stderr, ids and counts, never a word or a number."""

import json
import logging
import sys
import threading
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO, cast

import structlog
from structlog.typing import Processor

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
QUIET = ("apscheduler", "twilio", "urllib3", "uvicorn.access", "alembic", "sqlalchemy")
"""Libraries that log bodies, addresses or URLs below this level."""
RENDERERS: dict[str, Processor] = {
    "json": structlog.processors.JSONRenderer(ensure_ascii=False),
    "console": structlog.dev.ConsoleRenderer(colors=False),
}


class Lenient:
    """A file that loses what cannot be written: no work ends of a full disk, or of a reader who has gone."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._file.flush()


class Line(logging.Formatter):
    """A library's record as we write our own; an error's text may be private, and only its place is told."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        told = {"event": record.getMessage(), "logger": record.name, "level": record.levelname.lower()}
        return json.dumps({**told, **_error_of(record), "timestamp": at}, ensure_ascii=False)


class PlainLine(logging.Formatter):
    """The same for the console."""

    def format(self, record: logging.LogRecord) -> str:
        return " ".join([f"{record.name}: {record.getMessage()}", *_error_of(record).values()])


def _error_of(record: logging.LogRecord) -> dict[str, str]:
    error = record.exc_info[1] if record.exc_info else None
    return {"error": type(error).__name__, "place": place_of(error)} if error else {}


def set_up(level: str, form: str = "json") -> None:
    """Send our log and the libraries' to stderr from `level` on, as `json` or for the `console`."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            RENDERERS[form],
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Lenient(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line() if form == "json" else PlainLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    threading.excepthook = _thread_broke


def _thread_broke(broken: threading.ExceptHookArgs) -> None:
    """Log where a thread ended that nobody expected to; by default its text would be shown."""
    if broken.exc_value:
        error = broken.exc_value
        structlog.get_logger().error("thread broke", error=type(error).__name__, place=place_of(error))


def place_of(error: BaseException) -> str:
    """Return where an error was raised, as `file:line`: its text may hold a person's words."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "nowhere"

"""Logs for a machine to read: one JSON object a line on stderr, ids and counts, never a word or a number."""

import logging
import sys
import traceback

import structlog

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
QUIET = ("apscheduler", "twilio", "urllib3", "uvicorn.access", "alembic", "sqlalchemy")
"""Libraries that log bodies, addresses or URLs below this level."""


def set_up(level: str) -> None:
    """Send our log and the libraries' to stderr from `level` on."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s", force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)


def place_of(error: BaseException) -> str:
    """Return where an error was raised, as `file:line`: its text may hold a person's words."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"

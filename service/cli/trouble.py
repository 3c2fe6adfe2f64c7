"""Whatever goes wrong, as one sentence and an exit code."""

import traceback

from sqlalchemy.exc import DBAPIError

from notifiers.base import ConfigError
from service.db import explain
from service.errors import AttuneError


def told(error: Exception) -> tuple[str, int]:
    """Return the sentence for a person, and the exit code."""
    if isinstance(error, AttuneError):
        return str(error), error.exit_code
    if isinstance(error, ConfigError):
        return str(error), 2
    if isinstance(error, DBAPIError):
        return explain(error), 1
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return (
        f"Something unexpected happened ({type(error).__name__} at {place}); nothing half-done was kept. "
        "Please report it with these words.",
        1,
    )

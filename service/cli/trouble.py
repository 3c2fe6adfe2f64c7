"""Whatever goes wrong, as one sentence and an exit code."""

from sqlalchemy.exc import DBAPIError

from notifiers.base import ConfigError
from service import log
from service.errors import AttuneError
from service.trouble import explain


def told(error: Exception) -> tuple[str, int]:
    """Return the sentence for a person, and the exit code."""
    if isinstance(error, AttuneError):
        return str(error), error.exit_code
    if isinstance(error, ConfigError):
        return str(error), 2
    if isinstance(error, DBAPIError):
        return explain(error), 1
    if isinstance(error, OSError) and error.strerror:
        return f"The system refused: {error.strerror}; nothing half-done was kept.", 1
    return (
        f"Something unexpected happened ({type(error).__name__} at {log.place_of(error)}); nothing half-done "
        "was kept. Please report it with these words.",
        1,
    )

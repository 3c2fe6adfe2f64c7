import json
import subprocess
import sys

import pytest

from service.log import LEVELS, QUIET, place_of

WORDS = "I hugged Sam"
PROGRAM = """
import logging, sys
import structlog
from service import log

log.set_up(sys.argv[1])
log.set_up(sys.argv[1])
ours = structlog.get_logger()
for level in log.LEVELS:
    getattr(ours, level)("nudge sent", nudge=level)
try:
    raise ValueError(sys.argv[2])
except ValueError as error:
    ours.error("job failed", error=type(error).__name__, place=log.place_of(error))
for name in (*log.QUIET, "twilio.http_client", "sqlalchemy.engine.Engine", "another.library"):
    logging.getLogger(name).info(sys.argv[2])
    logging.getLogger(name).debug(sys.argv[2])
logging.getLogger("twilio").warning(sys.argv[2])
logging.getLogger("another.library").warning("a plain warning")
logging.getLogger("twilio").error("an error of a library")
"""


def logged(level: str) -> list[str]:
    """What a process of its own writes, since the log belongs to a whole process."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, level, WORDS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize("level", LEVELS)
def test_the_log_is_json_from_its_level_on_and_private(level: str) -> None:
    lines = logged(level)
    assert lines[-2:] == ["another.library: a plain warning", "twilio: an error of a library"]
    records = [json.loads(line) for line in lines[:-2]]
    assert [record["level"] for record in records[:-1]] == list(LEVELS)[list(LEVELS).index(level) :]
    for record in records[:-1]:
        assert (record["event"], record["nudge"]) == ("nudge sent", record["level"])
        assert record["timestamp"].endswith("Z")
    assert (records[-1]["error"], records[-1]["place"]) == ("ValueError", "<string>:12")
    assert not any(WORDS in line for line in lines)


def test_the_libraries_that_tell_too_much_are_named() -> None:
    assert {"twilio", "urllib3", "sqlalchemy", "uvicorn.access"} <= set(QUIET)


def test_the_place_of_an_error_is_where_it_was_raised() -> None:
    with pytest.raises(ValueError, match=WORDS) as caught:
        fail()
    assert place_of(caught.value) == f"test_log.py:{fail.__code__.co_firstlineno + 1}"


def fail() -> None:
    raise ValueError(WORDS)

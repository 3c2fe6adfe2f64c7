import ast
import json
import subprocess
import sys

import pytest

from service.log import LEVELS, QUIET, place_of
from tests.docs.pages import SOURCES

WORDS = "I hugged Sam"
PROGRAM = """
import logging, sys, threading, warnings
import structlog
from service import log

log.set_up(sys.argv[1], sys.argv[3])
log.set_up(sys.argv[1], sys.argv[3])
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


def break_down():
    raise ValueError(sys.argv[2])


try:
    break_down()
except ValueError:
    logging.getLogger("another.library").exception("it broke")
thread = threading.Thread(target=break_down)
thread.start()
thread.join()
warnings.simplefilter("default")
warnings.warn("deprecated")
"""


def logged(level: str, form: str = "json") -> list[str]:
    """What a process of its own writes, since the log belongs to a whole process."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, level, WORDS, form]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize("level", LEVELS)
def test_the_log_is_json_from_its_level_on_and_private(level: str) -> None:
    lines = logged(level)
    *records, plain, error, broke, thread, warned = [json.loads(line) for line in lines]
    assert (plain["logger"], plain["event"], plain["level"]) == (
        "another.library",
        "a plain warning",
        "warning",
    )
    assert (error["logger"], error["event"], error["level"]) == ("twilio", "an error of a library", "error")
    for one in (broke, thread):
        assert (one["error"], one["place"].partition(":")[0]) == ("ValueError", "<string>")
    assert (broke["event"], thread["event"]) == ("it broke", "thread broke")
    assert "deprecated" in warned["event"]
    assert all(line["timestamp"].endswith("Z") for line in (plain, broke, thread))
    assert [record["level"] for record in records[:-1]] == list(LEVELS)[list(LEVELS).index(level) :]
    for record in records[:-1]:
        assert (record["event"], record["nudge"]) == ("nudge sent", record["level"])
        assert record["timestamp"].endswith("Z")
    assert (records[-1]["error"], records[-1]["place"]) == ("ValueError", "<string>:12")
    assert not any(WORDS in line for line in lines)


def test_on_a_console_it_is_plain_lines_and_private_too() -> None:
    lines = logged("warning", "console")
    assert "nudge sent" in lines[0]
    assert "nudge=warning" in lines[0]
    assert not any(line.startswith("{") for line in lines)
    assert "another.library: a plain warning" in lines
    assert not any(WORDS in line for line in lines)


PRIVATE = {
    "address",
    "answer",
    "body",
    "brand",
    "email",
    "mail",
    "message",
    "name",
    "number",
    "path",
    "person",
}
PRIVATE |= {"phone", "secret", "sender", "subject", "text", "to", "token", "url", "value", "words"}


def test_no_line_has_a_field_for_what_is_private() -> None:
    """An event is a sentence of the source, and whatever else it tells is named."""
    seen = 0
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=attr)) if attr in LEVELS:
                    seen += 1
                    assert len(node.args) == 1
                    assert isinstance(node.args[0], ast.Constant), file.name
                    assert not {key.arg for key in node.keywords} & {None, *PRIVATE}, file.name
    assert seen > 20


def test_the_libraries_that_tell_too_much_are_named() -> None:
    assert {"twilio", "urllib3", "sqlalchemy", "uvicorn.access"} <= set(QUIET)


def test_the_place_of_an_error_is_where_it_was_raised() -> None:
    with pytest.raises(ValueError, match=WORDS) as caught:
        fail()
    assert place_of(caught.value) == f"test_log.py:{fail.__code__.co_firstlineno + 1}"


def fail() -> None:
    raise ValueError(WORDS)

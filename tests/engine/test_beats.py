"""When a job of a worker counts as late, and the words for what ended a worker."""

import psycopg
from procrastinate.exceptions import ConnectorException

from service.engine import queue
from service.engine.beats import Beats
from tests.engine.test_local import WORDS, Clock


def test_what_failed_here_and_was_taken_up_elsewhere_is_no_trouble() -> None:
    clock = Clock()
    beats = Beats(clock)
    beats.well("plan")
    assert beats.trouble("plan", 31) is None
    for _ in range(2):
        beats.failed("plan", "It broke.")
        clock.seconds += 20
    assert beats.trouble("plan", 31) == "It broke."
    clock.seconds += 20
    assert beats.trouble("plan", 31) is None
    beats.begin("plan")
    clock.seconds += 40
    assert beats.trouble("plan", 31) == "It broke."
    beats.well("plan")
    beats.end("plan")
    assert beats.trouble("plan", 31) is None


def test_the_words_for_what_ends_a_worker() -> None:
    assert queue.why(ExceptionGroup("", [queue.WorkerEndedError()])) == queue.BROKEN
    assert "ValueError" in queue.why(ValueError(WORDS))
    assert WORDS not in queue.why(ValueError(WORDS))


def test_which_worker_was_taken_for_dead_is_known_by_its_error() -> None:
    error = ConnectorException()
    error.__cause__ = psycopg.errors.ForeignKeyViolation()
    assert queue.why(error) == queue.TAKEN_FOR_DEAD
    error.__cause__ = psycopg.OperationalError("connection timeout expired")
    assert queue.why(error).startswith("PostgreSQL does not answer")

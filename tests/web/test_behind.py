"""What is done behind the posts: in order, whatever one of them does, and no longer than the server waits."""

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from service.web import behind
from service.web.behind import Behind


def test_one_after_the_other_and_a_bug_holds_nothing_up(logged: Callable[[], str]) -> None:
    done: list[int] = []
    worker = Behind()
    worker.add(partial(done.append, 1))
    worker.add(lambda: 1 / 0)
    worker.add(partial(done.append, 2))
    worker.end()
    assert done == [1, 2]
    assert "left to the sweep" in logged()
    assert "ZeroDivisionError" in logged()


def test_an_end_leaves_what_has_not_begun(logged: Callable[[], str]) -> None:
    done: list[int] = []
    begun, go_on = threading.Event(), threading.Event()
    worker = Behind()

    def slow() -> None:
        begun.set()
        go_on.wait()

    worker.add(slow)
    worker.add(partial(done.append, 1))
    begun.wait()
    ending = threading.Thread(target=worker.end, args=(0.0,))
    ending.start()
    while not worker._ending.is_set():
        time.sleep(0.001)
    go_on.set()
    ending.join()
    assert done == []


def test_what_is_too_much_is_left_to_the_sweep(
    monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    monkeypatch.setattr(behind, "MOST", 0)
    done: list[int] = []
    worker = Behind()
    worker.add(partial(done.append, 1))
    worker.end()
    assert done == []
    assert "left to the sweep" in logged()


def test_nothing_was_ever_posted() -> None:
    Behind().end()

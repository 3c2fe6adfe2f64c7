"""Dead or cut off at bytes spread over the exchange with the provider; `make crash` takes every one."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.crash import sweep
from tests.crash.line import Side
from tests.crash.sweep import Swept

SAMPLE = {
    # Nothing, the first byte, amid the headers, about their end, amid the body, and more than there is.
    Side.REQUEST: (0, 1, 200, 400, 500, 600, 5000),
    Side.ANSWER: (1, 20, 200, 600, 5000),
}
Sweep = Callable[[Path, str | None, Callable[[Side], Iterable[int]]], Swept]


@pytest.mark.parametrize("end", [sweep.kill, sweep.cut])
def test_nothing_is_doubled_and_nothing_lost(end: Sweep, tmp_path: Path, empty_url: str) -> None:
    swept = end(tmp_path, empty_url, lambda side: SAMPLE[side])

    assert (swept.doubles, swept.wrong) == (0, 0)
    assert swept.points == len(SAMPLE[Side.REQUEST]) + len(SAMPLE[Side.ANSWER])
    # All that were cut in the request, and none after it.
    assert swept.sent == swept.at_provider == 1 + len(SAMPLE[Side.ANSWER])
    assert swept.unknown == len(SAMPLE[Side.REQUEST]) - 1

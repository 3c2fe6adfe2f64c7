"""The log of this process in a file, as it is written in life."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import structlog

from service import log


@contextmanager
def kept_in(path: Path) -> Iterator[None]:
    """Write all that is logged inside the block to a file, from the least important on."""
    before, hook = logging.root.handlers[:], threading.excepthook
    with path.open("w") as file:
        with redirect_stderr(file):
            log.set_up("debug")
        try:
            yield
        finally:  # A test that fails must not take others along.
            structlog.reset_defaults()
            logging.root.handlers[:] = before
            logging.captureWarnings(False)
            threading.excepthook = hook

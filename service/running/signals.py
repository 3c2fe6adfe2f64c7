"""The two signals that end a process: noted by whoever stops in its own time, or an interrupt."""

import signal
import threading

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def note_signals() -> threading.Event:
    """Return an event that both signals set from here on."""
    ended = threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda *_: ended.set())
    return ended


def end_by_signals() -> None:
    """Let both signals end us with a KeyboardInterrupt, so that what was begun is closed.

    By default SIGTERM would not, and a shell starts what runs in the background deaf to SIGINT.
    """
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)

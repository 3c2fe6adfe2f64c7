"""Other processes of the same installation, forked from one that has imported all of Attune."""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess

from service.settings import Settings

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["__main__", "tests.walk.walker", "tests.walk.writers"])
PATIENCE_SECONDS = 120


def start(work: Callable[..., None], settings: Settings, *arguments: object) -> ForkServerProcess:
    """Start `work(settings, *arguments)` in a process of its own; it must be a module's function."""
    process = CONTEXT.Process(target=work, args=(settings, *arguments), daemon=True)
    process.start()
    return process


def ended(process: ForkServerProcess) -> int | None:
    """Return how a process ended: 0, 1 for an error (which it prints), or a signal's number below 0."""
    process.join(PATIENCE_SECONDS)
    code = process.exitcode
    process.kill()
    process.join()
    process.close()
    return code

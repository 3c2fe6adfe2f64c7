"""One poll, in a process that kills itself with SIGKILL at the n-th commit."""

import os
import signal
from datetime import datetime

from service import polling
from service.settings import Settings
from service.site import open_site
from tests.walk.walker import Place, listen


def poll_and_die(settings: Settings, at: datetime, place: Place, nth: int) -> None:
    """Poll, and die when `place` is reached for the `nth` time."""
    left = nth

    def reach(reached: Place) -> None:
        nonlocal left
        left -= reached is place
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    site = open_site(settings, lambda: at)
    listen(site, reach)
    polling.poll(site)
    site.db.close()

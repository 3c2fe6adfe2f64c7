"""A dead man's switch: a healthy daemon calls an address, and whoever watches it misses the calls.

The address is a secret: it is in no log and no error, and no redirect is followed.
"""

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import structlog

from service import health, jobs
from service.site import Site

log = structlog.get_logger()

TIMEOUT_SECONDS = 10


def ping(site: Site, late: Mapping[str, str]) -> int:
    """Call `ping_url` if all jobs are on time and the database takes what is written; return how many calls.

    `late` names the jobs of this process that hang, and why.
    """
    url = site.settings.ping_url
    if url is None or health.look(site, lambda: late)[0]:
        return 0
    jobs.beat(site)  # Raises if nothing can be written, and then nothing is called.
    try:
        status = _call(url.get_secret_value())
    except (OSError, HTTPException, ValueError) as error:
        log.warning("ping failed", error=type(error).__name__)
        return 0
    if not 200 <= status < 300:
        log.warning("ping refused", status=status)
        return 0
    return 1


def _call(url: str) -> int:
    """Return the status that a GET of this address is answered with."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    line = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        query = f"?{parts.query}" if parts.query else ""
        line.request("GET", f"{parts.path or '/'}{query}", headers={"User-Agent": "Attune"})
        return line.getresponse().status
    finally:
        line.close()

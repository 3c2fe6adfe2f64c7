"""The library Apprise itself: mute, one try for each message, and a look at what each service answered.

Apprise says only whether all went well. A refusal and an answer that was lost are the same to it, but not to
us: one may be tried again, the other must not. So its plugins get their HTTP through a witness, and only
what that has seen to be refused, or never to have connected, counts as not delivered.
"""

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

import apprise
import requests
from apprise import AppriseAsset, NotifyFormat, NotifyType, PersistentStoreMode
from apprise.manager_plugins import NotificationManager
from apprise.plugins.base import NotifyBase

from notifiers.base import Kind, SendError
from notifiers.lines import never_connected
from notifiers.twilio_errors import retry_after

# The library logs its URLs and the answers of services, urllib3 each URL at DEBUG.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

CALLS = frozenset({"request", "get", "post", "put", "patch", "delete", "head", "options"})

_ASSET = AppriseAsset(
    app_id="Attune",
    app_desc="Attune",
    async_mode=False,  # In this thread: the witness tells messages apart by it.
    http_redirects=False,  # A message is for the service in the address, and for no other.
    storage_mode=PersistentStoreMode.MEMORY,
)
_TROUBLE = "nobody knows whether the message went out."


def how_many() -> int:
    """Return how many kinds of address the library knows."""
    return len(NotificationManager().schemas())  # type: ignore[no-untyped-call]  # The library has no types here.


def is_readable(address: str) -> bool:
    """Say whether the library knows the service and can read the address."""
    return _service(address) is not None


def hand_over(address: str, text: str, title: str, timeout: float) -> SendError | None:
    """Give the message to the service, once; return None if it took it, else what is known of its failure."""
    service = _service(address)
    if service is None:
        return SendError(Kind.CONTACT, "Apprise cannot read this address: check it with the person.")
    service.socket_connect_timeout = service.socket_read_timeout = timeout
    # An address may ask for several tries, for other hosts, or for a failure to look like a success.
    service.retry, service.optional, service.redirects = 0, False, False
    _watch(service)
    carrier = apprise.Apprise(asset=_ASSET)
    carrier.add(service)
    calls: list[SendError | None] = []
    _seen.calls = calls
    taken = carrier.notify(text, title, NotifyType.INFO, body_format=NotifyFormat.TEXT)
    return None if taken else _verdict(calls)


def _service(address: str) -> NotifyBase | None:
    return apprise.Apprise.instantiate(address, asset=_ASSET)


def _verdict(calls: list[SendError | None]) -> SendError:
    """Return what a failure means, from each call that was made for it; None is one that went well."""
    failures = [call for call in calls if call]
    if not failures or len(failures) < len(calls):
        # By another way than HTTP, or a part of it went out.
        return SendError(Kind.UNKNOWN, f"The service failed without saying how: {_TROUBLE}")
    for kind in (Kind.UNKNOWN, Kind.RETRY):
        if found := [failure for failure in failures if failure.kind is kind]:
            return found[-1]
    return failures[-1]


class _Seen(threading.local):
    def __init__(self) -> None:
        self.calls: list[SendError | None] = []


_seen = _Seen()


class _Witness:
    """Stands in for the module requests in a plugin, and notes how each call ended."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(requests, name)
        return _noting(found) if name in CALLS else found


_WITNESS = _Witness()


def _watch(service: NotifyBase) -> None:
    for part in type(service).__mro__:
        module = sys.modules[part.__module__]
        if module.__name__.startswith("apprise.") and getattr(module, "requests", None) is requests:
            module.requests = _WITNESS  # type: ignore[attr-defined]


def _noting(call: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    def noted(*arguments: Any, **options: Any) -> requests.Response:
        try:
            answer = call(*arguments, **options)
        except requests.RequestException as error:
            _seen.calls.append(_lost(error))
            raise
        _seen.calls.append(_refusal(answer))
        return answer

    return noted


def _lost(error: Exception) -> SendError:
    if never_connected(error):
        return SendError(
            Kind.RETRY, "There is no connection to the service: check the network, DNS and certificates."
        )
    return SendError(Kind.UNKNOWN, f"The line to the service broke, or its answer was late: {_TROUBLE}")


def _refusal(answer: requests.Response) -> SendError | None:
    status = answer.status_code
    label = f"HTTP {status}"
    if 200 <= status < 300:
        return None
    if status == 429:
        wait = retry_after(answer.headers.get("Retry-After"))
        reason = f"The service is too busy ({label}): the message is tried again later."
        return SendError(Kind.RETRY, reason, code=label, after=wait)
    if status in (401, 403, 404, 410):
        reason = f"The service does not know this address, or its secret ({label}): check it with the person."
        return SendError(Kind.CONTACT, reason, code=label)
    if 400 <= status < 500 and status != 408:
        reason = f"The service refused this message ({label}): it is not sent again."
        return SendError(Kind.CONTENT, reason, code=label)
    return SendError(Kind.UNKNOWN, f"The service failed in the middle ({label}): {_TROUBLE}", code=label)

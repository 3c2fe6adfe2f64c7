"""Whether a call by the library requests ended before the provider can have heard of it."""

import ssl
from collections.abc import Iterator

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError


def never_connected(error: Exception) -> bool:
    """Say whether this error can only have come up before the first byte of a request was written.

    A name that does not resolve is a NewConnectionError; a failed handshake for any other reason than the
    certificate looks like a break in the middle, and so counts as one.
    """
    kinds = NewConnectionError | ConnectTimeoutError | ProxyError | ssl.SSLCertVerificationError
    return any(isinstance(part, kinds) for part in _parts(error))


def _parts(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that it wraps: requests and urllib3 keep those in args and attributes."""
    yield error
    inner = [*error.args, getattr(error, "reason", None), getattr(error, "original_error", None)]
    for part in inner:
        if isinstance(part, BaseException) and part is not error:
            yield from _parts(part)

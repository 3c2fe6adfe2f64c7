"""A socket that listens, and one sentence where that cannot be."""

import errno
import socket

from service.errors import AttuneError


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address. Raises AttuneError if it is taken or not ours."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError):
        raise AttuneError(_NOT_OURS.format(host=host)) from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise AttuneError(_why_not(error).format(host=host, port=port)) from None
    return listener


_NOT_OURS = "This machine has no address {host}; set ATTUNE_HOST (or --host of the demo) to one that it has."
_NO_RIGHT = "Port {port} needs more rights; set ATTUNE_PORT (or --port of the demo) to one from 1024 on."
_TAKEN = (
    "Port {port} on {host} cannot be used, probably another program listens there; "
    "stop it, or set ATTUNE_PORT (or --port of the demo) to another one."
)


def _why_not(error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return _NOT_OURS
    return _NO_RIGHT if isinstance(error, PermissionError) else _TAKEN


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"

"""What libraries of Attune's do that a bare start does not, and what its unit must refuse; prints JSON."""

import ctypes
import importlib
import json
import mmap
import os
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable

import psycopg
import rapidfuzz
from cryptography.fernet import Fernet


def reach_postgresql() -> None:
    try:
        psycopg.connect("host=127.0.0.1 port=1 connect_timeout=2")
    except psycopg.OperationalError as error:
        if "not permitted" in str(error):
            raise


def give_away() -> None:
    with tempfile.NamedTemporaryFile() as file:
        os.chown(file.name, os.getuid(), os.getgid())


def seal() -> None:
    sealer = Fernet(Fernet.generate_key())
    sealer.decrypt(sealer.encrypt(b"words"))


NEEDED: dict[str, Callable[[], object]] = {
    "psycopg": reach_postgresql,
    "sealing": seal,
    "rapidfuzz": lambda: rapidfuzz.fuzz.ratio("done", "doen"),
    "twilio": lambda: importlib.import_module("twilio.rest"),
    "tls": ssl.create_default_context,
    "names": lambda: socket.getaddrinfo("localhost", 443),
    "callback from C": lambda: ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)(),
    "random": lambda: os.urandom(16),
}

REFUSED: dict[str, Callable[[], object]] = {
    "memory to write and run": lambda: mmap.mmap(-1, mmap.PAGESIZE, prot=7).close(),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    "another owner": give_away,
    "another processor": lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)),
}


def works(action: Callable[[], object]) -> bool:
    try:
        action()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    json.dump({name: works(action) for name, action in (NEEDED | REFUSED).items()}, sys.stdout)

"""Hosts: each a network namespace with an address and a line of its own, or a mere address of this machine.

The namespaces are inside one that the whole program runs in (`enter_private_network`): nothing of the real
network is touched, and all of it is gone when the last process is.
"""

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import HTTPServer
from pathlib import Path

INSIDE = "SEVERAL_HOSTS_INSIDE"
NEWNET = 0x40000000
NAMES = Path("/run/netns")


@dataclass(frozen=True, slots=True)
class Host:
    """One of several machines."""

    name: str
    address: str
    """Where its own servers are reached."""
    database: str
    """The address at which it finds the machine with the database."""
    network: Path | None
    """The namespace; None: it shares the network of this machine, and its line cannot be cut."""

    def cut(self) -> None:
        """Pull the plug of its line: nobody is told."""
        ip("link", "set", self.name, "down")

    def mend(self) -> None:
        ip("link", "set", self.name, "up")


def enter_private_network() -> bool:
    """Run this program again in a network and with mounts of its own; say whether it is there now."""
    fresh = ["unshare", "--net", "--mount", "--propagation", "private"]
    if INSIDE not in os.environ and _can(fresh):
        os.environ[INSIDE] = "yes"
        os.execvp(fresh[0], [*fresh, sys.executable, *sys.orig_argv[1:]])
    return os.environ.get(INSIDE) == "yes"


def _can(fresh: list[str]) -> bool:
    """Say whether this user may make networks, and hosts in them."""
    tried = [*fresh, "sh", "-c", "mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip netns add x"]
    return os.geteuid() == 0 and not subprocess.run(tried, capture_output=True, check=False).returncode


def make(names: list[str], private: bool) -> list[Host]:
    """Make the hosts, each with a line to this one."""
    if not private:
        return [Host(name, f"127.0.0.{n}", "127.0.0.1", None) for n, name in enumerate(names, 11)]
    ip("link", "set", "lo", "up")
    NAMES.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", NAMES], check=True)
    hosts = [Host(name, f"10.87.{n}.2", f"10.87.{n}.1", NAMES / name) for n, name in enumerate(names, 1)]
    for host in hosts:
        ip("netns", "add", host.name)
        ip("link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        ip("address", "add", f"{host.database}/30", "dev", host.name)
        ip("link", "set", host.name, "up")
        ip("-n", host.name, "address", "add", f"{host.address}/30", "dev", "eth0")
        ip("-n", host.name, "link", "set", "eth0", "up")
        ip("-n", host.name, "link", "set", "lo", "up")
    return hosts


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def enter(network: Path | None) -> None:
    """Move this thread, and what it starts from now on, into the network of a host."""
    if network is None:
        return
    with network.open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


def open_door(host: Host, make_server: Callable[[], HTTPServer]) -> HTTPServer:
    """Return a server of this process that is reached on the host's own loopback, whatever its line does."""
    made: list[HTTPServer] = []
    opened = threading.Event()

    def serve() -> None:
        enter(host.network)
        made.append(make_server())
        opened.set()
        made[0].serve_forever()

    threading.Thread(target=serve, daemon=True).start()
    assert opened.wait(30)
    return made[0]

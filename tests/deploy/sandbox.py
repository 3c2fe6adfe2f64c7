"""Runs a command under the system call rules of a systemd unit, where no systemd runs.

    python -m tests.deploy.sandbox deploy/attune.service COMMAND …

Builds the same seccomp filters as systemd does, of SystemCallFilter=, RestrictAddressFamilies= and
MemoryDenyWriteExecute=, from systemd's own lists, and then becomes the command.
"""

import ctypes
import errno
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ALLOW = 0x7FFF0000
EQUAL, MASKED_EQUAL = 4, 7
WRITE, EXEC, SHM_EXEC = 2, 4, 0o100000
HIGHEST_FAMILY = 45


class Argument(ctypes.Structure):
    """libseccomp's `scmp_arg_cmp`: the argument's position, the comparison, its one or two values."""

    _fields_ = (
        ("position", ctypes.c_uint),
        ("comparison", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


class Filter:
    """One seccomp filter in the making; `load` puts this process and its children under it for good."""

    def __init__(self, default: int) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2")
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(default)))

    def add(self, action: int, call: str, *arguments: Argument) -> None:
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return  # Not a call of this processor; systemd passes over it too.
        array = (Argument * len(arguments))(*arguments)
        failed = self._library.seccomp_rule_add_array(
            self._context, ctypes.c_uint32(action), number, len(arguments), array
        )
        if failed:
            raise OSError(-failed, f"No rule for {call}.")

    def load(self) -> None:
        failed = self._library.seccomp_load(self._context)
        if failed:
            raise OSError(-failed, "The kernel refused the filter.")


def values(unit: str, name: str) -> list[str]:
    """Return what a unit assigns to a name, line by line."""
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


def calls(words: list[str]) -> Iterator[str]:
    """Yield the system calls behind names and @groups."""
    for word in words:
        if not word.startswith("@"):
            yield word
            continue
        command = ["systemd-analyze", "--no-pager", "syscall-filter", word]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines = [line.strip() for line in said.splitlines()[1:]]
        yield from calls([line for line in lines if line and not line.startswith("#")])


def filters(unit: str) -> Iterator[Filter]:
    """Yield the filters that a unit asks for, in the order to load; the strictest answer to a call wins."""
    families = Filter(ALLOW)
    wanted = {
        getattr(socket, name) for line in values(unit, "RestrictAddressFamilies") for name in line.split()
    }
    for family in set(range(HIGHEST_FAMILY + 1)) - wanted:
        families.add(refuse(errno.EAFNOSUPPORT), "socket", Argument(0, EQUAL, family, 0))
    yield families

    if values(unit, "MemoryDenyWriteExecute") == ["yes"]:
        memory = Filter(ALLOW)
        both = WRITE | EXEC
        memory.add(refuse(errno.EPERM), "mmap", Argument(2, MASKED_EQUAL, both, both))
        memory.add(refuse(errno.EPERM), "mprotect", Argument(2, MASKED_EQUAL, EXEC, EXEC))
        memory.add(refuse(errno.EPERM), "pkey_mprotect", Argument(2, MASKED_EQUAL, EXEC, EXEC))
        memory.add(refuse(errno.EPERM), "shmat", Argument(2, MASKED_EQUAL, SHM_EXEC, SHM_EXEC))
        yield memory

    # The last one: under it no further filter can be loaded.
    allowed: set[str] = set()
    for line in values(unit, "SystemCallFilter"):
        if line.startswith("~"):
            allowed -= set(calls(line[1:].split()))
        else:
            allowed |= set(calls(line.split()))
    named = Filter(refuse(errno.EPERM))
    for call in allowed:
        named.add(ALLOW, call)
    yield named


def refuse(number: int) -> int:
    """Return libseccomp's action that lets a call fail with this errno."""
    return 0x00050000 | number


def main(unit: Path, command: list[str]) -> None:
    made = list(filters(unit.read_text()))  # All of them first: making one needs calls that another refuses.
    for one in made:
        one.load()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

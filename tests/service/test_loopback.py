"""The fence of tests/conftest.py: no test reaches beyond this machine."""

import asyncio
import socket

import pytest

FAR = "192.0.2.1"  # An address that belongs to nobody (RFC 5737).


def test_nothing_is_sent_beyond_this_machine() -> None:
    with socket.socket() as tcp, pytest.raises(RuntimeError, match="beyond this machine"):
        tcp.connect((FAR, 80))
    with socket.socket() as tcp, pytest.raises(RuntimeError, match="beyond this machine"):
        tcp.connect_ex((FAR, 80))
    with socket.socket(type=socket.SOCK_DGRAM) as udp, pytest.raises(RuntimeError, match="beyond"):
        udp.sendto(b"", (FAR, 53))
    with socket.socket(socket.AF_INET6) as tcp, pytest.raises(RuntimeError, match="beyond"):
        tcp.connect(("2001:db8::1", 80))


@pytest.mark.parametrize("name", ["example.org", b"example.org", FAR])
def test_no_name_is_looked_up(name: str | bytes) -> None:
    with pytest.raises(RuntimeError, match="beyond this machine"):
        socket.getaddrinfo(name, 443)


def test_the_event_loop_is_fenced_in_too() -> None:
    with pytest.raises(RuntimeError, match="beyond this machine"):
        asyncio.run(asyncio.wait_for(asyncio.open_connection(FAR, 80), 5))


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port)).close()

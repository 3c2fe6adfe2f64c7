"""Whether a host is this very machine, so that a password may go there without encryption."""

import ipaddress


def is_this_machine(host: str) -> bool:
    """Say whether `host` is `localhost` or an address of the loopback interface."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"

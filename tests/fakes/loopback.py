"""Keeps a test run on this machine: whoever reaches for another address gets an error, whatever library is used."""

import ipaddress
import sys
from typing import cast

_CONNECTS = frozenset({"socket.connect", "socket.sendto"})


class LeftTheMachine(AssertionError):
    """A test tried to reach an address that is not loopback."""


def refuse_other_machines() -> None:
    """From now on, to the end of this process, sockets reach loopback and local files only.

    It watches Python's own sockets, which every library here uses in the tests; other processes and uvloop go unseen.
    """
    sys.addaudithook(_check)


def _check(event: str, args: tuple[object, ...]) -> None:
    if event not in _CONNECTS or not isinstance(args[1], tuple):
        return
    host = str(cast("tuple[object, ...]", args[1])[0])
    if not is_loopback(host):
        raise LeftTheMachine(f"a test reached for {host}")


def is_loopback(host: str) -> bool:
    """Whether `host` is an address of this machine's loopback network, or the name of it."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"

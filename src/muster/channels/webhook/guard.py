"""Where a customer's URL may lead: to the public internet, and wherever the operator allows. Pure."""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from yarl import URL

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MOST_CHARACTERS = 2048
"""The longest URL that is taken."""

_FORBIDDEN_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network, and the unspecified address
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public address that one cloud routes to its own control service
        "169.254.0.0/16",  # link-local: the clouds' metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast address
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
"""The only range of which global unicast addresses are given out."""
_FORBIDDEN_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4: holds an IPv4 address of the sender's choice
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_USUAL_PORTS = frozenset({80, 443})
_FIRST_FREE_PORT = 1024


def is_public(address: Address) -> bool:
    """Whether `address` is an ordinary address of the public internet, seen through every wrapping of IPv4 in IPv6."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _FORBIDDEN_V4)
    if address in _NAT64:
        return is_public(IPv4Address(address.packed[-4:]))
    if address not in _PUBLIC_V6 or any(address in network for network in _FORBIDDEN_V6):
        return False
    if int.from_bytes(address.packed[8:12]) in _ISATAP:
        return is_public(IPv4Address(address.packed[-4:]))
    return address.is_global


class Guard:
    """Decides by URL and by address. What the operator lists may have any address, any port, and plain http."""

    def __init__(
        self, *, networks: Iterable[str] = (), hosts: Iterable[str] = (), forbidden: Iterable[str] = ()
    ) -> None:
        """Allow `networks` (CIDR) and `hosts` (names, compared without case); refuse `forbidden` (CIDR) before all.

        Raises ValueError for what is not a network.
        """
        self._networks: tuple[Network, ...] = tuple(ip_network(network) for network in networks)
        self._hosts = frozenset(_canonical(host) for host in hosts)
        self._forbidden: tuple[Network, ...] = tuple(ip_network(network) for network in forbidden)

    def parse(self, url: str) -> URL:
        """`url`, taken apart; raises Forbidden with a sentence for its owner when nothing may be sent to it."""
        if len(url) > MOST_CHARACTERS:
            raise Forbidden(f"the URL is longer than {MOST_CHARACTERS} characters")
        try:
            parsed = URL(url)
            host, port = parsed.raw_host, parsed.port
        except ValueError as error:
            raise Forbidden("this is not a URL") from error
        if parsed.scheme not in {"http", "https"} or not host or port is None:
            raise Forbidden("the URL must begin with https:// and name a host")
        if parsed.user is not None or parsed.password is not None:
            raise Forbidden("the URL must not contain a user name or password")
        literal = _literal(host)
        if literal is not None and not self.allows(host, literal):
            raise Forbidden("the host is not a public address")
        self._check_habits(parsed, port, listed=self._lists(host, literal))
        return parsed

    @staticmethod
    def _check_habits(url: URL, port: int, *, listed: bool) -> None:
        if listed:
            return
        if url.scheme != "https":
            raise Forbidden("the URL must begin with https://")
        if port < _FIRST_FREE_PORT and port not in _USUAL_PORTS:
            raise Forbidden("the port must be 443, 80 or above 1023")

    def allows(self, host: str, address: Address) -> bool:
        """Whether a connection to `address`, which `host` resolved to, may be made."""
        if any(address in network for network in self._forbidden):
            return False
        return self._lists(host, address) or is_public(address)

    def _lists(self, host: str, address: Address | None) -> bool:
        listed_address = address is not None and any(address in network for network in self._networks)
        return listed_address or _canonical(host) in self._hosts


class Forbidden(OSError):
    """Nothing may be sent there. An OSError, so that it passes through the client's connector like a failed look-up."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _canonical(host: str) -> str:
    return host.rstrip(".").lower()


def _literal(host: str) -> Address | None:
    """The address that `host` spells, or None when it is a name.

    Raises Forbidden for a zone, and for forms such as `127.1`, `2130706433` or `0x7f.1`: the C library reads them as
    addresses, and a client that takes them for names or addresses unseen would step past the check.
    """
    if "%" in host:
        raise Forbidden("the host must not name a network zone")
    try:
        return ip_address(host)
    except ValueError:
        pass
    last = _canonical(host).rpartition(".")[2]
    if ":" in host or last.isdigit() or last.startswith("0x"):
        raise Forbidden("the host is neither a name nor a plain address")
    return None

"""Who tries links that nobody was given."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Generic, TypeVar

from muster.domain.errors import NotFound
from muster.intake.allowance import Allowance

T = TypeVar("T")
MOST_KNOWN = 10_000
"""Links remembered to be sound; the one that was found first is forgotten first."""
LONGEST_TOKEN = 64
"""More than any token has."""


class Guesses(Generic[T]):
    """Finds what stands behind a token, for those who have not guessed too often.

    Whoever has is refused before anything is looked up, so that a right guess would not show either. Links that this
    process has found before are let through: behind one address there may be a whole carrier's customers.
    """

    def __init__(self, find: Callable[[str], Awaitable[T | None]], misses: Allowance) -> None:
        """`misses` is what one address may try; an IPv6 address stands for its /64."""
        self._find = find
        self._misses = misses
        self._known: dict[bytes, None] = {}

    async def visit(self, token: str, address: str) -> T:
        """What stands behind `token`. Raises RateLimited, NotFound."""
        digest, name = sha256(token.encode(errors="replace")).digest(), network(address)
        if digest not in self._known:
            self._misses.check(name)
        visit = await self._find(token) if len(token) <= LONGEST_TOKEN else None
        if visit is None:
            self._known.pop(digest, None)
            self._misses.take(name)
            raise NotFound("There is no such link")
        self._remember(digest)
        return visit

    def _remember(self, digest: bytes) -> None:
        if digest not in self._known and len(self._known) >= MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[digest] = None


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, the /64 of an IPv6 one, or any other text as it is."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped) if found.ipv4_mapped else found.exploded[:19]

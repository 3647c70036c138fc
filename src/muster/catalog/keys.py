"""Credentials: an API key becomes a token, a token becomes a principal."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from muster.domain.errors import NotAuthenticated
from muster.domain.tenant import Principal
from muster.ports.clock import Clock
from muster.ports.store.accounts import Credential, CredentialKind
from muster.ports.store.unit import Store

TOKEN_LIFETIME = timedelta(hours=1)
REMEMBERED_FOR = timedelta(seconds=10)
"""How long a token is believed without looking again: what a revoked one may still do."""
MOST_REMEMBERED = 10_000
LONGEST_CREDENTIAL = 512
"""In characters; ours are far shorter, so a longer one is nobody's and is not even hashed."""
NAME_LENGTH = 16
"""How many hex digits of a token's digest name it where the token itself must not appear."""
_NO_SECRET = "0" * 64


def digest(secret: str) -> str:
    """How a random secret is stored: its SHA-256 in hex. Enough for 256 random bits, which nobody can guess at."""
    return sha256(secret.encode()).hexdigest()


class _Remembered(msgspec.Struct, frozen=True):
    principal: Principal
    until: datetime


class Keys:
    """Answers who presents a credential. One for each process: it remembers tokens for a few seconds."""

    def __init__(self, store: Store, clock: Clock, new_token: Callable[[], str]) -> None:
        """`new_token` gives at least 256 random bits, in characters that fit a header."""
        self._store = store
        self._clock = clock
        self._new_token = new_token
        self._remembered: dict[str, _Remembered] = {}

    async def exchange(self, key: str, secret: str) -> tuple[str, int]:
        """A new token for an API key, and its lifetime in seconds. Raises NotAuthenticated."""
        now = self._clock.now()
        found = None
        if len(key) <= LONGEST_CREDENTIAL and len(secret) <= LONGEST_CREDENTIAL:
            async with self._store.read() as tx:
                found = await tx.accounts.across_tenants_credential(CredentialKind.API_KEY, key, now=now)
        # An unknown key costs the same comparison as a known one with the wrong secret.
        expected = found[1].secret_hash if found else _NO_SECRET
        matches = hmac.compare_digest(digest(secret[:LONGEST_CREDENTIAL]), expected)
        if found is None or not matches:
            raise NotAuthenticated("The API key and secret do not match")
        token = self._new_token()
        principal = found[0]
        credential = Credential(
            kind=CredentialKind.TOKEN,
            name=digest(token),
            principal=principal.id,
            expires_at=now + TOKEN_LIFETIME,
        )
        async with self._store.begin() as tx:
            await tx.accounts.add_credential(principal.tenant, credential, at=now)
        return token, int(TOKEN_LIFETIME.total_seconds())

    async def authenticate(self, bearer: str) -> Principal:
        """Who holds this token. Raises NotAuthenticated when nobody does or it has expired."""
        if not 0 < len(bearer) <= LONGEST_CREDENTIAL:
            raise NotAuthenticated("The access token is not valid")
        now, name = self._clock.now(), digest(bearer)
        remembered = self._remembered.get(name)
        if remembered is not None and now < remembered.until:
            return remembered.principal
        self._remembered.pop(name, None)
        async with self._store.read() as tx:
            found = await tx.accounts.across_tenants_credential(CredentialKind.TOKEN, name, now=now)
        if found is None:
            raise NotAuthenticated("The access token is not valid or has expired")
        principal = msgspec.structs.replace(found[0], token=name[:NAME_LENGTH])
        self._remember(name, principal, now=now, expires_at=found[1].expires_at)
        return principal

    def _remember(self, name: str, principal: Principal, *, now: datetime, expires_at: datetime | None) -> None:
        if len(self._remembered) >= MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        until = now + REMEMBERED_FOR
        self._remembered[name] = _Remembered(principal, until if expires_at is None else min(until, expires_at))

"""Temporary credentials: a key pair that signs requests for an hour, made for one that does not expire."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from muster.catalog.keys import LONGEST_CREDENTIAL, MOST_REMEMBERED, REMEMBERED_FOR, digest
from muster.domain.errors import NotAllowed, NotAuthenticated
from muster.domain.ids import TenantId
from muster.domain.tenant import Principal, Role
from muster.ports.clock import Clock
from muster.ports.store.accounts import Credential, CredentialKind
from muster.ports.store.unit import Store

LIFETIME = timedelta(hours=1)
TOLD_FOR = timedelta(hours=1)
"""How long after its end a session is still known as one that has ended. Its credential is kept as much longer."""
LONGEST_NAME = 128
"""In characters; no key of ours is longer."""
_MISMATCH = "The access key and the secret key do not match"


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """Temporary credentials as they are shown once."""

    access_key: str
    secret_key: str
    token: str
    """Begins with the access key, so that the session can be found by it alone; the rest is secret."""
    expires_at: datetime


class Proof(msgspec.Struct, frozen=True):
    """What temporary credentials are checked against."""

    secret_key: str
    token_hash: str
    """The SHA-256 of the session token, in hex."""

    def fits(self, token: str) -> bool:
        """Whether this is the session's token; takes as long for a wrong one."""
        return hmac.compare_digest(digest(token[:LONGEST_CREDENTIAL]), self.token_hash)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of temporary credentials that somebody presents."""

    proof: Proof
    principal: Principal
    user: int
    """Whom the record store knows the principal as."""
    expires_at: datetime


_T = TypeVar("_T")


class _Memory(Generic[_T]):
    """What was found lately, for a few seconds."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[_T, datetime]] = {}

    def get(self, name: str, now: datetime) -> _T | None:
        found = self._kept.get(name)
        return found[0] if found is not None and now < found[1] else None

    def keep(self, name: str, what: _T, now: datetime) -> None:
        self._kept.pop(name, None)
        if len(self._kept) >= MOST_REMEMBERED:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = (what, now + REMEMBERED_FOR)


class Sessions:
    """Makes and finds temporary credentials. One for each process: it remembers what it found for a few seconds."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        new_token: Callable[[], str],
        *,
        seal: Callable[[str], str],
        unseal: Callable[[str], str],
    ) -> None:
        """`new_token` gives at least 256 random bits, in characters that fit a header; none of them is a dot.

        `seal` encrypts a secret that must be readable again, `unseal` reads it.
        """
        self._store = store
        self._clock = clock
        self._new_token = new_token
        self._seal = seal
        self._unseal = unseal
        self._nobodys = seal(new_token())
        self.nobody = Proof(new_token(), digest(new_token()))
        """What nobody can prove: checking a request against it costs what checking it against a real one costs."""
        self._sessions = _Memory[Session]()
        self._companies = _Memory[TenantId]()

    async def company(self, api_key: str) -> TenantId | None:
        """The tenant with this company key; every API key of a tenant is one."""
        now = self._clock.now()
        remembered = self._companies.get(api_key, now)
        if remembered is not None:
            return remembered
        found = await self._credential(CredentialKind.API_KEY, api_key, now)
        if found is None:
            return None
        self._companies.keep(api_key, found[0].tenant, now)
        return found[0].tenant

    async def make(self, tenant: TenantId, access_key: str, secret_key: str) -> NewSession:
        """Temporary credentials for a key pair of a service account of `tenant`.

        Raises NotAuthenticated, NotAllowed for the account of a party.
        """
        now = self._clock.now()
        found = await self._credential(CredentialKind.ACCESS_KEY, access_key, now)
        # An unknown key costs the same work as a known one with the wrong secret.
        expected = self._unseal(found[1].sealed_secret if found else self._nobodys)
        matches = hmac.compare_digest(digest(secret_key[:LONGEST_CREDENTIAL]), digest(expected))
        if found is None or not matches or found[0].tenant != tenant:
            raise NotAuthenticated(_MISMATCH)
        principal = found[0]
        if principal.role is Role.PARTY:
            raise NotAllowed("This access key does not open this door")
        made = self._fresh(now)
        credential = Credential(
            kind=CredentialKind.SESSION,
            name=made.access_key,
            principal=principal.id,
            secret_hash=digest(made.token),
            sealed_secret=self._seal(made.secret_key),
            expires_at=made.expires_at + TOLD_FOR,
        )
        async with self._store.begin() as tx:
            # A number is given at first need: from here on there is one, and looking the session up writes nothing.
            await tx.record_settings.user(tenant, principal.id)
            await tx.accounts.add_credential(tenant, credential, at=now)
        return made

    async def find(self, access_key: str) -> Session | None:
        """The session with this key, even if it has ended not long ago: `Session.expires_at` tells."""
        now = self._clock.now()
        remembered = self._sessions.get(access_key, now)
        if remembered is not None:
            return remembered
        found = await self._credential(CredentialKind.SESSION, access_key, now)
        if found is None or found[1].expires_at is None:
            return None
        principal, credential = found
        async with self._store.read() as tx:
            user = await tx.record_settings.user(principal.tenant, principal.id)
        session = Session(
            proof=Proof(self._unseal(credential.sealed_secret), credential.secret_hash),
            principal=principal,
            user=user,
            expires_at=found[1].expires_at - TOLD_FOR,
        )
        self._sessions.keep(access_key, session, now)
        return session

    async def of_token(self, token: str) -> Session | None:
        """The session whose token this is."""
        session = await self.find(token.partition(".")[0])
        return session if session is not None and session.proof.fits(token) else None

    def _fresh(self, now: datetime) -> NewSession:
        access_key = self._new_token()
        return NewSession(
            access_key=access_key,
            secret_key=self._new_token(),
            token=f"{access_key}.{self._new_token()}",
            expires_at=now + LIFETIME,
        )

    async def _credential(self, kind: CredentialKind, name: str, now: datetime) -> tuple[Principal, Credential] | None:
        if not 0 < len(name) <= LONGEST_NAME or not name.isascii() or not name.isprintable():
            return None
        async with self._store.read() as tx:
            return await tx.accounts.across_tenants_credential(kind, name, now=now)

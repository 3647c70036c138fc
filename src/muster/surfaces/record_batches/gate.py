"""Who calls, and whether they may: signed requests, company keys, how often.

The order of the checks is the vendor's: who it is, the company's key, how often; what a request asks for comes after.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import cast

import msgspec

from muster.catalog.sessions import NewSession, Proof, Session, Sessions
from muster.domain.errors import NotAuthenticated
from muster.domain.ids import TenantId
from muster.domain.tenant import Principal
from muster.intake.allowance import Allowance
from muster.intake.usage import PerMinute, Usage
from muster.ports.clock import Clock
from muster.records.work.scene import Acting
from muster.surfaces.access import Call
from muster.surfaces.bodies import LONGEST_EXPLAINED, Limits, pieces
from muster.surfaces.record_batches.translate.bodies import raw_body
from muster.surfaces.record_batches.translate.signature import Asked, Signed, claims_signature, read_claim, verifies
from muster.surfaces.record_batches.wire import auth as wire
from muster.surfaces.record_batches.wire.problems import EXPIRED_TOKEN, FORBIDDEN, MISSING_TOKEN, UNAUTHORIZED, Refused

SKEW = timedelta(minutes=5)
"""How far a caller's clock may be from ours."""
_OPEN = "open"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls: as the record store knows them, and as everybody else does."""

    acting: Acting
    who: Principal


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What this door asks of a call."""

    plain: bool = False
    """A session's token alone is enough, without a signature."""
    skew: timedelta = SKEW


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How often somebody may call."""

    calls: Allowance
    """Of each company key."""
    usage: Usage
    """Of each tenant, in a day."""
    logins: PerMinute
    """Of each address."""


class Gate:
    """Turns a request into a caller."""

    def __init__(self, sessions: Sessions, counts: Counts, clock: Clock, *, limits: Limits, rules: Rules) -> None:
        self._sessions = sessions
        self._counts = counts
        self._clock = clock
        self._limits = limits
        self._rules = rules

    async def admit(self, call: Call) -> Seen:
        """Who calls. Raises Refused (401, 403), RateLimited; TooLarge and HTTPException 408 for the body."""
        session = await self._session(call)
        if session.expires_at <= self._clock.now():
            raise Refused(401, EXPIRED_TOKEN)
        key, tenant = await self._company(call)
        who = session.principal
        if tenant != who.tenant:
            raise Refused(401, UNAUTHORIZED)
        self._counts.calls.take(key)
        await self._counts.usage.take(tenant)
        return Seen(acting=Acting(tenant=tenant, user=session.user, role=who.role), who=who)

    async def knock(self, call: Call) -> TenantId:
        """The company whose key a request for temporary credentials brings. Raises Refused (403), RateLimited."""
        self._counts.logins.take(call.client.host if call.client else "")
        return (await self._company(call))[1]

    async def exchange(self, tenant: TenantId, access_key: str, secret_key: str) -> NewSession:
        """Temporary credentials. Raises Refused (401, without a body), NotAllowed."""
        try:
            return await self._sessions.make(tenant, access_key, secret_key)
        except NotAuthenticated:
            raise Refused(401, None) from None

    async def _company(self, call: Call) -> tuple[str, TenantId]:
        key = call.headers.get(wire.API_KEY, "").strip()
        tenant = await self._sessions.company(key)
        if tenant is None:
            raise Refused(403, FORBIDDEN)
        return key, tenant

    async def _session(self, call: Call) -> Session:
        header, is_plain = _credential(call)
        if is_plain:
            return await self._plain(header)
        claim = read_claim(header)
        if claim is None:
            raise Refused(401, UNAUTHORIZED)
        session = await self._sessions.find(claim.access_key)
        # A key that nobody holds costs the same work as one that somebody holds.
        proof = session.proof if session is not None else self._sessions.nobody
        body_hash = await (_hash if session is not None else _hash_unkept)(call, self._limits)
        verified = self._verify(call, claim, proof, body_hash=body_hash)
        if session is None or not verified:
            raise Refused(401, UNAUTHORIZED)
        return session

    def _verify(self, call: Call, claim: Signed, proof: Proof, *, body_hash: str) -> bool:
        asked = Asked(
            method=call.scope["method"],
            path=call.scope["raw_path"],
            query=call.scope["query_string"],
            headers=tuple(call.scope["headers"]),
            body_hash=body_hash,
        )
        signed = verifies(asked, claim, proof.secret_key, now=self._clock.now(), skew=self._rules.skew)
        fits = proof.fits(call.headers.get(wire.SECURITY_TOKEN, ""))
        return signed and fits

    async def _plain(self, token: str) -> Session:
        session = await self._sessions.of_token(token) if self._rules.plain else None
        if session is None:
            raise Refused(401, UNAUTHORIZED)
        return session


async def _hash(call: Call, limits: Limits) -> str:
    """The SHA-256 of the body, which is kept for the handler."""
    body = await raw_body(call, limits)
    digest = await asyncio.to_thread(sha256, body) if len(body) > LONGEST_EXPLAINED else sha256(body)
    return digest.hexdigest()


async def _hash_unkept(call: Call, limits: Limits) -> str:
    """The same for a caller who is nobody, and for whom nothing is kept."""
    digest = sha256()
    async for piece in pieces(call, limits):
        digest.update(piece)
    return digest.hexdigest()


def _credential(call: Call) -> tuple[str, bool]:
    """The value of the header that tells who calls, and whether it is a session token. Raises Refused."""
    authorization = call.headers.getall(wire.AUTHORIZATION, [])
    authentication = call.headers.getall(wire.AUTHENTICATION, [])
    found = [value.strip() for value in authorization or authentication]
    if not any(found):
        raise Refused(401, MISSING_TOKEN)
    if len(found) > 1:
        raise Refused(401, UNAUTHORIZED)
    return found[0], not authorization and not claims_signature(found[0])


def unguarded() -> dict[str, bool]:
    """What the `opt` of a handler is to be that looks at credentials itself. All others meet nobody unknown."""
    return {_OPEN: True}


def guard(gate: Gate, remember: Callable[[Call, Seen], None]) -> Callable[[Call], object]:
    """A hook that lets nobody pass to a handler who is not admitted, unless the handler is `unguarded`."""

    async def before(call: Call) -> None:
        if not cast("bool", call.route_handler.opt.get(_OPEN, False)):
            remember(call, await gate.admit(call))

    return before

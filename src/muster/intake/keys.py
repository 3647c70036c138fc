"""Idempotency keys: the same request sent again makes nothing twice, and gets the answer it got before."""

from datetime import datetime, timedelta

import msgspec

from muster.domain.errors import IdempotencyConflict
from muster.domain.ids import TenantId
from muster.ports.store.batches import IdempotencyKey
from muster.ports.store.unit import Transaction

KEY_LIFETIME = timedelta(hours=24)
"""How long an idempotency key is remembered."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A request under an idempotency key."""

    tenant: TenantId
    scope: str
    """Keys of one scope (one operation of one door) are compared with each other."""
    key: str
    fingerprint: bytes
    """Equal for two requests exactly when they ask for the same."""


async def recall(tx: Transaction, claim: Claim, *, now: datetime) -> str | None:
    """The answer that the same request got; None where there was none.

    Raises IdempotencyConflict where the key was used for another one.
    """
    earlier = await tx.batches.recall(claim.tenant, claim.scope, key=claim.key, now=now)
    return None if earlier is None else _same(earlier, claim)


async def take(tx: Transaction, claim: Claim, *, answer: str, now: datetime) -> str | None:
    """Take the key for this transaction, with the answer to give from now on; None when it is taken.

    Else what `recall` tells: somebody was faster. Raises IdempotencyConflict.
    """
    key = IdempotencyKey(
        scope=claim.scope,
        key=claim.key,
        fingerprint=claim.fingerprint,
        answer=answer,
        expires_at=now + KEY_LIFETIME,
    )
    earlier = await tx.batches.remember(claim.tenant, key, now=now)
    return None if earlier is None else _same(earlier, claim)


def _same(earlier: IdempotencyKey, claim: Claim) -> str:
    if earlier.fingerprint != claim.fingerprint:
        raise IdempotencyConflict("the idempotency key was used for a different request")
    return earlier.answer

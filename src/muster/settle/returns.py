"""Whose e-mails came back or were refused for good, and who complained: they are not written to again."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from muster.domain.batch import Batch
from muster.domain.contact import BlockReason
from muster.domain.ids import BatchId, TenantId
from muster.domain.receipt import GRAVITY, Verdict
from muster.ports.store.receipts import Match
from muster.ports.store.suppressions import Suppression
from muster.ports.store.unit import Transaction

_WHY: Mapping[Verdict, BlockReason] = MappingProxyType(
    {Verdict.GONE: BlockReason.BOUNCED, Verdict.COMPLAINED: BlockReason.COMPLAINED}
)


class Return(NamedTuple):
    """What was told of one message, and the batch that it belongs to."""

    batch: BatchId
    match: Match


class _News(NamedTuple):
    """That an address takes no message, or that somebody complained, and the entry by which it is known."""

    batch: BatchId
    position: int
    address: str
    verdict: Verdict


async def shun(
    tx: Transaction,
    tenant: TenantId,
    returns: Sequence[Return],
    *,
    comparable: Callable[[str], str],
    at: datetime,
) -> None:
    """Suppress the addresses that take no mail, and those of people who complained, and block their contacts.

    It does not matter where their entries stand: the news is true of the address.
    """
    news = [_News(batch, match.position, match.address, match.verdict) for batch, match in returns]
    await _shun(tx, tenant, news, comparable=comparable, at=at)


async def shun_refused(
    tx: Transaction, batch: Batch, gone: Mapping[int, str], *, comparable: Callable[[str], str], at: datetime
) -> None:
    """The same of addresses, by position, that the mail server refused for good when it was told them."""
    news = [_News(batch.id, position, address, Verdict.GONE) for position, address in sorted(gone.items())]
    await _shun(tx, batch.tenant, news, comparable=comparable, at=at)


async def _shun(
    tx: Transaction, tenant: TenantId, news: Sequence[_News], *, comparable: Callable[[str], str], at: datetime
) -> None:
    # The gravest last: who complained is listed for that, though the address may be gone as well.
    grave = sorted((one for one in news if one.verdict in _WHY), key=lambda one: GRAVITY[one.verdict])
    listed = {address: one for one in grave if (address := comparable(one.address))}
    if not listed:
        return
    # In one call for both reasons: addresses are locked in their order.
    await tx.suppressions.add(tenant, [_suppression(address, one, at=at) for address, one in listed.items()])
    for reason in BlockReason:
        keys = sorted(address for address, one in listed.items() if _WHY[one.verdict] is reason)
        if not keys:
            continue
        blocked = await tx.contacts.block(tenant, keys, reason, at=at)
        batches = Counter(str(listed[key].batch) for key in keys)
        for batch, count in sorted(batches.items()):
            detail = f"{count} of batch {batch}"
            await tx.outbox.audit(tenant, None, "suppression:add", subject=reason.value, detail=detail, at=at)
        if blocked:
            detail = f"{blocked} of {len(keys)}"
            await tx.outbox.audit(tenant, None, "contact:block", subject=reason.value, detail=detail, at=at)


def _suppression(address: str, one: _News, *, at: datetime) -> Suppression:
    why = _WHY[one.verdict].value
    return Suppression(address=address, source=why, origin=f"{one.batch}/{one.position}", created_at=at)

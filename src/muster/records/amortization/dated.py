"""Amounts by their transaction dates."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

from muster.domain.ids import TenantId
from muster.domain.records.char_types import AMOUNT
from muster.domain.records.record import Record
from muster.ports.store.records import Span
from muster.ports.store.unit import Transaction

DATE = "transaction_date"
"""The field of amounts that says in which period they are."""
AT_ONCE: Final = 1_000
"""Amounts that are read with one statement."""


class Days(NamedTuple):
    """From one day to another, both inclusive."""

    first: date
    last: date


async def amounts_in(
    tx: Transaction, tenant: TenantId, days: Days, *, check: Callable[[int], None] | None = None
) -> Sequence[Record]:
    """Every amount with its transaction date in these days, in their order.

    `check` is told how many there are, before any is read.
    """
    span = Span(char_type=AMOUNT, label=DATE, low=days.first.isoformat(), high=days.last.isoformat())
    if check is not None:
        check(await tx.records.span_count(tenant, span))
    found = {amount.ref: amount async for amount in _walk(tx, tenant, span)}
    return list(found.values())


async def _walk(tx: Transaction, tenant: TenantId, span: Span) -> AsyncIterator[Record]:
    after: tuple[str, int] | None = None
    while True:
        page = await tx.records.in_span(tenant, span, after=after, limit=AT_ONCE)
        for text, amount in page:
            yield amount
            after = (text, amount.ref.number)
        if len(page) < AT_ONCE:
            return

"""How the messages of categories fare, by the counts that their batches keep: no entry is read."""

from collections.abc import Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.category import Statistics, Tally
from muster.domain.entry import EntryState
from muster.domain.ids import CategoryNumber, TenantId
from muster.ports.store.categories import Windows
from muster.stores.mailing_tables import mailings
from muster.stores.moments import micros
from muster.stores.shelves import numbered
from muster.stores.tables import batches, count_column

_S = EntryState
STANDS: Mapping[str, frozenset[EntryState]] = MappingProxyType(
    {
        "sent": frozenset({_S.SENT, _S.DELIVERED, _S.APPLIED}),
        "bounced": frozenset({_S.UNDELIVERED}),
        "complained": frozenset({_S.COMPLAINED}),
        "discarded": frozenset({_S.SUPPRESSED, _S.CANCELLED, _S.EXPIRED, _S.DUPLICATE}),
        "failed": frozenset({_S.FAILED, _S.REJECTED, _S.UNKNOWN}),
    }
)
"""What became of a message, by the field of `Tally` that counts it; in every other state it waits."""
_COUNTED: Mapping[str, ColumnElement[int]] = {
    name: reduce(
        lambda some, more: some + more, (batches.c[count_column(state)] for state in EntryState if state in states)
    )
    for name, states in STANDS.items()
}


async def statistics(
    connection: AsyncConnection, tenant: TenantId, categories: Sequence[CategoryNumber], *, since: Windows
) -> Mapping[CategoryNumber, Statistics]:
    """How the messages of each of `categories` fare, of those submitted since each window began. One statement."""
    starts = {"today": micros(since.today), "week": micros(since.week), "month": micros(since.month)}
    statement = (
        select(mailings.c.category, *_sums(starts))
        .join(batches, batches.c.number == mailings.c.batch)
        .where(
            mailings.c.tenant == tenant,
            numbered(connection, mailings.c.category, categories),
            # A week may have begun before its month.
            mailings.c.created_at >= min(starts.values()),
        )
        .group_by(mailings.c.category)
    )
    found = {row["category"]: row for row in (await connection.execute(statement)).mappings()}
    return {category: _statistics(found.get(category), starts) for category in categories}


def _sums(starts: Mapping[str, int]) -> Sequence[ColumnElement[Any]]:
    return [
        func.sum(case((mailings.c.created_at >= start, counted), else_=0)).label(f"{window}_{name}")
        for window, start in starts.items()
        for name, counted in _COUNTED.items()
    ]


def _statistics(row: Mapping[Any, Any] | None, windows: Mapping[str, int]) -> Statistics:
    if row is None:
        return Statistics()
    return Statistics(
        **{window: Tally(**{name: int(row[f"{window}_{name}"]) for name in STANDS}) for window in windows}
    )

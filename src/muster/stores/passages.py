"""Which channel handed entries over, and under which id: for news that names the entry itself."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.ids import BatchNumber, ChannelId, TenantId, entry_id
from muster.ports.store.receipts import Passage
from muster.stores.bulk import Statement, as_json, rows_given, values_listed
from muster.stores.shelves import numbered
from muster.stores.tables import batches, channels

IN_DOUBT: Final = "('sent', 'delivered', 'unknown')"
"""The states, as SQL lists them, of entries that a channel may have handed over although nothing says so."""

_ATTEMPTS = Statement(
    "SELECT v.batch, v.position, entries.attempts,"
    f" CASE WHEN entries.state IN {IN_DOUBT} THEN 1 ELSE 0 END"
    " FROM {rows} AS v JOIN entries ON entries.batch = v.batch AND entries.position = v.position",
    rows=rows_given({"batch": "int", "position": "int"}),
)
_HANDED_OVER = Statement(
    "SELECT ref, channel FROM handovers WHERE ref IN {refs}"
    # The beginning of the primary key: there is no other way in by the ref.
    " AND channel IN (SELECT id FROM channels WHERE tenant = :tenant) ORDER BY handed_at",
    refs=values_listed("text", parameter="refs"),
)


async def passages(
    connection: AsyncConnection, tenant: TenantId, entries: Sequence[tuple[BatchNumber, int]]
) -> Sequence[Passage]:
    """See ports.store.receipts."""
    own = await _batches(connection, tenant, entries)
    asked = as_json([place for place in entries if place[0] in own])
    rows = await _ATTEMPTS.rows(connection, {"rows": asked})
    refs = {(row[0], row[1]): _refs(own[row[0]].id, row[1], row[2]) for row in rows}
    known = await _channels(connection, tenant, [ref for several in refs.values() for ref in several])
    first = await _first_channel(connection, tenant)
    found: list[Passage] = []
    for batch, position, _, in_doubt in rows:
        tried = refs[batch, position]
        ref = next((one for one in tried if one in known), tried[0])
        channel = known.get(ref) or ((own[batch].channel or first) if in_doubt else None)
        if channel is not None:
            found.append(Passage(BatchNumber(batch), position, ref, ChannelId(channel)))
    return found


def _refs(batch: Any, position: int, attempts: int) -> Sequence[str]:
    """Under what the entry may have left, the last attempt first."""
    return [f"{entry_id(batch, position)}/{attempt}" for attempt in range(attempts, -1, -1)]


async def _batches(
    connection: AsyncConnection, tenant: TenantId, entries: Sequence[tuple[BatchNumber, int]]
) -> dict[int, Any]:
    """Those of the entries' batches that are the tenant's."""
    which = numbered(connection, batches.c.number, sorted({batch for batch, _ in entries}))
    statement = select(batches.c.number, batches.c.id, batches.c.channel).where(batches.c.tenant == tenant, which)
    return {row.number: row for row in await connection.execute(statement)}


async def _channels(connection: AsyncConnection, tenant: TenantId, refs: Sequence[str]) -> dict[str, int]:
    """The channel that last handed something over under each of `refs`."""
    rows = await _HANDED_OVER.rows(connection, {"tenant": tenant, "refs": as_json(refs)})
    return {row[0]: row[1] for row in rows}


async def _first_channel(connection: AsyncConnection, tenant: TenantId) -> int | None:
    """The oldest channel in use; None where there is none."""
    in_use = channels.c.tenant == tenant, channels.c.removed_at.is_(None)
    found: int | None = await connection.scalar(select(func.min(channels.c.id)).where(*in_use))
    return found

"""Chunks, their leases and fences."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.batch import FINAL, BatchState
from muster.domain.chunk import ChunkRef, ChunkState, Lease
from muster.domain.errors import LeaseLost
from muster.domain.ids import BatchNumber, TenantId
from muster.stores.bulk import Both, Brief, Statement, is_sqlite
from muster.stores.moments import micros
from muster.stores.tables import batches, chunks

_REF = (chunks.c.tenant, chunks.c.batch, chunks.c.first)
_CUT_TO = Brief(
    "SELECT cut_to, total FROM batches WHERE number = :batch AND tenant = :tenant{lock}",
    # SQLite has one writer at a time, and nothing to lock.
    lock=Both("", " FOR UPDATE"),
)
_CUT = Brief("UPDATE batches SET cut_to = :last WHERE number = :batch AND tenant = :tenant")
_OPEN = Brief(
    "INSERT INTO chunks (tenant, batch, first, last, state) VALUES (:tenant, :batch, :first, :last, 'queued')"
)
_LEASE = Brief(
    "UPDATE chunks SET state = 'running', fence = fence + 1, worker = :worker, lease_until = :until, due_at = NULL"
    " WHERE tenant = :tenant AND batch = :batch AND first = :first"
    " AND (state = 'queued' OR (state = 'running' AND lease_until < :now)) RETURNING last, fence"
)
_HELD = "WHERE tenant = :tenant AND batch = :batch AND first = :first AND fence = :fence AND state = 'running'"
_HOLD = Brief(f"UPDATE chunks SET lease_until = :until {_HELD} RETURNING first")
_RELEASE = Brief(
    f"UPDATE chunks SET state = :state, lease_until = NULL, worker = '', due_at = :due {_HELD} RETURNING first"
)
_IN_HAND = Statement(
    "SELECT count(*) FROM chunks WHERE batch = :batch AND tenant = :tenant AND state IN ('queued', 'running')"
)


class ChunkTable:
    """The chunks of a tenant's batches; see ports.store.chunks."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open_next(self, tenant: TenantId, batch: BatchNumber, *, size: int) -> ChunkRef | None:
        """Cut the next chunk and mark it queued."""
        which = {"tenant": tenant, "batch": batch}
        found = await _CUT_TO.rows(self._connection, which)
        first, total = found[0] if found else (0, 0)
        if first >= total:
            return None
        last = min(first + size, total)
        await _CUT.rows(self._connection, {**which, "last": last})
        await _OPEN.rows(self._connection, {**which, "first": first, "last": last})
        return ChunkRef(tenant, batch, first)

    async def lease(self, chunk: ChunkRef, *, worker: str, now: datetime, until: datetime) -> Lease | None:
        """Take the chunk if it is queued, or running under a lease that has run out."""
        values = {**_key(chunk), "worker": worker, "until": micros(until), "now": micros(now)}
        taken = await _LEASE.rows(self._connection, values)
        if not taken:
            return None
        last, fence = taken[0]
        return Lease(chunk=chunk, last=last, fence=fence, worker=worker, until=until)

    async def hold(self, lease: Lease, *, until: datetime) -> None:
        """Prolong the lease and lock the chunk until the transaction ends."""
        await self._write(lease, _HOLD, {"until": micros(until)})

    async def release(self, lease: Lease, state: ChunkState, *, due_at: datetime | None = None) -> None:
        """End the lease."""
        due = None if due_at is None else micros(due_at)
        await self._write(lease, _RELEASE, {"state": state.value, "due": due})

    async def _write(self, lease: Lease, statement: Statement, more: Mapping[str, object]) -> None:
        values = {**_key(lease.chunk), "fence": lease.fence, **more}
        if not await statement.rows(self._connection, values):
            raise LeaseLost

    async def wake(self, tenant: TenantId, batch: BatchNumber) -> Sequence[ChunkRef]:
        """Parked and waiting chunks of the batch → queued."""
        rows = await self._connection.execute(
            update(chunks)
            .where(
                chunks.c.tenant == tenant,
                chunks.c.batch == batch,
                chunks.c.state.in_((ChunkState.PARKED.value, ChunkState.WAITING.value)),
            )
            .values(state=ChunkState.QUEUED.value, due_at=None)
            .returning(*_REF)
        )
        return sorted((_ref(row) for row in rows), key=lambda ref: ref.first)

    async def unfinished(self, tenant: TenantId, batch: BatchNumber) -> int:
        """How many chunks are cut and not done."""
        found = await self._connection.execute(
            select(chunks.c.first).where(
                chunks.c.tenant == tenant, chunks.c.batch == batch, chunks.c.state != ChunkState.DONE.value
            )
        )
        return len(found.all())

    async def in_hand(self, tenant: TenantId, batch: BatchNumber) -> int:
        """How many chunks are queued or running."""
        found: int = (await _IN_HAND.rows(self._connection, {"batch": batch, "tenant": tenant}))[0][0]
        return found

    async def across_tenants_due(self, *, now: datetime, limit: int) -> Sequence[ChunkRef]:
        """Waiting chunks whose time has come → queued."""
        return await self._requeue(f"state = 'waiting' AND due_at <= {micros(now)}", limit)

    async def across_tenants_lost(self, *, now: datetime | None, limit: int) -> Sequence[ChunkRef]:
        """Running chunks whose lease has run out → queued."""
        over = "" if now is None else f" AND lease_until < {micros(now)}"
        return await self._requeue(f"state = 'running'{over}", limit)

    async def across_tenants_stranded(self, *, limit: int) -> Sequence[ChunkRef]:
        """Parked chunks of batches that are not paused → queued."""
        return await self._requeue(
            "state = 'parked' AND NOT EXISTS"
            " (SELECT 1 FROM batches WHERE number = chunks.batch AND batches.state = 'paused')",
            limit,
        )

    async def _requeue(self, condition: str, limit: int) -> Sequence[ChunkRef]:
        """Mark as queued what meets `condition` (our own words). Rows held by another transaction are left alone."""
        lock = "" if is_sqlite(self._connection) else " FOR UPDATE SKIP LOCKED"
        statement = text(
            "UPDATE chunks SET state = 'queued', due_at = NULL, lease_until = NULL WHERE (batch, first) IN"
            f" (SELECT batch, first FROM chunks WHERE {condition} ORDER BY batch, first LIMIT :limit{lock})"
            " RETURNING tenant, batch, first"
        )
        rows = await self._connection.execute(statement, {"limit": limit})
        return sorted((_ref(row) for row in rows), key=lambda ref: (ref.batch, ref.first))

    async def across_tenants_queued(self, *, limit: int) -> Sequence[ChunkRef]:
        """Chunks marked queued, oldest batch first."""
        rows = await self._connection.execute(
            select(*_REF)
            .where(chunks.c.state == ChunkState.QUEUED.value)
            .order_by(chunks.c.batch, chunks.c.first)
            .limit(limit)
        )
        return [_ref(row) for row in rows]

    async def across_tenants_uncut(self, *, limit: int) -> Sequence[tuple[TenantId, BatchNumber]]:
        """Batches to work on with positions left to cut and no chunk in hand."""
        unfinished = exists().where(chunks.c.batch == batches.c.number, chunks.c.state != ChunkState.DONE.value)
        idle = (*FINAL, BatchState.DRAFT, BatchState.SCHEDULED, BatchState.PAUSED)
        rows = await self._connection.execute(
            select(batches.c.tenant, batches.c.number)
            .where(
                batches.c.state.not_in([state.value for state in idle]), batches.c.cut_to < batches.c.total, ~unfinished
            )
            .order_by(batches.c.number)
            .limit(limit)
        )
        return [(TenantId(row[0]), BatchNumber(row[1])) for row in rows]


def _key(chunk: ChunkRef) -> dict[str, int]:
    return {"tenant": chunk.tenant, "batch": chunk.batch, "first": chunk.first}


def _ref(row: Any) -> ChunkRef:
    return ChunkRef(TenantId(row.tenant), BatchNumber(row.batch), row.first)

"""What is known of batches of record operations beside the batch itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import NotFound
from muster.domain.ids import BatchId, BatchNumber, TenantId
from muster.domain.records.batch import RecordBatchEnd
from muster.ports.store.record_batches import NewRecordBatch, RecordBatch
from muster.stores.bulk import Statement
from muster.stores.moments import micros, moment
from muster.stores.records.counting import next_number
from muster.stores.records.tables import record_batches

_C = record_batches.c
_COUNTER = "record_batch"
_MOST = (1 << 31) - 1
_GROUPS = msgspec.json.Decoder(tuple[int, ...])

# From the side of what has not ended, which is little; a batch that was cancelled before its turn ended without us.
_OPEN = Statement(
    "SELECT count(*) FROM record_batches AS r JOIN batches AS b ON b.number = r.batch"
    " WHERE r.tenant = :tenant AND r.ended_at IS NULL AND b.state NOT IN ('completed', 'failed', 'cancelled')"
)
_FORGET = Statement(
    "DELETE FROM record_batches WHERE (tenant, number) IN ("
    "SELECT tenant, number FROM record_batches WHERE ended_at < :before ORDER BY ended_at LIMIT :limit)"
    " RETURNING number"
)


class RecordBatchTable:
    """The record batches of a tenant; see ports.store.record_batches."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take_number(self, tenant: TenantId) -> int:
        """The next number. Who takes one waits for others of the tenant that did, until their transactions end."""
        return await next_number(self._connection, tenant, _COUNTER)

    async def open_count(self, tenant: TenantId) -> int:
        """How many of them are waiting or being worked on."""
        count: int = (await _OPEN.rows(self._connection, {"tenant": tenant}))[0][0]
        return count

    async def add(self, tenant: TenantId, batch: NewRecordBatch) -> None:
        """Keep a new one."""
        values = {
            "tenant": tenant,
            "number": batch.number,
            "id": batch.id,
            "batch": batch.batch,
            "method": batch.method,
            "whole": batch.whole,
            "asked_by": batch.user,
            "role": batch.role,
            "groups": msgspec.json.encode(batch.groups).decode(),
        }
        await self._connection.execute(insert(record_batches).values(values))

    async def get(self, tenant: TenantId, number: int) -> RecordBatch:
        """The one with this number. Raises NotFound."""
        if not 0 < number <= _MOST:
            raise NotFound("no such batch")
        return await self._one(_C.tenant == tenant, _C.number == number)

    async def of_batch(self, tenant: TenantId, batch: BatchNumber) -> RecordBatch:
        """The one that belongs to a batch. Raises NotFound."""
        return await self._one(_C.tenant == tenant, _C.batch == batch)

    async def _one(self, *which: ColumnElement[bool]) -> RecordBatch:
        row = (await self._connection.execute(select(record_batches).where(*which))).one_or_none()
        if row is None:
            raise NotFound("no such batch")
        return _record_batch(row)

    async def finish(self, tenant: TenantId, number: int, *, end: RecordBatchEnd, results: str, at: datetime) -> None:
        """Keep how it ended."""
        values = {"outcome": end.value, "results": results, "ended_at": micros(at)}
        standing = (_C.tenant == tenant, _C.number == number)
        await self._connection.execute(update(record_batches).where(*standing).values(values))

    async def across_tenants_forget(self, *, ended_before: datetime, limit: int) -> int:
        """Forget up to `limit` of those that ended before; how many. The batches themselves stay."""
        values = {"before": micros(ended_before), "limit": limit}
        gone: Sequence[Any] = await _FORGET.rows(self._connection, values)
        return len(gone)


def _record_batch(row: Any) -> RecordBatch:
    return RecordBatch(
        number=row.number,
        id=BatchId(row.id),
        batch=BatchNumber(row.batch),
        method=row.method,
        whole=row.whole,
        user=row.asked_by,
        role=row.role,
        groups=_GROUPS.decode(row.groups),
        end=None if row.outcome is None else RecordBatchEnd(row.outcome),
        results=row.results,
        ended_at=None if row.ended_at is None else moment(row.ended_at),
    )

"""What is known of batches of record operations beside the batch itself."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.batch import BatchState
from muster.domain.entry import OPEN, EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import BatchId, BatchNumber, TenantId
from muster.domain.records.batch import RecordBatchEnd
from muster.ports.store.batches import Page
from muster.ports.store.record_batches import ListedRecordBatch, NewRecordBatch, RecordBatch, RecordBatchFilter
from muster.stores.bulk import Brief, Statement
from muster.stores.columns import Columns, inserting, spelled
from muster.stores.moments import micros, moment
from muster.stores.records.counting import next_number
from muster.stores.records.tables import record_batches
from muster.stores.tables import batches, count_column

_C = record_batches.c
_COUNTER = "record_batch"
_MOST = (1 << 31) - 1
_GROUPS = msgspec.json.Decoder(tuple[int, ...])

# In an order that does not change, so that the statement is the same in every process.
_OPEN_COUNTS: Sequence[ColumnElement[int]] = [batches.c[count_column(state)] for state in EntryState if state in OPEN]
_LISTED = (
    *(_C.number, _C.method, _C.dry, _C.asked_by, _C.outcome, _C.ended_at),
    *(batches.c.state, batches.c.total, batches.c.created_at, batches.c.finished_at),
    sum(_OPEN_COUNTS, start=literal(0)).label("still_open"),
)

_COLUMNS = Columns(record_batches)
_NEW = ("tenant", "number", "id", "batch", "method", "whole", "dry", "asked_by", "role", "groups")
_ADD = Brief(inserting("record_batches", _NEW))
_NUMBERED = Brief(f"SELECT {_COLUMNS.names} FROM record_batches WHERE tenant = :tenant AND number = :number")
_OF_BATCH = Brief(f"SELECT {_COLUMNS.names} FROM record_batches WHERE tenant = :tenant AND batch = :batch")
# From the side of what has not ended, which is little; a batch that was cancelled before its turn ended without us.
_OPEN = Brief(
    "SELECT count(*) FROM record_batches AS r JOIN batches AS b ON b.number = r.batch"
    " WHERE r.tenant = :tenant AND r.ended_at IS NULL AND b.state NOT IN ('completed', 'failed', 'cancelled')"
)
_FINISH = Statement(
    "UPDATE record_batches SET outcome = :end, results = :results, ended_at = :at"
    " WHERE tenant = :tenant AND number = :number"
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
            "dry": batch.dry,
            "asked_by": batch.user,
            "role": batch.role,
            "groups": msgspec.json.encode(batch.groups).decode(),
        }
        await _ADD.rows(self._connection, spelled(self._connection, values))

    async def get(self, tenant: TenantId, number: int) -> RecordBatch:
        """The one with this number. Raises NotFound."""
        if not 0 < number <= _MOST:
            raise NotFound("no such batch")
        return await self._one(_NUMBERED, tenant=tenant, number=number)

    async def of_batch(self, tenant: TenantId, batch: BatchNumber) -> RecordBatch:
        """The one that belongs to a batch. Raises NotFound."""
        return await self._one(_OF_BATCH, tenant=tenant, batch=batch)

    async def _one(self, statement: Statement, **which: int) -> RecordBatch:
        found = await statement.rows(self._connection, which)
        if not found:
            raise NotFound("no such batch")
        return _record_batch(_COLUMNS.read(found[0]))

    async def find(
        self, tenant: TenantId, where: RecordBatchFilter, page: Page
    ) -> tuple[int, Sequence[ListedRecordBatch]]:
        """How many there are in all, and one page of them, newest first."""
        conditions = [_C.tenant == tenant, batches.c.tenant == tenant, *_conditions(where)]
        both = record_batches.join(batches, batches.c.number == _C.batch)
        counted = select(func.count()).select_from(both).where(*conditions)
        total: int = (await self._connection.execute(counted)).scalar_one()
        listed = select(*_LISTED).select_from(both).where(*conditions)
        ordered = listed.order_by(_C.number.desc()).limit(page.limit).offset(page.offset)
        return total, [_listed(row) for row in await self._connection.execute(ordered)]

    async def finish(self, tenant: TenantId, number: int, *, end: RecordBatchEnd, results: str, at: datetime) -> None:
        """Keep how it ended."""
        values = {"tenant": tenant, "number": number, "end": end.value, "results": results, "at": micros(at)}
        await _FINISH.rows(self._connection, values)

    async def across_tenants_forget(self, *, ended_before: datetime, limit: int) -> int:
        """Forget up to `limit` of those that ended before; how many. The batches themselves stay."""
        values = {"before": micros(ended_before), "limit": limit}
        gone: Sequence[Any] = await _FORGET.rows(self._connection, values)
        return len(gone)


def _conditions(where: RecordBatchFilter) -> Iterator[ColumnElement[bool]]:
    if where.ends is not None or where.states is not None:
        ends = [end.value for end in where.ends or ()]
        states = [state.value for state in where.states or ()]
        yield or_(_C.outcome.in_(ends), and_(_C.outcome.is_(None), batches.c.state.in_(states)))
    if where.user is not None:
        yield _C.asked_by == where.user
    if where.since is not None:
        yield batches.c.created_at >= where.since
    if where.until is not None:
        yield batches.c.created_at <= where.until


def _listed(row: Any) -> ListedRecordBatch:
    return ListedRecordBatch(
        number=row.number,
        method=row.method,
        dry=row.dry,
        user=row.asked_by,
        end=None if row.outcome is None else RecordBatchEnd(row.outcome),
        state=BatchState(row.state),
        total=row.total,
        open=row.still_open,
        created_at=row.created_at,
        ended_at=row.finished_at if row.ended_at is None else moment(row.ended_at),
    )


def _record_batch(kept: Mapping[str, Any]) -> RecordBatch:
    return RecordBatch(
        number=kept["number"],
        id=BatchId(kept["id"]),
        batch=BatchNumber(kept["batch"]),
        method=kept["method"],
        whole=kept["whole"],
        dry=kept["dry"],
        user=kept["asked_by"],
        role=kept["role"],
        groups=_GROUPS.decode(kept["groups"]),
        end=None if kept["outcome"] is None else RecordBatchEnd(kept["outcome"]),
        results=kept["results"],
        ended_at=None if kept["ended_at"] is None else moment(kept["ended_at"]),
    )

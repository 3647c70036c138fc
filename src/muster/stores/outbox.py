"""Events until they are told, and the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, exists, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.event import Event, EventType, NewEvent
from muster.domain.ids import BatchId, PrincipalId, TenantId
from muster.stores.bulk import Both, Brief, Statement, as_json, listed, rows_given
from muster.stores.columns import inserting, spelled
from muster.stores.moments import micros
from muster.stores.tables import deliveries, outbox

_ADD = Brief("INSERT INTO outbox (tenant, type, batch, body, created_at) VALUES (:tenant, :type, :batch, :body, :at)")
_AUDIT = Brief(inserting("audit", ("tenant", "actor", "action", "subject", "detail", "at")))
# Many at once, in their order: what is read from an array has no order of its own.
_ADD_MANY = Statement(
    "INSERT INTO outbox (tenant, type, batch, body, created_at) SELECT :tenant, type, {batch}, body, :at"
    " FROM {given} AS v ORDER BY place",
    given=rows_given({"place": "int", "type": "text", "batch": "text", "body": "text"}),
    batch=Both("batch", "CAST(batch AS uuid)"),
)


class OutboxTable:
    """Events of a tenant; see ports.store.outbox."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, tenant: TenantId, events: Sequence[NewEvent], *, at: datetime) -> None:
        """Keep events, in order."""
        common: dict[str, object] = {"tenant": tenant, "at": micros(at)}
        if len(events) == 1:
            # By far the most frequent, on the hottest path.
            [event] = events
            values = common | {"type": event.type.value, "batch": event.batch, "body": event.body}
            await _ADD.rows(self._connection, spelled(self._connection, values))
        elif events:
            rows = [
                (place, event.type.value, None if event.batch is None else event.batch.hex, event.body)
                for place, event in enumerate(events)
            ]
            await _ADD_MANY.rows(self._connection, common | {"rows": as_json(rows)})

    async def audit(
        self, tenant: TenantId, actor: PrincipalId | None, action: str, *, subject: str, detail: str, at: datetime
    ) -> None:
        """Note who changed what."""
        values = {"tenant": tenant, "actor": actor, "action": action, "subject": subject, "detail": detail, "at": at}
        await _AUDIT.rows(self._connection, spelled(self._connection, values))

    async def between(self, tenant: TenantId, *, since: datetime, until: datetime, limit: int) -> Sequence[Event]:
        """Events made in [since, until), oldest first."""
        made_at = outbox.c.created_at
        return await self._events(
            select(outbox)
            .where(outbox.c.tenant == tenant, made_at >= since, made_at < until)
            .order_by(outbox.c.sequence)
            .limit(limit)
        )

    async def across_tenants_any_untold(self) -> bool:
        """Whether there are events that were not yet fanned out."""
        found = await self._connection.execute(select(exists().where(outbox.c.told_at.is_(None))))
        return bool(found.scalar_one())

    async def across_tenants_untold(self, *, limit: int) -> Sequence[Event]:
        """Events that were not yet fanned out to endpoints, oldest first; locked until the transaction ends."""
        # A second relay waits here and then finds these rows told, so no event is fanned out twice or out of order.
        return await self._events(
            select(outbox).where(outbox.c.told_at.is_(None)).order_by(outbox.c.sequence).limit(limit).with_for_update()
        )

    async def across_tenants_told(self, sequences: Sequence[int], *, at: datetime) -> None:
        """Mark events as fanned out."""
        statement = text(
            "UPDATE outbox SET told_at = :at"
            f" WHERE sequence IN {listed(self._connection, 'int', parameter='sequences')}"
        )
        await self._connection.execute(statement, {"sequences": as_json(sequences), "at": micros(at)})

    async def across_tenants_forget(self, *, made_before: datetime, limit: int) -> int:
        """Forget up to `limit` events that were told and for which nothing waits, and their deliveries; how many."""
        waits = exists().where(deliveries.c.event == outbox.c.sequence, deliveries.c.state == "waiting")
        old = (
            select(outbox.c.sequence)
            .where(outbox.c.told_at.is_not(None), outbox.c.created_at < made_before, ~waits)
            .order_by(outbox.c.sequence)
            .limit(limit)
        )
        sequences = (await self._connection.execute(old)).scalars().all()
        for column in (deliveries.c.event, outbox.c.sequence):
            which = listed(self._connection, "int", parameter="sequences")
            statement = text(f"DELETE FROM {column.table.name} WHERE {column.name} IN {which}")
            await self._connection.execute(statement, {"sequences": as_json(sequences)})
        return len(sequences)

    async def _events(self, statement: Select[Any]) -> Sequence[Event]:
        return [event_of(row) for row in await self._connection.execute(statement)]


def event_of(row: Row[*tuple[Any, ...]]) -> Event:
    """The event that a row with the columns of `outbox` holds."""
    return Event(
        sequence=row.sequence,
        tenant=TenantId(row.tenant),
        type=EventType(row.type),
        batch=None if row.batch is None else BatchId(row.batch),
        body=row.body,
        created_at=row.created_at,
    )

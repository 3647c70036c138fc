"""Batches, their counts, and the idempotency keys that guard their making."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, String, cast, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.batch import TRANSITIONS, Batch, BatchEvent, BatchState, states_before
from muster.domain.entry import AWAITING, EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import BatchId, BatchNumber, ChannelId, PrincipalId, TemplateId, TemplateVersionId, TenantId
from muster.domain.workflow import ENDS
from muster.ports.store.batches import (
    BatchFilter,
    BatchOrder,
    IdempotencyKey,
    NewBatch,
    Page,
    Standing,
    TemplateUsage,
)
from muster.stores import tallies
from muster.stores.bulk import Brief, Statement, is_sqlite
from muster.stores.columns import Columns, inserting, spelled
from muster.stores.moments import micros
from muster.stores.tables import COUNT_COLUMNS, batches, count_column, end_column, entries, idempotency_keys
from muster.stores.words import holds

_NEVER_CARRIED = AWAITING | {
    EntryState.REJECTED,
    EntryState.DUPLICATE,
    EntryState.FAILED,
    EntryState.SUPPRESSED,
    EntryState.EXPIRED,
    EntryState.CANCELLED,
}
_WASTED = frozenset({EntryState.FAILED, EntryState.SUPPRESSED, EntryState.EXPIRED})
_CALLED_OFF = (BatchState.CANCELLING.value, BatchState.CANCELLED.value)
_SORTABLE = {
    "created_at": batches.c.created_at,
    "updated_at": batches.c.updated_at,
    "state": batches.c.state,
    "template_title": batches.c.template_title,
    "total": batches.c.total,
}
_COUNTS = tuple(batches.c[count_column(state)] for state in EntryState)
_COUNT_OF = {state: count_column(state) for state in EntryState}
_COUNTED = ", ".join(column.name for column in _COUNTS)
_STEPS = ", ".join(f"{column.name} = {column.name} + :{column.name}" for column in _COUNTS)
_WHICH = "WHERE number = :number AND tenant = :tenant"
_STATE = Brief(f"SELECT state FROM batches {_WHICH}")
_MOVE = Brief(f"UPDATE batches SET {_STEPS}, updated_at = :at, updated_by = NULL {_WHICH} RETURNING state, {_COUNTED}")
_COLUMNS = Columns(batches)
_NEW = (
    *("tenant", *(name for name in NewBatch.__struct_fields__ if name != "counts"), *COUNT_COLUMNS),
    *("updated_by", "updated_at", "finished_at"),
)
_ADD = Brief(f"{inserting('batches', _NEW)} RETURNING number")
_ONE = Brief(f"SELECT {_COLUMNS.names} FROM batches WHERE tenant = :tenant AND id = :id")
_NUMBERED = Brief(f"SELECT {_COLUMNS.names} FROM batches {_WHICH}")
# A batch paused before its first chunk starts when it is resumed.
_APPLY = Brief(
    "UPDATE batches SET state = :after, updated_at = :at, updated_by = :by,"
    " started_at = CASE WHEN :starts = 1 THEN coalesce(started_at, :at) ELSE started_at END,"
    " finished_at = CASE WHEN :ends = 1 THEN :at ELSE finished_at END"
    f" {_WHICH} AND state = :before RETURNING number"
)
_LOCK = Brief(f"UPDATE batches SET cut_to = cut_to {_WHICH} RETURNING state, {_COUNTED}")


class BatchTable:
    """The batches of a tenant; see ports.store.batches."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, tenant: TenantId, batch: NewBatch) -> BatchNumber:
        """Keep a new batch."""
        values: dict[str, object] = {
            **{name: getattr(batch, name) for name in batch.__struct_fields__ if name != "counts"},
            **{column: batch.counts.get(state, 0) for state, column in _COUNT_OF.items()},
            "tenant": tenant,
            "state": batch.state.value,
            "updated_by": batch.created_by,
            "updated_at": batch.created_at,
            "finished_at": batch.created_at if batch.state not in states_before(BatchEvent.ENDED) else None,
        }
        [(number,)] = await _ADD.rows(self._connection, spelled(self._connection, values))
        return BatchNumber(number)

    async def get(self, tenant: TenantId, batch: BatchId) -> Batch:
        """The batch; raises NotFound."""
        return await self._one(_ONE, tenant=tenant, id=batch)

    async def get_numbered(self, tenant: TenantId, batch: BatchNumber) -> Batch:
        """The batch; raises NotFound."""
        return await self._one(_NUMBERED, tenant=tenant, number=batch)

    async def state_of(self, tenant: TenantId, batch: BatchNumber) -> BatchState:
        """Where the batch stands; raises NotFound."""
        state = await self._state(tenant, batch)
        if state is None:
            raise NotFound("no such batch")
        return BatchState(state)

    async def _one(self, statement: Statement, **which: object) -> Batch:
        found = await statement.rows(self._connection, spelled(self._connection, which))
        if not found:
            raise NotFound("no such batch")
        return _batch(_COLUMNS.read(found[0]))

    async def find(
        self, tenant: TenantId, where: BatchFilter, *, order: Sequence[BatchOrder], page: Page
    ) -> tuple[int, Sequence[Batch]]:
        """How many there are in all, and one page of them."""
        conditions = [batches.c.tenant == tenant, *_conditions(where)]
        total = (
            await self._connection.execute(select(func.count()).select_from(batches).where(*conditions))
        ).scalar_one()
        keys = [_SORTABLE[key.field].desc() if key.descending else _SORTABLE[key.field].asc() for key in order]
        statement: Select[Any] = (
            select(batches)
            .where(*conditions)
            .order_by(*keys, batches.c.number.desc())
            .limit(page.limit)
            .offset(page.offset)
        )
        return total, [_batch(row) for row in (await self._connection.execute(statement)).mappings()]

    async def apply(
        self, tenant: TenantId, batch: BatchNumber, event: BatchEvent, *, at: datetime, by: PrincipalId | None = None
    ) -> BatchState | None:
        """Move the batch by `event`, if its state allows."""
        before = await self._state(tenant, batch)
        while before is not None:
            after = TRANSITIONS[BatchState(before)].get(event)
            if after is None:
                return None
            values = {
                "tenant": tenant,
                "number": batch,
                "before": before,
                "after": after.value,
                "at": at,
                "by": by,
                "starts": int(after is BatchState.RUNNING),
                "ends": int(not TRANSITIONS[after]),
            }
            if await _APPLY.rows(self._connection, spelled(self._connection, values)):
                return after
            # Someone moved it between our look and our step: look again.
            before = await self._state(tenant, batch)
        raise NotFound("no such batch")

    async def _state(self, tenant: TenantId, batch: BatchNumber) -> str | None:
        found = await _STATE.rows(self._connection, {"tenant": tenant, "number": batch})
        return found[0][0] if found else None

    async def withdraw(self, tenant: TenantId, batch: BatchNumber, *, at: datetime, by: PrincipalId | None) -> bool:
        """Mark what was handed over as taken back."""
        marked = await self._connection.execute(
            update(batches)
            .where(batches.c.tenant == tenant, batches.c.number == batch, batches.c.withdrawn_at.is_(None))
            .values(withdrawn_at=at, updated_at=at, updated_by=by)
        )
        return bool(marked.rowcount)

    async def move_counts(
        self, tenant: TenantId, batch: BatchNumber, deltas: Mapping[EntryState, int], *, at: datetime
    ) -> Standing:
        """Add `deltas` to the counts; also locks the batch until the transaction ends."""
        values: dict[str, int] = {"number": batch, "tenant": tenant}
        if any(deltas.values()):
            steps = {column: deltas.get(state, 0) for state, column in _COUNT_OF.items()}
            found = await _MOVE.rows(self._connection, {**values, **steps, "at": micros(at)})
        else:
            found = await _LOCK.rows(self._connection, values)
        if not found:
            raise NotFound("no such batch")
        state, *counts = found[0]
        return Standing(state=BatchState(state), counts=dict(zip(EntryState, counts, strict=True)))

    async def usage(
        self, tenant: TenantId, kinds: Sequence[str], templates: Sequence[TemplateId]
    ) -> Sequence[TemplateUsage]:
        """What was made from each version of `templates` in batches of `kinds`."""
        return await tallies.usage(self._connection, tenant, kinds=kinds, templates=templates)

    async def true_counts(self, tenant: TenantId, batch: BatchNumber) -> Mapping[EntryState, int]:
        """The counts taken anew from the entries themselves."""
        statement = (
            select(entries.c.state, func.count())
            .join(batches, batches.c.number == entries.c.batch)
            .where(batches.c.tenant == tenant, batches.c.number == batch)
            .group_by(entries.c.state)
        )
        found = {EntryState(state): n for state, n in await self._connection.execute(statement)}
        return {state: found.get(state, 0) for state in EntryState}

    async def remember(self, tenant: TenantId, key: IdempotencyKey, *, now: datetime) -> IdempotencyKey | None:
        """Claim `key` for this transaction; None when it is ours."""
        table = idempotency_keys
        await self._connection.execute(
            delete(table).where(
                table.c.tenant == tenant, table.c.scope == key.scope, table.c.key == key.key, table.c.expires_at <= now
            )
        )
        dialect = sqlite if is_sqlite(self._connection) else postgresql
        claimed = await self._connection.execute(
            dialect.insert(table)
            .values(
                tenant=tenant,
                scope=key.scope,
                key=key.key,
                fingerprint=key.fingerprint,
                answer=key.answer,
                expires_at=key.expires_at,
            )
            .on_conflict_do_nothing()
        )
        if claimed.rowcount:
            return None
        return await self.recall(tenant, key.scope, key=key.key, now=now)

    async def recall(self, tenant: TenantId, scope: str, *, key: str, now: datetime) -> IdempotencyKey | None:
        """What was stored with the key, unless it has expired."""
        table = idempotency_keys
        row = (
            await self._connection.execute(
                select(table).where(
                    table.c.tenant == tenant, table.c.scope == scope, table.c.key == key, table.c.expires_at > now
                )
            )
        ).one_or_none()
        if row is None:
            return None
        return IdempotencyKey(
            scope=row.scope, key=row.key, fingerprint=row.fingerprint, answer=row.answer, expires_at=row.expires_at
        )

    async def across_tenants_forget_keys(self, *, now: datetime) -> int:
        """Forget keys that have expired."""
        gone = await self._connection.execute(delete(idempotency_keys).where(idempotency_keys.c.expires_at <= now))
        return gone.rowcount

    async def across_tenants_broken(self, *, limit: int) -> Sequence[tuple[TenantId, BatchId, int, int]]:
        """Batches whose entries or workflows are not what their counts say."""
        return await tallies.broken(self._connection, limit=limit)


def _conditions(where: BatchFilter) -> list[ColumnElement[bool]]:
    exact = {
        batches.c.template: where.template,
        batches.c.template_version: where.template_version,
    }
    found = [column == value for column, value in exact.items() if value is not None]
    if where.kinds is not None:
        found.append(batches.c.kind.in_(sorted(where.kinds)))
    if where.states is not None:
        found.append(batches.c.state.in_([state.value for state in where.states]))
    if where.withdrawn is not None:
        found.append(batches.c.withdrawn_at.is_not(None) if where.withdrawn else batches.c.withdrawn_at.is_(None))
    if where.called_off is not None:
        off = or_(batches.c.withdrawn_at.is_not(None), batches.c.state.in_(_CALLED_OFF))
        found.append(off if where.called_off else ~off)
    sums = (
        (where.awaiting, AWAITING),
        (where.carried, frozenset(EntryState) - _NEVER_CARRIED),
        (where.failed, _WASTED),
    )
    for wanted, states in sums:
        if wanted is not None:
            some = _sum(states) > 0
            found.append(some if wanted else ~some)
    if where.text:
        found.append(_mentions(where.text))
    return found


def _sum(states: frozenset[EntryState]) -> ColumnElement[int]:
    columns = [batches.c[count_column(state)] for state in EntryState if state in states]
    total: ColumnElement[int] = columns[0] + 0
    for column in columns[1:]:
        total = total + column
    return total


def _mentions(words: str) -> ColumnElement[bool]:
    """Whether title, template title or id hold `words`."""
    ways = [holds(batches.c.title, words), holds(batches.c.template_title, words)]
    # SQLite keeps a UUID as 32 hex digits, so both sides lose their hyphens.
    if digits := words.replace("-", ""):
        ways.append(holds(func.replace(cast(batches.c.id, String), "-", ""), digits))
    return or_(*ways)


def _batch(kept: Mapping[str, Any] | RowMapping) -> Batch:
    return Batch(
        number=BatchNumber(kept["number"]),
        id=BatchId(kept["id"]),
        tenant=TenantId(kept["tenant"]),
        kind=kept["kind"],
        state=BatchState(kept["state"]),
        title=kept["title"],
        total=kept["total"],
        counts={state: kept[count_column(state)] for state in EntryState},
        channel=None if kept["channel"] is None else ChannelId(kept["channel"]),
        template=None if kept["template"] is None else TemplateId(kept["template"]),
        template_version=None if kept["template_version"] is None else TemplateVersionId(kept["template_version"]),
        template_number=kept["template_number"],
        template_title=kept["template_title"],
        idempotency_key=kept["idempotency_key"],
        created_by=None if kept["created_by"] is None else PrincipalId(kept["created_by"]),
        created_at=kept["created_at"],
        updated_by=None if kept["updated_by"] is None else PrincipalId(kept["updated_by"]),
        updated_at=kept["updated_at"],
        started_at=kept["started_at"],
        finished_at=kept["finished_at"],
        withdrawn_at=kept["withdrawn_at"],
        ended={state: kept[end_column(state)] for state in ENDS},
    )

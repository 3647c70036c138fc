"""The texts sent about workflows: the first one derived, every later one a row."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.entry import EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import BatchNumber, ChannelId, PrincipalId, TenantId, WorkflowId, entry_id
from muster.domain.workflow import Notice, NoticeOrigin, WorkflowRef, WorkflowState
from muster.ports.store.workflows import NewNotice, WaitingNotice
from muster.stores.bulk import Both, Statement, as_json, rows_given
from muster.stores.moments import micros, moment
from muster.stores.tables import batches, entries, template_versions
from muster.stores.workflow_search import WorkflowSearch
from muster.stores.workflow_tables import workflow_notices, workflows

_N, _W, _E = workflow_notices.c, workflows.c, entries.c
_NEW = {"batch": "int", "position": "int", "nth": "int", "origin": "text", "made_by": "text"}
_NAMED = {"batch": "int", "position": "int", "serial": "int", "message": "int"}
_LEFT = frozenset(
    {
        EntryState.DISPATCHING,
        EntryState.SENT,
        EntryState.DELIVERED,
        EntryState.COMPLAINED,
        EntryState.UNDELIVERED,
        EntryState.APPLIED,
        EntryState.UNKNOWN,
    }
)

_HOLD = Statement(
    # CROSS: SQLite keeps the order, and looks each workflow up; otherwise it reads the rows anew for every workflow.
    "SELECT workflows.batch FROM {rows} AS v CROSS JOIN workflows"
    " WHERE workflows.batch = v.batch AND workflows.position = v.position"
    " AND workflows.tenant = :tenant ORDER BY workflows.batch, workflows.position{lock}",
    rows=rows_given(_NEW),
    # Two that note texts about one workflow would otherwise give out the same serial.
    lock=Both("", " FOR UPDATE OF workflows"),
)
_ADD = Statement(
    "INSERT INTO workflow_notices (batch, position, serial, tenant, origin, made_by, made_at)"
    " SELECT v.batch, v.position, v.nth + coalesce((SELECT max(serial) FROM workflow_notices AS earlier"
    "  WHERE earlier.batch = v.batch AND earlier.position = v.position), 0),"
    " workflows.tenant, v.origin, {made_by}, {made_at} FROM {rows} AS v CROSS JOIN workflows"
    " WHERE workflows.batch = v.batch AND workflows.position = v.position AND workflows.tenant = :tenant",
    rows=rows_given(_NEW),
    made_by=Both("v.made_by", "CAST(v.made_by AS uuid)"),
    made_at=Both(":at", "CAST(:at AS bigint)"),
)
_ANY_WAITING = Statement("SELECT 1 FROM workflow_notices WHERE message_batch IS NULL LIMIT 1")
_NAME = Statement(
    "UPDATE workflow_notices SET message_batch = :batch, message_position = v.message FROM {rows} AS v"
    " WHERE workflow_notices.batch = v.batch AND workflow_notices.position = v.position"
    " AND workflow_notices.serial = v.serial AND workflow_notices.message_batch IS NULL",
    rows=rows_given(_NAMED),
)


class NoticeTable(WorkflowSearch):
    """The part of ports.store.workflows about texts."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)

    async def add_notices(self, tenant: TenantId, notices: Sequence[NewNotice], *, at: datetime) -> None:
        """Note texts to be sent, each under the next serial of its workflow."""
        nth: Counter[WorkflowRef] = Counter()
        rows: list[tuple[object, ...]] = []
        for notice in notices:
            nth[notice.ref] += 1
            by = None if notice.by is None else notice.by.hex
            rows.append((*notice.ref, nth[notice.ref], notice.origin.value, by))
        if rows:
            values = {"tenant": tenant, "rows": as_json(rows)}
            await _HOLD.rows(self._connection, values)
            await _ADD.rows(self._connection, {**values, "at": micros(at)})

    async def notices(self, tenant: TenantId, workflow: WorkflowId) -> Sequence[Notice]:
        """Every text about the workflow by serial; raises NotFound."""
        ref = await self._place(tenant, workflow)
        if ref is None:
            raise NotFound("no such workflow")
        first = await self._first(ref)
        statement = (
            select(_N.serial, _N.origin, _N.made_by, _N.made_at)
            .where(_N.batch == ref.batch, _N.position == ref.position)
            .order_by(_N.serial)
        )
        later = [
            Notice(
                serial=row.serial, origin=NoticeOrigin(row.origin), by=_principal(row.made_by), at=moment(row.made_at)
            )
            for row in await self._connection.execute(statement)
        ]
        return [*first, *later]

    async def _first(self, ref: WorkflowRef) -> Sequence[Notice]:
        """The text that the workflow began with, if it left; raises NotFound."""
        joined = workflows.join(batches, batches.c.number == _W.batch).join(
            entries, and_(_E.batch == _W.batch, _E.position == _W.position)
        )
        statement = (
            select(_W.state, _W.created_at, batches.c.created_by, _E.state.label("entry"), _E.repeats)
            .select_from(joined)
            .where(_W.batch == ref.batch, _W.position == ref.position)
        )
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            raise NotFound("no such workflow")
        # A workflow that was called off before its message left has ended as well: the entry tells them apart.
        # What waits for a repeat, or was stopped while it did, left once already.
        left = row.state != WorkflowState.CREATED and (row.entry in _LEFT or row.repeats > 0)
        begun = Notice(serial=0, origin=NoticeOrigin.INITIAL, by=_principal(row.created_by), at=moment(row.created_at))
        return [begun] if left else []

    async def across_tenants_any_waiting_notices(self) -> bool:
        """Whether there are notices that no message was made for."""
        return bool(await _ANY_WAITING.rows(self._connection, {}))

    async def across_tenants_waiting_notices(self, *, limit: int) -> Sequence[WaitingNotice]:
        """Notices that no message was made for, oldest first."""
        joined = (
            workflow_notices.join(batches, batches.c.number == _N.batch)
            .join(entries, and_(_E.batch == _N.batch, _E.position == _N.position))
            .outerjoin(template_versions, template_versions.c.id == batches.c.template_version)
        )
        statement = (
            select(
                _N.tenant,
                _N.batch,
                _N.position,
                _N.serial,
                _N.origin,
                batches.c.id,
                batches.c.channel,
                _E.address,
                _E.payload,
                template_versions.c.definition,
            )
            .select_from(joined)
            .where(_N.message_batch.is_(None))
            .order_by(_N.made_at, _N.batch, _N.position, _N.serial)
            .limit(limit)
            .with_for_update(of=workflow_notices, skip_locked=True)
        )
        return [
            WaitingNotice(
                tenant=TenantId(row.tenant),
                ref=WorkflowRef(BatchNumber(row.batch), row.position),
                serial=row.serial,
                workflow=WorkflowId(entry_id(row.id, row.position)),
                channel=None if row.channel is None else ChannelId(row.channel),
                origin=NoticeOrigin(row.origin),
                address=row.address,
                payload=row.payload,
                definition=row.definition,
            )
            for row in await self._connection.execute(statement)
        ]

    async def across_tenants_noticed(self, notices: Sequence[tuple[WorkflowRef, int]], *, batch: BatchNumber) -> None:
        """Note that the messages of these notices are the entries of `batch`, in this order."""
        rows = [(*ref, serial, message) for message, (ref, serial) in enumerate(notices)]
        if rows:
            await _NAME.rows(self._connection, {"rows": as_json(rows), "batch": batch})


def _principal(value: object) -> PrincipalId | None:
    return None if value is None else PrincipalId(value)  # type: ignore[arg-type]  # the column holds UUIDs

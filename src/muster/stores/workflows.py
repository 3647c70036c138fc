"""Workflows: how they begin, move and end, each end counted by the batch in the same transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, insert, text
from sqlalchemy.dialects import postgresql, sqlite

from muster.domain.errors import NotFound
from muster.domain.ids import BatchNumber, TenantId
from muster.domain.workflow import (
    ENDS,
    TRANSITIONS,
    NewWorkflow,
    Workflow,
    WorkflowEvent,
    WorkflowRef,
    WorkflowState,
)
from muster.ports.store.workflows import Advance
from muster.stores.bulk import Both, Statement, as_json, insert_many, is_sqlite, rows_given, values_listed
from muster.stores.moments import micros
from muster.stores.tables import END_COLUMNS, end_column
from muster.stores.workflow_tables import workflows
from muster.stores.workflow_times import ENDED, OVER, TimedWorkflows

_NEW = ("position", "token_hash", "state", "step", "expires_at", "notice_at", "next_at")
_CREATED, _ACTIVE = WorkflowState.CREATED.value, WorkflowState.ACTIVE.value
_COLUMN_OF = {state.value: end_column(state) for state in ENDS}
_ONE = "tenant = :tenant AND batch = :batch AND position = :position"
# Without the tenant, which `_lock` has seen: the planners would turn to the index of all its workflows.
_SOME = "batch = :batch AND position IN {positions}"
_POSITIONS = values_listed("int", parameter="positions")
# A batch that was taken back has no active workflows, whether they have been swept up or not.
_STANDS = "NOT EXISTS (SELECT 1 FROM batches WHERE number = :batch AND withdrawn_at IS NOT NULL)"
_STEP = (
    "step = :step, answers = :answers, customer_name = coalesce(:customer_name, customer_name),"
    " email = coalesce(:email, email)"
)

_LOOK = Statement(
    "SELECT withdrawn_at, (SELECT count(*) FROM (SELECT 1 FROM workflows WHERE batch = :batch"
    "  AND position >= :first AND position <= :last LIMIT 1) AS standing)"
    " FROM batches WHERE number = :batch AND tenant = :tenant"
)
_LOCK = Statement(
    "SELECT withdrawn_at FROM batches WHERE number = :batch AND tenant = :tenant{lock}",
    # SQLite has one writer at a time, and nothing to lock.
    lock=Both("", " FOR UPDATE"),
)
_COUNT = Statement(
    f"UPDATE batches SET {', '.join(f'{name} = {name} + :{name}' for name in END_COLUMNS)},"
    " updated_at = :at, updated_by = NULL WHERE number = :batch"
)
_VOID = Statement(f"DELETE FROM workflows WHERE {_SOME} RETURNING ended_as", positions=_POSITIONS)
_VOID_NOTICES = Statement(f"DELETE FROM workflow_notices WHERE {_SOME}", positions=_POSITIONS)
_POSTPONE = Statement(
    f"UPDATE workflows SET state = '{_CREATED}', updated_at = :at, revision = revision + 1"
    f" WHERE {_SOME} AND state = '{_ACTIVE}'",
    positions=_POSITIONS,
)
_CANCELLED = f"{ENDED}, state = 'cancelled', ended_as = 'cancelled'"
_CALL_OFF = Statement(
    f"UPDATE workflows SET {_CANCELLED} WHERE {_SOME} AND state IN ('{_CREATED}', '{_ACTIVE}') RETURNING position",
    positions=_POSITIONS,
)
# An order that is with the executor stays, to be asked about: money may have moved.
_CANCEL_ALL = text(
    f"UPDATE workflows SET {OVER}, state = 'cancelled', ended_as = 'cancelled'"
    f" WHERE batch = :batch AND state IN ('{_CREATED}', '{_ACTIVE}')"
    " AND EXISTS (SELECT 1 FROM batches WHERE number = :batch AND tenant = :tenant)"
)
_OVER = Statement(
    "SELECT v.batch, v.position FROM {rows} AS v JOIN batches ON batches.number = v.batch"
    " LEFT JOIN workflows ON workflows.batch = v.batch AND workflows.position = v.position"
    " WHERE batches.tenant = :tenant AND (batches.withdrawn_at IS NOT NULL OR workflows.ended_as IS NOT NULL)",
    rows=rows_given({"batch": "int", "position": "int"}),
)
_ADVANCE = Statement(
    f"UPDATE workflows SET {_STEP}, payment = :payment, payment_at = :payment_at, updated_at = :at,"
    f" revision = revision + 1 WHERE {_ONE} AND state = '{_ACTIVE}' AND revision = :revision AND {_STANDS}"
    " RETURNING position"
)
_STILL = "state = :before AND revision = :revision RETURNING position"
_BY = "state = :after, ended_as = :after, decline_reason = :reason"
_END = Statement(f"UPDATE workflows SET {ENDED}, {_BY} WHERE {_ONE} AND {_STILL}")
_END_WITH_STEP = Statement(f"UPDATE workflows SET {ENDED}, {_BY}, {_STEP} WHERE {_ONE} AND {_STILL}")
_EXTEND = Statement(
    "UPDATE workflows SET expires_at = :expires_at, notice_at = :notice_at, next_at = :next_at, updated_at = :at"
    f" WHERE {_ONE} AND state = '{_ACTIVE}' AND {_STANDS} RETURNING position"
)


class WorkflowTable(TimedWorkflows):
    """The workflows of a tenant; see ports.store.workflows. Where a batch's row is locked, it is locked first.

    The revision ascends with state, step and answers; times move without it, so that a reminder or another end does
    not make a customer's form fail.
    """

    async def add(self, tenant: TenantId, batch: BatchNumber, workflow: NewWorkflow, *, at: datetime) -> None:
        """Keep a workflow whose message waits, as `created`."""
        row = dict(zip(_NEW, _row(workflow, _CREATED), strict=True))
        now = micros(at)
        await self._connection.execute(
            insert(workflows).values(tenant=tenant, batch=batch, created_at=now, updated_at=now, **row)
        )

    async def open(
        self, tenant: TenantId, batch: BatchNumber, workflows: Sequence[NewWorkflow], *, at: datetime
    ) -> None:
        """The messages leave: keep the workflows as `active`."""
        if not workflows:
            return
        positions = [workflow.position for workflow in workflows]
        span = {"batch": batch, "tenant": tenant, "first": min(positions), "last": max(positions)}
        seen = await _LOOK.rows(self._connection, span)
        if not seen:
            raise NotFound("no such batch")
        withdrawn_at, standing = seen[0]
        rows = [_row(workflow, _ACTIVE) for workflow in workflows]
        same = {"batch": batch, "tenant": tenant, "created_at": micros(at), "updated_at": micros(at)}
        if standing:
            await self._open_again([{**same, **dict(zip(_NEW, row, strict=True))} for row in rows])
        else:
            await insert_many(self._connection, "workflows", columns=_NEW, rows=rows, same=same)
        if withdrawn_at is not None:
            await self.call_off(tenant, batch, positions, at=at)

    async def _open_again(self, rows: Sequence[Mapping[str, object]]) -> None:
        """`open` where some of the workflows may stand already."""
        dialect = sqlite if is_sqlite(self._connection) else postgresql
        new = dialect.insert(workflows)
        standing = workflows.c
        times = {name: new.excluded[name] for name in ("expires_at", "notice_at", "next_at", "updated_at")}
        begun = case((standing.state == _CREATED, standing.revision + 1), else_=standing.revision)
        statement = new.on_conflict_do_update(
            index_elements=["batch", "position"],
            set_={"state": _ACTIVE, "revision": begun, **times},
            where=standing.ended_as.is_(None),
        )
        await self._connection.execute(statement, rows)

    async def void(self, tenant: TenantId, batch: BatchNumber, positions: Sequence[int], *, at: datetime) -> None:
        """Their messages never left: the workflows never were."""
        if not await self._lock(tenant, batch):
            return
        which = {"batch": batch, "positions": as_json(positions)}
        gone = Counter(row[0] for row in await _VOID.rows(self._connection, which))
        await _VOID_NOTICES.rows(self._connection, which)
        await self._count(batch, {end: -n for end, n in gone.items() if end is not None}, at=at)

    async def postpone(self, tenant: TenantId, batch: BatchNumber, positions: Sequence[int], *, at: datetime) -> None:
        """Their messages will be tried again: `active` becomes `created`."""
        # The caller goes on to count the entries, which locks the batch: an end that began meanwhile has it already.
        if await self._lock(tenant, batch):
            which = {"batch": batch, "positions": as_json(positions)}
            await _POSTPONE.rows(self._connection, {**which, "at": micros(at)})

    async def call_off(self, tenant: TenantId, batch: BatchNumber, positions: Sequence[int], *, at: datetime) -> None:
        """Their messages will never leave: what is open becomes `cancelled`."""
        if await self._lock(tenant, batch):
            which = {"batch": batch, "positions": as_json(positions)}
            ended = await _CALL_OFF.rows(self._connection, {**which, "at": micros(at)})
            await self._count(batch, {WorkflowState.CANCELLED.value: len(ended)}, at=at)

    async def cancel_all(self, tenant: TenantId, batch: BatchNumber, *, at: datetime) -> int:
        """Cancel every open workflow of the batch; how many."""
        values = {"tenant": tenant, "batch": batch, "at": micros(at)}
        ended: int = (await self._connection.execute(_CANCEL_ALL, values)).rowcount
        await self._count(batch, {WorkflowState.CANCELLED.value: ended}, at=at)
        return ended

    async def over(self, tenant: TenantId, refs: Sequence[WorkflowRef]) -> frozenset[WorkflowRef]:
        """Which of them stand in an end, or in a batch that was withdrawn."""
        if not refs:
            return frozenset()
        rows = await _OVER.rows(self._connection, {"tenant": tenant, "rows": as_json(refs)})
        return frozenset(WorkflowRef(BatchNumber(row[0]), row[1]) for row in rows)

    async def advance(self, workflow: Workflow, advance: Advance, *, at: datetime) -> bool:
        """Change an active workflow if it is still at the revision of `workflow`."""
        values = {
            **_key(workflow),
            **_step(advance),
            "revision": workflow.revision,
            "payment": None if advance.payment is None else advance.payment.value,
            "payment_at": None if advance.payment_at is None else micros(advance.payment_at),
            "at": micros(at),
        }
        return bool(await _ADVANCE.rows(self._connection, values))

    async def end(
        self,
        workflow: Workflow,
        event: WorkflowEvent,
        *,
        at: datetime,
        advance: Advance | None = None,
        reason: str | None = None,
    ) -> WorkflowState | None:
        """Move it to an end by `event` if the table allows and it is still at the revision of `workflow`."""
        after = TRANSITIONS[workflow.state].get(event)
        if after is None or after not in ENDS:
            return None
        batch = workflow.ref.batch
        locked = await self._lock(workflow.tenant, batch)
        if not locked or locked[0][0] is not None:
            # Taken back meanwhile: it is cancelled.
            return None
        values = {
            **_key(workflow),
            "before": workflow.state.value,
            "revision": workflow.revision,
            "after": after.value,
            "reason": reason,
            "at": micros(at),
        }
        if advance is None:
            ended = await _END.rows(self._connection, values)
        else:
            ended = await _END_WITH_STEP.rows(self._connection, {**values, **_step(advance)})
        if not ended:
            return None
        await self._count(batch, {after.value: 1}, at=at)
        return after

    async def extend(
        self, workflow: Workflow, *, expires_at: datetime, notice_at: datetime | None, at: datetime
    ) -> bool:
        """Give an active workflow a new end and next reminder; False when it is not active any more."""
        expiry, notice, upcoming = _times(expires_at, notice_at)
        times = {"expires_at": expiry, "notice_at": notice, "next_at": upcoming}
        return bool(await _EXTEND.rows(self._connection, {**_key(workflow), **times, "at": micros(at)}))

    async def close_payment(self, workflow: Workflow) -> None:
        """The order of a workflow that is over was seen through."""
        statement = text(f"UPDATE workflows SET payment = NULL, payment_at = NULL WHERE {_ONE}")
        await self._connection.execute(statement, _key(workflow))

    async def _lock(self, tenant: TenantId, batch: BatchNumber) -> Sequence[Any]:
        """Lock the batch's row; one row with the time it was withdrawn, none when the tenant has no such batch."""
        return await _LOCK.rows(self._connection, {"tenant": tenant, "batch": batch})

    async def _count(self, batch: BatchNumber, deltas: Mapping[str, int], *, at: datetime) -> None:
        """Move the batch's counts of ended workflows."""
        if any(deltas.values()):
            steps = {column: deltas.get(end, 0) for end, column in _COLUMN_OF.items()}
            await _COUNT.rows(self._connection, {"batch": batch, "at": micros(at), **steps})


def _key(workflow: Workflow) -> Mapping[str, object]:
    return {"tenant": workflow.tenant, "batch": workflow.ref.batch, "position": workflow.ref.position}


def _step(advance: Advance) -> Mapping[str, object]:
    return {
        "step": advance.step,
        "answers": advance.answers,
        "customer_name": advance.customer_name,
        "email": advance.email,
    }


def _row(workflow: NewWorkflow, state: str) -> tuple[object, ...]:
    times = _times(workflow.expires_at, workflow.notice_at)
    return (workflow.position, workflow.token_hash, state, workflow.step, *times)


def _times(expires_at: datetime, notice_at: datetime | None) -> tuple[int, int | None, int]:
    """When it ends, when its customer is reminded, and what of both comes first."""
    expiry = micros(expires_at)
    if notice_at is None:
        return expiry, None, expiry
    notice = micros(notice_at)
    return expiry, notice, min(expiry, notice)

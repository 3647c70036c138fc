"""What happens to workflows because time passes: reminders, ends, payments to ask about, putting away."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, text

from muster.domain.entry import EntryState
from muster.domain.ids import BatchNumber, TenantId
from muster.domain.workflow import Workflow, WorkflowRef
from muster.ports.store.workflows import DueWorkflow
from muster.stores.bulk import Both, Statement, as_json, is_sqlite, rows_given, values_listed
from muster.stores.moments import micros, moment
from muster.stores.notices import NoticeTable
from muster.stores.tables import batches, entries
from muster.stores.workflow_tables import HAS_ENDED, workflows

OVER = (
    "ended_at = :at, updated_at = :at, notice_at = NULL, next_at = workflows.expires_at,"
    " revision = workflows.revision + 1"
)
"""What any end changes: no reminder follows."""
ENDED = f"{OVER}, payment = NULL, payment_at = NULL"
"""What an end changes that leaves no order with the executor."""
# In the words of the index, so that both dialects use it.
_WAITS_FOR_ITS_TIME = "workflows.state = 'active' AND workflows.payment IS NULL"
_W = workflows.c
_REF = {"batch": "int", "position": "int"}
_SAME = "workflows.batch = v.batch AND workflows.position = v.position"
_SKIP = Both("", " FOR UPDATE SKIP LOCKED")

_FREE = Statement(
    "SELECT number FROM batches WHERE number IN {numbers} AND withdrawn_at IS NULL ORDER BY number{lock}",
    numbers=values_listed("int", parameter="numbers"),
    # The workflows are locked already (`across_tenants_due`), and whoever holds a batch may wait for one of them: who
    # waited for that batch here would wait for ever. What is left out is still due next time.
    lock=_SKIP,
)
_EXPIRE = Statement(
    f"UPDATE workflows SET {ENDED}, state = 'expired', ended_as = 'expired' FROM {{rows}} AS v"
    f" WHERE {_SAME} AND {_WAITS_FOR_ITS_TIME} AND workflows.expires_at <= :at"
    " RETURNING workflows.batch, workflows.position",
    rows=rows_given(_REF),
)
_EXPIRED = Statement(
    "UPDATE batches SET w_expired = w_expired + v.n, updated_at = :at, updated_by = NULL FROM {rows} AS v"
    " WHERE number = v.batch",
    rows=rows_given({"batch": "int", "n": "int"}),
)
_REMIND = Statement(
    "UPDATE workflows SET notice_at = v.notice_at, next_at = CASE WHEN v.notice_at < workflows.expires_at"
    "  THEN v.notice_at ELSE workflows.expires_at END FROM {rows} AS v"
    f" WHERE {_SAME} AND {_WAITS_FOR_ITS_TIME} AND workflows.notice_at <= :now"
    " AND NOT EXISTS (SELECT 1 FROM batches WHERE number = v.batch AND withdrawn_at IS NOT NULL)"
    " RETURNING workflows.batch, workflows.position",
    rows=rows_given({**_REF, "notice_at": "int"}),
)
_ANY_DUE = Statement(f"SELECT 1 FROM workflows WHERE {_WAITS_FOR_ITS_TIME} AND next_at <= :now LIMIT 1")
_ANY_PAYING = Statement("SELECT 1 FROM workflows WHERE payment IS NOT NULL AND payment_at <= :now LIMIT 1")
_PAYING = Statement(
    "UPDATE workflows SET payment_at = :until WHERE (batch, position) IN"
    " (SELECT batch, position FROM workflows WHERE payment IS NOT NULL AND payment_at <= :now"
    "  ORDER BY payment_at LIMIT :limit{lock}) RETURNING batch, position",
    lock=_SKIP,
)


class TimedWorkflows(NoticeTable):
    """The part of ports.store.workflows about time; all of it spans tenants."""

    async def across_tenants_any_due(self, *, now: datetime) -> bool:
        """Whether the reminder or end of a workflow is due."""
        return bool(await _ANY_DUE.rows(self._connection, {"now": micros(now)}))

    async def across_tenants_due(self, *, now: datetime, limit: int) -> Sequence[DueWorkflow]:
        """Active workflows whose reminder or end is due, earliest first."""
        entry = and_(entries.c.batch == _W.batch, entries.c.position == _W.position)
        statement = (
            select(_W.tenant, _W.batch, _W.position, entries.c.address, _W.expires_at, _W.notice_at)
            .select_from(workflows.join(batches, batches.c.number == _W.batch).join(entries, entry))
            .where(
                text(_WAITS_FOR_ITS_TIME),
                _W.next_at <= micros(now),
                batches.c.withdrawn_at.is_(None),
                entries.c.state != EntryState.DISPATCHING.value,
            )
            .order_by(_W.next_at, _W.batch, _W.position)
            .limit(limit)
            .with_for_update(of=workflows, skip_locked=True)
        )
        return [
            DueWorkflow(
                tenant=TenantId(row.tenant),
                ref=_ref(row),
                address=row.address,
                expires_at=moment(row.expires_at),
                notice_at=None if row.notice_at is None else moment(row.notice_at),
            )
            for row in await self._connection.execute(statement)
        ]

    async def across_tenants_expire(self, refs: Sequence[WorkflowRef], *, now: datetime) -> Sequence[Workflow]:
        """Move those that are due and active to `expired`, each batch's count with them; which.

        Those whose batch another transaction holds at this moment are left for the next time.
        """
        numbers = as_json(sorted({ref.batch for ref in refs}))
        free = {row[0] for row in await _FREE.rows(self._connection, {"numbers": numbers})}
        rows = as_json(sorted(ref for ref in refs if ref.batch in free))
        ended = await _EXPIRE.rows(self._connection, {"rows": rows, "at": micros(now)})
        found = {WorkflowRef(BatchNumber(row[0]), row[1]) for row in ended}
        counts = Counter(ref.batch for ref in found)
        if counts:
            told = {"rows": as_json(sorted(counts.items())), "at": micros(now)}
            await _EXPIRED.rows(self._connection, told)
        return await self._load([ref for ref in refs if ref in found])

    async def across_tenants_remind(
        self, due: Sequence[tuple[WorkflowRef, datetime | None]], *, now: datetime
    ) -> frozenset[WorkflowRef]:
        """Set the next reminder of those that are active and whose reminder is due; which."""
        rows = sorted((*ref, None if notice_at is None else micros(notice_at)) for ref, notice_at in due)
        if not rows:
            return frozenset()
        moved = await _REMIND.rows(self._connection, {"rows": as_json(rows), "now": micros(now)})
        return frozenset(WorkflowRef(BatchNumber(row[0]), row[1]) for row in moved)

    async def across_tenants_any_paying(self, *, now: datetime) -> bool:
        """Whether an executor is to be asked now."""
        return bool(await _ANY_PAYING.rows(self._connection, {"now": micros(now)}))

    async def across_tenants_paying(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Workflow]:
        """Workflows whose executor is to be asked (again) now; nobody else is given them before `until`."""
        values = {"now": micros(now), "until": micros(until), "limit": limit}
        claimed = await _PAYING.rows(self._connection, values)
        return await self._load(sorted(WorkflowRef(BatchNumber(row[0]), row[1]) for row in claimed))

    async def across_tenants_archive(self, *, ended_before: datetime, limit: int) -> int:
        """Put away what ended before then, its answers with it; how many."""
        lock = "" if is_sqlite(self._connection) else " FOR UPDATE SKIP LOCKED"
        statement = text(
            "UPDATE workflows SET state = 'archived', answers = '', customer_name = '', email = '',"
            " revision = revision + 1 WHERE (batch, position) IN"
            # An order that is with the executor is asked about by what the answers say of it.
            f" (SELECT batch, position FROM workflows WHERE {HAS_ENDED} AND ended_at < :before AND payment IS NULL"
            f" ORDER BY ended_at LIMIT :limit{lock})"
        )
        values = {"before": micros(ended_before), "limit": limit}
        put_away: int = (await self._connection.execute(statement, values)).rowcount
        return put_away


def _ref(row: Any) -> WorkflowRef:
    return WorkflowRef(BatchNumber(row.batch), row.position)

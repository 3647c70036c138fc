"""Sums over many batches: what became of a template's messages, and whether counts and rows agree."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Subquery, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.entry import EntryState
from muster.domain.ids import BatchId, TemplateId, TemplateVersionId, TenantId
from muster.domain.workflow import ENDS
from muster.ports.store.batches import TemplateUsage
from muster.stores.tables import COUNT_COLUMNS, END_COLUMNS, batches, count_column, end_column, entries
from muster.stores.workflow_tables import workflows

_COUNTED: Mapping[str, str] = {count_column(state): state.value for state in EntryState}
_ENDED: Mapping[str, str] = {end_column(state): state.value for state in ENDS}
_STANDS = batches.c.withdrawn_at.is_(None)


async def usage(
    connection: AsyncConnection, tenant: TenantId, *, kinds: Sequence[str], templates: Sequence[TemplateId]
) -> Sequence[TemplateUsage]:
    """What was made from each version of `templates` in the tenant's batches of `kinds`."""
    if not kinds or not templates:
        return []
    statement = (
        select(
            batches.c.template,
            batches.c.template_version,
            func.max(batches.c.created_at).label("last_used_at"),
            *(_summed(name, _STANDS).label(name) for name in COUNT_COLUMNS),
            *(_summed(name, ~_STANDS).label(f"withdrawn_{name}") for name in COUNT_COLUMNS),
            *(func.sum(batches.c[name]).label(name) for name in END_COLUMNS),
        )
        .where(
            batches.c.tenant == tenant,
            batches.c.kind.in_(kinds),
            batches.c.template.in_(templates),
            batches.c.template_version.is_not(None),
        )
        .group_by(batches.c.template, batches.c.template_version)
        .order_by(batches.c.template, batches.c.template_version)
    )
    return [_usage(row) for row in (await connection.execute(statement)).mappings()]


def _summed(name: str, condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, batches.c[name]), else_=0))


def _usage(row: Mapping[Any, Any]) -> TemplateUsage:
    return TemplateUsage(
        template=TemplateId(row["template"]),
        version=TemplateVersionId(row["template_version"]),
        counts={state: row[count_column(state)] for state in EntryState},
        ended={state: row[end_column(state)] for state in ENDS},
        withdrawn={state: row[f"withdrawn_{count_column(state)}"] for state in EntryState},
        last_used_at=row["last_used_at"],
    )


async def broken(connection: AsyncConnection, *, limit: int) -> Sequence[tuple[TenantId, BatchId, int, int]]:
    """Batches whose entries or workflows are not what their counts say: (tenant, batch, total, entries found)."""
    found = _tally(entries.c.batch, entries.c.state, _COUNTED)
    ended = _tally(workflows.c.batch, workflows.c.ended_as, _ENDED)
    present = func.coalesce(found.c.n, 0)
    statement = (
        select(batches.c.tenant, batches.c.id, batches.c.total, present)
        .outerjoin(found, found.c.batch == batches.c.number)
        .outerjoin(ended, ended.c.batch == batches.c.number)
        .where(
            or_(
                present != batches.c.total,
                *(batches.c[name] != func.coalesce(found.c[name], 0) for name in COUNT_COLUMNS),
                *(batches.c[name] != func.coalesce(ended.c[name], 0) for name in END_COLUMNS),
            )
        )
        .limit(limit)
    )
    rows = await connection.execute(statement)
    return [(TenantId(row[0]), BatchId(row[1]), row[2], int(row[3])) for row in rows]


def _tally(batch: Column[Any], state: Column[Any], counted: Mapping[str, str]) -> Subquery:
    """One row for each batch: how many rows it has (`n`), and how many in each of the states, under its column."""
    grouped = select(batch.label("batch"), state.label("state"), func.count().label("n")).group_by(batch, state)
    each = grouped.subquery()
    sums = [func.sum(each.c.n).filter(each.c.state == value).label(name) for name, value in counted.items()]
    return select(each.c.batch, func.sum(each.c.n).label("n"), *sums).group_by(each.c.batch).subquery()

"""The audit history of records, and which locked records stand beside one."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import NotFound
from muster.domain.ids import TenantId
from muster.domain.records.char_types import RecordRef
from muster.domain.records.record import Link, Record
from muster.domain.records.trace import Deed, Trace
from muster.ports.store.records import TraceFilter
from muster.stores.moments import micros
from muster.stores.records.rows import LINK, RECORD, TRACE, link_of, record_of, trace_of
from muster.stores.records.tables import record_links, record_traces, records

_T = record_traces.c
_L = record_links.c
_R = records.c


async def traces(  # noqa: PLR0917 - each as plain as the next
    connection: AsyncConnection, tenant: TenantId, ref: RecordRef, where: TraceFilter, *, offset: int, limit: int
) -> tuple[int, Sequence[Trace]]:
    """How many rows of the audit history match, and a part of them, newest first."""
    asked = [_T.tenant == tenant, _whose(tenant, ref, where), *_asked(where)]
    total: int = (await connection.execute(select(func.count()).select_from(record_traces).where(*asked))).scalar_one()
    if offset >= total or not limit:
        return total, []
    part = select(*(_T[name] for name in TRACE)).where(*asked).order_by(_T.number.desc()).limit(limit).offset(offset)
    return total, [trace_of(row) for row in await connection.execute(part)]


def _whose(tenant: TenantId, ref: RecordRef, where: TraceFilter) -> ColumnElement[bool]:
    own = and_(_T.char_type == ref.char_type, _T.record == ref.number)
    if where.char_types is None:
        return own
    below = select(_L.child_type, _L.child).where(
        _L.tenant == tenant,
        _L.parent_type == ref.char_type,
        _L.parent == ref.number,
        _L.child_type.in_(sorted(where.char_types)),
    )
    return or_(own, tuple_(_T.char_type, _T.record).in_(below))


def _asked(where: TraceFilter) -> Sequence[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if where.by is not None:
        asked.append(_T.made_by == where.by)
    if where.since is not None:
        asked.append(_T.made_at >= micros(where.since))
    if where.until is not None:
        asked.append(_T.made_at <= micros(where.until))
    if not where.with_workflow:
        asked.append(_T.deed != Deed.MOVED.value)
    return asked


async def trace(connection: AsyncConnection, tenant: TenantId, number: int) -> Trace:
    """One row of the audit history. Raises NotFound."""
    which = (_T.tenant == tenant, _T.number == number)
    row = (await connection.execute(select(*(_T[name] for name in TRACE)).where(*which))).first()
    if row is None:
        raise NotFound("no such row of the audit history")
    return trace_of(row)


async def locked_beside(  # noqa: PLR0917 - each as plain as the next
    connection: AsyncConnection,
    tenant: TenantId,
    ref: RecordRef,
    locked: Collection[tuple[int, int, int]],
    *,
    offset: int,
    limit: int,
) -> tuple[int, Sequence[tuple[Link, Record]]]:
    """Records related to `ref` that stand in one of `locked` (char type, template, status), and how.

    A record that is related in several ways comes once for each.
    """
    if not locked:
        return 0, []
    above = and_(
        _L.child_type == ref.char_type,
        _L.child == ref.number,
        _R.char_type == _L.parent_type,
        _R.number == _L.parent,
    )
    below = and_(
        _L.parent_type == ref.char_type,
        _L.parent == ref.number,
        _R.char_type == _L.child_type,
        _R.number == _L.child,
    )
    beside = (
        select(*(_L[name].label(f"l_{name}") for name in LINK), *(_R[name].label(f"r_{name}") for name in RECORD))
        .select_from(record_links.join(records, and_(_R.tenant == _L.tenant, or_(above, below))))
        .where(
            _L.tenant == tenant,
            or_(
                and_(_L.child_type == ref.char_type, _L.child == ref.number),
                and_(_L.parent_type == ref.char_type, _L.parent == ref.number),
            ),
            tuple_(_R.char_type, _R.template, _R.status).in_(sorted(locked)),
        )
    )
    found = beside.subquery()
    total: int = (await connection.execute(select(func.count()).select_from(found))).scalar_one()
    if offset >= total or not limit:
        return total, []
    rows = await connection.execute(beside.order_by(_L.number, _R.char_type, _R.number).limit(limit).offset(offset))
    return total, [(link_of(row[: len(LINK)]), record_of(row[len(LINK) :])) for row in rows]

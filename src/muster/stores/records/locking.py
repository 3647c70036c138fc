"""Having records for oneself until the transaction ends. SQLite needs none of it: there is one writer."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.ids import TenantId
from muster.domain.records.char_types import RecordRef
from muster.stores.bulk import Statement, as_json, is_sqlite, rows_given
from muster.stores.records.reaching import beside
from muster.stores.records.rows import RECORD

_MILLISECOND = timedelta(milliseconds=1)
_TIMED_OUT = frozenset({"57014", "55P03"})
"""Statement timeout, lock timeout."""
_REFS = rows_given({"char_type": "int", "number": "int"}, parameter="refs")
_KEY = {"char_type": "v.char_type", "number": "v.number"}
_TOLD = ", ".join(f"r.{name}" for name in RECORD)


def _those(columns: str, *, lock: str = "") -> Statement:
    return Statement(
        f"SELECT {columns} FROM {{refs}} AS v {{near}}",
        refs=_REFS,
        near=beside("records", "r", _KEY, columns=columns, lock=lock),
    )


_LOOK = _those(_TOLD)
_WAIT = _those(_TOLD, lock=" FOR UPDATE")
_TAKE = _those(_TOLD, lock=" FOR UPDATE SKIP LOCKED")
_STAND = _those("r.char_type, r.number")


def may_lock(connection: AsyncConnection) -> bool:
    """Whether rows can, and need to be, locked: not on SQLite, and not where nothing can be written."""
    if is_sqlite(connection):
        return False
    options: Mapping[str, object] = connection.sync_connection.get_execution_options()  # type: ignore[union-attr]  # begun
    return not options.get("postgresql_readonly", False)


async def look(connection: AsyncConnection, tenant: TenantId, refs: Sequence[RecordRef]) -> Sequence[Any]:
    """The rows of those of `refs` that there are."""
    return await _LOOK.rows(connection, {"tenant": tenant, "refs": as_json(refs)})


async def take(
    connection: AsyncConnection, tenant: TenantId, refs: Sequence[RecordRef], *, patience: timedelta
) -> tuple[Sequence[Any], frozenset[RecordRef]]:
    """The rows of those of `refs` that are to be had, locked, and which are not, as others have them."""
    # In one order for everyone, so that two that overlap wait for one another and never each for the other: they are
    # looked up one by one, as they are given.
    values: Mapping[str, object] = {"tenant": tenant, "refs": as_json(sorted(refs))}
    if patience < _MILLISECOND:
        rows = await _TAKE.rows(connection, values)
        return rows, await _busy(connection, values, rows)
    # Nearly always nobody else has any of them. What was taken is let go again before waiting for the others: to wait
    # with something in hand, taken out of order, is how two come to wait for each other.
    attempt = await connection.begin_nested()
    rows = await _TAKE.rows(connection, values)
    if len(rows) == len(refs) or not await _busy(connection, values, rows):
        await attempt.commit()
        return rows, frozenset()
    await attempt.rollback()
    rows = await _waited(connection, values, patience)
    return rows, await _busy(connection, values, rows)


async def _waited(connection: AsyncConnection, values: Mapping[str, object], patience: timedelta) -> Sequence[Any]:
    """All of them if they are to be had in time, else those that are at once."""
    try:
        async with connection.begin_nested():
            # For the statement as a whole: a timeout for locks would begin anew with each record.
            await connection.execute(text(f"SET LOCAL statement_timeout = {patience // _MILLISECOND}"))
            rows = await _WAIT.rows(connection, values)
            await connection.execute(text("SET LOCAL statement_timeout TO DEFAULT"))
            return rows
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") not in _TIMED_OUT:
            raise
    return await _TAKE.rows(connection, values)


async def _busy(
    connection: AsyncConnection, values: Mapping[str, object], taken: Sequence[Any]
) -> frozenset[RecordRef]:
    had = {(row[0], row[1]) for row in taken}
    standing = await _STAND.rows(connection, values)
    return frozenset(RecordRef(row[0], row[1]) for row in standing if (row[0], row[1]) not in had)

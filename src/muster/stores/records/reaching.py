"""Rows that belong to each of several others, found through the one index for it, whatever a planner guesses."""

from collections.abc import Mapping, Sized

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.stores.bulk import Both, Statement, is_sqlite

_MANY = 100
"""From more rows on, the right index is worth a statement of its own."""
# Costs of sorting it puts so high that just-in-time compilation would seem to be worth it.
_NO_SORTING = text(
    "SELECT set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true),"
    " set_config('jit', 'off', true)"
)


def beside(
    table: str, alias: str, key: Mapping[str, str], *, columns: str = "*", then: str = "", lock: str = ""
) -> Both:
    """What follows the first item of a FROM: for each of its rows, the rows of the tenant's in `table` that have `key`.

    `key` has columns as the index has them that is to be used (behind the tenant), and what each has to be; `then`: the
    index's next column, where another index has the last of `key` as well.

    SQLite begins with what stands first in a CROSS JOIN. PostgreSQL takes a tenant of which it knows nothing yet, in
    tables that it has not analysed since, for one with next to no rows. Then one index is as good as another for it
    that begins with the tenant, and it may read all that a tenant has, over again for each row. But only one index
    gives the order that is asked for here: without sorting (`ByIndex`) there is no other choice.
    """
    *fixed, (last, sought) = key.items()
    same = " AND ".join([f"{alias}.tenant = :tenant", *(f"{alias}.{column} = {value}" for column, value in fixed)])
    # A column that can be one thing only has no order: hence from `sought` to `sought`.
    order = ", ".join(f"{alias}.{column}" for column in (last, then) if column)
    between = f"{alias}.{last} BETWEEN {sought} AND {sought} ORDER BY {order}"
    return Both(
        f"CROSS JOIN {table} AS {alias} WHERE {same} AND {alias}.{last} = {sought}",
        f"CROSS JOIN LATERAL (SELECT {columns} FROM {table} AS {alias} WHERE {same} AND {between}{lock}) AS {alias}",
    )


def removing(table: str, given: Both, key: Mapping[str, str]) -> Statement:
    """Remove the rows of the tenant's in `table` that have the `key` (see `beside`) of one of the rows `given`, `v`."""
    columns, values = ", ".join(key), ", ".join(key.values())
    near = beside(table, "d", key, columns="d.ctid")
    return Statement(
        f"DELETE FROM {table} WHERE {{those}}",
        those=Both(
            f"tenant = :tenant AND ({columns}) IN (SELECT {values} FROM {given.sqlite} AS v)",
            f"ctid = ANY(ARRAY(SELECT d.ctid FROM {given.postgres} AS v {near.postgres}))",
        ),
    )


class ByIndex:
    """Leaves PostgreSQL no other choice than what `beside` is for, once there are many rows in a transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._settled = is_sqlite(connection)

    async def expect(self, rows: Sized) -> None:
        """Before a statement about these rows."""
        if not self._settled and len(rows) > _MANY:
            await self._connection.execute(_NO_SORTING)
            self._settled = True

"""Rows that belong to each of several others, found through an index one after the other whatever a planner guesses."""

from muster.stores.bulk import Both


def beside(table: str, alias: str, which: str, *, columns: str = "*") -> Both:
    """What follows the first item of a FROM: for each of its rows, the rows of the tenant's in `table` for `which`.

    SQLite begins with what stands first in a CROSS JOIN. PostgreSQL, until it has first analysed a table, takes a
    tenant for a small part of it, and would sooner read all of that; past OFFSET 0 its planner moves nothing.
    """
    where = f"WHERE {alias}.tenant = :tenant AND {which}"
    return Both(
        f"CROSS JOIN {table} AS {alias} {where}",
        f"CROSS JOIN LATERAL (SELECT {columns} FROM {table} AS {alias} {where} OFFSET 0) AS {alias}",
    )

"""The counters of the record store: rows of `counters`, each locked by whoever counts until its transaction ends."""

from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.ids import TenantId
from muster.stores.bulk import Brief, as_json, rows_given

# One statement that makes the rows that lack and locks those that stand, in one order for everyone.
_HEADS = Brief(
    "INSERT INTO counters (tenant, counter, last)"
    " SELECT CAST(:tenant AS BIGINT), counter, 0 FROM {rows} AS v WHERE true ORDER BY counter"
    " ON CONFLICT (tenant, counter) DO UPDATE SET last = counters.last RETURNING counter, last",
    rows=rows_given({"counter": "text"}),
)
_SET = Brief(
    "INSERT INTO counters (tenant, counter, last)"
    " SELECT CAST(:tenant AS BIGINT), counter, last FROM {rows} AS v WHERE true ORDER BY counter"
    " ON CONFLICT (tenant, counter) DO UPDATE SET last = excluded.last",
    rows=rows_given({"counter": "text", "last": "int"}),
)
_NEXT = Brief(
    "INSERT INTO counters (tenant, counter, last) VALUES (:tenant, :counter, 1)"
    " ON CONFLICT (tenant, counter) DO UPDATE SET last = counters.last + 1 RETURNING last"
)


async def heads(connection: AsyncConnection, tenant: TenantId, counters: Collection[str]) -> Mapping[str, int]:
    """The last number that each counter gave out, 0 where it gave none; nobody else counts until the end."""
    rows = as_json([[counter] for counter in sorted(set(counters))])
    found = await _HEADS.rows(connection, {"tenant": tenant, "rows": rows})
    return {counter: last for counter, last in found}  # noqa: C416 - rows are not quite tuples


async def set_heads(connection: AsyncConnection, tenant: TenantId, heads: Mapping[str, int]) -> None:
    """Keep the last numbers that were given out of counters that `heads` locked."""
    await _SET.rows(connection, {"tenant": tenant, "rows": as_json(sorted(heads.items()))})


async def next_number(connection: AsyncConnection, tenant: TenantId, counter: str) -> int:
    """The next number. Others who count so wait until this transaction ends."""
    number: int = (await _NEXT.rows(connection, {"tenant": tenant, "counter": counter}))[0][0]
    return number

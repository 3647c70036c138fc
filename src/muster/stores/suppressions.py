"""Whom a tenant must not reach."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import NotFound
from muster.domain.ids import TenantId
from muster.ports.store.batches import Page
from muster.ports.store.suppressions import Suppression
from muster.stores.bulk import Statement, as_json, given, listed, values_listed
from muster.stores.moments import micros
from muster.stores.tables import suppressions
from muster.stores.words import holds

_COLUMNS: Mapping[str, str] = {"address": "text", "source": "text", "created_at": "int", "origin": "text"}
_AT_ONCE = 50_000
"""Rows a statement: bounds the size of its JSON parameter to a few megabytes."""

_AMONG = Statement(
    "SELECT address, source FROM suppressions WHERE tenant = :tenant AND address IN {addresses}",
    addresses=values_listed("text", parameter="addresses"),
)


class SuppressionTable:
    """A tenant's list of whom not to reach; see ports.store.suppressions."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, tenant: TenantId, suppressions: Sequence[Suppression]) -> int:
        """Keep them; how many are new. What is on the list already stays as it is."""
        statement = text(
            f"INSERT INTO suppressions (tenant, {', '.join(_COLUMNS)})"
            f" SELECT CAST(:tenant AS BIGINT), {', '.join(_COLUMNS)}"
            f" FROM {given(self._connection, _COLUMNS)} AS v"
            # SQLite reads ON as a join's unless a WHERE stands before it.
            " WHERE true ON CONFLICT DO NOTHING"
        )
        # In one order for everyone: two lists that overlap cannot lock each other out.
        rows = sorted((s.address, s.source, micros(s.created_at), s.origin) for s in suppressions)
        new = 0
        for start in range(0, len(rows), _AT_ONCE):
            values = {"tenant": tenant, "rows": as_json(rows[start : start + _AT_ONCE])}
            new += (await self._connection.execute(statement, values)).rowcount
        return new

    async def remove(self, tenant: TenantId, addresses: Sequence[str]) -> int:
        """Let them be reached again; how many were on the list."""
        statement = text(
            "DELETE FROM suppressions WHERE tenant = :tenant"
            f" AND address IN {listed(self._connection, 'text', parameter='addresses')}"
        )
        values = {"tenant": tenant, "addresses": as_json(addresses)}
        return (await self._connection.execute(statement, values)).rowcount

    async def among(self, tenant: TenantId, addresses: Sequence[str]) -> Mapping[str, str]:
        """Which of `addresses` are on the list, each with its source."""
        if not addresses:
            return {}
        values = {"tenant": tenant, "addresses": as_json(addresses)}
        return {row[0]: row[1] for row in await _AMONG.rows(self._connection, values)}

    async def after(self, tenant: TenantId, address: str, *, limit: int) -> Sequence[Suppression]:
        """The next ones behind `address`."""
        columns = suppressions.c
        statement = (
            select(suppressions)
            .where(columns.tenant == tenant, columns.address > address)
            .order_by(columns.address)
            .limit(limit)
        )
        return [_suppression(row) for row in await self._connection.execute(statement)]

    async def get(self, tenant: TenantId, address: str) -> Suppression:
        """The one with this address; raises NotFound."""
        columns = suppressions.c
        statement = select(suppressions).where(columns.tenant == tenant, columns.address == address)
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            raise NotFound("no such suppression")
        return _suppression(row)

    async def find(self, tenant: TenantId, *, text: str, page: Page) -> tuple[int, Sequence[Suppression]]:
        """How many hold `text` in their address (all when empty), and one page of them, newest first."""
        columns = suppressions.c
        conditions = [columns.tenant == tenant]
        if text:
            conditions.append(holds(columns.address, text))
        counted = select(func.count()).select_from(suppressions).where(*conditions)
        total = (await self._connection.execute(counted)).scalar_one()
        statement = (
            select(suppressions)
            .where(*conditions)
            .order_by(columns.created_at.desc(), columns.address)
            .limit(page.limit)
            .offset(page.offset)
        )
        rows = await self._connection.execute(statement)
        return total, [_suppression(row) for row in rows]


def _suppression(row: Any) -> Suppression:
    return Suppression(address=row.address, source=row.source, origin=row.origin, created_at=row.created_at)

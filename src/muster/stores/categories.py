"""Categories: what messages are about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.category import Category, CategoryState, Statistics
from muster.domain.errors import NotFound
from muster.domain.ids import CategoryNumber, TenantId
from muster.domain.query import Query
from muster.ports.store.categories import Windows
from muster.stores import mailing_statistics
from muster.stores.directory_tables import categories
from muster.stores.marks import marks_of, mirrored
from muster.stores.moments import micros, moment
from muster.stores.shelf_fields import CATEGORY_FIELDS
from muster.stores.shelves import Listing, all_numbers, find_numbers, in_order, numbered

_C = categories.c
_IN_USE = _C.state != CategoryState.DELETED.value
_LISTING = Listing(
    source=categories,
    tenant=_C.tenant,
    number=_C.number,
    first=_C.created_at,
    fields=CATEGORY_FIELDS,
    alive=_IN_USE,
)


class CategoryTable:
    """The categories of a tenant; see ports.store.categories."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, tenant: TenantId, category: Category) -> None:
        """Keep a new one."""
        used = None if category.last_used is None else micros(category.last_used)
        await self._connection.execute(
            insert(categories).values(tenant=tenant, number=category.number, last_used=used, **_said(category))
        )

    async def change(self, tenant: TenantId, category: Category) -> bool:
        """Keep the change, if it is of what is kept; when it was last used is not a change of its own."""
        changed = await self._connection.execute(
            update(categories)
            .where(
                _C.tenant == tenant,
                _C.number == category.number,
                _C.revision == category.revision - 1,
                _IN_USE,
            )
            .values(**_said(category))
        )
        return bool(changed.rowcount)

    async def use(self, tenant: TenantId, category: CategoryNumber, *, at: datetime) -> Category:
        """Note that it is used now. The row that is written stays locked until this transaction ends."""
        now = micros(at)
        used = await self._connection.execute(
            update(categories)
            .where(_C.tenant == tenant, _C.number == category, _IN_USE)
            .values(last_used=case((_C.last_used > now, _C.last_used), else_=now))
            .returning(categories)
        )
        row = used.one_or_none()
        if row is None:
            raise NotFound("no such category")
        return _category(row)

    async def statistics(
        self, tenant: TenantId, categories: Sequence[CategoryNumber], *, since: Windows
    ) -> Mapping[CategoryNumber, Statistics]:
        """How their messages fare, from the batches' counts."""
        return await mailing_statistics.statistics(self._connection, tenant, categories, since=since)

    async def find(self, tenant: TenantId, query: Query) -> tuple[int, Sequence[Category]]:
        """How many match, and the part asked for, in order."""
        total, numbers = await find_numbers(self._connection, _LISTING, tenant, query)
        return total, in_order({c.number: c for c in await self.several(tenant, numbers)}, numbers)

    async def numbers(self, tenant: TenantId, query: Query, *, most: int) -> Sequence[int]:
        """The numbers of all that match, in order."""
        return await all_numbers(self._connection, _LISTING, tenant, query, most=most)

    async def several(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Category]:
        """Those of `numbers` that there are."""
        if not numbers:
            return []
        which = numbered(self._connection, _C.number, numbers)
        rows = await self._connection.execute(select(categories).where(_C.tenant == tenant, which, _IN_USE))
        return [_category(row) for row in rows]

    async def get(self, tenant: TenantId, number: int) -> Category:
        """The one with this number; raises NotFound."""
        found = await self.several(tenant, [number])
        if not found:
            raise NotFound("no such category")
        return found[0]


def _said(category: Category) -> Mapping[str, object]:
    """The columns that a change may change."""
    return {
        "name": category.name,
        "description": category.description,
        "short_description": category.short_description,
        "opt_out_allowed": category.opt_out_allowed,
        "delete_allowed": category.delete_allowed,
        "state": category.state.value,
        "note": category.note,
        "icon": category.icon,
        **mirrored(category.marks),
        "revision": category.revision,
    }


def _category(row: Any) -> Category:
    return Category(
        number=CategoryNumber(row.number),
        name=row.name,
        description=row.description,
        short_description=row.short_description,
        opt_out_allowed=row.opt_out_allowed,
        delete_allowed=row.delete_allowed,
        state=CategoryState(row.state),
        note=row.note,
        icon=row.icon,
        last_used=None if row.last_used is None else moment(row.last_used),
        marks=marks_of(row.marks),
        revision=row.revision,
    )

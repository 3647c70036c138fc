"""Reading a list of numbered things by a query: which of them, in which order, which part.

A table says once, in a `Listing`, what its fields are. Here the numbers of a query's rows are found; the table then
reads the rows by their numbers, each part of them in one statement.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Column as SchemaColumn
from sqlalchemy import ColumnElement, FromClause, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import visitors

from muster.domain.ids import TenantId
from muster.domain.query import Among, Query
from muster.stores.bulk import is_sqlite
from muster.stores.queries import Collection, Column, Vocabulary, by_code_point, condition

__all__ = ["Collection", "Column", "Join", "Listing", "all_numbers", "find_numbers", "in_order", "numbered"]

_Row = TypeVar("_Row")


class Join(NamedTuple):
    """A table that is read only where a query names a field of it. It adds no rows and, unless used, takes none."""

    table: FromClause
    on: ColumnElement[bool]
    """May speak of the source and of joins before this one."""
    optional: bool = False
    """Whether a row can be without: a LEFT JOIN, whose columns are all NULL there."""


class Listing(NamedTuple):
    """A list of a tenant's numbered things."""

    source: FromClause
    """What is always read; exactly one row for each thing."""
    tenant: ColumnElement[Any]
    number: ColumnElement[Any]
    first: ColumnElement[Any]
    """When the thing was made, in microseconds: the oldest comes first."""
    fields: Mapping[str, Column]
    joins: tuple[Join, ...] = ()
    collections: Mapping[str, Collection] = MappingProxyType({})
    alive: ColumnElement[bool] | None = None
    """What is true of a thing that can be found."""


async def find_numbers(  # noqa: PLR0917 - every shelf calls it with its own four, in this order
    connection: AsyncConnection, listing: Listing, tenant: TenantId, query: Query
) -> tuple[int, list[int]]:
    """How many match in all, and the numbers of the part asked for, in order.

    The two agree wherever the transaction has one view of the data, as those for reading have. Raises KeyError for a
    field that the listing does not have.
    """
    conditions = _conditions(connection, listing, tenant=tenant, query=query)
    keys = _keys(connection, listing, query)
    counted = select(func.count()).select_from(_source(listing, conditions)).where(*conditions)
    total: int = (await connection.execute(counted)).scalar_one()
    if not query.limit or query.offset >= total:
        return total, []
    cut = _ordered(listing, conditions, keys).limit(query.limit).offset(query.offset)
    return total, list((await connection.execute(cut)).scalars())


async def all_numbers(  # noqa: PLR0917 - as above
    connection: AsyncConnection, listing: Listing, tenant: TenantId, query: Query, *, most: int
) -> list[int]:
    """The numbers of all that match, in order, whatever part the query asks for; at most `most`."""
    conditions = _conditions(connection, listing, tenant=tenant, query=query)
    statement = _ordered(listing, conditions, _keys(connection, listing, query)).limit(most)
    return list((await connection.execute(statement)).scalars())


def numbered(connection: AsyncConnection, column: ColumnElement[Any], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether `column` is one of `numbers`, however many they are."""
    words = Vocabulary({"number": Column(column)}, {})
    return condition(connection, Among("number", tuple(numbers)), words)


def in_order(rows: Mapping[int, _Row], numbers: Iterable[int]) -> list[_Row]:
    """The rows of `numbers`, in that order; those that are not there are left out."""
    return [rows[number] for number in numbers if number in rows]


def _conditions(
    connection: AsyncConnection, listing: Listing, *, tenant: TenantId, query: Query
) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [listing.tenant == tenant]
    if listing.alive is not None:
        found.append(listing.alive)
    if query.where is not None:
        found.append(condition(connection, query.where, Vocabulary(listing.fields, listing.collections)))
    return found


def _keys(connection: AsyncConnection, listing: Listing, query: Query) -> Sequence[ColumnElement[Any]]:
    """What to sort by; the last of it is in no two rows the same."""
    certain = _certain(listing)
    embedded = is_sqlite(connection)
    asked = [(listing.fields[order.field], order.descending) for order in query.order]
    seen: list[ColumnElement[Any]] = []
    keys: list[ColumnElement[Any]] = []
    for field, descending in [*asked, (Column(listing.first), False), (Column(listing.number), False)]:
        if any(field.expression is one for one in seen):
            continue
        seen.append(field.expression)
        sorted_by = by_code_point(connection, field)
        key = sorted_by.desc() if descending else sorted_by.asc()
        if not embedded and not _always(field.expression, certain):
            # As SQLite does unasked. Where a column is never NULL, saying so would keep PostgreSQL from its index.
            key = key.nulls_last() if descending else key.nulls_first()
        keys.append(key)
    return keys


def _ordered(
    listing: Listing, conditions: Sequence[ColumnElement[bool]], keys: Sequence[ColumnElement[Any]]
) -> Select[Any]:
    source = _source(listing, [*conditions, *keys])
    return select(listing.number).select_from(source).where(*conditions).order_by(*keys)


def _source(listing: Listing, used: Sequence[ColumnElement[Any]]) -> FromClause:
    """The source with the joins that `used` needs, and what these need themselves."""
    wanted = _tables(used)
    needed: list[Join] = []
    for join in reversed(listing.joins):
        if join.table in wanted:
            needed.append(join)
            wanted |= _tables([join.on])
    source = listing.source
    for join in reversed(needed):
        source = source.join(join.table, join.on, isouter=join.optional)
    return source


def _tables(expressions: Iterable[ColumnElement[Any]]) -> set[FromClause]:
    """The tables whose columns are named in `expressions`."""
    return {
        element.table
        for expression in expressions
        for element in visitors.iterate(expression)
        if isinstance(element, SchemaColumn)
    }


def _certain(listing: Listing) -> set[FromClause]:
    """The tables that every row of the list has a row of: no column of them is NULL by a join."""
    inner = {join.table for join in listing.joins if not join.optional}
    # A source that is joined itself may be so by a LEFT JOIN.
    return inner | {listing.source}


def _always(expression: ColumnElement[Any], certain: set[FromClause]) -> bool:
    """Whether the expression never gives NULL."""
    return isinstance(expression, SchemaColumn) and not expression.nullable and expression.table in certain

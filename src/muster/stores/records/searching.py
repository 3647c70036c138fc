"""Searching among records and relationships: how many match in all, and one part of them in order."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Select,
    Text,
    and_,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.expression import FromClause

from muster.domain.errors import BadInput, Unavailable
from muster.domain.ids import TenantId
from muster.domain.records.char_types import RELATIONSHIP
from muster.domain.records.record import Link, Record
from muster.domain.records.search import Order, Search
from muster.ports.store.records import Found
from muster.stores.bulk import is_sqlite
from muster.stores.records import conditions_plain as plain
from muster.stores.records.conditions import RECORD_FIELDS, Conditions, Subject
from muster.stores.records.conditions_plain import Leaf, Plain, Side, Tested
from muster.stores.records.rows import LINK, RECORD, link_of, record_of
from muster.stores.records.tables import record_links, record_values, records

_LONGEST_SECONDS = 30
_NUMBERS = frozenset({"recordid", "relrecid"})
_TOO_LONG = "57014"
_SETTINGS: Mapping[str, str] = {
    # Compiling a plan costs more than most searches take.
    "jit": "off",
    # Two processes for one search: a third costs more than it helps where there are two cores, and others search too.
    "max_parallel_workers_per_gather": "1",
    # It may have been given up for what was done before (see `reaching`).
    "enable_sort": "on",
    "enable_incremental_sort": "on",
    # Sets of hits are to be hashed whole, and tables that are searched to be taken for cached.
    "work_mem": "64MB",
    "random_page_cost": "1.1",
    # How many rows there will be depends on the values asked for.
    "plan_cache_mode": "force_custom_plan",
    "statement_timeout": f"{_LONGEST_SECONDS}s",
}


class _Key(NamedTuple):
    """One sort key of the hits. `sort` is what its values are; where `lacking`, hits may be without: they are least."""

    stands: ColumnElement[Any]
    sort: type[str] | type[int] | type[float]
    descending: bool
    lacking: bool


class _Hits(NamedTuple):
    """The hits as a table, the same with all that they are sorted by, and those keys, number last."""

    counted: FromClause
    table: FromClause
    keys: Sequence[_Key]


async def search(connection: AsyncConnection, tenant: TenantId, search: Search) -> Found[Record]:
    """What matches among the records. Raises BadInput for what cannot be compared.

    Raises Unavailable for what takes too long.
    """
    total, rows = await _find(connection, tenant, search)
    numbers = [row[-1] for row in rows]
    which = (records.c.tenant == tenant, records.c.char_type == search.char_type, records.c.number.in_(numbers))
    loaded = await connection.execute(select(*(records.c[name] for name in RECORD)).where(*which)) if rows else ()
    by_number = {record.ref.number: record for record in map(record_of, loaded)}
    return Found(total, [by_number[number] for number in numbers], _after(rows))


async def search_links(connection: AsyncConnection, tenant: TenantId, search: Search) -> Found[Link]:
    """What matches among the relationships. Raises as `search`."""
    total, rows = await _find(connection, tenant, search)
    numbers = [row[-1] for row in rows]
    which = (record_links.c.tenant == tenant, record_links.c.number.in_(numbers))
    loaded = await connection.execute(select(*(record_links.c[name] for name in LINK)).where(*which)) if rows else ()
    by_number = {row[0]: link_of(row) for row in loaded}
    return Found(total, [by_number[number] for number in numbers], _after(rows))


def _after(rows: Sequence[tuple[Any, ...]]) -> tuple[object, ...] | None:
    return rows[-1] if rows else None


async def _find(connection: AsyncConnection, tenant: TenantId, asked: Search) -> tuple[int, list[tuple[Any, ...]]]:
    """How many match in all, and the sort keys of the part asked for, number last."""
    node = plain.plain(asked.node) if asked.node is not None else plain.Every(())
    if not is_sqlite(connection):
        await connection.execute(select(*(func.set_config(name, value, true()) for name, value in _SETTINGS.items())))
    try:
        if _is_costly(node) or asked.keywords:
            return await _at_once(connection, tenant, asked, node)
        return await _one_by_one(connection, tenant, asked, node)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") == _TOO_LONG:
            raise Unavailable("The search took too long. Please ask for less at once.") from error
        raise


async def _at_once(  # noqa: PLR0917 - each as plain as the next
    connection: AsyncConnection, tenant: TenantId, asked: Search, node: Plain
) -> tuple[int, list[tuple[Any, ...]]]:
    """In one statement, so that the hits, which are dear, are found once."""
    hits = _hits(Conditions(connection, tenant), tenant, asked, node, once=True)
    counted = select(func.count().label("total")).select_from(hits.counted).subquery("counted")
    page = _page(connection, asked, hits).subquery("page")
    columns = list(page.c)
    in_order = [_direction(connection, key._replace(stands=columns[at])) for at, key in enumerate(hits.keys)]
    statement = select(counted.c.total, *columns).select_from(counted.outerjoin(page, true())).order_by(*in_order)
    rows = [tuple(row) for row in await connection.execute(statement)]
    return rows[0][0], [row[1:] for row in rows if row[-1] is not None]


async def _one_by_one(  # noqa: PLR0917 - each as plain as the next
    connection: AsyncConnection, tenant: TenantId, asked: Search, node: Plain
) -> tuple[int, list[tuple[Any, ...]]]:
    """Counted first: then the part asked for comes in the order of an index, and few rows are read."""
    hits = _hits(Conditions(connection, tenant), tenant, asked, node, once=False)
    page = _page(connection, asked, hits)
    total: int = (await connection.execute(select(func.count()).select_from(hits.counted))).scalar_one()
    return total, [tuple(row) for row in await connection.execute(page)] if total else []


def _is_costly(node: Plain) -> bool:
    """Whether finding the hits needs more than their own table."""
    match node:
        case plain.Every() | plain.Any():
            return any(_is_costly(one) for one in node.nodes)
        case Leaf():
            return node.field not in RECORD_FIELDS
        case Side():
            return True


def _hits(conditions: Conditions, tenant: TenantId, asked: Search, node: Plain, *, once: bool) -> _Hits:  # noqa: PLR0917 - each as plain as the next
    """The hits as a table; `once`: it is made before anything is read from it."""
    if not once:
        subject, within = _whole(conditions, asked)
        own = [column.label(f"k_{field}") for field, column in _sorted_by(asked, subject).items()]
        held = (conditions.holds(one, subject) for one in plain.parts_of(node))
        table = select(subject.number.label("number"), *own).where(within, *held).subquery("found")
        known = {one.name.removeprefix("k_"): table.c[one.name] for one in own}
        return _Hits(table, table, _keys(asked, tenant, table.c.number, known))
    made = _numbers(conditions, asked, node).cte("found").prefix_with("MATERIALIZED")
    # Sort keys are looked up of the hits alone: among the conditions they would have every row read that is tried.
    whole, here = _whole(conditions, asked)
    columns = _sorted_by(asked, whole)
    if not columns:
        return _Hits(made, made, _keys(asked, tenant, made.c.number, {}))
    joined = made.join(whole.source, and_(here, whole.number == made.c.number))
    return _Hits(made, joined, _keys(asked, tenant, made.c.number, columns))


def _whole(conditions: Conditions, asked: Search) -> tuple[Subject, ColumnElement[bool]]:
    return conditions.links() if asked.char_type == RELATIONSHIP else conditions.records(asked.char_type)


def _numbers(conditions: Conditions, asked: Search, node: Plain) -> Select[Any]:
    """The numbers of the hits, each once."""
    words, parts = asked.keywords.split(), plain.parts_of(node)
    if not words or not parts or conditions.embedded:
        return _at_one_go(conditions, asked, parts, words)
    # Words are looked for in what all else has left: without OFFSET, PostgreSQL would begin with them.
    left = _at_one_go(conditions, asked, parts, ()).offset(literal_column("0")).subquery("left")
    subject, within = conditions.records(asked.char_type)
    held = (within, subject.number == left.c.number, *(conditions.word(word, subject) for word in words))
    return select(subject.number.label("number")).where(*held)


def _at_one_go(  # noqa: PLR0917 - each as plain as the next
    conditions: Conditions, asked: Search, parts: Sequence[Plain], words: Sequence[str]
) -> Select[Any]:
    begin = None if words or asked.char_type == RELATIONSHIP else _beginning(parts)
    subject, within = _whole(conditions, asked) if begin is None else conditions.values(asked.char_type, begin)
    rest = [one for one in parts if one is not begin]
    held = (
        within,
        *(conditions.holds(one, subject) for one in rest),
        *(conditions.word(one, subject) for one in words),
    )
    found = select(subject.number.label("number")).where(*held)
    return found if begin is None else found.distinct()


def _beginning(parts: Sequence[Plain]) -> Leaf | None:
    """Values to begin with instead of the records themselves.

    Looking up the record of each value costs as much as all the rest, and is not needed where only values and
    relationships are asked for.
    """
    if any(_is_fixed(one) for one in parts):
        return None
    return min((one for one in parts if isinstance(one, Leaf) and one.holds), key=_breadth, default=None)


def _is_fixed(node: Plain) -> bool:
    """Whether it speaks of a record's own columns, at least in part."""
    match node:
        case plain.Every() | plain.Any():
            return any(_is_fixed(one) for one in node.nodes) or not node.nodes
        case Leaf():
            return node.field in RECORD_FIELDS
        case Side():
            return False


def _breadth(leaf: Leaf) -> tuple[bool, int]:
    """How much there is likely to be of it, by no more than the kind of question."""
    return leaf.tested is not Tested.IN, len(leaf.values)


def _sorted_by(asked: Search, subject: Subject) -> dict[str, ColumnElement[Any]]:
    """The columns that are sorted by, besides the number."""
    fields = dict.fromkeys(order.field for order in asked.order if subject.fields.get(order.field) != "number")
    return {field: subject.column(field) for field in fields if field in subject.fields}


def _keys(  # noqa: PLR0917 - each as plain as the next
    asked: Search, tenant: TenantId, number: ColumnElement[Any], columns: Mapping[str, ColumnElement[Any]]
) -> Sequence[_Key]:
    keys = [_key(asked, tenant, order, number=number, columns=columns) for order in asked.order]
    return [*keys, _Key(number, int, descending=False, lacking=False)]


def _key(
    asked: Search,
    tenant: TenantId,
    order: Order,
    *,
    number: ColumnElement[Any],
    columns: Mapping[str, ColumnElement[Any]],
) -> _Key:
    stands = columns.get(order.field)
    if stands is None and order.field in _NUMBERS:
        stands = number
    if stands is not None:
        return _Key(stands, str if isinstance(stands.type, Text) else int, order.descending, lacking=False)
    if asked.char_type == RELATIONSHIP:
        raise BadInput(f"{order.field} is not a field of relationships")
    values = record_values.alias()
    first = select(values.c.digits if order.numeric else values.c.text).where(
        values.c.tenant == tenant,
        values.c.char_type == asked.char_type,
        values.c.record == number,
        values.c.label == order.field,
        values.c.ordinal == 0,
    )
    sort: type[str | float] = float if order.numeric else str
    return _Key(first.scalar_subquery(), sort, order.descending, lacking=True)


def _page(connection: AsyncConnection, asked: Search, hits: _Hits) -> Select[Any]:
    page = select(*(key.stands.label(f"key_{at}") for at, key in enumerate(hits.keys))).select_from(hits.table)
    if asked.after is not None:
        page = page.where(_beyond(hits.keys, asked.after))
    ordered = page.order_by(*(_direction(connection, key) for key in hits.keys)).limit(asked.rows)
    return ordered if asked.after is not None else ordered.offset(asked.start)


def _direction(connection: AsyncConnection, key: _Key) -> ColumnElement[Any]:
    towards = key.stands.desc() if key.descending else key.stands.asc()
    if not key.lacking or is_sqlite(connection):
        # SQLite takes nothing for the least unasked. Where nothing lacks, saying so keeps PostgreSQL from its index.
        return towards
    return towards.nulls_last() if key.descending else towards.nulls_first()


def _beyond(keys: Sequence[_Key], after: tuple[object, ...]) -> ColumnElement[bool]:
    """Whether a hit comes behind the place `after`."""
    if len(after) != len(keys):
        raise BadInput("The place to continue from belongs to another order")
    held: ColumnElement[bool] = false()
    for key, value in reversed(list(zip(keys, after, strict=True))):
        held = or_(_comes_later(key, value), and_(_is_there(key, value), held))
    return held


def _comes_later(key: _Key, value: object) -> ColumnElement[bool]:
    if value is None and key.lacking:
        return false() if key.descending else key.stands.is_not(None)
    bound = _bound(key, value)
    if not key.descending:
        return key.stands > bound
    return or_(key.stands < bound, key.stands.is_(None)) if key.lacking else key.stands < bound


def _is_there(key: _Key, value: object) -> ColumnElement[bool]:
    return key.stands.is_(None) if value is None and key.lacking else key.stands == _bound(key, value)


def _bound(key: _Key, value: object) -> ColumnElement[Any]:
    if key.sort is str and isinstance(value, str):
        return literal(value, Text())
    if key.sort is int and isinstance(value, int) and abs(value) < 1 << 63:
        return literal(value, BigInteger())
    if key.sort is float and isinstance(value, int | float):
        return literal(float(value), Double())
    raise BadInput("The place to continue from belongs to another order")

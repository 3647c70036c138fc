"""A query means on both databases what it means in plain Python: the same rows, the same order, nothing raised."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, MetaData, Table, Text, and_, insert
from sqlalchemy import Column as SchemaColumn

from muster.domain.ids import TenantId
from muster.domain.query import (
    Among,
    Compare,
    Comparison,
    Condition,
    Either,
    Every,
    Holds,
    Like,
    Not,
    Order,
    Query,
    Value,
)
from muster.stores.database import SqlStore, open_store
from muster.stores.moments import micros
from muster.stores.shelves import Collection, Column, Join, Listing, all_numbers, find_numbers
from muster.stores.vault import Vault
from tests.conformance.plain_queries import Row, found_in
from tests.conformance.store_world import NOON, after

ACME, OTHER = TenantId(1), TenantId(2)
C = Comparison
TEXTS = (
    None,
    "",
    "a",
    "A",
    "ab",
    "aB%_c",
    "a%",
    "a_b",
    "b/",
    "\\b",
    "Äa",
    "\x01",
    "~",
    "\ue000",
    "\uff5e",
    "\U0001f600",
    "it's",
)
NUMBERS = (None, 0, 1, -1, 7, (1 << 63) - 1, -(1 << 63))
TIMES = (None, NOON, after(days=1), after(microseconds=1), datetime(1969, 7, 20, tzinfo=UTC))
# What no row can hold may be asked for all the same.
ASKED_TEXTS = (*TEXTS, "\x00", "a\x00b", "a\ud800", "b")
ASKED_NUMBERS = (*NUMBERS, 2, 1 << 63, -(1 << 63) - 1, 10**30)
SORTS = {"text": ASKED_TEXTS, "number": ASKED_NUMBERS, "flag": (None, True, False), "at": (*TIMES, after(hours=1))}
PLAIN_WORDS = ("", "a", "A", "b", "ab", "B", "%", "_", "a%", "/", "\\", "'", "zz", "\x00")

_schema = MetaData()
# Where the database was made for a language, texts must be sorted by code point all the same.
_Spoken = Text().with_variant(Text(collation="und-x-icu"), "postgresql")
_rows = Table(
    "probe_rows",
    _schema,
    SchemaColumn("tenant", BigInteger, nullable=False),
    SchemaColumn("key", BigInteger, nullable=False),
    SchemaColumn("text", _Spoken),
    SchemaColumn("number", BigInteger),
    SchemaColumn("flag", Boolean),
    SchemaColumn("at", BigInteger),
    SchemaColumn("parent", BigInteger),
    SchemaColumn("made", BigInteger, nullable=False),
)
_parents = Table(
    "probe_parents",
    _schema,
    SchemaColumn("key", BigInteger, nullable=False),
    SchemaColumn("text", Text, nullable=False),
)
_parts = Table(
    "probe_parts",
    _schema,
    SchemaColumn("row", BigInteger, nullable=False),
    SchemaColumn("text", Text),
    SchemaColumn("number", BigInteger),
)
_R = _rows.c
LISTING = Listing(
    source=_rows,
    tenant=_R.tenant,
    number=_R.key,
    first=_R.made,
    fields={
        "text": Column(_R.text),
        "number": Column(_R.number),
        "flag": Column(_R.flag),
        "at": Column(_R.at, is_time=True),
        "parent.text": Column(_parents.c.text),
        "made": Column(_R.made, is_time=True),
    },
    joins=(Join(_parents, _parents.c.key == _R.parent, optional=True),),
    collections={
        "parts": Collection(
            _parts, and_(_parts.c.row == _R.key), {"text": Column(_parts.c.text), "number": Column(_parts.c.number)}
        )
    },
    alive=_R.key < 100,
)
PARENTS = {1: "Über", 2: "a"}
ROWS: Sequence[Row] = [
    {
        "key": key,
        "text": TEXTS[key % len(TEXTS)],
        "number": NUMBERS[key % len(NUMBERS)],
        "flag": (None, True, False)[key % 3],
        "at": TIMES[key % len(TIMES)],
        "parent": (None, 1, 2)[key // 3 % 3],
        "parent.text": (None, *PARENTS.values())[key // 3 % 3],
        "made": NOON + timedelta(seconds=key // 4 % 3),
    }
    for key in range(34)
]
PARTS: Mapping[int, Sequence[Row]] = {
    key: [{"text": TEXTS[(key * 5 + n) % len(TEXTS)], "number": NUMBERS[n]} for n in range(key % 4)]
    for key in range(34)
}


class Probe:
    """A small table, and what a query finds in it."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def prepare(self) -> None:
        """Make the tables and fill them."""
        kept = [{**row, "tenant": ACME, "at": _micros(row["at"]), "made": _micros(row["made"])} for row in ROWS]
        strangers = [{**row, "tenant": OTHER} for row in kept] + [{**kept[1], "key": 100}]
        async with self._store.writer.begin() as connection:
            await connection.run_sync(_schema.create_all)
            await connection.execute(insert(_rows), [_columns(row) for row in [*kept, *strangers]])
            await connection.execute(insert(_parents), [{"key": key, "text": text} for key, text in PARENTS.items()])
            parts = [{"row": key, **part} for key, parts in PARTS.items() for part in parts]
            await connection.execute(insert(_parts), parts)

    async def find(self, query: Query) -> tuple[int, list[int]]:
        """How many, and which, in order."""
        async with self._store.writer.connect() as connection:
            return await find_numbers(connection, LISTING, ACME, query)

    async def all(self, query: Query, *, most: int = 1000) -> list[int]:
        """All that match, in order."""
        async with self._store.writer.connect() as connection:
            return await all_numbers(connection, LISTING, ACME, query, most=most)

    async def keys(self, where: Condition) -> set[int]:
        """Which rows the condition holds for."""
        return set(await self.all(Query(where=where)))


def _micros(at: Value) -> int | None:
    return micros(at) if isinstance(at, datetime) else None


def _columns(row: Mapping[str, object]) -> Mapping[str, object]:
    return {column.name: row[column.name] for column in _rows.columns}


@asynccontextmanager
async def _probe(url: str, vault: Vault) -> AsyncIterator[Probe]:
    store = open_store(url, vault=vault)
    probe = Probe(store)
    await probe.prepare()
    yield probe
    await store.close()


@pytest.fixture
async def probe(database_url: str, vault: Vault) -> AsyncIterator[Probe]:
    """The table on each database."""
    async with _probe(database_url, vault) as made:
        yield made


@pytest.fixture
async def sqlite_probe(sqlite_url: str, vault: Vault) -> AsyncIterator[Probe]:
    """The table on SQLite."""
    async with _probe(sqlite_url, vault) as made:
        yield made


@pytest.fixture
async def postgres_probe(postgres_url: str, vault: Vault) -> AsyncIterator[Probe]:
    """The table on PostgreSQL."""
    async with _probe(postgres_url, vault) as made:
        yield made


# Any condition whatever.

_FIELDS_OF_A_ROW = {**SORTS, "parent.text": ASKED_TEXTS}
_FIELDS_OF_A_PART = {"text": ASKED_TEXTS, "number": ASKED_NUMBERS}
_ANY_VALUE = st.sampled_from([*ASKED_TEXTS, *ASKED_NUMBERS, True, False, *TIMES])


def _leaves(fields: Mapping[str, Sequence[Value]]) -> st.SearchStrategy[Condition]:
    def about(field: str) -> st.SearchStrategy[Condition]:
        value = st.one_of(st.sampled_from(fields[field]), st.sampled_from(fields[field]), _ANY_VALUE)
        many = st.one_of(st.lists(value, max_size=3), st.lists(value, min_size=20, max_size=40))
        likes = st.builds(Like, st.just(field), st.sampled_from(PLAIN_WORDS), *[st.booleans()] * 3)
        compares = st.builds(Compare, st.just(field), st.sampled_from(Comparison), value)
        return st.one_of(compares, compares, st.builds(Among, st.just(field), many.map(tuple)), likes)

    return st.sampled_from(sorted(fields)).flatmap(about)


def _trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def grown(smaller: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(smaller, max_size=3).map(tuple)
        return st.one_of(st.builds(Every, several), st.builds(Either, several), st.builds(Not, smaller))

    return st.recursive(leaves, grown, max_leaves=6)


_HOLDS = st.builds(Holds, st.just("parts"), st.none() | _trees(_leaves(_FIELDS_OF_A_PART)), st.booleans())
QUERIES = st.builds(
    Query,
    where=st.none() | _trees(st.one_of(_leaves(_FIELDS_OF_A_ROW), _leaves(_FIELDS_OF_A_ROW), _HOLDS)),
    order=st.lists(
        st.builds(Order, st.sampled_from([*sorted(_FIELDS_OF_A_ROW), "made"]), st.booleans()), max_size=3
    ).map(tuple),
    offset=st.integers(0, 40),
    limit=st.integers(0, 40),
)
_ONE_TABLE_FOR_ALL = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


async def _means_what_it_says(probe: Probe, query: Query) -> None:
    expected = [row["key"] for row in found_in(ROWS, query, parts=PARTS)]
    assert await probe.all(query) == expected
    assert await probe.find(query) == (len(expected), expected[query.offset : query.offset + query.limit])


@settings(suppress_health_check=_ONE_TABLE_FOR_ALL, max_examples=300)
@given(query=QUERIES)
async def test_any_query_finds_on_sqlite_what_it_means(sqlite_probe: Probe, query: Query) -> None:
    await _means_what_it_says(sqlite_probe, query)


@settings(suppress_health_check=_ONE_TABLE_FOR_ALL, max_examples=100)
@given(query=QUERIES)
async def test_any_query_finds_on_postgresql_what_it_means(postgres_probe: Probe, query: Query) -> None:
    await _means_what_it_says(postgres_probe, query)


# The same, case by case, for who wants to read it.


def _keys_where(field: str, *values: Value) -> set[int]:
    return {int(str(row["key"])) for row in ROWS if row[field] in values}


async def test_not_being_something_is_true_of_nothing(probe: Probe) -> None:
    without_a = {*range(34)} - _keys_where("text", "a")
    assert await probe.keys(Compare("text", C.NE, "a")) == without_a
    assert await probe.keys(Not(Compare("text", C.EQ, "a"))) == without_a
    assert await probe.keys(Not(Among("text", ("a",)))) == without_a
    assert await probe.keys(Not(Not(Compare("text", C.GT, "")))) == {*range(34)} - _keys_where("text", None, "")


async def test_wildcards_mean_themselves_and_case_matters(probe: Probe) -> None:
    assert await probe.keys(Like("text", "%", begins=False, ends=False, folds=False)) == _keys_where(
        "text", "a%", "aB%_c"
    )
    assert await probe.keys(Like("text", "A", begins=True, ends=False, folds=False)) == _keys_where("text", "A")
    assert await probe.keys(Like("text", "AB", begins=True, ends=False, folds=True)) == _keys_where(
        "text", "ab", "aB%_c"
    )
    assert await probe.keys(Like("text", "Ä", begins=True, ends=False, folds=True)) == _keys_where("text", "Äa")


async def test_ten_thousand_values_are_one_parameter(probe: Probe) -> None:
    texts = tuple(f"no {n}" for n in range(10_000))
    assert await probe.keys(Among("text", (*texts, "ab", "it's"))) == _keys_where("text", "ab", "it's")
    numbers = tuple(range(5, 40_000))
    assert await probe.keys(Among("number", numbers)) == _keys_where("number", 7)
    times = tuple(after(seconds=n) for n in range(10_000))
    assert await probe.keys(Among("at", times)) == _keys_where("at", NOON)


async def test_what_no_database_can_hold_equals_nothing(probe: Probe) -> None:
    for value in ("\x00", "a\x00", "\ud800"):
        assert await probe.keys(Compare("text", C.EQ, value)) == set()
        assert await probe.keys(Compare("text", C.NE, value)) == {*range(34)}
        assert await probe.keys(Among("text", (value, "a"))) == _keys_where("text", "a")
        assert await probe.keys(Like("text", value, begins=False, ends=False, folds=True)) == set()
    above = {*range(34)} - _keys_where("text", None, "")
    assert await probe.keys(Compare("text", C.GT, "\x00")) == await probe.keys(Compare("text", C.GE, "\x00")) == above
    assert await probe.keys(Compare("text", C.LE, "\x00")) == _keys_where("text", "")
    assert await probe.keys(Compare("text", C.GE, "\ud800")) == _keys_where("text", "\ue000", "\uff5e", "\U0001f600")
    assert await probe.keys(Compare("number", C.LT, 10**30)) == {*range(34)} - _keys_where("number", None)


async def test_a_value_of_another_sort_equals_nothing(probe: Probe) -> None:
    for field, value in (("number", "7"), ("number", True), ("flag", 1), ("text", 7), ("at", "2026-03-02"), ("at", 0)):
        assert await probe.keys(Compare(field, C.EQ, value)) == set()
        assert await probe.keys(Among(field, (value,))) == set()
        assert await probe.keys(Compare(field, C.GE, value)) == set()
        assert await probe.keys(Compare(field, C.NE, value)) == {*range(34)}


async def test_an_empty_collection_fulfils_everything_throughout(probe: Probe) -> None:
    empty = {key for key, parts in PARTS.items() if not parts}
    never = Among("text", ())
    assert await probe.keys(Holds("parts", never, throughout=True)) == empty
    assert await probe.keys(Not(Holds("parts", None))) == empty
    assert await probe.keys(Holds("parts", never)) == set()


async def test_nothing_comes_first_ascending_and_last_descending(probe: Probe) -> None:
    without = len(_keys_where("text", None))
    ascending = await probe.all(Query(order=(Order("text"),)))
    descending = await probe.all(Query(order=(Order("text", descending=True),)))
    assert set(ascending[:without]) == set(descending[-without:]) == _keys_where("text", None)


async def test_a_condition_may_be_wide_and_deep(probe: Probe) -> None:
    wide = Either(tuple(Compare("number", C.EQ, 10 + n) for n in range(5_000)))
    deep: Condition = Compare("text", C.EQ, "a")
    for _ in range(25):
        deep = Not(Either((Compare("flag", C.EQ, "no"), Every((deep, Compare("made", C.GE, NOON))))))
    assert await probe.keys(wide) == set()
    assert await probe.keys(deep) == {*range(34)} - _keys_where("text", "a")


async def test_all_numbers_are_no_more_than_asked_for_and_know_no_page(probe: Probe) -> None:
    assert await probe.all(Query(offset=5, limit=1), most=3) == (await probe.all(Query()))[:3]


@pytest.mark.parametrize(
    "asked", [Compare("nope", C.EQ, 1), Holds("nope", None), Holds("parts", Like("flag", "", *[False] * 3))]
)
async def test_a_name_that_is_not_there_is_a_bug(probe: Probe, asked: Condition) -> None:
    with pytest.raises(KeyError):
        await probe.find(Query(where=asked))
    with pytest.raises(KeyError):
        await probe.find(Query(order=(Order("nope"),)))

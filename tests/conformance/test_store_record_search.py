"""Searching among records and relationships: held against what a search means, worked out in plain Python."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.domain.errors import BadInput
from muster.domain.ids import TenantId
from muster.domain.records.char_types import CATALOG_ITEM, DEAL, RELATIONSHIP, RIGHT, RecordRef
from muster.domain.records.record import Record, Stamp
from muster.domain.records.search import (
    Between,
    Both,
    Compare,
    Either,
    How,
    Joined,
    Linked,
    Node,
    Not,
    Order,
    Related,
    Search,
)
from muster.ports.store.records import Found, Writing
from muster.ports.store.unit import Store, Transaction
from tests.conformance.record_oracle import World, hits
from tests.conformance.record_world import NOON, a_link, a_record, a_ref, write
from tests.conformance.store_world import a_tenant, given_up

GENRES = [{"id": at, "value": name} for at, name in enumerate(["Drama", "drama", "Co%m_edy", "5", "[x]"], start=1)]
WORDS = ["Drama", "a", "A", "5", "%", "_", "*", "Co*y", "*ra*", "", "[x]", "2001", "2001-02-03", "/", "rama D"]
TEXTS = st.sampled_from(["Drama", "a Drama Day", "A", "50%", "x_y", "[x]?", "O'Hara", "5", "2001-02-03", "a/b"])
LABELS = ["genre", "year", "notes", "day", "nobody_has_it"]
ONE_VALUE = st.one_of(st.sampled_from(WORDS), TEXTS, st.sampled_from([1, 2, 5, 2001, 2001.5, -1]))
ANY_VALUE = st.one_of(ONE_VALUE, st.booleans(), st.none())
RECORD_TYPES = [CATALOG_ITEM, DEAL, RIGHT]


@st.composite
def records(draw: st.DrawFn, char_type: int, most: int) -> list[Record]:
    """Records of one char type, numbered from 1."""
    values = st.fixed_dictionaries(
        {},
        optional={
            "genre": st.lists(
                st.sampled_from(GENRES), min_size=1, max_size=3, unique_by=lambda one: int(str(one["id"]))
            ),
            "year": st.sampled_from([1999, 2001, 5]),
            "notes": TEXTS,
            "day": st.sampled_from(["2001-02-03", "1999-12-31"]),
        },
    )
    return [
        a_record(
            number,
            draw(values),
            ref=a_ref(number, char_type),
            title=draw(TEXTS),
            template=draw(st.integers(1, 2)),
            status=draw(st.integers(1, 3)),
            revision=draw(st.integers(0, 1)),
            created=Stamp(NOON, draw(st.integers(1, 2))),
        )
        for number in range(1, draw(st.integers(0, most)) + 1)
    ]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A few records of three char types, and relationships between them."""
    made = [one for char_type in RECORD_TYPES for one in draw(records(char_type, 5))]
    refs = [one.ref for one in made]
    pairs = [(above, below) for above in refs for below in refs if above != below]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=8, unique=True)) if pairs else []
    links = [
        a_link(number, above, below, kind=draw(st.sampled_from([0, 9])), sequence=draw(st.integers(0, 3)))
        for number, (above, below) in enumerate(chosen, start=1)
    ]
    return World({one.ref: one for one in made}, links)


def compares(fields: Sequence[str], values: st.SearchStrategy[object]) -> st.SearchStrategy[Node]:
    """One field held against values."""
    several = {How.ANY, How.NONE, How.ALL, How.CONTAINS_ANY, How.CONTAINS_NONE, How.CONTAINS_ALL}
    return st.sampled_from(list(How)).flatmap(
        lambda test: st.builds(
            Compare,
            st.sampled_from(fields),
            st.just(test),
            st.lists(values, min_size=1, max_size=4 if test in several else 1).map(tuple),
            st.booleans(),
            st.booleans(),
        )
    )


def betweens(fields: Sequence[str], values: st.SearchStrategy[object]) -> st.SearchStrategy[Node]:
    """One field between two values."""
    return st.builds(Between, st.sampled_from(fields), values, values, st.booleans(), st.booleans(), st.booleans())


WHOLE = st.sampled_from([0, 1, 2, 3, 5, 9])
ORDERED_OR_SAME = [How.EQUALS, How.DIFFERS, How.OVER, How.FROM, How.UNDER, How.UP_TO, How.ANY, How.NONE]
NUMBER_FIELDS = ["recordid", "chartypeid", "recrevid", "templateid", "statusid", "created_by"]
LINK_FIELDS = ["relrecid", "relind", "parentchartypeid", "parentrecordid", "childrecordid", "sequencenumber"]


def whole(fields: Sequence[str]) -> st.SearchStrategy[Node]:
    """A field that is a whole number."""
    tests = st.builds(
        Compare,
        st.sampled_from(fields),
        st.sampled_from(ORDERED_OR_SAME),
        st.tuples(WHOLE),
        st.just(False),  # noqa: FBT003
    )
    return tests | betweens(fields, WHOLE)


ON_RECORDS = (
    compares(LABELS, ANY_VALUE)
    | betweens(LABELS, st.sampled_from(["A", "a", "2001"]))
    | betweens(LABELS, st.sampled_from([1, 5, 2001]))
    | compares(["title"], st.sampled_from(WORDS))
    | whole(NUMBER_FIELDS)
)
SIDES = st.sampled_from([True, False])
TYPES = st.sampled_from(RECORD_TYPES)


def joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Both, Either, Not."""
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(Both, several) | st.builds(Either, several) | st.builds(Not, inner)


def beside(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Something about other records and relationships."""
    on_links = whole(LINK_FIELDS) | st.builds(Related, SIDES, TYPES, inner)
    fields = st.sampled_from(["recordid", "title", "genre", "year"])
    return (
        st.builds(Linked, SIDES, on_links | joined(on_links))
        | st.builds(Related, SIDES, TYPES, inner)
        | st.builds(Joined, TYPES, fields, fields, inner)
        | st.builds(
            Joined, st.just(RELATIONSHIP), st.just("recordid"), st.sampled_from(["parentrecordid", "relind"]), on_links
        )
    )


NODES = st.recursive(ON_RECORDS, lambda inner: joined(inner) | beside(inner), max_leaves=6)
LINK_NODES = st.recursive(
    whole(LINK_FIELDS) | st.builds(Related, SIDES, TYPES, ON_RECORDS),
    lambda inner: (
        joined(inner)
        | st.builds(Joined, TYPES, st.sampled_from(["parentrecordid", "relind"]), st.just("recordid"), ON_RECORDS)
    ),
    max_leaves=4,
)


async def kept(tx: Transaction, world: World) -> TenantId:
    tenant = await tx.accounts.across_tenants_add(account_id=uuid4(), name=uuid4().hex, at=NOON)
    other = await tx.accounts.across_tenants_add(account_id=uuid4(), name=uuid4().hex, at=NOON)
    for owner in (tenant, other):
        await tx.records.write(owner, Writing(added=list(world.records.values()), links_added=world.links))
    return tenant


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(world=worlds(), node=st.none() | NODES, keywords=st.sampled_from(["", "", "", "dram", "a 2001", "% x", "oHARA"]))
async def test_a_search_finds_what_it_means(store: Store, world: World, node: Node | None, keywords: str) -> None:  # noqa: PLR0917 - each as plain as the next
    async with given_up(store) as tx:
        tenant = await kept(tx, world)
        found = await tx.records.search(tenant, Search(char_type=CATALOG_ITEM, node=node, keywords=keywords, rows=100))
        expected = hits(world, CATALOG_ITEM, node, keywords)
        assert found.total == len(expected)
        assert found.hits == [world.records[RecordRef(CATALOG_ITEM, number)] for number in expected]


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(world=worlds(), node=st.none() | LINK_NODES)
async def test_a_search_among_relationships_finds_what_it_means(store: Store, world: World, node: Node | None) -> None:
    async with given_up(store) as tx:
        tenant = await kept(tx, world)
        found = await tx.records.search_links(tenant, Search(char_type=RELATIONSHIP, node=node, rows=100))
        expected = hits(world, RELATIONSHIP, node)
        assert found.total == len(expected)
        assert [link.number for link in found.hits] == expected


ORDERS = st.lists(
    st.builds(Order, st.sampled_from(["title", "statusid", "recordid", "notes", "genre"]), st.booleans())
    | st.builds(Order, st.sampled_from(["year", "genre"]), st.booleans(), st.just(True)),  # noqa: FBT003
    max_size=3,
    unique_by=lambda one: one.field,
).map(tuple)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(world=worlds(), order=ORDERS, node=st.none() | ON_RECORDS, rows=st.integers(1, 3))
async def test_pages_and_continuations_give_each_hit_once_in_order(  # noqa: PLR0917 - each as plain as the next
    store: Store, world: World, order: tuple[Order, ...], node: Node | None, rows: int
) -> None:
    async with given_up(store) as tx:
        tenant = await kept(tx, world)
        asked = Search(char_type=CATALOG_ITEM, node=node, order=order, rows=100)
        whole = await tx.records.search(tenant, asked)
        assert sorted(one.ref.number for one in whole.hits) == hits(world, CATALOG_ITEM, node)
        paged: list[Record] = []
        continued: list[Record] = []
        last: Found[Record] | None = None
        while len(paged) < whole.total:
            page = await tx.records.search(tenant, _part(asked, start=len(paged), rows=rows))
            last = await tx.records.search(tenant, _part(asked, rows=rows, after=last.after if last else None))
            paged += page.hits
            continued += last.hits
            assert page.total == last.total == whole.total
        assert paged == continued == whole.hits


def _part(asked: Search, *, rows: int, start: int = 0, after: tuple[object, ...] | None = None) -> Search:
    return Search(char_type=asked.char_type, node=asked.node, order=asked.order, start=start, rows=rows, after=after)


async def test_hits_without_a_value_come_first_and_last_when_descending(store: Store) -> None:
    tenant = await a_tenant(store)
    years = [2001, None, 5]
    made = [a_record(at, {"year": year} if year else {}) for at, year in enumerate(years, start=1)]
    await write(store, tenant, Writing(added=made))
    assert await _sorted(store, tenant, descending=False) == [2, 3, 1]
    assert await _sorted(store, tenant, descending=True) == [1, 3, 2]


async def _sorted(store: Store, tenant: TenantId, *, descending: bool) -> list[int]:
    order = (Order("year", descending, numeric=True),)
    async with store.read() as tx:
        found = await tx.records.search(tenant, Search(char_type=CATALOG_ITEM, order=order))
    return [one.ref.number for one in found.hits]


@pytest.mark.parametrize(
    "node",
    [
        Compare("recordid", How.EQUALS, ("5",)),
        Compare("recordid", How.EQUALS, (1 << 63,)),
        Compare("recordid", How.CONTAINS, (5,)),
        Compare("title", How.EQUALS, (5,)),
        Compare("title", How.EQUALS, ("nul\x00",)),
        Compare("notes", How.CONTAINS, ("\ud800",)),
        Compare("year", How.EQUALS, (float("inf"),)),
        Compare("year", How.OVER, (10**400,)),
        Linked(as_child=True, node=Compare("title", How.EQUALS, ("x",))),
        Linked(as_child=True, node=Linked(as_child=True, node=Compare("relind", How.EQUALS, (0,)))),
        Joined(RELATIONSHIP, "recordid", "title", Compare("relind", How.EQUALS, (0,))),
    ],
)
async def test_what_cannot_be_compared_is_bad_input(store: Store, node: Node) -> None:
    tenant = await a_tenant(store)
    async with store.read() as tx:
        with pytest.raises(BadInput):
            await tx.records.search(tenant, Search(char_type=CATALOG_ITEM, node=node))


@pytest.mark.parametrize("after", [(), ("x", 1, 2), ("x", 1), (1.5, 1), (1, None), (1 << 70, 1)])
async def test_a_place_of_another_order_is_bad_input(store: Store, after: tuple[object, ...]) -> None:
    tenant = await a_tenant(store)
    asked = Search(char_type=CATALOG_ITEM, order=(Order("statusid"),), after=after)
    async with store.read() as tx:
        with pytest.raises(BadInput):
            await tx.records.search(tenant, asked)


async def test_the_largest_trees_are_answered(store: Store) -> None:
    tenant = await a_tenant(store)
    deep: Node = Compare("genre", How.EQUALS, ("Drama",))
    for at in range(18):
        deep = Either((deep, Compare("statusid", How.EQUALS, (at,)))) if at % 2 else Both((deep, _YEAR))
    for at in range(3):
        deep = Related(upwards=at % 2 == 0, char_type=DEAL if at % 2 else CATALOG_ITEM, node=deep)
    wide = Either(tuple(Compare("notes", How.EQUALS, (str(at),)) for at in range(200)))
    many = Compare("notes", How.ANY, tuple(str(at) for at in range(1_000)), ignore_case=True)
    await write(store, tenant, Writing(added=[a_record(1, {"notes": "199"})]))
    async with store.read() as tx:
        totals = [(await tx.records.search(tenant, Search(char_type=CATALOG_ITEM, node=one))).total for one in
                  (deep, wide, many)]  # fmt: skip
    assert totals == [0, 1, 1]


_YEAR = Compare("year", How.FROM, (1,))

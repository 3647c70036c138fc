"""Keeping records, their relationships and tombstones."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from muster.domain.errors import Unavailable
from muster.domain.records.char_types import AMOUNT, DEAL, RecordRef
from muster.domain.records.date_rule import (
    Awaiting,
    Choosing,
    DateRule,
    Recalculation,
    RuleState,
    Shift,
    Source,
    Spot,
    Unit,
)
from muster.domain.records.record import Flags, Link, Stamp
from muster.ports.store.records import Writing
from muster.ports.store.unit import Store
from muster.stores.database import SqlStore, open_store
from muster.stores.records.tables import record_links_gone, records_gone
from muster.stores.vault import Vault
from tests.conformance.record_world import (
    DEAL_ONE,
    ITEM,
    NOON,
    a_link,
    a_record,
    a_ref,
    a_rule,
    a_trace,
    buried,
    the_record,
    write,
)
from tests.conformance.store_world import a_tenant, after, given_up

EVERY_SHAPE: Mapping[str, object] = {
    "text": "Zoë 'the 1st' \"O'Hara\" \U0001f3ac",
    "date": "2026-02-28",
    "year": 1999,
    "number": Decimal("0.1234567890123456789"),
    "great": (1 << 63) - 1,
    "genre": {"id": 7, "value": "Drama", "xref": "DR"},
    "genres": [{"id": 7, "value": "Drama"}, {"id": 8, "value": "Comedy"}],
    "fee": {
        "locAmt": Decimal("1000.10"),
        "locCur": 978,
        "locSym": "EUR",
        "divAmt": None,
        "divCur": 840,
        "divSym": "USD",
    },
    "notes": ["a", "b"],
}


async def _value_rows(store: SqlStore) -> list[tuple[object, ...]]:
    asked = "SELECT label, ordinal, text, digits FROM record_values ORDER BY tenant, char_type, record, label, ordinal"
    async with store.writer.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(asked))]


async def test_a_record_comes_back_as_it_was_given(store: Store) -> None:
    full = a_record(
        7,
        EVERY_SHAPE,
        ref=RecordRef(AMOUNT, 7),
        template=3,
        status=19,
        title="Ünïcode",
        revision=4,
        origin=12,
        flags={"date": Flags(estimated=True), "end": Flags(blocked=True)},
        updated=Stamp(after(hours=1), 2),
        moved=Stamp(after(hours=2), 3),
    )
    tenant = await a_tenant(store)
    await write(store, tenant, Writing(added=[full, a_record(1)]))
    async with store.read() as tx:
        loaded = await tx.records.load(tenant, [full.ref, ITEM, a_ref(99), full.ref])
        assert loaded.records == {full.ref: full, ITEM: a_record(1)}
        assert loaded.busy == frozenset()
        assert list(await tx.records.made_by(tenant, [12, 13])) == [full]
        assert await tx.records.made_counts(tenant, [12, 13]) == {12: 1}


_TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=300)
_NUMBERS = st.one_of(
    st.integers(-(1 << 63), (1 << 63) - 1), st.decimals(allow_nan=False, allow_infinity=False, places=9)
)
_AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=2)
_MONEY = st.fixed_dictionaries({"locAmt": _AMOUNTS, "locCur": st.integers(0, 999), "divAmt": st.none() | _AMOUNTS})
_CHOSEN = st.fixed_dictionaries({"id": st.integers(0, 1 << 53), "value": _TEXTS})
_SINGLE = st.one_of(_TEXTS, _NUMBERS, _MONEY, _CHOSEN)
_VALUES = st.dictionaries(
    st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=30),
    _SINGLE | st.lists(_SINGLE, min_size=1, max_size=4),
    max_size=8,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=_VALUES)
async def test_values_of_any_shape_come_back_exactly(store: Store, values: Mapping[str, object]) -> None:
    async with given_up(store) as tx:
        tenant = await tx.accounts.across_tenants_add(account_id=uuid4(), name=uuid4().hex, at=NOON)
        await tx.records.write(tenant, Writing(added=[a_record(1, values), a_record(2)]))
        await tx.records.write(tenant, Writing(changed=[a_record(2, values)]))
        loaded = await tx.records.load(tenant, [ITEM, a_ref(2)])
        assert [record.values for record in loaded.records.values()] == [values, values]


async def test_every_single_value_can_be_searched_by_its_text_and_its_number(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    values = {**EVERY_SHAPE, "long": "ü" * 201, "whole": Decimal("5.00")}
    del values["great"], values["text"]
    await write(store, tenant, Writing(added=[a_record(1, values)]))
    assert await _value_rows(store) == [
        ("date", 0, "2026-02-28", None),
        ("fee", 0, "1000.1", 1000.1),
        ("genre", 0, "Drama", 7),
        ("genres", 0, "Drama", 7),
        ("genres", 1, "Comedy", 8),
        ("long", 0, "ü" * 200, None),
        ("notes", 0, "a", None),
        ("notes", 1, "b", None),
        ("number", 0, "0.1234567890123456789", 0.1234567890123456789),
        ("whole", 0, "5", 5),
        ("year", 0, "1999", 1999),
    ]


async def test_a_changed_record_is_found_by_its_new_values_only(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    await write(store, tenant, Writing(added=[a_record(1, {"notes": ["a", "b"]}), a_record(2, {"notes": ["c"]})]))
    changed = a_record(1, {"year": 2001}, title="Other", revision=1, flags={"end": Flags(blocked=True)}, origin=3)
    await write(store, tenant, Writing(changed=[changed]))
    assert await the_record(store, tenant, ITEM) == changed
    assert await the_record(store, tenant, a_ref(2)) == a_record(2, {"notes": ["c"]})
    assert await _value_rows(store) == [("year", 0, "2001", 2001), ("notes", 0, "c", None)]


async def test_what_is_removed_leaves_a_tombstone_and_nothing_to_be_found(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    record, link = a_record(1, {"year": 2001}), a_link(1, DEAL_ONE, ITEM)
    await write(store, tenant, Writing(added=[record, a_record(2)], links_added=[link]))
    await write(store, tenant, Writing(removed=[buried(record)], links_removed=[buried(link)]))
    assert await the_record(store, tenant, ITEM) is None
    assert await the_record(store, tenant, a_ref(2)) == a_record(2)
    assert await _value_rows(store) == []
    async with store.read() as tx:
        assert await tx.records.links(tenant, [1]) == []
    async with store.writer.connect() as connection:
        for table in (records_gone, record_links_gone):
            rows = await connection.execute(select(table.c.number, table.c.gone_by))
            assert [tuple(row) for row in rows] == [(1, 1)]


async def test_relationships_are_found_from_both_ends(store: Store) -> None:
    tenant = await a_tenant(store)
    other = a_ref(2, DEAL)
    links = [
        a_link(1, DEAL_ONE, ITEM, sequence=5),
        a_link(2, DEAL_ONE, ITEM, kind=7),
        a_link(3, other, ITEM),
        a_link(4, ITEM, DEAL_ONE),
    ]
    await write(store, tenant, Writing(links_added=links))
    async with store.read() as tx:
        records = tx.records
        assert _in_order(await records.links(tenant, [1, 3, 9, 1])) == [links[0], links[2]]
        assert _in_order(await records.links_above(tenant, [ITEM])) == links[:3]
        assert _in_order(await records.links_below(tenant, [DEAL_ONE, other, DEAL_ONE])) == links[:3]
        assert _in_order(await records.links_between(tenant, [(DEAL_ONE, ITEM), (ITEM, other)])) == links[:2]
        assert await records.parent_counts(tenant, [ITEM, DEAL_ONE, other]) == {ITEM: 3, DEAL_ONE: 1}


def _in_order(links: Sequence[Link]) -> list[Link]:
    return sorted(links, key=lambda link: link.number)


async def test_a_relationship_can_take_the_place_of_one_that_goes(store: Store) -> None:
    tenant = await a_tenant(store)
    first, second = a_link(1, DEAL_ONE, ITEM), a_link(2, DEAL_ONE, ITEM)
    await write(store, tenant, Writing(links_added=[first]))
    await write(store, tenant, Writing(links_removed=[buried(first)], links_added=[second]))
    async with store.read() as tx:
        assert await tx.records.links_above(tenant, [ITEM]) == [second]


async def test_who_relates_the_same_records_a_little_later_is_told_to_look_again(store: Store) -> None:
    tenant = await a_tenant(store)
    await write(store, tenant, Writing(links_added=[a_link(1, DEAL_ONE, ITEM)]))
    with pytest.raises(Unavailable):
        await write(store, tenant, Writing(added=[a_record(1)], links_added=[a_link(2, DEAL_ONE, ITEM)]))
    assert await the_record(store, tenant, ITEM) is None


async def test_a_tenant_meets_nothing_of_another(store: Store) -> None:
    one, other = await a_tenant(store), await a_tenant(store, "other")
    rule = a_rule(1, ITEM, DEAL_ONE)
    theirs = Writing(
        added=[a_record(1, {"year": 1}, origin=5)],
        links_added=[a_link(1, DEAL_ONE, ITEM)],
        rules_put=[rule],
        traces=[a_trace(1, ITEM)],
        heads={"link": 1},
    )
    await write(store, one, theirs)
    async with store.begin() as tx:
        assert (await tx.records.load(other, [ITEM], lock=True)).records == {}
        assert await tx.records.made_by(other, [5]) == []
        assert await tx.records.made_counts(other, [5]) == {}
        assert await tx.records.links(other, [1]) == []
        assert await tx.records.links_above(other, [ITEM]) == []
        assert await tx.records.links_below(other, [DEAL_ONE]) == []
        assert await tx.records.links_between(other, [(DEAL_ONE, ITEM)]) == []
        assert await tx.records.parent_counts(other, [ITEM]) == {}
        assert await tx.records.rules(other, [1]) == await tx.records.rules_touching(other, [ITEM, DEAL_ONE]) == []
        assert await tx.records.heads(other, ["link"]) == {"link": 0}
    await write(store, other, theirs)
    gone = Writing(
        changed=[a_record(2)],
        removed=[buried(a_record(1))],
        links_removed=[buried(a_link(1, DEAL_ONE, ITEM))],
        rules_removed=[1],
        heads={"link": 7},
    )
    await write(store, other, gone)
    async with store.begin() as tx:
        assert (await tx.records.load(one, [ITEM])).records[ITEM].values == {"year": 1}
        assert len(await tx.records.links(one, [1])) == len(await tx.records.rules(one, [1])) == 1
        assert await tx.records.heads(one, ["link"]) == {"link": 1}


async def test_numbers_that_no_record_can_have_are_not_found(store: Store) -> None:
    tenant = await a_tenant(store)
    beyond, below = a_ref(1 << 63), a_ref(-1)
    async with store.begin() as tx:
        assert (await tx.records.load(tenant, [beyond, below], lock=True)).records == {}
        assert await tx.records.links(tenant, [1 << 63, -1]) == []
        assert await tx.records.links_above(tenant, [beyond]) == await tx.records.links_below(tenant, [below]) == []
        assert await tx.records.links_between(tenant, [(beyond, ITEM), (ITEM, below)]) == []
        assert await tx.records.parent_counts(tenant, [beyond]) == {}
        assert await tx.records.rules(tenant, [1 << 63]) == []
        assert await tx.records.made_by(tenant, [1 << 63]) == []
        assert await tx.records.made_counts(tenant, [1 << 63]) == {}


async def test_date_rules_are_found_by_every_record_they_have_to_do_with(store: Store) -> None:
    tenant = await a_tenant(store)
    rules = [a_rule(1, ITEM, a_ref(2), a_ref(3)), a_rule(2, a_ref(4), ITEM), a_rule(3, a_ref(5), a_ref(6))]
    await write(store, tenant, Writing(rules_put=rules))
    async with store.read() as tx:
        assert await tx.records.rules_touching(tenant, [ITEM]) == rules[:2]
        assert await tx.records.rules_touching(tenant, [a_ref(3)]) == rules[:1]
        assert await tx.records.rules(tenant, [3, 1, 99]) == [rules[0], rules[2]]


async def test_date_rules_are_followed_from_target_to_target_through_circles(store: Store) -> None:
    tenant, other = await a_tenant(store), await a_tenant(store, "other")
    chain = [a_rule(n, a_ref(n + 1), a_ref(n)) for n in range(1, 200)]
    circle, aside = a_rule(300, a_ref(1), a_ref(200)), a_rule(301, a_ref(500), a_ref(501))
    await write(store, tenant, Writing(rules_put=[*chain, circle, aside]))
    await write(store, other, Writing(rules_put=[a_rule(1, a_ref(500), a_ref(1))]))
    async with store.read() as tx:
        assert await tx.records.rules_in_reach(tenant, [a_ref(100)]) == [*chain, circle]
        assert await tx.records.rules_in_reach(tenant, [a_ref(501)]) == [aside]
        assert await tx.records.rules_in_reach(tenant, [a_ref(502)]) == []


async def test_a_date_rule_comes_back_as_it_was_put_last(store: Store) -> None:
    tenant = await a_tenant(store)
    await write(store, tenant, Writing(rules_put=[a_rule(1, ITEM, a_ref(2), a_ref(3)), a_rule(2, a_ref(4), ITEM)]))
    shift = Shift(years=1, months=2, weeks=3, days=4, unit=Unit.BUSINESS_DAYS, back=True)
    full = DateRule(
        number=1,
        target=Spot(ITEM, "other"),
        choosing=Choosing.LATEST,
        compare_to=date(2026, 2, 28),
        recalculation=Recalculation.ARCHIVE,
        awaiting=Awaiting.KEEP,
        first_of_month=True,
        state=RuleState.FROZEN,
        sources=(
            Source(number=100, spot=Spot(a_ref(9), "x"), shift=shift, order=2),
            Source(number=7, spot=Spot(a_ref(2), "start"), order=1),
        ),
    )
    await write(store, tenant, Writing(rules_put=[full], rules_removed=[2]))
    async with store.read() as tx:
        assert await tx.records.rules(tenant, [1, 2]) == [full]
        assert await tx.records.rules_touching(tenant, [a_ref(3), a_ref(4)]) == []


async def test_counters_go_on_from_what_was_written(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        assert await tx.records.heads(tenant, ["record.1", "link", "link"]) == {"record.1": 0, "link": 0}
        await tx.records.write(tenant, Writing(heads={"record.1": 3}))
    async with store.begin() as tx:
        assert await tx.records.heads(tenant, ["trace", "record.1"]) == {"record.1": 3, "trace": 0}


async def test_numbers_given_out_at_the_same_time_are_all_different(store: Store) -> None:
    tenant = await a_tenant(store)

    async def add(count: int) -> None:
        async with store.begin() as tx:
            last = (await tx.records.heads(tenant, ["trace", "record.1"]))["record.1"]
            added = [a_record(last + 1 + at) for at in range(count)]
            await tx.records.write(tenant, Writing(added=added, heads={"record.1": last + count}))

    await asyncio.gather(*(add(count) for count in range(1, 7)))
    async with store.begin() as tx:
        assert await tx.records.heads(tenant, ["record.1"]) == {"record.1": 21}
        assert len((await tx.records.load(tenant, [a_ref(number) for number in range(30)])).records) == 21


async def test_a_text_that_postgresql_cannot_hold_breaks_the_writing_aloud(postgres_url: str, vault: Vault) -> None:
    store = open_store(postgres_url, vault=vault)
    tenant = await a_tenant(store)
    with pytest.raises(asyncpg.CharacterNotInRepertoireError):
        await write(store, tenant, Writing(added=[a_record(1), a_record(2, {"notes": "a\x00b"})]))
    assert await the_record(store, tenant, ITEM) is None
    await store.close()


async def test_nothing_of_a_writing_is_kept_when_its_transaction_is_given_up(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    everything = Writing(
        added=[a_record(1, {"year": 1})], links_added=[a_link(1, DEAL_ONE, ITEM)], traces=[a_trace(1, ITEM)]
    )
    async with given_up(store) as tx:
        await tx.records.write(tenant, everything)
    assert await the_record(store, tenant, ITEM) is None
    assert await _value_rows(store) == []

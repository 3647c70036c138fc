"""Keeping which party takes part in which category."""

import asyncio

import pytest

from muster.domain.directory import Group, Person
from muster.domain.errors import NotFound
from muster.domain.ids import CategoryNumber, GroupNumber, PartyNumber, PersonNumber, SubscriberNumber, TenantId
from muster.domain.query import Compare, Comparison, Condition, Holds, Order, Query
from muster.domain.subscriber import Subscriber, SubscriberState
from muster.ports.store.unit import Store
from tests.conformance.store_world import a_category, a_mark, a_party, a_subscriber, a_tenant, after, changed

PARTIES = (PartyNumber(1), PartyNumber(2))
CATEGORIES = (CategoryNumber(1), CategoryNumber(2))


async def a_marketplace(store: Store, name: str = "acme") -> TenantId:
    """Two parties, two categories, three persons, a group."""
    tenant = await a_tenant(store, name)
    async with store.begin() as tx:
        for number in PARTIES:
            await tx.directory.put_party(tenant, a_party(number))
        for category in CATEGORIES:
            await tx.categories.add(tenant, a_category(category))
        people = [Person(number=PersonNumber(n), party=PARTIES[0], name=f"Person {n}") for n in (1, 2, 3)]
        await tx.directory.put_people(tenant, people)
        await tx.directory.put_groups(tenant, [Group(number=GroupNumber(1), party=PARTIES[0], name="Buyers")])
    return tenant


async def opened(store: Store, tenant: TenantId, first: int = 1) -> None:
    """A subscriber for each of the two parties and categories that has none."""
    async with store.begin() as tx:
        number = SubscriberNumber(first)
        await tx.subscribers.open(tenant, number, parties=PARTIES, categories=CATEGORIES, mark=a_mark())


async def found(store: Store, tenant: TenantId, where: Condition | None = None, *order: Order) -> list[int]:
    query = Query(where=where, order=order)
    async with store.read() as tx:
        total, page = await tx.subscribers.find(tenant, query)
        assert [subscriber.number for subscriber in page] == list(await tx.subscribers.numbers(tenant, query, most=99))
    assert total == len(page)
    return [subscriber.number for subscriber in page]


async def test_there_is_one_for_each_party_and_category(store: Store) -> None:
    tenant = await a_marketplace(store)
    await opened(store, tenant, 11)
    async with store.read() as tx:
        total, page = await tx.subscribers.find(tenant, Query())
    assert total == 4
    assert [(s.number, s.category, s.party) for s in page] == [(11, 1, 1), (12, 1, 2), (13, 2, 1), (14, 2, 2)]
    assert page[0] == a_subscriber(11)


async def test_opening_again_leaves_those_that_stand_as_they_are(store: Store) -> None:
    tenant = await a_marketplace(store)
    disabled = a_subscriber(7, state=SubscriberState.DISABLED, people=(PersonNumber(1),))
    async with store.begin() as tx:
        await tx.subscribers.add(tenant, disabled)
    await opened(store, tenant, 11)
    await opened(store, tenant, 21)
    async with store.begin() as tx:
        await tx.subscribers.open(tenant, SubscriberNumber(31), parties=(), categories=CATEGORIES, mark=a_mark())
        assert await tx.subscribers.get(tenant, 7) == disabled
    assert await found(store, tenant) == [7, 12, 13, 14]


async def test_those_who_open_at_once_open_one_of_each(store: Store) -> None:
    tenant = await a_marketplace(store)
    await asyncio.gather(*(opened(store, tenant, first) for first in (10, 20, 30)))
    assert len(await found(store, tenant)) == 4


async def test_a_subscriber_comes_back_as_it_was_given_in_place_of_the_one_that_was_there(store: Store) -> None:
    tenant = await a_marketplace(store)
    await opened(store, tenant)
    full = a_subscriber(
        71,
        state=SubscriberState.DISABLED,
        note="not now",
        people=(PersonNumber(1), PersonNumber(3)),
        groups=(GroupNumber(1),),
        marks={"created": a_mark(), "updated": a_mark(hours=1), "disabled": a_mark(hours=1)},
        revision=2,
    )
    async with store.begin() as tx:
        await tx.subscribers.add(tenant, a_subscriber(70, people=(PersonNumber(2),)))
        await tx.subscribers.add(tenant, full)
        assert await tx.subscribers.get(tenant, 71) == full
    assert await found(store, tenant) == [2, 3, 4, 71]


async def test_only_the_next_revision_is_kept_recipients_included(store: Store) -> None:
    tenant = await a_marketplace(store)
    await opened(store, tenant)
    mine = changed(a_subscriber(1), people=(PersonNumber(2), PersonNumber(1)), groups=(GroupNumber(1),))
    async with store.begin() as tx:
        assert await tx.subscribers.change(tenant, mine)
        assert not await tx.subscribers.change(tenant, changed(a_subscriber(1), people=(PersonNumber(3),)))
        assert not await tx.subscribers.change(tenant, changed(a_subscriber(99)))
        now = await tx.subscribers.get(tenant, 1)
        assert (now.people, now.groups, now.revision) == ((1, 2), (1,), 2)
        assert await tx.subscribers.change(tenant, changed(now, people=(), groups=()))
        emptied = await tx.subscribers.get(tenant, 1)
        assert (emptied.people, emptied.groups, emptied.revision) == ((), (), 3)


async def test_a_category_that_is_dropped_has_no_subscribers_any_more(store: Store) -> None:
    tenant = await a_marketplace(store)
    await opened(store, tenant)
    async with store.begin() as tx:
        assert await tx.subscribers.change(tenant, changed(a_subscriber(1), people=(PersonNumber(2),)))
        assert await tx.subscribers.drop_category(tenant, CATEGORIES[0]) == 2
        assert await tx.subscribers.drop_category(tenant, CATEGORIES[0]) == 0
        with pytest.raises(NotFound):
            await tx.subscribers.get(tenant, 1)
        await tx.subscribers.open(tenant, SubscriberNumber(1), parties=PARTIES, categories=CATEGORIES, mark=a_mark())
        assert (await tx.subscribers.get(tenant, 1)).people == ()


def _is(field: str, value: str | int) -> Compare:
    return Compare(field, Comparison.EQ, value)


async def test_subscribers_are_found_by_their_own_fields_and_those_of_party_and_category(store: Store) -> None:
    tenant = await a_marketplace(store)
    await opened(store, tenant)
    marks = {"created": a_mark(), "updated": a_mark(hours=1), "disabled": a_mark(hours=1)}
    mine = changed(
        a_subscriber(1),
        state=SubscriberState.DISABLED,
        note="n",
        people=(PersonNumber(1), PersonNumber(2)),
        groups=(GroupNumber(1),),
        marks=marks,
    )
    async with store.begin() as tx:
        assert await tx.subscribers.change(tenant, mine)
    assert await found(store, tenant, _is("name", "Category 2")) == [3, 4]
    assert await found(store, tenant, _is("category.state", "published")) == [1, 2, 3, 4]
    assert await found(store, tenant, _is("party.name", "Party 2"), Order("category", descending=True)) == [4, 2]
    assert await found(store, tenant, _is("party", 1)) == [1, 3]
    assert await found(store, tenant, _is("state", "disabled")) == [1]
    assert await found(store, tenant, Compare("disabled", Comparison.GE, after(hours=1))) == [1]
    assert await found(store, tenant, Compare("activated", Comparison.NE, None)) == []
    assert await found(store, tenant, Compare("note", Comparison.EQ, None)) == [2, 3, 4]
    assert await found(store, tenant, Holds("people", _is("name", "Person 2"))) == [1]
    assert await found(store, tenant, Holds("people", _is("number", 3))) == []
    assert await found(store, tenant, Holds("groups", _is("name", "Buyers"))) == [1]
    assert await found(store, tenant, Holds("groups", None)) == [1]


async def test_a_subscriber_of_another_tenant_is_not_there(store: Store) -> None:
    ours, theirs = await a_marketplace(store, "ours"), await a_marketplace(store, "theirs")
    await opened(store, ours)
    assert await found(store, theirs) == []
    async with store.begin() as tx:
        assert await tx.subscribers.several(theirs, [1, 2]) == []
        assert not await tx.subscribers.change(theirs, changed(a_subscriber(1)))
        assert await tx.subscribers.drop_category(theirs, CATEGORIES[0]) == 0
        with pytest.raises(NotFound):
            await tx.subscribers.get(theirs, 1)
    await opened(store, theirs)
    async with store.begin() as tx:
        others: Subscriber = changed(a_subscriber(1), people=(PersonNumber(1),))
        assert await tx.subscribers.change(theirs, others)
        assert (await tx.subscribers.get(ours, 1)).people == ()

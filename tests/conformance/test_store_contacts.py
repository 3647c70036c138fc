"""Keeping contacts, and what they opted out of."""

import asyncio
from collections.abc import Mapping
from operator import attrgetter

import msgspec
import pytest

from muster.domain.category import CategoryState
from muster.domain.contact import Audience, Barred, Bars, BlockReason, Contact, ContactState
from muster.domain.directory import Person
from muster.domain.errors import NameTaken, NotFound
from muster.domain.ids import CategoryNumber, ContactNumber, PartyNumber, PersonNumber, TenantId
from muster.domain.mark import Mark
from muster.domain.query import Compare, Comparison, Condition, Holds, Like, Query
from muster.domain.subscriber import SubscriberState
from muster.ports.store.unit import Store
from tests.conformance.store_world import a_category, a_contact, a_mark, a_subscriber, a_tenant, after, changed, keyed

GOODS, NEWS = CategoryNumber(1), CategoryNumber(2)
ONE = ContactNumber(1)
BLOCKED = ContactState.BLOCKED


async def a_marketplace(store: Store, *contacts: Contact, name: str = "acme") -> TenantId:
    """Two categories, party 1 with a subscriber to the first, and `contacts`."""
    tenant = await a_tenant(store, name)
    async with store.begin() as tx:
        await tx.categories.add(tenant, a_category(1))
        await tx.categories.add(tenant, a_category(2))
        await tx.subscribers.add(tenant, a_subscriber(1))
        assert await tx.contacts.add(tenant, keyed(*contacts)) == []
    return tenant


async def the_contact(store: Store, tenant: TenantId, number: int = 1) -> Contact:
    async with store.read() as tx:
        return await tx.contacts.get(tenant, number)


async def change(store: Store, tenant: TenantId, contact: Contact) -> bool:
    async with store.begin() as tx:
        return await tx.contacts.change(tenant, contact.email.lower(), contact)


async def found(store: Store, tenant: TenantId, where: Condition | None = None) -> list[int]:
    query = Query(where=where)
    async with store.read() as tx:
        total, page = await tx.contacts.find(tenant, query)
        assert [contact.number for contact in page] == list(await tx.contacts.numbers(tenant, query, most=99))
    assert total == len(page)
    return [contact.number for contact in page]


def _is(field: str, value: str | int | None) -> Compare:
    return Compare(field, Comparison.EQ, value)


async def test_contacts_come_back_as_they_were_given(store: Store) -> None:
    full = a_contact(
        7,
        email="Zoë+Ünicode@x.example",
        name="Zoë 'the 1st' \"O'Hara\"",
        state=BLOCKED,
        blocked_reason="bounced",
        person=PersonNumber(3),
        opt_outs=(GOODS, NEWS),
        extras='{"chat": true}',
        marks={"created": a_mark(), "updated": Mark(after(hours=1)), "blocked": Mark(after(hours=1))},
        revision=4,
    )
    tenant = await a_marketplace(store, a_contact(1), full)
    async with store.read() as tx:
        assert await tx.contacts.get(tenant, 7) == full
        several = await tx.contacts.several(tenant, [7, 1, 99])
        assert sorted(several, key=attrgetter("number")) == [a_contact(1), full]
        known = await tx.contacts.keyed(tenant, [full.email.lower(), "nobody@x.example"])
        assert known == {full.email.lower(): msgspec.structs.replace(full, opt_outs=())}


async def test_ten_thousand_are_added_at_once_but_those_whose_addresses_are_taken(store: Store) -> None:
    tenant = await a_marketplace(store, *(a_contact(n) for n in range(1, 1_001)))
    # Every tenth has an address that is there already; one opts out.
    new = [
        a_contact(20_000 + n, email=f"READER{n // 10 if n % 10 == 0 else 90_000 + n}@x.example")
        for n in range(10, 10_010)
    ]
    new[1] = msgspec.structs.replace(new[1], opt_outs=(GOODS,))
    async with store.begin() as tx:
        taken = await tx.contacts.add(tenant, keyed(*new))
        assert sorted(taken) == sorted(f"reader{n}@x.example" for n in range(1, 1_001))
        there = await tx.contacts.keyed(tenant, [contact.email.lower() for contact in new])
        assert len(there) == 10_000
        assert there["reader1@x.example"] == a_contact(1)
        assert (await tx.contacts.get(tenant, new[1].number)).opt_outs == (GOODS,)
        assert await tx.contacts.several(tenant, [new[0].number]) == []


async def test_an_address_given_twice_is_kept_once(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        twice = keyed(a_contact(1), a_contact(2, email="reader1@X.example"))
        assert await tx.contacts.add(tenant, twice) == ["reader1@x.example"]
        assert await tx.contacts.add(tenant, []) == []
        assert await tx.contacts.keyed(tenant, []) == {}
    assert len(await found(store, tenant)) == 1


async def test_those_who_add_the_same_addresses_at_once_add_each_once(store: Store) -> None:
    tenant = await a_tenant(store)

    async def add(first: int, step: int) -> int:
        new = [a_contact(first + n, email=f"r{n}@x.example") for n in range(500)][::step]
        async with store.begin() as tx:
            return 500 - len(await tx.contacts.add(tenant, keyed(*new)))

    assert sum(await asyncio.gather(add(1_000, 1), add(2_000, -1), add(3_000, 1))) == 500
    async with store.read() as tx:
        assert (await tx.contacts.find(tenant, Query(limit=0)))[0] == 500


async def test_only_the_next_revision_is_kept_opt_outs_included(store: Store) -> None:
    tenant = await a_marketplace(store, a_contact(1, opt_outs=(GOODS,)))
    mine = changed(a_contact(1), name="Zoë", email="zoe@x.example", opt_outs=(NEWS,), person=PersonNumber(2))
    assert await change(store, tenant, mine)
    assert not await change(store, tenant, changed(a_contact(1), name="too late"))
    assert not await change(store, tenant, changed(a_contact(9)))
    assert await the_contact(store, tenant) == mine
    assert await change(store, tenant, changed(mine, opt_outs=(GOODS, NEWS)))
    assert (await the_contact(store, tenant)).opt_outs == (GOODS, NEWS)
    assert await found(store, tenant, _is("email", "zoe@x.example")) == [1]


async def test_an_address_that_another_has_is_taken(store: Store) -> None:
    tenant = await a_marketplace(store, a_contact(1), a_contact(2))
    with pytest.raises(NameTaken):
        await change(store, tenant, changed(a_contact(2), email="READER1@x.example"))
    assert await the_contact(store, tenant, 2) == a_contact(2)


async def test_of_two_who_take_an_address_at_once_one_is_told_so(store: Store) -> None:
    tenant = await a_marketplace(store, a_contact(1), a_contact(2))
    both = [changed(a_contact(number), email="new@x.example") for number in (1, 2)]
    told = await asyncio.gather(*(change(store, tenant, contact) for contact in both), return_exceptions=True)
    assert [type(answer) for answer in told if answer is not True] == [NameTaken]


async def test_a_deleted_contact_is_never_found_and_gives_its_address_back(store: Store) -> None:
    tenant = await a_marketplace(store, a_contact(1), a_contact(2))
    assert await change(store, tenant, changed(a_contact(1), state=ContactState.DELETED))
    assert await found(store, tenant) == [2]
    async with store.begin() as tx:
        assert await tx.contacts.several(tenant, [1]) == []
        assert await tx.contacts.keyed(tenant, ["reader1@x.example"]) == {}
        assert await tx.contacts.block(tenant, ["reader1@x.example"], BlockReason.BOUNCED, at=after()) == 0
        assert not await tx.contacts.opt_out(tenant, ONE, GOODS, mark=a_mark())
        with pytest.raises(NotFound):
            await tx.contacts.get(tenant, 1)
        assert await tx.contacts.add(tenant, keyed(a_contact(3, email="reader1@x.example"))) == []
    assert await found(store, tenant) == [2, 3]


async def test_opting_out_and_in_again_is_known_once_and_changes_the_contact(store: Store) -> None:
    tenant = await a_marketplace(store, a_contact(1))
    mark = Mark(after(hours=1))
    async with store.begin() as tx:
        assert await tx.contacts.opt_out(tenant, ONE, GOODS, mark=mark)
        assert not await tx.contacts.opt_out(tenant, ONE, GOODS, mark=a_mark(hours=2))
        now = await tx.contacts.get(tenant, 1)
        assert (now.opt_outs, now.revision, now.marks) == ((GOODS,), 2, {"created": a_mark(), "updated": mark})
        assert not await tx.contacts.opt_in(tenant, ONE, NEWS, mark=a_mark(hours=3))
        assert await tx.contacts.opt_in(tenant, ONE, GOODS, mark=a_mark(hours=3))
        now = await tx.contacts.get(tenant, 1)
        assert (now.opt_outs, now.revision, now.marks["updated"]) == ((), 3, a_mark(hours=3))


async def test_only_active_contacts_are_blocked_and_what_somebody_blocked_stays_so(store: Store) -> None:
    by_hand = a_contact(2, state=BLOCKED, marks={"created": a_mark(), "updated": a_mark(), "blocked": a_mark()})
    tenant = await a_marketplace(store, a_contact(1), by_hand, a_contact(3))
    keys = ["reader1@x.example", "reader2@x.example", "nobody@x.example"]
    async with store.begin() as tx:
        assert await tx.contacts.block(tenant, keys, BlockReason.COMPLAINED, at=after(hours=1)) == 1
        assert await tx.contacts.block(tenant, keys, BlockReason.BOUNCED, at=after(hours=2)) == 0
        blocked = await tx.contacts.get(tenant, 1)
        assert (blocked.state, blocked.blocked_reason, blocked.revision) == (BLOCKED, "complained", 2)
        mark = Mark(after(hours=1))
        assert blocked.marks == {"created": a_mark(), "updated": mark, "blocked": mark}
        assert await tx.contacts.release(tenant, keys, at=after(hours=3)) == 1
        active = await tx.contacts.get(tenant, 1)
        assert (active.state, active.blocked_reason, active.revision) == (ContactState.ACTIVE, None, 3)
        assert active.marks["activated"] == Mark(after(hours=3))
        assert await tx.contacts.get(tenant, 2) == by_hand
        assert await tx.contacts.get(tenant, 3) == a_contact(3)


async def test_contacts_are_found_by_their_fields_their_person_and_what_they_opted_out_of(store: Store) -> None:
    marks = {"created": a_mark(hours=-1), "updated": a_mark(hours=1), "blocked": a_mark(hours=1)}
    odd = a_contact(2, name="Zoë", state=BLOCKED, person=PersonNumber(1), opt_outs=(GOODS,), marks=marks)
    tenant = await a_marketplace(store, a_contact(1), odd, a_contact(3, opt_outs=(NEWS,)))
    async with store.begin() as tx:
        zoe = Person(number=PersonNumber(1), party=PartyNumber(1), name="Zoë O", email="zoe@x.example")
        await tx.directory.put_people(tenant, [zoe])
    assert await found(store, tenant) == [2, 1, 3]
    assert await found(store, tenant, _is("number", 2)) == [2]
    assert await found(store, tenant, _is("state", "blocked")) == [2]
    assert await found(store, tenant, _is("person", None)) == [1, 3]
    assert await found(store, tenant, _is("person.name", "Zoë O")) == [2]
    assert await found(store, tenant, _is("person.email", "zoe@x.example")) == [2]
    assert await found(store, tenant, Compare("blocked", Comparison.EQ, after(hours=1))) == [2]
    assert await found(store, tenant, Compare("activated", Comparison.NE, None)) == []
    assert await found(store, tenant, Compare("created", Comparison.LT, after())) == [2]
    assert await found(store, tenant, Like("email", "READER", begins=True, ends=False, folds=True)) == [2, 1, 3]
    assert await found(store, tenant, Holds("opt_outs", _is("number", 1))) == [2]
    assert await found(store, tenant, Holds("opt_outs", _is("name", "Category 2"))) == [3]
    assert await found(store, tenant, Holds("opt_outs", None)) == [2, 3]


def an_audience(*contacts: int, category: CategoryNumber = GOODS, party: int = 1) -> Audience:
    return Audience(category=category, party=PartyNumber(party), contacts=tuple(map(ContactNumber, contacts)))


async def barred(store: Store, tenant: TenantId, audience: Audience) -> Mapping[ContactNumber, Barred]:
    async with store.read() as tx:
        bars = await tx.contacts.barred(tenant, audience)
    assert bars.overridden == frozenset()
    return bars.barred


async def test_who_is_blocked_opted_out_or_gone_gets_no_message(store: Store) -> None:
    tenant = await a_marketplace(
        store,
        a_contact(1),
        a_contact(2, opt_outs=(GOODS,)),
        a_contact(3, state=BLOCKED, opt_outs=(GOODS,)),
        a_contact(4),
        a_contact(5, opt_outs=(NEWS,)),
    )
    assert await change(store, tenant, changed(a_contact(4), state=ContactState.DELETED))
    assert await barred(store, tenant, an_audience(1, 2, 3, 4, 5, 99)) == {
        2: Barred.OPTED_OUT,
        3: Barred.BLOCKED,
        4: Barred.GONE,
        99: Barred.GONE,
    }
    assert await barred(store, tenant, an_audience()) == {}
    assert await barred(store, tenant, an_audience(1, party=7)) == {}


async def test_nobody_gets_one_while_the_subscriber_is_disabled(store: Store) -> None:
    tenant = await a_marketplace(store, a_contact(1), a_contact(2, opt_outs=(GOODS,)))
    async with store.begin() as tx:
        assert await tx.subscribers.change(tenant, changed(a_subscriber(1), state=SubscriberState.DISABLED))
        assert await tx.categories.change(tenant, changed(a_category(1), state=CategoryState.UNPUBLISHED))
    assert await barred(store, tenant, an_audience(1, 2)) == {1: Barred.SWITCHED_OFF, 2: Barred.OPTED_OUT}
    assert await barred(store, tenant, an_audience(1, 2, category=NEWS)) == {}


@pytest.mark.parametrize("state", [CategoryState.UNPUBLISHED, CategoryState.DELETED])
async def test_nobody_gets_one_once_the_category_is_not_published(store: Store, state: CategoryState) -> None:
    tenant = await a_marketplace(store, a_contact(1))
    async with store.begin() as tx:
        assert await tx.categories.change(tenant, changed(a_category(1), state=state))
    assert await barred(store, tenant, an_audience(1, 99)) == {1: Barred.UNPUBLISHED, 99: Barred.UNPUBLISHED}
    assert await barred(store, tenant, an_audience(1, category=CategoryNumber(9))) == {1: Barred.UNPUBLISHED}


async def test_a_mandatory_category_reaches_those_who_opted_out_unless_something_else_is_against_it(
    store: Store,
) -> None:
    tenant = await a_marketplace(
        store, a_contact(1), a_contact(2, opt_outs=(GOODS,)), a_contact(3, state=BLOCKED, opt_outs=(GOODS,))
    )
    async with store.begin() as tx:
        assert await tx.categories.change(tenant, changed(a_category(1), opt_out_allowed=False))
        bars = await tx.contacts.barred(tenant, an_audience(1, 2, 3))
        assert bars == Bars(barred={ContactNumber(3): Barred.BLOCKED}, overridden=frozenset({ContactNumber(2)}))


async def test_another_tenants_contacts_are_not_there(store: Store) -> None:
    ours = await a_marketplace(store, a_contact(1, opt_outs=(GOODS,)), name="ours")
    theirs = await a_marketplace(store, name="theirs")
    keys = ["reader1@x.example"]
    async with store.begin() as tx:
        assert await tx.contacts.several(theirs, [1]) == []
        assert await tx.contacts.keyed(theirs, keys) == {}
        assert not await tx.contacts.change(theirs, keys[0], changed(a_contact(1)))
        assert not await tx.contacts.opt_out(theirs, ONE, NEWS, mark=a_mark())
        assert not await tx.contacts.opt_in(theirs, ONE, GOODS, mark=a_mark())
        assert await tx.contacts.block(theirs, keys, BlockReason.BOUNCED, at=after()) == 0
        assert (await tx.contacts.barred(theirs, an_audience(1))).barred == {ONE: Barred.GONE}
        assert await tx.contacts.add(theirs, keyed(a_contact(1, name="theirs"))) == []
        assert (await tx.contacts.barred(theirs, an_audience(1))).barred == {}
        assert await tx.contacts.get(ours, 1) == a_contact(1, opt_outs=(GOODS,))

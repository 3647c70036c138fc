"""Who calls, and for which party."""

import asyncio

import pytest

from muster.catalog.categories import CategoryCatalog, CategoryWish
from muster.domain.directory import Buyer, Group, PartyKind, Person, TokenState
from muster.domain.errors import NameTaken, NotAuthenticated, NotFound
from muster.domain.ids import BuyerNumber, GroupNumber, PartyNumber, PersonNumber, TokenNumber
from muster.domain.tenant import Role
from muster.ports.store.directory import Counter
from muster.stores.database import SqlStore
from tests.catalog.directory import Town, a_desk, a_town, an_account, believed, who
from tests.fakes.clock import FakeClock


@pytest.fixture
async def town(store: SqlStore, clock: FakeClock) -> Town:
    return await a_town(store, clock)


async def test_the_tenants_own_service_account_acts_for_the_party_that_operates(
    store: SqlStore, clock: FakeClock
) -> None:
    account = await an_account(store, clock, "Acme")

    acting = await a_desk(store, clock).acting(who(account))

    assert (acting.party.kind, acting.party.name) == (PartyKind.OPERATIONS, "Acme")
    assert (acting.token.principal, acting.token.name) == (account.principal, "Acme")
    assert await a_desk(store, clock).acting(who(account)) == acting


async def test_many_first_calls_at_once_make_one_party_and_one_token(store: SqlStore, clock: FakeClock) -> None:
    account, desk = await an_account(store, clock), a_desk(store, clock)

    acting = await asyncio.gather(*(desk.acting(who(account)) for _ in range(8)))

    assert len({one.token.number for one in acting}) == 1
    async with store.read() as tx:
        assert len(await tx.directory.every_party(account.tenant)) == 1


async def test_a_token_acts_for_its_party_and_opens_only_doors_for_parties(town: Town) -> None:
    assert (town.vendor.party.kind, town.client.party.kind) == (PartyKind.VENDOR, PartyKind.CLIENT)
    assert (town.vendor.who.role, town.client.who.role) == (Role.PARTY, Role.PARTY)


async def test_a_token_of_the_operating_party_may_do_what_its_tenant_may(
    store: SqlStore, clock: FakeClock, town: Town
) -> None:
    text = await a_desk(store, clock).add_token(town.tenant, town.operator.party.number, "second")

    assert (await believed(store, clock, text)).role is Role.MANAGER


async def test_a_token_may_come_with_its_text_and_number(store: SqlStore, clock: FakeClock, town: Town) -> None:
    desk, vendor = a_desk(store, clock), town.vendor.party.number

    assert (
        await desk.add_token(town.tenant, vendor, "third", text="open sesame", number=TokenNumber(77)) == "open sesame"
    )

    acting = await desk.acting(await believed(store, clock, "open sesame"))
    assert (acting.token.number, acting.party.number) == (77, vendor)
    assert await town.take(Counter.TOKEN) > 77
    with pytest.raises(NameTaken):
        await desk.add_token(town.tenant, vendor, "fourth", text="open sesame")
    with pytest.raises(NotFound):
        await desk.add_token(town.tenant, PartyNumber(999), "nobody's")


async def test_a_disabled_token_opens_nothing_until_it_is_enabled(
    store: SqlStore, clock: FakeClock, town: Town
) -> None:
    desk = a_desk(store, clock)
    text = await desk.add_token(town.tenant, town.vendor.party.number, "door key")
    acting = await desk.acting(await believed(store, clock, text))

    await desk.move_token(town.tenant, acting.token.number, TokenState.DISABLED)

    with pytest.raises(NotAuthenticated):
        await desk.acting(acting.who)
    with pytest.raises(NotAuthenticated):
        await believed(store, clock, text)
    await desk.move_token(town.tenant, acting.token.number, TokenState.ACTIVE)
    assert (await desk.acting(await believed(store, clock, text))).token == acting.token


async def test_a_deleted_token_stays_deleted(store: SqlStore, clock: FakeClock, town: Town) -> None:
    desk, token = a_desk(store, clock), town.client.token.number
    await desk.move_token(town.tenant, token, TokenState.DELETED)

    with pytest.raises(NotAuthenticated):
        await desk.acting(town.client.who)
    with pytest.raises(NotFound):
        await desk.move_token(town.tenant, token, TokenState.ACTIVE)


async def test_a_new_party_takes_part_in_every_category(store: SqlStore, clock: FakeClock, town: Town) -> None:
    catalog = CategoryCatalog(store, clock)
    made = [await catalog.add(town.operator, CategoryWish(name=name)) for name in ("Orders", "Invoices")]

    party = await a_desk(store, clock).add_party(town.tenant, PartyKind.CLIENT, "Newcomer")

    theirs = [one for one in await town.subscribers() if one.party == party.number]
    assert {one.category for one in theirs} == {one.number for one in made}


async def test_parties_and_categories_made_at_once_do_not_miss_each_other(
    store: SqlStore, clock: FakeClock, town: Town
) -> None:
    catalog, desk = CategoryCatalog(store, clock), a_desk(store, clock)

    await asyncio.gather(
        *(catalog.add(town.operator, CategoryWish(name=f"Category {at}")) for at in range(4)),
        *(desk.add_party(town.tenant, PartyKind.CLIENT, f"Party {at}") for at in range(4)),
    )

    found = await town.subscribers()
    assert len({(one.party, one.category) for one in found}) == len(found) == 4 * (3 + 4)


async def test_people_groups_and_buyers_are_kept_under_their_own_numbers(
    store: SqlStore, clock: FakeClock, town: Town
) -> None:
    desk, own = a_desk(store, clock), town.client.party.number
    person = Person(number=PersonNumber(41), party=own, name="Ann", email="ann@example.com")
    buyer = Buyer(number=BuyerNumber(51), party=own, name="Lab")
    group = Group(number=GroupNumber(61), party=own, name="All", people=(person.number,), buyers=(buyer.number,))

    await desk.put_people(town.tenant, [person])
    await desk.put_buyers(town.tenant, [buyer])
    await desk.put_groups(town.tenant, [group])

    async with store.read() as tx:
        assert list(await tx.directory.people(town.tenant, [41])) == [person]
        assert list(await tx.directory.buyers(town.tenant, [51])) == [buyer]
        assert list(await tx.directory.groups(town.tenant, [61])) == [group]
    assert await town.take(Counter.PERSON) == 42

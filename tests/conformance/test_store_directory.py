"""Keeping whom a tenant serves."""

import asyncio
from uuid import uuid4

import msgspec
import pytest

from muster.domain.category import CategoryState
from muster.domain.directory import Buyer, Group, Party, PartyKind, Person, Token, TokenState
from muster.domain.errors import NotFound
from muster.domain.ids import (
    BuyerNumber,
    CategoryNumber,
    ContactNumber,
    GroupNumber,
    PartyNumber,
    PersonNumber,
    PrincipalId,
    TenantId,
    TokenNumber,
)
from muster.domain.subscriber import SubscriberState
from muster.domain.tenant import Role
from muster.ports.store.directory import Counter
from muster.ports.store.unit import Store
from tests.conformance.store_world import (
    NOON,
    a_category,
    a_contact,
    a_party,
    a_subscriber,
    a_tenant,
    after,
    changed,
    given_up,
    keyed,
)

OURS, GOODS = PartyNumber(1), CategoryNumber(1)


async def a_token(store: Store, tenant: TenantId, number: int = 1) -> Token:
    """A token of party 1, with the service account that it acts by."""
    principal = PrincipalId(uuid4())
    token = Token(number=TokenNumber(number), party=OURS, principal=principal, name="robot", created_at=NOON)
    async with store.begin() as tx:
        await tx.accounts.add_principal(tenant, principal, f"robot {number}", role=Role.PARTY, at=NOON)
        await tx.directory.add_token(tenant, token)
    return token


def person(number: int, **fields: str) -> Person:
    return Person(number=PersonNumber(number), party=OURS, name=f"Person {number}", **fields)


def buyer(number: int, erp_customer: str | None = None) -> Buyer:
    return Buyer(number=BuyerNumber(number), party=OURS, name=f"Buyer {number}", erp_customer=erp_customer)


def group(number: int, *people: int, buyers: tuple[int, ...] = ()) -> Group:
    return Group(
        number=GroupNumber(number),
        party=OURS,
        name=f"Group {number}",
        people=tuple(map(PersonNumber, people)),
        buyers=tuple(map(BuyerNumber, buyers)),
    )


async def test_numbers_begin_at_one_and_are_given_out_once(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        taken = [await tx.directory.next(tenant, Counter.CONTACT, count) for count in (1, 3, 1)]
        assert taken == [1, 2, 5]
        assert await tx.directory.next(tenant, Counter.CATEGORY) == 1


async def test_numbers_of_a_transaction_that_fails_may_be_given_out_again(store: Store) -> None:
    tenant = await a_tenant(store)
    async with given_up(store) as tx:
        assert await tx.directory.next(tenant, Counter.PARTY) == 1
    async with store.begin() as tx:
        assert await tx.directory.next(tenant, Counter.PARTY) == 1


async def test_those_who_count_at_once_get_different_numbers(store: Store) -> None:
    tenant = await a_tenant(store)

    async def take() -> int:
        async with store.begin() as tx:
            return await tx.directory.next(tenant, Counter.MAILING, 10)

    assert sorted(await asyncio.gather(*(take() for _ in range(8)))) == [1 + 10 * n for n in range(8)]


async def test_reserved_numbers_are_not_given_out_and_reserving_less_changes_nothing(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.directory.reserve(tenant, Counter.PARTY, 71_231_965)
        await tx.directory.reserve(tenant, Counter.PARTY, 7)
        assert await tx.directory.next(tenant, Counter.PARTY) == 71_231_966


async def test_a_tenants_numbers_are_its_own(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    async with store.begin() as tx:
        assert await tx.directory.next(ours, Counter.PARTY, 5) == 1
        assert await tx.directory.next(theirs, Counter.PARTY) == 1


async def test_numbers_that_something_has_or_had_are_taken(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    async with store.begin() as tx:
        await tx.directory.put_people(ours, [person(1), person(2)])
        await tx.categories.add(ours, a_category(3, state=CategoryState.DELETED))
        assert sorted(await tx.directory.taken(ours, Counter.PERSON, [2, 1, 3])) == [1, 2]
        assert await tx.directory.taken(ours, Counter.CATEGORY, [1, 2, 3]) == [3]
        for counter in Counter:
            assert list(await tx.directory.taken(theirs, counter, [1, 2, 3])) == []


async def test_parties_come_back_as_they_were_given_and_are_changed_when_kept_again(store: Store) -> None:
    tenant = await a_tenant(store)
    first = a_party(1, icon="/icon.png", details='{"website": "x.example"}')
    renamed = changed(first, name="Zoë & Söhne")
    async with store.begin() as tx:
        for party in (first, a_party(2), renamed):
            await tx.directory.put_party(tenant, party)
        assert list(await tx.directory.parties(tenant, [1, 7])) == [renamed]
        assert await tx.directory.every_party(tenant) == [1, 2]


async def test_the_oldest_operating_party_is_the_operating_one(store: Store) -> None:
    tenant = await a_tenant(store)
    parties = [a_party(1), a_party(3, kind=PartyKind.OPERATIONS), a_party(2, kind=PartyKind.OPERATIONS)]
    async with store.begin() as tx:
        assert await tx.directory.operating(tenant) is None
        for party in parties:
            await tx.directory.put_party(tenant, party)
        operating = await tx.directory.operating(tenant)
        assert isinstance(operating, Party)
        assert operating.number == 2


async def test_people_and_buyers_come_back_and_are_changed_when_kept_again(store: Store) -> None:
    tenant = await a_tenant(store)
    zoe = person(1, email="zoe@x.example", icon="/zoe.png")
    async with store.begin() as tx:
        await tx.directory.put_people(tenant, [person(1), person(2), zoe])
        await tx.directory.put_buyers(tenant, [buyer(1, "E-1"), buyer(2)])
        await tx.directory.put_people(tenant, [])
        await tx.directory.put_buyers(tenant, [buyer(2, "E-2")])
        assert await tx.directory.people(tenant, [2, 1]) == [zoe, person(2)]
        assert await tx.directory.buyers(tenant, [1, 2]) == [buyer(1, "E-1"), buyer(2, "E-2")]


async def test_buyers_are_found_by_their_number_in_the_books_too(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.directory.put_buyers(tenant, [buyer(1, "E-1"), buyer(2, "E-2"), buyer(3)])
        assert await tx.directory.buyers(tenant, erp_customers=["E-2", "E-9"]) == [buyer(2, "E-2")]
        assert await tx.directory.buyers(tenant, [3], erp_customers=["E-2"]) == [buyer(2, "E-2"), buyer(3)]
        assert await tx.directory.buyers(tenant) == []


async def test_a_group_has_exactly_the_members_it_was_last_given(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.directory.put_groups(tenant, [group(1, 1, 2, buyers=(1,)), group(2, 3)])
        await tx.directory.put_groups(tenant, [group(1, 2, 4, buyers=(5,))])
        assert await tx.directory.groups(tenant, [1, 2, 9]) == [group(1, 2, 4, buyers=(5,)), group(2, 3)]


async def test_a_token_is_found_by_the_account_it_acts_by(store: Store) -> None:
    tenant = await a_tenant(store)
    token = await a_token(store, tenant)
    async with store.read() as tx:
        assert await tx.directory.token_of(tenant, token.principal) == token
        assert await tx.directory.token_of(tenant, PrincipalId(uuid4())) is None


async def test_a_token_that_was_deleted_is_still_told_and_moves_no_more(store: Store) -> None:
    tenant = await a_tenant(store)
    token = await a_token(store, tenant)
    async with store.begin() as tx:
        for state in (TokenState.DISABLED, TokenState.ACTIVE, TokenState.DELETED):
            await tx.directory.move_token(tenant, token.number, state)
        with pytest.raises(NotFound):
            await tx.directory.move_token(tenant, token.number, TokenState.ACTIVE)
        gone = msgspec.structs.replace(token, state=TokenState.DELETED)
        assert await tx.directory.tokens(tenant, [token.number, 9]) == [gone]


async def test_what_is_asked_for_by_no_number_is_nothing(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.read() as tx:
        assert list(await tx.directory.parties(tenant, [])) == []
        assert list(await tx.directory.people(tenant, [])) == []
        assert list(await tx.directory.groups(tenant, [])) == []
        assert list(await tx.directory.tokens(tenant, [])) == []


async def test_ten_thousand_are_asked_for_at_once(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.directory.put_people(tenant, [person(n) for n in range(10_000)])
        assert len(await tx.directory.people(tenant, range(9_000, 19_000))) == 1_000


async def test_another_tenants_directory_is_empty(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    token = await a_token(store, ours)
    async with store.begin() as tx:
        await tx.directory.put_party(ours, a_party(1, kind=PartyKind.OPERATIONS))
        await tx.directory.put_people(ours, [person(1)])
        await tx.directory.put_buyers(ours, [buyer(1, "E-1")])
        await tx.directory.put_groups(ours, [group(1, 1)])
        assert await tx.directory.operating(theirs) is None
        assert await tx.directory.every_party(theirs) == []
        assert await tx.directory.token_of(theirs, token.principal) is None
        assert await tx.directory.buyers(theirs, [1], erp_customers=["E-1"]) == []
        for listed in (tx.directory.parties, tx.directory.people, tx.directory.groups, tx.directory.tokens):
            assert list(await listed(theirs, [1])) == []
        with pytest.raises(NotFound):
            await tx.directory.move_token(theirs, token.number, TokenState.DISABLED)


async def a_marketplace(store: Store) -> TenantId:
    """Persons 1 to 5 are contacts 11 to 15; 1 is a recipient, 2 and 3 through group 1, 4 through group 2.

    Group 1 sees buyer 1, group 2 buyer 2, and so does group 3, in which 1 is.
    """
    tenant = await a_tenant(store)
    readers = [a_contact(10 + n, person=PersonNumber(n), marks={"created": MARKS[n]}) for n in range(1, 6)]
    async with store.begin() as tx:
        await tx.directory.put_party(tenant, a_party(1))
        await tx.directory.put_people(tenant, [person(n) for n in range(1, 6)])
        await tx.directory.put_groups(
            tenant, [group(1, 2, 3, buyers=(1,)), group(2, 4, buyers=(2,)), group(3, 1, buyers=(2,))]
        )
        await tx.categories.add(tenant, a_category(1))
        recipients = {"people": (PersonNumber(1),), "groups": (GroupNumber(1), GroupNumber(2))}
        await tx.subscribers.add(tenant, a_subscriber(1, **recipients))
        assert await tx.contacts.add(tenant, keyed(*readers)) == []
    return tenant


# The higher the person's number, the older their contact.
MARKS = {n: msgspec.structs.replace(a_party().marks["created"], at=after(minutes=-n)) for n in range(1, 6)}


async def recipients(store: Store, tenant: TenantId, buyer: int | None = None) -> list[ContactNumber]:
    async with store.read() as tx:
        seen = None if buyer is None else BuyerNumber(buyer)
        return list(await tx.directory.recipients(tenant, OURS, GOODS, buyer=seen))


async def test_recipients_are_those_named_and_those_in_groups_oldest_first(store: Store) -> None:
    tenant = await a_marketplace(store)
    assert await recipients(store, tenant) == [14, 13, 12, 11]


async def test_where_a_buyer_is_named_only_those_who_see_it_are_recipients(store: Store) -> None:
    tenant = await a_marketplace(store)
    assert await recipients(store, tenant, buyer=1) == [13, 12]
    assert await recipients(store, tenant, buyer=2) == [14, 11]
    assert await recipients(store, tenant, buyer=9) == []


async def test_deleted_contacts_are_nobodys_recipients(store: Store) -> None:
    tenant = await a_marketplace(store)
    async with store.begin() as tx:
        reader = await tx.contacts.get(tenant, 13)
        gone = changed(reader, state=type(reader.state).DELETED)
        assert await tx.contacts.change(tenant, gone.email.lower(), gone)
    assert await recipients(store, tenant) == [14, 12, 11]


async def test_nobody_is_a_recipient_of_a_disabled_subscriber_or_an_unpublished_category(store: Store) -> None:
    tenant = await a_marketplace(store)
    async with store.begin() as tx:
        subscriber = await tx.subscribers.get(tenant, 1)
        assert await tx.subscribers.change(tenant, changed(subscriber, state=SubscriberState.DISABLED))
    assert await recipients(store, tenant) == []
    async with store.begin() as tx:
        subscriber = await tx.subscribers.get(tenant, 1)
        assert await tx.subscribers.change(tenant, changed(subscriber, state=SubscriberState.ACTIVE))
        category = await tx.categories.get(tenant, 1)
        assert await tx.categories.change(tenant, changed(category, state=CategoryState.UNPUBLISHED))
    assert await recipients(store, tenant) == []


async def test_another_tenant_has_no_recipients(store: Store) -> None:
    await a_marketplace(store)
    assert await recipients(store, await a_tenant(store, "theirs")) == []

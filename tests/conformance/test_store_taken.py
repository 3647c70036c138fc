"""What is in use already: numbers, and what holders of tokens present."""

from uuid import uuid4

from muster.domain.category import CategoryState
from muster.domain.contact import ContactState
from muster.domain.ids import PrincipalId
from muster.domain.tenant import Role
from muster.ports.store.accounts import Credential, CredentialKind
from muster.ports.store.directory import Counter
from muster.ports.store.unit import Store
from tests.conformance.mailing_world import a_mailing, a_marketplace, an_attachment
from tests.conformance.store_world import NOON, a_category, a_contact, a_tenant, changed, keyed


async def test_a_number_is_taken_by_what_is_deleted_too(store: Store) -> None:
    ours, theirs = await a_tenant(store), await a_tenant(store, "theirs")
    async with store.begin() as tx:
        await tx.contacts.add(ours, keyed(a_contact(1), a_contact(2)))
        assert await tx.contacts.change(ours, "gone", changed(a_contact(2), state=ContactState.DELETED))
        await tx.categories.add(ours, a_category(7))
        assert await tx.categories.change(ours, changed(a_category(7), state=CategoryState.DELETED))
        assert sorted(await tx.directory.taken(ours, Counter.CONTACT, [1, 2, 3])) == [1, 2]
        assert await tx.directory.taken(ours, Counter.CATEGORY, [6, 7]) == [7]
        assert await tx.directory.taken(ours, Counter.CONTACT, []) == []
        assert await tx.directory.taken(theirs, Counter.CONTACT, [1, 2, 3]) == []


async def test_every_sort_of_thing_can_be_asked_for(store: Store) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, attachments=[an_attachment(5)])
    async with store.read() as tx:
        taken = {counter: len(await tx.directory.taken(tenant, counter, range(10))) for counter in Counter}
    assert {counter.value: n for counter, n in taken.items() if n} == {
        "party": 2,
        "category": 2,
        "contact": 5,
        "mailing": 1,
        "attachment": 1,
    }


async def test_a_service_account_has_the_credentials_it_was_given(store: Store) -> None:
    ours, theirs = await a_tenant(store), await a_tenant(store, "theirs")
    who = PrincipalId(uuid4())
    async with store.begin() as tx:
        await tx.accounts.add_principal(ours, who, "robot", role=Role.PARTY, at=NOON)
        credential = Credential(kind=CredentialKind.TOKEN, name="a" * 64, principal=who)
        await tx.accounts.add_credential(ours, credential, at=NOON)
        assert await tx.accounts.has_credential(ours, who, CredentialKind.TOKEN, name="a" * 64)
        for tenant, principal, kind, name in (
            (theirs, who, CredentialKind.TOKEN, "a" * 64),
            (ours, PrincipalId(uuid4()), CredentialKind.TOKEN, "a" * 64),
            (ours, who, CredentialKind.API_KEY, "a" * 64),
            (ours, who, CredentialKind.TOKEN, "b" * 64),
        ):
            assert not await tx.accounts.has_credential(tenant, principal, kind, name=name)

"""Keeping customers and their accounts."""

from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import text

from muster.domain.errors import Unavailable
from muster.domain.ids import CustomerId
from muster.ports.store.customers import Customer, CustomerAccount
from muster.ports.store.unit import Store
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.conformance.store_world import NOON, a_tenant, after


def _someone(**fields: str) -> Customer:
    given = {"first_name": "Zoë", "last_name": "O'Hara", "email": "zoe@x.example", "phone": "+16475550100", **fields}
    return Customer(id=CustomerId(uuid4()), **given)


def _card(customer: Customer | None, *, account: UUID | None = None) -> CustomerAccount:
    return CustomerAccount(
        id=account or uuid4(),
        customer=None if customer is None else customer.id,
        subtype="CREDIT",
        label="Visa •••• 4242",
        token="swordfish",  # noqa: S106 - no secret
    )


async def test_a_customer_and_their_account_come_back_as_they_were_given(store: Store) -> None:
    tenant, someone = await a_tenant(store), _someone(profile='{"born": "1990-01-02"}')
    card, nobodys = _card(someone), _card(None)
    async with store.begin() as tx:
        await tx.customers.put(tenant, someone, at=NOON)
        for account in (card, nobodys):
            await tx.customers.put_account(tenant, account, at=NOON)
    async with store.read() as tx:
        assert await tx.customers.get(tenant, someone.id) == someone
        assert await tx.customers.account(tenant, card.id) == card
        assert await tx.customers.account(tenant, nobodys.id) == nobodys


async def test_who_is_not_in_the_register_is_nobody(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.read() as tx:
        assert await tx.customers.get(tenant, CustomerId(uuid4())) is None
        assert await tx.customers.account(tenant, uuid4()) is None


async def test_what_is_kept_again_is_changed(store: Store) -> None:
    tenant, someone = await a_tenant(store), _someone()
    married, card = msgspec.structs.replace(someone, last_name="Smith"), _card(someone)
    renewed = msgspec.structs.replace(card, label="Visa •••• 1111", token="marlin")  # noqa: S106 - no secret
    async with store.begin() as tx:
        for customer in (someone, married):
            await tx.customers.put(tenant, customer, at=NOON)
        for account in (card, renewed):
            await tx.customers.put_account(tenant, account, at=after(days=1))
    async with store.read() as tx:
        assert await tx.customers.get(tenant, someone.id) == married
        assert await tx.customers.account(tenant, card.id) == renewed


async def test_two_tenants_may_know_the_same_id_and_see_only_their_own(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    here, card = _someone(), _card(None)
    there = msgspec.structs.replace(here, first_name="Ann")
    async with store.begin() as tx:
        await tx.customers.put(ours, here, at=NOON)
        await tx.customers.put_account(ours, card, at=NOON)
        assert await tx.customers.get(theirs, here.id) is None
        assert await tx.customers.account(theirs, card.id) is None
        await tx.customers.put(theirs, there, at=NOON)
        assert await tx.customers.get(ours, here.id) == here
        assert await tx.customers.get(theirs, here.id) == there


async def test_the_database_alone_tells_no_token(store: SqlStore, database_url: str) -> None:
    tenant, card = await a_tenant(store), _card(None)
    async with store.begin() as tx:
        await tx.customers.put_account(tenant, card, at=NOON)
    async with store.writer.begin() as connection:
        kept = (await connection.execute(text("SELECT * FROM customer_accounts"))).one()
    assert card.token not in str(kept)
    stranger = open_store(database_url, vault=Vault(["A" * 43 + "="]))
    async with stranger.read() as tx:
        with pytest.raises(Unavailable):
            await tx.customers.account(tenant, card.id)
    await stranger.close()

"""What a store on a server says when its connections are cut, and that it comes back by itself."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from muster.domain.entry import EntryState
from muster.domain.errors import Unavailable
from muster.ports.store.batches import Page
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.conformance.store_world import NOON, a_batch, a_new_batch, a_tenant, an_entry, keep


@pytest.fixture
async def store(postgres_url: str, vault: Vault) -> AsyncIterator[SqlStore]:
    """A store that can lose its connections."""
    opened = open_store(postgres_url, vault=vault)
    yield opened
    await opened.close()


async def _cut_others(store: SqlStore) -> None:
    async with store.writer.begin() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


async def _all_tenants(store: SqlStore) -> None:
    async with store.read() as tx:
        await tx.accounts.across_tenants_all()


async def test_a_transaction_that_is_cut_off_says_so_and_leaves_nothing(store: SqlStore) -> None:
    tenant = await a_tenant(store)

    async def write() -> None:
        async with store.begin() as tx:
            await keep(tx, tenant, a_new_batch(()))
            await _cut_others(store)
            await keep(tx, tenant, a_new_batch(()))

    with pytest.raises(Unavailable):
        await write()
    assert (await a_batch(store, tenant)).total == 3


async def test_a_bulk_insert_that_is_cut_off_says_so_and_leaves_nothing(store: SqlStore) -> None:
    tenant = await a_tenant(store)

    async def write() -> None:
        async with store.begin() as tx:
            batch = await keep(tx, tenant, a_new_batch((EntryState.ACCEPTED,)))
            await _cut_others(store)
            await tx.entries.add(tenant, batch.number, [an_entry(0)], at=NOON)

    with pytest.raises(Unavailable):
        await write()
    assert (await a_batch(store, tenant)).total == 3


async def test_a_commit_that_is_cut_off_says_so(store: SqlStore) -> None:
    tenant = await a_tenant(store)

    async def write() -> None:
        async with store.begin() as tx:
            await keep(tx, tenant, a_new_batch(()))
            await _cut_others(store)

    with pytest.raises(Unavailable):
        await write()
    assert (await a_batch(store, tenant)).total == 3


async def test_a_reader_that_is_cut_off_says_so(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant)

    async def read() -> None:
        async with store.read() as tx:
            await tx.batches.get(tenant, batch.id)
            await _cut_others(store)
            await tx.batches.get(tenant, batch.id)

    with pytest.raises(Unavailable):
        await read()
    async with store.read() as tx:
        assert (await tx.entries.find(tenant, batch.number, states=None, order=(), page=Page(0, 9)))[0] == 3


async def test_a_server_that_is_not_there_is_unavailable(vault: Vault) -> None:
    nowhere = open_store("postgresql+asyncpg://nobody@127.0.0.1:1/nothing", vault=vault)
    with pytest.raises(Unavailable):
        await a_tenant(nowhere)
    with pytest.raises(Unavailable):
        await _all_tenants(nowhere)
    with pytest.raises(Unavailable):
        await nowhere.now()
    with pytest.raises(Unavailable):
        await nowhere.check()
    await nowhere.close()

"""Keeping accounts at providers."""

import pytest
from sqlalchemy import text

from muster.domain.errors import NotFound, Unavailable
from muster.domain.ids import ChannelId
from muster.ports.store.unit import Store
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.conformance.store_world import NOON, a_channel, a_tenant, after

OPTIONS = {"host": "127.0.0.1", "password": "swordfish", "note": 'ü "quoted"'}


async def test_a_channel_comes_back_as_it_was_given(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        number = await tx.channels.add(tenant, "smpp", OPTIONS, at=NOON)
    async with store.read() as tx:
        kept = await tx.channels.get(tenant, number)
        assert (kept.id, kept.tenant, kept.kind, kept.options, kept.created_at) == (
            number, tenant, "smpp", OPTIONS, NOON,
        )  # fmt: skip


async def test_the_database_alone_tells_no_secret(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    await a_channel(store, tenant)
    async with store.writer.begin() as connection:
        sealed = (await connection.execute(text("SELECT sealed_options FROM channels"))).scalar_one()
    assert "swordfish" not in sealed
    assert "password" not in sealed


async def test_options_sealed_with_another_key_are_unavailable(store: Store, database_url: str) -> None:
    tenant = await a_tenant(store)
    number = await a_channel(store, tenant)
    stranger = open_store(database_url, vault=Vault(["A" * 43 + "="]))
    async with stranger.read() as tx:
        with pytest.raises(Unavailable):
            await tx.channels.get(tenant, number)
    await stranger.close()


async def test_channels_are_listed_oldest_first(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    first, other, second = await a_channel(store, ours), await a_channel(store, theirs), await a_channel(store, ours)
    async with store.read() as tx:
        assert [c.id for c in await tx.channels.all(ours)] == [first, second]
        assert [c.id for c in await tx.channels.across_tenants_all()] == [first, other, second]


async def test_a_removed_channel_is_not_listed_and_is_still_found(store: Store) -> None:
    tenant = await a_tenant(store)
    gone, kept = await a_channel(store, tenant), await a_channel(store, tenant)
    async with store.begin() as tx:
        await tx.channels.remove(tenant, gone, at=after(hours=1))
        await tx.channels.remove(tenant, gone, at=after(hours=2))
    async with store.read() as tx:
        assert [c.id for c in await tx.channels.all(tenant)] == [kept]
        assert [c.id for c in await tx.channels.across_tenants_all()] == [kept]
        assert (await tx.channels.get(tenant, gone)).id == gone


async def test_an_unknown_channel_is_not_found(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        with pytest.raises(NotFound):
            await tx.channels.get(tenant, ChannelId(77))
        with pytest.raises(NotFound):
            await tx.channels.remove(tenant, ChannelId(77), at=NOON)

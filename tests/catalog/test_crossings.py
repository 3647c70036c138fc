"""Two who change the same contact and the same address at once, on a server that lets them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from muster.catalog.contacts import ContactCatalog, ContactWish
from muster.catalog.suppressions import SuppressionList
from muster.domain.contact import BlockReason, ContactState
from muster.kinds.addresses import comparable
from muster.ports.store.suppressions import Suppression
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.catalog.directory import a_town
from tests.fakes.clock import FakeClock
from tests.fakes.crossings import lock_rows, until_waiting

ANN = "ann@example.com"


@pytest.fixture
async def store(postgres_url: str, vault: Vault) -> AsyncIterator[SqlStore]:
    opened = open_store(postgres_url, vault=vault)
    yield opened
    await opened.close()


async def test_who_unblocks_a_contact_and_who_frees_its_address_never_wait_for_each_other(
    store: SqlStore, clock: FakeClock
) -> None:
    town, catalog, now = await a_town(store, clock), ContactCatalog(store, clock), clock.now()
    ann = await catalog.add(town.operator, ContactWish(email=ANN))
    async with store.begin() as tx:
        await tx.suppressions.add(town.tenant, [Suppression(address=ANN, source="bounced", created_at=now)])
        await tx.contacts.block(town.tenant, [ANN], BlockReason.BOUNCED, at=now)
    async with store.begin() as tx:
        await lock_rows(tx, "contacts")
        unblocking = asyncio.create_task(catalog.unblock(town.operator, ann.number))
        await until_waiting(store)
        freeing = asyncio.create_task(SuppressionList(store, clock, comparable).remove(town.tenant, [ANN]))
        await until_waiting(store, 2)
    await asyncio.gather(unblocking, freeing)
    async with store.read() as tx:
        assert (await tx.contacts.get(town.tenant, ann.number)).state is ContactState.ACTIVE
        assert not await tx.suppressions.among(town.tenant, [ANN])

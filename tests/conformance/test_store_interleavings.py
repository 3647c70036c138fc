"""What becomes of two transactions whose statements interleave, on a server that lets them."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from muster.domain.entry import EntryState as S
from muster.domain.ids import CategoryNumber, ContactNumber, EntryIds, TenantId
from muster.domain.mark import Mark
from muster.domain.receipt import Receipt, Verdict
from muster.ports.store.entries import Change
from muster.ports.store.receipts import Handover, Match
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.conformance.store_world import NOON, a_category, a_contact, a_new_batch, a_tenant, keep, keyed
from tests.fakes.crossings import lock, until_waiting

NEWS = CategoryNumber(1)
ONE = ContactNumber(1)


@pytest.fixture
async def store(postgres_url: str, vault: Vault) -> AsyncIterator[SqlStore]:
    """A store where statements of one transaction see what others committed meanwhile."""
    opened = open_store(postgres_url, vault=vault)
    yield opened
    await opened.close()


async def test_a_bounce_read_just_before_the_outcome_was_written_finds_its_entry(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        channel = await tx.channels.add(tenant, "smtp", {}, at=NOON)
        batch = await keep(tx, tenant, a_new_batch((S.ACCEPTED,)), states=(S.ACCEPTED,))
        await tx.entries.intend(tenant, batch.number, [0], at=NOON)
        ref = f"{EntryIds(batch.id).spelled(0)}/1"
        await tx.receipts.add(tenant, channel, [Receipt(ref=ref, verdict=Verdict.GONE, received_at=NOON)])

    async def match() -> list[Match]:
        async with store.begin() as tx:
            return list(await tx.receipts.match(tenant, channel, limit=10))

    async with store.begin() as tx:
        await lock(tx, "entries")
        matching = asyncio.create_task(match())
        await until_waiting(store)
        await tx.entries.change(tenant, batch.number, [Change(0, S.DISPATCHING, S.DELIVERED)], at=NOON)
        await tx.receipts.hand_over(tenant, channel, batch.number, handovers=[Handover(0, ref, 0, 1)], at=NOON)
    (found,) = await matching
    assert (found.position, found.state, found.verdict) == (0, S.DELIVERED, Verdict.GONE)


async def a_reader(store: SqlStore) -> TenantId:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.categories.add(tenant, a_category(NEWS))
        await tx.contacts.add(tenant, keyed(a_contact(ONE)))
    return tenant


async def test_an_opt_out_while_somebody_edits_the_contact_stands(store: SqlStore) -> None:
    tenant = await a_reader(store)

    async def rename() -> bool:
        async with store.begin() as tx:
            old = await tx.contacts.get(tenant, ONE)
            new = msgspec.structs.replace(old, name="Zoë", revision=old.revision + 1)
            return await tx.contacts.change(tenant, new.email, new)

    async with store.begin() as tx:
        await lock(tx, "contacts")
        renaming = asyncio.create_task(rename())
        await until_waiting(store)
        await tx.contacts.opt_out(tenant, ONE, NEWS, mark=Mark(NOON))
    await renaming
    async with store.read() as tx:
        assert (await tx.contacts.get(tenant, ONE)).opt_outs == (NEWS,)


@pytest.mark.parametrize("way", ["opt_out", "opt_in"])
async def test_who_opts_out_and_who_edits_the_same_contact_never_wait_for_each_other(store: SqlStore, way: str) -> None:
    tenant = await a_reader(store)
    wanted = () if way == "opt_in" else (NEWS,)
    if not wanted:
        async with store.begin() as tx:
            await tx.contacts.opt_out(tenant, ONE, NEWS, mark=Mark(NOON))

    async def choose() -> None:
        async with store.begin() as tx:
            note = tx.contacts.opt_out if wanted else tx.contacts.opt_in
            await note(tenant, ONE, NEWS, mark=Mark(NOON))

    async with store.read() as tx:
        old = await tx.contacts.get(tenant, ONE)
    async with store.begin() as tx:
        new = msgspec.structs.replace(old, name="Zoë", revision=old.revision + 1)
        await tx.contacts.change(tenant, new.email, new)
        choosing = asyncio.create_task(choose())
        await until_waiting(store)
        newer = msgspec.structs.replace(new, opt_outs=wanted, revision=new.revision + 1)
        await tx.contacts.change(tenant, newer.email, newer)
    await choosing
    async with store.read() as tx:
        assert (await tx.contacts.get(tenant, ONE)).opt_outs == wanted

"""What a store promises about its transactions."""

import asyncio
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from muster.domain.entry import EntryState
from muster.domain.errors import NotFound, Unavailable
from muster.ports.store.batches import BatchFilter, NewBatch, Page
from muster.ports.store.unit import Store
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.conformance.store_world import NOON, a_batch, a_new_batch, a_tenant, given_up, keep

PATIENCE_S = 5


async def test_what_was_written_is_there_afterwards(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant)
    async with store.read() as tx:
        assert await tx.batches.get(tenant, batch.id) == batch


async def test_a_block_that_raises_leaves_nothing_behind(store: Store) -> None:
    tenant = await a_tenant(store)
    new = a_new_batch()
    async with given_up(store) as tx:
        await keep(tx, tenant, new)
    async with store.read() as tx:
        with pytest.raises(NotFound):
            await tx.batches.get(tenant, new.id)


@pytest.mark.parametrize("reading", [False, True])
async def test_a_fault_of_the_work_itself_is_not_taken_for_a_store_that_is_away(store: Store, *, reading: bool) -> None:
    async def work() -> None:
        async with store.read() if reading else store.begin():
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await work()
    await a_tenant(store)


async def test_a_cancelled_block_leaves_nothing_behind_and_the_store_usable(store: Store) -> None:
    tenant = await a_tenant(store)
    new, begun = a_new_batch(), asyncio.Event()

    async def write_forever() -> None:
        async with store.begin() as tx:
            await keep(tx, tenant, new)
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_forever())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    other = await asyncio.wait_for(a_batch(store, tenant), PATIENCE_S)
    async with store.read() as tx:
        assert (await tx.batches.get(tenant, other.id)).id == other.id
        with pytest.raises(NotFound):
            await tx.batches.get(tenant, new.id)


async def test_a_block_cancelled_at_any_moment_was_done_wholly_or_not_at_all(store: Store) -> None:
    tenant = await a_tenant(store)
    states = [EntryState.ACCEPTED] * 20_000

    async def write_much(new: NewBatch) -> None:
        async with store.begin() as tx:
            await keep(tx, tenant, new, states=states)

    ends = list[bool]()
    for turns in (0, 1, 3, 5, 8, 12, 10_000):
        new = a_new_batch(states)
        task = asyncio.create_task(write_much(new))
        for _ in range(turns):
            await asyncio.sleep(0.002)
            if task.done():
                break
        task.cancel()
        [end] = await asyncio.gather(task, return_exceptions=True)
        other = await asyncio.wait_for(a_batch(store, tenant), PATIENCE_S)
        async with store.read() as tx:
            assert await tx.batches.get(tenant, other.id) == other
            _, found = await tx.batches.find(tenant, BatchFilter(), order=(), page=Page(0, 100))
            for batch in found:
                assert await tx.batches.true_counts(tenant, batch.number) == batch.counts
        # Who is cancelled amid a commit cannot know whether it was done.
        kept = new.id in {batch.id for batch in found}
        assert kept or end is not None
        ends.append(kept)
    assert (ends[0], ends[-1]) == (False, True)


async def test_what_waits_for_the_commit_runs_after_it(store: Store) -> None:
    told: list[str] = []
    async with store.begin() as tx:
        tx.after_commit(lambda: told.append("first"))
        tx.after_commit(lambda: told.append("second"))
        assert told == []
    assert told == ["first", "second"]


async def test_what_waits_for_the_commit_never_runs_when_the_block_raises(store: Store) -> None:
    told: list[str] = []
    async with given_up(store) as tx:
        tx.after_commit(lambda: told.append("never"))
    assert told == []


async def test_a_reader_does_not_wait_for_a_writer_and_sees_what_stood_before(store: Store) -> None:
    tenant = await a_tenant(store)
    new = a_new_batch()
    async with store.begin() as writing:
        await keep(writing, tenant, new)
        async with asyncio.timeout(PATIENCE_S), store.read() as reading:
            with pytest.raises(NotFound):
                await reading.batches.get(tenant, new.id)


async def test_a_reader_keeps_one_view_while_others_write(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.read() as reading:
        before = await reading.accounts.across_tenants_all()
        await a_tenant(store, "another")
        assert await reading.accounts.across_tenants_all() == before
    async with store.read() as reading:
        first, second = await reading.accounts.across_tenants_all()
        assert (first.number, second.name) == (tenant, "another")


async def test_a_reader_cannot_write(store: Store) -> None:
    async with store.read() as tx:
        with pytest.raises(Exception, match=r"(?i)read-?only"):
            await tx.channels.add(await a_tenant(store), "sandbox", {}, at=NOON)


async def test_many_writers_at_once_all_get_through(store: Store) -> None:
    tenant = await a_tenant(store)
    batches = await asyncio.gather(*(a_batch(store, tenant) for _ in range(30)))
    assert len({batch.number for batch in batches}) == 30


async def test_what_was_written_survives_closing_and_opening(database_url: str, vault: Vault) -> None:
    first = open_store(database_url, vault=vault)
    tenant = await a_tenant(first)
    batch = await a_batch(first, tenant)
    await first.close()
    second = open_store(database_url, vault=vault)
    async with second.read() as tx:
        assert await tx.batches.get(tenant, batch.id) == batch
    await second.close()


async def test_a_store_with_the_schema_of_this_version_passes_the_check(store: Store) -> None:
    await store.check()


async def test_a_store_with_another_schema_is_unavailable(store: SqlStore) -> None:
    async with store.writer.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    with pytest.raises(Unavailable, match="older"):
        await store.check()


async def test_a_store_without_a_schema_is_unavailable(tmp_path: Path) -> None:
    empty = open_store(f"sqlite+aiosqlite:///{tmp_path}/empty.db", vault=Vault([Fernet.generate_key().decode()]))
    with pytest.raises(Unavailable):
        await empty.check()
    await empty.close()


async def test_the_store_tells_its_own_time_in_utc(store: Store) -> None:
    first, second = await store.now(), await store.now()
    assert first.utcoffset() is not None
    assert NOON.replace(year=2025) < first <= second

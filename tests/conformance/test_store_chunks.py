"""Keeping chunks: leases, fences, and what must be found again."""

import asyncio

import msgspec
import pytest

from muster.domain.batch import Batch, BatchEvent
from muster.domain.chunk import ChunkRef, ChunkState, Lease
from muster.domain.entry import EntryState
from muster.domain.errors import LeaseLost
from muster.domain.ids import BatchNumber, TenantId
from muster.ports.store.unit import Store
from tests.conformance.store_world import NOON, a_batch, a_tenant, after

SOON = after(seconds=30)


async def _cut(store: Store, size: int = 2, entries: int = 5) -> tuple[TenantId, Batch, ChunkRef]:
    """A batch with its first chunk cut."""
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (EntryState.ACCEPTED,) * entries)
    async with store.begin() as tx:
        chunk = await tx.chunks.open_next(tenant, batch.number, size=size)
    assert chunk is not None
    return tenant, batch, chunk


async def _leased(store: Store, chunk: ChunkRef, worker: str = "one") -> Lease:
    async with store.begin() as tx:
        lease = await tx.chunks.lease(chunk, worker=worker, now=NOON, until=SOON)
    assert lease is not None
    return lease


async def test_a_batch_is_cut_into_chunks_until_nothing_is_left(store: Store) -> None:
    tenant, batch, first = await _cut(store, size=2, entries=5)
    async with store.begin() as tx:
        cut = [await tx.chunks.open_next(tenant, batch.number, size=2) for _ in range(3)]
        assert [first, *cut] == [*(ChunkRef(tenant, batch.number, n) for n in (0, 2, 4)), None]
        assert await tx.chunks.unfinished(tenant, batch.number) == 3
        assert await tx.chunks.across_tenants_queued(limit=9) == [first, *cut[:2]]
        assert await tx.chunks.across_tenants_queued(limit=1) == [first]
        last = await tx.chunks.lease(ChunkRef(tenant, batch.number, 4), worker="one", now=NOON, until=SOON)
        assert last is not None
        assert last.last == 5


async def test_two_that_cut_at_once_never_cut_the_same_positions(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (EntryState.ACCEPTED,) * 10)

    async def cut() -> int:
        async with store.begin() as tx:
            chunk = await tx.chunks.open_next(tenant, batch.number, size=2)
        assert chunk is not None
        return chunk.first

    assert sorted(await asyncio.gather(*(cut() for _ in range(5)))) == [0, 2, 4, 6, 8]


async def test_a_queued_chunk_is_leased_to_one(store: Store) -> None:
    _, _, chunk = await _cut(store)
    lease = await _leased(store, chunk)
    assert (lease.chunk, lease.last, lease.worker, lease.until) == (chunk, 2, "one", SOON)
    async with store.begin() as tx:
        assert await tx.chunks.lease(chunk, worker="two", now=after(seconds=29), until=after(hours=1)) is None
        assert await tx.chunks.across_tenants_queued(limit=9) == []


async def test_of_two_that_lease_at_once_one_gets_the_chunk(store: Store) -> None:
    _, _, chunk = await _cut(store)

    async def lease(worker: str) -> Lease | None:
        async with store.begin() as tx:
            return await tx.chunks.lease(chunk, worker=worker, now=NOON, until=SOON)

    leases = await asyncio.gather(*(lease(str(n)) for n in range(5)))
    assert len([found for found in leases if found]) == 1


async def test_there_is_no_lease_on_what_does_not_exist_or_is_anothers(store: Store) -> None:
    _, batch, chunk = await _cut(store)
    stranger = await a_tenant(store, "stranger")
    async with store.begin() as tx:
        for wrong in (
            ChunkRef(stranger, batch.number, 0),
            ChunkRef(chunk.tenant, BatchNumber(77), 0),
            ChunkRef(chunk.tenant, batch.number, 1),
        ):
            assert await tx.chunks.lease(wrong, worker="one", now=NOON, until=SOON) is None


async def test_a_lease_that_ran_out_is_taken_over_and_the_late_holder_can_write_nothing(store: Store) -> None:
    _, _, chunk = await _cut(store)
    late = await _leased(store, chunk)
    async with store.begin() as tx:
        taken = await tx.chunks.lease(chunk, worker="two", now=after(seconds=31), until=after(hours=1))
    assert taken is not None
    assert taken.fence > late.fence
    async with store.begin() as tx:
        with pytest.raises(LeaseLost):
            await tx.chunks.hold(late, until=after(hours=2))
    async with store.begin() as tx:
        with pytest.raises(LeaseLost):
            await tx.chunks.release(late, ChunkState.DONE)
        await tx.chunks.hold(taken, until=after(hours=2))


async def test_a_lease_that_is_held_lives_longer(store: Store) -> None:
    _, _, chunk = await _cut(store)
    lease = await _leased(store, chunk)
    async with store.begin() as tx:
        await tx.chunks.hold(lease, until=after(hours=1))
    async with store.begin() as tx:
        assert await tx.chunks.lease(chunk, worker="two", now=after(minutes=30), until=after(hours=9)) is None
        assert await tx.chunks.across_tenants_lost(now=after(minutes=30), limit=9) == []


async def test_who_takes_over_waits_for_a_holder_that_is_writing(store: Store) -> None:
    _, _, chunk = await _cut(store)
    lease = await _leased(store, chunk)

    async def take_over() -> Lease | None:
        async with store.begin() as tx:
            return await tx.chunks.lease(chunk, worker="two", now=after(seconds=31), until=after(hours=9))

    async with asyncio.TaskGroup() as tasks, store.begin() as tx:
        await tx.chunks.hold(lease, until=after(hours=1))
        taking = tasks.create_task(take_over())
        done, _ = await asyncio.wait({taking}, timeout=0.3)
        assert not done
    assert taking.result() is None


@pytest.mark.parametrize("state", [ChunkState.QUEUED, ChunkState.WAITING, ChunkState.PARKED, ChunkState.DONE])
async def test_a_released_chunk_stands_where_it_was_put_and_the_lease_is_over(store: Store, state: ChunkState) -> None:
    tenant, batch, chunk = await _cut(store)
    lease = await _leased(store, chunk)
    async with store.begin() as tx:
        await tx.chunks.release(lease, state, due_at=after(minutes=5))
        assert await tx.chunks.across_tenants_queued(limit=9) == ([chunk] if state is ChunkState.QUEUED else [])
        assert await tx.chunks.unfinished(tenant, batch.number) == int(state is not ChunkState.DONE)
        with pytest.raises(LeaseLost):
            await tx.chunks.hold(lease, until=after(hours=1))


async def test_a_lease_of_a_chunk_queued_again_has_a_higher_fence(store: Store) -> None:
    _, _, chunk = await _cut(store)
    first = await _leased(store, chunk)
    async with store.begin() as tx:
        await tx.chunks.release(first, ChunkState.QUEUED)
    second = await _leased(store, chunk, "two")
    assert second.fence > first.fence
    forged = msgspec.structs.replace(first, fence=second.fence + 1)
    async with store.begin() as tx:
        with pytest.raises(LeaseLost):
            await tx.chunks.hold(forged, until=SOON)


async def test_parked_and_waiting_chunks_are_woken(store: Store) -> None:
    tenant, batch, first = await _cut(store, size=1, entries=4)
    async with store.begin() as tx:
        chunks = [first, *[await tx.chunks.open_next(tenant, batch.number, size=1) for _ in range(3)]]
    for chunk, state in zip(chunks, (ChunkState.PARKED, ChunkState.WAITING, ChunkState.DONE, None), strict=True):
        assert chunk is not None
        if state:
            lease = await _leased(store, chunk)
            async with store.begin() as tx:
                await tx.chunks.release(lease, state, due_at=after(hours=1))
    async with store.begin() as tx:
        assert await tx.chunks.wake(tenant, batch.number) == chunks[:2]
        assert await tx.chunks.wake(tenant, batch.number) == []
        assert await tx.chunks.across_tenants_queued(limit=9) == [chunks[0], chunks[1], chunks[3]]


async def test_a_waiting_chunk_is_due_when_its_time_has_come(store: Store) -> None:
    _, _, chunk = await _cut(store)
    lease = await _leased(store, chunk)
    async with store.begin() as tx:
        await tx.chunks.release(lease, ChunkState.WAITING, due_at=after(minutes=5))
    async with store.begin() as tx:
        assert await tx.chunks.across_tenants_due(now=after(minutes=4), limit=9) == []
        assert await tx.chunks.across_tenants_due(now=after(minutes=5), limit=9) == [chunk]
        assert await tx.chunks.across_tenants_due(now=after(minutes=5), limit=9) == []
        assert await tx.chunks.across_tenants_queued(limit=9) == [chunk]


async def test_a_chunk_whose_holder_died_is_found_and_the_dead_can_write_nothing(store: Store) -> None:
    _, _, chunk = await _cut(store)
    lease = await _leased(store, chunk)
    async with store.begin() as tx:
        assert await tx.chunks.across_tenants_lost(now=after(seconds=29), limit=9) == []
        assert await tx.chunks.across_tenants_lost(now=after(seconds=31), limit=9) == [chunk]
        assert await tx.chunks.across_tenants_lost(now=after(seconds=31), limit=9) == []
    async with store.begin() as tx:
        with pytest.raises(LeaseLost):
            await tx.chunks.hold(lease, until=after(hours=1))


async def test_a_chunk_parked_for_a_batch_that_goes_on_is_stranded(store: Store) -> None:
    tenant, batch, chunk = await _cut(store)
    lease = await _leased(store, chunk)
    async with store.begin() as tx:
        await tx.batches.apply(tenant, batch.number, BatchEvent.PAUSED, at=NOON)
        await tx.chunks.release(lease, ChunkState.PARKED)
        assert await tx.chunks.across_tenants_stranded(limit=9) == []
        await tx.batches.apply(tenant, batch.number, BatchEvent.RESUMED, at=NOON)
        assert await tx.chunks.across_tenants_stranded(limit=9) == [chunk]
        assert await tx.chunks.across_tenants_queued(limit=9) == [chunk]


async def test_a_batch_with_positions_left_and_no_chunk_in_hand_is_uncut(store: Store) -> None:
    tenant, batch, chunk = await _cut(store)
    fresh = await a_batch(store, tenant)
    await a_batch(store, tenant, ())
    async with store.begin() as tx:
        assert await tx.chunks.across_tenants_uncut(limit=9) == [(tenant, fresh.number)]
    lease = await _leased(store, chunk)
    async with store.begin() as tx:
        await tx.chunks.release(lease, ChunkState.DONE)
        uncut = tx.chunks.across_tenants_uncut
        assert await uncut(limit=9) == [(tenant, batch.number), (tenant, fresh.number)]
        assert await uncut(limit=1) == [(tenant, batch.number)]
        await tx.batches.apply(tenant, fresh.number, BatchEvent.PAUSED, at=NOON)
        assert await uncut(limit=9) == [(tenant, batch.number)]

"""Chunks that nobody would work on are found and mended."""

from datetime import timedelta

from muster.domain.chunk import CHUNKS_IN_QUEUE, ChunkRef, ChunkState
from muster.domain.entry import EntryState as S
from tests.fakes.world import PACE, World

LATER = timedelta(seconds=2)


async def test_at_start_every_queued_chunk_gets_a_job(world: World) -> None:
    batch = await world.send(5_000)
    world.steps.forget()
    assert await world.rescue.refill(alone=True) == CHUNKS_IN_QUEUE
    assert await world.rescue.refill(alone=True) == 0
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 5_000}


async def test_a_process_that_is_alone_takes_up_at_once_what_the_last_one_left(world: World) -> None:
    batch = await world.send(1)
    await lease(world, ChunkRef(world.who.tenant, batch.number, 0))
    world.steps.forget()
    assert await world.rescue.refill(alone=False) == 0
    assert await world.rescue.refill(alone=True) == 1
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1}


async def test_a_chunk_that_lost_its_job_gets_another_when_it_was_missed_twice(world: World) -> None:
    batch = await world.send(1)
    world.steps.forget()
    assert await world.rescue.run_once() == 0
    assert await world.rescue.run_once() == 1
    assert await world.rescue.run_once() == 0
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1}


async def test_a_job_that_was_just_taken_is_not_missed(world: World) -> None:
    await world.send(1)
    world.steps.take()
    assert [await world.rescue.run_once() for _ in range(3)] == [0, 0, 0]


async def test_a_lease_that_ran_out_gives_its_chunk_back_and_not_before(world: World) -> None:
    batch = await world.send(1)
    await lease(world, ChunkRef(world.who.tenant, batch.number, 0))
    world.steps.forget()
    world.clock.advance(PACE.lease)
    assert await world.rescue.run_once() == 0
    world.clock.advance(LATER)
    assert await world.rescue.run_once() == 1


async def test_a_chunk_parked_after_its_batch_was_resumed_is_queued_again(world: World) -> None:
    batch = await world.send(1)
    ref = ChunkRef(world.who.tenant, batch.number, 0)
    async with world.store.begin() as tx:
        held = await tx.chunks.lease(ref, worker="one", now=world.clock.now(), until=world.clock.now() + PACE.lease)
        assert held is not None
        await tx.chunks.release(held, ChunkState.PARKED)
    world.steps.forget()
    assert await world.rescue.run_once() == 1
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1}


async def test_a_parked_chunk_of_a_paused_batch_stays_parked(world: World) -> None:
    batch = await world.send(1)
    await world.control.pause(world.who, batch.id)
    await world.work()
    assert await world.rescue.run_once() == 0


async def test_a_batch_without_a_chunk_is_cut_again(world: World) -> None:
    batch = await world.send(3_000)
    async with world.store.begin() as tx:
        for first in range(0, 2_000, 500):
            now = world.clock.now()
            ref = ChunkRef(world.who.tenant, batch.number, first)
            held = await tx.chunks.lease(ref, worker="one", now=now, until=now + PACE.lease)
            assert held is not None
            await tx.chunks.release(held, ChunkState.DONE)
    world.steps.forget()
    assert await world.rescue.run_once() == 1
    await world.work()
    assert await world.counts(batch.id) == {S.ACCEPTED: 2_000, S.SENT: 1_000}


async def test_chunks_are_queued_again_when_their_entries_are_due(world: World) -> None:
    world.channel.down = 1
    await world.send(1)
    await world.work()
    assert await world.due.run_once() == 0
    world.clock.advance(LATER)
    assert await world.due.run_once() == 1
    assert await world.due.run_once() == 0


async def lease(world: World, ref: ChunkRef) -> None:
    """A worker takes the chunk, and is never heard of again."""
    async with world.store.begin() as tx:
        now = world.clock.now()
        assert await tx.chunks.lease(ref, worker="gone", now=now, until=now + PACE.lease)

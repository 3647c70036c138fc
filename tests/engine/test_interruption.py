"""Pausing, resuming, cancelling and stopping while a window is under way."""

from collections.abc import Sequence
from datetime import timedelta

from muster.domain.batch import Batch, BatchState
from muster.domain.chunk import CHUNK_SIZE
from muster.domain.entry import EntryState as S
from muster.domain.parcel import Parcel
from muster.engine.throttle import Pace
from muster.ports.store.unit import Store
from tests.fakes.clock import FakeClock
from tests.fakes.flaky_store import FlakyStore, nothing
from tests.fakes.world import World, an_entry

SECOND = timedelta(seconds=1)


def pausing(world: World, batch: Batch, *, and_resume: bool = False) -> None:
    """Let somebody pause the batch while its first window is under way."""

    async def during(_parcels: Sequence[Parcel]) -> None:
        world.channel.during = still
        await world.control.pause(world.who, batch.id)
        if and_resume:
            await world.control.resume(world.who, batch.id)

    world.channel.during = during


async def still(parcels: Sequence[Parcel]) -> None:
    """Nothing happens while these are under way."""
    del parcels


async def test_a_pause_takes_effect_after_the_window_at_hand(world: World) -> None:
    batch = await world.send(1_000)
    pausing(world, batch)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 200, S.ACCEPTED: 800}
    assert (await world.batch(batch.id)).state is BatchState.PAUSED
    await world.wait(timedelta(hours=1))
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 200, S.ACCEPTED: 800}


async def test_a_resumed_batch_goes_on_where_it_stood(world: World) -> None:
    batch = await world.send(1_000)
    pausing(world, batch)
    await world.work()
    await world.control.resume(world.who, batch.id)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1_000}
    assert set(world.channel.arrivals.values()) == {1}


async def test_a_batch_paused_and_resumed_within_one_window_loses_nothing(world: World) -> None:
    batch = await world.send(1_000)
    pausing(world, batch, and_resume=True)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1_000}


async def test_a_batch_resumed_just_before_its_chunk_is_put_down_loses_nothing(store: Store, clock: FakeClock) -> None:
    flaky = FlakyStore(store)
    world = await World.settled(flaky, clock)
    batch = await world.send(CHUNK_SIZE)
    pausing(world, batch)

    async def resume() -> None:
        if (await world.batch(batch.id)).state is BatchState.PAUSED and world.meter.counts["turns_after_pause"]:
            flaky.before = nothing
            await world.control.resume(world.who, batch.id)
        elif (await world.batch(batch.id)).state is BatchState.PAUSED:
            world.meter.count("turns_after_pause")

    flaky.before = resume
    await world.work()
    await world.wait(SECOND)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: CHUNK_SIZE}


async def test_cancelling_stops_after_the_window_at_hand_and_ends_the_rest(world: World) -> None:
    batch = await world.send(3_000)

    async def during(_parcels: Sequence[Parcel]) -> None:
        world.channel.during = still
        await world.control.cancel(world.who, batch.id)

    world.channel.during = during
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 200, S.CANCELLED: 2_800}
    assert (await world.batch(batch.id)).state is BatchState.CANCELLING
    await world.tell_all_arrived(batch)
    ended = await world.batch(batch.id)
    assert (ended.state, ended.counts[S.DELIVERED]) == (BatchState.CANCELLED, 200)


async def test_a_batch_cancelled_while_paused_sends_nothing_more(world: World) -> None:
    batch = await world.send(1_000)
    pausing(world, batch)
    await world.work()
    await world.control.cancel(world.who, batch.id)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 200, S.CANCELLED: 800}


async def test_a_cancelled_entry_does_not_keep_the_reason_it_was_held_for(world: World) -> None:
    world.channel.down = 1
    batch = await world.send(1)
    await world.work()
    await world.control.cancel(world.who, batch.id)
    await world.work()
    entry = (await world.entries(batch))[0]
    assert (entry.state, entry.reason, entry.detail) == (S.CANCELLED, None, None)


async def test_a_long_chunk_goes_back_to_the_end_of_the_queue(world: World) -> None:
    async def slow(_parcels: Sequence[Parcel]) -> None:
        world.clock.advance(SECOND)

    world.channel.during = slow
    big = await world.send(20_000)
    for _ in range(6):
        await world.step()
    small = await world.send([an_entry(0)])
    before = len(world.channel.windows)
    while not (await world.counts(small.id)).get(S.SENT):
        await world.step()
    # Four chunks of the big batch stood before it, and each had one window of one second.
    assert len(world.channel.windows) - before <= 5
    assert (await world.counts(big.id))[S.SENT] < 3_000


async def test_a_worker_told_to_stop_hands_its_chunk_back_after_the_window(world: World) -> None:
    async def stop(_parcels: Sequence[Parcel]) -> None:
        world.stopping = True

    world.channel.during = stop
    batch = await world.send(CHUNK_SIZE)
    await world.step()
    assert await world.counts(batch.id) == {S.SENT: 200, S.ACCEPTED: 300}
    async with world.store.read() as tx:
        assert len(await tx.chunks.across_tenants_queued(limit=5)) == 1
    world.stopping = False
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 500}


async def test_a_chunk_that_was_handed_back_is_carried_on_by_another_worker(world: World) -> None:
    async def slow(_parcels: Sequence[Parcel]) -> None:
        world.clock.advance(SECOND)

    world.channel.during = slow
    batch = await world.send(CHUNK_SIZE)
    names = ["one", "two", "three", "four"]
    while await world.step(names.pop(), Pace(slice=SECOND)) is not None:
        pass
    assert await world.counts(batch.id) == {S.SENT: 500}
    assert set(world.channel.arrivals.values()) == {1}

"""What becomes of intents without a result, of workers that come back late, and of a store that goes away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from muster.domain.batch import BatchState
from muster.domain.chunk import WINDOW_SIZE, ChunkRef
from muster.domain.entry import EntryState as S
from muster.domain.errors import Unavailable
from muster.domain.outcome import Carried, Unknown
from muster.domain.parcel import Parcel
from muster.domain.retry import UnknownPolicy
from muster.engine.throttle import Pace
from muster.ports.store.unit import Store
from tests.fakes.clock import FakeClock
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.world import PACE, World

PREFER_ARRIVAL = UnknownPolicy(prefer_arrival=True)


class Stalled:
    """A worker that stands still in the middle of its window."""

    def __init__(self, task: asyncio.Task[None], go_on: asyncio.Event) -> None:
        self._task = task
        self._go_on = go_on

    async def die(self) -> None:
        """Never come back."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def come_back(self) -> None:
        """Go on as if nothing had happened."""
        self._go_on.set()
        await self._task


@asynccontextmanager
async def a_worker_in_mid_window(world: World, *, window: int = 1) -> AsyncIterator[Stalled]:
    """A worker whose parcels of the `window`th window have left and are not answered."""
    under_way, go_on = asyncio.Event(), asyncio.Event()
    until = len(world.channel.windows) + window
    before = world.channel.during

    async def during(_parcels: Sequence[Parcel]) -> None:
        if len(world.channel.windows) == until:
            world.channel.during = before
            under_way.set()
            await go_on.wait()

    world.channel.during = during
    ref = world.steps.take()
    assert ref is not None
    task = asyncio.create_task(world.dispatcher("stalled").run(ref))
    await under_way.wait()
    yield Stalled(task, go_on)
    task.cancel()
    await asyncio.wait([task])


async def crash(world: World, *, window: int = 1) -> None:
    """A worker dies in the middle of a window, and its lease runs out."""
    async with a_worker_in_mid_window(world, window=window) as worker:
        await worker.die()
    world.steps.forget()
    await world.wait(PACE.lease + timedelta(seconds=1))


async def test_what_a_crash_left_without_a_result_ends_as_unknown(world: World) -> None:
    batch = await world.send(500)
    await crash(world, window=2)
    assert await world.counts(batch.id) == {S.SENT: 200, S.DISPATCHING: 200, S.ACCEPTED: 100}
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 300, S.UNKNOWN: 200}
    assert set(world.channel.arrivals.values()) == {1}
    lost = (await world.entries(batch))[200]
    assert (lost.reason, lost.repeats) == ("result_lost", 0)
    await world.check_laws_of(batch.id)


async def test_a_channel_that_prefers_arrival_gets_one_repeat_and_it_is_marked(world: World) -> None:
    world.handle.unknown = PREFER_ARRIVAL
    batch = await world.send(1)
    await crash(world)
    await world.work()
    entry = (await world.entries(batch))[0]
    assert (entry.state, entry.repeats, entry.attempts) == (S.SENT, 1, 2)
    assert list(world.channel.arrivals.values()) == [2]
    assert world.channel.repeats == set(world.channel.arrivals)


async def test_a_second_crash_is_not_answered_with_a_second_repeat(world: World) -> None:
    world.handle.unknown = PREFER_ARRIVAL
    batch = await world.send(1)
    await crash(world)
    await crash(world)
    await world.work()
    assert await world.counts(batch.id) == {S.UNKNOWN: 1}
    assert list(world.channel.arrivals.values()) == [2]


async def test_before_the_lease_runs_out_nobody_else_touches_the_chunk(world: World) -> None:
    batch = await world.send(1)
    async with a_worker_in_mid_window(world) as worker:
        await worker.die()
    await world.wait(PACE.lease - timedelta(seconds=1))
    await world.work()
    assert await world.counts(batch.id) == {S.DISPATCHING: 1}


async def test_a_worker_that_comes_back_late_cannot_write_and_sends_nothing_more(world: World) -> None:
    batch = await world.send(500)
    async with a_worker_in_mid_window(world) as late:
        await world.wait(PACE.lease + timedelta(seconds=1))
        await world.step("other")
        assert await world.counts(batch.id) == {S.UNKNOWN: WINDOW_SIZE, S.SENT: 300}
        windows = len(world.channel.windows)
        await late.come_back()
    assert await world.counts(batch.id) == {S.UNKNOWN: WINDOW_SIZE, S.SENT: 300}
    assert len(world.channel.windows) == windows
    assert world.meter.counts["leases_lost"] == 1
    assert set(world.channel.arrivals.values()) == {1}


async def test_a_late_worker_cannot_write_while_another_holds_the_chunk(world: World) -> None:
    batch = await world.send(500)
    async with a_worker_in_mid_window(world) as late:
        await world.wait(PACE.lease + timedelta(seconds=1))
        async with a_worker_in_mid_window(world) as other:
            await late.come_back()
            assert await world.counts(batch.id) == {S.UNKNOWN: 200, S.DISPATCHING: 200, S.ACCEPTED: 100}
            await other.come_back()
    assert await world.counts(batch.id) == {S.UNKNOWN: 200, S.SENT: 300}


async def test_a_worker_that_is_late_but_was_not_replaced_may_still_write(world: World) -> None:
    batch = await world.send(10)
    async with a_worker_in_mid_window(world) as late:
        world.clock.advance(PACE.lease * 2)
        await late.come_back()
    assert await world.counts(batch.id) == {S.SENT: 10}


async def test_a_job_offered_twice_is_worked_on_once(world: World) -> None:
    batch = await world.send(1)
    async with a_worker_in_mid_window(world) as worker:
        ref = ChunkRef(world.who.tenant, batch.number, 0)
        world.steps.offer_again(ref)
        await world.work()
        await worker.come_back()
        world.steps.offer_again(ref)
        await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1}
    assert len(world.channel.windows) == 1


async def test_a_receipt_for_what_a_crash_left_unknown_settles_it_late(world: World) -> None:
    world.channel.answer = lambda parcel: Carried((parcel.key,))
    batch = await world.send(201)
    await crash(world)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1, S.UNKNOWN: 200}
    # Nothing says under which id the provider took those 200, so only the one that was answered is settled.
    await world.tell(*(world.a_receipt(key) for key in world.channel.arrivals))
    assert await world.counts(batch.id) == {S.DELIVERED: 1, S.UNKNOWN: 200}
    assert (await world.batch(batch.id)).state is BatchState.COMPLETED


async def test_a_batch_cancelled_while_its_worker_was_dead_repeats_nothing(world: World) -> None:
    world.handle.unknown = PREFER_ARRIVAL
    batch = await world.send(300)
    async with a_worker_in_mid_window(world) as worker:
        await worker.die()
    await world.control.cancel(world.who, batch.id)
    await world.wait(PACE.lease + timedelta(seconds=1))
    await world.work()
    assert await world.counts(batch.id) == {S.UNKNOWN: 200, S.CANCELLED: 100}
    assert (await world.batch(batch.id)).state is BatchState.CANCELLED


@pytest.mark.parametrize("cancelled", [True, False], ids=["cancelled", "opted_out"])
async def test_a_repeat_that_is_not_sent_after_all_leaves_unknown_what_left_once(
    world: World, *, cancelled: bool
) -> None:
    world.handle.unknown = PREFER_ARRIVAL
    world.channel.answer = lambda _: Unknown("answer_lost")
    batch = await world.send(1)
    await world.step()
    assert await world.counts(batch.id) == {S.HELD: 1}
    if cancelled:
        await world.control.cancel(world.who, batch.id)
    else:
        await world.opt_out("r0")
    await world.finish(batch.id)
    assert await world.counts(batch.id) == {S.UNKNOWN: 1}
    assert list(world.channel.arrivals.values()) == [1]


@pytest.fixture
def flaky(store: Store) -> FlakyStore:
    """A store that goes away when told to."""
    return FlakyStore(store)


@pytest.fixture
async def shaky(flaky: FlakyStore, clock: FakeClock) -> World:
    """An engine on that store."""
    return await World.settled(flaky, clock)


async def test_results_are_written_when_the_store_comes_back(shaky: World, flaky: FlakyStore) -> None:
    async def cut(_parcels: Sequence[Parcel]) -> None:
        flaky.away = 2

    shaky.channel.during = cut
    batch = await shaky.send(300)
    await shaky.work()
    assert await shaky.counts(batch.id) == {S.SENT: 300}
    assert set(shaky.channel.arrivals.values()) == {1}


async def test_results_whose_commit_was_reported_lost_are_not_written_twice(shaky: World, flaky: FlakyStore) -> None:
    async def cut(parcels: Sequence[Parcel]) -> None:
        flaky.lost_commits = len(parcels) // WINDOW_SIZE

    shaky.channel.during = cut
    batch = await shaky.send(300)
    await shaky.work()
    # The intent of the second window was durable and its worker could not know: it is not sent, and not called sent.
    assert await shaky.counts(batch.id) == {S.SENT: 200, S.UNKNOWN: 100}
    assert len(shaky.channel.arrivals) == 200
    await shaky.check_laws_of(batch.id)
    assert {entry.segments for entry in (await shaky.entries(batch))[:200]} == {1}


@pytest.mark.parametrize("nth", range(1, 5))
async def test_a_commit_reported_lost_at_any_step_doubles_nothing(shaky: World, flaky: FlakyStore, nth: int) -> None:
    batch = await shaky.send(300)
    begun = 0

    async def count() -> None:
        nonlocal begun
        begun += 1
        flaky.lost_commits = int(begun == nth)

    flaky.before = count
    for _ in range(4):
        with suppress(Unavailable):
            await shaky.work()
        await shaky.wait(PACE.lease + timedelta(seconds=1))
    assert (await shaky.counts(batch.id)).get(S.DISPATCHING) is None
    assert (await shaky.counts(batch.id)).get(S.ACCEPTED) is None
    await shaky.check_laws_of(batch.id)


async def test_a_store_that_stays_away_longer_than_the_lease_leaves_the_window_unknown(
    shaky: World, flaky: FlakyStore, clock: FakeClock
) -> None:
    async def gone() -> None:
        clock.advance(timedelta(seconds=60))
        flaky.away = 1

    async def cut(_parcels: Sequence[Parcel]) -> None:
        flaky.before = gone

    shaky.channel.during = cut
    batch = await shaky.send(10)
    with pytest.raises(Unavailable):
        await shaky.dispatcher(pace=Pace()).run(ChunkRef(shaky.who.tenant, batch.number, 0))
    flaky.before = back
    flaky.away = 0
    await shaky.wait(PACE.lease)
    await shaky.work()
    assert await shaky.counts(batch.id) == {S.UNKNOWN: 10}
    assert set(shaky.channel.arrivals.values()) == {1}


async def back() -> None:
    """The store is there again."""

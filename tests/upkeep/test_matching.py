"""Receipts that come early, and receipts that never come."""

from datetime import timedelta

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState as S
from muster.ports.store.unit import Store
from tests.fakes.clock import FakeClock
from tests.fakes.world import World


async def test_a_receipt_that_never_fits_is_given_up_after_its_time(world: World) -> None:
    await world.tell(world.a_receipt("nobody's"))
    world.clock.advance(timedelta(hours=1))
    assert await world.matching.run_once() == 1
    world.clock.advance(timedelta(seconds=1))
    assert await world.matching.run_once() == 1
    assert await world.matching.run_once() == 0


async def test_a_given_up_receipt_settles_nothing_any_more(world: World) -> None:
    batch = await world.send(1)
    async with world.store.read() as tx:
        assert await tx.receipts.across_tenants_unmatched() == []
    await world.tell(world.a_receipt("later"))
    await world.wait(timedelta(hours=2))
    await world.work()
    await world.matching.run_once()
    assert await world.counts(batch.id) == {S.SENT: 1}


async def test_entries_nobody_reported_on_end_as_unknown(world: World) -> None:
    batch = await world.send(3)
    await world.work()
    await world.tell(world.a_receipt(f"{world.channel.windows[0][0].key}/0"))
    world.clock.advance(timedelta(hours=12))
    assert await world.overdue.run_once() == 0
    world.clock.advance(timedelta(seconds=1))
    assert await world.overdue.run_once() == 2
    ended = await world.batch(batch.id)
    assert (ended.state, await world.counts(batch.id)) == (BatchState.COMPLETED, {S.DELIVERED: 1, S.UNKNOWN: 2})
    assert (await world.entries(batch))[1].reason == "no_receipt"


async def test_a_cancelled_batch_ends_when_its_last_entry_is_given_up(world: World) -> None:
    batch = await world.send(1)
    await world.work()
    await world.control.cancel(world.who, batch.id)
    assert (await world.batch(batch.id)).state is BatchState.CANCELLING
    world.clock.advance(timedelta(hours=13))
    await world.overdue.run_once()
    assert (await world.batch(batch.id)).state is BatchState.CANCELLED


async def test_a_receipt_after_the_entry_was_given_up_still_settles_it(world: World) -> None:
    batch = await world.send(1)
    await world.work()
    world.clock.advance(timedelta(hours=13))
    await world.overdue.run_once()
    await world.tell_all_arrived(batch)
    assert await world.counts(batch.id) == {S.DELIVERED: 1}


async def test_each_tenant_has_its_own_receipts(store: Store, clock: FakeClock, world: World) -> None:
    other = World(store, clock)
    await other.move_in("other")
    batch = await world.send(1)
    await world.work()
    ref = f"{world.channel.windows[0][0].key}/0"
    await other.tell(other.a_receipt(ref))
    assert await world.counts(batch.id) == {S.SENT: 1}

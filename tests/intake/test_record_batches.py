"""Taking in batches of record operations, and how they stand."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.errors import IdempotencyConflict, NotFound, TooManyBatches
from muster.domain.ids import TenantId
from muster.domain.records.batch import RecordBatchEnd
from muster.domain.records.operation import Fetch
from muster.domain.tenant import Role
from muster.intake.record_batches import Order, RecordBatchIntake
from muster.kinds.record_batches.results import NO_RESULTS
from muster.lookup.record_batches import RecordBatchLookup, RecordBatchState
from muster.ports.store.batches import BatchFilter, Page
from muster.ports.store.unit import Store
from muster.upkeep.retention import Retention
from tests.fakes.clock import FakeClock
from tests.fakes.world import World

USER = 1


def an_order(count: int = 2, *, key: str | None = None, fingerprint: bytes = b"one") -> Order:
    """A batch that reads contacts."""
    return Order(
        method="GET",
        whole=False,
        operations=[Fetch(group=2, number=number + 1) for number in range(count)],
        groups=(2,),
        idempotency_key=key,
        fingerprint=fingerprint,
    )


@pytest.fixture
async def world(store: Store, clock: FakeClock) -> World:
    """One tenant."""
    return await World.settled(store, clock)


@pytest.fixture
def intake(world: World) -> RecordBatchIntake:
    """Lets three batches wait at once."""
    return RecordBatchIntake(world.store, world.submit, world.clock, new_uuid=uuid4, most_open=3)


async def test_a_batch_is_created_with_an_entry_for_each_operation(world: World, intake: RecordBatchIntake) -> None:
    number = await intake.submit(world.who, USER, an_order(2))
    seen = await RecordBatchLookup(world.store).get(world.who.tenant, number)
    assert (seen.state, seen.total, seen.open, seen.results) == (RecordBatchState.CREATED, 2, 2, None)
    async with world.store.read() as tx:
        kept = await tx.record_batches.get(world.who.tenant, number)
        batch = await tx.batches.get_numbered(world.who.tenant, kept.batch)
    assert [entry.address for entry in await world.entries(batch)] == ["contact/1", "contact/2"]
    assert (kept.user, Role(kept.role)) == (USER, world.who.role)
    assert batch.title == f"#{number} GET 2 records"


async def test_numbers_ascend_and_each_tenant_has_its_own(world: World, intake: RecordBatchIntake) -> None:
    first = await intake.submit(world.who, USER, an_order())
    second = await intake.submit(world.who, USER, an_order())
    assert second > first
    with pytest.raises(NotFound):
        await RecordBatchLookup(world.store).get(TenantId(world.who.tenant + 1), first)


async def test_one_batch_too_many_is_refused_and_nothing_of_it_is_kept(world: World, intake: RecordBatchIntake) -> None:
    for _ in range(3):
        await intake.submit(world.who, USER, an_order())
    with pytest.raises(TooManyBatches):
        await intake.submit(world.who, USER, an_order())
    async with world.store.read() as tx:
        total, _ = await tx.batches.find(world.who.tenant, BatchFilter(), order=(), page=Page(0, 10))
    assert total == 3


async def test_of_many_at_the_same_moment_no_more_are_taken_than_may_wait(
    world: World, intake: RecordBatchIntake
) -> None:
    attempts = [intake.submit(world.who, USER, an_order()) for _ in range(9)]
    told = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(one).__name__ for one in told) == ["TooManyBatches"] * 6 + ["int"] * 3


async def test_the_same_key_gives_the_same_batch(world: World, intake: RecordBatchIntake) -> None:
    first = await intake.submit(world.who, USER, an_order(key="k"))
    assert await intake.submit(world.who, USER, an_order(key="k")) == first
    with pytest.raises(IdempotencyConflict):
        await intake.submit(world.who, USER, an_order(key="k", fingerprint=b"two"))
    assert await RecordBatchLookup(world.store).open_count(world.who.tenant) == 1


async def test_a_repeated_key_is_answered_although_the_queue_is_full(world: World, intake: RecordBatchIntake) -> None:
    first = await intake.submit(world.who, USER, an_order(key="k"))
    for _ in range(2):
        await intake.submit(world.who, USER, an_order())
    assert await intake.submit(world.who, USER, an_order(key="k")) == first


async def test_results_are_forgotten_after_their_time_and_the_batch_stays(
    world: World, intake: RecordBatchIntake
) -> None:
    tenant = world.who.tenant
    number = await intake.submit(world.who, USER, an_order(1))
    async with world.store.begin() as tx:
        await tx.record_batches.finish(
            tenant, number, end=RecordBatchEnd.COMPLETE, results=NO_RESULTS, at=world.clock.now()
        )
    retention = Retention(world.store, world.clock, results=timedelta(days=30))
    world.clock.advance(timedelta(days=29))
    await retention.run_once()
    assert (await RecordBatchLookup(world.store).get(tenant, number)).state is RecordBatchState.COMPLETE
    world.clock.advance(timedelta(days=2))
    await retention.run_once()
    with pytest.raises(NotFound):
        await RecordBatchLookup(world.store).get(tenant, number)
    async with world.store.read() as tx:
        _, [batch] = await tx.batches.find(tenant, BatchFilter(), order=(), page=Page(0, 10))
    assert (batch.state, batch.counts[EntryState.ACCEPTED]) == (BatchState.QUEUED, 1)

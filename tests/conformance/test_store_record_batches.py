"""Keeping what is known of batches of record operations."""

import asyncio
from datetime import datetime

import msgspec
import pytest

from muster.domain.batch import BatchState
from muster.domain.errors import NotFound
from muster.domain.ids import BatchNumber, TenantId
from muster.domain.records.batch import RecordBatchEnd
from muster.ports.store.batches import Page
from muster.ports.store.record_batches import NewRecordBatch, RecordBatch, RecordBatchFilter
from muster.ports.store.unit import Store, Transaction
from tests.conformance.store_world import NOON, a_new_batch, a_tenant, after


async def _add(tx: Transaction, tenant: TenantId, state: BatchState = BatchState.QUEUED) -> NewRecordBatch:
    batch = a_new_batch((), kind="record_batches", state=state)
    new = NewRecordBatch(
        number=await tx.record_batches.take_number(tenant),
        id=batch.id,
        batch=await tx.batches.add(tenant, batch),
        method="CALCULATE-AMORTIZATION",
        whole=True,
        user=3,
        role="admin",
        groups=(1, 4, 0),
    )
    await tx.record_batches.add(tenant, new)
    return new


async def _one(store: Store, tenant: TenantId, state: BatchState = BatchState.QUEUED) -> NewRecordBatch:
    async with store.begin() as tx:
        return await _add(tx, tenant, state)


async def _finish(store: Store, tenant: TenantId, number: int, *, at: datetime = NOON) -> None:
    async with store.begin() as tx:
        await tx.record_batches.finish(tenant, number, end=RecordBatchEnd.ERRORED, results="[1]", at=at)


def _kept(new: NewRecordBatch, **fields: object) -> RecordBatch:
    given = {"end": None, "results": None, "ended_at": None, **fields}
    return msgspec.convert({**msgspec.structs.asdict(new), **given}, RecordBatch)


async def _open(store: Store, tenant: TenantId) -> int:
    async with store.read() as tx:
        return await tx.record_batches.open_count(tenant)


async def test_a_batch_is_found_by_its_number_and_by_the_batch_it_belongs_to(store: Store) -> None:
    tenant = await a_tenant(store)
    await _one(store, tenant)
    new = await _one(store, tenant)
    async with store.read() as tx:
        assert await tx.record_batches.get(tenant, 2) == _kept(new)
        assert await tx.record_batches.of_batch(tenant, new.batch) == _kept(new)


async def test_a_batch_remembers_how_it_ended(store: Store) -> None:
    tenant = await a_tenant(store)
    new, other = await _one(store, tenant), await _one(store, tenant)
    await _finish(store, tenant, 1, at=after(hours=1))
    ended = _kept(new, end=RecordBatchEnd.ERRORED, results="[1]", ended_at=after(hours=1))
    async with store.read() as tx:
        assert await tx.record_batches.get(tenant, 1) == ended
        assert await tx.record_batches.get(tenant, 2) == _kept(other)


@pytest.mark.parametrize("number", [2, 0, -1, 1 << 31, 1 << 63, 1 << 200])
async def test_a_number_that_no_batch_has_is_not_found(store: Store, number: int) -> None:
    tenant = await a_tenant(store)
    await _one(store, tenant)
    async with store.read() as tx:
        with pytest.raises(NotFound):
            await tx.record_batches.get(tenant, number)


async def test_a_tenant_meets_no_batch_of_another(store: Store) -> None:
    tenant, other = await a_tenant(store), await a_tenant(store, "other")
    new = await _one(store, tenant)
    await _finish(store, other, 1)
    async with store.begin() as tx:
        for asked in (tx.record_batches.get(other, 1), tx.record_batches.of_batch(other, BatchNumber(new.batch))):
            with pytest.raises(NotFound):
                await asked
        assert await tx.record_batches.open_count(other) == 0
        assert await tx.record_batches.get(tenant, 1) == _kept(new)
        assert await tx.record_batches.take_number(other) == 1


async def test_batches_are_open_until_they_have_ended_or_were_cancelled(store: Store) -> None:
    tenant = await a_tenant(store)
    for state in (BatchState.QUEUED, BatchState.RUNNING, BatchState.CANCELLED, BatchState.PAUSED):
        await _one(store, tenant, state)
    assert await _open(store, tenant) == 3
    await _finish(store, tenant, 1)
    assert await _open(store, tenant) == 2


async def test_who_takes_a_number_counts_everything_that_was_taken_in_before(store: Store) -> None:
    tenant = await a_tenant(store)

    async def submit() -> bool:
        async with store.begin() as tx:
            number = await tx.record_batches.take_number(tenant)
            if await tx.record_batches.open_count(tenant) >= 10:
                return False
            batch = a_new_batch((), kind="record_batches")
            new = NewRecordBatch(
                number=number,
                id=batch.id,
                batch=await tx.batches.add(tenant, batch),
                method="GET",
                whole=False,
                user=1,
                role="clerk",
                groups=(),
            )
            await tx.record_batches.add(tenant, new)
            return True

    assert sum(await asyncio.gather(*(submit() for _ in range(14)))) == 10
    assert await _open(store, tenant) == 10


async def test_those_that_ended_long_ago_are_forgotten_a_part_at_a_time(store: Store) -> None:
    tenants = [await a_tenant(store), await a_tenant(store, "other")]
    for tenant in tenants:
        for hour in range(3):
            new = await _one(store, tenant)
            await _finish(store, tenant, new.number, at=after(hours=hour))
        await _one(store, tenant)
    async with store.begin() as tx:
        forget = tx.record_batches.across_tenants_forget
        assert [await forget(ended_before=after(hours=2), limit=3) for _ in range(3)] == [3, 1, 0]
    async with store.read() as tx:
        for tenant in tenants:
            with pytest.raises(NotFound):
                await tx.record_batches.get(tenant, 2)
            assert [(await tx.record_batches.get(tenant, number)).number for number in (3, 4)] == [3, 4]


async def test_batches_are_listed_newest_first_and_a_page_at_a_time(store: Store) -> None:
    tenant, other = await a_tenant(store), await a_tenant(store, "other")
    for _ in range(3):
        await _one(store, tenant)
    await _one(store, other)
    async with store.read() as tx:
        total, first = await tx.record_batches.find(tenant, RecordBatchFilter(), Page(0, 2))
        _, second = await tx.record_batches.find(tenant, RecordBatchFilter(), Page(2, 2))
    assert (total, [one.number for one in (*first, *second)]) == (3, [3, 2, 1])
    assert (first[0].method, first[0].user, first[0].dry, first[0].open) == ("CALCULATE-AMORTIZATION", 3, False, 0)


async def test_batches_are_listed_by_their_end_or_else_by_the_state_of_what_they_belong_to(store: Store) -> None:
    tenant = await a_tenant(store)
    for state in (BatchState.QUEUED, BatchState.CANCELLED, BatchState.COMPLETED):
        await _one(store, tenant, state)
    await _finish(store, tenant, 3, at=after(hours=1))

    async def found(where: RecordBatchFilter) -> list[int]:
        async with store.read() as tx:
            return [one.number for one in (await tx.record_batches.find(tenant, where, Page(0, 10)))[1]]

    assert await found(RecordBatchFilter(states=frozenset({BatchState.CANCELLED, BatchState.COMPLETED}))) == [2]
    assert await found(RecordBatchFilter(ends=frozenset({RecordBatchEnd.ERRORED}))) == [3]
    both = RecordBatchFilter(ends=frozenset({RecordBatchEnd.ERRORED}), states=frozenset({BatchState.QUEUED}))
    assert await found(both) == [3, 1]
    assert await found(RecordBatchFilter(ends=frozenset(), states=frozenset())) == []


async def test_batches_are_listed_by_user_and_by_when_they_were_taken_in(store: Store) -> None:
    tenant = await a_tenant(store)
    await _one(store, tenant)
    fits = (RecordBatchFilter(user=3), RecordBatchFilter(since=NOON), RecordBatchFilter(until=NOON))
    early, late = after(seconds=-1), after(seconds=1)
    fails = (RecordBatchFilter(user=4), RecordBatchFilter(since=late), RecordBatchFilter(until=early))
    async with store.read() as tx:
        for where in (*fits, *fails):
            total, _ = await tx.record_batches.find(tenant, where, Page(0, 10))
            assert total == (1 if where in fits else 0)

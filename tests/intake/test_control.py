"""Pausing, resuming and cancelling batches."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState as S
from muster.domain.errors import NotFound, WrongState
from muster.domain.ids import BatchId
from muster.domain.outcome import Carried
from tests.fakes.world import World, an_entry


async def test_a_queued_batch_can_be_paused_and_nothing_of_it_leaves(world: World) -> None:
    batch = await world.send(1_000)
    assert (await world.control.pause(world.who, batch.id)).state is BatchState.PAUSED
    await world.work()
    assert await world.counts(batch.id) == {S.ACCEPTED: 1_000}
    assert (await world.control.resume(world.who, batch.id)).state is BatchState.RUNNING
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1_000}


async def test_a_batch_paused_before_it_began_still_tells_when_it_started(world: World) -> None:
    batch = await world.send(1)
    await world.control.pause(world.who, batch.id)
    resumed = await world.control.resume(world.who, batch.id)
    assert resumed.started_at == world.clock.now()


async def test_a_batch_resumed_before_its_worker_noticed_the_pause_goes_on(world: World) -> None:
    batch = await world.send(1)
    await world.control.pause(world.who, batch.id)
    await world.control.resume(world.who, batch.id)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1}


async def test_a_paused_batch_ends_when_its_last_receipt_comes(world: World) -> None:
    batch = await world.send(1)
    await world.work()
    await world.control.pause(world.who, batch.id)
    await world.tell_all_arrived(batch)
    assert (await world.batch(batch.id)).state is BatchState.COMPLETED


async def test_cancelling_a_queued_batch_ends_every_entry_of_it(world: World) -> None:
    batch = await world.send(30_000)
    assert (await world.control.cancel(world.who, batch.id)).state is BatchState.CANCELLING
    steps = 0
    while await world.step() is not None:
        steps += 1
    ended = await world.batch(batch.id)
    assert (ended.state, ended.counts[S.CANCELLED]) == (BatchState.CANCELLED, 30_000)
    assert ended.finished_at is not None
    assert steps <= 8
    await world.check_laws_of(batch.id)


async def test_rejected_entries_of_a_cancelled_batch_stay_rejected(world: World) -> None:
    batch = await world.send([an_entry(0, state=S.REJECTED), an_entry(1)])
    await world.control.cancel(world.who, batch.id)
    await world.work()
    assert await world.counts(batch.id) == {S.REJECTED: 1, S.CANCELLED: 1}


async def test_a_batch_waiting_for_a_deferred_entry_is_cancelled_without_waiting(world: World) -> None:
    world.channel.down = 1
    batch = await world.send(1)
    await world.work()
    await world.control.cancel(world.who, batch.id)
    await world.work()
    assert (await world.batch(batch.id)).state is BatchState.CANCELLED


async def test_cancelling_again_changes_nothing(world: World) -> None:
    batch = await world.send(1)
    await world.control.cancel(world.who, batch.id)
    assert (await world.control.cancel(world.who, batch.id)).state is BatchState.CANCELLING
    await world.work()
    again = await world.control.cancel(world.who, batch.id)
    assert (again.state, again.withdrawn_at) == (BatchState.CANCELLED, None)


async def test_two_who_cancel_at_the_same_time_are_both_told_that_it_is_done(world: World) -> None:
    batch = await world.send(1)
    answers = await asyncio.gather(*(world.control.cancel(world.who, batch.id) for _ in range(5)))
    assert {answer.state for answer in answers} == {BatchState.CANCELLING}


async def test_a_completed_batch_can_be_withdrawn_once(world: World) -> None:
    world.channel.answer = lambda parcel: Carried((parcel.key,), confirmed=True)
    batch = await world.send(1)
    await world.work()
    world.clock.advance(timedelta(hours=1))
    withdrawn = await world.control.cancel(world.who, batch.id, withdraw=True)
    assert (withdrawn.state, withdrawn.withdrawn_at) == (BatchState.COMPLETED, world.clock.now())
    again = await world.control.cancel(world.who, batch.id, withdraw=True)
    assert again.withdrawn_at == withdrawn.withdrawn_at


async def test_a_completed_batch_cannot_be_stopped_any_more(world: World) -> None:
    world.channel.answer = lambda parcel: Carried((parcel.key,), confirmed=True)
    batch = await world.send(1)
    await world.work()
    with pytest.raises(WrongState):
        await world.control.cancel(world.who, batch.id)


async def test_of_a_batch_that_failed_there_is_nothing_to_take_back(world: World) -> None:
    batch = await world.send([an_entry(0, state=S.REJECTED)])
    with pytest.raises(WrongState):
        await world.control.cancel(world.who, batch.id, withdraw=True)


async def test_what_a_cancelled_batch_had_sent_can_still_be_taken_back(world: World) -> None:
    batch = await world.send(1_000)
    await world.step()
    await world.control.cancel(world.who, batch.id)
    await world.work()
    await world.tell_all_arrived(batch)
    assert (await world.batch(batch.id)).state is BatchState.CANCELLED
    withdrawn = await world.control.cancel(world.who, batch.id, withdraw=True)
    assert withdrawn.withdrawn_at is not None


async def test_withdrawing_a_running_batch_stops_it_and_takes_back_what_is_out(world: World) -> None:
    batch = await world.send(1_000)
    await world.step()
    stopped = await world.control.cancel(world.who, batch.id, withdraw=True)
    assert stopped.state is BatchState.CANCELLING
    assert stopped.withdrawn_at is not None


async def test_only_what_runs_can_be_paused_and_only_what_is_paused_resumed(world: World) -> None:
    batch = await world.send(1)
    with pytest.raises(WrongState):
        await world.control.resume(world.who, batch.id)
    await world.control.pause(world.who, batch.id)
    with pytest.raises(WrongState):
        await world.control.pause(world.who, batch.id)
    await world.control.cancel(world.who, batch.id)
    for act in (world.control.pause, world.control.resume):
        with pytest.raises(WrongState):
            await act(world.who, batch.id)


async def test_another_tenants_batch_is_not_found(world: World) -> None:
    batch = await world.send(1)
    owner = world.who
    await world.move_in("stranger")
    for act in (world.control.pause, world.control.resume, world.control.cancel):
        for wrong in (batch.id, BatchId(uuid4())):
            with pytest.raises(NotFound):
                await act(world.who, wrong)
    world.who = owner
    assert (await world.batch(batch.id)).state is BatchState.QUEUED

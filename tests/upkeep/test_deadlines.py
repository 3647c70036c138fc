"""Reminders, and ends."""

import asyncio
import json
from collections import Counter
from datetime import timedelta

import pytest

from muster.domain.errors import Unavailable
from muster.domain.ids import WorkflowId, entry_id
from muster.domain.workflow import NoticeOrigin, WorkflowEvent, WorkflowState
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.fakes.clock import START, FakeClock
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.world import World
from tests.upkeep.journeys import TERMS, Journeys

INITIAL, REMINDER, EXPIRY = NoticeOrigin.INITIAL, NoticeOrigin.REMINDER, NoticeOrigin.EXPIRY
SECOND = timedelta(seconds=1)
MANY = 10_000


@pytest.fixture
def journeys(world: World) -> Journeys:
    """The workflows of the world's tenant."""
    return Journeys(world.store, world.clock, world.who.tenant)


async def test_nothing_happens_before_its_time(journeys: Journeys, clock: FakeClock) -> None:
    batch = await journeys.begin()
    clock.advance(TERMS.remind - SECOND)
    assert await journeys.deadlines().run_once() == 0
    assert await journeys.texts(batch) == [INITIAL]


async def test_a_customer_is_reminded_and_the_next_reminder_is_set(journeys: Journeys, clock: FakeClock) -> None:
    batch = await journeys.begin()
    now = clock.advance(TERMS.remind)
    assert await journeys.deadlines().run_once() == 1
    workflow = await journeys.workflow(batch)
    assert await journeys.texts(batch) == [INITIAL, REMINDER]
    assert (workflow.state, workflow.notice_at) == (WorkflowState.ACTIVE, now + TERMS.remind)
    assert await journeys.told() == []


async def test_what_is_done_is_not_done_again_by_another_process(journeys: Journeys, clock: FakeClock) -> None:
    batch = await journeys.begin()
    clock.advance(TERMS.remind)
    await journeys.deadlines().run_once()
    assert await journeys.deadlines().run_once() == 0
    assert await journeys.texts(batch) == [INITIAL, REMINDER]


async def test_a_reminder_that_was_missed_several_times_is_sent_once(journeys: Journeys, clock: FakeClock) -> None:
    batch = await journeys.begin(hours=240)
    now = clock.advance(5 * TERMS.remind + SECOND)
    assert await journeys.deadlines().run_once() == 1
    assert await journeys.texts(batch) == [INITIAL, REMINDER]
    assert (await journeys.workflow(batch)).notice_at == now + TERMS.remind


async def test_no_reminder_is_sent_in_the_last_part_however_late_it_is(journeys: Journeys, clock: FakeClock) -> None:
    batch = await journeys.begin(hours=72)
    clock.advance(timedelta(hours=72) - TERMS.quiet + SECOND)
    await journeys.deadlines().run_once()
    assert await journeys.texts(batch) == [INITIAL]
    assert (await journeys.workflow(batch)).notice_at is None


async def test_an_end_brings_the_last_text_and_tells_that_the_step_at_hand_failed(
    journeys: Journeys, clock: FakeClock
) -> None:
    batch = await journeys.begin(hours=1)
    now = clock.advance(timedelta(hours=1))
    assert await journeys.deadlines().run_once() == 1
    workflow = await journeys.workflow(batch)
    assert (workflow.state, workflow.ended_at, workflow.notice_at) == (WorkflowState.EXPIRED, now, None)
    assert await journeys.expired(batch) == 1
    assert await journeys.texts(batch) == [INITIAL, EXPIRY]
    (event,) = await journeys.told()
    body = json.loads(event.body)
    assert body["workflow_id"] == str(entry_id(batch, 0))
    assert (body["current_step"]["name"], body["current_step"]["status"]) == ("customer-account", "failed")
    assert (body["previous_step"]["status"], body["next_step"]) == ("completed", None)


async def test_an_end_that_passed_while_nobody_was_there_brings_only_the_last_text(
    journeys: Journeys, clock: FakeClock
) -> None:
    batch = await journeys.begin(hours=240)
    clock.advance(timedelta(days=400))
    assert await journeys.deadlines().run_once() == 1
    assert await journeys.texts(batch) == [INITIAL, EXPIRY]


async def test_who_opted_out_gets_no_text_but_the_workflow_goes_its_way(
    journeys: Journeys, world: World, clock: FakeClock
) -> None:
    batch = await journeys.begin(["34 600 000 001", "+34600000002"], hours=30)
    await world.opt_out("+34600000001")
    now = clock.advance(TERMS.remind)
    await journeys.deadlines().run_once()
    assert [await journeys.texts(batch, n) for n in range(2)] == [[INITIAL], [INITIAL, REMINDER]]
    assert (await journeys.workflow(batch)).notice_at is None
    clock.advance(timedelta(hours=30) - (now - START))
    await journeys.deadlines().run_once()
    assert [await journeys.texts(batch, n) for n in range(2)] == [[INITIAL], [INITIAL, REMINDER, EXPIRY]]
    assert await journeys.expired(batch) == len(await journeys.told()) == 2


async def test_an_opted_out_customers_schedule_goes_on(journeys: Journeys, world: World, clock: FakeClock) -> None:
    batch = await journeys.begin(["+34600000001"], hours=240)
    await world.opt_out("+34600000001")
    now = clock.advance(TERMS.remind)
    await journeys.deadlines().run_once()
    assert (await journeys.workflow(batch)).notice_at == now + TERMS.remind


async def test_a_workflow_that_was_extended_ends_at_its_new_time(journeys: Journeys, clock: FakeClock) -> None:
    batch = await journeys.begin(hours=1)
    workflow = await journeys.workflow(batch)
    async with journeys.store.begin() as tx:
        later = clock.now() + timedelta(hours=2)
        assert await tx.workflows.extend(workflow, expires_at=later, notice_at=None, at=clock.now())
    clock.advance(timedelta(hours=1))
    assert await journeys.deadlines().run_once() == 0
    clock.advance(timedelta(hours=1))
    assert await journeys.deadlines().run_once() == 1
    assert await journeys.texts(batch) == [INITIAL, EXPIRY]


async def test_a_clock_that_goes_back_takes_nothing_back_and_does_nothing_twice(
    journeys: Journeys, clock: FakeClock
) -> None:
    batch = await journeys.begin(hours=72)
    clock.advance(TERMS.remind)
    await journeys.deadlines().run_once()
    clock.advance(-timedelta(days=30))
    assert await journeys.deadlines().run_once() == 0
    clock.advance(timedelta(days=30))
    assert await journeys.deadlines().run_once() == 0
    assert await journeys.texts(batch) == [INITIAL, REMINDER]


async def test_what_the_store_does_not_take_is_done_the_next_time(journeys: Journeys, clock: FakeClock) -> None:
    batch = await journeys.begin(hours=1)
    flaky = FlakyStore(journeys.store)
    flaky.away = 1
    clock.advance(timedelta(hours=1))
    deadlines = journeys.deadlines(flaky)
    with pytest.raises(Unavailable):
        await deadlines.run_once()
    assert await journeys.texts(batch) == [INITIAL]
    assert await deadlines.run_once() == 1
    assert await journeys.texts(batch) == [INITIAL, EXPIRY]


async def test_a_commit_whose_answer_was_lost_is_not_repeated(journeys: Journeys, clock: FakeClock) -> None:
    batch = await journeys.begin(hours=1)
    flaky = FlakyStore(journeys.store)
    flaky.lost_commits = 1
    clock.advance(timedelta(hours=1))
    with pytest.raises(Unavailable):
        await journeys.deadlines(flaky).run_once()
    assert await journeys.deadlines().run_once() == 0
    assert await journeys.texts(batch) == [INITIAL, EXPIRY]
    assert len(await journeys.told()) == 1


async def test_a_workflow_that_cannot_be_read_ends_with_the_others(journeys: Journeys, clock: FakeClock) -> None:
    batches = [await journeys.begin(hours=1, payload="not JSON"), await journeys.begin(hours=1)]
    clock.advance(timedelta(hours=1))
    assert await journeys.deadlines().run_once() == 2
    assert [await journeys.expired(batch) for batch in batches] == [1, 1]


async def test_ten_thousand_that_end_at_once_take_a_few_statements_each_a_transaction(
    journeys: Journeys, clock: FakeClock
) -> None:
    batch = await journeys.begin(MANY, hours=1)
    counted = FlakyStore(journeys.store)
    begun: Counter[str] = Counter()

    async def note() -> None:
        begun["transactions"] += 1

    counted.before = note
    clock.advance(timedelta(hours=1))
    assert await journeys.deadlines(counted).run_once() == MANY
    assert await journeys.expired(batch) == MANY
    assert begun["transactions"] <= MANY / 500 + 1
    waiting = await journeys.waiting()
    assert len({notice.ref for notice in waiting}) == len(waiting) == len(await journeys.told()) == MANY


async def test_two_processes_at_once_do_everything_once(
    journeys: Journeys, clock: FakeClock, *, database_url: str, vault: Vault
) -> None:
    other = open_store(database_url, vault=vault)
    try:
        reminded, ended = await journeys.begin(1500, hours=240), await journeys.begin(1500, hours=24)
        clock.advance(TERMS.remind)
        done = await asyncio.gather(
            *(journeys.deadlines(store).run_once() for store in (journeys.store, other, journeys.store, other))
        )
        done.append(await journeys.deadlines().run_once())
    finally:
        await other.close()
    assert sum(done) == 3000
    assert await journeys.expired(ended) == len(await journeys.told()) == 1500
    texts = Counter((notice.ref, notice.origin) for notice in await journeys.waiting())
    assert set(texts.values()) == {1}
    numbers = await journeys.number(reminded), await journeys.number(ended)
    found = Counter((ref.batch, origin) for ref, origin in texts)
    assert found == {(numbers[0], REMINDER): 1500, (numbers[1], EXPIRY): 1500}


async def test_an_end_and_a_customers_answer_at_once_leave_one_of_the_two(
    journeys: Journeys, clock: FakeClock, store: SqlStore
) -> None:
    batch = await journeys.begin(200, hours=1)
    found = [await journeys.workflow(batch, position) for position in range(200)]
    clock.advance(timedelta(hours=1))

    async def finish() -> int:
        won = 0
        for workflow in found:
            async with store.begin() as tx:
                won += await tx.workflows.end(workflow, WorkflowEvent.COMPLETED, at=clock.now()) is not None
        return won

    completed, _ = await asyncio.gather(finish(), journeys.deadlines().run_once())
    await journeys.deadlines().run_once()
    assert completed + await journeys.expired(batch) == 200
    async with store.read() as tx:
        states = {(await tx.workflows.get(journeys.tenant, WorkflowId(entry_id(batch, n)))).state for n in range(200)}
    assert states <= {WorkflowState.COMPLETED, WorkflowState.EXPIRED}
    assert len(await journeys.waiting()) == await journeys.expired(batch)

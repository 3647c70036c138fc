"""Undecided payments are asked about until they are decided, each by one process at a time."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from muster.domain.workflow import WorkflowState
from muster.intake.submit import Submit
from muster.kinds.kind import Terms
from muster.ports.store.workflows import Advance
from muster.settle.courses import Courses
from muster.stores.database import SqlStore
from muster.upkeep.deadlines import Deadlines
from muster.upkeep.notices import Notices
from muster.upkeep.payments import AT_ONCE, PaymentsChore
from tests.fakes.clock import FakeClock
from tests.fakes.customers import BY_CARD, CUSTOMER_FORM, Customers, Link, card_form, some_customers
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.step_queue import StepQueue
from tests.fakes.tally import Tally

DELAY, ABSENT = "4000000000003006", "4000000000007007"


@pytest.fixture
async def customers(store: SqlStore, clock: FakeClock) -> Customers:
    """A tenant with an executor that the test may script."""
    return await some_customers(store, clock)


async def paying(customers: Customers, number: str = DELAY) -> Link:
    link = await customers.begin(BY_CARD)
    await customers.answer(link, CUSTOMER_FORM, card_form(number), {})
    return link


async def test_where_nobody_pays_nobody_is_asked(customers: Customers) -> None:
    await customers.begin(BY_CARD)
    assert await customers.wait(hours=1) == 0


async def test_two_processes_ask_about_each_payment_once(customers: Customers) -> None:
    links = [await paying(customers) for _ in range(5)]
    customers.clock.advance(timedelta(seconds=3))
    customers.payments.orders.clear()
    rival = PaymentsChore(customers.store, customers.payments, customers.clock)
    asked = await asyncio.gather(customers.chore.run_once(), rival.run_once())
    assert sum(asked) == 5
    assert len({order.key for order in customers.payments.orders}) == len(customers.payments.orders) == 5
    assert {(await customers.workflow(link)).state for link in links} == {WorkflowState.COMPLETED}


async def test_one_round_takes_so_many_and_the_next_round_the_rest(customers: Customers) -> None:
    for _ in range(AT_ONCE + 1):
        await paying(customers)
    assert await customers.wait(seconds=3) == AT_ONCE
    assert await customers.wait(seconds=0) == 1


async def test_a_payment_that_stays_undecided_is_asked_about_ever_more_rarely(customers: Customers) -> None:
    link = await paying(customers, ABSENT)
    customers.payments.away = True
    gaps: list[timedelta] = []
    for _ in range(100):
        due = (await customers.workflow(link)).payment_at
        assert due is not None
        gaps.append(due - customers.clock.now())
        customers.clock.advance(gaps[-1])
        assert await customers.chore.run_once() == 1
    assert (gaps[0], gaps[-1]) == (timedelta(seconds=3), timedelta(hours=1))
    assert sorted(gaps) == gaps
    customers.payments.away = False
    await customers.wait(hours=1)
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED


async def test_an_executor_that_never_answers_is_not_waited_for(
    customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.settle.payments.DEADLINE", timedelta(milliseconds=20))
    customers.payments.before = asyncio.Event().wait  # type: ignore[assignment]  # it never comes back
    link = await paying(customers)
    assert (await customers.workflow(link)).state is WorkflowState.ACTIVE
    assert await customers.wait(seconds=3) == 1


async def test_one_that_cannot_be_read_stops_nobody_else(customers: Customers) -> None:
    broken, sound = await paying(customers), await paying(customers)
    found = await customers.workflow(broken)
    async with customers.store.begin() as tx:
        garbled = Advance(step=found.step, answers="", payment=found.payment, payment_at=found.payment_at)
        assert await tx.workflows.advance(found, garbled, at=customers.clock.now())
    assert await customers.wait(seconds=3) == 2
    assert (await customers.workflow(sound)).state is WorkflowState.COMPLETED
    assert (await customers.workflow(broken)).state is WorkflowState.ACTIVE


async def test_while_nothing_is_due_nobody_writes(store: SqlStore, customers: Customers) -> None:
    link = await customers.begin(BY_CARD)
    nobody_writes = FlakyStore(store)
    nobody_writes.away = 1
    clock, keep = customers.clock, Submit(store, StepQueue(), customers.clock, meter=Tally(), new_uuid=uuid4).keep
    await PaymentsChore(nobody_writes, customers.payments, clock).run_once()
    await Deadlines(nobody_writes, clock, Terms(), courses=Courses()).run_once()
    await Notices(nobody_writes, clock, keep, new_uuid=uuid4).run_once()
    assert nobody_writes.away == 1
    assert (await customers.workflow(link)).state is WorkflowState.ACTIVE

"""Money moves once, whatever the executor says and whenever the process dies."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from muster.domain.errors import Unavailable
from muster.domain.workflow import PaymentState, WorkflowEvent, WorkflowState
from muster.journey.guide import Guide, Standing
from muster.kinds.workflow_batches.definition import StepSetting
from muster.kinds.workflow_batches.journey import AskKind, DeclineReason
from muster.upkeep.payments import PaymentsChore
from tests.fakes.customers import (
    BOTH_KNOWN,
    BY_CARD,
    CUSTOMER_FORM,
    PROFILE_FORM,
    YES,
    Customers,
    Link,
    bank_form,
    card_form,
)
from tests.fakes.database_dump import dump
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.scripted_payments import Died

APPROVE, REFUSE, OUTDATED = "4242424242424242", "4000000000000002", "4000000000000069"
POOR, DELAY, DELAY_REFUSE, ABSENT = "4000000000009995", "4000000000003006", "4000000000006009", "4000000000007007"


async def at_the_payment(
    customers: Customers, number: str = APPROVE, *, steps: Sequence[StepSetting] = BY_CARD, hours: int = 48
) -> Link:
    """A customer who has given a card and sees the summary."""
    link = await customers.begin(steps, hours=hours)
    assert list(await customers.answer(link, CUSTOMER_FORM, card_form(number))) == []
    return link


async def die() -> None:
    raise Died


async def fail() -> None:
    raise Unavailable("cut off")


@pytest.mark.parametrize(
    ("number", "code"), [(REFUSE, "account_declined"), (OUTDATED, "card_expired")], ids=["refused", "outdated"]
)
async def test_a_declined_account_is_a_fault_of_its_number(customers: Customers, number: str, code: str) -> None:
    link = await customers.begin(BY_CARD)
    faults = await customers.answer(link, CUSTOMER_FORM, card_form(number))
    assert [(fault.path, fault.code) for fault in faults] == [("number", code)]
    assert (await customers.workflow(link)).step == 2


async def test_an_executor_that_is_away_when_an_account_is_given_is_a_fault_too(customers: Customers) -> None:
    link = await customers.begin(BY_CARD)
    customers.payments.away = True
    faults = await customers.answer(link, CUSTOMER_FORM, card_form())
    assert [(fault.path, fault.code) for fault in faults] == [("number", "executor_away")]


async def test_a_declined_payment_leads_back_to_the_account_and_another_one_moves_the_money(
    customers: Customers,
) -> None:
    link = await at_the_payment(customers, POOR)
    await customers.answer(link, {})
    visit = await customers.find(link)
    assert visit.ask is not None
    assert (visit.ask.kind, visit.answers.declined_code) == (AskKind.CARD, "insufficient_funds")
    assert (await customers.told(link))[-1] == ("move-money", "failed")
    await customers.answer(link, card_form(APPROVE), {})
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert len(customers.payments.moved) == 1
    assert len({order.key for order in customers.payments.orders}) == 2


async def test_documents_that_were_accepted_are_not_asked_for_again_after_a_decline(customers: Customers) -> None:
    link = await customers.begin()
    await customers.answer(link, CUSTOMER_FORM, PROFILE_FORM, bank_form("000111111116"), YES, YES, {})
    assert (await customers.workflow(link)).step == 3
    await customers.answer(link, bank_form())
    visit = await customers.find(link)
    assert visit.ask is not None
    assert visit.ask.kind is AskKind.PAYMENT


async def test_where_no_account_is_asked_for_a_declined_payment_may_be_tried_again(customers: Customers) -> None:
    account = uuid4()
    link = await customers.begin(BOTH_KNOWN, customerId=str(uuid4()), customerFinancialAccountId=str(account))
    customers.payments.decline_next = "account_declined"
    await customers.answer(link, {"number": "1"})
    visit = await customers.find(link)
    assert visit.ask is not None
    assert (visit.ask.kind, visit.ask.facts["declined"]) == (AskKind.PAYMENT, "account_declined")
    await customers.answer(link, {"number": "1"})
    assert len(customers.payments.orders) == 1, "the form of the first try was sent again"
    await customers.answer(link, {"number": "2"})
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED


async def test_an_undecided_payment_is_waited_for_and_then_moved(customers: Customers) -> None:
    link = await at_the_payment(customers, DELAY)
    await customers.answer(link, {})
    visit = await customers.find(link)
    assert (visit.standing, visit.ask, visit.workflow.payment) == (Standing.PAYING, None, PaymentState.PENDING)
    assert await customers.wait(seconds=2) == 0
    assert await customers.wait(seconds=1) == 1
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert len(customers.payments.moved) == 1
    assert await customers.wait(hours=2) == 0


async def test_an_undecided_payment_may_be_declined_in_the_end(customers: Customers) -> None:
    link = await at_the_payment(customers, DELAY_REFUSE)
    await customers.answer(link, {})
    await customers.wait(seconds=3)
    visit = await customers.find(link)
    assert (visit.standing, visit.answers.declined_code) == (Standing.ASKING, "insufficient_funds")
    assert customers.payments.moved == {}


async def test_an_executor_that_is_not_reached_is_asked_again_under_the_same_key(customers: Customers) -> None:
    link = await at_the_payment(customers, ABSENT)
    await customers.answer(link, {})
    assert (await customers.workflow(link)).payment is PaymentState.INTENDED
    await customers.wait(seconds=3)
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert len({order.key for order in customers.payments.orders}) == 1


async def test_a_payment_under_way_stands_above_the_time_and_above_a_decline(customers: Customers) -> None:
    link = await at_the_payment(customers, DELAY, hours=1)
    await customers.answer(link, {})
    customers.clock.advance(timedelta(hours=2))
    visit = await customers.find(link)
    assert visit.standing is Standing.PAYING
    await customers.guide.decline(visit, DeclineReason.OTHER)
    await customers.chore.run_once()
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_process_that_dies_while_it_asks_leaves_an_order_that_upkeep_ends_once(
    customers: Customers, moment: str
) -> None:
    link = await at_the_payment(customers)
    setattr(customers.payments, moment, die)
    with pytest.raises(Died):
        await customers.answer(link, {})
    assert (await customers.find(link)).standing is Standing.PAYING
    setattr(customers.payments, moment, _alive)
    assert await customers.wait(seconds=59) == 0
    assert await customers.wait(seconds=1) == 1
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert len(customers.payments.moved) == 1
    assert (await customers.told(link)).count(("move-money", "completed")) == 1


async def _alive() -> None:
    """Nothing happens."""


async def test_a_result_that_cannot_be_written_is_written_by_upkeep(customers: Customers) -> None:
    flaky = FlakyStore(customers.store)
    customers.guide = Guide(flaky, customers.payments, customers.clock)
    link = await at_the_payment(customers)

    async def lose_the_store() -> None:
        flaky.away = 1

    customers.payments.after = lose_the_store
    with pytest.raises(Unavailable):
        await customers.answer(link, {})
    assert len(customers.payments.moved) == 1
    await customers.wait(seconds=60)
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert len(customers.payments.moved) == 1


async def test_a_result_whose_commit_was_not_answered_stands_once(customers: Customers) -> None:
    flaky = FlakyStore(customers.store)
    customers.guide = Guide(flaky, customers.payments, customers.clock)
    link = await at_the_payment(customers)

    async def lose_the_answer() -> None:
        flaky.lost_commits = 1

    customers.payments.after = lose_the_answer
    with pytest.raises(Unavailable):
        await customers.answer(link, {})
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert await customers.wait(seconds=60) == 0
    assert (await customers.told(link)).count(("move-money", "completed")) == 1


async def test_an_order_whose_commit_was_not_answered_is_placed_by_upkeep(customers: Customers) -> None:
    flaky = FlakyStore(customers.store)
    customers.guide = Guide(flaky, customers.payments, customers.clock)
    link = await at_the_payment(customers)
    flaky.lost_commits = 1
    with pytest.raises(Unavailable):
        await customers.answer(link, {})
    assert customers.payments.orders == []
    await customers.wait(seconds=60)
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED


async def test_upkeep_that_comes_while_the_page_still_asks_writes_the_same_end(customers: Customers) -> None:
    link = await at_the_payment(customers)
    rival = PaymentsChore(customers.store, customers.payments, customers.clock)

    async def upkeep_comes() -> None:
        customers.payments.after = _alive
        customers.clock.advance(timedelta(seconds=60))
        assert await rival.run_once() == 1

    customers.payments.after = upkeep_comes
    await customers.answer(link, {})
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert len(customers.payments.moved) == 1
    assert (await customers.told(link)).count(("move-money", "completed")) == 1


async def test_money_that_moves_after_the_end_is_noted(customers: Customers) -> None:
    link = await at_the_payment(customers)

    async def cancel() -> None:
        workflow = await customers.workflow(link)
        async with customers.store.begin() as tx:
            assert await tx.workflows.end(workflow, WorkflowEvent.CANCELLED, at=customers.clock.now())

    customers.payments.before = cancel
    await customers.answer(link, {})
    assert (await customers.workflow(link)).state is WorkflowState.CANCELLED
    noted = (await dump(customers.store))["audit"]
    assert len([row for row in noted if "payment:late" in row]) == 1


async def test_an_order_whose_batch_is_cancelled_is_seen_through_and_noted_once(customers: Customers) -> None:
    link = await at_the_payment(customers)
    customers.payments.before = die
    with pytest.raises(Died):
        await customers.answer(link, {})
    customers.payments.before = _alive
    workflow = await customers.workflow(link)
    async with customers.store.begin() as tx:
        await tx.batches.withdraw(workflow.tenant, workflow.ref.batch, at=customers.clock.now(), by=None)
        await tx.workflows.cancel_all(workflow.tenant, workflow.ref.batch, at=customers.clock.now())
    assert await customers.wait(seconds=60) == 1
    assert await customers.wait(seconds=3600) == 0
    assert (await customers.workflow(link)).state is WorkflowState.CANCELLED
    noted = (await dump(customers.store))["audit"]
    assert len([row for row in noted if "payment:late" in row]) == 1
    async with customers.store.read() as tx:
        assert list(await tx.batches.across_tenants_broken(limit=5)) == []

"""Sent twice, sent by two at once, sent from an old page: it happens once."""

import asyncio

from muster.domain.workflow import WorkflowState
from muster.kinds.workflow_batches.journey import DeclineReason, customer_id
from tests.fakes.customers import BY_CARD, CUSTOMER_FORM, YES, Customers, bank_form, card_form
from tests.fakes.customers import PROFILE_FORM as PROFILE

OTHER = {"first_name": "Eve", "last_name": "Roe", "email": "eve@example.com"}


async def test_a_form_sent_twice_is_taken_once(customers: Customers) -> None:
    link = await customers.begin()
    visit = await customers.find(link)
    for _ in range(2):
        assert list(await customers.guide.answer(visit, visit.workflow.step, CUSTOMER_FORM)) == []
    assert (await customers.workflow(link)).step == 2
    assert await customers.told(link) == [("customer-account", "completed")]


async def test_of_two_at_once_one_wins_and_the_other_changes_nothing(customers: Customers) -> None:
    link = await customers.begin()
    visit = await customers.find(link)
    taken = await asyncio.gather(
        customers.guide.answer(visit, visit.workflow.step, CUSTOMER_FORM),
        customers.guide.answer(visit, visit.workflow.step, OTHER),
    )
    assert [list(faults) for faults in taken] == [[], []]
    workflow = await customers.workflow(link)
    async with customers.store.read() as tx:
        customer = await tx.customers.get(customers.tenant, customer_id(link.workflow))
    assert customer is not None
    assert workflow.customer_name == f"{customer.first_name} {customer.last_name}"
    assert workflow.step == 2
    assert len(await customers.told(link)) == 1


async def test_the_form_of_an_earlier_step_changes_nothing(customers: Customers) -> None:
    link = await customers.begin()
    old = await customers.find(link)
    await customers.answer(link, CUSTOMER_FORM, PROFILE)
    before = await customers.workflow(link)
    fresh = await customers.find(link)
    assert list(await customers.guide.answer(fresh, old.workflow.step, OTHER)) == []
    assert list(await customers.guide.answer(old, old.workflow.step, OTHER)) == []
    assert await customers.workflow(link) == before


async def test_the_form_of_a_later_step_changes_nothing(customers: Customers) -> None:
    link = await customers.begin()
    visit = await customers.find(link)
    for step in (visit.workflow.step + 1, 99, -1):
        assert list(await customers.guide.answer(visit, step, {})) == []
    assert (await customers.workflow(link)).step == visit.workflow.step


async def test_a_yes_sent_twice_accepts_one_document(customers: Customers) -> None:
    link = await customers.begin()
    await customers.answer(link, CUSTOMER_FORM, PROFILE, bank_form())
    visit = await customers.find(link)
    first = {**YES, "number": "1"}
    for _ in range(2):
        await customers.guide.answer(visit, visit.workflow.step, first)
    # From another process, which has looked again in between.
    await customers.answer(link, first)
    again = await customers.find(link)
    assert again.ask is not None
    assert (again.workflow.step, again.ask.facts["number"]) == (4, "2")


async def test_a_confirmation_sent_by_two_at_once_moves_money_once(customers: Customers) -> None:
    link = await customers.begin(BY_CARD)
    await customers.answer(link, CUSTOMER_FORM, card_form())
    visit = await customers.find(link)
    await asyncio.gather(*(customers.guide.answer(visit, visit.workflow.step, {}) for _ in range(5)))
    assert len(customers.payments.moved) == 1
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert (await customers.told(link)).count(("move-money", "completed")) == 1


async def test_of_an_answer_and_a_decline_at_once_one_wins(customers: Customers) -> None:
    link = await customers.begin()
    visit = await customers.find(link)
    await asyncio.gather(
        customers.guide.answer(visit, visit.workflow.step, CUSTOMER_FORM),
        customers.guide.decline(visit, DeclineReason.OTHER),
    )
    workflow = await customers.workflow(link)
    told = await customers.told(link)
    assert len(told) == 1
    assert told == [("customer-account", "declined" if workflow.state is WorkflowState.DECLINED else "completed")]


async def test_after_the_end_nothing_is_taken(customers: Customers) -> None:
    link = await customers.begin()
    visit = await customers.find(link)
    await customers.guide.decline(visit, DeclineReason.OTHER)
    ended = await customers.workflow(link)
    await customers.guide.answer(visit, visit.workflow.step, CUSTOMER_FORM)
    await customers.guide.decline(visit, DeclineReason.WRONG_INFORMATION)
    await customers.guide.decline(await customers.find(link), DeclineReason.WRONG_INFORMATION)
    assert await customers.workflow(link) == ended
    assert (await customers.batch(link)).ended[WorkflowState.DECLINED] == 1

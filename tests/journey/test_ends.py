"""Declined, expired, withdrawn; and customers who want to hear nothing more."""

from datetime import timedelta
from uuid import uuid4

import pytest

from muster.domain.workflow import WorkflowEvent, WorkflowState
from muster.journey.guide import Standing
from muster.kinds.workflow_batches.journey import DeclineReason, read_answers
from muster.ports.store.suppressions import Suppression
from tests.fakes.customers import (
    CARD,
    COMPARABLE,
    CUSTOMER,
    CUSTOMER_FORM,
    DOCUMENTS,
    KNOWN_CUSTOMER,
    NOTIFICATION,
    YES,
    Customers,
    Link,
    card_form,
    some_customers,
)


@pytest.mark.parametrize("reason", DeclineReason)
async def test_who_declines_is_not_asked_again(customers: Customers, reason: DeclineReason) -> None:
    link = await customers.begin()
    await customers.guide.decline(await customers.find(link), reason)
    workflow, batch = await customers.workflow(link), await customers.batch(link)
    assert (workflow.state, workflow.decline_reason) == (WorkflowState.DECLINED, reason.value)
    assert batch.ended[WorkflowState.DECLINED] == 1
    visit = await customers.find(link)
    assert (visit.standing, visit.ask) == (Standing.DECLINED, None)
    assert await customers.told(link) == [("customer-account", "declined")]


async def test_who_refuses_a_document_declines(customers: Customers) -> None:
    link = await customers.begin((NOTIFICATION, KNOWN_CUSTOMER, DOCUMENTS), customerId=str(uuid4()))
    await customers.answer(link, YES, {"accepted": "no"})
    workflow = await customers.workflow(link)
    assert (workflow.state, workflow.decline_reason) == (WorkflowState.DECLINED, "other")
    record = read_answers(workflow.answers).records[2]
    documents = record.data["documents"]
    assert isinstance(documents, list)
    assert [document["accepted"] for document in documents] == [True, False]
    assert await customers.told(link) == [("document-acceptance", "declined")]


async def test_from_the_last_second_on_it_is_expired_whether_upkeep_was_there_or_not(customers: Customers) -> None:
    link = await customers.begin(hours=2)
    customers.clock.advance(timedelta(hours=2) - timedelta(microseconds=1))
    assert (await customers.find(link)).standing is Standing.ASKING
    customers.clock.advance(timedelta(microseconds=1))
    visit = await customers.find(link)
    assert (visit.standing, visit.ask) == (Standing.EXPIRED, None)
    before = await customers.workflow(link)
    await customers.guide.answer(visit, visit.workflow.step, CUSTOMER_FORM)
    await customers.guide.decline(visit, DeclineReason.OTHER)
    assert await customers.workflow(link) == before


async def test_a_form_that_was_open_when_upkeep_expired_the_workflow_changes_nothing(customers: Customers) -> None:
    link = await customers.begin()
    visit = await customers.find(link)
    async with customers.store.begin() as tx:
        assert await tx.workflows.end(visit.workflow, WorkflowEvent.EXPIRED, at=customers.clock.now())
    assert list(await customers.guide.answer(visit, visit.workflow.step, CUSTOMER_FORM)) == []
    assert (await customers.workflow(link)).state is WorkflowState.EXPIRED
    assert (await customers.workflow(link)).customer_name == ""


async def _withdraw(customers: Customers, link: Link, *, swept: bool) -> None:
    async with customers.store.begin() as tx:
        number, at = link.batch.number, customers.clock.now()
        assert await tx.batches.withdraw(customers.tenant, number, at=at, by=None)
        if swept:
            await tx.workflows.cancel_all(customers.tenant, number, at=at)


@pytest.mark.parametrize("swept", [True, False], ids=["swept", "unswept"])
@pytest.mark.parametrize("done", [0, 1], ids=["first", "last"])
async def test_a_withdrawn_batch_leaves_nothing_to_answer(customers: Customers, done: int, *, swept: bool) -> None:
    steps = (NOTIFICATION, CUSTOMER, CARD)
    link = await customers.begin(steps)
    await customers.answer(link, *[CUSTOMER_FORM][:done])
    visit = await customers.find(link)
    before = visit.workflow.answers
    await _withdraw(customers, link, swept=swept)
    form = card_form() if done else CUSTOMER_FORM
    assert list(await customers.guide.answer(visit, visit.workflow.step, form)) == []
    await customers.guide.decline(visit, DeclineReason.OTHER)
    found = await customers.find(link)
    assert (found.standing, found.ask) == (Standing.CANCELLED, None)
    assert found.workflow.answers == before


async def test_while_its_text_waits_to_be_sent_again_it_asks_and_takes_nothing(customers: Customers) -> None:
    link = await customers.begin()
    async with customers.store.begin() as tx:
        await tx.workflows.postpone(customers.tenant, link.batch.number, [0], at=customers.clock.now())
    before = await customers.workflow(link)
    assert (await customers.find(link)).standing is Standing.ASKING
    assert list(await customers.answer(link, CUSTOMER_FORM)) == []
    await customers.guide.decline(await customers.find(link), DeclineReason.OTHER)
    assert await customers.workflow(link) == before


async def test_what_was_put_away_still_shows_its_end(customers: Customers) -> None:
    link = await customers.begin()
    await customers.guide.decline(await customers.find(link), DeclineReason.OTHER)
    async with customers.store.begin() as tx:
        later = customers.clock.now() + timedelta(days=1)
        assert await tx.workflows.across_tenants_archive(ended_before=later, limit=10) == 1
    assert (await customers.find(link)).standing is Standing.DECLINED


async def test_who_opts_out_is_on_the_accounts_list_and_may_come_back(customers: Customers) -> None:
    link = await customers.begin()
    assert not (await customers.find(link)).opted_out
    for _ in range(2):
        await customers.guide.opt_out(await customers.find(link))
    assert (await customers.find(link)).opted_out
    async with customers.store.read() as tx:
        assert await tx.suppressions.among(customers.tenant, [COMPARABLE]) == {COMPARABLE: "link"}
    for _ in range(2):
        await customers.guide.opt_in(await customers.find(link))
    assert not (await customers.find(link)).opted_out


async def test_who_opts_out_of_one_account_still_hears_from_another(customers: Customers) -> None:
    other = await some_customers(customers.store, customers.clock, "other")
    link, elsewhere = await customers.begin(), await other.begin()
    await customers.guide.opt_out(await customers.find(link))
    assert not (await other.find(elsewhere)).opted_out


@pytest.mark.parametrize(("source", "stays"), [("court order", True), ("reply STOP", False), ("link", False)])
async def test_only_a_customers_own_wish_is_theirs_to_take_back(customers: Customers, source: str, stays: bool) -> None:  # noqa: FBT001 - a column of the table
    link = await customers.begin()
    async with customers.store.begin() as tx:
        listed = Suppression(address=COMPARABLE, source=source, created_at=customers.clock.now())
        await tx.suppressions.add(customers.tenant, [listed])
    await customers.guide.opt_in(await customers.find(link))
    assert (await customers.find(link)).opted_out is stays


async def test_who_has_opted_out_may_still_answer(customers: Customers) -> None:
    link = await customers.begin()
    await customers.guide.opt_out(await customers.find(link))
    await customers.answer(link, CUSTOMER_FORM)
    assert (await customers.workflow(link)).step == 2

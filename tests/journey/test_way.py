"""A customer goes from the link to the end, step by step."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from muster.domain.ids import CustomerId
from muster.domain.workflow import WorkflowState
from muster.journey.guide import Standing
from muster.kinds.workflow_batches.journey import AskKind, account_id, customer_id, read_answers
from muster.ports.store.customers import Customer, CustomerAccount
from tests.fakes.customers import (
    BOTH_KNOWN,
    BY_CARD,
    CUSTOMER,
    CUSTOMER_FORM,
    KNOWN_CUSTOMER,
    NOTIFICATION,
    ONLY_A_YES,
    PHONE,
    PROFILE,
    PROFILE_FORM,
    YES,
    Customers,
    bank_form,
    card_form,
)

KEPT = "sbx_1_approve"


async def test_every_step_leads_to_the_next_and_the_last_one_to_the_end(customers: Customers) -> None:
    link = await customers.begin()
    asked: list[AskKind] = []
    for form in (CUSTOMER_FORM, PROFILE_FORM, bank_form(), YES, YES, {}):
        visit = await customers.find(link)
        assert visit.ask is not None
        asked.append(visit.ask.kind)
        assert list(await customers.guide.answer(visit, visit.workflow.step, form)) == []
    assert asked == [
        AskKind.CUSTOMER,
        AskKind.PROFILE,
        AskKind.BANK,
        AskKind.DOCUMENT,
        AskKind.DOCUMENT,
        AskKind.PAYMENT,
    ]
    workflow = await customers.workflow(link)
    assert (workflow.state, workflow.step) == (WorkflowState.COMPLETED, 6)
    assert (await customers.find(link)).standing is Standing.COMPLETED
    assert (await customers.batch(link)).ended[WorkflowState.COMPLETED] == 1


async def test_every_step_that_is_done_is_announced_once(customers: Customers) -> None:
    link = await customers.begin()
    await customers.answer(link, CUSTOMER_FORM, PROFILE_FORM, bank_form(), YES, YES, {})
    assert await customers.told(link) == [
        ("customer-account", "completed"),
        ("enhance-profile", "completed"),
        ("financial-account", "completed"),
        ("document-acceptance", "completed"),
        ("move-money", "completed"),
    ]


async def test_what_the_customer_says_of_themselves_is_in_the_register_and_on_the_workflow(
    customers: Customers,
) -> None:
    link = await customers.begin()
    await customers.answer(link, CUSTOMER_FORM, PROFILE_FORM)
    workflow = await customers.workflow(link)
    assert (workflow.customer_name, workflow.email) == ("Ana Lee", "ana@example.com")
    async with customers.store.read() as tx:
        customer = await tx.customers.get(customers.tenant, customer_id(link.workflow))
    assert customer is not None
    assert (customer.first_name, customer.last_name, customer.phone) == ("Ana", "Lee", PHONE)
    assert msgspec.json.decode(customer.profile)["mailing"]["city"] == "Springfield"


async def test_an_account_is_kept_as_a_token_and_a_label(customers: Customers) -> None:
    link = await customers.begin(BY_CARD)
    await customers.answer(link, CUSTOMER_FORM, card_form())
    async with customers.store.read() as tx:
        account = await tx.customers.account(customers.tenant, account_id(link.workflow))
    assert account is not None
    assert account.label == "Visa •••• 4242"
    assert account.customer == customer_id(link.workflow)
    assert account.subtype == "DEBIT"
    visit = await customers.find(link)
    assert visit.ask is not None
    assert visit.ask.facts["account"] == "Visa •••• 4242"


async def test_the_order_says_what_the_request_said(customers: Customers) -> None:
    link = await customers.begin(BY_CARD)
    await customers.answer(link, CUSTOMER_FORM, card_form(), {})
    order = customers.payments.orders[0]
    assert order.account.startswith("sbx_")
    assert (order.amount, order.currency, order.direction) == ("12.50", "USD", "SEND")
    assert order.business_account == str(UUID(int=7))


async def test_a_course_without_a_question_asks_for_a_yes(customers: Customers) -> None:
    link = await customers.begin(ONLY_A_YES, customerId=str(uuid4()))
    visit = await customers.find(link)
    assert visit.ask is not None
    assert visit.ask.kind is AskKind.CONFIRMATION
    await customers.answer(link, {})
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert await customers.told(link) == [("lookup-profile", "completed")]


async def test_a_customer_and_an_account_that_nobody_knows_are_taken_as_they_are(customers: Customers) -> None:
    account = uuid4()
    link = await customers.begin(BOTH_KNOWN, customerId=str(uuid4()), customerFinancialAccountId=str(account))
    visit = await customers.find(link)
    assert visit.customer_name == ""
    assert visit.ask is not None
    assert "account" not in visit.ask.facts
    await customers.answer(link, {})
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    assert [order.account for order in customers.payments.orders] == [str(account)]


async def test_a_customer_whom_the_register_has_is_called_by_name_and_their_account_by_its_label(
    customers: Customers,
) -> None:
    known, account = CustomerId(uuid4()), uuid4()
    async with customers.store.begin() as tx:
        ana = Customer(id=known, first_name="Ana", last_name="Lee", email="a@example.com", phone=PHONE)
        await tx.customers.put(customers.tenant, ana, at=customers.clock.now())
        hers = CustomerAccount(id=account, customer=known, subtype="DEBIT", label="Visa •••• 4242", token=KEPT)
        await tx.customers.put_account(customers.tenant, hers, at=customers.clock.now())
    link = await customers.begin(BOTH_KNOWN, customerId=str(known), customerFinancialAccountId=str(account))
    visit = await customers.find(link)
    assert visit.customer_name == "Ana Lee"
    assert visit.ask is not None
    assert visit.ask.facts["account"] == "Visa •••• 4242"
    await customers.answer(link, {})
    workflow = await customers.workflow(link)
    assert (workflow.customer_name, workflow.email) == ("Ana Lee", "a@example.com")
    assert [order.account for order in customers.payments.orders] == [KEPT]


async def test_a_profile_is_added_to_what_the_register_has(customers: Customers) -> None:
    known = CustomerId(uuid4())
    async with customers.store.begin() as tx:
        ana = Customer(
            id=known, first_name="Ana", last_name="Lee", email="", phone="", profile='{"salutation":"Ms","vip":"yes"}'
        )
        await tx.customers.put(customers.tenant, ana, at=customers.clock.now())
    link = await customers.begin((NOTIFICATION, KNOWN_CUSTOMER, PROFILE), customerId=str(known))
    await customers.answer(link, PROFILE_FORM)
    async with customers.store.read() as tx:
        found = await tx.customers.get(customers.tenant, known)
    assert found is not None
    assert found.first_name == "Ana"
    profile = msgspec.json.decode(found.profile)
    assert (profile["salutation"], profile["vip"]) == ("Dr", "yes")


async def test_a_profile_of_somebody_whom_only_the_business_knows_begins_a_record(customers: Customers) -> None:
    known = CustomerId(uuid4())
    link = await customers.begin((NOTIFICATION, KNOWN_CUSTOMER, PROFILE), customerId=str(known))
    await customers.answer(link, PROFILE_FORM)
    async with customers.store.read() as tx:
        found = await tx.customers.get(customers.tenant, known)
    assert found is not None
    assert found.phone == PHONE


async def test_faults_are_told_and_nothing_is_written(customers: Customers) -> None:
    link = await customers.begin()
    before = await customers.workflow(link)
    faults = await customers.answer(link, {"first_name": "Ana", "email": "nowhere"})
    assert {fault.path for fault in faults} == {"last_name", "email"}
    assert await customers.workflow(link) == before
    assert await customers.told(link) == []


@pytest.mark.parametrize(
    "token", ["", "x" * 24, "ä" * 24, "a" * 23, "a" * 25, "../../etc/passwd-and-more", "a" * 100_000]
)
async def test_a_token_nobody_was_given_leads_nowhere(customers: Customers, token: str) -> None:
    await customers.begin()
    assert await customers.guide.find(token) is None


async def test_to_look_changes_nothing(customers: Customers) -> None:
    link = await customers.begin()
    before = await customers.workflow(link)
    for _ in range(3):
        await customers.find(link)
    assert await customers.workflow(link) == before


async def test_a_reminder_between_look_and_answer_does_not_lose_the_answer(customers: Customers) -> None:
    link = await customers.begin((NOTIFICATION, CUSTOMER))
    visit = await customers.find(link)
    async with customers.store.begin() as tx:
        longer = visit.workflow.expires_at + timedelta(hours=1)
        at = customers.clock.now()
        assert await tx.workflows.extend(visit.workflow, expires_at=longer, notice_at=None, at=at)
    await customers.guide.answer(visit, visit.workflow.step, CUSTOMER_FORM)
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED


async def test_what_was_answered_is_kept_by_step(customers: Customers) -> None:
    link = await customers.begin()
    await customers.answer(link, CUSTOMER_FORM, PROFILE_FORM, bank_form(), YES, YES)
    records = read_answers((await customers.workflow(link)).answers).records
    assert sorted(records) == [1, 2, 3, 4]
    assert records[3].data["label"] == "Checking •••• 6789"

"""Forms that nobody's browser sends."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.domain.workflow import WorkflowState
from muster.kinds.workflow_batches.journey import FAULT_CODES
from tests.fakes.customers import BY_CARD, CUSTOMER_FORM, PROFILE_FORM, YES, Customers, bank_form, card_form

KEYS = st.sampled_from([*CUSTOMER_FORM, *card_form(), "routing", "accepted", "number", "__class__", "step", "token"])
FORMS = st.dictionaries(KEYS | st.text(max_size=20), st.text(max_size=300), max_size=8)


@pytest.mark.parametrize(
    "value",
    [
        "a" * 1_000_000,
        "Ana\nBcc: eve@example.com",
        "Ana\x00",
        "\u202eanA",
        " ",
        "\ud800",
    ],
    ids=["long", "line", "nul", "turned", "blank", "surrogate"],
)
async def test_a_name_that_is_none_is_a_fault(customers: Customers, value: str) -> None:
    link = await customers.begin()
    faults = await customers.answer(link, {**CUSTOMER_FORM, "first_name": value})
    assert [fault.path for fault in faults] == ["first_name"]
    assert (await customers.workflow(link)).step == 1


async def test_markup_and_sql_are_text_like_any_other(customers: Customers) -> None:
    link = await customers.begin()
    name = "Robert'); DROP TABLE workflows;--<script>"
    assert list(await customers.answer(link, {**CUSTOMER_FORM, "first_name": name})) == []
    assert (await customers.workflow(link)).customer_name == f"{name} Lee"


async def test_fields_nobody_asked_for_are_left_out(customers: Customers) -> None:
    link = await customers.begin()
    await customers.answer(link, {**CUSTOMER_FORM, "state": "completed", "customer": "x", "amount": "0.01"})
    workflow = await customers.workflow(link)
    assert workflow.state is WorkflowState.ACTIVE
    assert "0.01" not in workflow.answers


async def test_the_amount_is_not_the_customers_to_change(customers: Customers) -> None:
    link = await customers.begin(BY_CARD)
    await customers.answer(
        link, CUSTOMER_FORM, card_form(), {"amount": "99999", "currency": "CAD", "direction": "SEND"}
    )
    assert [(order.amount, order.currency) for order in customers.payments.orders] == [("12.50", "USD")]


async def test_a_document_is_not_accepted_by_anything_but_a_yes(customers: Customers) -> None:
    link = await customers.begin()
    await customers.answer(link, CUSTOMER_FORM, PROFILE_FORM, bank_form())
    for form in ({}, {"accepted": ""}, {"accepted": "YES"}, {"accepted": "true"}, {"accepted": "1"}):
        assert [fault.path for fault in await customers.answer(link, form)] == ["accepted"]
    assert (await customers.workflow(link)).state is WorkflowState.ACTIVE
    await customers.answer(link, YES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(forms=st.lists(FORMS, max_size=4))
async def test_whatever_is_sent_is_taken_or_a_fault_with_a_known_code(
    customers: Customers, forms: list[dict[str, str]]
) -> None:
    link = await customers.begin(BY_CARD)
    for form in forms:
        faults = await customers.answer(link, form)
        assert {fault.code for fault in faults} <= set(FAULT_CODES)
    assert customers.payments.moved == {}

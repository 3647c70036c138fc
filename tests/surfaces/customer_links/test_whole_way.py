"""The page in front of the real guide, on both stores."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import httpx

from muster.domain.workflow import WorkflowState
from tests.fakes.clock import FakeClock
from tests.fakes.customers import CUSTOMER_FORM, EVERY_STEP, PROFILE_FORM, Customers, Link, bank_form

BIRTHDAY = {"date_of_birth.day": "29", "date_of_birth.month": "2", "date_of_birth.year": "1980"}
PROFILE = {name: value for name, value in PROFILE_FORM.items() if name != "date_of_birth"} | BIRTHDAY


async def submit(
    phone: httpx.AsyncClient, link: Link, *, customers: Customers, form: Mapping[str, str]
) -> httpx.Response:
    """Fill in what is asked and look at what comes."""
    step = (await customers.workflow(link)).step
    answer = await phone.post(f"/l/{link.token}/steps/{step}", data=dict(form))
    assert answer.status_code == 303
    return await phone.get(answer.headers["location"])


async def test_a_customer_comes_from_the_link_to_the_end(phone: httpx.AsyncClient, customers: Customers) -> None:
    link = await customers.begin(EVERY_STEP)
    for form in (CUSTOMER_FORM, PROFILE, bank_form(), {"number": "1", "accepted": "yes"}):
        await submit(phone, link, customers=customers, form=form)
    page = await submit(phone, link, customers=customers, form={"number": "2", "accepted": "yes"})

    assert "Receive your money" in page.text
    assert "$12.50" in page.text
    page = await submit(phone, link, customers=customers, form={"number": "1"})

    assert "All done" in page.text
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED


async def test_two_thumbs_at_once_answer_once(phone: httpx.AsyncClient, customers: Customers) -> None:
    link = await customers.begin(EVERY_STEP)

    sent = [phone.post(f"/l/{link.token}/steps/1", data=CUSTOMER_FORM) for _ in range(3)]
    answers = await asyncio.gather(*sent)

    assert {answer.status_code for answer in answers} == {303}
    assert (await customers.workflow(link)).step == 2


async def test_a_link_dies_when_its_time_is_over(
    phone: httpx.AsyncClient, customers: Customers, clock: FakeClock
) -> None:
    link = await customers.begin(EVERY_STEP, hours=1)
    clock.advance(timedelta(hours=1))

    page = await phone.get(f"/l/{link.token}")
    late = await phone.post(f"/l/{link.token}/steps/1", data=CUSTOMER_FORM)

    assert "has expired" in page.text
    assert late.status_code == 303
    assert (await customers.workflow(link)).step == 1


async def test_a_customer_declines_and_wants_no_more_messages(phone: httpx.AsyncClient, customers: Customers) -> None:
    link = await customers.begin(EVERY_STEP)

    await phone.post(f"/l/{link.token}/decline", data={"reason": "unknown_business"})
    await phone.post(f"/l/{link.token}/messages", data={"wish": "stop"})

    page = await phone.get(f"/l/{link.token}")
    assert "You declined this request" in page.text
    assert "You will get no more text messages" in page.text
    assert (await customers.workflow(link)).decline_reason == "unknown_business"

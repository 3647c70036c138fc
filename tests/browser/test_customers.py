"""Customers with a real browser: from the text on the phone through every step, to each of the ends."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from playwright.async_api import Browser, Page

from muster.ports.store.batches import Page as Slice
from tests.browser.premises import WORKFLOWS, Premises, a_phone, serious_faults, shot

Steps = Sequence[Mapping[str, object]]
EVERYTHING: Steps = [
    {"name": "notification"},
    {"name": "customer-account"},
    {
        "name": "enhance-profile",
        "input": {
            "user": {"personalInfo": ["salutation", "dateOfBirth"], "addresses": ["MAILING"], "phoneNumber": ["HOME"]}
        },
    },
    {"name": "financial-account", "input": {"preDefined": {"financialAccountSubType": "DEBIT"}}},
    {
        "name": "document-acceptance",
        "input": {
            "user": {
                "documents": [
                    {"documentId": "ebt-communication-consent", "documentGroup": "bank-accounts"},
                    {"documentId": "fncl-privacy-policy", "documentGroup": "rocket-financial"},
                ]
            }
        },
    },
    {
        "name": "move-money",
        "input": {"preDefined": {"transactionType": "SEND", "solution": "push-to-card", "currency": "USD"}},
    },
]
KNOWN_CUSTOMER: Steps = [
    {"name": "notification"},
    {"name": "lookup-profile"},
    {"name": "lookup-financial-account"},
    {
        "name": "move-money",
        "input": {
            "preDefined": {"transactionType": "SEND", "solution": "ach", "currency": "USD", "priority": "SAME_DAY"}
        },
    },
]
SHORT: Steps = [{"name": "notification"}, {"name": "customer-account"}]
BUSINESS_ACCOUNT = "8a4b6c1e-5d2f-4f2b-9a54-3e2d6b7c8d90"
ANN, BEN, CLEO = "+16475550101", "+16475550102", "+16475550103"


def payout(phone: str, **more: object) -> dict[str, object]:
    """One entry of a batch that pays."""
    parameters = {"phoneNumber": phone, "baFinancialAccountId": BUSINESS_ACCOUNT, "amount": "25.50", **more}
    return {"title": f"Refund for {phone}", "parameters": parameters}


async def seen(page: Page, name: str) -> None:
    """The page is fit for a screen reader; keep a picture of it."""
    # First what asks the page itself: one that waits for news reloads while the judge looks at its copy.
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await shot(page, name)
    assert await serious_faults(page) == []


async def fill(page: Page, **values: str) -> None:
    """Fill fields by name (`__` stands for a dot) and go on."""
    for name, value in values.items():
        field = page.locator(f"[name='{name.replace('__', '.')}']")
        if await field.evaluate("node => node.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    await go_on(page)


async def go_on(page: Page) -> None:
    """Press the main button and wait for the next page."""
    async with page.expect_navigation():
        await page.locator("form button.primary, form button[type=submit]").first.click()


async def ended(premises: Premises, batch: str, **counts: int) -> None:
    """Wait until the batch counts so."""
    async with asyncio.timeout(20):
        while await premises.counts(batch) != counts:
            await asyncio.sleep(0.05)


async def test_a_customer_goes_from_the_text_through_every_step(premises: Premises, browser: Browser) -> None:
    await premises.template("Everything", EVERYTHING)
    batch = await premises.batch("Everything", payout(ANN))
    page = await a_phone(browser)

    await page.goto(await premises.link(ANN))
    await seen(page, "01-name")
    assert "Northwind Refunds" in await page.inner_text("body")
    await fill(page, first_name="Ann", last_name="Example", email="not an address")
    await seen(page, "02-name-with-a-mistake")
    assert await page.locator("[name=first_name]").input_value() == "Ann"
    await fill(page, email="ann@example.com")
    await seen(page, "03-profile")
    await fill(
        page,
        salutation="Dr",
        date_of_birth__day="29",
        date_of_birth__month="2",
        date_of_birth__year="1980",
        mailing__line1="1 Main Street",
        mailing__city="Springfield",
        mailing__region="IL",
        mailing__postal_code="62701",
        mailing__country="US",
        home__phone="+1 647 555 0199",
    )
    await seen(page, "04-card")
    await fill(page, number="4242 4242 4242 4241", expires="12/39", holder="Ann Example")
    await seen(page, "05-card-with-a-slip")
    assert await page.locator("[name=number]").input_value() == ""
    await fill(page, number="4242 4242 4242 4242", expires="12/39", holder="Ann Example")
    await seen(page, "06-document")
    for _ in range(2):
        await page.locator("[name=accepted][value=yes]").check()
        await go_on(page)
    await seen(page, "07-payment")
    assert "25.50" in await page.inner_text("body")
    await go_on(page)
    await seen(page, "08-completed")

    await ended(premises, batch, completed=1, total=1)
    workflow = await premises.workflow(await premises.workflow_of(batch, 0))
    assert (workflow["status"], workflow["email"]) == ("COMPLETED", "ann@example.com")
    assert {step["status"] for step in workflow["steps"]} == {"COMPLETED"}
    assert "4242424242424242" not in str(workflow)


async def test_a_known_customer_only_confirms_the_payment(premises: Premises, browser: Browser) -> None:
    await premises.template("Known", KNOWN_CUSTOMER)
    known = {"customerId": BUSINESS_ACCOUNT, "customerFinancialAccountId": BUSINESS_ACCOUNT}
    batch = await premises.batch("Known", payout(ANN, **known))
    page = await a_phone(browser, language="fr-FR")

    await page.goto(await premises.link(ANN))
    await seen(page, "10-payment-in-french")
    assert await page.locator("html").get_attribute("lang") == "fr-FR"
    await go_on(page)

    await ended(premises, batch, completed=1, total=1)


async def test_three_customers_complete_decline_and_let_time_run_out(premises: Premises, browser: Browser) -> None:
    await premises.template("Short", SHORT)
    phones = (ANN, BEN, CLEO)
    batch = await premises.batch(
        "Short", *({"title": p, "expiryInHours": 2, "parameters": {"phoneNumber": p}} for p in phones)
    )
    ann, ben, cleo = [await a_phone(browser, language=one) for one in ("en-US", "es-MX", "fr-CA")]

    await ann.goto(await premises.link(ANN))
    await fill(ann, first_name="Ann", last_name="Example", email="ann@example.com")
    await ben.goto(await premises.link(BEN))
    await seen(ben, "20-name-in-spanish")
    async with ben.expect_navigation():
        await ben.locator("a[href$='/decline']").click()
    await seen(ben, "21-decline-in-spanish")
    await ben.locator("input[type=radio]").first.check()
    await go_on(ben)
    await seen(ben, "22-declined-in-spanish")
    await cleo.goto(await premises.link(CLEO))
    premises.clock.by = timedelta(hours=3)
    await premises.text(CLEO, number=2)
    await cleo.reload()
    await seen(cleo, "23-expired-in-french")

    await ended(premises, batch, completed=1, declined=1, expired=1, total=3)
    declined = await premises.workflow(await premises.workflow_of(batch, 1))
    assert (declined["status"], declined["declineReason"]) == ("DECLINED", "DONT_KNOW_BUSINESS_SENDER")
    path = f"{WORKFLOWS}/{await premises.workflow_of(batch, 2)}/notifications/history"
    assert [one["origin"] for one in await premises.client.call("GET", path)] == ["INITIAL", "EXPIRY"]


async def test_back_reload_and_double_submit_do_no_harm(premises: Premises, browser: Browser) -> None:
    await premises.template("Everything", EVERYTHING)
    batch = await premises.batch("Everything", payout(ANN))
    page = await a_phone(browser)
    await page.goto(await premises.link(ANN))
    await fill(page, first_name="Ann", last_name="Example", email="ann@example.com")
    second = await page.inner_text("h1")

    await page.reload()
    assert await page.inner_text("h1") == second
    await page.go_back()
    if await page.locator("[name=first_name]").count():
        await fill(page, first_name="Anna", last_name="Example", email="anna@example.com")
    assert await page.inner_text("h1") == second

    workflow = await premises.workflow(await premises.workflow_of(batch, 0))
    assert (workflow["currentStep"], workflow["email"]) == (3, "ann@example.com")


async def test_a_declined_payment_can_be_made_with_another_card(premises: Premises, browser: Browser) -> None:
    steps = [EVERYTHING[0], EVERYTHING[1], EVERYTHING[3], EVERYTHING[5]]
    await premises.template("Pay", steps)
    batch = await premises.batch("Pay", payout(ANN))
    page = await a_phone(browser, dark=True)
    await page.goto(await premises.link(ANN))
    await fill(page, first_name="Ann", last_name="Example", email="ann@example.com")
    await fill(page, number="4000 0000 0000 9995", expires="12/39", holder="Ann Example")
    await go_on(page)
    await seen(page, "30-payment-declined-dark")
    assert "The payment did not work" in await page.inner_text("body")
    await fill(page, number="4000 0000 0000 3006", expires="12/39", holder="Ann Example")
    await go_on(page)
    await seen(page, "31-paying-dark")

    await ended(premises, batch, completed=1, total=1)
    await page.locator(".end.completed").wait_for()  # it looks again by itself
    await seen(page, "32-paid-dark")
    workflow = await premises.workflow(await premises.workflow_of(batch, 0))
    account = next(step["data"] for step in workflow["steps"] if step["stepName"] == "financial-account")
    assert account["financialAccountName"] == "Visa •••• 3006"


async def test_who_opts_out_on_the_page_or_by_reply_is_texted_no_more(premises: Premises, browser: Browser) -> None:
    await premises.template("Short", SHORT)
    entries = [{"title": p, "parameters": {"phoneNumber": p}} for p in (ANN, BEN)]
    first = await premises.batch("Short", *entries)
    page = await a_phone(browser)
    await page.goto(await premises.link(ANN))
    async with page.expect_navigation():
        await page.locator("a[href$='/messages']").click()
    await seen(page, "40-opt-out")
    await go_on(page)
    await seen(page, "41-opted-out")
    await premises.link(BEN)
    premises.reply(BEN, "Stop")
    async with asyncio.timeout(20):
        while (await premises.core.suppressions.find(premises.tenant, page=Slice(0, 10)))[0] < 2:
            await asyncio.sleep(0.02)

    second = await premises.batch("Short", *entries)
    await ended(premises, second, failed=2, total=2)
    rows = await premises.client.entries(f"/v2/linx/workflow-batches/{second}/entries")
    assert ["link" in row["errorMessage"] or "STOP" in row["errorMessage"].upper() for row in rows] == [True, True]
    assert (len(premises.texts(ANN)), len(premises.texts(BEN))) == (1, 1)
    assert await premises.counts(first) == {"active": 2, "total": 2}

    premises.reply(BEN, "START")
    async with asyncio.timeout(20):
        while (await premises.core.suppressions.find(premises.tenant, page=Slice(0, 10)))[0] > 1:
            await asyncio.sleep(0.02)
    await premises.batch("Short", entries[1])
    assert await premises.text(BEN, number=2)

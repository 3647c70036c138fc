"""A customer and the page behind their link."""

import html
import re

import httpx
import msgspec
import pytest

from muster.journey.guide import Standing
from muster.kinds.workflow_batches.journey import DeclineReason
from tests.fakes.guide import ACCOUNT, CUSTOMER, EVERYTHING, MONEY, FakeGuide, a_course

NAMES = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com"}
PROFILE = {
    "salutation": "Dr.",
    "date_of_birth.day": "7",
    "date_of_birth.month": "3",
    "date_of_birth.year": "1985",
    "mailing.line1": "1 Main Street",
    "mailing.city": "Toronto",
    "mailing.region": "ON",
    "mailing.postal_code": "M5V 1A1",
    "mailing.country": "CA",
    "work.phone": "+1 416 555 0100",
}
CARD = {"number": "4111 1111 1111 1111", "expires": "04/29", "holder": "Ann Lee"}


def text_of(page: httpx.Response) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", page.text))


async def send(browser: httpx.AsyncClient, token: str, *, step: int, form: dict[str, str]) -> httpx.Response:
    """Send a form and follow to the page it leads to."""
    answer = await browser.post(f"/l/{token}/steps/{step}", data=form)
    assert (answer.status_code, answer.headers.get("location")) == (303, f"/l/{token}")
    assert answer.content == b""
    return await browser.get(f"/l/{token}")


async def test_a_page_shows_who_asks_why_and_until_when_but_not_the_internal_title(
    browser: httpx.AsyncClient, guide: FakeGuide
) -> None:
    page = await browser.get(f"/l/{guide.open()}")

    said = text_of(page)
    assert page.status_code == 200
    for expected in ("Harbour Rentals", "12 Harbour Street", "May 31, 2026", "UTC", "Step 1 of 5"):
        assert expected in said
    assert "INTERNAL" not in page.text


async def test_a_customer_goes_through_every_step(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open()

    assert "Step 2 of 5" in (await send(browser, token, step=1, form=NAMES)).text
    assert "Step 3 of 5" in (await send(browser, token, step=2, form=PROFILE)).text
    first = await send(browser, token, step=3, form=CARD)
    assert "Document 1 of 2" in first.text
    assert "https://example.com/legal/ebt-communication-consent" in first.text
    assert "Document 2 of 2" in (await send(browser, token, step=4, form={"number": "1", "accepted": "yes"})).text
    summary = text_of(await send(browser, token, step=4, form={"number": "2", "accepted": "yes"}))
    for expected in ("$1,250.50", "Harbour Rentals", "Card ending in 1111", "Ann Lee", "At once"):
        assert expected in summary
    paying = await send(browser, token, step=5, form={"number": "1"})
    assert paying.headers["refresh"] == "3"
    guide.paid(token)
    assert "$1,250.50 is on its way to you." in text_of(await browser.get(f"/l/{token}"))


async def test_a_form_with_faults_comes_back_with_what_was_typed(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open()

    page = await browser.post(f"/l/{token}/steps/1", data={**NAMES, "last_name": "", "email": "ann"})

    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == 2
    assert 'value="Ann"' in page.text
    assert '<a href="#f-last-name">Please fill in: Last name</a>' in page.text
    assert 'aria-describedby="f-email-hint f-email-error"' in page.text
    assert "<title>Error: " in page.text
    assert guide.changes == 0


async def test_the_number_of_a_card_is_never_shown_again(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open(a_course(ACCOUNT, financialAccountSubType="CREDIT"))

    page = await browser.post(f"/l/{token}/steps/1", data={**CARD, "holder": ""})

    assert page.status_code == 422
    assert "4111" not in page.text
    assert "04/29" not in page.text.replace("for example 04/29", "")
    assert "type the numbers again" in page.text


async def test_a_form_sent_twice_is_taken_once(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open()

    await send(browser, token, step=1, form=NAMES)
    again = await send(browser, token, step=1, form=NAMES)

    assert "Step 2 of 5" in again.text
    assert guide.changes == 1


async def test_the_form_of_an_earlier_document_accepts_no_later_one(
    browser: httpx.AsyncClient, guide: FakeGuide
) -> None:
    token = guide.open()
    for step, form in ((1, NAMES), (2, PROFILE), (3, CARD)):
        await send(browser, token, step=step, form=form)

    await send(browser, token, step=4, form={"number": "1", "accepted": "yes"})
    page = await send(browser, token, step=4, form={"number": "1", "accepted": "yes"})

    assert "Document 2 of 2" in page.text


@pytest.mark.parametrize("path", ["", "/decline", "/messages"])
async def test_looking_changes_nothing(browser: httpx.AsyncClient, guide: FakeGuide, path: str) -> None:
    token = guide.open()

    seen, head = await browser.get(f"/l/{token}{path}"), await browser.head(f"/l/{token}{path}")

    assert (seen.status_code, head.status_code, head.content) == (200, 200, b"")
    assert guide.changes == 0


async def test_a_customer_declines_with_a_reason(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open()

    without = await browser.post(f"/l/{token}/decline", data={"": ""})
    answer = await browser.post(f"/l/{token}/decline", data={"reason": "wrong_information"})

    assert without.status_code == 422
    assert "Please choose a reason" in without.text
    assert answer.status_code == 303
    assert guide.declined_for is DeclineReason.WRONG_INFORMATION
    assert "You declined this request" in (await browser.get(f"/l/{token}")).text
    assert (await browser.get(f"/l/{token}/decline")).status_code == 303


async def test_a_customer_stops_messages_and_takes_it_back(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open()

    await browser.post(f"/l/{token}/messages", data={"wish": "stop"})
    stopped = await browser.get(f"/l/{token}")
    assert "You will get no more text messages from Harbour Rentals" in stopped.text
    await browser.post(f"/l/{token}/messages", data={"wish": "start"})

    assert "You will get no more" not in (await browser.get(f"/l/{token}")).text
    assert (await browser.post(f"/l/{token}/messages", data={"": ""})).headers["location"] == f"/l/{token}/messages"


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing.COMPLETED, "All done"),
        (Standing.DECLINED, "You declined"),
        (Standing.CANCELLED, "was withdrawn"),
        (Standing.EXPIRED, "has expired"),
        (Standing.PAYING, "One moment"),
    ],
)
async def test_every_end_has_its_page(
    *, browser: httpx.AsyncClient, guide: FakeGuide, standing: Standing, words: str
) -> None:
    token = guide.open(a_course(CUSTOMER))
    guide.change(token, standing=standing)

    page = await browser.get(f"/l/{token}")

    assert page.status_code == 200
    assert words in page.text
    assert "<form" not in page.text


async def test_a_declined_payment_says_so_and_asks_again(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    course = a_course(MONEY, transactionType="REQUEST", amount=5, currency="CAD", solution="ach", priority="NEXT_DAY")
    token = guide.open(course)
    await send(browser, token, step=1, form={"number": "1"})

    guide.paid(token, declined="insufficient_funds")

    page = await browser.get(f"/l/{token}")
    assert "not enough money" in page.text
    assert "Confirm and pay CA$5.00" in page.text


async def test_a_course_that_asks_for_nothing_wants_a_yes(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open(a_course(memo="Are you there?"))

    page = await browser.get(f"/l/{token}")

    assert "Please confirm" in page.text
    assert "Are you there?" in page.text
    assert "All done" in (await send(browser, token, step=1, form={"": ""})).text


@pytest.mark.parametrize(("language", "words"), [("es-MX,es", "Paso 1 de 5"), ("fr-FR", "Étape 1 ")])
async def test_the_page_speaks_the_browsers_language(
    *, browser: httpx.AsyncClient, guide: FakeGuide, language: str, words: str
) -> None:
    page = await browser.get(f"/l/{guide.open()}", headers={"Accept-Language": language})

    assert words in page.text
    assert f'<html lang="{page.headers["content-language"]}">' in page.text


async def test_what_others_wrote_is_never_markup(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    evil = "<script>alert(1)</script>"
    token = guide.open(
        a_course(CUSTOMER, memo=f"{evil} {{account}} 🎉 שלום \u202eesrever"), account=f"{evil}{{{{7*7}}}}"
    )

    page = await browser.get(f"/l/{token}")
    back = await browser.post(f"/l/{token}/steps/1", data={"first_name": f'"{evil}'})

    for shown in (page.text, back.text):
        assert "<script" not in shown
        assert "&lt;script&gt;" in shown
        assert "\u202e" not in shown
    assert "🎉 שלום" in page.text
    assert "{account}" in page.text


async def test_a_memo_of_a_thousand_characters_is_shown_whole(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    memo = "word " * 199 + "end.."

    assert memo in (await browser.get(f"/l/{guide.open(a_course(CUSTOMER, memo=memo))}")).text


async def test_names_known_from_elsewhere_are_no_markup_either(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open(EVERYTHING)
    workflow = msgspec.structs.replace(guide.visit(token).workflow, step=5)
    guide.change(token, workflow=workflow, customer_name="<script>x</script>")

    assert "&lt;script&gt;x" in (await browser.get(f"/l/{token}")).text

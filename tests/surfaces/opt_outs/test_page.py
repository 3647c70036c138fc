"""The page behind the link in an e-mail."""

import re

import httpx
import pytest

from muster.domain.category import Category
from muster.domain.ids import CategoryNumber
from muster.domain.mark import Mark
from muster.surfaces.opt_outs.pages import LANGUAGES
from muster.surfaces.pages.answers import HEADERS
from muster.surfaces.pages.words import read
from tests.fakes.clock import START
from tests.fakes.marketplace import CLOSED, MANDATORY, OLA, OPEN
from tests.surfaces.opt_outs.conftest import Reader

CLICK = {"List-Unsubscribe": "One-Click"}
NEWS = CategoryNumber(20)


async def add_news(reader: Reader, name: str = "News", description: str | None = None) -> None:
    marks = {"created": Mark(START), "updated": Mark(START)}
    async with reader.store.begin() as tx:
        category = Category(number=NEWS, name=name, description=description, marks=marks)
        await tx.categories.add(reader.tenant, category)


async def test_the_page_says_what_may_be_chosen(browser: httpx.AsyncClient, reader: Reader) -> None:
    answer = await browser.get(reader.link())
    assert answer.status_code == 200
    assert "a***@example.com" in answer.text
    assert "ann@" not in answer.text
    assert "Stop e-mails about “Orders”" in answer.text
    assert "What becomes of orders" in answer.text
    assert re.findall(r'type="checkbox" id="c(\d+)"[^>]* checked', answer.text) == [str(OPEN)]
    assert "Security" not in answer.text
    assert "Retired" not in answer.text
    assert "<script" not in answer.text


async def test_looking_changes_nothing(browser: httpx.AsyncClient, reader: Reader) -> None:
    for method in ("GET", "HEAD"):
        for query in ("", "?List-Unsubscribe=One-Click", "?wish=stop"):
            assert (await browser.request(method, reader.link() + query)).status_code == 200
    assert await reader.opted_out() == set()


async def test_one_click_takes_the_contact_off_at_once(browser: httpx.AsyncClient, reader: Reader) -> None:
    for _ in range(2):
        answer = await browser.post(reader.link(), data=CLICK)
        assert (answer.status_code, answer.content) == (200, b"")
        assert "set-cookie" not in answer.headers
    assert await reader.opted_out() == {OPEN}


async def test_one_click_comes_in_parts_too(browser: httpx.AsyncClient, reader: Reader) -> None:
    parts = {name: (None, value) for name, value in CLICK.items()}
    answer = await browser.post(reader.link(), files=parts)
    assert answer.status_code == 200
    assert await reader.opted_out() == {OPEN}


async def test_the_button_takes_the_contact_off_and_leads_back(browser: httpx.AsyncClient, reader: Reader) -> None:
    answer = await browser.post(reader.link(), data={"wish": "stop"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{reader.link()}?saved")
    assert await reader.opted_out() == {OPEN}
    after = await browser.get(answer.headers["location"])
    assert 'role="status"' in after.text
    assert "Stop e-mails about" not in after.text
    assert not re.findall(r" checked", after.text)


async def test_choices_are_saved_as_ticked(browser: httpx.AsyncClient, reader: Reader) -> None:
    await add_news(reader)
    shown = f"{NEWS},{OPEN}"
    await browser.post(reader.link(), data={"wish": "save", "shown": shown, f"c{NEWS}": "1"})
    assert await reader.opted_out() == {OPEN}
    await browser.post(reader.link(), data={"wish": "save", "shown": shown})
    assert await reader.opted_out() == {OPEN, NEWS}
    await browser.post(reader.link(), data={"wish": "save", "shown": shown, f"c{NEWS}": "1", f"c{OPEN}": "1"})
    assert await reader.opted_out() == set()


async def test_what_was_published_after_the_page_was_made_is_left_alone(
    browser: httpx.AsyncClient, reader: Reader
) -> None:
    await add_news(reader)
    await browser.post(reader.link(), data={"wish": "save", "shown": str(OPEN)})
    assert await reader.opted_out() == {OPEN}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"wish": "else"},
        {"wish": "save", "shown": "x,-1,,99999999999999999999", "cx": "1", "c": "1"},
        {"List-Unsubscribe": "No"},
        {"wish": "save", "shown": f"{MANDATORY}"},
    ],
)
async def test_a_form_that_says_nothing_changes_nothing(
    browser: httpx.AsyncClient, reader: Reader, fields: dict[str, str]
) -> None:
    answer = await browser.post(reader.link(), content=httpx.QueryParams(fields).__str__().encode(), headers=FORM)
    assert answer.status_code == 303
    assert await reader.opted_out() == set()


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_names_of_categories_are_no_markup(browser: httpx.AsyncClient, reader: Reader) -> None:
    await add_news(reader, "<script>alert(1)</script>\u202e", "<img src=x onerror=alert(1)>")
    answer = await browser.get(reader.link())
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "\u202e" not in answer.text


async def test_a_message_of_a_category_that_is_gone_still_opens_the_page(
    browser: httpx.AsyncClient, reader: Reader
) -> None:
    for category in (CLOSED, MANDATORY, CategoryNumber(99)):
        answer = await browser.get(reader.link(category=category))
        assert answer.status_code == 200
        assert "Stop e-mails about" not in answer.text
        assert (await browser.post(reader.link(category=category), data=CLICK)).status_code == 200


async def test_who_opted_out_already_is_offered_to_come_back(browser: httpx.AsyncClient, reader: Reader) -> None:
    answer = await browser.get(reader.link(OLA))
    assert "Stop e-mails about" not in answer.text
    assert f'id="c{OPEN}"' in answer.text


@pytest.mark.parametrize("token", ["x" * 40, "short", "y" * 3000, "%00%ff"])
async def test_a_link_that_nobody_was_given_gets_a_friendly_page(browser: httpx.AsyncClient, token: str) -> None:
    answer = await browser.get(f"/u/{token}")
    assert answer.status_code == 404
    assert "This link does not work" in answer.text
    assert (await browser.post(f"/u/{token}", data=CLICK)).status_code == 404


async def test_who_guesses_has_to_wait(browser: httpx.AsyncClient) -> None:
    answers = [await browser.get(f"/u/guess-{number}") for number in range(21)]
    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    assert "retry-after" in answers[-1].headers


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({}, b"List-Unsubscribe=One-Click", 415),
        ({"Content-Type": "multipart/form-data"}, b"x", 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"nonsense", 400),
        (FORM, b"a=" + b"x" * (32 << 10), 413),
        (FORM, b"a=%ff", 400),
    ],
)
async def test_only_forms_are_read(
    *, browser: httpx.AsyncClient, reader: Reader, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = await browser.post(reader.link(), content=body, headers=headers)
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert await reader.opted_out() == set()


async def test_every_answer_carries_the_headers_of_a_secret_page(browser: httpx.AsyncClient, reader: Reader) -> None:
    answers = [
        await browser.get(reader.link()),
        await browser.post(reader.link(), data={"wish": "stop"}),
        await browser.post(reader.link(), data=CLICK),
        await browser.get("/u/nobody"),
    ]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)


async def test_the_stylesheet_is_kept_for_ever(browser: httpx.AsyncClient, reader: Reader) -> None:
    page = await browser.get(reader.link())
    path = re.findall(r'href="(/u/static/[^"]+)"', page.text)[0]
    sheet = await browser.get(path)
    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]
    assert (await browser.get("/u/static/other.css")).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "lang", "title"),
    [
        ("es-MX", "es-MX", "Sus preferencias de correo"),
        ("fr", "fr-CA", "Vos préférences de courriel"),
        ("de, en;q=0.5", "en-US", "Your e-mail preferences"),
    ],
)
async def test_the_page_speaks_the_language_of_its_reader(
    *, browser: httpx.AsyncClient, reader: Reader, wanted: str, lang: str, title: str
) -> None:
    answer = await browser.get(reader.link(), headers={"Accept-Language": wanted})
    assert f'<html lang="{lang}">' in answer.text
    assert f"<h1>{title}</h1>" in answer.text


def test_every_language_has_the_same_keys_and_places() -> None:
    texts = {file.stem: read(file) for file in LANGUAGES.glob("*.toml")}
    places = {
        language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in said.items()}
        for language, said in texts.items()
    }
    assert set(places) == {"en", "es", "fr"}
    assert places["en"] == places["es"] == places["fr"]

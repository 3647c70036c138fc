"""What the page refuses, and what every answer of it carries."""

import httpx
import pytest

from muster.surfaces.pages import forms
from tests.fakes.guide import FakeGuide

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CSP = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


@pytest.mark.parametrize(
    "path", ["/l/" + "x" * 24, "/l/x/decline", "/l/x/messages", "/l", "/l/a/b/c", "/l/" + "y" * 3000, "/l/%00%ff"]
)
async def test_a_link_that_nobody_was_given_gets_a_friendly_page(browser: httpx.AsyncClient, path: str) -> None:
    page = await browser.get(path)

    assert page.status_code == 404
    assert "This link does not work" in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_form_for_a_link_that_nobody_was_given_is_refused(browser: httpx.AsyncClient) -> None:
    for path in ("steps/1", "decline", "messages"):
        assert (await browser.post(f"/l/nobody/{path}", data={"a": "b"})).status_code == 404


async def test_who_guesses_has_to_wait(browser: httpx.AsyncClient) -> None:
    answers = [await browser.get(f"/l/guess-{number}") for number in range(21)]

    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    assert answers[-1].headers["retry-after"] == "3"
    assert "Too many attempts" in answers[-1].text


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({}, b"a=b", 415),
        ({**FORM, "Content-Encoding": "gzip"}, b"a=b", 415),
        ({"Content-Type": "application/x-www-form-urlencoded; charset=latin-1"}, b"a=b", 415),
        (FORM, b"a=" + b"x" * (32 << 10), 413),
        (FORM, b"a=1&" * 101, 400),
        (FORM, b"a=%ff", 400),
    ],
)
async def test_only_a_form_of_a_browser_is_read(
    *, browser: httpx.AsyncClient, guide: FakeGuide, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = await browser.post(f"/l/{guide.open()}/steps/1", content=body, headers=headers)

    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert guide.changes == 0


async def test_the_longest_form_is_read(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    body = b"a=" + b"x" * (forms.LIMITS.body_bytes - 2)

    answer = await browser.post(f"/l/{guide.open()}/steps/1", content=body, headers=FORM)

    assert answer.status_code == 422


async def test_another_verb_gets_a_page_too(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    answer = await browser.put(f"/l/{guide.open()}", data={"a": "b"})

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert "<h1>" in answer.text


async def test_a_bug_shows_a_reference_and_nothing_else(
    browser: httpx.AsyncClient, guide: FakeGuide, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise KeyError("4111111111111111")

    token = guide.open()
    monkeypatch.setattr(guide, "opt_out", broken)

    answer = await browser.post(f"/l/{token}/messages", data={"wish": "stop"})

    assert answer.status_code == 500
    assert "Reference" in answer.text
    for secret in ("4111", "KeyError", "Traceback", token):
        assert secret not in answer.text


async def test_every_answer_carries_the_safe_headers(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open()
    answers = [
        await browser.get(f"/l/{token}"),
        await browser.get("/l/nobody"),
        await browser.post(f"/l/{token}/steps/1", data={}),
        await browser.post(f"/l/{token}/messages", data={"wish": "stop"}),
    ]

    for answer in answers:
        assert answer.headers["content-security-policy"] == CSP
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-robots-tag"].startswith("noindex")
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "set-cookie" not in answer.headers


async def test_pages_load_nothing_but_their_stylesheet(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    page = (await browser.get(f"/l/{guide.open()}")).text

    path = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    sheet = await browser.get(path)
    assert (page.count("<link"), page.count("src="), page.count("style=")) == (1, 0, 0)
    assert sheet.status_code == 200
    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]
    assert "url(" not in sheet.text
    assert "@import" not in sheet.text
    assert (await browser.get("/l/static/page.css")).status_code == 404


async def test_a_second_prefix_keeps_its_customers(browser: httpx.AsyncClient, guide: FakeGuide) -> None:
    token = guide.open()

    page = await browser.get(f"/old/{token}")
    answer = await browser.post(f"/old/{token}/messages", data={"wish": "stop"})

    assert 'href="/old/static/' in page.text
    assert answer.headers["location"] == f"/old/{token}"

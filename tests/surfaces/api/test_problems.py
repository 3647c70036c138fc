"""What our own API answers when it refuses: problem details, RFC 9457."""

from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar, get
from litestar.openapi import OpenAPIConfig

from muster.channels.webhook.push import HttpPush
from muster.stores.database import SqlStore
from muster.surfaces.api import wire
from muster.surfaces.api.problems import Problems
from muster.surfaces.api.routes import own_api
from tests.fakes.clock import FakeClock
from tests.surfaces.api.conftest import Site


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem that is whole."""
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "instance", "code", "faults"}
    assert (body["type"], body["status"]) == ("about:blank", answer.status_code)
    assert UUID(body["instance"].removeprefix("urn:uuid:")).version == 4
    return answer.status_code, body["code"]


@pytest.fixture
async def nobody(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with site.client(None) as one:
        yield one


async def test_a_call_without_a_token_is_refused(nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get(wire.ENDPOINTS)

    assert problem(answer) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"url": "x", "url": "y"}', b'{"url": "\\u0000"}', b"[" * 60_000])
async def test_a_body_that_is_no_object_is_malformed(api: httpx.AsyncClient, body: bytes) -> None:
    answer = await api.post(wire.ENDPOINTS, content=body, headers={"content-type": "application/json"})

    assert problem(answer) == (400, "malformed_body")


async def test_a_body_of_another_type_or_too_large_is_refused(api: httpx.AsyncClient) -> None:
    assert problem(await api.post(wire.ENDPOINTS, content=b"{}")) == (415, "unsupported_media_type")
    assert problem(await api.post(wire.ENDPOINTS, json={"url": "x" * 70_000})) == (413, "too_large")


async def test_an_unknown_path_a_bad_id_and_a_wrong_verb_are_told_in_the_same_words(api: httpx.AsyncClient) -> None:
    assert problem(await api.get(f"{wire.PATH}/nothing")) == (404, "not_found")
    assert problem(await api.get(f"{wire.ENDPOINTS}/abc")) == (404, "not_found")
    assert problem(await api.get(f"{wire.ENDPOINTS}/{uuid4()}")) == (404, "not_found")
    assert problem(await api.delete(wire.ENDPOINTS)) == (405, "method_not_allowed")


async def test_a_hundred_faults_are_named_and_no_long_name_is_said_back(api: httpx.AsyncClient) -> None:
    answer = await api.post(wire.ENDPOINTS, json={f"{number:0300}": 1 for number in range(120)})

    assert problem(answer) == (400, "bad_input")
    named = answer.json()["faults"]
    assert len(named) == 100
    assert max(len(one["path"]) for one in named) == 200


async def test_too_many_calls_are_told_when_to_come_back(store: SqlStore, push: HttpPush, clock: FakeClock) -> None:
    async with Site(store, push, clock, allowed=1).client() as client:
        await client.get(wire.ENDPOINTS)
        answer = await client.get(wire.ENDPOINTS)

    assert problem(answer) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) >= 1


async def test_what_goes_wrong_inside_is_not_told() -> None:
    @get("/boom")
    async def boom() -> None:
        raise KeyError("a secret")

    app = Litestar([boom], exception_handlers={Exception: Problems(uuid4)}, logging_config=None)
    transport = httpx.ASGITransport(cast("Any", app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://muster") as client:
        answer = await client.get("/boom")

    assert problem(answer) == (500, "internal_error")
    assert "secret" not in answer.text


def test_the_document_describes_every_body_and_every_refusal(site: Site) -> None:
    described = Litestar(
        [own_api(site.door, Problems(uuid4))], openapi_config=OpenAPIConfig(title="t", version="1"), logging_config=None
    ).openapi_schema.to_schema()

    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) == 17
    assert all(one["summary"] and "401" in one["responses"] for one in operations)
    assert sum("requestBody" in one for one in operations) == 6
    new = described["paths"][wire.ENDPOINTS]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert (new["required"], new["additionalProperties"]) == (["url"], False)

"""Whom not to reach, over HTTP."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from muster.domain.contact import BlockReason, ContactState
from muster.domain.tenant import Role
from muster.ports.store.suppressions import Suppression
from muster.surfaces.api import wire
from tests.conformance.store_world import NOON, a_contact, keyed
from tests.surfaces.api.conftest import Site, tenant_of
from tests.surfaces.api.test_problems import problem

ADDRESSES = ["Ada@Example.com", "+49 151 0000001", "ben@example.com"]


async def put(api: httpx.AsyncClient, *addresses: str, **more: object) -> dict[str, Any]:
    answer = await api.post(wire.SUPPRESSIONS, json={"addresses": addresses, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def one(address: str) -> str:
    """The path of an address."""
    return f"{wire.SUPPRESSIONS}/{quote(address, safe='')}"


def faults(answer: httpx.Response) -> dict[str, str]:
    return {fault["path"]: fault["code"] for fault in answer.json()["faults"]}


async def test_addresses_are_put_on_the_list_once_in_the_form_they_are_compared_in(api: httpx.AsyncClient) -> None:
    assert await put(api, *ADDRESSES, "ada@example.com") == {"given": 4, "added": 3}
    assert await put(api, *ADDRESSES, source="asked by telephone") == {"given": 3, "added": 0}

    listed = (await api.get(wire.SUPPRESSIONS)).json()

    assert (listed["total"], listed["page"], listed["size"]) == (3, 1, 50)
    found = [(row["address"], row["source"], row["origin"]) for row in listed["suppressions"]]
    assert found == [(address, "api", None) for address in ("+491510000001", "ada@example.com", "ben@example.com")]


async def test_the_list_is_shown_in_pages_and_by_what_an_address_holds(api: httpx.AsyncClient) -> None:
    await put(api, *(f"reader{n}@example.com" for n in range(7)))

    page = (await api.get(wire.SUPPRESSIONS, params={"page": "2", "size": "3"})).json()
    holding = (await api.get(wire.SUPPRESSIONS, params={"text": "READER4"})).json()

    assert [row["address"] for row in page["suppressions"]] == [f"reader{n}@example.com" for n in (3, 4, 5)]
    assert (holding["total"], holding["suppressions"][0]["address"]) == (1, "reader4@example.com")


@pytest.mark.parametrize("query", ["page=x", "size=0", "size=1001", "page=-1", "text=%00", f"text={'a' * 321}"])
async def test_a_page_that_cannot_be_is_refused(api: httpx.AsyncClient, query: str) -> None:
    assert problem(await api.get(f"{wire.SUPPRESSIONS}?{query}")) == (400, "bad_input")


@pytest.mark.parametrize("address", ["+491510000001", "a/b+c%d@example.com", "o'neill@example.com", "ADA@Example.com"])
async def test_one_address_is_shown_and_removed(api: httpx.AsyncClient, address: str) -> None:
    await put(api, address, source="page")

    shown = await api.get(one(address))

    assert (shown.json()["address"], shown.json()["source"]) == (address.lower(), "page")
    assert (await api.delete(one(address))).status_code == 204
    assert problem(await api.get(one(address))) == (404, "not_found")
    assert problem(await api.delete(one(address))) == (404, "not_found")


@pytest.mark.parametrize("path", ["/%00", f"/{'a' * 400}", "/nobody@example.com"])
async def test_what_cannot_be_on_the_list_is_not_found(api: httpx.AsyncClient, path: str) -> None:
    assert problem(await api.get(wire.SUPPRESSIONS + path)) == (404, "not_found")


async def test_every_fault_of_a_list_is_named_and_nothing_is_kept(api: httpx.AsyncClient) -> None:
    body = {"addresses": ["nope", 7, "ada@example.com", "@", "0151"], "source": "\n", "why": 1}

    answer = await api.post(wire.SUPPRESSIONS, json=body)

    assert problem(answer) == (400, "bad_input")
    assert set(faults(answer)) >= {"why", "source", "addresses[1]", "addresses[0]"}
    assert (await api.get(wire.SUPPRESSIONS)).json()["total"] == 0


async def test_ten_thousand_addresses_are_taken_and_not_one_more(api: httpx.AsyncClient) -> None:
    many = [f"reader{n}@example.com" for n in range(10_001)]

    assert faults(await api.post(wire.SUPPRESSIONS, json={"addresses": many})) == {"addresses": "too_long"}
    assert (await put(api, *many[1:]))["added"] == 10_000
    removed = await api.post(f"{wire.SUPPRESSIONS}/remove", json={"addresses": many[:10_000]})
    assert removed.json() == {"given": 10_000, "removed": 9_999}


@pytest.mark.parametrize("body", [{}, {"addresses": "x"}, {"addresses": None}])
async def test_a_list_must_be_one(api: httpx.AsyncClient, body: dict[str, object]) -> None:
    assert problem(await api.post(wire.SUPPRESSIONS, json=body)) == (400, "bad_input")
    assert problem(await api.post(f"{wire.SUPPRESSIONS}/remove", json=body)) == (400, "bad_input")


async def test_an_address_that_bounced_tells_its_message_and_frees_its_contact(
    site: Site, api: httpx.AsyncClient
) -> None:
    tenant, origin = tenant_of(api), "0195a0c8-0000-7000-8000-000000000001/4"
    contact = a_contact(1, email="ada@example.com", state=ContactState.BLOCKED, blocked_reason=BlockReason.BOUNCED)
    async with site.store.begin() as tx:
        await tx.contacts.add(tenant, keyed(contact))
        bounced = Suppression(address=contact.email, source="bounced", origin=origin, created_at=NOON)
        await tx.suppressions.add(tenant, [bounced])

    assert (await api.get(one("ada@example.com"))).json()["origin"] == origin
    assert (await api.delete(one("ada@example.com"))).status_code == 204

    async with site.store.read() as tx:
        assert (await tx.contacts.get(tenant, 1)).state is ContactState.ACTIVE


async def test_a_tenant_meets_only_its_own_list(site: Site, api: httpx.AsyncClient) -> None:
    await put(api, "ada@example.com")
    async with site.client() as other:
        assert (await other.get(wire.SUPPRESSIONS)).json()["total"] == 0
        assert problem(await other.get(one("ada@example.com"))) == (404, "not_found")
        assert problem(await other.delete(one("ada@example.com"))) == (404, "not_found")
    assert (await api.get(one("ada@example.com"))).status_code == 200


async def test_a_viewer_may_look_and_not_touch(site: Site) -> None:
    async with site.client(Role.VIEWER) as viewer:
        assert (await viewer.get(wire.SUPPRESSIONS)).status_code == 200
        for answer in (
            await viewer.post(wire.SUPPRESSIONS, json={"addresses": ADDRESSES}),
            await viewer.post(f"{wire.SUPPRESSIONS}/remove", json={"addresses": ADDRESSES}),
            await viewer.delete(one("ada@example.com")),
        ):
            assert problem(answer) == (403, "not_allowed")

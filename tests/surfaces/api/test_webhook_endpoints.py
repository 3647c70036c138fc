"""Webhook endpoints over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from standardwebhooks import Webhook

from muster.domain.event import EventType, NewEvent
from muster.domain.tenant import Role
from muster.events.relay import Round
from muster.surfaces.api import wire
from tests.channels.webhook.receiver import Receiver, answering
from tests.events.builders import an_event, happen, total_in
from tests.fakes.clock import FakeClock
from tests.surfaces.api.conftest import Site, tenant_of

URL = "https://8.8.8.8/hook"
MINUTE = timedelta(minutes=1)
VENDOR = {"style": "workflow-batches"}


async def made(api: httpx.AsyncClient, url: str = URL, **more: object) -> dict[str, Any]:
    """An endpoint that must be taken."""
    answer = await api.post(wire.ENDPOINTS, json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def of(endpoint: dict[str, Any], *rest: str) -> str:
    """The path of the endpoint, or of something below it."""
    return "/".join([wire.ENDPOINTS, endpoint["id"], *rest])


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    """Path and code of every fault."""
    assert answer.status_code == 400, answer.text
    return [(one["path"], one["code"]) for one in answer.json()["faults"]]


def a_step() -> NewEvent:
    """A workflow came a step further."""
    step = {"id": str(uuid4()), "name": "move-money", "title": "t", "status": "active", "updated_at": None}
    body = {"workflow_id": str(uuid4()), "previous_step": None, "current_step": step, "next_step": None}
    return NewEvent(type=EventType.WORKFLOW_UPDATED, batch=None, body=msgspec.json.encode(body).decode())


async def test_the_secret_is_shown_when_made_and_afterwards_on_request_only(api: httpx.AsyncClient) -> None:
    endpoint = await made(api, description="ours", types=["batch.completed"])

    shown = (await api.get(of(endpoint))).json()
    assert endpoint.pop("secret") == (await api.get(of(endpoint, "secret"))).json()["secret"]
    assert shown == endpoint
    assert shown["types"] == ["batch.completed"]
    assert (shown["state"], shown["style"], shown["failing_since"]) == ("active", "standard", None)
    assert (await api.get(wire.ENDPOINTS)).json() == {"endpoints": [shown]}


async def test_a_rotation_shows_the_new_secret(api: httpx.AsyncClient) -> None:
    endpoint = await made(api)

    rotated = (await api.post(of(endpoint, "rotate-secret"))).json()

    assert rotated["secret"] != endpoint["secret"]
    assert (await api.get(of(endpoint, "secret"))).json() == {"secret": rotated["secret"]}


async def test_a_patch_changes_what_it_names_and_a_put_everything(api: httpx.AsyncClient) -> None:
    endpoint = await made(api, description="ours", types=["batch.completed"])

    patched = (await api.patch(of(endpoint), json={"description": "yours"})).json()
    assert (patched["description"], patched["types"]) == ("yours", ["batch.completed"])
    replaced = (await api.put(of(endpoint), json={"url": "https://1.1.1.1/"})).json()
    assert (replaced["url"], replaced["description"], replaced["types"]) == ("https://1.1.1.1/", "", [])


async def test_it_is_switched_off_and_on_and_removed(api: httpx.AsyncClient) -> None:
    endpoint = await made(api)

    off = (await api.post(of(endpoint, "disable"))).json()
    assert (off["state"], off["disabled_reason"]) == ("disabled", "switched off by its owner")
    assert (await api.post(of(endpoint, "test"))).status_code == 409
    on = (await api.post(of(endpoint, "enable"))).json()
    assert (on["state"], on["disabled_reason"]) == ("active", None)
    assert (await api.delete(of(endpoint))).status_code == 204
    assert (await api.get(of(endpoint))).status_code == 404


async def test_events_are_named_in_our_words_or_the_vendors(api: httpx.AsyncClient) -> None:
    told = await made(api, types=["linx.workflow-updated", "linx.batch-updated"], **VENDOR)
    ends = ["batch.completed", "batch.failed", "batch.cancelled"]
    assert told["types"] == ["workflow.updated", *ends]

    same = await made(api, types=told["types"], **VENDOR)
    assert same["types"] == told["types"]
    assert (await made(api, **VENDOR))["types"] == ["workflow.updated"]


async def test_a_name_of_another_style_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post(wire.ENDPOINTS, json={"url": URL, "types": ["batch.paused", "linx.workflow-updated"]})
    assert faults(answer) == [("types[1]", "unknown_type")]

    answer = await api.post(wire.ENDPOINTS, json={"url": URL, "types": ["batch.paused"], **VENDOR})
    assert faults(answer) == [("types[0]", "unknown_type")]


async def test_every_fault_is_named_at_once(api: httpx.AsyncClient) -> None:
    body = {"url": "https://10.0.0.1/", "description": "x" * 256, "types": ["a", 1], "style": None, "kind": "x"}

    answer = await api.post(wire.ENDPOINTS, json=body)

    assert faults(answer) == [
        ("kind", "unknown_field"),
        ("types[1]", "invalid_type"),
        ("style", "invalid_type"),
        ("url", "url_refused"),
        ("description", "too_long"),
    ]
    assert (await api.get(wire.ENDPOINTS)).json() == {"endpoints": []}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("url", "required")]),
        ({"url": None}, [("url", "invalid_type")]),
        ({"url": ["x"]}, [("url", "invalid_type")]),
        ({"url": URL, "types": "batch.completed"}, [("types", "invalid_type")]),
        ({"url": URL, "types": ["batch.completed"] * 101}, [("types", "too_long")]),
        ({"url": URL, "style": "sundial"}, [("style", "unknown_style")]),
        ({"url": f"https://8.8.8.8/{'x' * 2048}"}, [("url", "url_refused")]),
    ],
)
async def test_a_body_that_is_not_in_order_is_refused(
    api: httpx.AsyncClient, body: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    assert faults(await api.post(wire.ENDPOINTS, json=body)) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://127.0.0.2/",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f.1/",
        "https://user:pass@8.8.8.8/",
        "file:///etc/passwd",
        "gopher://8.8.8.8/",
        "https://8.8.8.8:22/",
        "https://",
        "\u202e//",
        "",
    ],
)
async def test_a_url_that_must_not_be_called_is_refused_when_made_and_when_changed(
    api: httpx.AsyncClient, url: str
) -> None:
    assert faults(await api.post(wire.ENDPOINTS, json={"url": url})) == [("url", "url_refused")]
    endpoint = await made(api)
    assert faults(await api.patch(of(endpoint), json={"url": url})) == [("url", "url_refused")]


async def test_an_eleventh_endpoint_is_refused(api: httpx.AsyncClient) -> None:
    for _ in range(10):
        await made(api)

    answer = await api.post(wire.ENDPOINTS, json={"url": URL})

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_another_accounts_endpoint_is_not_there(site: Site, api: httpx.AsyncClient) -> None:
    endpoint = await made(api)

    async with site.client() as stranger:
        answers = [
            await stranger.get(of(endpoint)),
            await stranger.get(of(endpoint, "secret")),
            await stranger.put(of(endpoint), json={"url": URL}),
            await stranger.patch(of(endpoint), json={}),
            await stranger.delete(of(endpoint)),
            *[await stranger.post(of(endpoint, verb)) for verb in ("enable", "disable", "rotate-secret", "test")],
            await stranger.post(of(endpoint, "replay"), json={"since": "2025-01-01T00:00:00Z"}),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert (await stranger.get(wire.ENDPOINTS)).json() == {"endpoints": []}


async def test_a_viewer_reads_everything_but_the_secret_and_changes_nothing(site: Site) -> None:
    async with site.client(Role.VIEWER) as viewer:
        path = f"{wire.ENDPOINTS}/{uuid4()}"
        refused = [
            await viewer.post(wire.ENDPOINTS, json={"url": URL}),
            await viewer.get(f"{path}/secret"),
            await viewer.delete(path),
            await viewer.post(f"{path}/test"),
        ]
        assert {answer.status_code for answer in refused} == {403}
        assert (await viewer.get(wire.ENDPOINTS)).status_code == 200


async def test_the_vendors_message_reaches_a_receiver_signed_and_keeps_its_id_on_a_retry(
    *, site: Site, api: httpx.AsyncClient, receiver: Receiver, clock: FakeClock
) -> None:
    endpoint = await made(api, receiver.url, types=["linx.workflow-updated"], **VENDOR)
    await happen(site.store, tenant_of(api), [an_event(), a_step()], at=clock.now())
    receiver.answers = [answering(500), answering(204)]

    assert await site.relay.run_once() == Round(told=2, failed=1)
    clock.advance(MINUTE)
    assert await site.relay.run_once() == Round(taken=1)

    first, second = receiver.arrivals
    body = Webhook(endpoint["secret"]).verify(second.body, dict(second.headers))
    assert (body["type"], body["data"]["currentStepStatus"]["status"]) == ("linx.workflow-updated", "ACTIVE")
    assert (first.id, first.body) == (second.id, second.body)


async def test_a_test_reaches_the_endpoint_in_its_style(
    *, site: Site, api: httpx.AsyncClient, receiver: Receiver
) -> None:
    for style in ("standard", "workflow-batches"):
        endpoint = await made(api, f"{receiver.url}/{style}", style=style)
        assert (await api.post(of(endpoint, "test"))).status_code == 202

    await site.relay.run_once()

    told = {(one.path, one.type) for one in receiver.arrivals}
    assert told == {("/hook/standard", "endpoint.tested"), ("/hook/workflow-batches", "linx.endpoint-tested")}


async def test_a_replay_tells_a_range_again(
    *, site: Site, api: httpx.AsyncClient, receiver: Receiver, clock: FakeClock
) -> None:
    endpoint = await made(api, receiver.url)
    start = clock.now()
    for number in (1, 2, 3):
        await happen(site.store, tenant_of(api), [an_event(counts=number)], at=clock.now())
        clock.advance(MINUTE)
    await site.relay.run_once()

    span = {"since": (start + MINUTE).isoformat(), "until": (start + 2 * MINUTE).isoformat()}
    assert (await api.post(of(endpoint, "replay"), json=span)).json() == {"queued": 1}
    assert (await api.post(of(endpoint, "replay"), json={"since": span["since"]})).json() == {"queued": 1}
    await site.relay.run_once()

    assert [total_in(one.body) for one in receiver.arrivals] == [1, 2, 3, 2, 3]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("since", "required")]),
        ({"since": "yesterday", "till": 1}, [("till", "unknown_field"), ("since", "invalid_format")]),
        ({"since": "2025-01-15T09:30:00"}, [("since", "invalid_format")]),
        ({"since": "0001-01-01T00:00:00+14:00"}, [("since", "invalid_format")]),
        ({"since": 1, "until": None}, [("since", "invalid_type"), ("until", "invalid_type")]),
        ({"since": "2025-01-02T00:00:00Z", "until": "2025-01-01T00:00:00Z"}, []),
    ],
)
async def test_a_range_that_is_not_in_order_is_refused(
    api: httpx.AsyncClient, body: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    endpoint = await made(api)

    assert faults(await api.post(of(endpoint, "replay"), json=body)) == expected


async def test_the_longest_range_there_is_holds_nothing_before_the_beginning(api: httpx.AsyncClient) -> None:
    endpoint = await made(api)
    span = {"since": datetime.min.replace(tzinfo=UTC).isoformat(), "until": "9999-12-31T23:59:59.999999Z"}

    assert (await api.post(of(endpoint, "replay"), json=span)).status_code == 202

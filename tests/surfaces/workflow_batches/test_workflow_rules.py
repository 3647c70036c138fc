"""What holds on every path of workflows: queries, ids, roles, verbs, bodies."""

from uuid import uuid4

import httpx
import pytest

from muster.domain.tenant import Role
from muster.ports.store.batches import Page
from muster.ports.store.workflows import WorkflowFilter
from muster.surfaces.workflow_batches import wire
from tests.surfaces.workflow_batches.house import Api, a_request, codes


def path(workflow_id: object, *more: str) -> str:
    return "/".join((wire.WORKFLOWS, str(workflow_id), *more))


@pytest.mark.parametrize(
    "query", ["status=DONE", "templateId=x", "batchId=x", "size=0", "page=-1", "sort=name", "sort=title,UP", "status="]
)
async def test_a_query_that_makes_no_sense_is_refused(idle_api: Api, query: str) -> None:
    answer = await idle_api.http.get(f"{wire.WORKFLOWS}?{query}")

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "VALIDATION_ERROR")


async def test_every_fault_of_a_query_is_named_at_once(idle_api: Api) -> None:
    for collection in (wire.WORKFLOWS, wire.BATCHES, wire.TEMPLATES):
        answer = await idle_api.http.get(f"{collection}?page=x&size=0&sort=foo&status=DONE")

        assert [where for where, _ in codes(answer)] == ["page", "size", "sort", "status"]


def calls(client: httpx.AsyncClient, workflow_id: object) -> list[httpx.Request]:
    """One request for every path of a workflow."""
    return [
        client.build_request("GET", path(workflow_id)),
        client.build_request("GET", path(workflow_id, "notifications", "history")),
        client.build_request("DELETE", path(workflow_id)),
        client.build_request("POST", path(workflow_id, "cancel")),
        client.build_request("POST", path(workflow_id, "notifications")),
        client.build_request("PATCH", path(workflow_id), json={"expireInHours": 1}),
    ]


async def test_only_an_own_workflow_is_found_and_its_id_must_be_a_uuid(idle_api: Api) -> None:
    workflow_id = await idle_api.made()
    stranger = await idle_api.house.account("Stranger")

    async with idle_api.house.client(stranger.token) as client:
        foreign = [await client.send(one) for one in calls(client, workflow_id)]
        listed = (await client.get(wire.WORKFLOWS)).json()["totalElements"]
    unknown = [await idle_api.http.send(one) for one in calls(idle_api.http, uuid4())]
    malformed = [await idle_api.http.send(one) for one in calls(idle_api.http, "abc")]

    assert {one.status_code for one in (*foreign, *unknown)} == {404}
    assert {one.status_code for one in malformed} == {400}
    assert listed == 0


async def test_a_view_only_account_may_read_workflows_and_change_none(idle_api: Api) -> None:
    workflow_id = await idle_api.made()
    viewer = await idle_api.house.accounts.add_principal("Acme", "Watcher", Role.VIEWER)

    async with idle_api.house.client(viewer.token) as client:
        answers = [await client.send(one) for one in calls(client, workflow_id)]
        made = await client.post(wire.WORKFLOWS, json=a_request())

    assert [one.status_code for one in answers] == [200, 200, 403, 403, 403, 403]
    assert made.status_code == 403


async def test_a_verb_that_a_path_does_not_know_is_told_those_it_does(idle_api: Api) -> None:
    workflow_id = uuid4()
    for verb, where, allowed in [
        ("PUT", wire.WORKFLOWS, {"GET", "POST"}),
        ("PUT", path(workflow_id), {"GET", "DELETE", "PATCH"}),
        ("GET", path(workflow_id, "notifications"), {"POST"}),
        ("DELETE", wire.TEMPLATES, {"GET", "POST"}),
        ("PATCH", wire.BATCHES, {"GET", "POST"}),
    ]:
        answer = await idle_api.http.request(verb, where)

        assert (answer.status_code, answer.json()["errorCode"]) == (405, "METHOD_NOT_ALLOWED"), where
        assert {one.strip() for one in answer.headers["Allow"].split(",")} - {"OPTIONS", "HEAD"} == allowed


async def test_a_body_that_is_no_json_is_told_so_on_every_path(idle_api: Api) -> None:
    workflow_id = await idle_api.made()
    for verb, where in [("POST", wire.WORKFLOWS), ("PATCH", path(workflow_id)), ("POST", wire.TEMPLATES)]:
        text = await idle_api.http.request(verb, where, content=b"{}", headers={"Content-Type": "text/plain"})
        broken = await idle_api.http.request(verb, where, content=b"[", headers={"Content-Type": "application/json"})

        assert (text.status_code, text.json()["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
        assert (broken.status_code, broken.json()["errorCode"]) == (400, "MALFORMED_JSON")


async def test_the_batch_of_a_single_workflow_is_no_batch_of_this_door(idle_api: Api) -> None:
    workflow_id = await idle_api.made()
    async with idle_api.house.store.read() as tx:
        found = await tx.workflows.find(
            idle_api.account.tenant, WorkflowFilter(), order=[("created_at", True)], page=Page(0, 10)
        )
    batch_id = found[1][0].batch

    answers = [
        await idle_api.http.get(f"{wire.BATCHES}/{batch_id}"),
        await idle_api.http.get(f"{wire.BATCHES}/{batch_id}/entries"),
        await idle_api.http.delete(f"{wire.BATCHES}/{batch_id}"),
    ]

    assert {one.status_code for one in answers} == {404}
    assert (await idle_api.workflow(workflow_id))["status"] == "CREATED"

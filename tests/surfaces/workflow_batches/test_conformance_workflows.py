"""The specification's conformance cases 31, 32, 41, 46 and 47: what becomes of the workflows."""

from datetime import datetime, timedelta

import pytest

from muster.domain.event import EventType
from muster.kinds.workflow_batches.journey import DeclineReason
from muster.surfaces.workflow_batches import wire
from tests.surfaces.workflow_batches.house import OK, REFUND, Api, entry


def after(moment: str, hours: int) -> str:
    """So many hours later, as the door writes it."""
    return (datetime.fromisoformat(moment) + timedelta(hours=hours)).isoformat(timespec="milliseconds")[:-6] + "Z"


async def test_case_31_a_workflow_ends_when_its_hours_are_over(api: Api) -> None:
    batch_id = await api.accepted(entry(OK, expiryInHours=2))
    batch = await api.settled(batch_id)
    (row,) = await api.entries(batch_id)
    active = await api.workflow(row["id"])

    api.house.clock.advance(timedelta(hours=2))
    await api.house.upkeep()

    assert (active["status"], active["expireAt"]) == ("ACTIVE", after(batch["createdAt"], 2))
    assert (await api.workflow(row["id"]))["status"] == "EXPIRED"
    assert [text["origin"] for text in await api.history(row["id"])] == ["INITIAL", "EXPIRY"]
    batch = await api.batch(batch_id)
    counts = (batch["expiredRequestsCount"], batch["activeRequestsCount"], batch["totalRequestsCount"])
    assert (batch["status"], counts) == ("COMPLETED", (1, 0, 1))


@pytest.mark.parametrize(("more", "hours"), [({"defaultExpiryDays": 2}, 48), ({}, 2160)], ids=["template", "system"])
async def test_case_32_without_hours_the_template_decides_and_then_the_system(
    *, api: Api, more: dict[str, object], hours: int
) -> None:
    await api.template("Days", REFUND, **more)
    batch_id = await api.accepted(entry(OK), useTemplate={"templateName": "Days"})
    batch = await api.settled(batch_id)

    (row,) = await api.entries(batch_id)

    assert (await api.workflow(row["id"]))["expireAt"] == after(batch["createdAt"], hours)


async def test_case_41_a_customer_who_declines_is_counted_and_told_once(api: Api) -> None:
    batch_id = await api.accepted(entry(OK), entry(OK), idempotencyKey="order-0001")
    await api.settled(batch_id)
    declined, other = [row["id"] for row in await api.entries(batch_id)]

    visit = await api.house.visit(declined)
    for _ in range(2):
        await api.house.guide.decline(visit, DeclineReason.WRONG_INFORMATION)

    found = await api.workflow(declined)
    assert (found["status"], found["declineReason"], found["completedAt"]) == (
        "DECLINED",
        "INCORRECT_INFORMATION",
        None,
    )
    assert [step["status"] for step in found["steps"]] == ["COMPLETED", "DECLINED", "CREATED"]
    assert (await api.workflow(other))["status"] == "ACTIVE"
    batch = await api.batch(batch_id)
    counts = (batch["declinedRequestsCount"], batch["activeRequestsCount"])
    assert (batch["status"], counts) == ("COMPLETED", (1, 1))
    now = api.house.clock.now()
    async with api.house.store.read() as tx:
        events = await tx.outbox.between(
            api.account.tenant, since=now - timedelta(days=1), until=now + timedelta(days=1), limit=1000
        )
    assert [event.type for event in events].count(EventType.WORKFLOW_UPDATED) == 1


async def test_case_46_a_single_workflow_is_made_from_a_template(api: Api) -> None:
    made_at = api.house.clock.now().isoformat()
    body = {"title": "t", "templateName": "Refund", "parameters": OK, "expireInHours": 4}
    answer = await api.http.post(wire.WORKFLOWS, json=body)

    assert answer.status_code == 201
    made = answer.json()
    assert made.keys() == {"workflowId", "templateId", "templateVersionId", "steps"}
    assert made["templateId"] == api.templates["Refund"]
    assert [step["stepName"] for step in made["steps"]] == [step["name"] for step in REFUND]
    found = await api.sent(made["workflowId"])
    assert (found["status"], found["currentStep"], found["templateVersionId"]) == (
        "ACTIVE",
        2,
        made["templateVersionId"],
    )
    assert found["expireAt"] == after(made_at, 4)
    assert [step["status"] for step in found["steps"]] == ["COMPLETED", "ACTIVE", "CREATED"]
    assert len(api.house.channels.texts) == 1


async def test_case_47_the_text_is_sent_again_while_the_workflow_is_active(api: Api) -> None:
    active, completed = await api.made(), await api.made()
    for one in (active, completed):
        await api.sent(one)
    await api.house.complete(completed)
    texts = len(api.house.channels.texts)

    answers = [await api.http.post(f"{wire.WORKFLOWS}/{one}/notifications") for one in (active, completed)]
    await api.house.upkeep()

    assert [answer.status_code for answer in answers] == [204, 422]
    assert answers[1].json()["errorCode"] == "INVALID_STATE"
    first, second = await api.history(active)
    assert (first["serial"], first["origin"], first["channel"]) == (0, "INITIAL", "SMS")
    assert (second["serial"], second["origin"], second["notifiedBy"]["type"]) == (1, "MANUAL", "service-account")
    assert len(await api.history(completed)) == 1
    await api.house.texts_reach(texts + 1)
    newest, *_ = api.house.channels.texts
    assert newest[1].endswith(api.house.link_of(active))

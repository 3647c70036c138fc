"""Workflows: made, found, cancelled, texted again, given more time."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from muster.surfaces.workflow_batches import wire
from tests.surfaces.workflow_batches.house import FORM, OK, REFUND, Api, a_request, codes, entry

PLAIN: list[dict[str, object]] = [
    {"name": "notification"},
    {"name": "customer-account"},
    {"name": "enhance-profile", "inputs": {"user": {"personalInfo": ["dateOfBirth"]}}},
]


def path(workflow_id: object, *more: str) -> str:
    return "/".join((wire.WORKFLOWS, str(workflow_id), *more))


async def test_a_workflow_without_a_template_brings_its_own_steps(api: Api) -> None:
    answer = await api.http.post(wire.WORKFLOWS, json=a_request(steps=PLAIN, customerMemo="Hello"))

    assert answer.status_code == 201
    assert answer.json().keys() == {"workflowId", "steps"}
    found = await api.sent(answer.json()["workflowId"])
    assert "templateId" not in found
    assert "templateVersionId" not in found
    assert [step["stepName"] for step in found["steps"]] == [step["name"] for step in PLAIN]
    assert (found["status"], found["currentStep"], found["email"], found["completedAt"]) == ("ACTIVE", 2, None, None)
    ((address, text),) = api.house.channels.texts
    assert (address, text.split()[0]) == (OK["phoneNumber"], "Hello")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": None}, [("title", "REQUIRED")]),
        ({"parameters": None}, [("parameters", "REQUIRED")]),
        (
            {"expireInHours": 0, "customerMemo": 1},
            [("expireInHours", "OUT_OF_RANGE"), ("customerMemo", "INVALID_TYPE")],
        ),
        ({"parameters": {}}, [("parameters.phoneNumber", "REQUIRED")]),
        (
            {"parameters": {**OK, "foo": 1, "financialAccountSubType": "CREDIT"}},
            [("parameters.foo", "UNKNOWN_PARAMETER"), ("parameters.financialAccountSubType", "NOT_OVERRIDABLE")],
        ),
        ({"templateName": None}, [("templateId", "REQUIRED")]),
        ({"templateId": "abc", "templateName": None}, [("templateId", "INVALID_FORMAT")]),
        ({"templateId": str(uuid4()), "templateName": "Refund"}, [("templateName", "MUTUALLY_EXCLUSIVE")]),
        ({"templateName": "Refund", "steps": PLAIN}, [("steps", "MUTUALLY_EXCLUSIVE")]),
        ({"steps": []}, [("steps", "LENGTH_OUT_OF_RANGE")]),
        ({"steps": [{"name": "notification"}]}, [("steps", "REQUIRED")]),
        (
            {"steps": [PLAIN[0], PLAIN[1], {"name": "enhance-profile"}]},
            [("steps[2].inputs.user", "REQUIRED")],
        ),
    ],
)
async def test_a_request_that_breaks_rules_is_refused_whole(
    *, idle_api: Api, fields: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    answer = await idle_api.http.post(wire.WORKFLOWS, json=a_request(**fields))

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "VALIDATION_ERROR")
    assert sorted(codes(answer)) == sorted(expected)
    assert await idle_api.workflows() == []


async def test_an_empty_request_is_told_everything_it_lacks(idle_api: Api) -> None:
    answer = await idle_api.http.post(wire.WORKFLOWS, json={})

    assert codes(answer) == [("templateId", "REQUIRED"), ("title", "REQUIRED"), ("parameters", "REQUIRED")]


async def test_a_parameter_that_is_null_is_as_good_as_absent(idle_api: Api) -> None:
    body = a_request(templateName="Refund", parameters={**OK, "channel": None})

    assert (await idle_api.http.post(wire.WORKFLOWS, json=body)).status_code == 201


async def test_an_unknown_template_is_not_found_and_a_suspended_one_refused(idle_api: Api) -> None:
    answers = [
        await idle_api.http.post(wire.WORKFLOWS, json=a_request(templateName="refund")),
        await idle_api.http.post(wire.WORKFLOWS, json=a_request(templateId=str(uuid4()))),
        await idle_api.http.post(wire.WORKFLOWS, json=a_request(templateName="Old")),
    ]

    assert [(one.status_code, one.json()["errorCode"]) for one in answers] == [
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
        (422, "TEMPLATE_NOT_ACTIVE"),
    ]


async def test_a_single_workflow_is_created_until_its_text_leaves(idle_api: Api) -> None:
    workflow_id = await idle_api.made()

    waiting = await idle_api.workflow(workflow_id)
    assert (waiting["status"], waiting["currentStep"], waiting["nextNotificationAt"]) == ("CREATED", 1, None)
    assert {step["status"] for step in waiting["steps"]} == {"CREATED"}
    assert await idle_api.history(workflow_id) == []
    idle_api.house.start()

    sent = await idle_api.sent(workflow_id)
    assert (sent["status"], sent["nextNotificationAt"] is not None) == ("ACTIVE", True)


async def test_a_single_workflow_is_no_batch_and_yet_its_template_was_used(api: Api) -> None:
    workflow_id = await api.made()
    await api.sent(workflow_id)

    assert await api.total() == 0
    for template in ("Refund", "Pay"):
        stats = (await api.http.get(f"{wire.TEMPLATES}/{api.templates[template]}")).json()["stats"]
        used = template == "Refund"
        assert (stats["allVersionsWorkflows"], stats["currentVersionActiveWorkflows"]) == (used, used)
        assert (stats["allVersionsLastExecutedAt"] is not None) == used
    await api.http.delete(path(workflow_id))
    (listed,) = (await api.http.get(wire.TEMPLATES, params={"search": "refund"})).json()["content"]
    assert (listed["stats"]["allVersionsWorkflows"], listed["stats"]["allVersionsActiveWorkflows"]) == (1, 0)


async def test_a_completed_workflow_shows_what_came_of_its_steps(api: Api) -> None:
    batch_id = await api.accepted(entry(OK))
    await api.settled(batch_id)
    (row,) = await api.entries(batch_id)

    await api.house.complete(row["id"])

    found = await api.workflow(row["id"])
    assert (found["status"], found["currentStep"], found["email"]) == ("COMPLETED", 3, "jo@example.test")
    assert found["completedAt"] is not None
    assert {step["status"] for step in found["steps"]} == {"COMPLETED"}
    assert found["steps"][1]["data"].keys() == {"customerId", "firstName", "lastName", "email"}
    assert found["steps"][2]["data"]["financialAccountSubType"] == "DEBIT"
    assert "4242424242424242" not in str(found)
    batch = await api.batch(batch_id)
    assert (batch["completedRequestsCount"], batch["activeRequestsCount"]) == (1, 0)


async def test_when_a_document_was_answered_is_told_in_milliseconds_and_utc(api: Api) -> None:
    papers = {"documents": [{"documentId": "terms", "documentGroup": "ours"}]}
    steps = [*PLAIN[:2], {"name": "document-acceptance", "inputs": {"user": papers}}]
    made = await api.http.post(wire.WORKFLOWS, json=a_request(steps=steps))
    workflow_id = made.json()["workflowId"]
    await api.sent(workflow_id)

    for step, form in ((1, FORM), (2, {"accepted": "yes", "number": "1"})):
        assert list(await api.house.guide.answer(await api.house.visit(workflow_id), step, form)) == []

    (answered,) = (await api.workflow(workflow_id))["steps"][2]["data"]["documents"]
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z", answered["respondedAt"])


async def test_workflows_are_found_by_words_state_template_and_batch(api: Api) -> None:
    batch_id = await api.accepted(entry(OK, title="b"), entry({"phoneNumber": "+16475550111"}, title="a"), entry({}))
    await api.settled(batch_id)
    api.house.clock.advance(timedelta(seconds=1))
    plain = await api.made(steps=PLAIN, title="c")
    await api.sent(plain)
    first, second = [row["id"] for row in (await api.entries(batch_id))[:2]]
    await api.house.complete(first)

    queries: list[tuple[dict[str, str | int], list[str]]] = [
        ({}, [plain, first, second]),
        ({"batchId": batch_id}, [first, second]),
        ({"templateId": api.templates["Refund"]}, [first, second]),
        ({"templateId": api.templates["Pay"]}, []),
        ({"status": "COMPLETED"}, [first]),
        ({"status": "ACTIVE", "batchId": batch_id}, [second]),
        ({"search": "0111"}, [second]),
        ({"search": "DOE"}, [first]),
        ({"search": "jo@example"}, [first]),
        ({"search": plain[:13].upper()}, [plain]),
        ({"search": "%"}, []),
        ({"sort": "title"}, [second, first, plain]),
        ({"sort": "createdAt,ASC", "size": 1, "page": 3}, [plain]),
        ({"page": 9}, []),
    ]
    for query, hits in queries:
        found = [row["id"] for row in await api.workflows(**query)]
        assert sorted(found) == sorted(hits), query
        if "sort" in query:
            assert found == hits, query


async def test_a_workflow_whose_text_waits_is_cancelled_and_never_sent(idle_api: Api) -> None:
    workflow_id = await idle_api.made()

    answers = [await idle_api.http.delete(path(workflow_id)) for _ in range(2)]
    idle_api.house.start()
    other = await idle_api.made()
    await idle_api.sent(other)

    assert [(one.status_code, one.content) for one in answers] == [(204, b"")] * 2
    found = await idle_api.workflow(workflow_id)
    assert (found["status"], found["currentStep"]) == ("CANCELLED", 1)
    assert {step["status"] for step in found["steps"]} == {"CREATED"}
    assert len(idle_api.house.channels.texts) == 1


async def test_cancelling_an_active_workflow_ends_its_link_and_is_counted(api: Api) -> None:
    batch_id = await api.accepted(entry(OK), entry(OK))
    await api.settled(batch_id)
    first, _ = [row["id"] for row in await api.entries(batch_id)]

    answer = await api.http.post(path(first, "cancel"))

    assert (answer.status_code, answer.json()["status"], answer.json()["id"]) == (200, "CANCELLED", first)
    assert (await api.house.visit(first)).standing == "cancelled"
    batch = await api.batch(batch_id)
    assert (batch["status"], batch["cancelledRequestsCount"], batch["activeRequestsCount"]) == ("COMPLETED", 1, 1)


async def test_what_has_ended_otherwise_can_be_neither_cancelled_nor_extended(api: Api) -> None:
    workflow_id = await api.made()
    await api.sent(workflow_id)
    await api.house.complete(workflow_id)

    answers = [
        await api.http.delete(path(workflow_id)),
        await api.http.post(path(workflow_id, "cancel")),
        await api.http.patch(path(workflow_id), json={"expireInHours": 1}),
        await api.http.post(path(workflow_id, "notifications")),
    ]

    assert {(one.status_code, one.json()["errorCode"]) for one in answers} == {(422, "INVALID_STATE")}


async def test_a_batch_whose_workflows_have_all_ended_cannot_be_cancelled(api: Api) -> None:
    batch_id = await api.accepted(entry(OK), entry(OK))
    await api.settled(batch_id)
    first, second = [row["id"] for row in await api.entries(batch_id)]
    await api.house.complete(first)
    await api.http.delete(path(second))

    answer = await api.http.delete(f"{wire.BATCHES}/{batch_id}")

    assert (answer.status_code, answer.json()["errorCode"]) == (422, "INVALID_STATE")
    assert (await api.batch(batch_id))["status"] == "COMPLETED"


async def test_cancelling_a_batch_cancels_what_is_open_of_it_and_nothing_else(api: Api) -> None:
    batch_id = await api.accepted(entry(OK), entry(OK), entry({}))
    await api.settled(batch_id)
    first, second, _ = [row["id"] for row in await api.entries(batch_id)]
    await api.house.complete(first)

    await api.http.delete(f"{wire.BATCHES}/{batch_id}")

    assert [(await api.workflow(one))["status"] for one in (first, second)] == ["COMPLETED", "CANCELLED"]
    batch = await api.batch(batch_id)
    names = ("active", "cancelled", "completed", "rejected", "total")
    assert [batch[f"{name}RequestsCount"] for name in names] == [0, 1, 1, 1, 3]
    assert batch["status"] == "CANCELLING"


async def test_more_time_is_counted_from_now(api: Api) -> None:
    workflow_id = await api.made(expireInHours=2)
    await api.sent(workflow_id)
    api.house.clock.advance(timedelta(hours=1))

    answer = await api.http.patch(path(workflow_id), json={"expireInHours": 48})

    found = answer.json()
    now = api.house.clock.now()
    expected = [now + timedelta(hours=48), now + timedelta(hours=24)]
    assert answer.status_code == 200
    assert [found["expireAt"], found["nextNotificationAt"]] == [
        one.isoformat(timespec="milliseconds")[:-6] + "Z" for one in expected
    ]
    assert found == await api.workflow(workflow_id)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "REQUIRED"),
        ({"expireInHours": 0}, "OUT_OF_RANGE"),
        ({"expireInHours": 8761}, "OUT_OF_RANGE"),
        ({"expireInHours": "2"}, "INVALID_TYPE"),
        ({"expireInHours": True}, "INVALID_TYPE"),
    ],
)
async def test_more_time_must_be_a_whole_number_of_hours(idle_api: Api, body: dict[str, object], code: str) -> None:
    answer = await idle_api.http.patch(path(await idle_api.made()), json=body)

    assert (answer.status_code, codes(answer)) == (400, [("expireInHours", code)])


async def test_a_workflow_that_was_not_sent_or_whose_time_is_over_is_not_active(idle_api: Api) -> None:
    waiting = await idle_api.made()
    early = [
        await idle_api.http.patch(path(waiting), json={"expireInHours": 1}),
        await idle_api.http.post(path(waiting, "notifications")),
    ]
    idle_api.house.start()
    await idle_api.sent(waiting)
    idle_api.house.clock.advance(timedelta(days=365))
    late = [
        await idle_api.http.patch(path(waiting), json={"expireInHours": 1}),
        await idle_api.http.post(path(waiting, "notifications")),
    ]

    assert {answer.status_code for answer in (*early, *late)} == {422}


async def test_who_has_opted_out_is_not_texted_again_and_the_answer_says_why(api: Api) -> None:
    workflow_id = await api.made()
    await api.sent(workflow_id)
    await api.house.guide.opt_out(await api.house.visit(workflow_id))

    answer = await api.http.post(path(workflow_id, "notifications"))

    assert (answer.status_code, answer.json()["errorCode"]) == (422, "INVALID_STATE")
    assert "opted out" in answer.json()["message"]
    batch_id = await api.accepted(entry(OK))
    assert (await api.settled(batch_id))["failedRequestsCount"] == 1
    (row,) = await api.entries(batch_id)
    assert (row["status"], row["id"]) == ("FAILED", None)
    assert "opted out" in row["errorMessage"]


async def test_a_single_workflow_whose_text_cannot_be_sent_is_cancelled(api: Api) -> None:
    workflow_id = await api.made(parameters={"phoneNumber": "+16475559008"})

    found = await api.sent(workflow_id)

    assert (found["status"], found["currentStep"]) == ("CANCELLED", 1)
    assert {step["status"] for step in found["steps"]} == {"CREATED"}
    assert found["steps"][0]["data"]["errorCode"] == "NOTIFICATION_FAILED"
    assert await api.history(workflow_id) == []


async def test_reminders_stand_in_the_history(api: Api) -> None:
    workflow_id = await api.made()
    await api.sent(workflow_id)
    api.house.clock.advance(timedelta(hours=24))

    await api.house.upkeep()
    await api.house.texts_reach(2)

    texts = await api.history(workflow_id)
    assert [(one["serial"], one["origin"], one["notifiedBy"]["type"]) for one in texts] == [
        (0, "INITIAL", "service-account"),
        (1, "REMINDER", "internal"),
    ]


async def test_a_workflow_stays_on_the_version_it_was_made_with(api: Api) -> None:
    workflow_id = await api.made()
    old = await api.sent(workflow_id)
    await api.http.put(
        f"{wire.TEMPLATES}/{api.templates['Refund']}",
        json={"displayName": "Refund 2", "definition": {"steps": REFUND[:2]}},
    )

    again = await api.workflow(workflow_id)
    new = await api.workflow(await api.made())

    assert (again["templateVersionId"], len(again["steps"])) == (old["templateVersionId"], 3)
    assert (new["templateId"], len(new["steps"])) == (old["templateId"], 2)
    assert new["templateVersionId"] != old["templateVersionId"]

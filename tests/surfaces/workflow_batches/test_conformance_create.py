"""The specification's conformance cases 1 to 30, one test each: tokens and new batches."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from muster.domain.tenant import Role
from muster.surfaces.workflow_batches import wire
from tests.surfaces.workflow_batches.house import OK, Api, a_batch, basic, codes, entry, faults

TWO = (entry(OK), entry(OK))


async def test_case_01_an_api_key_is_exchanged_for_a_token(api: Api) -> None:
    answer = await api.http.post(wire.EXCHANGE, headers=basic(api.account.api_key, api.account.api_secret))

    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "expires_in"}
    assert answer.json()["expires_in"] == 3600
    async with api.house.client(answer.json()["access_token"]) as client:
        assert (await client.get(wire.BATCHES)).status_code == 200


async def test_case_02_a_wrong_secret_gets_no_token(api: Api) -> None:
    answer = await api.http.post(wire.EXCHANGE, headers=basic(api.account.api_key, "wrong"))

    assert (answer.status_code, answer.json()["errorCode"]) == (401, "UNAUTHORIZED")


async def test_case_03_nobody_gets_in_without_a_valid_token(api: Api) -> None:
    granted = await api.http.post(wire.EXCHANGE, headers=basic(api.account.api_key, api.account.api_secret))
    api.house.clock.advance(timedelta(hours=1))

    for token in (None, "nonsense", granted.json()["access_token"]):
        async with api.house.client(token) as client:
            answer = await client.post(wire.BATCHES, json=a_batch(entry(OK)))
        assert answer.status_code == 401
        assert answer.json().keys() == {"timestamp", "traceId", "message", "errorCode", "errors"}
        assert answer.json()["timestamp"].endswith("Z")
        UUID(answer.json()["traceId"])


async def test_case_04_a_view_only_account_may_only_read(api: Api) -> None:
    viewer = await api.house.accounts.add_principal("Acme", "Watcher", Role.VIEWER)

    async with api.house.client(viewer.token) as client:
        refused = await client.post(wire.BATCHES, content=b"not even JSON")
        read = await client.get(wire.BATCHES)

    assert (refused.status_code, refused.json()["errorCode"]) == (403, "FORBIDDEN")
    assert read.status_code == 200


async def test_case_05_a_batch_is_taken_and_carried_out(api: Api) -> None:
    answer = await api.submit(*TWO, idempotencyKey="order-0001")

    assert answer.status_code == 201
    assert answer.json().keys() == {"batchId", "idempotencyKey"}
    assert answer.json()["idempotencyKey"] == "order-0001"
    batch = await api.settled(str(UUID(answer.json()["batchId"])))
    assert (batch["status"], batch["activeRequestsCount"], batch["totalRequestsCount"]) == ("COMPLETED", 2, 2)
    assert batch["templateVersion"] == 1
    assert len(api.house.channels.texts) == 2
    workflows = await api.workflows(batchId=batch["id"], status="ACTIVE")
    assert {row["id"] for row in workflows} == {row["id"] for row in await api.entries(batch["id"])}


async def test_case_06_a_key_is_made_when_none_is_given(api: Api) -> None:
    answer = await api.submit(*TWO, useTemplate={"templateId": api.templates["Refund"]})

    assert answer.status_code == 201
    assert 6 <= len(answer.json()["idempotencyKey"]) <= 255


async def test_case_07_the_same_request_again_is_the_same_batch(api: Api) -> None:
    first = await api.submit(*TWO, idempotencyKey="order-0001")
    await api.settled(first.json()["batchId"])

    again = await api.submit(*TWO, idempotencyKey="order-0001")

    assert (again.status_code, again.content) == (201, first.content)
    assert await api.total() == 1
    assert len(api.house.channels.texts) == 2


async def test_case_08_the_same_key_for_another_request_is_a_conflict(api: Api) -> None:
    await api.accepted(*TWO, idempotencyKey="order-0001")

    answer = await api.submit(entry(OK), entry(OK, title="other"), idempotencyKey="order-0001")

    assert (answer.status_code, answer.json()["errorCode"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert await api.total() == 1


async def test_case_09_a_replay_needs_no_active_template(api: Api) -> None:
    first = await api.submit(*TWO, idempotencyKey="order-0001")
    await api.move("Refund", "SUSPENDED")

    again = await api.submit(*TWO, idempotencyKey="order-0001")

    assert (again.status_code, again.json()) == (201, first.json())


async def test_case_10_a_key_need_not_be_a_uuid_of_version_4(api: Api) -> None:
    await api.accepted(*TWO, idempotencyKey="27a36bda-1aa6-6582-12ac-c3f287a33c7a")


@pytest.mark.parametrize(
    ("key", "code"),
    [("short", "LENGTH_OUT_OF_RANGE"), ("k" * 256, "LENGTH_OUT_OF_RANGE"), (123456, "INVALID_TYPE")],
    ids=["5 characters", "256 characters", "a number"],
)
async def test_case_11_a_bad_key_is_refused(api: Api, key: object, code: str) -> None:
    answer = await api.submit(*TWO, idempotencyKey=key)

    assert (answer.status_code, codes(answer)) == (400, [("header.idempotencyKey", code)])


@pytest.mark.parametrize("length", [6, 255])
async def test_case_12_the_shortest_and_the_longest_key_are_taken(api: Api, length: int) -> None:
    await api.accepted(*TWO, idempotencyKey="k" * length)


async def test_case_13_the_count_must_be_that_of_the_entries(api: Api) -> None:
    answer = await api.submit(*TWO, requestsInBatch=3)

    assert (answer.status_code, codes(answer)) == (400, [("header.requestsInBatch", "COUNT_MISMATCH")])
    assert await api.total() == 0


@pytest.mark.parametrize("count", [0, -1, 10001, "2", 2.5, True, None], ids=repr)
async def test_case_14_the_count_must_be_an_integer_from_1_to_10000(api: Api, count: object) -> None:
    answer = await api.submit(*TWO, requestsInBatch=count)

    assert answer.status_code == 400
    assert [path for path, _ in codes(answer)] == ["header.requestsInBatch"]


async def test_case_15_ten_thousand_entries_are_one_batch(api: Api) -> None:
    batch_id = await api.accepted(*(entry({"phoneNumber": f"+1647{i:05}00"}) for i in range(10_000)))

    batch = await api.settled(batch_id)

    assert (batch["status"], batch["totalRequestsCount"], batch["activeRequestsCount"]) == ("COMPLETED", 10_000, 10_000)
    pages = [await api.entries(batch_id, size=1000, page=page) for page in range(1, 11)]
    assert [row["position"] for page in pages for row in page] == list(range(10_000))
    assert len(api.house.channels.texts) == 10_000


async def test_case_16_ten_thousand_and_one_are_too_many(api: Api) -> None:
    answer = await api.submit(*[entry(OK)] * 10_001)

    assert (answer.status_code, codes(answer)) == (400, [("header.requestsInBatch", "OUT_OF_RANGE")])


async def test_case_17_there_must_be_entries(api: Api) -> None:
    bodies = [a_batch(), a_batch(entry(OK)), a_batch(entry(OK))]
    del bodies[1]["payload"]["batchEntries"]
    bodies[2]["payload"]["batchEntries"] = {}

    answers = [await api.http.post(wire.BATCHES, json=body) for body in bodies]

    assert [answer.status_code for answer in answers] == [400] * 3
    assert codes(answers[1]) == [("payload.batchEntries", "REQUIRED")]
    assert codes(answers[2]) == [("payload.batchEntries", "INVALID_TYPE")]


async def test_case_18_name_and_id_of_the_template_exclude_each_other(api: Api) -> None:
    use = {"templateName": "Refund", "templateId": api.templates["Refund"]}

    answer = await api.submit(*TWO, useTemplate=use)

    assert (answer.status_code, codes(answer)) == (400, [("header.useTemplate", "MUTUALLY_EXCLUSIVE")])


@pytest.mark.parametrize(
    ("use", "code"), [({}, "REQUIRED"), (None, "REQUIRED"), ({"templateId": "abc"}, "INVALID_FORMAT")], ids=repr
)
async def test_case_19_a_template_must_be_named(api: Api, use: object, code: str) -> None:
    answer = await api.submit(*TWO, useTemplate=use)

    assert answer.status_code == 400
    assert [found for _, found in codes(answer)] == [code]


async def test_case_20_an_unknown_template_is_not_found(api: Api) -> None:
    for use in ({"templateName": "refund"}, {"templateId": str(uuid4())}):
        answer = await api.submit(*TWO, useTemplate=use)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "NOT_FOUND")


async def test_case_21_a_suspended_template_is_refused_and_the_key_stays_free(api: Api) -> None:
    refused = await api.submit(*TWO, useTemplate={"templateName": "Old"}, idempotencyKey="order-0001")

    assert (refused.status_code, refused.json()["errorCode"]) == (422, "TEMPLATE_NOT_ACTIVE")
    await api.accepted(*TWO, idempotencyKey="order-0001")


async def test_case_22_what_is_no_json_object_is_malformed(api: Api) -> None:
    cut = json.dumps(a_batch(*TWO)).encode()[:-1]

    for body in (cut, b"[]", b""):
        answer = await api.http.post(wire.BATCHES, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "MALFORMED_JSON")
    assert await api.total() == 0


async def test_case_23_one_bad_entry_does_not_sink_the_batch(api: Api) -> None:
    batch_id = await api.accepted(entry(OK), entry({}))

    batch = await api.settled(batch_id)

    assert (batch["status"], batch["activeRequestsCount"], batch["rejectedRequestsCount"]) == ("COMPLETED", 1, 1)
    good, bad = await api.entries(batch_id)
    assert (good["status"], bad["status"], bad["id"], bad["errorCode"]) == (
        "COMPLETED",
        "INVALID",
        None,
        "VALIDATION_ERROR",
    )
    (fault,) = bad["fieldErrors"]
    assert (fault["fieldName"], fault["fieldCategory"], fault["code"]) == ("phoneNumber", "parameters", "REQUIRED")
    assert [row["id"] for row in await api.workflows()] == [good["id"]]


async def test_case_24_a_batch_of_nothing_but_bad_entries_is_invalid(api: Api) -> None:
    batch_id = await api.accepted(entry({"phoneNumber": "not-a-number"}))

    batch = await api.settled(batch_id)

    assert (batch["status"], batch["rejectedRequestsCount"], batch["activeRequestsCount"]) == ("INVALID", 1, 0)
    assert api.house.channels.texts == []


@pytest.mark.parametrize(
    ("broken", "field", "code"),
    [
        ({"parameters": OK}, "title", "REQUIRED"),
        (entry(OK, expiryInHours=0), "expiryInHours", "OUT_OF_RANGE"),
        (entry(OK, expiryInHours="2"), "expiryInHours", "INVALID_TYPE"),
    ],
)
async def test_case_25_a_fault_of_the_entry_itself_is_told_as_such(
    *, api: Api, broken: object, field: str, code: str
) -> None:
    batch_id = await api.accepted(broken)

    (row,) = await api.entries(batch_id)

    assert row["status"] == "INVALID"
    (fault,) = row["fieldErrors"]
    assert (fault["fieldName"], fault["fieldCategory"], fault["code"]) == (field, "entry", code)


async def test_case_26_what_the_template_sets_cannot_be_set_again(api: Api) -> None:
    (row,) = await api.entries(await api.accepted(entry({**OK, "financialAccountSubType": "CREDIT"})))

    assert row["status"] == "INVALID"
    assert faults(row) == [("financialAccountSubType", "NOT_OVERRIDABLE")]


async def test_case_27_an_unknown_parameter_is_named(api: Api) -> None:
    (row,) = await api.entries(await api.accepted(entry({**OK, "foo": 1})))

    assert row["status"] == "INVALID"
    assert faults(row) == [("foo", "UNKNOWN_PARAMETER")]


async def test_case_28_every_missing_parameter_is_named(api: Api) -> None:
    (row,) = await api.entries(await api.accepted(entry(OK), useTemplate={"templateName": "Pay"}))

    missing = ("customerId", "customerFinancialAccountId", "baFinancialAccountId", "amount")
    assert set(faults(row)) == {(name, "REQUIRED") for name in missing}


@pytest.mark.parametrize("amount", ["-1", "0", "1.234"])
async def test_case_29_an_amount_is_positive_with_two_decimals_at_most(api: Api, amount: str) -> None:
    ids = dict.fromkeys(("customerId", "customerFinancialAccountId", "baFinancialAccountId"), str(uuid4()))

    (row,) = await api.entries(
        await api.accepted(entry({**OK, **ids, "amount": amount}), useTemplate={"templateName": "Pay"})
    )

    assert row["status"] == "INVALID"
    assert [name for name, _ in faults(row)] == ["amount"]


async def test_case_30_the_number_of_the_published_sample_is_accepted(api: Api) -> None:
    batch_id = await api.accepted(entry({"phoneNumber": "+15551231234"}))
    await api.settled(batch_id)

    (row,) = await api.entries(batch_id)

    assert (row["status"], row["phoneNumber"]) == ("COMPLETED", "+15551231234")


async def test_case_43_of_two_simultaneous_first_uses_one_wins_and_both_get_its_answer(api: Api) -> None:
    answers = await asyncio.gather(*(api.submit(*TWO, idempotencyKey="order-0001") for _ in range(2)))

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert await api.total() == 1

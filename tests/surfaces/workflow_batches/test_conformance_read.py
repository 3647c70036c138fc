"""The specification's conformance cases 33 to 44 (without 41): reading and cancelling."""

from datetime import timedelta
from uuid import uuid4

import pytest

from muster.surfaces.workflow_batches import wire
from tests.surfaces.workflow_batches.house import OK, REFUND, Api, House, a_batch, entry

BAD = entry({})


async def test_case_33_only_an_own_batch_is_found(api: Api) -> None:
    batch_id = await api.accepted(entry(OK))
    stranger = await api.house.account("Stranger")

    unknown = await api.http.get(f"{wire.BATCHES}/{uuid4()}")
    malformed = await api.http.get(f"{wire.BATCHES}/abc")
    async with api.house.client(stranger.token) as client:
        foreign = [
            await client.get(f"{wire.BATCHES}/{batch_id}"),
            await client.get(f"{wire.BATCHES}/{batch_id}/entries"),
            await client.delete(f"{wire.BATCHES}/{batch_id}"),
        ]

    assert (unknown.status_code, malformed.status_code) == (404, 400)
    assert [answer.status_code for answer in foreign] == [404, 404, 404]
    assert (await api.settled(batch_id))["status"] == "COMPLETED"


async def test_case_34_batches_come_in_pages_newest_first(api: Api) -> None:
    ids = []
    for _ in range(2):
        ids.append(await api.accepted(entry(OK)))
        await api.settled(ids[-1])
        api.house.clock.advance(timedelta(seconds=1))
    await api.accepted(BAD)

    page = (await api.http.get(wire.BATCHES, params={"status": "COMPLETED", "page": 1, "size": 1})).json()

    assert page["content"][0]["id"] == ids[1]
    del page["content"]
    assert page == {
        "totalElements": 2,
        "totalPages": 2,
        "number": 1,
        "numberOfElements": 1,
        "hasNext": True,
    }


@pytest.mark.parametrize(
    "query", ["status=DONE", "size=0", "size=1001", "page=-1", "page=x", "sort=foo,ASC", "sort=createdAt,UP"]
)
async def test_case_35_a_query_that_makes_no_sense_is_refused(api: Api, query: str) -> None:
    answer = await api.http.get(f"{wire.BATCHES}?{query}")

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "VALIDATION_ERROR")


async def test_case_36_entries_are_listed_in_order_and_by_status(api: Api) -> None:
    batch_id = await api.accepted(entry(OK), BAD, entry(OK))
    await api.settled(batch_id)

    assert [row["position"] for row in await api.entries(batch_id)] == [0, 1, 2]
    assert [row["position"] for row in await api.entries(batch_id, status="INVALID")] == [1]
    answer = await api.http.get(f"{wire.BATCHES}/{batch_id}/entries", params={"status": "ACTIVE"})
    assert answer.status_code == 400


async def test_case_37_a_page_beyond_the_end_is_empty(api: Api) -> None:
    batch_id = await api.accepted(entry(OK))

    answer = await api.http.get(f"{wire.BATCHES}/{batch_id}/entries", params={"page": 999})

    assert (answer.status_code, answer.json()["content"], answer.json()["hasNext"]) == (200, [], False)


async def test_case_38_a_cancelled_batch_sends_nothing_more(idle_api: Api) -> None:
    batch_id = await idle_api.accepted(*[entry(OK)] * 1000)
    assert (await idle_api.batch(batch_id))["status"] == "QUEUED"

    answer = await idle_api.http.delete(f"{wire.BATCHES}/{batch_id}")
    at_once = await idle_api.batch(batch_id)
    idle_api.house.start()

    assert (answer.status_code, answer.content) == (204, b"")
    assert at_once["status"] == "CANCELLING"
    while (batch := await idle_api.batch(batch_id))["cancelledRequestsCount"] != 1000:
        pass
    assert batch["status"] == "CANCELLING"
    assert idle_api.house.channels.texts == []
    assert {row["status"] for row in await idle_api.entries(batch_id, size=1000)} == {"CANCELLING"}
    assert await idle_api.workflows() == []


async def test_case_39_cancelling_again_changes_nothing_and_an_invalid_batch_cannot_be(api: Api) -> None:
    batch_id, invalid = await api.accepted(entry(OK)), await api.accepted(BAD)
    await api.settled(batch_id)

    answers = [await api.http.delete(f"{wire.BATCHES}/{one}") for one in (batch_id, batch_id, invalid, uuid4())]

    assert [answer.status_code for answer in answers] == [204, 204, 422, 404]
    assert answers[2].json()["errorCode"] == "INVALID_STATE"
    batch = await api.batch(batch_id)
    assert (batch["status"], batch["activeRequestsCount"], batch["cancelledRequestsCount"]) == ("CANCELLING", 0, 1)
    assert [row["status"] for row in await api.workflows(batchId=batch_id)] == ["CANCELLED"]


async def test_case_40_a_batch_stays_on_the_version_it_was_made_with(api: Api) -> None:
    old = await api.settled(await api.accepted(entry(OK)))
    path = f"{wire.TEMPLATES}/{api.templates['Refund']}"
    await api.http.put(path, json={"displayName": "Refund 2", "definition": {"steps": REFUND}})

    new = await api.batch(await api.accepted(entry(OK)))

    again = await api.batch(str(old["id"]))
    assert (again["templateVersion"], again["templateVersionId"]) == (1, old["templateVersionId"])
    assert (new["templateVersion"], new["templateDisplayName"]) == (2, "Refund 2")
    (workflow,) = await api.workflows(batchId=str(old["id"]))
    assert (workflow["status"], workflow["templateVersionId"]) == ("ACTIVE", old["templateVersionId"])


async def test_case_42_a_batch_that_was_accepted_survives_the_end_of_its_server(idle_api: Api) -> None:
    batch_id = await idle_api.accepted(*[entry(OK)] * 1000)
    reborn = House(idle_api.house.store, idle_api.house.clock)

    try:
        await reborn.refill()
        reborn.start()
        async with reborn.client(idle_api.account.token) as client:
            batch = await Api(reborn, idle_api.account, client).settled(batch_id)
    finally:
        await reborn.stop()

    assert (batch["status"], batch["activeRequestsCount"]) == ("COMPLETED", 1000)
    assert len(reborn.channels.texts) == 1000


async def test_case_44_only_json_and_only_known_verbs_are_taken(api: Api) -> None:
    text = await api.http.post(wire.BATCHES, json=a_batch(entry(OK)), headers={"Content-Type": "text/plain"})
    verb = await api.http.put(wire.BATCHES, json={})

    assert (text.status_code, text.json()["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert (verb.status_code, verb.json()["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
    assert {one.strip() for one in verb.headers["Allow"].split(",")} >= {"GET", "POST"}


async def test_an_unknown_path_below_the_door_is_answered_in_its_words(api: Api) -> None:
    answer = await api.http.get("/v2/linx/nonsense")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "NOT_FOUND")


async def test_cancelling_by_post_answers_with_the_batch(idle_api: Api) -> None:
    batch_id = await idle_api.accepted(entry(OK))

    answer = await idle_api.http.post(f"{wire.BATCHES}/{batch_id}/cancel")

    assert (answer.status_code, answer.json()["status"], answer.json()["id"]) == (200, "CANCELLING", batch_id)


@pytest.mark.parametrize(
    ("ending", "status", "code", "batch_status"),
    [
        ("9000", "COMPLETED", None, "COMPLETED"),
        ("9002", "COMPLETED", "NOTIFICATION_FAILED", "COMPLETED"),
        ("9008", "FAILED", "NOTIFICATION_FAILED", "FAILED"),
        ("9011", "COMPLETED", None, "COMPLETED"),
    ],
    ids=["delivered", "bounced", "refused", "unknown"],
)
async def test_what_became_of_an_entry_is_told_with_its_reason(
    *, api: Api, ending: str, status: str, code: str | None, batch_status: str
) -> None:
    batch_id = await api.accepted(entry({"phoneNumber": f"+1647555{ending}"}))
    batch = await api.settled(batch_id)
    await api.house.receipts_told()

    (row,) = await api.entries(batch_id)

    assert (row["status"], row["errorCode"], batch["status"]) == (status, code, batch_status)
    assert (row["errorMessage"] is None) == (code is None)
    assert (row["id"] is None) == (status == "FAILED")
    found = (await api.http.get(wire.BATCHES, params={"status": batch_status})).json()
    assert [one["id"] for one in found["content"]] == [batch_id]


async def test_each_status_of_a_batch_can_be_searched_for(idle_api: Api) -> None:
    queued, invalid, cancelled = [await idle_api.accepted(one) for one in (entry(OK), BAD, entry(OK))]
    await idle_api.http.delete(f"{wire.BATCHES}/{cancelled}")

    found = {
        status: [
            one["id"] for one in (await idle_api.http.get(wire.BATCHES, params={"status": status})).json()["content"]
        ]
        for status in ("NEW", "QUEUED", "COMPLETED", "INVALID", "CANCELLING", "FAILED")
    }

    expected = {"QUEUED": [queued], "INVALID": [invalid], "CANCELLING": [cancelled]}
    assert found == {"NEW": [], "COMPLETED": [], "FAILED": [], **expected}


async def test_batches_are_searched_by_words_and_template(idle_api: Api) -> None:
    batch_id = await idle_api.accepted(entry(OK))
    other = str(uuid4())

    for query, hits in [
        ({"search": "REFU"}, [batch_id]),
        ({"search": batch_id[:8]}, [batch_id]),
        ({"search": "%"}, []),
        ({"templateId": idle_api.templates["Refund"]}, [batch_id]),
        ({"templateId": other}, []),
        ({"templateVersionId": other}, []),
    ]:
        found = (await idle_api.http.get(wire.BATCHES, params=query)).json()
        assert [one["id"] for one in found["content"]] == hits, query


async def test_lists_sort_as_they_are_asked(idle_api: Api) -> None:
    batch_id = await idle_api.accepted(*(entry(OK, title=title) for title in "bca"))
    await idle_api.accepted(entry(OK))

    by_title = await idle_api.entries(batch_id, sort="title")
    backwards = await idle_api.entries(batch_id, sort="position,DESC")
    sizes = (await idle_api.http.get(f"{wire.BATCHES}?sort=totalRequestsCount,DESC&sort=createdAt")).json()

    assert [row["title"] for row in by_title] == ["a", "b", "c"]
    assert [row["position"] for row in backwards] == [2, 1, 0]
    assert [one["totalRequestsCount"] for one in sizes["content"]] == [3, 1]

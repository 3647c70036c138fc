"""Batches over HTTP: taken in, worked on, told."""

import json

from muster.domain.tenant import Role
from tests.surfaces.record_batches.house import Api, House, texts


def person(title: str = "Person 1", **more: object) -> dict[str, object]:
    return {"title": title, "template": {"templateId": 1}, **more}


async def test_a_batch_is_answered_with_its_number_and_nothing_else(idle_api: Api) -> None:
    answer = await idle_api.submit("GET", {"1": [{"id": 100}]})
    assert answer.status_code == 202
    assert set(answer.json()) == {"batchId", "batchStatus"}
    assert answer.json()["batchStatus"] == "Created"
    number = answer.json()["batchId"]
    assert await idle_api.get(f"/batch/{number}") == {"batchId": number, "batchStatus": "Created"}


async def test_contacts_are_created_with_their_references(api: Api) -> None:
    batch = await api.ran("POST", {"2": [person(referenceId="a"), person("Person 2", referenceId="b")]})
    assert batch["batchStatus"] == "Complete"
    first, second = batch["batchResults"]["records"]["2"]
    assert texts([first, second]) == [(200, "Created."), (200, "Created.")]
    assert (first["referenceId"], second["referenceId"]) == ("a", "b")
    assert 0 < first["id"] < second["id"]
    assert first["record"]["title"] == "Person 1"
    assert first["record"]["status"] == {"statusId": 1, "statusName": "Active"}


async def test_one_fault_keeps_all_from_being_created_when_that_is_wanted(api: Api) -> None:
    faulty = person(characteristics={"fake_field": "x"}, referenceId="contact1")
    batch = await api.ran("POST", {"2": [faulty, person()]}, batchOptions={"cancelIfRecordFails": True})
    assert batch["batchStatus"] == "Errored"
    (entry,) = batch["batchResults"]["records"]["2"]
    assert (entry["code"], entry["id"], entry["referenceId"]) == (400, 0, "contact1")
    assert json.loads(entry["message"])["Errors"] == [
        {"Key": "CharDataValidation", "Value": ["Invalid field found fake_field."]}
    ]
    found = await api.ran("GET", {"2": [{"id": 1}]})
    assert texts(found["batchResults"]["records"]["2"]) == [(404, "Record Not Found.")]


async def test_what_is_missing_cancels_a_batch_that_is_wanted_whole(api: Api) -> None:
    made = await api.post("/contact", person())
    asked = {"2": [{"id": made}, {"id": 999999}]}
    loose = await api.ran("GET", asked)
    assert loose["batchStatus"] == "Complete"
    assert texts(loose["batchResults"]["records"]["2"]) == [(200, "Found."), (404, "Record Not Found.")]
    whole = await api.ran("GET", asked, batchOptions={"cancelIfRecordFails": True})
    assert whole["batchStatus"] == "Cancelled"
    assert whole["batchResults"] == {
        "records": {"2": [{"code": 404, "message": "Record Not Found.", "id": 999999}]},
        "relationships": [],
    }


async def test_a_relationship_to_nothing_is_told_among_the_records(api: Api) -> None:
    deal = await api.post("/deal", {"title": "D", "template": {"templateId": 12}})
    link = {"parentCharTypeId": 4, "parentRecordId": deal, "childCharTypeId": 1, "childRecordId": 9999999}
    batch = await api.ran("POST", relationships=[link])
    assert batch["batchResults"] == {
        "records": {"1": [{"code": 404, "message": "Record Not Found.", "id": 9999999}]},
        "relationships": [],
    }


async def test_entries_that_cannot_be_read_fail_alone(api: Api) -> None:
    made = await api.post("/contact", person())
    batch = await api.ran("PUT", {"2": [{"title": "no id"}, {"id": made, "title": "New"}, {"id": 2.5}]})
    assert texts(batch["batchResults"]["records"]["2"]) == [
        (400, "Invalid Record."),
        (200, "Updated."),
        (400, "Invalid Record."),
    ]


async def test_ids_that_are_out_of_every_range_are_just_not_there(api: Api) -> None:
    batch = await api.ran("GET", {"2": [{"id": 2**62}, {"id": -1}, {"id": 0}]}, relationships=[{"id": 2**62}])
    assert {code for code, _ in texts(batch["batchResults"]["records"]["2"])} == {404}
    assert texts(batch["batchResults"]["relationships"]) == [(404, "Record Not Found.")]


async def test_the_eleventh_batch_waits_outside(idle_api: Api) -> None:
    for _ in range(10):
        assert (await idle_api.submit("GET", {"1": [{"id": 1}]})).status_code == 202
    refused = await idle_api.submit("GET", {"1": [{"id": 1}]})
    assert refused.status_code == 429
    assert refused.json()["message"] == "Too many batches in queued status. Please wait and try again."
    assert int(refused.headers["retry-after"]) > 0


async def test_what_is_wrong_with_the_request_is_told_before_that_the_queue_is_full(idle_api: Api) -> None:
    for _ in range(10):
        await idle_api.submit("GET", {"1": [{"id": 1}]})
    refused = await idle_api.submit("PATCH", {"1": [{"id": 1}]})
    assert (refused.status_code, refused.json()["message"]) == (400, "Method 'PATCH' is not supported.")


async def test_the_same_request_under_the_same_key_is_one_batch(idle_api: Api) -> None:
    headers, body = {"Idempotency-Key": "k"}, {"method": "GET", "records": {"1": [{"id": 1}]}}
    first = await idle_api.http.post("/v4/batch", json=body, headers=headers)
    again = await idle_api.http.post("/v4/batch", json=body, headers=headers)
    other = await idle_api.http.post("/v4/batch", json={**body, "method": "DELETE"}, headers=headers)
    assert first.json() == again.json()
    assert other.status_code == 409


async def test_a_body_that_is_no_json_is_refused_and_the_vendors_own_is_taken(idle_api: Api) -> None:
    broken = await idle_api.http.post("/v4/batch", content=b'{"method":')
    assert (broken.status_code, broken.json()["message"]) == (400, "Invalid JSON in request body.")
    odd = b'\xef\xbb\xbf{"method": "COPY", "records": {"2": [{"id": 402,}]} /* all */ } // end'
    assert (await idle_api.http.post("/v4/batch", content=odd)).status_code == 202


async def test_batches_that_are_not_there_or_not_mine_are_not_found(house: House, idle_api: Api) -> None:
    other = await house.rent("Other")
    async with await house.plain(other) as http:
        theirs = (await http.post("/v4/batch", json={"method": "GET", "records": {"1": [{"id": 1}]}})).json()
    for number in ("abc", "0", "-1", "99999", str(2**40), str(2**70), "1.0", theirs["batchId"] + 1):
        assert (await idle_api.get(f"/batch/{number}", 404))["message"] == "Resource Not Found"


async def test_other_verbs_are_refused(idle_api: Api) -> None:
    assert (await idle_api.put("/batch/1", {}, 405))["message"] == "Method Not Allowed"
    assert (await idle_api.delete("/batch", 405))["message"] == "Method Not Allowed"


async def test_who_may_only_read_reads_in_batches_and_writes_nothing(house: House) -> None:
    account = await house.rent("Readers", Role.VIEWER)
    house.start()
    async with await house.plain(account) as http:
        api = Api(house, account, http)
        read = await api.ran("GET", {"2": [{"id": 1}]})
        written = await api.ran("POST", {"2": [person()]})
    assert read["batchStatus"] == "Complete"
    assert texts(written["batchResults"]["records"]["2"]) == [(403, "Access Denied.")]

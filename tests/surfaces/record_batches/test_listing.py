"""What the door has for batches besides the vendor's calls: a list, cancelling, results as CSV, and trying only."""

import csv
import io
from datetime import timedelta

import pytest

from muster.domain.tenant import Role
from muster.surfaces.record_batches.wire.paths import PREFIX
from tests.surfaces.record_batches.house import Api, House, Row, texts

TRY = {"validateOnly": True}


def person(title: str = "Person 1", **more: object) -> Row:
    return {"title": title, "template": {"templateId": 1}, **more}


async def a_number(api: Api, method: str = "GET") -> int:
    """The number of a batch that waits, if nothing is worked on."""
    answer = await api.submit(method, {"2": [{"id": 1}, {"id": 2}]})
    assert answer.status_code == 202
    number: int = answer.json()["batchId"]
    return number


async def numbers(api: Api, query: str = "") -> list[int]:
    """Which batches the list has."""
    return [one["batchId"] for one in (await api.get(f"/batch?{query}"))["batches"]]


async def test_batches_are_listed_newest_first_with_how_they_stand(api: Api) -> None:
    first = (await api.ran("POST", {"2": [person()]}))["batchId"]
    second = (await api.ran("GET", {"2": [{"id": 1}]}, batchOptions=TRY))["batchId"]

    listed = await api.get("/batch")

    newer, older = listed["batches"]
    assert listed["totalCount"] == 2
    assert (newer["batchId"], newer["method"], newer["validateOnly"]) == (second, "GET", True)
    assert (older["batchId"], older["batchStatus"], older["total"], older["processed"]) == (first, "Complete", 1, 1)
    assert older["createdById"] > 0
    assert older["createdDate"] <= older["endedDate"]


async def test_batches_are_listed_by_status(idle_api: Api) -> None:
    waits, cancelled = await a_number(idle_api), await a_number(idle_api)
    await idle_api.delete(f"/batch/{cancelled}")

    assert await numbers(idle_api, "status=created") == [waits]
    assert await numbers(idle_api, "status=Cancelled") == [cancelled]
    assert await numbers(idle_api, "status=Created,%20Cancelled,Errored") == [cancelled, waits]
    assert await numbers(idle_api, "status=Complete") == []


async def test_batches_are_listed_by_user_and_time(house: House, idle_api: Api) -> None:
    early = await a_number(idle_api)
    day = house.clock.now().date()
    house.clock.advance(timedelta(days=1))
    await idle_api.http.aclose()
    async with await house.plain(idle_api.account) as http:
        api = Api(house, idle_api.account, http)
        late = await a_number(api)
        (user,) = {one["createdById"] for one in (await api.get("/batch"))["batches"]}

        assert await numbers(api, f"startDate={day}&endDate={day}") == [early]
        assert await numbers(api, f"startDate={day + timedelta(days=1)}") == [late]
        assert await numbers(api, f"userId={user}") == [late, early]
        assert await numbers(api, f"userId={user + 1}") == []


async def test_the_list_has_pages(idle_api: Api) -> None:
    made = [await a_number(idle_api) for _ in range(3)]

    assert await numbers(idle_api, "rows=2") == [made[2], made[1]]
    assert await numbers(idle_api, "rows=2&page=2") == [made[0]]
    assert (await idle_api.get("/batch?rows=2&page=9"))["totalCount"] == 3


async def test_every_fault_of_a_query_is_told(idle_api: Api) -> None:
    query = f"status=Nope&userId={10**30}&startDate=soon&page=0&rows=x"
    answer = await idle_api.http.get(f"{PREFIX}/batch?{query}")
    assert answer.status_code == 400
    for name in ("status", "userId", "startDate", "page", "rows"):
        assert name in answer.text


async def test_another_tenants_batches_are_not_listed(house: House, idle_api: Api) -> None:
    await a_number(idle_api)
    other = await house.rent("Other")
    async with await house.plain(other) as http:
        assert await numbers(Api(house, other, http)) == []


async def test_a_batch_that_waits_is_cancelled_for_good(idle_api: Api) -> None:
    made = await idle_api.submit("POST", {"2": [person()]})
    number = made.json()["batchId"]

    cancelled = await idle_api.delete(f"/batch/{number}")
    idle_api.house.start()

    nothing: Row = {"batchId": number, "batchStatus": "Cancelled", "batchResults": {"records": {}, "relationships": []}}
    assert cancelled == nothing
    found = await idle_api.ran("GET", {"2": [{"id": 1}]})
    assert texts(found["batchResults"]["records"]["2"]) == [(404, "Record Not Found.")]
    assert await idle_api.get(f"/batch/{number}") == nothing
    assert (await idle_api.delete(f"/batch/{number}", 409))["message"]


async def test_cancelling_makes_room_for_another_batch(idle_api: Api) -> None:
    made = [await a_number(idle_api) for _ in range(10)]
    assert (await idle_api.submit("GET", {"1": [{"id": 1}]})).status_code == 429
    await idle_api.delete(f"/batch/{made[0]}")
    assert (await idle_api.submit("GET", {"1": [{"id": 1}]})).status_code == 202


async def test_a_batch_that_ended_is_not_cancelled(api: Api) -> None:
    batch = await api.ran("GET", {"2": [{"id": 1}]})
    await api.delete(f"/batch/{batch['batchId']}", 409)
    assert (await api.get(f"/batch/{batch['batchId']}"))["batchStatus"] == "Complete"


@pytest.mark.parametrize("number", ["abc", "0", "99999", str(2**70)])
async def test_what_is_not_there_is_not_cancelled(idle_api: Api, number: str) -> None:
    await idle_api.delete(f"/batch/{number}", 404)


async def test_another_tenant_and_who_may_only_read_cancel_nothing(house: House, idle_api: Api) -> None:
    number = await a_number(idle_api)
    for role, status in ((Role.OWNER, 404), (Role.VIEWER, 403)):
        other = await house.rent(f"Other {role}", role)
        async with await house.plain(other) as http:
            await Api(house, other, http).delete(f"/batch/{number}", status)
    assert (await idle_api.get(f"/batch/{number}"))["batchStatus"] == "Created"


async def test_results_are_had_as_csv_that_a_spreadsheet_takes_for_text(api: Api) -> None:
    entries = [person(referenceId="=1+1"), person(characteristics={"fake_field": "x"}, referenceId="b")]
    number = (await api.ran("POST", {"2": entries}))["batchId"]

    answer = await api.http.get(f"{PREFIX}/batch/{number}?format=csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="batch-{number}.csv"'
    header, first, second = csv.reader(io.StringIO(answer.text))
    assert header == ["charTypeId", "charType", "id", "referenceId", "code", "message"]
    assert (first[0], first[1], first[3:]) == ("2", "contact", ["'=1+1", "200", "Created."])
    assert second[:5] == ["2", "contact", "0", "b", "400"]
    assert "Invalid field found fake_field." in second[5]


async def test_there_is_no_csv_before_the_end_and_no_other_form(idle_api: Api) -> None:
    number = await a_number(idle_api)
    await idle_api.get(f"/batch/{number}?format=csv", 409)
    await idle_api.get(f"/batch/{number}?format=xml", 400)


async def test_what_is_only_tried_is_told_as_if_it_were_done_and_is_not(api: Api) -> None:
    asked = {"2": [person(referenceId="a"), person("", referenceId="b")]}
    tried = await api.ran("POST", asked, batchOptions=TRY)

    assert (tried["batchStatus"], tried["validateOnly"]) == ("Complete", True)
    good, bad = tried["batchResults"]["records"]["2"]
    assert (good["code"], good["message"], bad["code"]) == (200, "Created.", 400)
    done = await api.ran("POST", asked)
    assert "validateOnly" not in done
    assert done["batchResults"]["records"]["2"][0]["id"] == good["id"]


async def test_trying_changes_nothing_that_is_there(api: Api) -> None:
    made = await api.post("/contact", person("Before"))
    changed = await api.ran("PUT", {"2": [{"id": made, "title": "After"}]}, batchOptions=TRY)
    deleted = await api.ran("DELETE", {"2": [{"id": made}]}, batchOptions=TRY)

    assert changed["batchResults"]["records"]["2"][0]["record"]["title"] == "After"
    assert texts(deleted["batchResults"]["records"]["2"]) == [(200, "Deleted.")]
    assert (await api.get(f"/contact/{made}"))["title"] == "Before"


async def test_trying_all_or_nothing_tells_how_it_would_end(api: Api) -> None:
    options = {**TRY, "cancelIfRecordFails": True}
    tried = await api.ran("POST", {"2": [person(), person("")]}, batchOptions=options)
    assert tried["batchStatus"] == "Errored"
    assert len(tried["batchResults"]["records"]["2"]) == 1


async def test_whether_it_is_only_to_be_tried_is_true_or_false(idle_api: Api) -> None:
    refused = await idle_api.submit("GET", {"2": [{"id": 1}]}, batchOptions={"validateOnly": "yes"})
    assert (refused.status_code, refused.json()["message"]) == (400, "validateOnly must be true or false.")

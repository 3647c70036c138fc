"""What no well-meant client sends: each is refused in plain words, at once, and none of it breaks the server."""

from time import process_time
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from muster.records.entities.parents import MOST_FLAWS
from muster.surfaces.record_batches.translate.drafts import MOST_LABELS
from tests.surfaces.record_batches.house import Api

ODD: tuple[Any, ...] = ({}, {"a": 1}, [], [[]], [{}], True, 0, 2**63 - 1, -1, "", " ", "x" * 70_000, "'; --")
"""Values of every sort, for properties that hold another."""
WINDOW = {"startDate": "2026-01-01", "endDate": "2026-01-02"}
SEARCHES: dict[str, dict[str, Any]] = {
    "/catalog-item/search": dict.fromkeys(
        ("keywords", "query", "parentQuery", "childQuery", "start", "rows", "cursorToken", "sortOrders")
    ),
    "/relationship/search": dict.fromkeys(("query", "start", "rows", "cursorToken", "sortOrders")),
    "/catalog-item/search-deleted": {**WINDOW, "deletedById": 1, "createdStartDate": "2026-01-01", "createdById": 1},
    "/relationship/search-deleted": {**WINDOW, "deletedById": 1},
}
FILM = {"title": "Film", "template": {"templateId": 1}}


@pytest.mark.parametrize("path", SEARCHES)
async def test_a_search_takes_or_refuses_a_value_of_any_sort(idle_api: Api, path: str) -> None:
    usual = SEARCHES[path]

    answers = [await idle_api.http.post(f"/v4{path}", json={**usual, name: odd}) for name in usual for odd in ODD]

    assert {answer.status_code for answer in answers} <= {200, 400}
    assert all(answer.json()["message"] for answer in answers if answer.status_code == 400)


async def test_sort_orders_may_stand_alone_or_be_missing(idle_api: Api) -> None:
    film = await idle_api.post("/catalog-item", FILM)

    for orders in ("title desc", "", None, [], ["title asc"]):
        found = await idle_api.post("/catalog-item/search", {"sortOrders": orders})
        assert [entity["id"] for entity in found["entities"]] == [film]


async def test_a_record_names_only_so_many_characteristics(idle_api: Api) -> None:
    many = {f"field_{number}": 1 for number in range(MOST_LABELS + 1)}

    for part in ("characteristics", "characteristicsExtended"):
        values = many if part == "characteristics" else {key: {"estimated": True} for key in many}
        refused = await idle_api.post("/catalog-item", {**FILM, part: values}, status=400)
        assert refused["message"] == "Invalid Record."


async def test_each_characteristic_that_there_is_not_is_told(idle_api: Api) -> None:
    many = {f"field_{number}": 1 for number in range(MOST_LABELS)}

    began = process_time()
    refused = await idle_api.post("/catalog-item", {**FILM, "characteristics": many}, status=400)

    verdict = msgspec.json.decode(refused["message"])
    assert len(verdict["Errors"][0]["Value"]) == MOST_LABELS
    assert process_time() - began < 5


@pytest.mark.parametrize("template", [{"templateId": 1}, {"templateId": 99}])
async def test_of_parents_without_number_only_the_first_that_are_missing_are_told(
    idle_api: Api, template: dict[str, int]
) -> None:
    parents = [{"parentCharTypeId": 4, "parentRecordId": number} for number in range(1, MOST_FLAWS + 100)]

    refused = await idle_api.post("/catalog-item", {"template": template, "parentRelationship": parents}, status=400)

    told = {error["Key"]: error["Value"] for error in msgspec.json.decode(refused["message"])["Errors"]}
    assert len(told["RelationshipValidation"]) == MOST_FLAWS
    assert told["RelationshipValidation"][0] == "Parent deal 1 does not exist"


async def test_a_500_that_this_vendor_gives_to_a_bad_request_is_no_failure_in_the_log(idle_api: Api) -> None:
    with capture_logs() as logs:
        refused = await idle_api.put("/date-math", {"dateMathCalcId": 404, "type": 2}, status=500)

    assert refused["message"] == "We encountered an error while attempting to update date math."
    assert [log for log in logs if log["log_level"] == "error"] == []


async def test_csv_names_its_character_set_once(idle_api: Api) -> None:
    answer = await idle_api.http.get("/v4/amortization/journal?start=2026-01-01&end=2026-01-31&format=csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"

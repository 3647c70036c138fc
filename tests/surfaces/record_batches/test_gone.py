"""Searching among what was deleted."""

from datetime import timedelta
from typing import Any

import pytest

from tests.surfaces.record_batches.house import Api
from tests.surfaces.record_batches.test_search import deal, film

Row = dict[str, Any]
"""A JSON object."""


def window(api: Api, **more: object) -> Row:
    now = api.house.clock.now()
    return {
        "startDate": (now - timedelta(days=1)).isoformat(),
        "endDate": (now + timedelta(days=1)).isoformat(),
        **more,
    }


async def test_deleted_records_and_relationships_are_found_for_a_while(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha")
    await deal(idle_api, "License", number)
    await idle_api.delete(f"/catalog-item/{number}")
    (gone,) = await idle_api.post("/catalog-item/search-deleted", window(idle_api))
    assert (gone["id"], gone["title"], gone["deletedById"]) == (number, "Alpha", gone["createdById"])
    assert gone["deletedDate"].endswith("Z")
    (link,) = await idle_api.post("/relationship/search-deleted", window(idle_api))
    assert (link["childRecordId"], link["parentTemplate"]["templateName"]) == (number, "License")
    assert "childTemplate" not in link


async def test_each_condition_narrows(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha")
    await idle_api.delete(f"/catalog-item/{number}")
    narrowings: list[tuple[Row, int]] = [
        ({"recordId": number}, 1),
        ({"recordId": str(number), "templateId": 1, "statusId": 1, "charType": 1}, 1),
        ({"recordId": number + 1}, 0),
        ({"templateId": 2}, 0),
        ({"statusId": 2}, 0),
        ({"deletedById": 99}, 0),
        ({"createdById": 99}, 0),
        ({"createdStartDate": "2000-01-01", "createdEndDate": "2000-01-02"}, 0),
        ({"updatedStartDate": "2000-01-01", "statusUpdateStartDate": "2000-01-01"}, 1),
    ]
    for narrowed, found in narrowings:
        assert len(await idle_api.post("/catalog-item/search-deleted", window(idle_api, **narrowed))) == found


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "startDate: is required"),
        ({"startDate": "2024-01-01"}, "endDate: is required"),
        ({"startDate": "x", "endDate": "2024-01-01"}, "startDate:"),
        ({"startDate": "2024-01-01", "endDate": "2024-02-01"}, "endDate: must be at most 30 days"),
        ({"startDate": "2024-01-02", "endDate": "2024-01-01"}, "endDate: must not be before"),
        ({"startDate": "2024-01-01", "endDate": "2024-01-02", "recordId": "x"}, "recordId:"),
        ({"startDate": "2024-01-01", "endDate": "2024-01-02", "charType": 4}, "charType:"),
    ],
)
async def test_what_is_wrong_is_named(idle_api: Api, body: Row, where: str) -> None:
    assert where in (await idle_api.post("/catalog-item/search-deleted", body, 400))["message"]

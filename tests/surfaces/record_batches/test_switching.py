"""Switching templates over HTTP."""

import pytest

from tests.surfaces.record_batches.house import Api


@pytest.fixture
async def film(idle_api: Api) -> str:
    """The address of a film."""
    body = {"title": "T", "template": {"templateId": 1}, "characteristics": {"release_year": 1979}}
    return f"/catalog-item/{await idle_api.post('/catalog-item', body)}"


_COST = {
    "relationshipsNotMigrated": {"parties": [], "associations": {}},
    "characteristicsNotMigrated": ["release_year"],
    "characteristicsRequiredOnNewTemplate": ["code"],
}


async def test_a_check_tells_the_cost_and_a_switch_the_record_too(idle_api: Api, film: str) -> None:
    number = int(film.rpartition("/")[2])
    body = {"id": str(number), "newTemplateId": "2", "title": "T", "template": {"templateId": "1"}}
    assert await idle_api.post(f"{film}/switch-template-check", body) == _COST
    assert (await idle_api.get(film))["template"]["templateId"] == 1
    assert await idle_api.post(f"{film}/switch-template", body) == {"id": number, **_COST}
    switched = await idle_api.get(film)
    assert switched["template"]["templateId"] == 2
    assert switched["characteristics"] == {}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "newTemplateId is required"),
        ({"newTemplateId": 99}, "Invalid template 99."),
        ({"newTemplateId": 1}, "Invalid template 1."),
        ({"newTemplateId": 2, "template": {"templateId": 7}}, "Invalid template 7."),
        ({"newTemplateId": 2, "id": 99999}, "id must be the ID of the record in the path."),
        ({"newTemplateId": 2, "title": " "}, "Title is required"),
        ({"newTemplateId": "two"}, "Invalid Record."),
        ([], "Invalid JSON in request body."),
    ],
)
async def test_what_cannot_be_switched_is_refused(*, idle_api: Api, film: str, body: object, message: str) -> None:
    for path in ("switch-template", "switch-template-check"):
        assert (await idle_api.post(f"{film}/{path}", body, 400))["message"] == message


async def test_a_record_that_is_missing_or_locked_is_not_switched(idle_api: Api, film: str) -> None:
    missing = await idle_api.post("/catalog-item/404/switch-template", {"newTemplateId": 2}, 404)
    assert missing["message"] == "Resource Not Found"
    await idle_api.put(f"{film}/execute-workflow-action/19")
    locked = await idle_api.post(f"{film}/switch-template", {"newTemplateId": 2}, 409)
    assert locked["message"] == "Record Locked."

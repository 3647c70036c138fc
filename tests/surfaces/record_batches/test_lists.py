"""Lists of values over HTTP."""

from typing import Any

import pytest

from muster.domain.tenant import Role
from tests.surfaces.record_batches.house import Api, House


@pytest.fixture
async def genre(idle_api: Api) -> str:
    """The address of the list of genres."""
    lists = await idle_api.get("/master-value-list")
    return f"/master-value-list/{next(one['id'] for one in lists if one['name'] == 'Genre')}"


def labels(values: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    return [(one["id"], one["label"], one["status"]) for one in values]


async def test_a_list_is_read_with_inactive_values(idle_api: Api, genre: str) -> None:
    found = await idle_api.get(genre)
    assert found["name"] == "Genre"
    assert found["values"][2] == {"id": 3, "label": "Documentary", "xref": "DOC", "status": "Active"}
    assert labels(found["values"])[4] == (5, "Western", "Inactive")


async def test_a_value_is_added_changed_and_taken_out_of_use(idle_api: Api, genre: str) -> None:
    body = {"Label": "Noir", "Description": "Dark", "xref": "N"}
    assert labels(await idle_api.post(f"{genre}/value", body))[-1] == (6, "Noir", "Active")
    changed = await idle_api.put(f"{genre}/value/6", {"label": "Film noir", "status": "inactive"})
    assert changed[-1] == {"id": 6, "label": "Film noir", "xref": "N", "status": "Inactive"}
    assert labels(await idle_api.put(f"{genre}/value/6", {"status": "Active"}))[-1] == (6, "Film noir", "Active")
    assert labels(await idle_api.delete(f"{genre}/value/6"))[-1] == (6, "Film noir", "Inactive")
    film = {"title": "T", "template": {"templateId": 1}, "characteristics": {"genre": ["Film noir"]}}
    await idle_api.post("/catalog-item", film, 400)


async def test_what_is_missing_or_taken_is_said_in_the_vendors_words(idle_api: Api, genre: str) -> None:
    guid = genre.rpartition("/")[2]
    missing = await idle_api.get("/master-value-list/x", 404)
    assert missing["message"] == "No char value set found with ID x"
    no_value = await idle_api.put(f"{genre}/value/99", {"label": "A"}, 404)
    assert no_value["message"] == f"Char value set {guid} does not contain a value with ID 99."
    assert "with ID x." in (await idle_api.delete(f"{genre}/value/x", 404))["message"]
    taken = await idle_api.post(f"{genre}/value", {"label": "Drama"}, 409)
    assert taken["message"].startswith(f"Char value set {guid} already contains a value with the label Drama.")


@pytest.mark.parametrize("body", [{}, {"label": 5}, {"label": ""}, {"label": "A", "status": "Asleep"}, []])
async def test_a_value_that_cannot_be_is_refused(idle_api: Api, genre: str, body: object) -> None:
    await idle_api.post(f"{genre}/value", body, 400)


async def test_who_may_only_read_changes_no_list(house: House, idle_api: Api, genre: str) -> None:
    viewer = await house.accounts.add_principal(str(idle_api.account.tenant), "Reader", Role.VIEWER)
    async with await house.plain(viewer) as http:
        reader = Api(house, viewer, http)
        assert (await reader.get(genre))["name"] == "Genre"
        assert (await reader.post(f"{genre}/value", {"label": "A"}, 403))["message"] == "Access Denied."


async def test_lists_of_others_stay_as_they_are(house: House, idle_api: Api, genre: str) -> None:
    before = await idle_api.get(genre)
    other = await house.rent("Other")
    async with await house.plain(other) as http:
        await Api(house, other, http).post(f"{genre}/value", {"label": "Mine"})
    assert await idle_api.get(genre) == before

"""What is wrong with a record, and what keeps it from being deleted."""

import msgspec

from muster.domain.records.blueprint import Blueprint
from muster.domain.records.template import Field
from tests.surfaces.record_batches.house import Api
from tests.surfaces.record_batches.test_search import deal, film


async def test_a_sound_record_has_no_errors(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha")
    assert await idle_api.get(f"/catalog-item/{number}/validation-errors") == {
        "hasErrors": False,
        "errors": [],
        "message": "No validation errors exist.",
    }
    await idle_api.get("/catalog-item/99/validation-errors", 404)


async def test_a_field_that_became_required_is_told(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha")
    await idle_api.house.blueprints.change(idle_api.account.tenant, _with_a_required_field)
    told = await idle_api.get(f"/catalog-item/{number}/validation-errors")
    assert told["hasErrors"] is True
    assert told["errors"] == [
        {"message": "Rating (rating) is required", "type": "Data & Associations", "workflowBlocking": True}
    ]
    assert "Workflow actions are disabled" in told["message"]


def _with_a_required_field(blueprint: Blueprint) -> Blueprint:
    templates = tuple(
        msgspec.structs.replace(one, fields=(*one.fields, Field(label="rating", name="Rating", required=True)))
        if (one.char_type, one.id) == (1, 1)
        else one
        for one in blueprint.templates
    )
    return msgspec.structs.replace(blueprint, templates=templates)


async def test_locked_records_beside_are_told(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha")
    above = await deal(idle_api, "License", number)
    free = await idle_api.get(f"/catalog-item/{number}/delete-check")
    assert (free["isDeletable"], free["hasLockedRecordAssociations"]) == (True, False)
    for action in (2, 3):
        await idle_api.put(f"/deal/{above}/execute-workflow-action/{action}")
    held = await idle_api.get(f"/catalog-item/{number}/delete-check?skip=0&rows=5")
    assert (held["lockedRecordAssociationCount"], held["template"]["systemIndicatorId"]) == (1, 0)
    (one,) = held["lockedRecordAssociations"]
    assert (one["id"], one["charTypeId"], one["relationshipDirection"]) == (above, 4, "PARENT")
    assert one["relationshipType"]["relationshipTypeName"] == "Default"
    assert (await idle_api.get(f"/catalog-item/{number}/delete-check?skip=1"))["lockedRecordAssociations"] == []
    assert "rows:" in (await idle_api.get(f"/catalog-item/{number}/delete-check?rows=x", 400))["message"]


async def test_a_locked_record_is_told_as_such(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha")
    await idle_api.put(f"/catalog-item/{number}/execute-workflow-action/19")
    told = await idle_api.get(f"/catalog-item/{number}/delete-check")
    assert (told["isLocked"], told["isDeletable"]) == (True, False)

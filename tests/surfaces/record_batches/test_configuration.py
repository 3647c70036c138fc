"""Templates, fields and workflows as they are shown."""

import json
from typing import Any

import msgspec
import pytest

from muster.domain.errors import NotFound
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import CHAR_TYPES
from muster.domain.records.template import Field, Option, PickList, Template
from muster.records.configuring.blueprint import read_blueprint
from muster.records.configuring.samples import sample
from muster.surfaces.record_batches.translate import configuration as shown
from tests.surfaces.record_batches.house import Api

Row = dict[str, Any]
"""A JSON object."""


@pytest.fixture(scope="module")
def blueprint() -> Blueprint:
    return read_blueprint(sample("conformance"), form="toml")


def as_json(made: object) -> Row:
    found: Row = json.loads(msgspec.json.encode(made))
    return found


def test_templates_are_listed_without_their_fields(blueprint: Blueprint) -> None:
    first = as_json(shown.render_templates(blueprint, 1))["templates"][0]
    assert first == {
        "templateId": 1,
        "templateName": "Feature",
        "templateGroupId": 0,
        "templateGroupName": "",
        "systemIndicatorId": 0,
        "processId": 4,
        "processName": "Catalog items",
    }


def test_a_template_has_its_fields_behind_those_of_the_system(blueprint: Blueprint) -> None:
    template = as_json(shown.render_template(blueprint, shown.template_of(blueprint, 1, 1)))
    labels = [field["label"] for field in template["fields"]]
    assert labels[:5] == ["entity_id", "entity_revision_id", "entity_title", "entity_template", "entity_status"]
    assert {field["systemIndicatorId"] for field in template["fields"][:5]} == {-1}
    assert set(labels[5:]) == {"release_year", "notes", "genre"}
    assert template["parentRelationships"] == template["childRelationships"] == []


def test_a_field_is_described_whole(blueprint: Blueprint) -> None:
    template = shown.template_of(blueprint, 1, 1)
    field = as_json(shown.render_field(blueprint, template, "genre"))
    assert field["allowMultiple"]
    assert field["dataType"] == "AlphaNumericText"
    assert field["pickListName"] == "Genre"
    assert field["dateAlerts"] == []
    assert field["conditionalField"] is None
    # One that is inactive cannot be chosen.
    assert [value["label"] for value in field["listOfValues"]] == ["Drama", "Comedy", "Documentary", "Horror"]
    assert field["listOfValues"][2] == {"id": 3, "label": "Documentary", "xref": "DOC", "childValues": []}


def test_a_field_that_depends_on_another_says_so(blueprint: Blueprint) -> None:
    field = as_json(shown.render_field(blueprint, shown.template_of(blueprint, 1, 2), "episodes"))
    assert field["conditionalField"] == {"triggerLabel": "is_series", "triggerValue": "Yes"}


def test_a_checkbox_without_a_list_offers_yes_and_no(blueprint: Blueprint) -> None:
    field = as_json(shown.render_field(blueprint, shown.template_of(blueprint, 1, 2), "is_series"))
    assert [value["label"] for value in field["listOfValues"]] == ["Yes", "No"]


def test_values_below_others_are_told_there(blueprint: Blueprint) -> None:
    field = as_json(shown.render_field(blueprint, shown.template_of(blueprint, 1, 2), "territory"))
    europe, states = field["listOfValues"]
    assert [value["label"] for value in europe["childValues"]] == ["France", "Germany"]
    assert states["childValues"] == []


def test_a_list_whose_values_stand_below_themselves_ends() -> None:
    options = (Option(id=1, label="A", children=(2,)), Option(id=2, label="B", children=(2,)), Option(id=3, label="C"))
    pick_list = PickList(id=1, guid="g", name="Round", options=options)
    template = Template(char_type=1, id=1, name="T", fields=(Field(label="f", name="F", pick_list=1),))
    field = shown.render_field(Blueprint(lists=(pick_list,), templates=(template,)), template, "f")
    assert [value.label for value in field.list_of_values] == ["A", "C"]


def test_every_field_of_a_char_type_is_told_once_with_its_source(blueprint: Blueprint) -> None:
    fields = [as_json(field) for field in shown.render_fields(blueprint, 1)]
    labels = [field["label"] for field in fields]
    assert len(labels) == len(set(labels))
    genre = next(field for field in fields if field["label"] == "genre")
    assert genre["pickListSourceName"] == "Genre"
    assert "pickListSourceId" not in next(field for field in fields if field["label"] == "notes")


def test_statuses_and_processes_of_a_char_type(blueprint: Blueprint) -> None:
    names = as_json(shown.render_status_names(blueprint, shown.template_of(blueprint, 1, 1)))["statuses"]
    assert {"statusId": 16, "statusName": "Greenlit"} in names
    processes = as_json(shown.render_processes(blueprint, 1))["processes"]
    assert [(one["processId"], one["processName"]) for one in processes] == [(4, "Catalog items")]


def test_actions_name_the_status_they_lead_to(blueprint: Blueprint) -> None:
    actions = {one["actionId"]: one for one in as_json(shown.render_actions(shown.process_of(blueprint, 4)))["actions"]}
    assert actions[1]["isInitialAction"]
    assert actions[16]["resultingStatus"] == "Greenlit"
    assert actions[30]["resultingStatus"] == "No Status Change"


def test_an_action_says_who_may_take_it_and_what_follows(blueprint: Blueprint) -> None:
    review = shown.process_of(blueprint, 4).action_by_id[30]
    detail = as_json(shown.render_action(blueprint, shown.process_of(blueprint, 4), review))
    assert detail["associatedRoles"] == [{"roleId": 1, "roleName": "Legal"}]
    assert detail["documentOption"] == {"documentOptionId": 0, "documentOptionName": "None"}
    deals = shown.process_of(blueprint, 12)
    convert = as_json(shown.render_action(blueprint, deals, deals.action_by_id[4]))
    assert convert["updateCurrencyConversion"]
    assert convert["chainedActions"] == [{"processId": 12, "actionId": 2}]


def test_a_status_says_what_can_be_done_there(blueprint: Blueprint) -> None:
    statuses = as_json(shown.render_statuses(blueprint, shown.process_of(blueprint, 4)))["statuses"]
    locked = next(one for one in statuses if one["statusId"] == 19)
    assert (locked["isLocked"], locked["isDeletable"], locked["isActive"]) == (True, False, False)
    assert locked["availableActions"] == [{"actionId": 1, "actionName": "Develop", "isInitialAction": True}]


def test_what_is_not_there_is_not_found(blueprint: Blueprint) -> None:
    template = shown.template_of(blueprint, 1, 1)
    with pytest.raises(NotFound):
        shown.template_of(blueprint, 1, 999)
    with pytest.raises(NotFound):
        shown.render_field(blueprint, template, "fake")
    with pytest.raises(NotFound):
        shown.process_of(blueprint, 0)
    with pytest.raises(NotFound):
        shown.action_of(shown.process_of(blueprint, 4), 999)


# --- Over HTTP ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [one.path for one in CHAR_TYPES.values()])
async def test_every_char_type_can_be_asked_for_its_configuration(idle_api: Api, path: str) -> None:
    templates = (await idle_api.get(f"/{path}-templates"))["templates"]
    assert (await idle_api.get(f"/{path}/templates"))["templates"] == templates
    assert (await idle_api.get(f"/{path}-fields"))[0]["label"] == "entity_id"
    assert "processes" in await idle_api.get(f"/{path}-processes")
    for template in templates:
        number = template["templateId"]
        detail = await idle_api.get(f"/{path}-templates/{number}")
        assert await idle_api.get(f"/{path}/templates/{number}") == detail
        assert (await idle_api.get(f"/{path}-statuses/{number}"))["statuses"]
        for label in [field["label"] for field in detail["fields"]][-2:]:
            field = await idle_api.get(f"/{path}-templates/{number}/{label}")
            assert field == await idle_api.get(f"/{path}/templates/{number}/{label}")
            assert field["label"] == label


async def test_a_record_has_no_draft_templates(idle_api: Api) -> None:
    number = await idle_api.post("/contact", {"title": "P", "template": {"templateId": 1}})
    assert await idle_api.get(f"/contact/{number}/draft-templates") == {"templates": []}
    assert (await idle_api.get("/contact/404/draft-templates", 404))["message"] == "Resource Not Found"


async def test_processes_tell_their_actions_and_statuses(idle_api: Api) -> None:
    assert len((await idle_api.get("/processes/4/actions"))["actions"]) == 5
    assert (await idle_api.get("/processes/4/actions/16"))["resultingStatus"] == "Greenlit"
    assert len((await idle_api.get("/processes/4/statuses"))["statuses"]) == 4


@pytest.mark.parametrize(
    "path",
    [
        "/contact-templates/99",
        "/contact-templates/x",
        "/contact-templates/1/fake",
        "/contact-templates/1/first_name/more",
        "/contact/templates/99",
        "/contact/templates/1/fake",
        "/contact/1/fake",
        "/contact-statuses",
        "/contact-statuses/99",
        "/contact-fields/1",
        "/film-templates",
        "/-templates",
        "/processes",
        "/processes/99/actions",
        "/processes/4/actions/99",
        "/processes/x/statuses",
        "/templates/1",
    ],
)
async def test_configuration_that_is_not_there_is_not_found(idle_api: Api, path: str) -> None:
    assert (await idle_api.get(path, 404))["message"] == "Resource Not Found"

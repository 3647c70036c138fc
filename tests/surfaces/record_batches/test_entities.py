"""Records as they are shown."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from muster.domain.records.char_types import RecordRef
from muster.domain.records.record import End, Flags, Link, LinkView, Record, Stamp, View
from muster.domain.tenant import Role
from muster.surfaces.record_batches.translate.entities import render_entity
from muster.surfaces.record_batches.translate.times import spell_time
from tests.surfaces.record_batches.house import Api, House

Row = dict[str, Any]
"""A JSON object."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_AT = Stamp(datetime(2021, 6, 23, 22, 33, 11, 830_999, UTC), 7)
_DEAL = RecordRef(4, 9)


def a_view(*, with_links: bool = False) -> View:
    record = Record(
        ref=RecordRef(1, 100),
        template=1,
        status=16,
        title="Alien",
        values={"fee": {"locAmt": Decimal("10.10"), "divAmt": None}, "year": 1979, "tags": [{"id": 1, "value": "A"}]},
        flags={"delivery": Flags(estimated=True)},
        created=_AT,
        updated=_AT,
        moved=_AT,
    )
    link = Link(number=7, kind=0, parent=_DEAL, child=record.ref, sequence=1 << 40, created=_AT, updated=_AT)
    end = End(template=12, template_name="License", process=0, process_name="", status=1, status_name="Active")
    return View(
        record=record,
        template_name="Feature",
        process=4,
        process_name="Catalog items",
        status_name="Greenlit",
        parents=1,
        links=(LinkView(link=link, kind_name="Default", parent=end, child=end),) if with_links else None,
    )


def shown(view: View, *, extended: bool = False) -> Row:
    found: Row = json.loads(_encode(render_entity(view, extended=extended)), parse_float=Decimal)
    return found


def test_a_record_in_a_batch_has_no_relationships_and_no_rules() -> None:
    assert shown(a_view()) == {
        "id": 100,
        "revisionId": 0,
        "title": "Alien",
        "template": {
            "fields": [],
            "templateId": 1,
            "templateName": "Feature",
            "processId": 4,
            "processName": "Catalog items",
        },
        "status": {"statusId": 16, "statusName": "Greenlit"},
        "characteristics": {
            "fee": {"locAmt": Decimal("10.10"), "divAmt": None},
            "year": 1979,
            "tags": [{"id": 1, "value": "A"}],
        },
        "comments": None,
        "parentRelationshipCount": 1,
        "createdById": 7,
        "createdDate": "2021-06-23T22:33:11.830Z",
        "lastUpdatedById": 7,
        "lastUpdatedDate": "2021-06-23T22:33:11.830Z",
        "statusUpdatedById": 7,
        "statusUpdatedDate": "2021-06-23T22:33:11.830Z",
    }


def test_a_record_alone_has_its_parents_with_templates_and_statuses() -> None:
    entity = shown(a_view(with_links=True))
    assert entity["relationshipUpdateRules"] is None
    (parent,) = entity["parentRelationship"]
    assert (parent["parentCharTypeId"], parent["parentRecordId"]) == (4, 9)
    assert parent["parentTemplate"] == {
        "templateId": 12,
        "templateName": "License",
        "processId": 0,
        "processName": None,
    }
    assert parent["childStatus"] == {"statusId": 1, "statusName": "Active"}
    assert parent["sequenceNumber"] == 1 << 40


def test_flags_of_dates_are_shown_on_request() -> None:
    entity = shown(a_view(), extended=True)
    assert entity["characteristicsExtended"] == {"delivery": {"estimated": True, "blockDateMath": False}}


def test_amounts_keep_every_digit() -> None:
    assert b'"locAmt":10.10' in _encode(render_entity(a_view()))


def test_times_are_in_utc_to_the_millisecond() -> None:
    at = datetime(2024, 2, 29, 1, 0, 0, 999, timezone(timedelta(hours=2)))
    assert spell_time(at) == "2024-02-28T23:00:00.000Z"


# --- Over HTTP ---------------------------------------------------------------------------------------------------

_FILM: Row = {"title": "Alien", "template": {"templateId": 1}}


async def test_a_new_record_is_answered_with_its_bare_id_and_true_once_it_is_gone(idle_api: Api) -> None:
    number = await idle_api.post("/catalog-item", {**_FILM, "characteristics": {"release_year": 1979}})
    assert isinstance(number, int)
    entity = await idle_api.get(f"/catalog-item/{number}")
    assert entity["characteristics"] == {"release_year": 1979}
    assert entity["parentRelationship"] == []
    assert await idle_api.delete(f"/catalog-item/{number}") is True
    assert (await idle_api.get(f"/catalog-item/{number}", 404))["message"] == "Resource Not Found"
    assert (await idle_api.delete(f"/catalog-item/{number}", 404))["message"] == "Resource Not Found"


async def test_faults_of_a_new_record_are_told_as_a_sentence_or_as_a_verdict(idle_api: Api) -> None:
    assert (await idle_api.post("/catalog-item", {"title": "x"}, 400))["message"] == "TemplateId is required"
    refused = await idle_api.post("/catalog-item", {**_FILM, "characteristics": {"nope": 1}}, 400)
    assert json.loads(refused["message"])["Errors"][0]["Value"] == ["Invalid field found nope."]
    assert (await idle_api.post("/catalog-item", {**_FILM, "title": []}, 400))["message"] == "Invalid Record."


async def test_a_parent_that_is_not_there_is_told(idle_api: Api) -> None:
    body = {**_FILM, "parentRelationship": [{"parentCharTypeId": 4, "parentRecordId": 404}]}
    assert (await idle_api.post("/catalog-item", body, 404))["message"] == "Parent deal 404 does not exist"


async def test_the_whole_entity_sent_back_in_pascal_case_loses_nothing(idle_api: Api) -> None:
    deal = await idle_api.post("/deal", {"title": "D", "template": {"templateId": 12}})
    values = {"release_year": 1979, "notes": ["one"], "genre": ["Drama", "Horror"]}
    body = {**_FILM, "characteristics": values, "parentRelationship": [{"parentCharTypeId": 4, "parentRecordId": deal}]}
    number = await idle_api.post("/catalog-item", body)
    before = await idle_api.get(f"/catalog-item/{number}")
    changed = await idle_api.put(f"/catalog-item/{number}", pascal(before) | {"Title": "Aliens"})
    assert changed["title"] == "Aliens"
    after = await idle_api.get(f"/catalog-item/{number}")
    stamps = {"lastUpdatedDate", "title"}
    assert {k: v for k, v in after.items() if k not in stamps} == {k: v for k, v in before.items() if k not in stamps}


async def test_only_what_is_sent_changes(idle_api: Api) -> None:
    number = await idle_api.post("/catalog-item", {**_FILM, "characteristics": {"release_year": 1979, "notes": ["x"]}})
    changed = await idle_api.put(f"/catalog-item/{number}", {"characteristics": {"notes": None}})
    assert changed["title"] == "Alien"
    assert changed["characteristics"] == {"release_year": 1979}
    assert (await idle_api.put("/catalog-item/404", {"title": "x"}, 404))["message"] == "Resource Not Found"
    wrong = await idle_api.put(f"/catalog-item/{number}", {"template": {"templateId": 2}}, 400)
    assert "Invalid template" in wrong["message"]


async def test_a_workflow_action_is_taken_or_refused_by_number(idle_api: Api) -> None:
    number = await idle_api.post("/catalog-item", _FILM)
    act = f"/catalog-item/{number}/execute-workflow-action"
    assert await idle_api.put(f"{act}/16") == "Workflow Action Executed Successfully"
    refused = await idle_api.put(f"{act}/95", status=403)
    assert refused["message"] == "Action 95 not available to be taken from status 16"
    missing = await idle_api.put("/catalog-item/404/execute-workflow-action/1", status=404)
    assert missing["message"] == "Entity Not Found"


async def test_locked_records_stay_as_they_are(idle_api: Api) -> None:
    number = await idle_api.post("/catalog-item", _FILM)
    await idle_api.put(f"/catalog-item/{number}/execute-workflow-action/19")
    assert (await idle_api.put(f"/catalog-item/{number}", {"title": "x"}, 409))["message"] == "Record Locked."
    assert (await idle_api.delete(f"/catalog-item/{number}", 409))["message"] == "Record Not Deletable."


async def test_documents_are_not_made_here(idle_api: Api) -> None:
    refused = await idle_api.put("/catalog-item/1/execute-document-workflow-action/1", {"templateId": 1}, 501)
    assert "not available" in refused["message"]
    assert refused["code"] == "not_implemented"


async def test_allocations_are_not_calculated_here(idle_api: Api) -> None:
    refused = await idle_api.post("/deal/1/calculate-allocations", {"rollupToOneAmount": False}, 501)
    assert refused == {"message": "Allocations are not available on this server.", "code": "not_implemented"}
    assert (await idle_api.post("/contact/1/calculate-allocations", {}, 404))["message"] == "Resource Not Found"
    assert await idle_api.get("/allocation-model-list") == []


async def test_who_may_only_read_writes_nothing(house: House) -> None:
    account = await house.rent("Readers", Role.VIEWER)
    async with await house.plain(account) as http:
        refused = await Api(house, account, http).post("/catalog-item", _FILM, 403)
    assert refused["message"] == "Access Denied."


async def test_what_is_no_char_type_or_no_number_is_not_found(idle_api: Api) -> None:
    for path in ("/film/1", "/catalog-item/abc", "/catalog-item/1.0", f"/catalog-item/{2**70}", "/", "/film"):
        assert (await idle_api.get(path, 404))["message"] == "Resource Not Found"
    assert (await idle_api.post("/film", _FILM, 404))["message"] == "Resource Not Found"
    assert (await idle_api.get("/catalog-item", 405))["message"] == "Method Not Allowed"
    assert (await idle_api.post("/catalog-item-templates", {}, 405))["message"] == "Method Not Allowed"


async def test_a_slash_at_the_end_does_not_matter(idle_api: Api) -> None:
    number = await idle_api.post("/catalog-item/", _FILM)
    assert (await idle_api.get(f"/catalog-item/{number}/"))["id"] == number


async def test_extended_data_shows_what_is_known_of_dates(idle_api: Api) -> None:
    body = {
        "title": "T",
        "template": {"templateId": 2},
        "characteristics": {"code": "A", "delivery": "2024-02-29"},
        "characteristicsExtended": {"delivery": {"estimated": True}},
    }
    number = await idle_api.post("/catalog-item", body)
    assert "characteristicsExtended" not in await idle_api.get(f"/catalog-item/{number}")
    extended = await idle_api.get(f"/catalog-item/{number}?extendedData=true")
    assert extended["characteristicsExtended"] == {"delivery": {"estimated": True, "blockDateMath": False}}


async def test_values_that_a_typed_client_made_texts_of_are_still_the_same(idle_api: Api) -> None:
    values = {
        "code": "A",
        "budget": {"locAmt": 1234567.89, "locSym": "USD"},
        "share": 12.5,
        "is_series": True,
        "episodes": 3,
        "territory": "France",
    }
    body = {"title": "T", "template": {"templateId": 2}, "characteristics": values}
    number = await idle_api.post("/catalog-item", body)
    before = await idle_api.get(f"/catalog-item/{number}")
    budget = {
        name: str(part) if name.endswith("Amt") else part for name, part in before["characteristics"]["budget"].items()
    }
    sent = {**before["characteristics"], "budget": budget, "share": "12.5", "episodes": "3"}
    after = await idle_api.put(f"/catalog-item/{number}", {"Characteristics": sent})
    assert after["characteristics"] == before["characteristics"]
    assert after["lastUpdatedDate"] == before["lastUpdatedDate"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1]",
        b"[" * 5_000,
        b"\xff\xfe",
        b'{"title": NaN}',
        b'{"title": 1e400}',
        b'{"id": ' + b"9" * 400 + b"}",
        b'{"title": "a\\u0000b", "template": {"templateId": 1}}',
        b'{"title": "\\ud800", "template": {"templateId": 1}}',
        b'{"title": "x", "template": {"templateId": 4611686018427387904}}',
        b'{"title": "x", "template": {"templateId": 1}, "characteristics": {"a\'; drop table records; --": 1}}',
        b'{"title": "x", "template": {"templateId": 1}, "characteristics": {"release_year": 1e99}}',
    ],
)
async def test_hostile_bodies_are_refused_everywhere(idle_api: Api, body: bytes) -> None:
    number = await idle_api.post("/catalog-item", _FILM)
    one = f"/v4/catalog-item/{number}"
    calls = [("POST", "/v4/catalog-item"), ("PUT", one), ("POST", f"{one}/switch-template"), ("POST", "/v4/batch")]
    answers = [await idle_api.http.request(verb, path, content=body) for verb, path in calls]
    assert [answer.status_code for answer in answers] == [400] * len(calls)


@pytest.mark.parametrize(
    "path", ["/catalog-item/%00", "/%00", "/catalog-item-templates/1/%00", "/batch/%F0", "/" + "x" * 5_000]
)
async def test_hostile_paths_are_not_found(idle_api: Api, path: str) -> None:
    assert (await idle_api.get(path, 404))["message"] == "Resource Not Found"


def pascal(content: Row) -> Row:
    """A record as the vendor's own client writes it: names in Pascal case, all but those of fields and their values."""
    written: Row = {}
    for name, value in content.items():
        key = name[:1].upper() + name[1:]
        if isinstance(value, dict) and name not in {"characteristics", "characteristicsExtended"}:
            written[key] = pascal(value)
        elif name == "parentRelationship":
            written[key] = [pascal(one) for one in value]
        else:
            written[key] = value
    return written

"""Relationships as they are shown."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from muster.domain.records.blueprint import Party
from muster.domain.records.char_types import RecordRef
from muster.domain.records.record import Link, LinkView, Stamp
from muster.domain.tenant import Role
from muster.surfaces.record_batches.translate.relationships import render_link, render_types
from tests.surfaces.record_batches.house import Api, House

Row = dict[str, Any]
"""A JSON object."""

_AT = Stamp(datetime(2020, 7, 10, 20, 24, 34, 263_000, UTC), 10101)


def as_json(shown: object) -> Row:
    found: Row = json.loads(msgspec.json.encode(shown))
    return found


def test_the_sample_of_a_relationship_in_a_batch() -> None:
    link = Link(
        number=301,
        kind=0,
        parent=RecordRef(4, 305),
        child=RecordRef(1, 105),
        sequence=16246727648,
        created=_AT,
        updated=_AT,
    )
    assert as_json(render_link(LinkView(link=link, kind_name="Default"))) == {
        "id": 301,
        "relationshipType": {"relationshipTypeId": 0, "relationshipTypeName": "Default"},
        "createdById": 10101,
        "createdDate": "2020-07-10T20:24:34.263Z",
        "lastUpdatedById": 10101,
        "lastUpdatedDate": "2020-07-10T20:24:34.263Z",
        "parentCharTypeId": 4,
        "parentRecordId": 305,
        "childCharTypeId": 1,
        "childRecordId": 105,
        "sequenceNumber": 16246727648,
    }


def test_types_are_the_two_of_the_server_and_the_parties() -> None:
    types = as_json(render_types({9: Party(id=9, name="Director")}))["relationshipTypes"]
    assert [(one["relationshipTypeId"], one["relationshipTypeName"]) for one in types] == [
        (0, "Default"),
        (1, "Implicit"),
        (9, "Director"),
    ]


def test_a_party_with_the_number_of_the_implicit_type_comes_before_it() -> None:
    types = as_json(render_types({1: Party(id=1, name="Counterparty")}))["relationshipTypes"]
    assert types[1] == {"relationshipTypeId": 1, "relationshipTypeName": "Counterparty"}


# --- Over HTTP ---------------------------------------------------------------------------------------------------


async def made(api: Api, char_type: str, template: int, **values: object) -> int:
    body = {"title": "T", "template": {"templateId": template}, "characteristics": values}
    number: int = await api.post(f"/{char_type}", body)
    return number


def between(deal: object, film: object, **more: object) -> Row:
    return {"parentCharTypeId": 4, "parentRecordId": deal, "childCharTypeId": 1, "childRecordId": film, **more}


async def test_a_relationship_is_made_read_and_deleted(idle_api: Api) -> None:
    deal, film = await made(idle_api, "deal", 12), await made(idle_api, "catalog-item", 1)
    number = await idle_api.post("/relationship", between(deal, str(film)))
    assert isinstance(number, int)
    shown = await idle_api.get(f"/relationship/{number}")
    assert shown["relationshipType"] == {"relationshipTypeId": 0, "relationshipTypeName": "Default"}
    assert shown["parentTemplate"]["templateName"] == "License"
    assert shown["childStatus"]["statusName"] == "Development"
    assert (await idle_api.post("/relationship", between(deal, film), 409))["message"] == "Relationship Already Exists."
    assert await idle_api.delete(f"/relationship/{number}") is True
    gone = await idle_api.delete(f"/relationship/{number}", 404)
    assert gone["message"] == "Provided Entity Relationship does not exist."
    assert (await idle_api.get(f"/relationship/{number}", 404))["message"] == "Resource Not Found"


async def test_ends_that_are_not_there_or_not_named_are_told(idle_api: Api) -> None:
    deal = await made(idle_api, "deal", 12)
    for body, message in [
        (between(104689890, 5), "Parent deal 104689890 does not exist"),
        (between(deal, 404), "Child catalog-item 404 does not exist"),
        (between(None, 404), "Parent deal 0 does not exist"),
        (between(deal, "x"), "Child catalog-item 0 does not exist"),
        (between(deal, 5, parentCharTypeId=99), f"Parent record {deal} does not exist"),
        ({}, "Parent record 0 does not exist"),
    ]:
        assert (await idle_api.post("/relationship", body, 404))["message"] == message


async def test_what_cannot_be_related_is_refused(idle_api: Api) -> None:
    deal, film = await made(idle_api, "deal", 12), await made(idle_api, "catalog-item", 1)
    itself = {"parentCharTypeId": 1, "parentRecordId": film, "childCharTypeId": 1, "childRecordId": film}
    assert (await idle_api.post("/relationship", itself, 400))["message"] == "Invalid Relationship"
    nobody = between(deal, film, relationshipType={"relationshipTypeId": 77})
    assert (await idle_api.post("/relationship", nobody, 400))["message"] == (
        "Unable to create relationship. Relationship Type ID must be a valid Party ID."
    )
    assert (await idle_api.post("/relationship", between(deal, film, relationshipType="x"), 400))["message"] == (
        "Invalid Record."
    )


async def test_who_may_only_read_relates_nothing(house: House) -> None:
    account = await house.rent("Mixed")
    viewer = await house.accounts.add_principal(str(account.tenant), "Reader", Role.VIEWER)
    async with await house.plain(account) as http, await house.plain(viewer) as reading:
        writer, reader = Api(house, account, http), Api(house, viewer, reading)
        deal, film = await made(writer, "deal", 12), await made(writer, "catalog-item", 1)
        refused = await reader.post("/relationship", between(deal, film), 403)
    assert refused["message"] == "Acls don't provide create relationship rights for 4/1."


async def test_relationships_cannot_be_changed(idle_api: Api) -> None:
    assert (await idle_api.put("/relationship/1", {}, 405))["message"] == "Method Not Allowed"


async def test_the_types_of_relationships_are_listed(idle_api: Api) -> None:
    types = (await idle_api.get("/relationship-types"))["relationshipTypes"]
    assert {"relationshipTypeId": 9, "relationshipTypeName": "Director"} in types
    assert types[0] == {"relationshipTypeId": 0, "relationshipTypeName": "Default"}

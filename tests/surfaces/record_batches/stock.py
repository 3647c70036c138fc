"""What the conformance cases find in the record store, and words for asking about it."""

import json
from pathlib import Path

import msgspec

from muster.catalog.accounts import NewAccount
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.template import Field, Template
from muster.records.seeding.planting import Planter
from muster.records.seeding.reading import read_seeds
from tests.surfaces.record_batches.house import Api, House, Row, texts

SAMPLES = Path(__file__).parent / "samples"
WHOLE: Row = {"cancelIfRecordFails": True}
"""The options of a batch of which all is done, or nothing."""
MISSING = (404, "Record Not Found.")


async def stock(house: House, account: NewAccount) -> None:
    """Have the records of the conformance cases in a tenant's store, under their numbers."""
    seeds = read_seeds((SAMPLES / "conformance-seeds.toml").read_bytes(), form="toml")
    await Planter(house.store, house.clock).plant(account.tenant, seeds, by=account.principal)


async def fit_for_the_vendors_samples(house: House, account: NewAccount) -> None:
    """Have the configuration that the vendor's own samples suppose: deals with a contact's fields, and model 1."""

    def edit(blueprint: Blueprint) -> Blueprint:
        person = blueprint.template_of(2, 1)
        assert person is not None
        models = (*blueprint.models, msgspec.structs.replace(blueprint.models[0], id=1))
        templates = tuple(_with_fields(one, person.fields) for one in blueprint.templates)
        return msgspec.structs.replace(blueprint, templates=templates, models=models)

    await house.blueprints.change(account.tenant, edit)


def _with_fields(template: Template, fields: tuple[Field, ...]) -> Template:
    if (template.char_type, template.id) != (4, 12):
        return template
    return msgspec.structs.replace(template, fields=(*template.fields, *fields))


async def title_of(api: Api, path: str) -> str:
    """The title of a record, named by its path."""
    title: str = (await api.get(path))["title"]
    return title


async def count(api: Api, path: str, query: Row | None = None) -> int:
    """How many records of a char type there are, or how many of them a query finds."""
    found: int = (await api.post(f"/{path}/search", {"query": query} if query else {}))["numFound"]
    return found


def entries(batch: Row, char_type: int) -> list[Row]:
    """The results of the records of one char type."""
    found: list[Row] = batch["batchResults"]["records"][str(char_type)]
    return found


def ending(batch: Row, char_type: int) -> tuple[str, list[tuple[int, str]]]:
    """How a batch ended, with the codes and messages of the records of one char type."""
    return batch["batchStatus"], texts(entries(batch, char_type))


def only_missing(number: int, char_type: int = 1) -> Row:
    """The results of a batch in which nothing is told but that this record is missing."""
    return {"records": {str(char_type): [missing(number)]}, "relationships": []}


def missing(number: int) -> Row:
    """The result of a record that is not there."""
    return {"code": 404, "message": "Record Not Found.", "id": number}


def faults(entry: Row) -> dict[str, list[str]]:
    """What a validation object tells, by key."""
    verdict = json.loads(entry["message"])
    assert verdict["IsValid"] is False
    return {error["Key"]: error["Value"] for error in verdict["Errors"]}

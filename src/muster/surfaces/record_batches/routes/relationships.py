"""Single relationships: create, read, delete; and which types there are."""

from collections.abc import Mapping
from http import HTTPStatus

from litestar import Response, delete, get, post

from muster.domain.errors import NotFound
from muster.domain.records.char_types import RELATIONSHIP
from muster.domain.records.operation import Denial, Relate, Result, Unrelate
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.routes.answers import answer, check
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment
from muster.surfaces.record_batches.translate.bodies import Fields, read_fields, whole
from muster.surfaces.record_batches.translate.drafts import Unreadable
from muster.surfaces.record_batches.translate.operations import read_relate
from muster.surfaces.record_batches.translate.relationships import render_link, render_types
from muster.surfaces.record_batches.translate.results import path_name
from muster.surfaces.record_batches.wire import relationships as wire
from muster.surfaces.record_batches.wire.paths import RELATIONSHIP as ONE
from muster.surfaces.record_batches.wire.paths import RELATIONSHIP_TYPES, RELATIONSHIPS
from muster.surfaces.record_batches.wire.problems import Refused

_GONE = "Provided Entity Relationship does not exist."
_MISSING: Mapping[Denial, tuple[int, str]] = {Denial.NOT_FOUND: (404, _GONE)}
_SIDES = (("Parent", "parentCharTypeId", "parentRecordId"), ("Child", "childCharTypeId", "childRecordId"))


@post(
    RELATIONSHIPS,
    status_code=200,
    summary="Create a relationship",
    operation_class=taking(wire.NewRelationship),
    responses=answering(int, "The id of the new relationship") | refusals(*BODY, 404, 409),
)
async def create_relationship(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """The answer is its id, and nothing else."""
    body = await read_fields(request, door.limits)
    operation = _read(body)
    result = await door.desk.one(acting.acting, operation)
    check(result, _texts(operation, result))
    return answer(result.number)


@get(ONE, summary="Read a relationship", responses=answering(wire.Relationship) | refusals(404))
async def get_relationship(number: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """With templates and statuses of its ends."""
    known = whole(number)
    if known is None:
        raise NotFound
    return answer(render_link(await door.finder.link(acting.acting.tenant, known)))


@delete(
    ONE,
    status_code=200,
    summary="Delete a relationship",
    responses=answering(bool, "`true`: it is gone") | refusals(404),
)
async def delete_relationship(number: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """The records stay."""
    known = whole(number)
    if known is None:
        raise Refused(HTTPStatus.NOT_FOUND, _GONE)
    check(await door.desk.one(acting.acting, Unrelate(group=RELATIONSHIP, number=known)), _MISSING)
    return answer(content=True)


@get(
    RELATIONSHIP_TYPES,
    summary="List the types of relationships",
    responses=answering(wire.RelationshipTypes) | refusals(),
)
async def list_types(door: TheDoor, acting: Caller) -> Response[bytes]:
    """The ordinary one, the one that the server makes, and the parties."""
    blueprint = await door.blueprints.current(acting.acting.tenant)
    return answer(render_types(blueprint.party_by_id))


HANDLERS = (create_relationship, get_relationship, delete_relationship, list_types)


def _read(body: Fields) -> Relate:
    """The relationship asked for. An end that is not named is answered as one that is not there. Raises Refused."""
    try:
        return read_relate(body)
    except Unreadable:
        for side, type_name, record_name in _SIDES:
            char_type, number = body.number(type_name), body.number(record_name)
            name = path_name(char_type or RELATIONSHIP)
            if number is None or name == path_name(RELATIONSHIP):
                raise _no_end(side, name, number or 0) from None
        raise


def _texts(operation: Relate, result: Result) -> Mapping[Denial, tuple[int, str]]:
    """What the denials are called here."""
    ends = f"{operation.parent.char_type}/{operation.child.char_type}"
    texts = {Denial.LINKS_NOT_ALLOWED: (403, f"Acls don't provide create relationship rights for {ends}.")}
    if result.missing:
        side = "Parent" if result.missing[0] == operation.parent else "Child"
        char_type, number = result.missing[0]
        texts[Denial.END_MISSING] = (404, _no_end(side, path_name(char_type), number).message)
    return texts


def _no_end(side: str, name: str, number: int) -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, f"{side} {name} {number} does not exist")

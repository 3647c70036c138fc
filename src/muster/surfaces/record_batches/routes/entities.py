"""Single records: create, change, delete, take a workflow action (reading them: `segments`)."""

from collections.abc import Mapping
from http import HTTPStatus

from litestar import Response, delete, post, put
from litestar.params import FromPath

from muster.domain.records.operation import Act, Denial, FlawKind, Remove, Result
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.routes.answers import answer, check
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment, char_type_of, number_of, ref_of, wants_extended
from muster.surfaces.record_batches.translate.bodies import read_fields
from muster.surfaces.record_batches.translate.entities import render_entity
from muster.surfaces.record_batches.translate.operations import read_change, read_create
from muster.surfaces.record_batches.translate.results import flaw_text
from muster.surfaces.record_batches.wire.entities import Entity, EntityBody
from muster.surfaces.record_batches.wire.paths import ACT, ACT_ON_DOCUMENT, ENTITIES, ENTITY
from muster.surfaces.record_batches.wire.problems import NOT_FOUND, Refused

_TAKEN = "Workflow Action Executed Successfully"
_NO_DOCUMENTS = "Document actions are not available on this server."
_MISSING: Mapping[Denial, tuple[int, str]] = {Denial.NOT_FOUND: (404, NOT_FOUND)}
_NOT_TAKEN: Mapping[Denial, tuple[int, str]] = {
    Denial.NOT_FOUND: (404, "Entity Not Found"),
    Denial.UNUSABLE: (500, "Entity Invalid"),
    Denial.FAULTY: (500, "Entity Invalid"),
}


@post(
    ENTITIES,
    status_code=200,
    summary="Create a record",
    operation_class=taking(EntityBody),
    responses=answering(int, "The id of the new record") | refusals(*BODY, 404),
)
async def create_entity(*, type_path: Segment, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """The answer is its id, and nothing else."""
    char_type = char_type_of(type_path)
    body = await read_fields(request, door.limits)
    result = await door.desk.one(acting.acting, read_create(body, char_type))
    _check_made(result)
    return answer(result.number)


@put(
    ENTITY,
    summary="Change a record",
    operation_class=taking(EntityBody),
    responses=answering(Entity) | refusals(*BODY, 404, 409),
)
async def change_entity(
    *, type_path: Segment, number: Segment, request: Call, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """What is not mentioned stays."""
    ref = ref_of(type_path, number)
    body = await read_fields(request, door.limits)
    result = await door.desk.one(acting.acting, read_change(body, ref))
    check(result, _MISSING)
    view = result.record or await door.finder.entity(acting.acting.tenant, ref, links=False)
    return answer(render_entity(view, extended=wants_extended(request)))


@delete(
    ENTITY,
    status_code=200,
    summary="Delete a record",
    responses=answering(bool, "`true`: it is gone") | refusals(404, 409),
)
async def delete_entity(*, type_path: Segment, number: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """With its relationships, and with the components that belong to nothing else."""
    ref = ref_of(type_path, number)
    result = await door.desk.one(acting.acting, Remove(group=ref.char_type, number=ref.number))
    check(result, _MISSING)
    return answer(content=True)


@put(
    ACT,
    summary="Take a workflow action",
    responses=answering(str, "A sentence that it was taken") | refusals(404),
)
async def take_action(
    *, type_path: Segment, number: Segment, action_id: FromPath[str], door: TheDoor, acting: Caller
) -> Response[bytes]:
    """One of those that are available from the record's status."""
    ref = ref_of(type_path, number)
    operation = Act(group=ref.char_type, number=ref.number, action=number_of(action_id))
    check(await door.desk.one(acting.acting, operation), _NOT_TAKEN)
    return answer(_TAKEN)


@put(ACT_ON_DOCUMENT, summary="Take a workflow action that makes a document", responses=refusals(404, 501))
async def take_document_action(
    *, type_path: Segment, number: Segment, action_id: FromPath[str], acting: Caller
) -> Response[bytes]:
    """Always refused with 501: no documents are made here."""
    # Not a 404: nothing that could be named is missing, the server lacks the ability; clients do not try again.
    del acting, action_id
    ref_of(type_path, number)
    raise Refused(HTTPStatus.NOT_IMPLEMENTED, _NO_DOCUMENTS)


HANDLERS = (create_entity, change_entity, delete_entity, take_action, take_document_action)


def _check_made(result: Result) -> None:
    """Nothing, where a record was made. Raises Refused: two faults have a sentence instead of a verdict."""
    for flaw in result.flaws:
        if flaw.kind is FlawKind.NO_TEMPLATE:
            raise Refused(HTTPStatus.BAD_REQUEST, flaw_text(flaw))
    if {flaw.kind for flaw in result.flaws} == {FlawKind.PARENT_MISSING}:
        raise Refused(HTTPStatus.NOT_FOUND, flaw_text(result.flaws[0]))
    check(result, _MISSING)

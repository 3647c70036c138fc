"""Searching: among records, among relationships, among what was deleted."""

from litestar import Response, post

from muster.domain.records.char_types import RELATIONSHIP
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment, char_type_of, wants_extended
from muster.surfaces.record_batches.translate.bodies import Fields, read_fields
from muster.surfaces.record_batches.translate.gone import read_gone, render_gone
from muster.surfaces.record_batches.translate.search import read_search, render_entities, render_links
from muster.surfaces.record_batches.wire import search as wire
from muster.surfaces.record_batches.wire.paths import ENTITIES, RELATIONSHIPS

_SEARCH, _GONE = "search", "search-deleted"


@post(
    f"{ENTITIES}/{_SEARCH}",
    status_code=200,
    summary="Search among records",
    operation_class=taking(wire.SearchBody),
    responses=answering(wire.FoundEntities) | refusals(*BODY, 404),
)
async def search_entities(*, type_path: Segment, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """At most 100 at once: raise `start`, or send `cursorToken`, for more. What is committed is found."""
    char_type = char_type_of(type_path)
    body = await read_fields(request, door.limits)
    tenant = acting.acting.tenant
    asked = read_search(body, char_type, await door.blueprints.current(tenant))
    found = await door.finder.search(tenant, asked.search)
    return answer(render_entities(found, asked, extended=wants_extended(request)))


@post(
    f"{RELATIONSHIPS}/{_SEARCH}",
    status_code=200,
    summary="Search among relationships",
    operation_class=taking(wire.SearchBody),
    responses=answering(wire.FoundRelationships) | refusals(*BODY),
)
async def search_relationships(*, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """By what they join: `relrecid`, `relind`, `parentrecordid` and others."""
    body = await read_fields(request, door.limits)
    tenant = acting.acting.tenant
    asked = read_search(body, RELATIONSHIP, await door.blueprints.current(tenant))
    found = await door.finder.search_links(tenant, asked.search)
    return answer(render_links(found, asked))


@post(
    f"{ENTITIES}/{_GONE}",
    status_code=200,
    summary="Search among deleted records",
    operation_class=taking(wire.GoneBody),
    responses=answering(list[wire.GoneEntity]) | refusals(*BODY, 404),
)
async def search_deleted(*, type_path: Segment, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """What was deleted within 30 days, oldest first; at most 10,000."""
    char_type = char_type_of(type_path)
    return await _gone(await read_fields(request, door.limits), char_type, door, acting)


@post(
    f"{RELATIONSHIPS}/{_GONE}",
    status_code=200,
    summary="Search among deleted relationships",
    operation_class=taking(wire.GoneBody),
    responses=answering(list[wire.GoneRelationship]) | refusals(*BODY),
)
async def search_deleted_relationships(*, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """As for records; conditions that only records have are not looked at."""
    return await _gone(await read_fields(request, door.limits), RELATIONSHIP, door, acting)


HANDLERS = (search_entities, search_relationships, search_deleted, search_deleted_relationships)


async def _gone(body: Fields, char_type: int, door: TheDoor, acting: Caller) -> Response[bytes]:  # noqa: PLR0917 - each as plain as the next
    search = read_gone(body, char_type)
    return answer([render_gone(one) for one in await door.finder.gone(acting.acting.tenant, search)])

"""What is wrong with a record, and what keeps it from being deleted."""

from litestar import Response, get

from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import answering, refusals
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment, ref_of
from muster.surfaces.record_batches.translate.checks import read_part, render_delete_check, render_health
from muster.surfaces.record_batches.wire import checks as wire
from muster.surfaces.record_batches.wire.paths import ENTITY


@get(
    f"{ENTITY}/validation-errors",
    summary="Read what is wrong with a record",
    responses=answering(wire.ValidationErrors) | refusals(404),
)
async def read_validation_errors(
    *, type_path: Segment, number: Segment, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """A record that was valid may be so no more: its template may have changed."""
    return answer(render_health(await door.finder.flaws(acting.acting.tenant, ref_of(type_path, number))))


@get(
    f"{ENTITY}/delete-check",
    summary="Read whether a record can be deleted",
    responses=answering(wire.DeleteCheck) | refusals(400, 404),
)
async def check_delete(
    *, type_path: Segment, number: Segment, request: Call, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """With the locked records that depend on it, a part at a time: `skip`, `rows`."""
    ref = ref_of(type_path, number)
    skip, rows = read_part(dict(request.query_params.items()))
    check = await door.finder.delete_check(acting.acting.tenant, ref, offset=skip, limit=rows)
    return answer(render_delete_check(check))


HANDLERS = (read_validation_errors, check_delete)

"""The audit history of a record."""

from litestar import Response, get

from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import answering, refusals
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment, ref_of
from muster.surfaces.record_batches.translate.audit import read_history, read_sequence, render_history, render_trace
from muster.surfaces.record_batches.wire import audit as wire
from muster.surfaces.record_batches.wire.paths import ENTITY


@get(
    f"{ENTITY}/audit-history",
    summary="Read the audit history of a record",
    responses=answering(wire.AuditHistory) | refusals(400, 404),
)
async def read_audit_history(
    *, type_path: Segment, number: Segment, request: Call, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """`userId`, `page`, `rows`, `startDate`, `endDate`, `charTypeIds`, `showWorkflow`: newest first."""
    ref = ref_of(type_path, number)
    asked = read_history(dict(request.query_params.items()))
    total, traces = await door.finder.traces(
        acting.acting.tenant, ref, asked.where, offset=asked.offset, limit=asked.limit
    )
    return answer(render_history(total, traces))


@get(
    f"{ENTITY}/audit-history-detail",
    summary="Read what one row of the audit history changed",
    responses=answering(wire.AuditDetail) | refusals(400, 404),
)
async def read_audit_detail(
    *, type_path: Segment, number: Segment, request: Call, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """The row is named by its `sequence`."""
    ref = ref_of(type_path, number)
    sequence = read_sequence(dict(request.query_params.items()))
    return answer(render_trace(await door.finder.trace(acting.acting.tenant, ref, sequence)))


HANDLERS = (read_audit_history, read_audit_detail)

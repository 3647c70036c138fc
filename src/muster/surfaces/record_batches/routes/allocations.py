"""Allocations of a deal's money to its titles, which this server does not calculate: clients are told so."""

from collections.abc import Sequence
from http import HTTPStatus

from litestar import Response, get, post

from muster.domain.errors import NotFound
from muster.domain.records.char_types import BY_PATH
from muster.surfaces.record_batches.documentation import answering, refusals
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.door import Caller
from muster.surfaces.record_batches.routes.segments import Segment, ref_of
from muster.surfaces.record_batches.wire.allocations import AllocationModel
from muster.surfaces.record_batches.wire.paths import ALLOCATE, ALLOCATION_MODELS
from muster.surfaces.record_batches.wire.problems import Refused

_NO_ALLOCATIONS = "Allocations are not available on this server."
_DEALS = BY_PATH["deal"].id


@post(ALLOCATE, status_code=202, summary="Calculate the allocations of a deal", responses=refusals(404, 501))
async def calculate_allocations(*, type_path: Segment, number: Segment, acting: Caller) -> Response[bytes]:
    """Always refused with 501."""
    # Not a 404: nothing that could be named is missing, the server lacks the ability; clients do not try again.
    del acting
    if ref_of(type_path, number).char_type != _DEALS:
        raise NotFound
    raise Refused(HTTPStatus.NOT_IMPLEMENTED, _NO_ALLOCATIONS)


@get(ALLOCATION_MODELS, summary="List the models of allocation", responses=answering(list[AllocationModel]))
async def list_allocation_models(acting: Caller) -> Response[bytes]:
    """There are none."""
    del acting
    none: Sequence[AllocationModel] = ()
    return answer(none)


HANDLERS = (calculate_allocations, list_allocation_models)

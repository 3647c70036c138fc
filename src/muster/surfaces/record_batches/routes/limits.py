"""What the company may still ask for."""

from litestar import get

from muster.surfaces.record_batches.documentation import refusals
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.wire.limits import Limit, LimitsAnswer
from muster.surfaces.record_batches.wire.paths import PREFIX


@get(f"{PREFIX}/limits", summary="What is left of today's calls, and of the batches at once", responses=refusals())
async def limits(door: TheDoor, acting: Caller) -> LimitsAnswer:
    """What is left once this call is counted."""
    tenant = acting.acting.tenant
    most_open = door.batches.most_open
    return LimitsAnswer(
        daily_api_requests=Limit(max=door.usage.most, remaining=await door.usage.remaining(tenant)),
        concurrent_processing_api_batches=Limit(
            max=most_open, remaining=max(0, most_open - await door.lookup.open_count(tenant))
        ),
    )


HANDLERS = (limits,)

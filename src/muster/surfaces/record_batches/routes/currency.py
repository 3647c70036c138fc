"""Currency conversions."""

from uuid import UUID

from litestar import Response, delete, get, post, put

from muster.domain.errors import NotFound
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.books import booked
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment
from muster.surfaces.record_batches.translate.bodies import read_fields
from muster.surfaces.record_batches.translate.currency import read_id, read_rate, render_rate
from muster.surfaces.record_batches.wire import currency as wire
from muster.surfaces.record_batches.wire.paths import PREFIX

_HERE = f"{PREFIX}/currency/conversion"
_ONE = f"{_HERE}/{{conversion_id:str}}"


@get(f"{_HERE}/list", summary="List the currency conversions", responses=answering(list[wire.Conversion]) | refusals())
async def list_conversions(door: TheDoor, acting: Caller) -> Response[bytes]:
    """Oldest day first."""
    return answer([render_rate(one) for one in await door.books.rates(acting.acting.tenant)])


@post(
    _HERE,
    status_code=200,
    summary="Create a currency conversion",
    operation_class=taking(wire.ConversionBody),
    responses=answering(wire.Conversion) | refusals(*BODY, 409),
)
async def create_conversion(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Amounts that are written from now on are converted by it, if its day has come."""
    body = await read_fields(request, door.limits)
    with booked():
        return answer(render_rate(await door.books.add_rate(acting.who, read_rate(body))))


@get(_ONE, summary="Read a currency conversion", responses=answering(wire.Conversion) | refusals(404))
async def get_conversion(conversion_id: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """One conversion."""
    return answer(render_rate(await door.books.rate(acting.acting.tenant, _id(conversion_id))))


@put(
    _ONE,
    summary="Change a currency conversion",
    operation_class=taking(wire.ConversionBody),
    responses=answering(wire.Conversion) | refusals(*BODY, 404, 409),
)
async def change_conversion(*, conversion_id: Segment, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """What is absent stays. Amounts keep what they were converted by."""
    body = await read_fields(request, door.limits)
    with booked():
        return answer(render_rate(await door.books.change_rate(acting.who, _id(conversion_id), read_rate(body))))


@delete(
    _ONE,
    status_code=200,
    summary="Delete a currency conversion",
    responses=answering(wire.Deleted) | refusals(404),
)
async def delete_conversion(conversion_id: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Amounts keep what they were converted by."""
    await door.books.remove_rate(acting.who, _id(conversion_id))
    return answer(wire.Deleted())


HANDLERS = (list_conversions, create_conversion, get_conversion, change_conversion, delete_conversion)


def _id(text: str) -> UUID:
    known = read_id(text)
    if known is None:
        raise NotFound
    return known

"""Financial periods, closing them, and what that does."""

from litestar import Response, get, post, put

from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.books import booked, of_period
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment, number_of
from muster.surfaces.record_batches.translate.bodies import read_body, read_fields
from muster.surfaces.record_batches.translate.periods import read_period, read_settings, render_period, render_settings
from muster.surfaces.record_batches.wire import periods as wire
from muster.surfaces.record_batches.wire.paths import PREFIX

_HERE = f"{PREFIX}/financial-periods"
_ONE = f"{_HERE}/{{period_id:str}}"
_SETTINGS = f"{PREFIX}/financial-periods-settings"


@get(_HERE, summary="List the financial periods", responses=answering(list[wire.Period]) | refusals())
async def list_periods(door: TheDoor, acting: Caller) -> Response[bytes]:
    """By their first days."""
    periods = await door.books.periods(acting.acting.tenant)
    return answer([render_period(one, door.books.today) for one in periods])


@post(
    _HERE,
    status_code=200,
    summary="Create a financial period",
    operation_class=taking(wire.PeriodBody),
    responses=answering(wire.Period) | refusals(*BODY, 409),
)
async def create_period(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Both days belong to it."""
    body = await read_fields(request, door.limits)
    with booked():
        period = await door.books.add_period(acting.who, read_period(body))
    return answer(render_period(period, door.books.today))


@put(
    _ONE,
    summary="Change a financial period",
    operation_class=taking(wire.PeriodBody),
    responses=answering(wire.Period) | refusals(*BODY, 404, 409),
)
async def change_period(*, period_id: Segment, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """What is absent stays. One that is closed cannot be changed any more."""
    body = await read_fields(request, door.limits)
    with of_period(period_id):
        period = await door.books.change_period(acting.who, number_of(period_id), read_period(body))
    return answer(render_period(period, door.books.today))


@put(
    f"{_ONE}/close",
    summary="Close a financial period",
    responses=answering(wire.Period) | refusals(400, 404, 409),
)
async def close_period(period_id: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """With each amount in it, the action is taken that the settings name for its process."""
    with of_period(period_id):
        period = await door.books.close(acting.who, acting.acting, number_of(period_id))
    return answer(render_period(period, door.books.today))


@get(_SETTINGS, summary="See what closing a period does", responses=answering(list[wire.Setting]) | refusals())
async def list_settings(door: TheDoor, acting: Caller) -> Response[bytes]:
    """Every process of amounts, and the action that is taken."""
    return answer(render_settings(await door.books.settings(acting.acting.tenant)))


@put(
    _SETTINGS,
    summary="Change what closing a period does",
    responses=answering(list[wire.Setting]) | refusals(*BODY, 409),
)
async def change_settings(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """A list of processes with the action for each: null changes nothing, -1 takes it away."""
    body = await read_body(request, door.limits)
    with booked():
        return answer(render_settings(await door.books.set(acting.who, read_settings(body))))


HANDLERS = (list_periods, create_period, change_period, close_period, list_settings, change_settings)

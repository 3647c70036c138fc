"""Switching records to other templates."""

from http import HTTPStatus

from litestar import Response, post

from muster.domain.records.operation import Denial, Denied
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment, ref_of
from muster.surfaces.record_batches.translate.bodies import read_fields
from muster.surfaces.record_batches.translate.results import flaw_text, refusal_of
from muster.surfaces.record_batches.translate.switching import read_switch, render_cost
from muster.surfaces.record_batches.wire import switching as wire
from muster.surfaces.record_batches.wire.paths import SWITCH, SWITCH_CHECK
from muster.surfaces.record_batches.wire.problems import NOT_FOUND, Refused

_TEXTS = {Denial.NOT_FOUND: (404, NOT_FOUND)}


@post(
    SWITCH,
    status_code=200,
    summary="Switch a record to another template",
    operation_class=taking(wire.SwitchBody),
    responses=answering(wire.Switched) | refusals(*BODY, 404, 409),
)
async def switch(
    *, type_path: Segment, number: Segment, request: Call, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """What does not fit the new template is dropped, and listed."""
    ref = ref_of(type_path, number)
    body = await read_fields(request, door.limits)
    asked = read_switch(body, ref)
    try:
        cost = await door.switching.switch(acting.acting, asked)
    except Denied as denied:
        raise _refused(denied) from None
    return answer(render_cost(cost, number=ref.number))


@post(
    SWITCH_CHECK,
    status_code=200,
    summary="See what switching a record to another template would cost",
    operation_class=taking(wire.SwitchBody),
    responses=answering(wire.Switched) | refusals(*BODY, 404),
)
async def check_switch(
    *, type_path: Segment, number: Segment, request: Call, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """Nothing is changed."""
    ref = ref_of(type_path, number)
    body = await read_fields(request, door.limits)
    asked = read_switch(body, ref)
    try:
        cost = await door.switching.check(acting.acting, asked)
    except Denied as denied:
        raise _refused(denied) from None
    return answer(render_cost(cost))


HANDLERS = (switch, check_switch)


def _refused(denied: Denied) -> Refused:
    """Why it is not done; a fault is told in a sentence."""
    if denied.flaws:
        return Refused(HTTPStatus.BAD_REQUEST, flaw_text(denied.flaws[0]))
    code, text = _TEXTS.get(denied.denial) or refusal_of(denied.denial)
    return Refused(HTTPStatus(code), text)

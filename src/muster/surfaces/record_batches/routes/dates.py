"""Date math: create, change, delete; and what a record's dates are calculated from."""

from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus

from litestar import Response, delete, get, post, put

from muster.domain.errors import NotFound
from muster.domain.records.operation import Denial, Denied, Result
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment, number_of, ref_of
from muster.surfaces.record_batches.translate.bodies import read_fields
from muster.surfaces.record_batches.translate.dates import read_change, read_draft, render
from muster.surfaces.record_batches.translate.results import refusal
from muster.surfaces.record_batches.wire import dates as wire
from muster.surfaces.record_batches.wire.dates import DATE_MATH, DATE_MATH_OF, ONE_DATE_MATH
from muster.surfaces.record_batches.wire.problems import Refused


@post(
    DATE_MATH,
    status_code=200,
    summary="Create date math",
    operation_class=taking(wire.NewDateMath),
    responses=answering(int, "The id of the calculation") | refusals(*BODY, 404, 409),
)
async def create_date_math(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """It takes the place of what the field was calculated by before. The answer is its id, and nothing else."""
    draft = read_draft(await read_fields(request, door.limits))
    with _in_their_words():
        return answer(await door.dates.add(acting.acting, draft))


@put(
    DATE_MATH,
    summary="Change date math",
    operation_class=taking(wire.DateMathChange),
    responses=answering(wire.Message) | refusals(*BODY, 409),
)
async def change_date_math(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """What is absent stays. A calculation, or a date it looks at, that is not there cannot be changed: 500."""
    change = read_change(await read_fields(request, door.limits))
    with _in_their_words():
        try:
            await door.dates.change(acting.acting, change)
        except NotFound:
            # This vendor has one answer for whatever keeps it from updating.
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, wire.NOT_UPDATED) from None
    return answer(wire.Message(wire.UPDATED))


@delete(
    ONE_DATE_MATH,
    status_code=200,
    summary="Delete date math",
    responses=answering(bool, "`true`: it is gone") | refusals(404, 409),
)
async def delete_date_math(number: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """The date stays as it is."""
    with _in_their_words():
        await door.dates.remove(acting.acting, number_of(number))
    return answer(content=True)


@get(DATE_MATH_OF, summary="Read the date math of a record", responses=answering(list[wire.DateMath]) | refusals(404))
async def get_date_math(*, type_path: Segment, number: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """How each of its dates is calculated, those that are."""
    found = await door.dates.of_record(acting.acting.tenant, ref_of(type_path, number))
    return answer([render(one) for one in found])


HANDLERS = (create_date_math, change_date_math, delete_date_math, get_date_math)


@contextmanager
def _in_their_words() -> Generator[None]:
    """Answer what is denied as operations on records are answered. Raises Refused, NotFound."""
    try:
        yield
    except Denied as denied:
        if denied.denial is Denial.NOT_FOUND:
            raise NotFound from None
        told = refusal(Result(group=0, number=0, denial=denied.denial))
        code, text = told if told is not None else (HTTPStatus.FORBIDDEN, None)
        raise Refused(HTTPStatus(code), text) from None

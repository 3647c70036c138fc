"""Amortization models, schedules, previews and the journal. Models are the vendor's calls, the rest are ours."""

from datetime import date
from http import HTTPStatus

from litestar import Response, get
from litestar.datastructures.headers import Accept

from muster.domain.errors import BadInput
from muster.domain.records.char_types import TABLE
from muster.domain.records.operation import Denial, Result
from muster.records.amortization.desk import Faulty, Schedule
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import answering, refusals
from muster.surfaces.record_batches.routes.answers import answer, csv_file
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import Segment, number_of
from muster.surfaces.record_batches.translate.bodies import whole
from muster.surfaces.record_batches.translate.charts import draw
from muster.surfaces.record_batches.translate.periods import read_day
from muster.surfaces.record_batches.translate.results import verdict
from muster.surfaces.record_batches.translate.schedules import (
    journal_csv,
    render_journal,
    render_model,
    render_schedule,
    schedule_csv,
)
from muster.surfaces.record_batches.wire import amortization as wire
from muster.surfaces.record_batches.wire.paths import PREFIX
from muster.surfaces.record_batches.wire.problems import Refused

_HERE = f"{PREFIX}/amortization"
_JSON, _CSV, _SVG = "application/json", "text/csv", "image/svg+xml"
_FORMATS = {"json": _JSON, "csv": _CSV, "svg": _SVG}
_PICTURE = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""A picture that is opened by itself can do nothing."""


@get(f"{_HERE}/list", summary="List the amortization models", responses=answering(list[wire.Model]) | refusals())
async def list_models(door: TheDoor, acting: Caller) -> Response[bytes]:
    """Every model, with its periods."""
    return answer([render_model(one) for one in await door.amortizing.models(acting.acting.tenant)])


@get(f"{_HERE}/model/{{model_id:str}}", summary="Read a model", responses=answering(wire.Model) | refusals(404))
async def get_model(model_id: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """One model, with its periods."""
    return answer(render_model(await door.amortizing.model(acting.acting.tenant, number_of(model_id))))


@get(
    f"{_HERE}/schedule/{{row_id:str}}",
    summary="Read the posted schedule of a table row",
    responses=answering(wire.Schedule) | refusals(400, 404),
)
async def get_schedule(*, row_id: Segment, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """What amortizing the row posted last, as JSON, CSV or a picture (`format=json|csv|svg`, or `Accept`)."""
    form = _form(request, _JSON, _CSV, _SVG)
    return _schedule(await door.amortizing.schedule(acting.acting.tenant, number_of(row_id)), form)


@get(
    f"{_HERE}/preview/{{row_id:str}}",
    summary="See the schedule that a model would make of a table row",
    responses=answering(wire.Schedule) | refusals(400, 404),
)
async def preview_schedule(*, row_id: Segment, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Nothing is posted. `modelId` names the model; formats as for what is posted."""
    form = _form(request, _JSON, _CSV, _SVG)
    model, row = whole(request.query_params.get("modelId", "")), number_of(row_id)
    if model is None:
        raise BadInput("modelId is required and must be a number.")
    try:
        return _schedule(await door.amortizing.preview(acting.acting.tenant, row, model), form)
    except Faulty as faulty:
        denial = Denial.FAULTY if faulty.flaws else Denial.UNUSABLE
        result = Result(group=TABLE, number=row, denial=denial, flaws=faulty.flaws)
        text = verdict(result) if faulty.flaws else f"Amortization model {model} is invalid."
        raise Refused(HTTPStatus.BAD_REQUEST, text) from faulty


@get(
    f"{_HERE}/journal",
    summary="Read what amortization posted, as double entries",
    responses=answering(wire.Journal) | refusals(400),
)
async def get_journal(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """From `start` to `end`, both inclusive, as JSON or CSV (`format=json|csv`, or `Accept`)."""
    form = _form(request, _JSON, _CSV)
    since, until = _day(request, "start"), _day(request, "end")
    if until < since:
        raise BadInput("end must not be before start.")
    journal = render_journal(await door.amortizing.journal(acting.acting.tenant, since, until))
    if form == _CSV:
        return csv_file(journal_csv(journal), f"journal-{journal.start}-{journal.end}.csv")
    return answer(journal)


HANDLERS = (list_models, get_model, get_schedule, preview_schedule, get_journal)


def _form(call: Call, *offered: str) -> str:
    """The media type asked for by `format`, or else by `Accept`; JSON for whoever asks for none that there is."""
    named = call.query_params.get("format")
    if named is None:
        return Accept(call.headers.get("accept", "")).best_match(list(offered), default=_JSON) or _JSON
    form = _FORMATS.get(named.lower())
    if form not in offered:
        known = [name for name, media_type in _FORMATS.items() if media_type in offered]
        raise BadInput(f"format must be {', '.join(known[:-1])} or {known[-1]}.")
    return form


def _day(call: Call, name: str) -> date:
    day = read_day(call.query_params.get(name))
    if day is None:
        raise BadInput(f"{name} is required and must be a date (yyyy-MM-dd).")
    return day


def _schedule(schedule: Schedule, form: str) -> Response[bytes]:
    if form == _SVG:
        return Response(draw(schedule).encode(), media_type=_SVG, headers=_PICTURE)
    told = render_schedule(schedule)
    return csv_file(schedule_csv(told), f"schedule-{told.row_id}.csv") if form == _CSV else answer(told)

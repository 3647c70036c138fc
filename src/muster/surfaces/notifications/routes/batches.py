"""Batches: create, list, read."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from litestar import Response, get, post
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.response.base import ASGIResponse

from muster.domain.directory import Acting
from muster.domain.errors import BadInput, MalformedBody, Unavailable
from muster.domain.fault import Fault
from muster.domain.ids import MailingNumber
from muster.intake.mailing_orders import Order, Upload
from muster.lookup.shelves import ShelfName
from muster.surfaces.access import Call
from muster.surfaces.bodies import Limits, decoded, read_object
from muster.surfaces.multipart import MEDIA_TYPE, Part, fingerprint, read_parts
from muster.surfaces.notifications.documentation import answering, refusals, taking
from muster.surfaces.notifications.routes.answers import JSON as ANSWER
from muster.surfaces.notifications.routes.answers import answer_one
from muster.surfaces.notifications.routes.collections import answer, of_shelf
from muster.surfaces.notifications.routes.door import Caller, Door, Id, Operation, TheDoor, doing
from muster.surfaces.notifications.translate.batches import render_forecast, render_unread
from muster.surfaces.notifications.translate.ids import Prefix, read, spell
from muster.surfaces.notifications.translate.objects import render
from muster.surfaces.notifications.translate.orders import Asked, Sent, in_words, read_order
from muster.surfaces.notifications.translate.select import everything
from muster.surfaces.notifications.translate.wording import missing
from muster.surfaces.notifications.wire import batches as wire
from muster.surfaces.notifications.wire.paths import BATCHES

_SHELF = ShelfName.MAILINGS
_JSON = "application/json"


@post(
    BATCHES,
    opt=doing(Operation.CREATE_BATCHES),
    summary="Create a batch",
    operation_class=taking(wire.NewBatch),
    responses={
        200: ResponseSpec(wire.Forecast, generate_examples=False, description="With `dryRun=true`: nothing is kept"),
        **answering(201, wire.Batch),
        **refusals(400, 408, 409, 415),
    },
)
async def create_batch(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Keep it and all its messages; they are sent afterwards. As JSON, or as a form with files."""
    asked = await _read(request, door.limits)
    with in_words(asked):
        if request.query_params.get("dryRun", "").lower() == "true":
            forecast = render_forecast(await door.mailings.rehearse(acting, asked.order))
            return Response(msgspec.json.encode(forecast), status_code=200, media_type=ANSWER)
        taken = await door.mailings.submit(acting, asked.order)
    whole = await _made(door, acting, asked.order, number=taken.mailing)
    where = f"{BATCHES}/{spell(Prefix.BATCH, taken.mailing)}"
    return Response(
        msgspec.json.encode(whole),
        status_code=201,
        headers={"Location": where},
        media_type=ANSWER,
    )


@get(
    BATCHES,
    summary="List batches",
    opt=doing(Operation.READ_BATCHES),
    responses=answering(200, wire.Batches) | refusals(400, 406, 413),
)
async def find_batches(request: Call, door: TheDoor, acting: Caller) -> ASGIResponse:
    """Vendors see those they made."""
    return await answer(request, of_shelf(door.shelves, acting, _SHELF), turns=door.turns)


@get(
    f"{BATCHES}/{{batch_id:str}}",
    opt=doing(Operation.READ_BATCHES),
    summary="Retrieve a batch",
    responses=answering(200, wire.Batch) | refusals(400, 404),
)
async def get_batch(*, batch_id: Id, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Where it stands now."""
    with missing("Batch", batch_id):
        return await answer_one(request, door, acting, shelf=_SHELF, number=read(Prefix.BATCH, batch_id) or 0)


HANDLERS = (create_batch, find_batches, get_batch)


async def _made(door: Door, acting: Acting, order: Order, *, number: MailingNumber) -> dict[str, object]:
    """Everything of the batch that was just kept."""
    selection = everything(_SHELF)
    try:
        found = await door.shelves.get(acting, _SHELF, number, wants=selection.wants)
    except Unavailable:
        # It is kept. The vendor's client sends a request that is answered 503 again, and would make a second batch.
        return render_unread(order, number)
    return selection.prune_root(render(found.rows[0], found.related))


async def _read(call: Call, limits: Limits) -> Asked:
    """The order that the body holds, in either encoding."""
    key = call.headers.get(wire.KEY_HEADER)
    match call.headers.get("content-type", "").partition(";")[0].strip().lower():
        case "application/json":
            body = await read_object(call, limits)
            return read_order(body.content, Sent(key=key, fingerprint=body.fingerprint))
        case "multipart/form-data":
            return await _read_form(await read_parts(call, limits, most=wire.MOST_PARTS), key)
        case _:
            raise HTTPException(status_code=415, detail=f"The Content-Type must be {_JSON} or {MEDIA_TYPE}")


async def _read_form(parts: Sequence[Part], key: str | None) -> Asked:
    orders = [part for part in parts if _is_order(part)]
    # A form in a browser sends a file without name and content where none was chosen.
    files = [part for part in parts if part.file_name is not None and not _is_order(part) and _is_chosen(part)]
    if len(orders) != 1:
        message = "is required, as a part of the form" if not orders else "must not stand twice in the form"
        raise BadInput(f"The field batch {message}", [Fault("batch", "REQUIRED", message)])
    try:
        body = await decoded(orders[0].content)
    except MalformedBody as error:
        raise BadInput(error.message, [Fault("batch", error.code, error.message)]) from None
    digest = sha256(body.fingerprint + fingerprint(files)).digest() if files else body.fingerprint
    uploads = [
        Upload(name=name, file_name=name, content_type=part.content_type, content=part.content)
        for part in files
        if (name := part.file_name) is not None
    ]
    return read_order(body.content, Sent(uploads=uploads, key=key, fingerprint=digest))


def _is_order(part: Part) -> bool:
    return part.name in wire.JSON_PARTS and (part.file_name is None or part.content_type == _JSON)


def _is_chosen(part: Part) -> bool:
    return bool(part.file_name or part.content)

"""Batches: create, read. Listing and cancelling them, and results as CSV, are ours: the vendor has none of these."""

from hashlib import sha256

import msgspec
from litestar import Response, delete, get, post
from msgspec import UNSET

from muster.domain.errors import BadInput, Conflict, NotFound, TooManyBatches
from muster.intake.record_batches import Order
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.routes.answers import answer, csv_file
from muster.surfaces.record_batches.routes.door import Caller, TheDoor, check_may_change
from muster.surfaces.record_batches.routes.segments import Segment
from muster.surfaces.record_batches.translate.bodies import read_body, whole
from muster.surfaces.record_batches.translate.listing import read_list, render_list
from muster.surfaces.record_batches.translate.operations import read_batch
from muster.surfaces.record_batches.translate.results import render_batch, results_csv
from muster.surfaces.record_batches.wire import batches as wire
from muster.surfaces.record_batches.wire.paths import BATCH, BATCHES

_KEY_HEADER = "Idempotency-Key"
_LONGEST_KEY = 255
_QUEUE_FULL = "Too many batches in queued status. Please wait and try again."
_MOST_NUMBER = (1 << 31) - 1
_canonical = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


@post(
    BATCHES,
    status_code=202,
    summary="Create a batch",
    operation_class=taking(wire.NewBatch),
    responses=answering(wire.BatchMade, "It is kept, and will be worked on", status=202) | refusals(*BODY, 409),
)
async def create_batch(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Up to 100 records and relationships, one method for all.

    Sent again under the same `Idempotency-Key`, it is not made again.
    """
    key = _key(request)
    body = await read_body(request, door.limits)
    blueprint = await door.blueprints.current(acting.acting.tenant)
    asked = read_batch(body, blueprint, most=door.batch_size)
    order = Order(
        method=asked.method,
        whole=asked.whole,
        dry=asked.dry,
        operations=asked.operations,
        groups=asked.groups,
        idempotency_key=key,
        fingerprint=sha256(_canonical(body)).digest() if key is not None else b"",
    )
    try:
        number = await door.batches.submit(acting.who, acting.acting.user, order)
    except TooManyBatches as error:
        raise TooManyBatches(_QUEUE_FULL, error.retry_after) from None
    return answer(wire.BatchMade(batch_id=number, batch_status=wire.CREATED), 202)


@get(BATCHES, summary="List the batches", responses=answering(wire.Batches) | refusals(400))
async def list_batches(request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Newest first: `status` (several with commas), `userId`, `startDate`, `endDate`, `page`, `rows` (at most 100)."""
    asked = read_list(dict(request.query_params.items()))
    total, found = await door.lookup.find(acting.acting.tenant, asked.where, asked.page)
    return answer(render_list(total, found))


@get(BATCH, summary="Read a batch", responses=answering(wire.Batch) | refusals(400, 404, 409))
async def get_batch(*, number: Segment, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Where it stands; what came of each record once it has ended. `format=csv`: that alone, as CSV."""
    form = request.query_params.get("format", "json").lower()
    if form not in {"json", "csv"}:
        raise BadInput("format must be json or csv.")
    batch = render_batch(await door.lookup.get(acting.acting.tenant, _number(number)))
    if form == "json":
        return answer(batch)
    if batch.batch_results is UNSET:
        raise Conflict("The batch has not ended yet.")
    return csv_file(results_csv(batch.batch_results), f"batch-{batch.batch_id}.csv")


@delete(
    BATCH,
    status_code=200,
    summary="Cancel a batch that waits",
    responses=answering(wire.Batch) | refusals(403, 404, 409),
)
async def cancel_batch(number: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """Nothing of it is done. One whose turn has come is not cancelled any more."""
    check_may_change(acting)
    known = _number(number)
    await door.control.cancel(acting.who, known)
    return answer(render_batch(await door.lookup.get(acting.acting.tenant, known)))


HANDLERS = (create_batch, list_batches, get_batch, cancel_batch)


def _number(text: str) -> int:
    known = whole(text)
    if known is None or not 0 < known <= _MOST_NUMBER:
        raise NotFound
    return known


def _key(call: Call) -> str | None:
    key = call.headers.get(_KEY_HEADER)
    if key is not None and not 0 < len(key) <= _LONGEST_KEY:
        raise BadInput(f"{_KEY_HEADER} must have 1 to {_LONGEST_KEY} characters.")
    return key

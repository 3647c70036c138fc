"""Batches: create, search, read, cancel. And the exchange of keys, which every client begins with."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from litestar import delete, get, post
from litestar.params import QueryParameter

from muster.domain.batch import Batch
from muster.domain.entry import NewEntry
from muster.domain.errors import NotFound
from muster.domain.ids import BatchId
from muster.domain.template import Template
from muster.domain.tenant import Principal
from muster.intake.submit import Submission
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.entries import Draft, validate
from muster.ports.store.batches import BatchOrder
from muster.surfaces.access import Call
from muster.surfaces.bodies import read_object
from muster.surfaces.paging import PageRules
from muster.surfaces.workflow_batches import wire
from muster.surfaces.workflow_batches.documentation import refusals, taking
from muster.surfaces.workflow_batches.routes.door import Caller, Door, Id, Sort, TemplateQuery, Text, TheDoor, envelope
from muster.surfaces.workflow_batches.translate import batches as of_batches
from muster.surfaces.workflow_batches.translate.fields import all_of, path_id
from muster.surfaces.workflow_batches.translate.orders import read_order

_BATCH_PAGES = PageRules(
    fields={
        "createdAt": "created_at",
        "updatedAt": "updated_at",
        "status": "state",
        "templateDisplayName": "template_title",
        "totalRequestsCount": "total",
    },
    default=("created_at", True),
)
# All entries of a batch were made at once, so their order by `createdAt` is that of submission, in both directions.
_ENTRY_PAGES = PageRules(
    fields={"createdAt": "", "position": "position", "title": "title", "status": "state"}, default=("", True)
)


@post(wire.EXCHANGE, status_code=200, summary="Exchange an API key for an access token", responses=refusals())
async def exchange_key(request: Call, door: TheDoor) -> wire.TokenGrant:
    """Take `Authorization: Basic base64(key:secret)`; any body is ignored."""
    token, lifetime = await door.access.exchange(request)
    return wire.TokenGrant(access_token=token, expires_in=lifetime)


@post(
    wire.BATCHES,
    summary="Create a batch",
    operation_class=taking(wire.NewBatch),
    responses=refusals(400, 403, 404, 408, 409, 413, 415, 422),
)
async def create_batch(request: Call, door: TheDoor, who: Caller) -> wire.BatchMade:
    """Keep the batch and all its entries; what becomes of each is told by its status."""
    body = await read_object(request, door.limits)
    order = read_order(body.content, request.headers.get(wire.KEY_HEADER))
    made = await door.submit(
        who,
        Submission(
            kind=NAME,
            title=order.idempotency_key or "",
            template=order.template,
            entries=partial(_entries, order.drafts),
            idempotency_key=order.idempotency_key,
            scope=NAME,
            fingerprint=body.fingerprint,
        ),
    )
    return wire.BatchMade(batch_id=str(made.batch), idempotency_key=made.idempotency_key)


@get(wire.BATCHES, summary="Search batches", responses=refusals(400))
async def find_batches(  # noqa: PLR0913 - one for each field of the query
    *,
    door: TheDoor,
    who: Caller,
    status: Text = None,
    search: Text = None,
    template: TemplateQuery = None,
    version: Annotated[str | None, QueryParameter(name="templateVersionId")] = None,
    page: Text = None,
    size: Text = None,
    sort: Sort = None,
) -> wire.Batches:
    """Every condition must hold."""
    paging, where = all_of(
        partial(_BATCH_PAGES.read, page, size, sort or ()),
        partial(of_batches.read_filter, status, template, version, search=search),
    )
    order = [BatchOrder(field, descending) for field, descending in paging.order]
    total, found = await door.batches.find(who.tenant, where, order=order, page=paging.page)
    return envelope(wire.Batches, paging, total, content=[of_batches.batch_detail(batch) for batch in found])


@get(f"{wire.BATCHES}/{{batch_id:str}}", summary="Retrieve a batch", responses=refusals(400, 404))
async def get_batch(batch_id: Id, door: TheDoor, who: Caller) -> wire.BatchDetail:
    """Counts are live."""
    return of_batches.batch_detail(await _found(door, who, batch_id))


@get(
    f"{wire.BATCHES}/{{batch_id:str}}/entries", summary="Retrieve the entries of a batch", responses=refusals(400, 404)
)
async def find_entries(  # noqa: PLR0913 - one for each field of the query
    *,
    batch_id: Id,
    door: TheDoor,
    who: Caller,
    status: Text = None,
    page: Text = None,
    size: Text = None,
    sort: Sort = None,
) -> wire.Entries:
    """Each entry with what became of it."""
    paging, states = all_of(
        partial(_ENTRY_PAGES.read, page, size, sort or ()), partial(of_batches.read_entry_filter, status)
    )
    batch = (await _found(door, who, batch_id)).id
    total, found = await door.entries.find(
        who.tenant,
        batch,
        states=states,
        order=[key for key in paging.order if key[0]],
        page=paging.page,
    )
    return envelope(wire.Entries, paging, total, content=[of_batches.entry_status(batch, entry) for entry in found])


@delete(f"{wire.BATCHES}/{{batch_id:str}}", summary="Cancel a batch", responses=refusals(400, 403, 404, 422))
async def delete_batch(batch_id: Id, door: TheDoor, who: Caller) -> None:
    """Send nothing more of it, and let the links that were sent die."""
    found = await _found(door, who, batch_id)
    await door.control.cancel(who, found.id, withdraw=True)


@post(
    f"{wire.BATCHES}/{{batch_id:str}}/cancel",
    status_code=200,
    summary="Cancel a batch and retrieve it",
    responses=refusals(400, 403, 404, 422),
)
async def cancel_batch(batch_id: Id, door: TheDoor, who: Caller) -> wire.BatchDetail:
    """Send nothing more of it, and let the links that were sent die."""
    found = await _found(door, who, batch_id)
    return of_batches.batch_detail(await door.control.cancel(who, found.id, withdraw=True))


HANDLERS = (
    exchange_key,
    create_batch,
    find_batches,
    get_batch,
    find_entries,
    delete_batch,
    cancel_batch,
)


def _entries(drafts: Sequence[Draft], template: Template | None) -> Sequence[NewEntry]:
    if template is None:
        raise NotFound("The batch names no template")
    return validate(drafts, template)


async def _found(door: Door, who: Principal, value: str) -> Batch:
    """The batch a path names; a batch that is no such thing for this door is not found either."""
    return await door.batches.get(who.tenant, BatchId(path_id(value, "batchId")), kind=NAME)

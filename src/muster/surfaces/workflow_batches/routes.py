"""Paths and verbs of the door."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, TypeVar

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from muster.catalog.templates import TemplateCatalog
from muster.domain.entry import NewEntry
from muster.domain.errors import NotFound
from muster.domain.ids import BatchId, TemplateId, TemplateVersionId
from muster.domain.template import Template
from muster.domain.tenant import Principal
from muster.intake.control import Control
from muster.intake.submit import Submission, Submit
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.entries import Draft, validate
from muster.lookup.batches import BatchLookup
from muster.lookup.entries import EntryLookup
from muster.ports.store.batches import BatchOrder
from muster.surfaces.access import Access, Call
from muster.surfaces.bodies import Limits, read_object
from muster.surfaces.paging import PageRules, Paging
from muster.surfaces.workflow_batches import wire
from muster.surfaces.workflow_batches.documentation import refusals, taking
from muster.surfaces.workflow_batches.problems import Problems
from muster.surfaces.workflow_batches.translate import batches as of_batches
from muster.surfaces.workflow_batches.translate import templates as of_templates
from muster.surfaces.workflow_batches.translate.fields import path_id
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
_TEMPLATE_PAGES = PageRules(fields={"createdAt": "created_at"}, default=("created_at", True))


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call upon."""

    submit: Submit
    control: Control
    batches: BatchLookup
    entries: EntryLookup
    templates: TemplateCatalog
    access: Access
    limits: Limits


TheDoor = NamedDependency[SkipValidation[Door]]
Caller = NamedDependency[SkipValidation[Principal]]
Text = FromQuery[str | None]
Id = FromPath[str]
Shape = TypeVar("Shape")
Sort = Annotated[list[str] | None, QueryParameter(name="sort", description="field,ASC or field,DESC; repeatable")]


async def _caller(request: Call, door: TheDoor) -> Principal:
    return await door.access.caller(request)


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
    template: Annotated[str | None, QueryParameter(name="templateId")] = None,
    version: Annotated[str | None, QueryParameter(name="templateVersionId")] = None,
    page: Text = None,
    size: Text = None,
    sort: Sort = None,
) -> wire.Batches:
    """Every condition must hold."""
    paging = _BATCH_PAGES.read(page, size, sort or ())
    where = of_batches.read_filter(status, template, version, search=search)
    order = [BatchOrder(field, descending) for field, descending in paging.order]
    total, found = await door.batches.find(who.tenant, where, order=order, page=paging.page)
    return _envelope(wire.Batches, paging, total, content=[of_batches.batch_detail(batch) for batch in found])


@get(f"{wire.BATCHES}/{{batch_id:str}}", summary="Retrieve a batch", responses=refusals(400, 404))
async def get_batch(batch_id: Id, door: TheDoor, who: Caller) -> wire.BatchDetail:
    """Counts are live."""
    return of_batches.batch_detail(await door.batches.get(who.tenant, _batch(batch_id)))


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
    batch, paging = _batch(batch_id), _ENTRY_PAGES.read(page, size, sort or ())
    wanted = of_batches.read_status(status)
    total, found = await door.entries.find(
        who.tenant,
        batch,
        states=None if wanted is None else of_batches.ENTRY_STATES[wanted],
        order=[key for key in paging.order if key[0]],
        page=paging.page,
    )
    return _envelope(wire.Entries, paging, total, content=[of_batches.entry_status(batch, entry) for entry in found])


@delete(f"{wire.BATCHES}/{{batch_id:str}}", summary="Cancel a batch", responses=refusals(400, 403, 404, 422))
async def delete_batch(batch_id: Id, door: TheDoor, who: Caller) -> None:
    """Send nothing more of it, and let the links that were sent die."""
    await door.control.cancel(who, _batch(batch_id), withdraw=True)


@post(
    f"{wire.BATCHES}/{{batch_id:str}}/cancel",
    status_code=200,
    summary="Cancel a batch and retrieve it",
    responses=refusals(400, 403, 404, 422),
)
async def cancel_batch(batch_id: Id, door: TheDoor, who: Caller) -> wire.BatchDetail:
    """Send nothing more of it, and let the links that were sent die."""
    return of_batches.batch_detail(await door.control.cancel(who, _batch(batch_id), withdraw=True))


@post(
    wire.TEMPLATES,
    summary="Create a template",
    operation_class=taking(wire.NewTemplate),
    responses=refusals(400, 403, 408, 409, 413, 415),
)
async def create_template(request: Call, door: TheDoor, who: Caller) -> wire.TemplateDetail:
    """Keep version 1 of a new template, active at once."""
    body = await read_object(request, door.limits)
    return await _detail(door, who, await door.templates.create(who, NAME, of_templates.read_text(body.content)))


@get(wire.TEMPLATES, summary="Search templates", responses=refusals(400))
async def find_templates(  # noqa: PLR0913 - one for each field of the query
    *,
    door: TheDoor,
    who: Caller,
    status: Text = None,
    search: Text = None,
    page: Text = None,
    size: Text = None,
    sort: Sort = None,
) -> wire.Templates:
    """Deleted templates appear only when their status is asked for."""
    paging = _TEMPLATE_PAGES.read(page, size, sort or ())
    where = of_templates.read_filter(status, search, newest_first=paging.order[0][1])
    total, found = await door.templates.find(who.tenant, NAME, where, page=paging.page)
    content = [of_templates.summary(one, await _stats(door, who, one)) for one in found]
    return _envelope(wire.Templates, paging, total, content=content)


@get(
    f"{wire.TEMPLATES}/{{template_id:str}}",
    summary="Retrieve the latest version of a template",
    responses=refusals(400, 404),
)
async def get_template(template_id: Id, door: TheDoor, who: Caller) -> wire.TemplateDetail:
    """A deleted one too."""
    return await _detail(door, who, await door.templates.get(who.tenant, NAME, _template(template_id)))


@get(
    f"{wire.TEMPLATES}/{{template_id:str}}/versions/{{version_id:str}}",
    summary="Retrieve one version of a template",
    responses=refusals(400, 404),
)
async def get_template_version(*, template_id: Id, version_id: Id, door: TheDoor, who: Caller) -> wire.TemplateDetail:
    """Any version that ever was."""
    template, version = _template(template_id), TemplateVersionId(path_id(version_id, "templateVersionId"))
    return await _detail(door, who, await door.templates.version(who.tenant, NAME, template, version=version))


@put(
    f"{wire.TEMPLATES}/{{template_id:str}}",
    summary="Update a template",
    operation_class=taking(wire.NewTemplate),
    responses=refusals(400, 403, 404, 408, 413, 415),
)
async def update_template(*, template_id: Id, request: Call, door: TheDoor, who: Caller) -> wire.TemplateDetail:
    """Keep the next version; batches that exist stay on theirs."""
    template, body = _template(template_id), await read_object(request, door.limits)
    text = of_templates.read_text(body.content)
    return await _detail(door, who, await door.templates.update(who, NAME, template, text=text))


@put(
    f"{wire.TEMPLATES}/{{template_id:str}}/state",
    summary="Change the state of a template",
    operation_class=taking(wire.NewState),
    responses=refusals(400, 403, 404, 408, 413, 415, 422),
)
async def move_template(*, template_id: Id, request: Call, door: TheDoor, who: Caller) -> wire.TemplateDetail:
    """Batches that exist go on."""
    template, body = _template(template_id), await read_object(request, door.limits)
    state = of_templates.read_state(body.content.get("state"), "state")
    return await _detail(door, who, await door.templates.move(who, NAME, template, state=state))


HANDLERS = (
    exchange_key,
    create_batch,
    find_batches,
    get_batch,
    find_entries,
    delete_batch,
    cancel_batch,
    create_template,
    find_templates,
    get_template,
    get_template_version,
    update_template,
    move_template,
)


def workflow_batches(door: Door, problems: Problems) -> Router:
    """Every route of the door, each error answered by `problems`."""
    return Router(
        "/",
        route_handlers=HANDLERS,
        dependencies={"door": Provide(lambda: door, sync_to_thread=False), "who": Provide(_caller)},
        exception_handlers={Exception: problems},
        # The door reads bodies itself, within its own limits.
        request_max_body_size=None,
        tags=["workflow batches"],
    )


def _entries(drafts: Sequence[Draft], template: Template | None) -> Sequence[NewEntry]:
    if template is None:
        raise NotFound("The batch names no template")
    return validate(drafts, template)


def _batch(value: str) -> BatchId:
    return BatchId(path_id(value, "batchId"))


def _template(value: str) -> TemplateId:
    return TemplateId(path_id(value, "templateId"))


async def _detail(door: Door, who: Principal, template: Template) -> wire.TemplateDetail:
    return of_templates.detail(template, await _stats(door, who, template))


async def _stats(door: Door, who: Principal, template: Template) -> wire.TemplateStats:
    return of_templates.stats(
        await door.batches.usage(who.tenant, template.id),
        await door.batches.usage(who.tenant, template.id, template.version_id),
    )


def _envelope(shape: Callable[..., Shape], paging: Paging, total: int, *, content: Sequence[object]) -> Shape:
    return shape(
        total_elements=total,
        total_pages=paging.pages(total),
        number=paging.number,
        number_of_elements=len(content),
        has_next=paging.number < paging.pages(total),
        content=content,
    )

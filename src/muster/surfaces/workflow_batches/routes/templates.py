"""Templates: create, search, read, update, move."""

from collections.abc import Sequence
from functools import partial

from litestar import get, post, put

from muster.domain.ids import TemplateId, TemplateVersionId
from muster.domain.template import Template
from muster.domain.tenant import Principal
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.kind import SINGLE
from muster.surfaces.access import Call
from muster.surfaces.bodies import read_object
from muster.surfaces.paging import PageRules
from muster.surfaces.workflow_batches import wire
from muster.surfaces.workflow_batches.documentation import refusals, taking
from muster.surfaces.workflow_batches.routes.door import Caller, Door, Id, Sort, Text, TheDoor, envelope
from muster.surfaces.workflow_batches.translate import templates as of_templates
from muster.surfaces.workflow_batches.translate.fields import all_of, path_id

_TEMPLATE_PAGES = PageRules(fields={"createdAt": "created_at"}, default=("created_at", True))


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
    paging, state = all_of(
        partial(_TEMPLATE_PAGES.read, page, size, sort or ()), partial(of_templates.read_status, status)
    )
    where = of_templates.a_filter(state, search, newest_first=paging.order[0][1])
    total, found = await door.templates.find(who.tenant, NAME, where, page=paging.page)
    stats = await _stats(door, who, found)
    content = [of_templates.summary(one, counted) for one, counted in zip(found, stats, strict=True)]
    return envelope(wire.Templates, paging, total, content=content)


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
    create_template,
    find_templates,
    get_template,
    get_template_version,
    update_template,
    move_template,
)


def _template(value: str) -> TemplateId:
    return TemplateId(path_id(value, "templateId"))


async def _detail(door: Door, who: Principal, template: Template) -> wire.TemplateDetail:
    (stats,) = await _stats(door, who, [template])
    return of_templates.detail(template, stats)


async def _stats(door: Door, who: Principal, templates: Sequence[Template]) -> Sequence[wire.TemplateStats]:
    """How often each was used; asked for all of them at once."""
    usage = await door.batches.usage(who.tenant, [one.id for one in templates], kind=NAME, single=SINGLE)
    return [of_templates.stats(one, usage) for one in templates]

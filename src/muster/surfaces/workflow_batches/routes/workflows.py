"""Single workflows, and those of batches: create, search, read, cancel, text again, give more time."""

from functools import partial
from typing import Annotated

from litestar import delete, get, patch, post
from litestar.params import QueryParameter

from muster.domain.ids import WorkflowId
from muster.domain.tenant import Principal
from muster.kinds.workflow_batches import NAME
from muster.surfaces.access import Call
from muster.surfaces.bodies import read_object
from muster.surfaces.paging import PageRules
from muster.surfaces.workflow_batches import wire
from muster.surfaces.workflow_batches.documentation import refusals, taking
from muster.surfaces.workflow_batches.routes.door import Caller, Door, Id, Sort, TemplateQuery, Text, TheDoor, envelope
from muster.surfaces.workflow_batches.translate import requests as of_requests
from muster.surfaces.workflow_batches.translate import workflows as of_workflows
from muster.surfaces.workflow_batches.translate.fields import all_of, path_id

_PAGES = PageRules(
    fields={"createdAt": "created_at", "expireAt": "expires_at", "status": "state", "title": "title"},
    default=("created_at", True),
)


@post(
    wire.WORKFLOWS,
    summary="Create a workflow",
    operation_class=taking(wire.NewWorkflow),
    responses=refusals(400, 403, 404, 408, 413, 415, 422),
)
async def create_workflow(request: Call, door: TheDoor, who: Caller) -> wire.WorkflowMade:
    """From a template (`templateId` or `templateName`), or from `steps` of its own; its link is texted at once."""
    body = await read_object(request, door.limits)
    made = await door.workflow_control.create(who, of_requests.read_request(body.content, NAME))
    return of_workflows.made(await door.workflows.get(who.tenant, made))


@get(wire.WORKFLOWS, summary="Search workflows", responses=refusals(400))
async def find_workflows(  # noqa: PLR0913 - one for each field of the query
    *,
    door: TheDoor,
    who: Caller,
    search: Text = None,
    status: Text = None,
    template: TemplateQuery = None,
    batch: Annotated[str | None, QueryParameter(name="batchId")] = None,
    page: Text = None,
    size: Text = None,
    sort: Sort = None,
) -> wire.Workflows:
    """Every condition must hold. `search`: id, customer's name, e-mail, phone number."""
    paging, where = all_of(
        partial(_PAGES.read, page, size, sort or ()),
        partial(of_workflows.read_filter, status, template, batch, search=search),
    )
    total, found = await door.workflows.find(who.tenant, where, order=paging.order, page=paging.page)
    return envelope(wire.Workflows, paging, total, content=[of_workflows.summary(one) for one in found])


@get(f"{wire.WORKFLOWS}/{{workflow_id:str}}", summary="Retrieve a workflow", responses=refusals(400, 404))
async def get_workflow(workflow_id: Id, door: TheDoor, who: Caller) -> wire.WorkflowDetail:
    """With every step, and what came of it so far."""
    return await _detail(door, who, _workflow(workflow_id))


@get(
    f"{wire.WORKFLOWS}/{{workflow_id:str}}/notifications/history",
    summary="Retrieve the texts sent about a workflow",
    responses=refusals(400, 404),
)
async def get_history(workflow_id: Id, door: TheDoor, who: Caller) -> list[wire.Notification]:
    """All of them, the first one first."""
    found = await door.workflows.history(who.tenant, _workflow(workflow_id))
    return [of_workflows.notification(notice) for notice in found]


@delete(f"{wire.WORKFLOWS}/{{workflow_id:str}}", summary="Cancel a workflow", responses=refusals(400, 403, 404, 422))
async def delete_workflow(workflow_id: Id, door: TheDoor, who: Caller) -> None:
    """Its link dies; a text that waits is not sent."""
    await door.workflow_control.cancel(who, _workflow(workflow_id))


@post(
    f"{wire.WORKFLOWS}/{{workflow_id:str}}/cancel",
    status_code=200,
    summary="Cancel a workflow and retrieve it",
    responses=refusals(400, 403, 404, 422),
)
async def cancel_workflow(workflow_id: Id, door: TheDoor, who: Caller) -> wire.WorkflowDetail:
    """Its link dies; a text that waits is not sent."""
    workflow = _workflow(workflow_id)
    await door.workflow_control.cancel(who, workflow)
    return await _detail(door, who, workflow)


@post(
    f"{wire.WORKFLOWS}/{{workflow_id:str}}/notifications",
    status_code=204,
    summary="Text the link of a workflow again",
    responses=refusals(400, 403, 404, 422),
)
async def resend(workflow_id: Id, door: TheDoor, who: Caller) -> None:
    """Only while it is active, and the customer has not opted out. Any body is ignored."""
    await door.workflow_control.resend(who, _workflow(workflow_id))


@patch(
    f"{wire.WORKFLOWS}/{{workflow_id:str}}",
    summary="Give a workflow another end",
    operation_class=taking(wire.MoreTime),
    responses=refusals(400, 403, 404, 408, 413, 415, 422),
)
async def extend_workflow(*, workflow_id: Id, request: Call, door: TheDoor, who: Caller) -> wire.WorkflowDetail:
    """It ends `expireInHours` from now; only while it is active."""
    workflow, body = _workflow(workflow_id), await read_object(request, door.limits)
    await door.workflow_control.extend(who, workflow, hours=of_requests.read_hours(body.content))
    return await _detail(door, who, workflow)


HANDLERS = (
    create_workflow,
    find_workflows,
    get_workflow,
    get_history,
    delete_workflow,
    cancel_workflow,
    resend,
    extend_workflow,
)


def _workflow(value: str) -> WorkflowId:
    return WorkflowId(path_id(value, "workflowId"))


async def _detail(door: Door, who: Principal, workflow: WorkflowId) -> wire.WorkflowDetail:
    return of_workflows.detail(await door.workflows.get(who.tenant, workflow))

"""Workflows: from ours to the vendor's words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from msgspec import UNSET, UnsetType

from muster.domain.ids import BatchId, TemplateId
from muster.domain.workflow import OPEN, Notice, Workflow, WorkflowState
from muster.kinds.workflow_batches import entries
from muster.kinds.workflow_batches.journey import DeclineReason, StepStatus, StepView, read_answers, step_views
from muster.lookup.workflows import Whole
from muster.ports.store.workflows import WorkflowFilter
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.workflow_batches.translate.fields import INVALID_VALUE, Faults, actor, moment
from muster.surfaces.workflow_batches.wire import (
    MadeStep,
    Notification,
    WorkflowDetail,
    WorkflowMade,
    WorkflowStep,
    WorkflowSummary,
)

STATES = MappingProxyType({state.name: state for state in WorkflowState})
"""The vendor's words for our states."""
REASONS: Mapping[str, str] = MappingProxyType(
    {
        DeclineReason.UNKNOWN_BUSINESS: "DONT_KNOW_BUSINESS_SENDER",
        DeclineReason.WRONG_INFORMATION: "INCORRECT_INFORMATION",
        DeclineReason.OTHER: "OTHER",
    }
)
_RESULTS: Mapping[str, str] = MappingProxyType(
    {"customer": "customerId", "account": "financialAccountId", "label": "financialAccountName"}
)
"""What the vendor calls some results of steps; the others are only spelled in camel case."""


def read_filter(status: str | None, template: str | None, batch: str | None, *, search: str | None) -> WorkflowFilter:
    """Which workflows a query asks for. Raises BadInput with every fault."""
    faults = Faults()
    state = None if status is None else STATES.get(status)
    if status is not None and state is None:
        faults.add("status", INVALID_VALUE, f"must be one of {', '.join(STATES)}")
    template_id, batch_id = faults.a_uuid(template, "templateId"), faults.a_uuid(batch, "batchId")
    faults.refuse()
    return WorkflowFilter(
        state=state,
        template=None if template_id is None else TemplateId(template_id),
        batch=None if batch_id is None else BatchId(batch_id),
        text=(search or "").replace("\x00", ""),
    )


def made(whole: Whole) -> WorkflowMade:
    """The answer to a new workflow."""
    workflow = whole.workflow
    return WorkflowMade(
        workflow_id=str(workflow.id),
        template_id=_given(workflow.template),
        template_version_id=_given(workflow.template_version),
        steps=[
            MadeStep(step_name=view.name, step_display_name=view.title, step_description=view.about)
            for view in _views(whole)
        ],
    )


def summary(workflow: Workflow) -> WorkflowSummary:
    """A workflow in a list."""
    return WorkflowSummary(
        id=str(workflow.id),
        template_id=_given(workflow.template),
        template_version_id=_given(workflow.template_version),
        status=workflow.state.name,
        title=entries.read(workflow.payload).title,
        expire_at=moment(workflow.expires_at),
        next_notification_at=_next_notification(workflow),
        phone_number=workflow.address,
        email=workflow.email or None,
    )


def detail(whole: Whole) -> WorkflowDetail:
    """One workflow with its steps."""
    workflow = whole.workflow
    completed = workflow.ended_as is WorkflowState.COMPLETED and workflow.ended_at is not None
    return WorkflowDetail(
        id=str(workflow.id),
        template_id=_given(workflow.template),
        template_version_id=_given(workflow.template_version),
        status=workflow.state.name,
        title=whole.course.title,
        expire_at=moment(workflow.expires_at),
        next_notification_at=_next_notification(workflow),
        phone_number=workflow.address,
        email=workflow.email or None,
        current_step=_current_step(whole),
        steps=[_step(workflow, view) for view in _views(whole)],
        completed_at=moment(workflow.ended_at) if completed and workflow.ended_at else None,
        decline_reason=workflow.decline_reason and REASONS.get(workflow.decline_reason, "OTHER"),
    )


def notification(notice: Notice) -> Notification:
    """One text of a workflow's history."""
    return Notification(
        serial=notice.serial,
        channel="SMS",
        origin=notice.origin.name,
        notified_by=actor(notice.by),
        notified_at=moment(notice.at),
    )


def _views(whole: Whole) -> Sequence[StepView]:
    workflow = whole.workflow
    return step_views(
        whole.course,
        read_answers(workflow.answers),
        workflow=workflow.id,
        step=workflow.step,
        declined=workflow.ended_as is WorkflowState.DECLINED,
    )


def _current_step(whole: Whole) -> int:
    """1-based. Until its text has left a workflow is at its first step; when all are done it stays at the last."""
    if not whole.workflow.left:
        return 1
    return min(whole.workflow.step + 1, len(whole.course.steps))


def _step(workflow: Workflow, view: StepView) -> WorkflowStep:
    return WorkflowStep(
        id=str(view.id),
        step_name=view.name,
        step_display_name=view.title,
        step_description=view.about,
        data={**{key: _spelled(value) for key, value in _renamed(view.data).items()}, **_unsent(workflow, view)},
        status=_step_status(workflow, view.status).name,
    )


def _unsent(workflow: Workflow, view: StepView) -> Mapping[str, object]:
    """Why the text never left, where it never will."""
    if workflow.unsent is None or view.name != "notification":
        return {}
    return {"errorCode": "NOTIFICATION_FAILED", "errorMessage": f"The text was not sent: {workflow.unsent}"}


def _step_status(workflow: Workflow, status: StepStatus) -> StepStatus:
    """No step of a workflow is at hand that was cancelled, or ran out of time; none is done before its text leaves."""
    if not workflow.left:
        return StepStatus.CREATED
    if workflow.state not in OPEN and status is StepStatus.ACTIVE:
        return StepStatus.CREATED
    return status


def _next_notification(workflow: Workflow) -> str | None:
    if workflow.state is not WorkflowState.ACTIVE or workflow.notice_at is None:
        return None
    return moment(workflow.notice_at)


def _given(identity: object) -> str | UnsetType:
    """The id of a template; left out where there is none."""
    return UNSET if identity is None else str(identity)


def _spelled(value: object) -> object:
    """A value of our JSON with keys and moments as the vendor spells them."""
    if is_object(value):
        return {key: _spelled_moment(key, one) or _spelled(one) for key, one in _renamed(value).items()}
    return [_spelled(one) for one in value] if is_array(value) else value


def _spelled_moment(key: str, value: object) -> str | None:
    return moment(datetime.fromisoformat(value)) if key == "respondedAt" and isinstance(value, str) else None


def _renamed(data: Mapping[str, object]) -> dict[str, object]:
    return {_RESULTS.get(key) or _camel(key): value for key, value in data.items()}


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(word.capitalize() for word in others)

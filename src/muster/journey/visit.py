"""What a customer finds behind a link."""

from datetime import datetime
from enum import StrEnum

import msgspec

from muster.domain.workflow import OPEN, Workflow, WorkflowState
from muster.kinds.workflow_batches.journey import Answers, Ask, Course


class Standing(StrEnum):
    """What the page shows."""

    ASKING = "asking"
    PAYING = "paying"
    """The payment is with the executor; nothing to do but wait."""
    COMPLETED = "completed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow as its customer finds it."""

    workflow: Workflow
    course: Course
    answers: Answers
    standing: Standing
    """EXPIRED from the second its time is over, whether upkeep was there or not."""
    ask: Ask | None
    """What is asked now; None unless ASKING."""
    opted_out: bool
    customer_name: str


_ENDED = {
    WorkflowState.COMPLETED: Standing.COMPLETED,
    WorkflowState.DECLINED: Standing.DECLINED,
    WorkflowState.CANCELLED: Standing.CANCELLED,
    WorkflowState.EXPIRED: Standing.EXPIRED,
}


def standing_of(workflow: Workflow, now: datetime) -> Standing:
    """How a workflow stands `now`.

    One that waits to be texted asks too: the text may be on its way. A payment under way wins over the time that has
    run out, because the money may have moved.
    """
    if workflow.state not in OPEN:
        ended = workflow.ended_as if workflow.state is WorkflowState.ARCHIVED else workflow.state
        return _ENDED[ended or WorkflowState.EXPIRED]
    if workflow.payment is not None:
        return Standing.PAYING
    return Standing.EXPIRED if workflow.expires_at <= now else Standing.ASKING


def asks_the_same(workflow: Workflow, visit: Visit, now: datetime) -> bool:
    """Whether `workflow`, read anew, still asks what the visit showed: only its times may have changed."""
    seen = visit.workflow
    unchanged = workflow.step == seen.step and workflow.answers == seen.answers
    return unchanged and standing_of(workflow, now) is Standing.ASKING

"""What a step came to is written: the workflow goes on to the next one or ends, and it is announced."""

from datetime import datetime

import msgspec

from muster.domain.workflow import Workflow, WorkflowEvent
from muster.events.outbox import workflow_event
from muster.kinds.workflow_batches.journey import (
    Answers,
    Course,
    StepStatus,
    next_step,
    read_answers,
    step_after,
    step_views,
    write_answers,
)
from muster.ports.store.unit import Transaction
from muster.ports.store.workflows import Advance


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer did: their answers as they are now. `customer_name` and `email` where that made them known."""

    answers: Answers
    customer_name: str | None = None
    email: str | None = None


async def write_step(tx: Transaction, workflow: Workflow, course: Course, *, done: Done, at: datetime) -> bool:
    """Write what was done at the step at hand, and go on when that completes it.

    False, with nothing written, when the workflow has changed since it was read or is over.
    """
    following = following_step(course, done.answers, workflow.step)
    advance = Advance(
        step=following,
        answers=write_answers(done.answers),
        customer_name=done.customer_name,
        email=done.email,
    )
    if following < len(course.steps):
        written = await tx.workflows.advance(workflow, advance, at=at)
    else:
        ended = await tx.workflows.end(workflow, WorkflowEvent.COMPLETED, at=at, advance=advance)
        written = ended is not None
    completed = following != workflow.step or following == len(course.steps)
    if written and completed:
        stands = msgspec.structs.replace(workflow, step=following, answers=advance.answers)
        await tell_step(tx, stands, course, told=(workflow.step, StepStatus.COMPLETED), at=at)
    return written


def following_step(course: Course, answers: Answers, step: int) -> int:
    """Where the course stands once `answers` hold what `step` came to; the number of steps when nothing is left.

    A step behind it may be done: a declined payment leads back to the account, past documents that were accepted.
    """
    following = step_after(course, answers, step)
    while following != step and following in answers.records:
        if answers.records[following].status is not StepStatus.COMPLETED:
            break
        following = next_step(course, following)
    return following


async def tell_step(
    tx: Transaction, workflow: Workflow, course: Course, *, told: tuple[int, StepStatus], at: datetime
) -> None:
    """Announce the status that a step (its index) came to. `workflow` is as it stands after that."""
    current, status = told
    views = step_views(
        course,
        read_answers(workflow.answers),
        workflow=workflow.id,
        step=workflow.step,
        declined=status is StepStatus.DECLINED,
    )
    # Past the last step there is only the yes that a course without questions asks for: it is told as the last one.
    last = min(current, len(views) - 1)
    await tx.outbox.add(workflow.tenant, [workflow_event(workflow, views, current=last, status=status)], at=at)

"""How workflows, their steps and the texts about them look, to people and to scripts."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from rich.table import Table

from muster.cli.frame import moment, table
from muster.cli.portrait import Rows
from muster.domain.ids import PrincipalId
from muster.domain.workflow import OPEN, Notice, Workflow, WorkflowState
from muster.kinds.workflow_batches import entries
from muster.kinds.workflow_batches.journey import StepStatus, StepView, read_answers, step_views
from muster.lookup.workflows import Whole


def as_json_workflow(one: Workflow) -> dict[str, object]:
    """A workflow for scripts."""
    return {
        "workflow": str(one.id),
        "batch": str(one.batch),
        "position": one.ref.position,
        "state": one.state.value,
        "ended_as": one.ended_as.value if one.ended_as else None,
        "title": _title(one),
        "address": one.address,
        "customer_name": one.customer_name,
        "email": one.email,
        "steps_done": one.step,
        "decline_reason": one.decline_reason,
        "payment": one.payment.value if one.payment else None,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "expires_at": one.expires_at,
        "reminder_at": _reminder_at(one),
        "ended_at": one.ended_at,
    }


def as_json_whole(whole: Whole) -> dict[str, object]:
    """A workflow with its steps, for scripts."""
    steps = [
        {
            "step": str(view.id),
            "name": view.name,
            "title": view.title,
            "status": _status(whole.workflow, view).value,
            "data": view.data,
            "updated_at": view.updated_at,
        }
        for view in _views(whole)
    ]
    return {**as_json_workflow(whole.workflow), "steps": steps}


def as_json_notice(one: Notice) -> dict[str, object]:
    """A text about a workflow, for scripts."""
    return {"serial": one.serial, "origin": one.origin.value, "by": one.by and str(one.by), "at": one.at}


def workflow_rows(workflows: Sequence[Workflow]) -> Rows:
    """Columns and rows of a list of workflows."""
    columns = ("Workflow", "Recipient", "State", "Steps done", "Customer", "Title", "Stands until (UTC)")
    return columns, [
        (str(w.id), w.address, w.state.value, w.step, w.customer_name, _title(w), moment(w.expires_at))
        for w in workflows
    ]


def workflow_headline(whole: Whole) -> Table:
    """What a workflow is, and how far."""
    one = whole.workflow
    ended = f" ({one.ended_as.value})" if one.ended_as and one.ended_as is not one.state else ""
    rows = [
        ("State", one.state.value + ended),
        ("Title", whole.course.title),
        ("Recipient", one.address),
        ("Customer", one.customer_name or "-"),
        ("E-mail", one.email or "-"),
        ("Batch, position", f"{one.batch}, {one.ref.position}"),
        ("Created", moment(one.created_at)),
        ("Stands until", moment(one.expires_at)),
        ("Next reminder", moment(_reminder_at(one))),
        ("Ended", moment(one.ended_at)),
        ("Declined because", (one.decline_reason or "-").replace("_", " ")),
        ("Payment", f"{one.payment.value}, asked about again {moment(one.payment_at)}" if one.payment else "-"),
    ]
    shown = [row for row in rows if row[1] != "-"]
    return table(("Workflow", str(one.id)), shown)


def step_rows(whole: Whole) -> Rows:
    """Columns and rows of the steps of a workflow."""
    columns = ("Step", "Status", "What is known of it")
    return columns, [(v.title, _status(whole.workflow, v).value, _in_words(v.data)) for v in _views(whole)]


def notice_rows(notices: Sequence[Notice]) -> Rows:
    """Columns and rows of the history of a workflow's texts."""
    columns = ("Serial", "Origin", "Asked for by", "At (UTC)")
    return columns, [(str(n.serial), n.origin.value, _actor(n.by), moment(n.at)) for n in notices]


def _views(whole: Whole) -> Sequence[StepView]:
    one = whole.workflow
    declined = one.ended_as is WorkflowState.DECLINED
    return step_views(whole.course, read_answers(one.answers), workflow=one.id, step=one.step, declined=declined)


def _status(one: Workflow, view: StepView) -> StepStatus:
    """None is done before the text has left, and none is at hand once the workflow was cancelled or ran out of time."""
    if one.state is WorkflowState.CREATED or (one.state not in OPEN and view.status is StepStatus.ACTIVE):
        return StepStatus.CREATED
    return view.status


def _title(one: Workflow) -> str:
    return entries.read(one.payload).title


def _reminder_at(one: Workflow) -> datetime | None:
    return one.notice_at if one.state is WorkflowState.ACTIVE else None


def _in_words(data: dict[str, object]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in data.items())


def _value(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _actor(by: PrincipalId | None) -> str:
    if by is None:
        return "the server"
    return str(by) if by.int else "the operator"

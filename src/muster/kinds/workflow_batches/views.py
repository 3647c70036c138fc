"""The steps of a workflow as doors and events show them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid5

import msgspec

from muster.domain.ids import WorkflowId
from muster.kinds.workflow_batches import rules
from muster.kinds.workflow_batches.courses import Answers, Course, Record, StepStatus
from muster.kinds.workflow_batches.definition import StepSetting
from muster.kinds.workflow_batches.forms import documents_of
from muster.kinds.workflow_batches.steps import STEPS


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """One step as doors and events show it."""

    id: UUID
    """Made from the workflow's id and the index (UUID version 5), so that it never changes."""
    name: str
    title: str
    about: str
    status: StepStatus
    data: dict[str, object]
    """Parameters and results together, in our names (snake_case for results, parameters as they are called)."""
    updated_at: datetime | None


def step_views(
    course: Course, answers: Answers, *, workflow: WorkflowId, step: int, declined: bool
) -> Sequence[StepView]:
    """Every step: those before `step` COMPLETED, that one ACTIVE (DECLINED when `declined`), the others CREATED."""
    return [
        _view(
            course,
            index,
            answers.records.get(index),
            id_=step_id(workflow, index),
            status=_status(index, step, declined=declined),
        )
        for index in range(len(course.steps))
    ]


def step_id(workflow: WorkflowId, index: int) -> UUID:
    """The id of a workflow's step at this 0-based index."""
    return uuid5(workflow, f"step {index}")


def _status(index: int, step: int, *, declined: bool) -> StepStatus:
    if index < step:
        return StepStatus.COMPLETED
    if index > step:
        return StepStatus.CREATED
    return StepStatus.DECLINED if declined else StepStatus.ACTIVE


def _view(course: Course, index: int, record: Record | None, *, id_: UUID, status: StepStatus) -> StepView:
    setting = course.steps[index]
    step = STEPS[setting.name]
    came_to = record.data if record else {}
    return StepView(
        id=id_,
        name=setting.name,
        title=step.title,
        about=step.about,
        status=status,
        data=_SHOWN.get(setting.name, _parameters)(course, setting, came_to),
        updated_at=record.at if record else None,
    )


def _parameters(course: Course, setting: StepSetting, came_to: Mapping[str, object]) -> dict[str, object]:
    """The step's parameters, then what it came to."""
    names = STEPS[setting.name].parameters
    return {**{name: course.parameters[name] for name in names if name in course.parameters}, **came_to}


def _notification(course: Course, setting: StepSetting, came_to: Mapping[str, object]) -> dict[str, object]:
    shown = _parameters(course, setting, came_to)
    return {**shown, "channel": shown.get("channel", "SMS")}


def _profile(_: Course, setting: StepSetting, came_to: Mapping[str, object]) -> dict[str, object]:
    return {"asked": dict(setting.user), "answers": came_to.get("answers", {})}


def _documents(_: Course, setting: StepSetting, came_to: Mapping[str, object]) -> dict[str, object]:
    said = came_to.get("documents")
    responses = said if rules.is_array(said) else []
    open_ones = [
        {"documentId": identity, "documentGroup": group, "accepted": None, "respondedAt": None}
        for identity, group in documents_of(setting)[len(responses) :]
    ]
    return {"documents": [*responses, *open_ones]}


def _payment(course: Course, setting: StepSetting, came_to: Mapping[str, object]) -> dict[str, object]:
    shown = _parameters(course, setting, came_to)
    return {**shown, "amount": str(shown["amount"])} if "amount" in shown else shown


_Shown = Callable[[Course, StepSetting, Mapping[str, object]], dict[str, object]]
_SHOWN: Mapping[str, _Shown] = MappingProxyType(
    {
        "notification": _notification,
        "enhance-profile": _profile,
        "document-acceptance": _documents,
        "move-money": _payment,
    }
)

"""The steps of one workflow, which of them needs the customer next, and what came of them so far."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

import msgspec

from muster.domain.ids import CustomerId, WorkflowId
from muster.kinds.workflow_batches import definition as definitions
from muster.kinds.workflow_batches import entries
from muster.kinds.workflow_batches.definition import Definition, StepSetting

WITHOUT_THE_CUSTOMER = frozenset({"notification", "lookup-profile", "lookup-financial-account"})
"""Steps that are done as soon as their turn comes."""


class StepStatus(StrEnum):
    """Where one step stands."""

    CREATED = "created"
    ACTIVE = "active"
    COMPLETED = "completed"
    DECLINED = "declined"
    FAILED = "failed"
    """Time ran out, or the payment was declined: only events tell it."""


class DeclineReason(StrEnum):
    """Why a customer declines."""

    UNKNOWN_BUSINESS = "unknown_business"
    WRONG_INFORMATION = "wrong_information"
    OTHER = "other"


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """One workflow's steps with all their parameters: the union of template and request."""

    title: str
    memo: str
    steps: tuple[StepSetting, ...]
    parameters: Mapping[str, object]
    """Every value that template or request fixes, by name."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one step. `data` is JSON-safe and never holds the number of a card or an account."""

    status: StepStatus
    at: datetime
    data: dict[str, object] = msgspec.field(default_factory=dict[str, object])


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a customer did so far: what `Workflow.answers` holds."""

    records: dict[int, Record] = msgspec.field(default_factory=dict[int, Record])
    """By 0-based index of the step; for documents a record stands before the step is done, as they come one by one."""
    tries: int = 0
    """How often a payment was ordered; part of the order's key."""
    declined_code: str | None = None
    """Why the last payment was declined, until the next try."""


def course_of(definition: str | None, payload: str) -> Course:
    """The course of a workflow: from its template version's definition (None: a plain one) and its entry's payload."""
    stored = entries.read(payload)
    made_from = stored.definition if definition is None else definitions.read(definition)
    made_from = made_from or Definition(steps=())
    given = {name: value for name, value in stored.parameters.items() if value is not None}
    return Course(
        title=stored.title,
        memo=made_from.memo if stored.memo is None else stored.memo,
        steps=made_from.steps,
        parameters={**given, **made_from.presets()},
    )


def read_answers(answers: str) -> Answers:
    """What `Workflow.answers` says; `""` is nothing yet."""
    return msgspec.json.decode(answers, type=Answers) if answers else Answers()


def write_answers(answers: Answers) -> str:
    """How answers are stored."""
    return msgspec.json.encode(answers).decode()


def first_step(course: Course | Definition) -> int:
    """The index of the first step that needs the customer; `len(course.steps)` when none does (→ CONFIRMATION)."""
    return next_step(course, -1)


def next_step(course: Course | Definition, step: int) -> int:
    """The index of the step after `step` that needs the customer; `len(course.steps)` when none is left."""
    names = [setting.name for setting in course.steps]
    later = (index for index in range(step + 1, len(names)) if names[index] not in WITHOUT_THE_CUSTOMER)
    return next(later, len(names))


def step_after(course: Course, answers: Answers, step: int) -> int:
    """Where the course stands once `answers` hold what `step` came to: at `step` itself while documents are left."""
    record = answers.records.get(step)
    if step < len(course.steps) and (record is None or record.status is not StepStatus.COMPLETED):
        return step
    return next_step(course, step)


def index_of(course: Course, name: str) -> int | None:
    """The index of the step of this name, if the course has it."""
    return next((index for index, setting in enumerate(course.steps) if setting.name == name), None)


def record_of(course: Course, answers: Answers, name: str) -> Record | None:
    """What came of the step of this name, if anything did."""
    index = index_of(course, name)
    return None if index is None else answers.records.get(index)


def customer_id(workflow: WorkflowId) -> CustomerId:
    """The id of the customer that a workflow's customer-account step makes (UUID version 5)."""
    return CustomerId(uuid5(workflow, "customer"))


def account_id(workflow: WorkflowId) -> UUID:
    """The id of the account that a workflow's financial-account step makes (UUID version 5)."""
    return uuid5(workflow, "account")


def customer_of(course: Course, answers: Answers, workflow: WorkflowId) -> CustomerId | None:
    """Who the customer is: the one the request names, or the one made on the way; None while there is none."""
    known = course.parameters.get("customerId")
    if isinstance(known, str):
        return CustomerId(UUID(known))
    return customer_id(workflow) if record_of(course, answers, "customer-account") else None


def account_of(course: Course, answers: Answers, workflow: WorkflowId) -> UUID | None:
    """The customer's account: the one the request names, or the one added on the way; None while there is none."""
    if index_of(course, "lookup-financial-account") is not None:
        return UUID(str(course.parameters["customerFinancialAccountId"]))
    return account_id(workflow) if record_of(course, answers, "financial-account") else None

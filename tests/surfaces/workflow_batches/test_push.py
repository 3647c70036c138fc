"""Our events in the vendor's messages."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.event import Event, EventType, NewEvent
from muster.domain.ids import BatchId, TenantId
from muster.events.outbox import batch_event, endpoint_tested, workflow_event
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.courses import StepStatus
from muster.kinds.workflow_batches.views import StepView
from muster.surfaces.workflow_batches.push import WorkflowBatchesStyle
from tests.events.builders import a_step, a_workflow

NOW = datetime(2025, 1, 15, 9, 30, 0, 123456, tzinfo=UTC)
BATCH = BatchId(UUID("5b0e2f7a-0000-4000-8000-000000000000"))
STYLE = WorkflowBatchesStyle()
SAMPLES = Path(__file__).parent / "samples"
_E = EntryState


def happened(made: NewEvent) -> Event:
    """The event as the outbox holds it."""
    return Event(sequence=1, tenant=TenantId(1), type=made.type, batch=made.batch, body=made.body, created_at=NOW)


def a_workflow_update(current: StepView, *, before: Sequence[StepView] = (), after: Sequence[StepView] = ()) -> Event:
    """A step of the batch's first workflow came to the status it has."""
    steps = [*before, current, *after]
    workflow = a_workflow(batch=BATCH, at=NOW)
    return happened(workflow_event(workflow, steps, current=len(before), status=current.status))


def the_account_step(status: StepStatus = StepStatus.ACTIVE, *, at: datetime | None = NOW) -> StepView:
    """The step of the samples."""
    return a_step("financial-account", "Financial account", status, at=at)


def a_batch_end(type_: EventType, state: BatchState, counts: dict[EntryState, int], *, kind: str = NAME) -> Event:
    """A batch ended."""
    return happened(batch_event(type_, BATCH, kind=kind, state=state, counts=counts))


def told(event: Event, message: str = "msg_a") -> dict[str, object]:
    """The message as a receiver reads it."""
    found: dict[str, object] = json.loads(STYLE.envelope(event, message))
    return found


def test_a_step_is_told_as_the_sample_has_it() -> None:
    before = a_step("customer-account", "Customer account", StepStatus.COMPLETED, at=NOW - timedelta(minutes=1))
    after = a_step("move-money", "Payment", StepStatus.CREATED)

    event = a_workflow_update(the_account_step(), before=[before], after=[after])

    assert told(event) == json.loads((SAMPLES / "workflow-updated.json").read_text(encoding="utf-8"))


def test_a_neighbour_that_there_is_not_is_null() -> None:
    sent = told(a_workflow_update(the_account_step()))["data"]

    assert isinstance(sent, dict)
    assert (sent["previousStepStatus"], sent["nextStepStatus"]) == (None, None)


@pytest.mark.parametrize("status", StepStatus)
def test_every_status_is_in_capitals(status: StepStatus) -> None:
    message = STYLE.envelope(a_workflow_update(the_account_step(status)), "msg_a")

    assert f'"status":"{status.name}"'.encode() in message


def test_a_step_that_ran_out_of_time_was_updated_when_the_event_happened() -> None:
    message = STYLE.envelope(a_workflow_update(the_account_step(StepStatus.FAILED, at=None)), "msg_a")

    assert b'"updateAt":"2025-01-15T09:30:00.123Z"' in message


def test_the_id_is_a_uuid_of_the_message_and_the_body_the_same_on_every_retry() -> None:
    event = a_workflow_update(the_account_step())

    assert STYLE.envelope(event, "msg_a") == STYLE.envelope(event, "msg_a")
    assert UUID(str(told(event)["id"])).version == 5
    assert told(event)["id"] != told(event, "msg_b")["id"]


@pytest.mark.parametrize(
    ("state", "counts", "status"),
    [
        (BatchState.COMPLETED, {_E.DELIVERED: 2, _E.REJECTED: 1}, "COMPLETED"),
        (BatchState.COMPLETED, {_E.SUPPRESSED: 2, _E.REJECTED: 1}, "FAILED"),
        (BatchState.FAILED, {_E.REJECTED: 3}, "INVALID"),
        (BatchState.CANCELLED, {_E.SENT: 1, _E.CANCELLED: 2}, "CANCELLING"),
    ],
)
def test_the_end_of_a_batch_has_the_status_that_the_door_shows(
    state: BatchState, counts: dict[EntryState, int], status: str
) -> None:
    message = told(a_batch_end(EventType.BATCH_COMPLETED, state, counts))

    sent = message["data"]
    assert isinstance(sent, dict)
    assert (message["type"], sent["status"], sent["totalRequestsCount"]) == ("linx.batch-updated", status, 3)


def test_the_end_of_a_batch_is_told_as_the_sample_has_it() -> None:
    event = a_batch_end(EventType.BATCH_COMPLETED, BatchState.COMPLETED, {_E.SENT: 1, _E.REJECTED: 1})

    assert told(event) == json.loads((SAMPLES / "batch-updated.json").read_text(encoding="utf-8"))


def test_only_what_the_vendor_has_words_for_is_told() -> None:
    for type_ in set(EventType) - {EventType.WORKFLOW_UPDATED, EventType.ENDPOINT_TESTED}:
        event = a_batch_end(type_, BatchState.COMPLETED, {_E.SENT: 1})
        ends = {EventType.BATCH_COMPLETED, EventType.BATCH_FAILED, EventType.BATCH_CANCELLED}
        assert STYLE.wants(event) is (type_ in ends)
    assert STYLE.wants(a_workflow_update(the_account_step()))


def test_batches_of_another_kind_are_not_told() -> None:
    assert not STYLE.wants(a_batch_end(EventType.BATCH_COMPLETED, BatchState.COMPLETED, {_E.SENT: 1}, kind="other"))


def test_batches_are_told_only_to_who_asks_for_them() -> None:
    assert STYLE.default == (EventType.WORKFLOW_UPDATED,)


def test_a_test_is_told_in_the_vendors_envelope() -> None:
    event = happened(endpoint_tested(UUID(int=7)))

    assert STYLE.wants(event)
    assert told(event)["data"] == {"endpointId": str(UUID(int=7))}

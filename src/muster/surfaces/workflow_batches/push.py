"""Our events in the vendor's messages. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid5

import msgspec

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.event import Event, EventType
from muster.kinds.workflow_batches import NAME as KIND
from muster.surfaces.workflow_batches import push_wire as wire
from muster.surfaces.workflow_batches.translate.batches import ENTRY_STATES, Status, made
from muster.surfaces.workflow_batches.translate.fields import moment

NAME = "workflow-batches"
"""The style's name: the door's."""
# Part of every id that was ever sent: a repeat must be known by it, so it never changes.
_IDS = UUID("6d1ff7a8-3b0c-5f4e-9f0a-7d1f2a4c9be1")
_ENDS = (EventType.BATCH_COMPLETED, EventType.BATCH_FAILED, EventType.BATCH_CANCELLED)


class _Step(msgspec.Struct, frozen=True):
    id: str
    name: str
    title: str
    status: str
    updated_at: datetime | None


class _WorkflowBody(msgspec.Struct, frozen=True):
    workflow_id: str
    previous_step: _Step | None
    current_step: _Step | None
    next_step: _Step | None


class _BatchBody(msgspec.Struct, frozen=True):
    batch_id: str
    kind: str
    state: BatchState
    total: int
    counts: dict[EntryState, int]


class _TestBody(msgspec.Struct, frozen=True):
    endpoint_id: str


_workflow = msgspec.json.Decoder(_WorkflowBody)
_batch = msgspec.json.Decoder(_BatchBody)
_test = msgspec.json.Decoder(_TestBody)


class WorkflowBatchesStyle:
    """Fulfils ports.push.Style: each step of a workflow and, only where it is asked for, the end of a batch."""

    names: Mapping[str, Sequence[EventType]] = MappingProxyType(
        {wire.WORKFLOW_UPDATED: (EventType.WORKFLOW_UPDATED,), wire.BATCH_UPDATED: _ENDS}
    )
    default: Sequence[EventType] = (EventType.WORKFLOW_UPDATED,)

    def wants(self, event: Event) -> bool:
        """Whether the vendor has a message for it: of batches, only for those that came in by this door."""
        if event.type in _ENDS:
            return _batch.decode(event.body).kind == KIND
        return event.type in {EventType.WORKFLOW_UPDATED, EventType.ENDPOINT_TESTED}

    def envelope(self, event: Event, message: str) -> bytes:
        """The message; its id is a UUID made from ours, the same on every retry."""
        type_, told = _told(event)
        return msgspec.json.encode(
            wire.Message(id=str(uuid5(_IDS, message)), type=type_, created_at=moment(event.created_at), data=told)
        )


def _told(event: Event) -> tuple[str, wire.WorkflowUpdate | wire.BatchUpdate | wire.EndpointTest]:
    if event.type is EventType.WORKFLOW_UPDATED:
        return wire.WORKFLOW_UPDATED, _workflow_update(_workflow.decode(event.body), event.created_at)
    if event.type in _ENDS:
        return wire.BATCH_UPDATED, _batch_update(_batch.decode(event.body))
    return wire.ENDPOINT_TESTED, wire.EndpointTest(endpoint_id=_test.decode(event.body).endpoint_id)


def _workflow_update(body: _WorkflowBody, at: datetime) -> wire.WorkflowUpdate:
    return wire.WorkflowUpdate(
        workflow_id=body.workflow_id,
        previous_step_status=_step(body.previous_step),
        # A step that ran out of time was changed by nobody: its status is as old as the event.
        current_step_status=_step(body.current_step, otherwise=at),
        next_step_status=_step(body.next_step),
    )


def _step(step: _Step | None, *, otherwise: datetime | None = None) -> wire.StepStatus | None:
    if step is None:
        return None
    at = step.updated_at or otherwise
    return wire.StepStatus(
        id=step.id,
        status=step.status.upper(),
        name=step.name,
        display_name=step.title,
        update_at=None if at is None else moment(at),
    )


def _batch_update(body: _BatchBody) -> wire.BatchUpdate:
    return wire.BatchUpdate(
        batch_id=body.batch_id,
        status=_status(body),
        total_requests_count=body.total,
        rejected_requests_count=_sum(body, Status.INVALID),
        failed_requests_count=_sum(body, Status.FAILED) - body.counts.get(EntryState.EXPIRED, 0),
    )


def _status(body: _BatchBody) -> Status:
    if body.state is BatchState.CANCELLED:
        return Status.CANCELLING
    if made(body.counts):
        return Status.COMPLETED
    return Status.FAILED if _sum(body, Status.FAILED) else Status.INVALID


def _sum(body: _BatchBody, status: Status) -> int:
    return sum(body.counts.get(state, 0) for state in ENTRY_STATES[status])

"""A batch and the states it moves through."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.entry import EntryState
from muster.domain.ids import BatchId, BatchNumber, ChannelId, PrincipalId, TemplateId, TemplateVersionId, TenantId
from muster.domain.workflow import WorkflowState


class BatchState(StrEnum):
    """Where a batch stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BatchEvent(StrEnum):
    """What can happen to a batch."""

    SUBMITTED = "submitted"
    DUE = "due"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    ENDED = "ended"
    FAILED = "failed"


_S, _E = BatchState, BatchEvent

TRANSITIONS: Mapping[BatchState, Mapping[BatchEvent, BatchState]] = MappingProxyType(
    {
        _S.DRAFT: {_E.SUBMITTED: _S.QUEUED, _E.CANCELLED: _S.CANCELLED},
        _S.SCHEDULED: {_E.DUE: _S.QUEUED, _E.CANCELLED: _S.CANCELLING},
        _S.QUEUED: {
            _E.STARTED: _S.RUNNING,
            _E.PAUSED: _S.PAUSED,
            _E.CANCELLED: _S.CANCELLING,
            _E.ENDED: _S.COMPLETED,
            _E.FAILED: _S.FAILED,
        },
        _S.RUNNING: {
            _E.PAUSED: _S.PAUSED,
            _E.CANCELLED: _S.CANCELLING,
            _E.ENDED: _S.COMPLETED,
            _E.FAILED: _S.FAILED,
        },
        _S.PAUSED: {
            _E.RESUMED: _S.RUNNING,
            _E.CANCELLED: _S.CANCELLING,
            # Receipts keep arriving while a batch is paused, and may settle its last open entry.
            _E.ENDED: _S.COMPLETED,
            _E.FAILED: _S.FAILED,
        },
        _S.CANCELLING: {_E.ENDED: _S.CANCELLED, _E.FAILED: _S.CANCELLED},
        _S.COMPLETED: {},
        _S.FAILED: {},
        _S.CANCELLED: {},
    }
)
"""Every legal step. A state with no exits is final."""

FINAL = frozenset(state for state, exits in TRANSITIONS.items() if not exits)


def states_before(event: BatchEvent) -> frozenset[BatchState]:
    """The states in which `event` is legal."""
    return frozenset(state for state, exits in TRANSITIONS.items() if event in exits)


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One batch as the store keeps it. `counts` holds one number per entry state and sums to `total`."""

    number: BatchNumber
    id: BatchId
    tenant: TenantId
    kind: str
    state: BatchState
    title: str
    total: int
    counts: Mapping[EntryState, int]
    channel: ChannelId | None
    template: TemplateId | None
    template_version: TemplateVersionId | None
    template_number: int | None
    template_title: str
    idempotency_key: str
    created_by: PrincipalId | None
    created_at: datetime
    updated_by: PrincipalId | None
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    withdrawn_at: datetime | None
    """When what the batch handed over (its links) was taken back; None while it stands."""
    ended: Mapping[WorkflowState, int] = MappingProxyType({})
    """How many of its workflows came to each end (`domain.workflow.ENDS`)."""

"""One customer's way through the steps of a template, and the states it moves through.

A workflow belongs to one entry of a batch: it has the entry's id, and comes into being when the entry's message leaves.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from muster.domain.ids import (
    BatchId,
    BatchNumber,
    ChannelId,
    PrincipalId,
    TemplateId,
    TemplateVersionId,
    TenantId,
    WorkflowId,
)


class WorkflowState(StrEnum):
    """Where a workflow stands."""

    CREATED = "created"
    """Kept; its link has not left yet."""
    ACTIVE = "active"
    """The link is with the customer, whose answers are awaited."""
    COMPLETED = "completed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ARCHIVED = "archived"
    """Put away after it ended; it stays counted under the state it ended in."""


class WorkflowEvent(StrEnum):
    """What can happen to a workflow."""

    SENT = "sent"
    """The message with its link is leaving."""
    POSTPONED = "postponed"
    """The message did not leave and will be tried again."""
    COMPLETED = "completed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ARCHIVED = "archived"


_S, _E = WorkflowState, WorkflowEvent

TRANSITIONS: Mapping[WorkflowState, Mapping[WorkflowEvent, WorkflowState]] = MappingProxyType(
    {
        _S.CREATED: {_E.SENT: _S.ACTIVE, _E.CANCELLED: _S.CANCELLED},
        _S.ACTIVE: {
            _E.POSTPONED: _S.CREATED,
            _E.COMPLETED: _S.COMPLETED,
            _E.DECLINED: _S.DECLINED,
            _E.CANCELLED: _S.CANCELLED,
            _E.EXPIRED: _S.EXPIRED,
        },
        _S.COMPLETED: {_E.ARCHIVED: _S.ARCHIVED},
        _S.DECLINED: {_E.ARCHIVED: _S.ARCHIVED},
        _S.CANCELLED: {_E.ARCHIVED: _S.ARCHIVED},
        _S.EXPIRED: {_E.ARCHIVED: _S.ARCHIVED},
        _S.ARCHIVED: {},
    }
)
"""Every legal step. Nothing leads back from an end."""

OPEN = frozenset({WorkflowState.CREATED, WorkflowState.ACTIVE})
ENDS = (WorkflowState.COMPLETED, WorkflowState.DECLINED, WorkflowState.CANCELLED, WorkflowState.EXPIRED)
"""The states a batch counts its workflows by; what is not among them is still open."""


class NoticeOrigin(StrEnum):
    """Why a customer was texted about a workflow."""

    INITIAL = "initial"
    MANUAL = "manual"
    """Sent again on request."""
    REMINDER = "reminder"
    EXPIRY = "expiry"
    """The last text, when time ran out."""


class PaymentState(StrEnum):
    """How far the money of a workflow is, while nobody knows the end of it."""

    INTENDED = "intended"
    """The order may have reached the executor; asking again under the same key is safe."""
    PENDING = "pending"
    """The executor has it and will decide."""


class WorkflowRef(NamedTuple):
    """A workflow's key inside the store."""

    batch: BatchNumber
    position: int


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """One workflow as it stands, with what its batch and entry say of it."""

    id: WorkflowId
    ref: WorkflowRef
    tenant: TenantId
    account: str
    """The name of the account that asks."""
    kind: str
    """The kind of its batch."""
    batch: BatchId
    channel: ChannelId | None
    template: TemplateId | None
    template_version: TemplateVersionId | None
    state: WorkflowState
    """`cancelled` also when its batch was withdrawn."""
    ended_as: WorkflowState | None
    """The end it came to; kept when it is archived."""
    address: str
    """The customer's phone number, as submitted."""
    payload: str
    """The entry's payload: the kind's own JSON."""
    left: bool = True
    """Whether its first text has left, or may have."""
    unsent: str | None = None
    """Why its first text could not leave; None when it has left, still may, or was called off."""
    step: int
    """How many steps are done: the 0-based index of the one at hand."""
    answers: str
    """What the steps came to so far: the kind's own JSON, `""` before the first answer."""
    customer_name: str
    email: str
    decline_reason: str | None
    payment: PaymentState | None
    payment_at: datetime | None
    """When the executor is asked (again)."""
    created_by: PrincipalId | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    notice_at: datetime | None
    """When the next reminder is due; None when none will follow."""
    ended_at: datetime | None
    revision: int
    """Ascends with every change: what a change was made from."""


class NewWorkflow(msgspec.Struct, frozen=True, gc=False):
    """A workflow as it begins. `token_hash` (32 bytes) is what the token in its link is found by."""

    position: int
    token_hash: bytes
    step: int
    """How many steps were done without the customer."""
    expires_at: datetime
    notice_at: datetime | None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One text to the customer about a workflow, as its history lists it. `serial` counts from 0, the first text."""

    serial: int
    origin: NoticeOrigin
    by: PrincipalId | None
    """None: the server itself."""
    at: datetime

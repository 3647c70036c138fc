"""What may be announced: the closed list, named `subject:happening`."""

from datetime import datetime
from enum import StrEnum

import msgspec

from muster.domain.ids import BatchId, TenantId


class EventType(StrEnum):
    """Every event there is. Events about entries come a window at a time, never one each."""

    BATCH_SUBMITTED = "batch:submitted"
    BATCH_STARTED = "batch:started"
    BATCH_PAUSED = "batch:paused"
    BATCH_RESUMED = "batch:resumed"
    BATCH_CANCELLING = "batch:cancelling"
    BATCH_CANCELLED = "batch:cancelled"
    BATCH_COMPLETED = "batch:completed"
    BATCH_FAILED = "batch:failed"
    ENTRIES_CHANGED = "entries:changed"
    WORKFLOW_UPDATED = "workflow:updated"
    RECORD_CREATED = "record:created"
    RECORD_UPDATED = "record:updated"
    RECORD_DELETED = "record:deleted"
    RECORD_ACTED = "record:acted"
    """A workflow action was taken on it."""
    RELATIONSHIP_CREATED = "relationship:created"
    RELATIONSHIP_DELETED = "relationship:deleted"
    ENDPOINT_DISABLED = "endpoint:disabled"
    ENDPOINT_TESTED = "endpoint:tested"
    """Made on request, and told only to the endpoint it is about, whatever that one asks for."""


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way into the outbox. `body` is JSON and holds no personal data."""

    type: EventType
    batch: BatchId | None
    body: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the outbox holds it. `sequence` ascends in the order of commits on one store."""

    sequence: int
    tenant: TenantId
    type: EventType
    batch: BatchId | None
    body: str
    created_at: datetime

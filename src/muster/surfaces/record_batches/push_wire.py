"""The vendor's change messages: JSON as its topics publish it, and as a topic delivers it over HTTP."""

import msgspec
from msgspec import UNSET, UnsetType

CREATED, UPDATED, DELETED, ACTED = "created", "updated", "deleted", "action-executed"
"""What was done, in the vendor's words."""
BATCH_ENDED = "batch-ended"
"""Ours: the vendor has no message about batches."""
ENDPOINT_TESTED = "endpoint-tested"
"""Ours: sent on request only."""
NOTIFICATION = "Notification"
TEXT, NUMBER = "String", "Number"


class _Camel(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A struct whose fields the vendor writes in camel case."""


class Template(_Camel, frozen=True, kw_only=True):
    """What sort of record it is, and the process that it goes through."""

    template_id: int
    template_name: str | None
    process_id: int | None
    process_name: str | None


class Status(_Camel, frozen=True, kw_only=True):
    """Where it stands."""

    status_id: int
    status_name: str | None


class Entity(_Camel, frozen=True, kw_only=True):
    """A record. One that is only mentioned may have neither template nor status."""

    entity_id: int
    char_type_id: int
    template: Template | UnsetType = UNSET
    status: Status | UnsetType = UNSET


class _Audit(_Camel, frozen=True, kw_only=True):
    """Who did what and when; what does not apply is left out."""

    created_by_id: int | UnsetType = UNSET
    created_date: str | UnsetType = UNSET
    last_updated_by_id: int | UnsetType = UNSET
    last_updated_date: str | UnsetType = UNSET
    executed_action_id: int | UnsetType = UNSET
    action_executed_by_id: int | UnsetType = UNSET
    action_executed_date: str | UnsetType = UNSET
    deleted_by_id: int | UnsetType = UNSET
    deleted_date: str | UnsetType = UNSET
    status_updated_by_id: int | UnsetType = UNSET
    status_updated_date: str | UnsetType = UNSET


class EntityMessage(_Audit, frozen=True, kw_only=True):
    """A record changed. `rootEntity`: the module that a component belongs to."""

    root_entity: Entity | UnsetType = UNSET
    action: str
    message_group_id: int
    entity: Entity


class RelationshipType(_Camel, frozen=True, kw_only=True):
    """What sort of relationship it is."""

    relationship_type_id: int
    relationship_type_name: str | None


class RelationshipMessage(_Audit, frozen=True, kw_only=True):
    """A relationship came or went; `entityId` is its own id."""

    action: str
    message_group_id: int
    parent_entity: Entity
    entity_id: int
    child_entity: Entity
    relationship_type: RelationshipType


class BatchMessage(_Camel, frozen=True, kw_only=True):
    """A batch came to its end: `Complete`, `Cancelled` or `Errored`."""

    action: str
    batch_id: int
    batch_status: str
    method: str
    total: int


class TestMessage(_Camel, frozen=True, kw_only=True):
    """Somebody wants to see whether messages arrive."""

    action: str
    endpoint_id: str


AnyMessage = EntityMessage | RelationshipMessage | BatchMessage | TestMessage


class Attribute(msgspec.Struct, frozen=True, rename="pascal"):
    """A property of a message by which subscribers sort; `value` is text, whatever the type."""

    type: str
    value: str


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What stands around a message; `message` is its JSON as text."""

    type: str = NOTIFICATION
    message_id: str
    topic_arn: str
    subject: str
    message: str
    timestamp: str
    message_attributes: dict[str, Attribute]

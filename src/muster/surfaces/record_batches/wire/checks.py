"""What is wrong with a record, and what keeps it from being deleted (specification A8.5, B7)."""

import msgspec

from muster.surfaces.record_batches.wire.entities import EntityStatus, EntityTemplate
from muster.surfaces.record_batches.wire.relationships import RelationshipType

NO_ERRORS = "No validation errors exist."
ERRORS = "Validation errors exist."
BLOCKING = "Validation errors exist. Workflow actions are disabled until they are resolved."
SORT = "Data & Associations"
"""The only sort of error there is."""
PARENT, CHILD = "PARENT", "CHILD"
DEFAULT_ROWS, MOST_ROWS = 10, 100


class ValidationError(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One fault of a record."""

    message: str
    type: str
    workflow_blocking: bool


class ValidationErrors(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Every fault of a record, and a sentence about them."""

    has_errors: bool
    errors: list[ValidationError]
    message: str


class CheckedTemplate(EntityTemplate, frozen=True, kw_only=True, rename="camel"):
    """A template with what it is for; 0: nothing in particular."""

    system_indicator_id: int


class LockedAssociation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A locked record that is related to the one asked about."""

    id: int
    title: str
    char_type_id: int
    template: EntityTemplate
    status: EntityStatus
    relationship_direction: str
    """`PARENT` or `CHILD`: what it is to the record asked about."""
    relationship_type: RelationshipType


class DeleteCheck(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a record can be deleted."""

    id: int
    template: CheckedTemplate
    status: EntityStatus
    is_locked: bool
    is_deletable: bool
    has_locked_record_associations: bool
    locked_record_association_count: int
    locked_record_associations: list[LockedAssociation]

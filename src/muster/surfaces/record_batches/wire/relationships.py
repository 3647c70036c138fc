"""Relationships (specification A9)."""

import msgspec
from msgspec import UNSET, UnsetType


class TypeRef(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A type of relationship by its id."""

    relationship_type_id: int = 0


class RelationshipType(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A type of relationship: 0 is the ordinary one, 1 is made by the server, any other is a party."""

    relationship_type_id: int
    relationship_type_name: str


class RelationshipTypes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All there are."""

    relationship_types: list[RelationshipType]


class EndTemplate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The template of the record at one end."""

    template_id: int
    template_name: str
    process_id: int
    process_name: str | None


class EndStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the record at one end stands."""

    status_id: int
    status_name: str


class Relationship(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A relationship; templates and statuses are absent in results of batches."""

    id: int
    relationship_type: RelationshipType
    created_by_id: int
    created_date: str
    last_updated_by_id: int
    last_updated_date: str
    parent_char_type_id: int
    parent_record_id: int
    parent_template: EndTemplate | UnsetType = UNSET
    parent_status: EndStatus | UnsetType = UNSET
    child_char_type_id: int
    child_record_id: int
    child_template: EndTemplate | UnsetType = UNSET
    child_status: EndStatus | UnsetType = UNSET
    sequence_number: int
    """64 bits."""


class NewRelationship(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A relationship to be made."""

    parent_char_type_id: int
    parent_record_id: int
    child_char_type_id: int
    child_record_id: int
    relationship_type: TypeRef | None = None

"""Records: bodies and answers (specification A7)."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from muster.surfaces.record_batches.wire.relationships import Relationship, TypeRef

REPLACE_ALL = "ReplaceAll"
ADD_ONLY = "AddUpdateOnly"
"""What a body's parents do to those that a record has."""


class EntityTemplate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is told of a record's template. `fields` is always empty here; the name of no process is null."""

    fields: list[dict[str, Any]] = []
    template_id: int
    template_name: str
    process_id: int
    process_name: str | None


class EntityStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a record stands."""

    status_id: int
    status_name: str


class DateFlags(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is known of a date beside its value."""

    estimated: bool = False
    block_date_math: bool = False


class Entity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A record. Times are UTC, `2021-06-23T22:33:11.830Z`."""

    id: int
    revision_id: int
    title: str
    template: EntityTemplate
    status: EntityStatus
    characteristics: dict[str, Any]
    """By label; empty ones are left out."""
    characteristics_extended: dict[str, DateFlags] | UnsetType = UNSET
    """Only with `extendedData=true`."""
    comments: list[dict[str, Any]] | None = None
    """There are none: an empty list where one record is read, else null."""
    parent_relationship: list[Relationship] | UnsetType = UNSET
    """Only where one record is read."""
    parent_relationship_count: int
    relationship_update_rules: UnsetType | None = UNSET
    created_by_id: int
    created_date: str
    last_updated_by_id: int
    last_updated_date: str
    status_updated_by_id: int
    status_updated_date: str


class Exempt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Relationships that `ReplaceAll` leaves alone. Char types by id or path name; what is empty means any."""

    parent_entity_type: str | int | None = None
    parent_entity_template_ids: list[int | str] = []
    child_entity_type: str | int | None = None
    child_entity_template_ids: list[int | str] = []


class UpdateRules(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `parentRelationship` does: `AddUpdateOnly` (unless said otherwise) or `ReplaceAll`."""

    rule: str | None = None
    exceptions: list[Exempt] = []


class ParentRef(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A parent that the record is to have."""

    parent_char_type_id: int
    parent_record_id: int
    relationship_type: TypeRef | None = None


class TemplateRef(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A template by its id."""

    template_id: int


class EntityBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a record is to become. Names of properties are read in any case; unknown ones are ignored."""

    title: str | None = None
    """Up to 500 characters."""
    template: TemplateRef | None = None
    """Required for a new one; it cannot be changed."""
    characteristics: dict[str, Any] = {}
    """By label. null, "" and [] clear a field."""
    characteristics_extended: dict[str, DateFlags] = {}
    parent_relationship: list[ParentRef] | None = None
    relationship_update_rules: UpdateRules | None = None

"""Switching a record to another template (specification B6)."""

import msgspec
from msgspec import UNSET, UnsetType

from muster.surfaces.record_batches.wire.entities import TemplateRef
from muster.surfaces.record_batches.wire.relationships import Relationship


class SwitchBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which template is to be the new one. `template` is the one it has now."""

    id: int | None = None
    new_template_id: int
    title: str | None = None
    template: TemplateRef | None = None


class LinksLost(msgspec.Struct, frozen=True, kw_only=True):
    """Relationships that the new template does not allow: those with parties, and others by char type path name."""

    parties: list[Relationship]
    associations: dict[str, list[Relationship]]


class Switched(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a switch costs. `id` is absent where it was only asked for."""

    id: int | UnsetType = UNSET
    relationships_not_migrated: LinksLost
    characteristics_not_migrated: list[str]
    """Labels of fields whose values are dropped."""
    characteristics_required_on_new_template: list[str]
    """Labels of required fields that have no value."""

"""Categories."""

import msgspec

from muster.surfaces.notifications.wire.references import Audit, Meta, PageMeta


class CategoryChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be different; what is absent stays as it is."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    """1 to 200 characters."""
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    """At most 2,000 characters, as are the texts below."""
    short_description: str | msgspec.UnsetType | None = msgspec.UNSET
    opt_out_allowed: bool | msgspec.UnsetType = msgspec.UNSET
    delete_allowed: bool | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType | None = msgspec.UNSET


class NewCategory(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A category to be made."""

    name: str
    description: str | None = None
    short_description: str | None = None
    opt_out_allowed: bool = True
    delete_allowed: bool = True
    note: str | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is done; may be left out."""

    note: str | msgspec.UnsetType | None = msgspec.UNSET


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Messages by where they stand; `total` is their sum."""

    sent: int
    bounced: int
    complained: int
    discarded: int
    failed: int
    total: int


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Of the messages made today, this week, this month (UTC)."""

    today: Tally
    week: Tally
    month: Tally


class Category(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A category; what has no value, or was not selected, is absent."""

    id: str
    revision: int | None = None
    name: str | None = None
    description: str | None = None
    short_description: str | None = None
    opt_out_allowed: bool | None = None
    delete_allowed: bool | None = None
    status: str | None = None
    """`Published` or `Unpublished`."""
    note: str | None = None
    icon: str | None = None
    last_used: str | None = None
    statistics: Statistics | None = None
    audit: Audit | None = None
    meta: Meta | None = msgspec.field(default=None, name="$meta")


class Categories(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list."""

    data: list[Category]
    meta: PageMeta = msgspec.field(name="$meta")

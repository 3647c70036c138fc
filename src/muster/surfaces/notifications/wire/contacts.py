"""Contacts."""

import msgspec

from muster.surfaces.notifications.wire.categories import Category
from muster.surfaces.notifications.wire.references import Audit, Meta, PageMeta, Reference, UserRef


class ContactChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be different; what is absent stays as it is."""

    email: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType | None = msgspec.UNSET
    opt_outs: list[Reference] | msgspec.UnsetType = msgspec.UNSET
    """All the categories that the contact wants to hear nothing of."""
    directories: list[Reference] | msgspec.UnsetType = msgspec.UNSET
    """Kept, and of no effect; so is `chat`."""
    chat: bool | msgspec.UnsetType = msgspec.UNSET


class NewContact(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A contact to be made."""

    email: str
    name: str | None = None
    opt_outs: list[Reference] = []
    directories: list[Reference] | msgspec.UnsetType = msgspec.UNSET
    chat: bool | msgspec.UnsetType = msgspec.UNSET


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A contact; what has no value, or was not selected, is absent."""

    id: str
    revision: int | None = None
    name: str | None = None
    email: str | None = None
    status: str | None = None
    """`Active` or `Blocked`."""
    user_id: str | None = None
    user: UserRef | None = None
    blocked_reason: str | None = None
    """`Bounced` or `Complained`; absent where somebody blocked it by hand."""
    opt_outs: list[Category] | None = None
    audit: Audit | None = None
    meta: Meta | None = msgspec.field(default=None, name="$meta")


class Contacts(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list."""

    data: list[Contact]
    meta: PageMeta = msgspec.field(name="$meta")

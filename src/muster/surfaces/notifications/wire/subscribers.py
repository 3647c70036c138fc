"""Subscribers."""

import msgspec

from muster.surfaces.notifications.wire.categories import Category
from muster.surfaces.notifications.wire.references import (
    AccountRef,
    Audit,
    Meta,
    PageMeta,
    Ref,
    Reference,
    UserRef,
)


class WantedRecipients(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is to hear of it; a list that is absent stays as it is."""

    users: list[Reference] | msgspec.UnsetType = msgspec.UNSET
    user_groups: list[Reference] | msgspec.UnsetType = msgspec.UNSET


class SubscriberChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; what is absent stays as it is."""

    recipients: WantedRecipients | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType | None = msgspec.UNSET


class Recipients(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who hears of it."""

    users: list[UserRef]
    user_groups: list[Ref]


class Subscriber(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A subscriber; what has no value, or was not selected, is absent."""

    id: str
    revision: int | None = None
    name: str | None = None
    """The category's."""
    status: str | None = None
    """`Active` or `Disabled`."""
    note: str | None = None
    account: AccountRef | None = None
    category: Category | None = None
    recipients: Recipients | None = None
    audit: Audit | None = None
    meta: Meta | None = msgspec.field(default=None, name="$meta")


class Subscribers(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list."""

    data: list[Subscriber]
    meta: PageMeta = msgspec.field(name="$meta")

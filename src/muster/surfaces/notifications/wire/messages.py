"""Messages."""

import msgspec

from muster.surfaces.notifications.wire.batches import Attachment
from muster.surfaces.notifications.wire.references import AccountRef, Audit, CategoryRef, Meta, PageMeta, Reference


class ContactRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A contact, as messages show it."""

    id: str
    name: str | None = None
    email: str | None = None
    status: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One contact's copy of a batch; what has no value, or was not selected, is absent."""

    id: str
    revision: int | None = None
    batch: Reference | None = None
    contact: ContactRef | None = None
    category: CategoryRef | None = None
    account: AccountRef | None = None
    status: str | None = None
    """`Queued`, `Discarded`, `Sent`, `Failed`, `Bounced` or `Complained`."""
    subject: str | None = None
    body: str | None = None
    attachments: list[Attachment] | None = None
    audit: Audit | None = None
    meta: Meta | None = msgspec.field(default=None, name="$meta")


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list."""

    data: list[Message]
    meta: PageMeta = msgspec.field(name="$meta")

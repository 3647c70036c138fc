"""Batches and their attachments."""

import msgspec

from muster.surfaces.notifications.wire.categories import Category
from muster.surfaces.notifications.wire.references import AccountRef, Audit, Meta, PageMeta, Reference

JSON_PARTS = frozenset({"batch", "_attachment_data"})
"""The part of a form that holds the batch; the second is what old clients call it."""
MOST_PARTS = 128
KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 255
MOST_CONTACTS = 10_000


class Addressee(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to get a message: by id, by address, or by both."""

    id: str | None = None
    email: str | None = None


class ExternalIds(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a buyer is called elsewhere."""

    erp_customer_id: str | None = None


class Buyer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Only people who look after this buyer are meant."""

    id: str | None = None
    external_ids: ExternalIds | None = None


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
    """One e-mail to many contacts."""

    category: Reference
    subject: str
    """1 to 500 characters, without line breaks."""
    body: str
    """HTML."""
    contacts: list[Addressee] | None = None
    """At most 10,000; without any, whoever is to hear of the category in the account."""
    account: Reference | None = None
    """The token's own, unless another is named."""
    buyer: Buyer | None = None


class Attachment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file of a batch."""

    id: str
    href: str
    name: str
    file_name: str
    file_size: int
    """Bytes."""
    content_type: str


class Batch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A batch; what has no value, or was not selected, is absent."""

    id: str
    revision: int | None = None
    status: str | None = None
    """`Queued`, `Processing` or `Completed`."""
    category: Category | None = None
    account: AccountRef | None = None
    subject: str | None = None
    body: str | None = None
    attachments: list[Attachment] | None = None
    audit: Audit | None = None
    meta: Meta | None = msgspec.field(default=None, name="$meta")


class Batches(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list."""

    data: list[Batch]
    meta: PageMeta = msgspec.field(name="$meta")


class Discarded(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many messages would not be sent, and why."""

    contact_blocked: int = 0
    opted_out: int = 0
    subscriber_disabled: int = 0
    suppressed: int = 0
    """Their addresses must not be reached at all."""
    total: int = 0


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a batch that is only tried out (`dryRun=true`)."""

    recipients: int
    discarded: Discarded

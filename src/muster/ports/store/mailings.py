"""Keeping mailings, their messages and attachments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.ids import (
    AttachmentNumber,
    BatchNumber,
    CategoryNumber,
    ContactNumber,
    MailingNumber,
    MessageNumber,
    PartyNumber,
    TenantId,
    TokenNumber,
)
from muster.domain.mailing import Attachment, Mailing, Message
from muster.ports.store.shelf import Shelf


class NewMailing(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a mailing beside its batch."""

    number: MailingNumber
    batch: BatchNumber
    category: CategoryNumber
    party: PartyNumber
    subject: str
    body: str
    made_by: TokenNumber | None
    made_for: PartyNumber | None
    created_at: datetime
    """The batch's."""


class Mailings(Shelf[Mailing], Protocol):
    """The mailings of a tenant; rows come with their attachments.

    A query may name: `number subject body state category party made_by made_for created updated revision`, the
    category's fields as `category.<field>`, the party's as `party.<field>`; collection `attachments`
    (`number name file_name size content_type`). `state` is the batch's.
    """

    async def add(
        self,
        tenant: TenantId,
        mailing: NewMailing,
        *,
        messages: Sequence[tuple[MessageNumber, ContactNumber]],
        attachments: Sequence[Attachment],
    ) -> None:
        """Keep it; `messages` are its entries' numbers and contacts, in order of position."""
        ...

    async def of_batch(self, tenant: TenantId, batch: BatchNumber) -> Mailing | None:
        """The mailing that the batch carries."""
        ...

    async def attachment(self, tenant: TenantId, mailing: MailingNumber, attachment: AttachmentNumber) -> Attachment:
        """One of the mailing's; raises NotFound, for another mailing's too."""
        ...


class Messages(Shelf[Message], Protocol):
    """The messages of a tenant's mailings.

    A query may name: `number mailing state reason subject body category party contact contact.email contact.name
    contact.state made_for created updated queued sent bounced complained failed discarded revision`, the category's
    fields as `category.<field>`, the party's as `party.<field>`; collection `attachments`. `state` is the entry's.
    """

    async def positions(self, tenant: TenantId, messages: Sequence[MessageNumber]) -> Sequence[tuple[BatchNumber, int]]:
        """Which entries those are, in order; raises NotFound when one is missing."""
        ...

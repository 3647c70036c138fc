"""A mailing: one e-mail to many contacts, as a client of the notifications door hands it over. Its batch carries it."""

from datetime import datetime

import msgspec

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.ids import (
    AttachmentNumber,
    BatchId,
    BatchNumber,
    CategoryNumber,
    ContactNumber,
    MailingNumber,
    MessageNumber,
    PartyNumber,
    TokenNumber,
)
from muster.domain.letter import Enclosure


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a mailing."""

    number: AttachmentNumber
    mailing: MailingNumber
    name: str
    enclosure: Enclosure


class Mailing(msgspec.Struct, frozen=True, kw_only=True):
    """One mailing as it stands."""

    number: MailingNumber
    batch: BatchNumber
    batch_id: BatchId
    state: BatchState
    category: CategoryNumber
    party: PartyNumber
    """In whose name it goes out, and whose subscriber to the category must not be disabled."""
    subject: str
    body: str
    """HTML as it was submitted, to the letter."""
    made_by: TokenNumber | None
    made_for: PartyNumber | None
    """The party of the token that submitted it."""
    created_at: datetime
    updated_at: datetime
    attachments: tuple[Attachment, ...] = ()
    category_name: str = ""
    """This and the next two are read with the mailing that a batch carries; empty and False elsewhere."""
    party_name: str = ""
    opt_out_allowed: bool = False
    """Whether the category may be opted out of."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One contact's copy of a mailing: an entry, with what belongs to it."""

    number: MessageNumber
    mailing: MailingNumber
    position: int
    contact: ContactNumber
    category: CategoryNumber
    party: PartyNumber
    subject: str
    state: EntryState
    reason: str | None
    queued_at: datetime
    left_at: datetime | None
    """When it was handed over; None where it was not, or nobody knows."""
    updated_at: datetime
    made_by: TokenNumber | None
    made_for: PartyNumber | None

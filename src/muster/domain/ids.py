"""Names for the things Muster keeps, and the arithmetic between a batch's id and its entries' ids."""

from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", int)
"""The number of an account; the first argument of every store function."""

BatchNumber = NewType("BatchNumber", int)
"""A batch's key inside the store: small, ascending, never shown to a client."""

BatchId = NewType("BatchId", UUID)
"""A batch's public id."""

EntryId = NewType("EntryId", UUID)
"""An entry's public id, derived from its batch and position."""

WorkflowId = NewType("WorkflowId", UUID)
"""A workflow's public id: that of its entry."""

CustomerId = NewType("CustomerId", UUID)
"""A customer of a tenant's, in the tenant's own register."""

TemplateId = NewType("TemplateId", UUID)
TemplateVersionId = NewType("TemplateVersionId", UUID)
ChannelId = NewType("ChannelId", int)
PrincipalId = NewType("PrincipalId", UUID)
"""Who acts: a service account of one tenant."""

PartyNumber = NewType("PartyNumber", int)
"""A party: one organisation among those a tenant serves. All numbers below are unique within a tenant, never reused."""
BuyerNumber = NewType("BuyerNumber", int)
PersonNumber = NewType("PersonNumber", int)
GroupNumber = NewType("GroupNumber", int)
TokenNumber = NewType("TokenNumber", int)
CategoryNumber = NewType("CategoryNumber", int)
ContactNumber = NewType("ContactNumber", int)
SubscriberNumber = NewType("SubscriberNumber", int)
MailingNumber = NewType("MailingNumber", int)
MessageNumber = NewType("MessageNumber", int)
AttachmentNumber = NewType("AttachmentNumber", int)

MESSAGES_PER_MAILING = 10_000
"""A message is numbered by its mailing and its position, so that it needs no counter of its own."""
_LOW = 1 << 32


def entry_id(batch: UUID, position: int) -> EntryId:
    """The public id of the entry at `position` (0-based) of `batch`.

    The upper 96 bits are the batch's own (90 of them random), the lower 32 its low bits plus `position + 1`,
    so an entry needs no stored id and two entries of a batch never share one.
    """
    low = (batch.int + position + 1) % _LOW
    return EntryId(UUID(int=batch.int - batch.int % _LOW + low))


class EntryIds:
    """The ids of one batch's entries, for whoever needs many: the batch's half is worked out once."""

    def __init__(self, batch: UUID) -> None:
        self._low = batch.int % _LOW + 1
        self._spelled = str(batch)[:-8]
        self._octets = batch.bytes[:-4]

    def spelled(self, position: int) -> str:
        """`str(entry_id(batch, position))`."""
        return f"{self._spelled}{(self._low + position) % _LOW:08x}"

    def octets(self, position: int) -> bytes:
        """`entry_id(batch, position).bytes`."""
        return self._octets + ((self._low + position) % _LOW).to_bytes(4, "big")


def position_in(batch: UUID, entry: UUID) -> int | None:
    """The position `entry` would have in `batch`, or None when it belongs to another batch."""
    if batch.int // _LOW != entry.int // _LOW:
        return None
    return (entry.int - batch.int - 1) % _LOW


def siblings(entry: UUID) -> tuple[UUID, UUID]:
    """The lowest and highest id a batch holding `entry` can have, both inclusive."""
    base = entry.int - entry.int % _LOW
    return UUID(int=base), UUID(int=base + _LOW - 1)


def message_number(mailing: int, position: int) -> MessageNumber:
    """The number of the message at `position` (0 to 9,999) of a mailing that was submitted (not loaded from a file)."""
    return MessageNumber(mailing * MESSAGES_PER_MAILING + position)

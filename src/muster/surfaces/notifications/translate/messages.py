"""Messages: from our states to the vendor's words."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from muster.domain.entry import EntryState
from muster.domain.mailing import Message
from muster.domain.mark import Mark, Marks
from muster.lookup.shelves import Related
from muster.surfaces.notifications.translate.batches import REVISION, batch_status, render_attachments
from muster.surfaces.notifications.translate.ids import Prefix, spell
from muster.surfaces.notifications.translate.references import account_ref, audit, category_ref, contact_ref, known


class MessageStatus(StrEnum):
    """Where a message stands in the vendor's words."""

    QUEUED = "Queued"
    DISCARDED = "Discarded"
    SENT = "Sent"
    FAILED = "Failed"
    BOUNCED = "Bounced"
    COMPLAINED = "Complained"


_S = EntryState
MESSAGE_STATES: Mapping[MessageStatus, frozenset[EntryState]] = MappingProxyType(
    {
        MessageStatus.QUEUED: frozenset({_S.ACCEPTED, _S.HELD, _S.DISPATCHING}),
        MessageStatus.DISCARDED: frozenset({_S.SUPPRESSED, _S.CANCELLED, _S.EXPIRED, _S.DUPLICATE}),
        MessageStatus.SENT: frozenset({_S.SENT, _S.DELIVERED, _S.APPLIED}),
        MessageStatus.FAILED: frozenset({_S.FAILED, _S.REJECTED, _S.UNKNOWN}),
        MessageStatus.BOUNCED: frozenset({_S.UNDELIVERED}),
        MessageStatus.COMPLAINED: frozenset({_S.COMPLAINED}),
    }
)
"""Which of our states each status stands for: every one of them exactly once."""
_STATUS_OF = {state: status for status, states in MESSAGE_STATES.items() for state in states}
# These have an event of their own, at the time of the last change.
_ENDINGS = frozenset(MessageStatus) - {MessageStatus.QUEUED, MessageStatus.SENT}


def message_status(state: EntryState) -> MessageStatus:
    """What the vendor calls it."""
    return _STATUS_OF[state]


def render_message(message: Message, related: Related) -> dict[str, object]:
    """Everything of a message; body and attachments where its batch was read."""
    batch = spell(Prefix.BATCH, message.mailing)
    mailing = related.mailings.get(message.mailing)
    whole: dict[str, object] = {
        "id": spell(Prefix.MESSAGE, message.number),
        "revision": REVISION,
        "batch": {"id": batch},
        "contact": contact_ref(message.contact, related),
        "category": category_ref(message.category, related),
        "account": account_ref(message.party, related),
        "status": message_status(message.state).value,
        "subject": message.subject,
        "audit": audit(_marks(message), related),
    }
    if mailing is not None:
        whole["batch"] = {"id": batch, "status": batch_status(mailing.state).value, "subject": mailing.subject}
        whole["body"] = mailing.body
        whole["attachments"] = render_attachments(mailing)
    return known(whole)


def _marks(message: Message) -> Marks:
    """Submitted by a token; what came of it came by itself."""
    submitted = Mark(message.queued_at, message.made_by, message.made_for)
    changed = submitted if message.updated_at == message.queued_at else Mark(message.updated_at)
    marks = {"created": submitted, "queued": submitted, "updated": changed}
    status = message_status(message.state)
    if message.left_at is not None:
        marks["sent"] = Mark(message.left_at)
    if status in _ENDINGS:
        marks[status.value.lower()] = Mark(message.updated_at)
    return marks

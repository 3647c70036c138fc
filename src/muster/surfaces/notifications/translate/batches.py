"""Batches and attachments: from our states to the vendor's words."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from muster.domain.batch import BatchState
from muster.domain.contact import Barred
from muster.domain.ids import MailingNumber
from muster.domain.mailing import Attachment, Mailing
from muster.domain.mark import Mark
from muster.intake.mailing_orders import Order
from muster.intake.mailings import Forecast
from muster.lookup.shelves import Related
from muster.surfaces.notifications.translate.categories import category_full
from muster.surfaces.notifications.translate.ids import Prefix, spell
from muster.surfaces.notifications.translate.references import account_full, audit
from muster.surfaces.notifications.wire import batches as wire
from muster.surfaces.notifications.wire.paths import ATTACHMENT


class BatchStatus(StrEnum):
    """Where a batch stands in the vendor's words."""

    QUEUED = "Queued"
    PROCESSING = "Processing"
    COMPLETED = "Completed"


_S = BatchState
BATCH_STATES: Mapping[BatchStatus, frozenset[BatchState]] = MappingProxyType(
    {
        BatchStatus.QUEUED: frozenset({_S.DRAFT, _S.SCHEDULED, _S.QUEUED}),
        BatchStatus.PROCESSING: frozenset({_S.RUNNING, _S.PAUSED, _S.CANCELLING}),
        BatchStatus.COMPLETED: frozenset({_S.COMPLETED, _S.FAILED, _S.CANCELLED}),
    }
)
"""Which of our states each status stands for: every one of them exactly once."""
_STATUS_OF = {state: status for status, states in BATCH_STATES.items() for state in states}
_REASONS: Mapping[Barred, str] = MappingProxyType(
    {
        Barred.BLOCKED: "contact_blocked",
        Barred.OPTED_OUT: "opted_out",
        Barred.SWITCHED_OFF: "subscriber_disabled",
    }
)
REVISION = 1
"""What was submitted never changes, so there is never another one."""


def batch_status(state: BatchState) -> BatchStatus:
    """What the vendor calls it."""
    return _STATUS_OF[state]


def render_mailing(mailing: Mailing, related: Related) -> dict[str, object]:
    """Everything of a batch; its category's statistics where they were read."""
    by, of = mailing.made_by, mailing.made_for
    marks = {"created": Mark(mailing.created_at, by, of), "updated": Mark(mailing.updated_at, by, of)}
    return {
        "id": spell(Prefix.BATCH, mailing.number),
        "revision": REVISION,
        "status": batch_status(mailing.state).value,
        "category": category_full(mailing.category, related),
        "account": account_full(mailing.party, related),
        "subject": mailing.subject,
        "body": mailing.body,
        "attachments": render_attachments(mailing),
        "audit": audit(marks, related),
    }


def render_unread(order: Order, number: MailingNumber) -> dict[str, object]:
    """What is known of a batch that was kept and cannot be read now; the rest is told to be left out."""
    return {
        "id": spell(Prefix.BATCH, number),
        "revision": REVISION,
        "status": BatchStatus.QUEUED.value,
        "category": {"id": spell(Prefix.CATEGORY, order.category or 0)},
        "subject": order.subject,
        "body": order.body,
        "$meta": {"omitted": ["account", "attachments", "audit"]},
    }


def render_attachments(mailing: Mailing) -> list[dict[str, object]]:
    """All attachments of a batch."""
    return [render_attachment(one) for one in mailing.attachments]


def render_attachment(attachment: Attachment) -> dict[str, object]:
    """What is known of an attachment."""
    batch, identity = spell(Prefix.BATCH, attachment.mailing), spell(Prefix.ATTACHMENT, attachment.number)
    href = ATTACHMENT.replace("{batch_id:str}", batch).replace("{attachment_id:str}", identity)
    file = attachment.enclosure
    return {
        "id": identity,
        "href": href,
        "name": attachment.name,
        "fileName": file.file_name,
        "fileSize": file.size,
        "contentType": file.content_type,
    }


def render_forecast(forecast: Forecast) -> wire.Forecast:
    """What would become of a batch."""
    counts = {name: forecast.barred.get(bar, 0) for bar, name in _REASONS.items()}
    total = sum(forecast.barred.values()) + forecast.suppressed
    discarded = wire.Discarded(**counts, suppressed=forecast.suppressed, total=total)
    return wire.Forecast(recipients=forecast.total, discarded=discarded)

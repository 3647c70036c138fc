"""The kind of batches that no client hands over: texts about workflows that stand already.

Sent again on request, a reminder, or the last text. An entry speaks of a workflow of another batch.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from muster.domain.contact import Audience
from muster.domain.entry import EntryState, NewEntry, QueuedEntry
from muster.domain.ids import BatchNumber, EntryIds, WorkflowId
from muster.domain.outcome import Refused
from muster.domain.parcel import Medium, Parcel
from muster.domain.workflow import NewWorkflow, NoticeOrigin, WorkflowRef
from muster.kinds.kind import BatchFacts
from muster.kinds.workflow_batches import courses, messages
from muster.kinds.workflow_batches.messages import DEFAULT_INTRODUCTION, Tokens

NOTICES = "workflow_notices"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice is about, as the store knows it."""

    ref: WorkflowRef
    workflow: WorkflowId
    origin: NoticeOrigin
    address: str
    """The customer's phone number, as submitted."""
    payload: str
    """The payload of the workflow's own entry."""
    definition: str | None
    """The definition of its template's version; None without a template."""


class Stored(msgspec.Struct, frozen=True, gc=False):
    """What is stored of an entry of this kind."""

    title: str
    origin: NoticeOrigin
    batch: int
    """The number of the workflow's own batch, and the position of its entry there."""
    position: int
    workflow: UUID
    memo: str = ""
    introduction: str = DEFAULT_INTRODUCTION


_stored = msgspec.json.Decoder(Stored)
_encoder = msgspec.json.Encoder()


def notice_entry(position: int, about: About) -> NewEntry:
    """The entry at `position` of a batch of notices. Raises msgspec.MsgspecError when the workflow is unreadable."""
    course = courses.course_of(about.definition, about.payload)
    stored = Stored(
        title=course.title,
        origin=about.origin,
        batch=about.ref.batch,
        position=about.ref.position,
        workflow=about.workflow,
        memo=course.memo,
        introduction=str(course.parameters.get("introductoryMessage") or DEFAULT_INTRODUCTION),
    )
    return NewEntry(position, EntryState.ACCEPTED, about.address, _encoder.encode(stored).decode())


class WorkflowNotices:
    """Further texts about workflows."""

    @property
    def name(self) -> str:
        """How the store calls it."""
        return NOTICES

    @property
    def opens_workflows(self) -> bool:
        """None: they stand already."""
        return False

    @property
    def stands_alone(self) -> bool:
        """There is none of its own."""
        return False

    @property
    def medium(self) -> Medium:
        """Short texts."""
        return Medium.TEXT

    def audience(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Audience | None:
        """None: only the list of suppressions."""
        _ = batch, entries
        return None

    def comparable(self, address: str) -> str:
        """The phone number in E.164 form; what is no phone number comes back as it is."""
        return messages.comparable(address)

    def pack(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Sequence[Parcel | Refused]:
        """One message an entry, in order; Refused where what is stored of it cannot be read."""
        ids, tokens = EntryIds(batch.id), Tokens(batch.link_key)
        packed: list[Parcel | Refused] = []
        for entry in entries:
            try:
                stored = _stored.decode(entry.payload)
            except msgspec.MsgspecError:
                packed.append(Refused("unreadable_entry", "What is stored of the entry cannot be read"))
                continue
            text = _text(stored, f"{batch.link_base}/{tokens.of(stored.workflow.bytes)}")
            address = messages.comparable(entry.address)
            packed.append(Parcel(ids.spelled(entry.position), address, text, repeat=entry.repeats > 0))
        return packed

    def openings(self, batch: BatchFacts, entries: Sequence[QueuedEntry], *, at: datetime) -> Sequence[NewWorkflow]:
        """None."""
        _ = batch, entries, at
        return ()

    def speaks_of(self, batch: BatchFacts, entry: QueuedEntry) -> WorkflowRef | None:
        """The workflow whose link it says again; the last text speaks of none, as it is sent because all is over."""
        _ = batch
        try:
            stored = _stored.decode(entry.payload)
        except msgspec.MsgspecError:
            return None
        if stored.origin is NoticeOrigin.EXPIRY:
            return None
        return WorkflowRef(BatchNumber(stored.batch), stored.position)


def _text(stored: Stored, link: str) -> str:
    text = messages.text_of(stored.memo, stored.introduction, link)
    match stored.origin:
        case NoticeOrigin.INITIAL | NoticeOrigin.MANUAL:
            return text
        case NoticeOrigin.REMINDER:
            return f"{messages.REMINDER} {text}"
        case NoticeOrigin.EXPIRY:
            return messages.last_text(stored.memo)

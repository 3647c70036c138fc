"""The kind: an entry becomes a text message that opens with a memo and ends with a link, and the link a workflow."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from muster.domain.contact import Audience
from muster.domain.entry import QueuedEntry
from muster.domain.ids import EntryIds
from muster.domain.outcome import Refused
from muster.domain.parcel import Medium, Parcel
from muster.domain.workflow import NewWorkflow, WorkflowRef
from muster.kinds.kind import BatchFacts, Terms
from muster.kinds.workflow_batches import courses, definition, entries, messages
from muster.kinds.workflow_batches.definition import Definition
from muster.kinds.workflow_batches.messages import DEFAULT_INTRODUCTION, Tokens, link_token, token_hash

__all__ = ["DEFAULT_INTRODUCTION", "NAME", "SINGLE", "WorkflowBatches", "link_token", "next_notice"]

NAME = "workflow_batches"
"""Batches of many, in which a workflow begins when its message leaves."""
SINGLE = "workflows"
"""Batches of one, whose workflow was kept with the request and stands alone."""


class _Hours(msgspec.Struct, frozen=True, gc=False):
    """The one thing of an entry's payload that its times need: reading no more of it is twice as fast."""

    hours: int | None = None


_hours = msgspec.json.Decoder(_Hours)


class WorkflowBatches:
    """Requests with a link: those of a batch, or single ones (`name` says which)."""

    def __init__(self, name: str = NAME) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """How the store calls it."""
        return self._name

    @property
    def opens_workflows(self) -> bool:
        """Each message does."""
        return True

    @property
    def stands_alone(self) -> bool:
        """True for single requests."""
        return self._name == SINGLE

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
        words = None if batch.template is None else _Words(definition.read(batch.template.definition))
        if words is None and not self.stands_alone:
            return [Refused("template_missing", "The batch names no template")] * len(entries)
        ids, tokens, base = EntryIds(batch.id), Tokens(batch.link_key), f"{batch.link_base}/"
        packed: list[Parcel | Refused] = []
        for entry in entries:
            text = _text(entry, words, base + tokens.of(ids.octets(entry.position)))
            if isinstance(text, str):
                address = messages.comparable(entry.address)
                packed.append(Parcel(ids.spelled(entry.position), address, text, repeat=entry.repeats > 0))
            else:
                packed.append(text)
        return packed

    def openings(self, batch: BatchFacts, entries: Sequence[QueuedEntry], *, at: datetime) -> Sequence[NewWorkflow]:
        """The workflow of each entry, which `pack` took: when it ends, and when its customer is first reminded."""
        made_from = None if batch.template is None else definition.read(batch.template.definition)
        if made_from is None:
            return [_opening(batch, entry, at=at) for entry in entries]
        ids, tokens = EntryIds(batch.id), Tokens(batch.link_key)
        step, times = courses.first_step(made_from), _Times(made_from, batch.terms, at)
        opened: list[NewWorkflow] = []
        for entry in entries:
            position = entry.position
            token = tokens.of(ids.octets(position))
            expires_at, notice_at = times.of(_hours.decode(entry.payload).hours)
            opened.append(NewWorkflow(position, token_hash(token), step, expires_at, notice_at))
        return opened

    def speaks_of(self, batch: BatchFacts, entry: QueuedEntry) -> WorkflowRef | None:
        """Its own workflow, where there may be one already."""
        if self.stands_alone or entry.attempts > 0:
            return WorkflowRef(batch.number, entry.position)
        return None


def next_notice(at: datetime, expires_at: datetime, terms: Terms) -> datetime | None:
    """When the reminder after `at` is due: counted from `at`, however many were missed; None in the last part."""
    due = at + terms.remind
    return due if due <= expires_at - terms.quiet else None


class _Words:
    """What a definition says in every message."""

    def __init__(self, made_from: Definition) -> None:
        self.memo = made_from.memo
        self.introduction = str(made_from.presets().get("introductoryMessage") or DEFAULT_INTRODUCTION)


class _Times:
    """End and first reminder of workflows that begin together, worked out once for each number of hours."""

    def __init__(self, made_from: Definition, terms: Terms, at: datetime) -> None:
        self._at = at
        self._terms = terms
        self._usual = terms.expiry if made_from.days is None else timedelta(days=made_from.days)
        self._known: dict[int | None, tuple[datetime, datetime | None]] = {}

    def of(self, hours: int | None) -> tuple[datetime, datetime | None]:
        """Those of a workflow that stands for so many hours; None: as long as is usual."""
        known = self._known.get(hours)
        if known is None:
            expires_at = self._at + (self._usual if hours is None else timedelta(hours=hours))
            known = self._known[hours] = expires_at, next_notice(self._at, expires_at, self._terms)
        return known


def _text(entry: QueuedEntry, words: _Words | None, link: str) -> str | Refused:
    try:
        stored = entries.read(entry.payload)
    except msgspec.MsgspecError:
        return Refused("unreadable_entry", "What is stored of the entry cannot be read")
    if words is None:
        if stored.definition is None:
            return Refused("template_missing", "The request names no template and brings no steps")
        words = _Words(stored.definition)
    memo = words.memo if stored.memo is None else stored.memo
    introduction = stored.parameters.get("introductoryMessage") or words.introduction
    return messages.text_of(memo, str(introduction), link)


def _opening(batch: BatchFacts, entry: QueuedEntry, *, at: datetime) -> NewWorkflow:
    """The workflow of an entry that carries its own definition."""
    stored = entries.read(entry.payload)
    made_from = stored.definition or Definition(steps=())
    token = Tokens(batch.link_key).of(EntryIds(batch.id).octets(entry.position))
    expires_at, notice_at = _Times(made_from, batch.terms, at).of(stored.hours)
    return NewWorkflow(entry.position, token_hash(token), courses.first_step(made_from), expires_at, notice_at)

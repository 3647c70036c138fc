"""The plainest kind of batch there can be: the payload is the text."""

from collections.abc import Sequence
from datetime import datetime

from muster.domain.contact import Audience
from muster.domain.entry import QueuedEntry
from muster.domain.ids import entry_id
from muster.domain.outcome import Refused
from muster.domain.parcel import Medium, Parcel
from muster.domain.workflow import NewWorkflow, WorkflowRef
from muster.kinds.kind import BatchFacts

UNREADABLE = "unreadable"
"""A payload that cannot be rendered."""


class PlainKind:
    """Fulfils kinds.kind. Addresses are compared without regard to letter case."""

    name = "plain"
    opens_workflows = False
    stands_alone = False
    medium = Medium.TEXT

    def comparable(self, address: str) -> str:
        """The address in lower case."""
        return address.lower()

    def pack(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Sequence[Parcel | Refused]:
        """One parcel an entry."""
        return [
            Refused("unreadable_entry", "it cannot be read")
            if entry.payload == UNREADABLE
            else Parcel(str(entry_id(batch.id, entry.position)), entry.address, entry.payload, repeat=entry.repeats > 0)
            for entry in entries
        ]

    def audience(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Audience | None:
        """None."""
        _ = batch, entries
        return None

    def openings(self, batch: BatchFacts, entries: Sequence[QueuedEntry], *, at: datetime) -> Sequence[NewWorkflow]:
        """None."""
        _ = batch, entries, at
        return ()

    def speaks_of(self, batch: BatchFacts, entry: QueuedEntry) -> WorkflowRef | None:
        """Of none."""
        _ = batch, entry
        return None

"""Batches of record operations."""

from collections.abc import Sequence
from datetime import datetime

from muster.domain.contact import Audience
from muster.domain.entry import QueuedEntry
from muster.domain.outcome import Refused
from muster.domain.parcel import Medium, Parcel
from muster.domain.workflow import NewWorkflow, WorkflowRef
from muster.kinds.kind import BatchFacts

NAME = "record_batches"


class RecordBatches:
    """They reach nobody: their entries are applied to the server's own record store."""

    name = NAME
    medium = Medium.RECORD
    opens_workflows = False
    stands_alone = False

    def comparable(self, address: str) -> str:
        """Records are compared as they are written."""
        return address

    def pack(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Sequence[Parcel | Refused]:
        """Nothing of it can be carried."""
        del batch
        return [Refused("not_carried", "Changes to records are applied, not sent") for _ in entries]

    def audience(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Audience | None:
        """Nobody."""
        del batch, entries
        return None

    def openings(self, batch: BatchFacts, entries: Sequence[QueuedEntry], *, at: datetime) -> Sequence[NewWorkflow]:
        """None."""
        del batch, entries, at
        return ()

    def speaks_of(self, batch: BatchFacts, entry: QueuedEntry) -> WorkflowRef | None:
        """None."""
        del batch, entry
        return None

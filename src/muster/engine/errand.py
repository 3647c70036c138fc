"""What working on one chunk needs to know, and what one window hands over."""

import msgspec

from muster.domain.batch import Batch
from muster.domain.chunk import Lease
from muster.domain.entry import QueuedEntry
from muster.domain.parcel import Parcel
from muster.kinds.kind import BatchFacts, Kind
from muster.ports.channel import ChannelHandle
from muster.settle.outcomes import Rules


class Carry(msgspec.Struct, frozen=True):
    """Entries whose intent is durable, and the parcels they became; one each, in order."""

    entries: tuple[QueuedEntry, ...]
    parcels: tuple[Parcel, ...]


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """All that working on one chunk needs to know."""

    lease: Lease
    batch: Batch
    kind: Kind
    facts: BatchFacts
    handle: ChannelHandle

    @property
    def rules(self) -> Rules:
        """What the channel's owner wants done with what did not go through."""
        return Rules(retry=self.handle.retry, unknown=self.handle.unknown)

    @property
    def span(self) -> dict[str, int]:
        """The chunk's positions, as the store's functions take them."""
        return {"first": self.lease.chunk.first, "last": self.lease.last}

"""From counts to the state of a batch."""

from collections.abc import Mapping

from muster.domain.batch import BatchEvent
from muster.domain.entry import AWAITING, OPEN, EntryState

Counts = Mapping[EntryState, int]
_NOTHING_DONE = frozenset({EntryState.REJECTED, EntryState.FAILED, EntryState.DUPLICATE})


def is_conserved(total: int, counts: Counts) -> bool:
    """Whether every accepted entry is in exactly one state: the first law of the house."""
    return total == sum(counts.values()) and all(n >= 0 for n in counts.values())


def awaiting(counts: Counts) -> int:
    """How many entries have still to be dispatched."""
    return sum(counts.get(state, 0) for state in AWAITING)


def still_open(counts: Counts) -> int:
    """How many entries have not ended."""
    return sum(counts.get(state, 0) for state in OPEN)


def ending(counts: Counts) -> BatchEvent | None:
    """What the counts mean for the batch: None while an entry is open, FAILED when not one could be processed."""
    if still_open(counts):
        return None
    total = sum(counts.values())
    wasted = sum(counts.get(state, 0) for state in _NOTHING_DONE)
    return BatchEvent.FAILED if total and wasted == total else BatchEvent.ENDED

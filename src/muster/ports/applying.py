"""Applying the entries of a batch to something of our own, in place of carrying them anywhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.batch import Batch
from muster.domain.entry import QueuedEntry
from muster.ports.store.entries import Change
from muster.ports.store.unit import Transaction


class Application(msgspec.Struct, frozen=True):
    """What became of the entries. `wasted`: nothing at all was done, although not every entry failed by itself."""

    changes: Sequence[Change]
    wasted: bool = False


class Applier(Protocol):
    """Applies entries as part of a transaction: what it does and what it tells of it become durable together."""

    async def apply(
        self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
    ) -> Application:
        """Apply all entries of the batch; the step of each."""
        ...

    async def give_up(
        self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
    ) -> Application:
        """End the batch without applying anything, because the server cannot do it; the step of each entry."""
        ...

"""Working on a chunk that nothing is carried for: its entries are applied to the server's own records.

All of it is one transaction: the changes, the entries' steps, the batch's end. Whoever dies before it is durable has
done nothing, and the chunk is worked on again.
"""

import traceback
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import structlog

from muster.domain.batch import Batch, BatchState
from muster.domain.chunk import ChunkState, Lease
from muster.domain.entry import QueuedEntry
from muster.domain.errors import LeaseLost, Unavailable
from muster.engine.throttle import Pace
from muster.ports.applying import Application, Applier
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.settle.rollup import roll_up, tell_changes

log = structlog.get_logger()


class _Step(Protocol):
    async def __call__(
        self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
    ) -> Application: ...


class Applying:
    """Applies chunks. A batch of this sort is one chunk, and ends with it."""

    def __init__(self, store: Store, applier: Applier, clock: Clock, *, pace: Pace) -> None:
        self._store = store
        self._applier = applier
        self._clock = clock
        self._pace = pace

    async def run(self, lease: Lease, batch: Batch, entries: Sequence[QueuedEntry]) -> bool:
        """Apply the chunk; False when the batch is no longer running, and the chunk still to be put away.

        Raises LeaseLost, Unavailable: nothing was done then.
        """
        try:
            return await self._once(self._applier.apply, lease, batch=batch, entries=entries)
        except (LeaseLost, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with us, the batch must come to an end
            # Not the exception's text: it may quote what a customer sent.
            where = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-3:]]
            log.error("apply_failed", batch=batch.number, error=type(error).__name__, where=where)  # noqa: TRY400
            return await self._once(self._applier.give_up, lease, batch=batch, entries=entries)

    async def _once(self, step: _Step, lease: Lease, *, batch: Batch, entries: Sequence[QueuedEntry]) -> bool:
        now = self._clock.now()
        async with self._store.begin() as tx:
            await tx.chunks.hold(lease, until=now + self._pace.lease)
            # Holds the batch's row: whoever pauses or cancels it comes wholly before or wholly after.
            standing = await tx.batches.move_counts(batch.tenant, batch.number, {}, at=now)
            if standing.state is not BatchState.RUNNING:
                return False
            application = await step(tx, batch, entries, at=now)
            applied = await tx.entries.change(batch.tenant, batch.number, application.changes, at=now)
            await roll_up(tx, batch, applied.deltas, at=now, wasted=application.wasted)
            await tell_changes(tx, batch, application.changes, applied=[applied], at=now)
            await tx.chunks.release(lease, ChunkState.DONE)
        return True

"""Pausing, resuming and cancelling batches."""

from collections.abc import Sequence

from muster.domain.batch import Batch, BatchEvent, BatchState
from muster.domain.chunk import CHUNK_SIZE, ChunkRef
from muster.domain.entry import EntryState
from muster.domain.errors import WrongState
from muster.domain.ids import BatchId
from muster.domain.progress import awaiting
from muster.domain.tenant import Principal
from muster.ports.clock import Clock
from muster.ports.queue import Queue
from muster.ports.store.batches import Standing
from muster.ports.store.unit import Store, Transaction
from muster.settle.rollup import tell_step


class Control:
    """What people may do to a batch on its way. Each takes effect within one window of every chunk that runs."""

    def __init__(self, store: Store, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock

    async def pause(self, who: Principal, batch: BatchId) -> Batch:
        """Dispatch nothing more of it until it is resumed. Raises NotFound, WrongState."""
        async with self._store.begin() as tx:
            found = await tx.batches.get(who.tenant, batch)
            await self._step(tx, who, found, event=BatchEvent.PAUSED)
            return await tx.batches.get(who.tenant, batch)

    async def resume(self, who: Principal, batch: BatchId) -> Batch:
        """Go on with a paused batch. Raises NotFound, WrongState."""
        async with self._store.begin() as tx:
            found = await tx.batches.get(who.tenant, batch)
            await self._step(tx, who, found, event=BatchEvent.RESUMED)
            await self._wake(tx, found)
            return await tx.batches.get(who.tenant, batch)

    async def cancel(self, who: Principal, batch: BatchId, *, withdraw: bool = False) -> Batch:
        """Dispatch nothing more of it, for good; with `withdraw`, take back what was handed over (links die).

        A batch that is being cancelled, or was withdrawn, is left as it is. Raises NotFound; WrongState when it has
        ended and there is nothing to take back.
        """
        async with self._store.begin() as tx:
            found = await tx.batches.get(who.tenant, batch)
            return await self.call_off(tx, who, found, withdraw=withdraw)

    async def call_off(self, tx: Transaction, who: Principal, batch: Batch, *, withdraw: bool) -> Batch:
        """`cancel` within a transaction; the batch as it stands then."""
        is_out = withdraw and _has_something_out(batch)
        # A batch that waits for nothing but receipts still runs, though its workflows may all have ended.
        is_idle = withdraw and not is_out and not awaiting(batch.counts)
        if batch.withdrawn_at is not None or (batch.state in _CALLED_OFF and is_idle):
            return batch
        if batch.state is BatchState.CANCELLED and not is_out:
            return batch
        stopped = not is_idle and await self._stop(tx, who, batch)
        taken_back = withdraw and (stopped or is_out)
        if not stopped and not taken_back:
            raise WrongState(f"the batch is {batch.state.value}: there is nothing left to cancel")
        if taken_back:
            await self._take_back(tx, who, batch)
        return await tx.batches.get(who.tenant, batch.id)

    async def _take_back(self, tx: Transaction, who: Principal, batch: Batch) -> None:
        """Let its links die. The mark comes first: it locks the batch's row, so that no workflow opens in between."""
        now = self._clock.now()
        await tx.batches.withdraw(who.tenant, batch.number, at=now, by=who.id)
        await tx.workflows.cancel_all(who.tenant, batch.number, at=now)
        await tx.outbox.audit(who.tenant, who.id, "batch:withdraw", subject=str(batch.id), detail="", at=now)

    async def _stop(self, tx: Transaction, who: Principal, batch: Batch) -> bool:
        """Begin cancelling; False when the batch has ended by itself. One cancelled already counts as stopped."""
        try:
            await self._step(tx, who, batch, event=BatchEvent.CANCELLED)
        except WrongState:
            # Asked anew: somebody else may have cancelled it since `batch` was read.
            return (await tx.batches.get(who.tenant, batch.id)).state in _CALLED_OFF
        await self._wake(tx, batch)
        return True

    async def _step(self, tx: Transaction, who: Principal, batch: Batch, *, event: BatchEvent) -> None:
        now = self._clock.now()
        state = await tx.batches.apply(who.tenant, batch.number, event, at=now, by=who.id)
        if state is None:
            raise WrongState(f"the batch is {batch.state.value}: it cannot be {event.value}")
        # Read again under the lock of that step: a worker may have moved the counts in the meantime.
        counts = (await tx.batches.get(who.tenant, batch.id)).counts
        await tell_step(tx, batch, event=event, standing=Standing(state, counts), at=now)
        await tx.outbox.audit(who.tenant, who.id, f"batch:{event.value}", subject=str(batch.id), detail="", at=now)

    async def _wake(self, tx: Transaction, batch: Batch) -> None:
        """Queue every chunk that rests, or a new one when none is in hand."""
        jobs: Sequence[ChunkRef] = await tx.chunks.wake(batch.tenant, batch.number)
        if not jobs and not await tx.chunks.unfinished(batch.tenant, batch.number):
            chunk = await tx.chunks.open_next(batch.tenant, batch.number, size=CHUNK_SIZE)
            jobs = [chunk] if chunk is not None else []
        await self._queue.enqueue(tx, jobs)


_CALLED_OFF = (BatchState.CANCELLING, BatchState.CANCELLED)
_OUT = (EntryState.SENT, EntryState.DELIVERED, EntryState.UNDELIVERED, EntryState.UNKNOWN)


def _has_something_out(batch: Batch) -> bool:
    """Whether anything of it may be in a recipient's hands, and is not over: its workflows may all have ended."""
    return sum(batch.counts.get(state, 0) for state in _OUT) > sum(batch.ended.values())

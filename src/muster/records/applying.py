"""Applying the entries of a batch to the record store."""

from collections.abc import Sequence
from datetime import datetime

from muster.domain.batch import Batch
from muster.domain.entry import EntryState, QueuedEntry
from muster.domain.records.batch import RecordBatchEnd, end_of
from muster.domain.records.operation import Result
from muster.domain.tenant import Role
from muster.kinds.record_batches import entries as payloads
from muster.kinds.record_batches import results as told
from muster.ports.applying import Application
from muster.ports.store.entries import Change
from muster.ports.store.unit import Transaction
from muster.records.desk import RecordDesk
from muster.records.work.scene import Acting

UNDONE = "rolled_back"
"""The reason of an entry that went well and was undone, because another one of its batch did not."""
TRIED = "tried_only"
"""The reason of an entry that went well and was undone, because it was only to be tried."""
GIVEN_UP = "internal_error"


class RecordApplier:
    """Applies whole batches: each is one unit of work."""

    def __init__(self, desk: RecordDesk) -> None:
        self._desk = desk

    async def apply(
        self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
    ) -> Application:
        """Perform the operations of all entries, and keep the results."""
        known = await tx.record_batches.of_batch(batch.tenant, batch.number)
        acting = Acting(tenant=batch.tenant, user=known.user, role=Role(known.role))
        operations = [payloads.read(entry.payload) for entry in entries]
        performed = await self._desk.apply(tx, acting, operations, whole=known.whole, at=at, dry=known.dry)
        end = end_of(performed.results, whole=known.whole)
        await tx.record_batches.finish(
            batch.tenant, known.number, end=end, results=told.written(performed.results), at=at
        )
        wasted = end is not RecordBatchEnd.COMPLETE
        undone = TRIED if known.dry else UNDONE if wasted else None
        steps = [_step(entry, result, undone) for entry, result in zip(entries, performed.results, strict=True)]
        return Application(steps, wasted=wasted)

    async def give_up(
        self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
    ) -> Application:
        """End the batch as errored; nothing of it is done."""
        known = await tx.record_batches.of_batch(batch.tenant, batch.number)
        await tx.record_batches.finish(
            batch.tenant, known.number, end=RecordBatchEnd.ERRORED, results=told.NO_RESULTS, at=at
        )
        steps = [Change(entry.position, entry.state, EntryState.FAILED, reason=GIVEN_UP) for entry in entries]
        return Application(steps, wasted=True)


def _step(entry: QueuedEntry, result: Result, undone: str | None) -> Change:
    """The entry's step. `undone`: why what went well was undone again; None where it was not."""
    if result.denial is not None:
        return Change(entry.position, entry.state, EntryState.FAILED, reason=result.denial.value)
    if undone is not None:
        return Change(entry.position, entry.state, EntryState.CANCELLED, reason=undone)
    return Change(entry.position, entry.state, EntryState.APPLIED)

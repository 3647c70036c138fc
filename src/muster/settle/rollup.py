"""From the steps of entries to the state of their batch."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from muster.domain.batch import FINAL, Batch, BatchEvent, BatchState
from muster.domain.entry import EntryState
from muster.domain.event import EventType
from muster.domain.progress import ending
from muster.events.outbox import batch_event, entries_event
from muster.kinds.record_batches.kind import NAME as RECORD_BATCHES
from muster.ports.store.batches import Standing
from muster.ports.store.entries import Applied, Change
from muster.ports.store.unit import Transaction

_ANNOUNCED = {
    BatchEvent.STARTED: EventType.BATCH_STARTED,
    BatchEvent.PAUSED: EventType.BATCH_PAUSED,
    BatchEvent.RESUMED: EventType.BATCH_RESUMED,
    BatchEvent.CANCELLED: EventType.BATCH_CANCELLING,
}
_ENDED = {
    BatchState.COMPLETED: EventType.BATCH_COMPLETED,
    BatchState.FAILED: EventType.BATCH_FAILED,
    BatchState.CANCELLED: EventType.BATCH_CANCELLED,
}


def total_of(applied: Iterable[Applied]) -> dict[EntryState, int]:
    """The deltas of several sets of changes, added up."""
    deltas: Counter[EntryState] = Counter()
    for one in applied:
        for state, n in one.deltas.items():
            deltas[state] += n
    return dict(deltas)


async def roll_up(
    tx: Transaction, batch: Batch, deltas: dict[EntryState, int], *, at: datetime, wasted: bool = False
) -> Standing:
    """Move the batch's counts by `deltas` and end the batch when no entry is open any more; where it stands then.

    `wasted`: it ends as failed, whatever the counts tell, because what went well was undone again.
    """
    standing = await tx.batches.move_counts(batch.tenant, batch.number, deltas, at=at)
    event = ending(standing.counts)
    if event is None:
        return standing
    if wasted:
        event = BatchEvent.FAILED
    state = await tx.batches.apply(batch.tenant, batch.number, event, at=at)
    if state is None:
        return standing
    standing = Standing(state, standing.counts)
    await tell_step(tx, batch, event=event, standing=standing, at=at)
    return standing


async def tell_step(tx: Transaction, batch: Batch, *, event: BatchEvent, standing: Standing, at: datetime) -> None:
    """Announce that the batch moved by `event` and stands at `standing` now."""
    happened = _ANNOUNCED.get(event, _ENDED.get(standing.state))
    if happened is not None:
        more = await _told_besides(tx, batch, standing)
        news = batch_event(happened, batch.id, kind=batch.kind, state=standing.state, counts=standing.counts, more=more)
        await tx.outbox.add(batch.tenant, [news], at=at)


async def _told_besides(tx: Transaction, batch: Batch, standing: Standing) -> Mapping[str, str | int | None]:
    """What the end of a batch of its kind is told with: clients of the record store know theirs by other numbers."""
    if batch.kind != RECORD_BATCHES or standing.state not in FINAL:
        return {}
    known = await tx.record_batches.of_batch(batch.tenant, batch.number)
    return {"number": known.number, "method": known.method, "outcome": None if known.end is None else known.end.value}


async def tell_changes(
    tx: Transaction, batch: Batch, changes: Iterable[Change], *, applied: Iterable[Applied], at: datetime
) -> None:
    """Announce, in one event, the entries that moved."""
    moved = {position for one in applied for position in one.positions}
    told = [change for change in changes if change.position in moved]
    if told:
        await tx.outbox.add(batch.tenant, [entries_event(batch.id, kind=batch.kind, changes=told)], at=at)

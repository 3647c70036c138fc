"""From the steps of entries to the state of their batch."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from muster.domain.batch import Batch, BatchEvent
from muster.domain.entry import EntryState
from muster.domain.progress import ending
from muster.events.outbox import EntryStep, announce, announced_as, batch_stands, entries_changed
from muster.ports.store.batches import Standing
from muster.ports.store.entries import Applied, Change
from muster.ports.store.unit import Transaction


def total_of(applied: Iterable[Applied]) -> dict[EntryState, int]:
    """The deltas of several sets of changes, added up."""
    deltas: Counter[EntryState] = Counter()
    for one in applied:
        for state, n in one.deltas.items():
            deltas[state] += n
    return dict(deltas)


async def roll_up(tx: Transaction, batch: Batch, deltas: dict[EntryState, int], *, at: datetime) -> Standing:
    """Move the batch's counts by `deltas` and end the batch when no entry is open any more; where it stands then."""
    standing = await tx.batches.move_counts(batch.tenant, batch.number, deltas, at=at)
    event = ending(standing.counts)
    if event is None:
        return standing
    state = await tx.batches.apply(batch.tenant, batch.number, event, at=at)
    if state is None:
        return standing
    standing = Standing(state, standing.counts)
    await tell_step(tx, batch, event=event, standing=standing, at=at)
    return standing


async def tell_step(tx: Transaction, batch: Batch, *, event: BatchEvent, standing: Standing, at: datetime) -> None:
    """Announce that the batch moved by `event` and stands at `standing` now."""
    kind = announced_as(event, standing.state)
    if kind is not None:
        state, counts = standing.state, standing.counts
        news = batch_stands(kind, batch=batch.id, kind=batch.kind, state=state, total=batch.total, counts=counts)
        await announce(tx, batch.tenant, [news], at=at)


async def tell_changes(
    tx: Transaction, batch: Batch, changes: Iterable[Change], *, applied: Iterable[Applied], at: datetime
) -> None:
    """Announce, in one event, the entries that moved."""
    moved = {position for one in applied for position in one.positions}
    steps = [EntryStep(c.position, c.after, c.reason) for c in changes if c.position in moved]
    await announce(tx, batch.tenant, [entries_changed(batch.id, steps)], at=at)

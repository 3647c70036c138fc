"""One window: intent before, outcome after, both in the transaction between two windows."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from muster.domain.batch import Batch, BatchState
from muster.domain.chunk import Lease
from muster.domain.entry import EntryState, QueuedEntry
from muster.domain.outcome import Outcome
from muster.domain.retry import UnknownPolicy
from muster.engine.errand import Carry, Errand
from muster.engine.policy import prepare
from muster.ports.store.entries import Applied, Change
from muster.ports.store.unit import Transaction
from muster.settle.outcomes import Settlement, lost, settle
from muster.settle.returns import shun_refused
from muster.settle.rollup import roll_up, tell_changes, total_of

log = structlog.get_logger()


_NEVER_LEFT = frozenset({EntryState.FAILED, EntryState.SUPPRESSED, EntryState.CANCELLED})


class Turn(msgspec.Struct, frozen=True):
    """What a transaction between two windows came to."""

    carry: Carry | None
    """What to hand over next; None when the chunk has nothing for now."""
    state: BatchState
    """Where the batch stood: anything but running means stop."""


async def record(tx: Transaction, errand: Errand, settlement: Settlement, *, at: datetime) -> Applied:
    """Write a window's outcomes, and the ids under which its receipts will come."""
    tenant, number = errand.batch.tenant, errand.batch.number
    applied = await tx.entries.change(tenant, number, settlement.changes, at=at)
    # Of what was sent again the first message may have arrived: its link stands.
    back = [change for change in settlement.changes if change.position not in settlement.again]
    await unsent(tx, errand, back, at=at)
    if settlement.handovers:
        moved = set(applied.positions)
        handovers = [handover for handover in settlement.handovers if handover.position in moved]
        await tx.receipts.hand_over(tenant, errand.handle.id, number, handovers=handovers, at=at)
    return applied


async def unsent(tx: Transaction, errand: Errand, changes: Sequence[Change], *, at: datetime) -> None:
    """Take back the workflows whose messages did not leave after all. One that stands alone waits, or is called off."""
    if not errand.kind.opens_workflows:
        return
    tenant, number, workflows = errand.batch.tenant, errand.batch.number, tx.workflows
    # What is held for a repeat may have arrived: its link stands.
    held = [change.position for change in changes if change.after is EntryState.HELD and not change.repeat]
    lost = [change.position for change in changes if change.after in _NEVER_LEFT]
    postpone, give_up = workflows.void, workflows.void
    if errand.kind.stands_alone:
        postpone, give_up = workflows.postpone, workflows.call_off
    if held:
        await postpone(tenant, number, held, at=at)
    if lost:
        await give_up(tenant, number, lost, at=at)


async def mend(
    tx: Transaction, batch: Batch, lease: Lease, *, unknown: UnknownPolicy, at: datetime
) -> dict[EntryState, int]:
    """Give every intent of the chunk that has no result its end: unknown, or a marked repeat; the deltas of it."""
    left = await tx.entries.left_dispatching(batch.tenant, batch.number, first=lease.chunk.first, last=lease.last)
    if not left:
        return {}
    changes = lost(left, unknown=unknown, at=at)
    applied = await tx.entries.change(batch.tenant, batch.number, changes, at=at)
    await tell_changes(tx, batch, changes, applied=[applied], at=at)
    log.warning("intents_mended", batch=batch.number, entries=len(applied.positions))
    return applied.deltas


async def turn(
    tx: Transaction, errand: Errand, *, done: Settlement | None, upcoming: Sequence[QueuedEntry], at: datetime
) -> Turn:
    """Write the outcomes of the last window and the intent of the next, together. The caller holds the lease."""
    tenant, number = errand.batch.tenant, errand.batch.number
    applied = [await record(tx, errand, done, at=at)] if done else []
    changes = list(done.changes) if done else []
    state = await tx.batches.state_of(tenant, number)
    carry = None
    if upcoming and state is BatchState.RUNNING:
        prepared = await prepare(tx, errand, upcoming, at=at)
        if prepared.refusals:
            applied.append(await tx.entries.change(tenant, number, prepared.refusals, at=at))
            changes += prepared.refusals
            if errand.kind.stands_alone:
                await unsent(tx, errand, prepared.refusals, at=at)
        carry = prepared.carry
        if carry.entries:
            intended = await tx.entries.intend(tenant, number, [e.position for e in carry.entries], at=at)
            applied.append(intended)
            carry = _only(carry, intended.positions)
    standing = await roll_up(tx, errand.batch, total_of(applied), at=at)
    if done and done.gone:
        await _shun(tx, errand, done, moved=applied[0].positions, at=at)
    if carry and carry.entries and errand.kind.opens_workflows:
        # After the roll-up, which holds the batch's row: whoever withdraws it comes wholly before or wholly after.
        await tx.workflows.open(tenant, number, errand.kind.openings(errand.facts, carry.entries, at=at), at=at)
    await tell_changes(tx, errand.batch, changes, applied=applied, at=at)
    return Turn(carry if carry and carry.entries else None, standing.state)


async def _shun(tx: Transaction, errand: Errand, settlement: Settlement, *, moved: Sequence[int], at: datetime) -> None:
    """Write no more to addresses that take no message, as the entries in `moved` told.

    After the roll-up, which holds the batch's row: receipts lock batches first, and addresses then.
    """
    gone = {position: settlement.gone[position] for position in moved if position in settlement.gone}
    if gone:
        await shun_refused(tx, errand.batch, gone, comparable=errand.kind.comparable, at=at)


def _only(carry: Carry, positions: Sequence[int]) -> Carry:
    """The part of `carry` whose intent was really written."""
    if len(positions) == len(carry.entries):
        return carry
    kept = set(positions)
    pairs = [(e, p) for e, p in zip(carry.entries, carry.parcels, strict=True) if e.position in kept]
    return Carry(tuple(e for e, _ in pairs), tuple(p for _, p in pairs))


def outcome_of(errand: Errand, carry: Carry, outcomes: Sequence[Outcome], *, at: datetime) -> Settlement:
    """What the channel's answers come to."""
    return settle(carry.entries, outcomes, rules=errand.rules, at=at)

"""One window: intent before, outcome after, both in the transaction between two windows."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from muster.domain.batch import Batch, BatchState
from muster.domain.chunk import Lease
from muster.domain.entry import TRANSITIONS, EntryEvent, EntryState, QueuedEntry
from muster.domain.outcome import Outcome, Refused
from muster.domain.parcel import Parcel
from muster.domain.retry import UnknownPolicy
from muster.kinds.kind import BatchFacts, Kind
from muster.ports.channel import ChannelHandle
from muster.ports.store.entries import Applied, Change
from muster.ports.store.unit import Transaction
from muster.settle.outcomes import Rules, Settlement, lost, settle
from muster.settle.rollup import roll_up, tell_changes, total_of

log = structlog.get_logger()


_NEVER_LEFT = frozenset({EntryState.FAILED, EntryState.SUPPRESSED, EntryState.CANCELLED})


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


class Turn(msgspec.Struct, frozen=True):
    """What a transaction between two windows came to."""

    carry: Carry | None
    """What to hand over next; None when the chunk has nothing for now."""
    state: BatchState
    """Where the batch stood: anything but running means stop."""


class _Prepared(msgspec.Struct, frozen=True):
    carry: Carry
    refusals: tuple[Change, ...]


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
        prepared = await _prepare(tx, errand, upcoming)
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
    if carry and carry.entries and errand.kind.opens_workflows:
        # After the roll-up, which holds the batch's row: whoever withdraws it comes wholly before or wholly after.
        await tx.workflows.open(tenant, number, errand.kind.openings(errand.facts, carry.entries, at=at), at=at)
    await tell_changes(tx, errand.batch, changes, applied=applied, at=at)
    return Turn(carry if carry and carry.entries else None, standing.state)


async def _prepare(tx: Transaction, errand: Errand, upcoming: Sequence[QueuedEntry]) -> _Prepared:
    """Policy at the last moment (design 1.4), then the words: who is left out, and what is handed over to the rest."""
    addresses = [errand.kind.comparable(entry.address) for entry in upcoming]
    unwanted = await tx.suppressions.among(errand.batch.tenant, addresses)
    over = await _over(tx, errand, upcoming)
    wanted: list[QueuedEntry] = []
    refusals: list[Change] = []
    for entry, address in zip(upcoming, addresses, strict=True):
        if address in unwanted:
            why = Refused("opted_out", f"the recipient has opted out ({unwanted[address]})")
            refusals.append(_refusal(entry, EntryEvent.SUPPRESSED, why))
        elif entry.position in over:
            refusals.append(
                _refusal(entry, EntryEvent.CANCELLED, Refused("workflow_over", "it speaks of what is over"))
            )
        else:
            wanted.append(entry)
    packed = errand.kind.pack(errand.facts, wanted)
    carried: list[tuple[QueuedEntry, Parcel]] = []
    for entry, parcel in zip(wanted, packed, strict=True):
        if isinstance(parcel, Refused):
            refusals.append(_refusal(entry, EntryEvent.REFUSED, parcel))
        else:
            carried.append((entry, parcel))
    return _Prepared(Carry(tuple(e for e, _ in carried), tuple(p for _, p in carried)), tuple(refusals))


async def _over(tx: Transaction, errand: Errand, upcoming: Sequence[QueuedEntry]) -> frozenset[int]:
    """The positions of entries whose message would speak of a workflow that is over."""
    spoken_of = {entry.position: errand.kind.speaks_of(errand.facts, entry) for entry in upcoming}
    refs = {position: ref for position, ref in spoken_of.items() if ref is not None}
    if not refs:
        return frozenset()
    over = await tx.workflows.over(errand.batch.tenant, list(refs.values()))
    return frozenset(position for position, ref in refs.items() if ref in over)


def _refusal(entry: QueuedEntry, event: EntryEvent, why: Refused) -> Change:
    # What waited to be sent again may have arrived the first time.
    came_to = TRANSITIONS[entry.state][EntryEvent.LOST if entry.repeats else event]
    return Change(entry.position, entry.state, came_to, why.code, why.detail)


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

"""Policy at the last moment (design 1.4): who is left out of a window, and what is handed over to the rest."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from muster.domain.contact import Barred, BlockReason
from muster.domain.entry import TRANSITIONS, EntryEvent, QueuedEntry
from muster.domain.outcome import Refused
from muster.domain.parcel import Parcel
from muster.engine.errand import Carry, Errand
from muster.ports.store.entries import Change
from muster.ports.store.unit import Transaction

_CAME_BACK: Mapping[str, str] = {
    BlockReason.BOUNCED.value: "an earlier message to the address bounced",
    BlockReason.COMPLAINED.value: "the recipient complained about an earlier message",
}
_SAID = {
    Barred.BLOCKED: "the contact is blocked",
    Barred.OPTED_OUT: "the contact has opted out of the category",
    Barred.SWITCHED_OFF: "the category is switched off for the account",
    Barred.UNPUBLISHED: "the category is not published any more",
    Barred.GONE: "the contact was deleted",
}


class Prepared(msgspec.Struct, frozen=True):
    """What may be carried, and the steps of those that may not."""

    carry: Carry
    refusals: tuple[Change, ...]


async def prepare(tx: Transaction, errand: Errand, upcoming: Sequence[QueuedEntry], *, at: datetime) -> Prepared:
    """Ask everything that may have changed since the batch was accepted, then find the words for whom is left."""
    hindered = await _hindered(tx, errand, upcoming, at=at)
    wanted = [entry for entry in upcoming if entry.position not in hindered]
    refusals = [_refusal(entry, *hindered[entry.position]) for entry in upcoming if entry.position in hindered]
    packed = errand.kind.pack(errand.facts, wanted)
    carried: list[tuple[QueuedEntry, Parcel]] = []
    for entry, parcel in zip(wanted, packed, strict=True):
        if isinstance(parcel, Refused):
            refusals.append(_refusal(entry, EntryEvent.REFUSED, parcel))
        else:
            carried.append((entry, parcel))
    return Prepared(Carry(tuple(e for e, _ in carried), tuple(p for _, p in carried)), tuple(refusals))


async def _hindered(
    tx: Transaction, errand: Errand, upcoming: Sequence[QueuedEntry], *, at: datetime
) -> Mapping[int, tuple[EntryEvent, Refused]]:
    """By position: what keeps an entry from being sent. The list of suppressions speaks first."""
    addresses = [errand.kind.comparable(entry.address) for entry in upcoming]
    unwanted = await tx.suppressions.among(errand.batch.tenant, addresses)
    over = await _over(tx, errand, upcoming)
    barred = await _barred(tx, errand, upcoming, at=at)
    hindered: dict[int, tuple[EntryEvent, Refused]] = {}
    for entry, address in zip(upcoming, addresses, strict=True):
        if address in unwanted:
            why = Refused("opted_out", _said_of_list(unwanted[address]))
            hindered[entry.position] = EntryEvent.SUPPRESSED, why
        elif entry.position in barred:
            bar = barred[entry.position]
            hindered[entry.position] = EntryEvent.SUPPRESSED, Refused(bar.value, _SAID[bar])
        elif entry.position in over:
            why = Refused("workflow_over", "it speaks of what is over")
            hindered[entry.position] = EntryEvent.CANCELLED, why
    return hindered


def _said_of_list(source: str) -> str:
    """Why an address is on the list of suppressions, in words: what came back asked for nothing."""
    return _CAME_BACK.get(source, f"the recipient has opted out ({source})")


async def _barred(
    tx: Transaction, errand: Errand, upcoming: Sequence[QueuedEntry], *, at: datetime
) -> Mapping[int, Barred]:
    """The positions of entries whose contact gets no message; that a mandatory category reaches others is audited."""
    audience = errand.kind.audience(errand.facts, upcoming)
    if audience is None:
        return {}
    batch = errand.batch
    bars = await tx.contacts.barred(batch.tenant, audience)
    pairs = zip(upcoming, audience.contacts, strict=True)
    if bars.overridden:
        detail = f"{len(bars.overridden)} who opted out, as category {audience.category} is mandatory"
        await tx.outbox.audit(batch.tenant, None, "opt-out:override", subject=str(batch.id), detail=detail, at=at)
    return {entry.position: bars.barred[contact] for entry, contact in pairs if contact in bars.barred}


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

"""From a channel's answers to steps of entries. This alone decides what is tried again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from muster.domain.entry import TRANSITIONS, EntryEvent, EntryState, QueuedEntry
from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown, Unsent
from muster.domain.retry import RetryPolicy, UnknownPolicy
from muster.ports.store.entries import Change
from muster.ports.store.receipts import Handover

UNSENT_WAIT = timedelta(seconds=2)
"""When what never left is tried again. It does not count as an attempt: a provider that is away costs no entry."""

_ARRIVED = TRANSITIONS[EntryState.DISPATCHING][EntryEvent.ARRIVED]
_CARRIED = TRANSITIONS[EntryState.DISPATCHING][EntryEvent.CARRIED]


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of the channel that carried the window."""

    retry: RetryPolicy
    unknown: UnknownPolicy


class Settlement(msgspec.Struct, frozen=True):
    """What a window's outcomes come to."""

    changes: tuple[Change, ...]
    handovers: tuple[Handover, ...]
    again: frozenset[int] = frozenset()
    """The positions of entries that were sent again: their first message may have arrived, whatever became of this."""
    gone: Mapping[int, str] = MappingProxyType({})
    """The addresses, by position, that take no message and should get none any more."""


def settle(entries: Sequence[QueuedEntry], outcomes: Sequence[Outcome], *, rules: Rules, at: datetime) -> Settlement:
    """The steps and hand-overs of one window. `entries` are as read before their intent; one outcome each."""
    changes: list[Change] = []
    handovers: list[Handover] = []
    for entry, outcome in zip(entries, outcomes, strict=True):
        changes.append(_change(entry, outcome, rules=rules, at=at))
        handovers += _handovers(entry, outcome)
    again = frozenset(entry.position for entry in entries if entry.repeats)
    gone = {
        entry.position: entry.address
        for entry, outcome in zip(entries, outcomes, strict=True)
        if isinstance(outcome, Refused) and outcome.gone
    }
    return Settlement(tuple(changes), tuple(handovers), again, gone)


def _handovers(entry: QueuedEntry, outcome: Outcome) -> Sequence[Handover]:
    match outcome:
        case Carried(confirmed=True):
            # It has arrived: no receipt can change that any more, so nobody has to find it by its refs.
            return ()
        case Carried(refs=refs, segments=segments) | Unknown(refs=refs, segments=segments):
            # Segments without a ref count too: receipts for the others alone must not make the entry delivered.
            parts = max(len(refs), segments)
            return [Handover(entry.position, ref, part, parts) for part, ref in enumerate(refs)]
        case Deferred() | Refused() | Unsent():
            return ()


def lost(entries: Sequence[QueuedEntry], *, unknown: UnknownPolicy, at: datetime) -> tuple[Change, ...]:
    """The steps of entries whose intent was found without a result."""
    why = Unknown("result_lost", "the server stopped before the result was known")
    return tuple(_uncertain(entry, why, unknown, at=at) for entry in entries)


def _change(entry: QueuedEntry, outcome: Outcome, *, rules: Rules, at: datetime) -> Change:
    match outcome:
        case Carried(segments=segments, confirmed=confirmed, presumed=presumed):
            # As `_step` would, which is felt here: nearly every outcome is this one.
            after = _ARRIVED if confirmed or presumed else _CARRIED
            return Change(entry.position, EntryState.DISPATCHING, after, segments=segments)
        case Refused(code=code, detail=detail):
            return _step(entry, _given_up(entry), reason=code, detail=detail)
        case Deferred(after=after):
            return _postponed(entry, outcome, rules.retry.next_delay(entry.attempts + 1, at_least=after), at=at)
        case Unsent(code=code, detail=detail, after=after):
            due_at = at + max(UNSENT_WAIT, after or UNSENT_WAIT)
            return _step(entry, EntryEvent.DEFERRED, reason=code, detail=detail, due_at=due_at, unsent=True)
        case Unknown():
            return _uncertain(entry, outcome, rules.unknown, at=at)


def _postponed(entry: QueuedEntry, outcome: Deferred, wait: timedelta | None, *, at: datetime) -> Change:
    if wait is None:
        detail = f"given up after {entry.attempts + 1} attempts: {outcome.detail or outcome.code}"
        return _step(entry, _given_up(entry), reason=outcome.code, detail=detail)
    return _step(entry, EntryEvent.DEFERRED, reason=outcome.code, detail=outcome.detail, due_at=at + wait)


def _given_up(entry: QueuedEntry) -> EntryEvent:
    """What it is that no further try is made. Of a repeat nobody knows whether the first one arrived."""
    return EntryEvent.LOST if entry.repeats else EntryEvent.REFUSED


def _uncertain(entry: QueuedEntry, why: Unknown, unknown: UnknownPolicy, *, at: datetime) -> Change:
    if unknown.repeats(entry.repeats):
        return _step(entry, EntryEvent.REPEATED, reason=why.code, detail=why.detail, due_at=at, repeat=True)
    return _step(entry, EntryEvent.LOST, reason=why.code, detail=why.detail)


def _step(  # noqa: PLR0913 - one keyword for each thing a step may carry
    entry: QueuedEntry,
    event: EntryEvent,
    *,
    reason: str | None = None,
    detail: str | None = None,
    due_at: datetime | None = None,
    segments: int = 0,
    repeat: bool = False,
    unsent: bool = False,
) -> Change:
    after = TRANSITIONS[EntryState.DISPATCHING][event]
    return Change(
        entry.position, EntryState.DISPATCHING, after, reason, detail or None, due_at, segments, repeat, unsent
    )

"""One entry of a batch and the states it moves through."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.fault import Fault


class EntryState(StrEnum):
    """Where an entry stands."""

    ACCEPTED = "accepted"
    HELD = "held"
    DISPATCHING = "dispatching"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    APPLIED = "applied"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    COMPLAINED = "complained"
    """It arrived, and its recipient reported it as unwanted."""


class EntryEvent(StrEnum):
    """What can happen to an entry."""

    INTENDED = "intended"
    """The intent to dispatch it was made durable."""
    CARRIED = "carried"
    """The channel handed it over; the news of its arrival is awaited."""
    ARRIVED = "arrived"
    """It reached its recipient."""
    BOUNCED = "bounced"
    """It was handed over, and did not reach its recipient."""
    RETURNED = "returned"
    """It counted as arrived, as long as nothing else was heard, and came back."""
    COMPLAINED = "complained"
    """Its recipient reported it as unwanted: so it did arrive."""
    APPLIED = "applied"
    """The record store took the change."""
    DEFERRED = "deferred"
    """Not now: try again at a later time."""
    DUE = "due"
    """The time it was held for has come."""
    REFUSED = "refused"
    """The channel or its provider will not take it."""
    LOST = "lost"
    """There was an intent and there is no result."""
    REPEATED = "repeated"
    """Its outcome is unknown and the channel's policy prefers a second arrival to none."""
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_S, _E = EntryState, EntryEvent

TRANSITIONS: Mapping[EntryState, Mapping[EntryEvent, EntryState]] = MappingProxyType(
    {
        _S.ACCEPTED: {
            _E.INTENDED: _S.DISPATCHING,
            # Nothing leaves the machine: the change and this step become durable together, so there is no intent.
            _E.APPLIED: _S.APPLIED,
            _E.DEFERRED: _S.HELD,
            _E.REFUSED: _S.FAILED,
            _E.SUPPRESSED: _S.SUPPRESSED,
            _E.EXPIRED: _S.EXPIRED,
            _E.CANCELLED: _S.CANCELLED,
        },
        _S.HELD: {
            # Held for a repeat, and the provider tells what became of the first one: that it arrived, or that no
            # second one will.
            _E.ARRIVED: _S.DELIVERED,
            _E.RETURNED: _S.UNDELIVERED,
            _E.COMPLAINED: _S.COMPLAINED,
            # Held for a repeat that is not sent after all.
            _E.LOST: _S.UNKNOWN,
            _E.DUE: _S.ACCEPTED,
            _E.INTENDED: _S.DISPATCHING,
            _E.REFUSED: _S.FAILED,
            _E.SUPPRESSED: _S.SUPPRESSED,
            _E.EXPIRED: _S.EXPIRED,
            _E.CANCELLED: _S.CANCELLED,
        },
        _S.DISPATCHING: {
            _E.CARRIED: _S.SENT,
            _E.ARRIVED: _S.DELIVERED,
            _E.BOUNCED: _S.UNDELIVERED,
            _E.APPLIED: _S.APPLIED,
            _E.DEFERRED: _S.HELD,
            _E.REFUSED: _S.FAILED,
            _E.LOST: _S.UNKNOWN,
            _E.REPEATED: _S.HELD,
        },
        _S.SENT: {
            _E.ARRIVED: _S.DELIVERED,
            _E.BOUNCED: _S.UNDELIVERED,
            _E.LOST: _S.UNKNOWN,
            _E.RETURNED: _S.UNDELIVERED,
            _E.COMPLAINED: _S.COMPLAINED,
        },
        # A provider's late word may still settle what a crash left open.
        _S.UNKNOWN: {
            _E.ARRIVED: _S.DELIVERED,
            _E.BOUNCED: _S.UNDELIVERED,
            _E.RETURNED: _S.UNDELIVERED,
            _E.COMPLAINED: _S.COMPLAINED,
        },
        # An e-mail counts as arrived once the mail server that answers for it has it; it may yet come back.
        _S.DELIVERED: {_E.RETURNED: _S.UNDELIVERED, _E.COMPLAINED: _S.COMPLAINED},
        _S.COMPLAINED: {},
        _S.UNDELIVERED: {},
        _S.APPLIED: {},
        _S.REJECTED: {},
        _S.SUPPRESSED: {},
        _S.DUPLICATE: {},
        _S.FAILED: {},
        _S.EXPIRED: {},
        _S.CANCELLED: {},
    }
)
"""Every legal step. A state with no exits is final."""

FINAL = frozenset(state for state, exits in TRANSITIONS.items() if not exits)
ENDS = FINAL | {EntryState.UNKNOWN, EntryState.DELIVERED}
"""The states that do not keep a batch open; late news may still change those that are not final."""
OPEN = frozenset(EntryState) - ENDS
AWAITING = frozenset({EntryState.ACCEPTED, EntryState.HELD, EntryState.DISPATCHING})
"""The states of an entry that has still to be dispatched."""


class NewEntry(msgspec.Struct, frozen=True, gc=False):
    """One entry as intake stores it. `payload` is the kind's own JSON; `faults` is JSON or None when it is accepted."""

    position: int
    state: EntryState
    address: str
    payload: str
    reason: str | None = None
    faults: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as it stands."""

    position: int
    state: EntryState
    address: str
    """Whom or what it is for, as submitted: phone number, e-mail address, record id; may be empty if rejected."""
    payload: str
    reason: str | None
    """The permanent code of why it stands where it stands; None when nothing needs explaining."""
    detail: str | None
    """A sentence for people that goes with `reason`."""
    faults: tuple[Fault, ...] = ()
    attempts: int = 0
    """How often it left the machine, or may have."""
    repeats: int = 0
    """How often it was sent again although an earlier outcome is unknown."""
    segments: int = 0
    due_at: datetime | None = None
    left_at: datetime | None = None
    """When it was handed over; None while it was not, or where nobody knows."""
    updated_at: datetime | None = None


class QueuedEntry(msgspec.Struct, frozen=True, gc=False):
    """The part of an entry that dispatching needs."""

    position: int
    state: EntryState
    address: str
    payload: str
    attempts: int
    repeats: int

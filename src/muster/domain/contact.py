"""A contact: somebody with an e-mail address, and what they want to hear of."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.ids import CategoryNumber, ContactNumber, PartyNumber, PersonNumber
from muster.domain.mark import Marks


class ContactState(StrEnum):
    """Where a contact stands."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    DELETED = "deleted"


class ContactEvent(StrEnum):
    """What can happen to a contact."""

    BLOCKED = "blocked"
    ACTIVATED = "activated"
    DELETED = "deleted"


_S, _E = ContactState, ContactEvent

TRANSITIONS: Mapping[ContactState, Mapping[ContactEvent, ContactState]] = MappingProxyType(
    {
        _S.ACTIVE: {_E.BLOCKED: _S.BLOCKED, _E.DELETED: _S.DELETED},
        _S.BLOCKED: {_E.ACTIVATED: _S.ACTIVE, _E.DELETED: _S.DELETED},
        _S.DELETED: {},
    }
)
"""Every legal step. A state with no exits is final."""


class BlockReason(StrEnum):
    """Why a contact is blocked, where the server itself did it."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One contact of a tenant. Of those not deleted, no two have the same address (`kinds.addresses.comparable`)."""

    number: ContactNumber
    email: str
    """As it was given."""
    name: str | None = None
    state: ContactState = ContactState.ACTIVE
    blocked_reason: str | None = None
    """A `BlockReason`, or None where somebody blocked it by hand."""
    person: PersonNumber | None = None
    opt_outs: tuple[CategoryNumber, ...] = ()
    extras: str = "{}"
    """JSON of what else was said of it, kept as it came."""
    marks: Marks
    """`created updated activated blocked deleted`."""
    revision: int = 1


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a window of messages is for: what must be asked again at the last moment."""

    category: CategoryNumber
    party: PartyNumber
    contacts: tuple[ContactNumber, ...]


class Barred(StrEnum):
    """Why a contact gets no message, in the order in which it is looked at. The value is the entry's reason."""

    BLOCKED = "contact_blocked"
    OPTED_OUT = "opted_out_of_category"
    SWITCHED_OFF = "subscriber_disabled"
    UNPUBLISHED = "category_unpublished"
    GONE = "contact_deleted"


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """Who of an audience gets no message, and who does although they opted out."""

    barred: Mapping[ContactNumber, Barred]
    overridden: frozenset[ContactNumber] = frozenset()
    """They opted out, and the category is mandatory."""

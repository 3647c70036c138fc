"""A subscriber: whether a party takes part in a category, and who of its people hears of it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.ids import CategoryNumber, GroupNumber, PartyNumber, PersonNumber, SubscriberNumber
from muster.domain.mark import Marks


class SubscriberState(StrEnum):
    """Whether a party takes part."""

    ACTIVE = "active"
    DISABLED = "disabled"


class SubscriberEvent(StrEnum):
    """What can happen to a subscriber."""

    ENABLED = "activated"
    DISABLED = "disabled"


TRANSITIONS: Mapping[SubscriberState, Mapping[SubscriberEvent, SubscriberState]] = MappingProxyType(
    {
        SubscriberState.ACTIVE: {SubscriberEvent.DISABLED: SubscriberState.DISABLED},
        SubscriberState.DISABLED: {SubscriberEvent.ENABLED: SubscriberState.ACTIVE},
    }
)
"""Every legal step."""


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """There is one for every party and category; it stands as long as both."""

    number: SubscriberNumber
    party: PartyNumber
    category: CategoryNumber
    state: SubscriberState = SubscriberState.ACTIVE
    note: str | None = None
    people: tuple[PersonNumber, ...] = ()
    groups: tuple[GroupNumber, ...] = ()
    marks: Marks
    """`created updated activated disabled`."""
    revision: int = 1

"""A category: what a message is about, and what people may choose not to hear of."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.ids import CategoryNumber
from muster.domain.mark import Marks


class CategoryState(StrEnum):
    """Where a category stands."""

    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    DELETED = "deleted"


class CategoryEvent(StrEnum):
    """What can happen to a category."""

    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    DELETED = "deleted"


_S, _E = CategoryState, CategoryEvent

TRANSITIONS: Mapping[CategoryState, Mapping[CategoryEvent, CategoryState]] = MappingProxyType(
    {
        _S.PUBLISHED: {_E.UNPUBLISHED: _S.UNPUBLISHED, _E.DELETED: _S.DELETED},
        _S.UNPUBLISHED: {_E.PUBLISHED: _S.PUBLISHED, _E.DELETED: _S.DELETED},
        _S.DELETED: {},
    }
)
"""Every legal step. A state with no exits is final."""


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """One category of a tenant."""

    number: CategoryNumber
    name: str
    description: str | None = None
    short_description: str | None = None
    opt_out_allowed: bool = True
    """False: mandatory. It reaches contacts that opted out of it while they could."""
    delete_allowed: bool = True
    state: CategoryState = CategoryState.PUBLISHED
    note: str | None = None
    """Why it was published or unpublished."""
    icon: str | None = None
    last_used: datetime | None = None
    """When its newest mailing was submitted."""
    marks: Marks
    """`created updated published unpublished deleted`."""
    revision: int = 1


class Tally(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many messages stand so; what waits is not among them."""

    sent: int = 0
    bounced: int = 0
    complained: int = 0
    discarded: int = 0
    failed: int = 0


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of a category by where they stand now, of those submitted today, this week, this month (UTC)."""

    today: Tally = Tally()
    week: Tally = Tally()
    """The ISO week, from Monday."""
    month: Tally = Tally()

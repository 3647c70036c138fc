"""The audit history of records (specification B5), and what is told of their changes (B12)."""

from enum import IntEnum, StrEnum

import msgspec

from muster.domain.records.char_types import RecordRef
from muster.domain.records.record import Stamp


class Deed(IntEnum):
    """What was done to a record."""

    DELETED = 1
    ADDED = 2
    CHANGED = 4
    MOVED = 8
    """A workflow action was taken."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the audit history. `number` ascends within the tenant."""

    number: int
    ref: RecordRef
    operation: int
    """What belongs together has the number of its first row."""
    deed: Deed
    title: str
    template: int
    field: str = ""
    """Which field changed, by its name for people; empty where the whole record is meant."""
    old: str = ""
    new: str = ""
    stamp: Stamp


class Happening(StrEnum):
    """What is told of a record or relationship."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    ACTED = "action-executed"

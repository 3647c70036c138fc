"""The audit history of a record (specification B5)."""

import msgspec
from msgspec import UNSET, UnsetType

DEFAULT_ROWS, MOST_ROWS = 10, 100
DIGITS = 20
"""Hexadecimal digits of a number of a row."""
DELETED, ADDED, CHANGED, ACTED = "Deleted", "Added", "Changed", "Action Executed"
"""What was done, in the vendor's words."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One row. `isHeader`: it is about the record as a whole."""

    is_header: bool
    audit_id: str
    """What belongs together has the same: `0x` and 20 hexadecimal digits."""
    sequence: str
    operation_id: int
    """1 deleted, 2 added, 4 changed, 8 action executed."""
    operation_label: str
    char_type_id: int
    record_id: int
    title: str
    template_id: int
    template_name: str
    user_id: int
    user_name: str
    audit_date: str
    changed_field: str | None


class AuditHistory(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of the history, newest first, and how many rows it has in all."""

    total_count: int
    entries: list[AuditEntry]


class AuditDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a row changed."""

    changed_field: str | None
    old_value: str
    new_value: str
    audit_date: str
    message_id: str | UnsetType = UNSET
    destination: str | UnsetType = UNSET

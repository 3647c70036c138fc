"""Making a record what it is to be: stamps, audit history, news. Whoever changes a record does it here."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from muster.domain.records.date_rule import Spot
from muster.domain.records.record import Flags, Record
from muster.domain.records.template import DataType, Field, Template
from muster.domain.records.trace import Deed, Happening
from muster.records.values.types import is_list, is_table
from muster.records.work.workspace import News, Workspace

TITLE = "Title"
"""What the audit history calls the title."""
_HIDDEN = "********"
_SECRET = frozenset({DataType.PASSWORD, DataType.CARD})
_NO_FLAGS = Flags()
_Row = tuple[str, str, str]
"""What the audit history says of a field: its name, the old value, the new one."""


def begin(workspace: Workspace, record: Record) -> None:
    """A record that was not there before."""
    workspace.put(record)
    workspace.note(record, Deed.ADDED)
    workspace.tell(News(happening=Happening.CREATED, what=record))


def become(workspace: Workspace, before: Record, after: Record) -> tuple[Record, Sequence[Spot]]:
    """The record as it stands now, and the fields that changed; unstamped and untold where nothing did.

    Dates that depend on them are not worked out here.
    """
    spots = [Spot(before.ref, label) for label in _changed_labels(before, after)]
    rows = _rows(workspace.template_of(after), before, after)
    if not rows and after.revision == before.revision:
        return before, ()
    stamped = msgspec.structs.replace(after, updated=workspace.stamp)
    workspace.put(stamped)
    first: int | None = None
    for name, old, new in rows:
        number = workspace.note(stamped, Deed.CHANGED, field=name, old=old, new=new, operation=first)
        first = number if first is None else first
    workspace.tell(News(happening=Happening.UPDATED, what=stamped))
    return stamped, spots


def _changed_labels(before: Record, after: Record) -> Sequence[str]:
    labels = dict.fromkeys((*before.values, *after.values, *before.flags, *after.flags))
    return [
        label
        for label in labels
        if before.values.get(label) != after.values.get(label)
        or before.flags.get(label, _NO_FLAGS) != after.flags.get(label, _NO_FLAGS)
    ]


def _rows(template: Template | None, before: Record, after: Record) -> Sequence[_Row]:
    rows: list[_Row] = []
    if before.title != after.title:
        rows.append((TITLE, before.title, after.title))
    if before.template != after.template:
        rows.append(("Template", str(before.template), str(after.template)))
    for label in _changed_labels(before, after):
        field = template.by_label.get(label) if template is not None else None
        name = label if field is None else field.name
        old, new = before.values.get(label), after.values.get(label)
        if old != new:
            rows.append((name, _shown(field, old), _shown(field, new)))
        rows.extend(_flag_rows(name, before.flags.get(label, _NO_FLAGS), after.flags.get(label, _NO_FLAGS)))
    return rows


def _flag_rows(name: str, before: Flags, after: Flags) -> Sequence[_Row]:
    pairs = (
        ("estimated", before.estimated, after.estimated),
        ("blocked", before.blocked, after.blocked),
    )
    return [(f"{name} ({what})", _yes_or_no(old), _yes_or_no(new)) for what, old, new in pairs if old != new]


def _yes_or_no(value: object) -> str:
    return "Yes" if value else "No"


def _shown(field: Field | None, value: object) -> str:
    if value is not None and field is not None and field.data_type in _SECRET:
        return _HIDDEN
    return text_of(value)


def text_of(value: object) -> str:
    """A value of a record as people read it in the audit history; empty where there is none."""
    if is_table(value):
        return _text_of_parts(value)
    if is_list(value):
        return ", ".join(text_of(one) for one in value)
    return _text_of_one(value)


def _text_of_one(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _yes_or_no(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _text_of_parts(parts: Mapping[object, object]) -> str:
    """Of a value from a list its label, of money the amount and its currency."""
    if "locAmt" in parts:
        return f"{text_of(parts['locAmt'])} {text_of(parts.get('locSym'))}".strip()
    return text_of(parts.get("value", parts.get("id")))

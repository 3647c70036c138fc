"""Faults of what a tenant wants kept, all told at once."""

import re
from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from muster.domain.errors import BadInput
from muster.domain.fault import Fault

MOST_NAME = 200
"""The most characters of a name."""
MOST_TEXT = 2_000
"""The most characters of a description or a note."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What would end a line: a name must not carry a second header into a letter."""


def name_faults(path: str, name: str, *, required: bool = True) -> Sequence[Fault]:
    """What is wrong with a name of one line."""
    if required and not name.strip():
        return [Fault(path, "REQUIRED", "must not be empty")]
    if len(name) > MOST_NAME:
        return [Fault(path, "TOO_LONG", f"must have at most {MOST_NAME} characters")]
    if _UNSEEN.search(name):
        return [Fault(path, "NOT_ONE_LINE", "must not hold line breaks or control characters")]
    return []


def text_faults(path: str, text: str | None) -> Sequence[Fault]:
    """What is wrong with a description or a note."""
    if text is None or len(text) <= MOST_TEXT:
        return []
    return [Fault(path, "TOO_LONG", f"must have at most {MOST_TEXT} characters")]


def note_faults(note: str | UnsetType | None) -> Sequence[Fault]:
    """What is wrong with a note, if there is one."""
    return [] if note is UNSET else text_faults("note", note)


def refuse(known: Sequence[Fault], found: Sequence[Fault]) -> None:
    """Raise BadInput when there is a fault. A field that was unreadable already is not judged a second time."""
    unreadable = {_field(fault) for fault in known}
    faults = [*known, *(fault for fault in found if _field(fault) not in unreadable)]
    if faults:
        raise BadInput("One or more validation errors occurred.", faults)


def _field(fault: Fault) -> str:
    return fault.path.partition("[")[0]

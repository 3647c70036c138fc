"""What fields of a file of records may hold beside what a blueprint's do: days, and the names of records and dates."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time
from typing import Final

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.records.char_types import BY_PATH, RecordRef
from muster.domain.records.date_rule import Spot
from muster.records.configuring.rows import Row, shown

MOST_FAULTS: Final = 200
"""How many faults are told; how many more there are is said."""
_REF = re.compile(r"([a-z-]{3,30})/([1-9][0-9]{0,9})")
_SPOT = re.compile(r"([a-z-]{3,30}/[1-9][0-9]{0,9}) ([^\s\x00-\x1f\ud800-\udfff]{1,100})")


def refusal(sentence: str, faults: Sequence[Fault]) -> BadInput:
    """What is raised for these faults; of very many only the first are told."""
    more = len(faults) - MOST_FAULTS
    said = f"{sentence}; the first {MOST_FAULTS} of {len(faults):,} faults are told." if more > 0 else f"{sentence}."
    return BadInput(said, faults[:MOST_FAULTS])


def ref_in(row: Row, key: str) -> RecordRef | None:
    """The record that a field names, such as deal/12; a fault and None where it names none."""
    said = row.text(key, required=True)
    return _named(row, key, said) if said else None


def spot_in(row: Row, key: str) -> Spot | None:
    """The date that a field names, such as deal/12 term_end; a fault and None where it names none."""
    said = row.text(key, required=True)
    found = _SPOT.fullmatch(said)
    if found is None:
        if said:
            row.fault(key, "not_a_field", f"must be a record and a field, such as deal/12 term_end, not {shown(said)}")
        return None
    ref = _named(row, key, found[1])
    return None if ref is None else Spot(ref, found[2])


def _named(row: Row, key: str, said: str) -> RecordRef | None:
    found = _REF.fullmatch(said)
    if found is not None and found[1] in BY_PATH:
        return RecordRef(BY_PATH[found[1]].id, int(found[2]))
    row.fault(key, "not_a_record", f"must be a char type and a number, such as deal/12, not {shown(said)}")
    return None


def day_in(row: Row, key: str, *, required: bool = True) -> date | None:
    """The day that stands in a field, as a day or as text; a fault and None where none does."""
    value = row.take(key)
    if value is None and not required:
        return None
    if isinstance(value, str):
        with suppress(ValueError):
            value = date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    row.fault(
        key, "not_a_day", "must be given" if value is None else f"must be a day such as 2024-01-31: {shown(value)}"
    )
    return None


def plain(value: object) -> object:
    """A value as JSON knows it: TOML's days and times are written out."""
    return value.isoformat() if isinstance(value, date | time) else value

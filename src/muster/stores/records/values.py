"""The values of records: as JSON, in which nothing of a number is lost, and as rows to be searched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import cast

import msgspec

from muster.domain.records.record import Flags, Record, Values
from muster.stores.records.tables import SEARCHED

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_VALUES = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)
_FLAGS = msgspec.json.Decoder(dict[str, Flags])
# To write `int | Decimal` makes a new object each time, and costs more than to ask for it.
_NUMBERS, _SEVERAL = (int, Decimal), (list, tuple)
_LONG = 30
"""A number with an exponent beyond this is not written out, which could take a million digits."""

VALUE_COLUMNS = ("char_type", "record", "label", "ordinal", "text", "digits")
"""The columns of `record_values` that `value_rows` fills, in its order."""
ValueRow = tuple[int, int, str, int, str, float | None]


def values_kept(values: Values) -> str:
    """`values` for the column `characteristics`."""
    return _ENCODER.encode(dict(values)).decode()


def values_of(kept: str) -> Values:
    """What the column `characteristics` holds: numbers with a fraction are Decimals."""
    return _VALUES.decode(kept)


def flags_kept(flags: Mapping[str, Flags]) -> str | None:
    """`flags` for the column of that name."""
    return _ENCODER.encode(dict(flags)).decode() if flags else None


def flags_of(kept: str | None) -> Mapping[str, Flags]:
    """What the column `flags` holds."""
    return {} if kept is None else _FLAGS.decode(kept)


def value_rows(records: Iterable[Record]) -> Iterator[ValueRow]:
    """The rows of `record_values` that belong to these records, in the order of the table's key."""
    for record in records:
        char_type, number = record.ref
        for label, value in sorted(record.values.items()):
            several = cast("Sequence[object]", value) if isinstance(value, _SEVERAL) else (value,)
            for ordinal, single in enumerate(several):
                yield char_type, number, label, ordinal, *searched(single)


def searched(value: object) -> tuple[str, float | None]:
    """What a single value is searched by: the beginning of its text, and its number.

    Those of a list's value are its label and its id, those of money the amount's.
    """
    if isinstance(value, str):
        return value[:SEARCHED], None
    if isinstance(value, _NUMBERS):
        return _in_digits(value)[:SEARCHED], float(value)
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, object]", value)
        if "locAmt" in parts:
            return searched(parts["locAmt"])
        chosen = parts.get("id")
        return str(parts.get("value", ""))[:SEARCHED], float(chosen) if isinstance(chosen, int) else None
    return "", None


def _in_digits(number: int | Decimal) -> str:
    """The number as people write it: no exponent, no zeros at the end."""
    if isinstance(number, int) or abs(number.adjusted()) > _LONG:
        return str(number)
    spelled = format(number, "f")
    return spelled.rstrip("0").rstrip(".") if "." in spelled else spelled

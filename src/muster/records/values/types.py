"""The values of each data type: what is taken, and the one form in which it is kept (specification A8.2). Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Final, TypeGuard

from muster.domain.records.operation import FlawKind
from muster.domain.records.template import DataType, Field
from muster.kinds.addresses import is_email

MOST_TEXT: Final = 100_000
"""The most characters of a text whose field sets no bound."""
MOST_NUMBER: Final = 10**24
"""What every number is below, without its sign."""
MOST_PLACES: Final = 12
"""The most digits behind the point."""
EXACT: Final = Context(prec=120)
"""For sums and products that must not be rounded unasked."""
_LONGEST_NUMBER: Final = 100
# To write `list | tuple` makes a new object each time, and costs more than to ask for it.
_SEVERAL: Final = (list, tuple)
_LONGEST_SHAPED: Final = 4_000
"""The most characters of an address, of whatever kind."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60)(?:[.,][0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.IGNORECASE,
)
_AMERICAN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_YEAR = re.compile(r"[1-9][0-9]{3}")
_TIMECODE = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][:;][0-9]{2}")
_HOST = r"(?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9-]+|\[[0-9A-Fa-f:.]+\]"
_URL = re.compile(
    rf"(?:(?:https?|ftps?|sftp|s3)://(?:[^\s/@<>\"]*@)?(?:{_HOST})(?::[0-9]{{1,5}})?|(?:[A-Za-z0-9-]+\.)+[A-Za-z]{{2,63}}"
    r"(?::[0-9]{1,5})?)(?:[/?#][^\s<>\"]*)?",
    re.IGNORECASE,
)


class Misfit(Exception):
    """A value that a field does not take, and why."""

    def __init__(self, kind: FlawKind = FlawKind.BAD_VALUE, limit: int = 0) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.limit = limit


def is_table(value: object) -> TypeGuard[Mapping[object, object]]:
    """Whether it has named parts."""
    return isinstance(value, dict) or isinstance(value, Mapping)  # noqa: SIM101 - asking an ABC costs much more


def is_list(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Whether it is a list."""
    return isinstance(value, _SEVERAL)


def read_plain(field: Field, raw: object) -> object:
    """The form in which a value is kept of a field that has no list and is no money. Raises Misfit."""
    return _READERS[field.data_type](field, raw)


def read_number(raw: object) -> int | Decimal:
    """An exact number: below MOST_NUMBER, at most MOST_PLACES behind the point. Raises Misfit."""
    if type(raw) is int and abs(raw) < MOST_NUMBER:
        return raw
    found = _decimal(raw)
    if not found.is_finite():
        raise Misfit
    if not found:
        return 0
    if found.copy_abs() >= MOST_NUMBER or found.adjusted() < -MOST_PLACES:
        raise Misfit
    # The context is wide enough for every number that passed, and for the longest text that is read.
    plain = EXACT.normalize(found)
    places = -int(plain.as_tuple().exponent)
    if places > MOST_PLACES:
        raise Misfit
    return int(plain) if places <= 0 else plain


def _decimal(raw: object) -> Decimal:
    if isinstance(raw, bool):
        raise Misfit
    if isinstance(raw, str):
        spelled = raw.strip()
        if len(spelled) > _LONGEST_NUMBER or not _NUMBER.fullmatch(spelled):
            raise Misfit
        return Decimal(spelled)
    if isinstance(raw, int):
        if abs(raw) >= MOST_NUMBER:
            raise Misfit
        return Decimal(raw)
    if isinstance(raw, float):
        return Decimal(repr(raw))
    if not isinstance(raw, Decimal) or len(raw.as_tuple().digits) > _LONGEST_NUMBER:
        raise Misfit
    return raw


def plain_text(raw: object) -> str:
    """What a text field keeps of a text, a number or a truth value. Raises Misfit."""
    if isinstance(raw, str):
        if not is_storable(raw):
            raise Misfit
        return raw
    if isinstance(raw, bool):
        return str(raw).lower()
    return f"{read_number(raw):f}" if isinstance(raw, Decimal | float) else str(read_number(raw))


def is_storable(text: str) -> bool:
    """Whether every database takes it: no U+0000, no half of a surrogate pair."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def _text(field: Field, raw: object) -> str:
    text = plain_text(raw)
    limit = field.max_length or MOST_TEXT
    if len(text) > limit:
        raise Misfit(FlawKind.TOO_LONG, limit)
    return text


def _number(field: Field, raw: object) -> int | Decimal:
    number = read_number(raw)
    if field.max_length and len(f"{Decimal(number):f}".lstrip("-")) > field.max_length:
        raise Misfit(FlawKind.TOO_LONG, field.max_length)
    return number


def _date(field: Field, raw: object) -> str:
    """`yyyy-MM-dd`, perhaps with a time, or `MM/DD/yyyy`. The date stands as it was written: no zone moves it."""
    del field
    if isinstance(raw, date):
        return (raw.date() if isinstance(raw, datetime) else raw).isoformat()
    if not isinstance(raw, str):
        raise Misfit
    spelled = raw.strip()
    if (iso := _ISO.fullmatch(spelled)) is not None:
        year, month, day = iso.groups()
    elif (american := _AMERICAN.fullmatch(spelled)) is not None:
        month, day, year = american.groups()
    else:
        raise Misfit
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        raise Misfit from None


def _year(field: Field, raw: object) -> int:
    del field
    year = read_number(raw)
    if not _YEAR.fullmatch(raw.strip() if isinstance(raw, str) else str(year)):
        raise Misfit
    return int(year)


def _email(field: Field, raw: object) -> str:
    return _shaped(field, raw, is_email)


def _address(field: Field, raw: object) -> str:
    return _shaped(field, raw, lambda text: _URL.fullmatch(text) is not None)


def _timecode(field: Field, raw: object) -> str:
    return _shaped(field, raw, lambda text: _TIMECODE.fullmatch(text) is not None)


def _shaped(field: Field, raw: object, fits: Callable[[str], bool]) -> str:
    if not isinstance(raw, str):
        raise Misfit
    text = _text(field, raw.strip())
    if len(text) > _LONGEST_SHAPED:
        raise Misfit(FlawKind.TOO_LONG, _LONGEST_SHAPED)
    if not fits(text):
        raise Misfit
    return text


_READERS: Mapping[DataType, Callable[[Field, object], object]] = MappingProxyType(
    {
        DataType.TEXT: _text,
        DataType.DATE: _date,
        DataType.YEAR: _year,
        DataType.NUMBER: _number,
        DataType.PERCENTAGE: _number,
        DataType.CURRENCY: _number,
        DataType.EMAIL: _email,
        DataType.ADDRESS: _address,
        DataType.DOCUMENT: _text,
        DataType.TIMECODE: _timecode,
        DataType.PASSWORD: _text,
        DataType.CARD: _text,
    }
)

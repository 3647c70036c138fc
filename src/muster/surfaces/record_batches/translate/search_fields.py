"""The fields that a search may name, and the values they are compared with (specification B1)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from types import MappingProxyType
from typing import NamedTuple

from muster.domain.fault import Fault
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import CHAR_TYPES, RELATIONSHIP
from muster.domain.records.template import DataType, Field
from muster.surfaces.record_batches.translate.bodies import whole
from muster.surfaces.record_batches.wire import search as wire

Value = str | int | float | bool | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND, _MILLISECOND, _DAY = 1_000_000, 1_000, 86_400_000_000
_NUMERIC = frozenset({DataType.YEAR, DataType.NUMBER, DataType.PERCENTAGE, DataType.MONEY, DataType.CURRENCY})
_LONGEST_SHOWN = 60


class Sort(Enum):
    """What values a field has."""

    NUMBER = auto()
    """Whole numbers that every row has."""
    TIME = auto()
    TITLE = auto()
    NAME = auto()
    """What people call a template or status."""
    NUMERIC = auto()
    """Numbers, of a label."""
    DATE = auto()
    CHOICE = auto()
    """Values of a list: an id and a label each."""
    TEXT = auto()
    MIXED = auto()
    """A label under which different templates keep different things."""


_FIXED: Mapping[str, Sort] = MappingProxyType(
    {
        "recordid": Sort.NUMBER,
        "chartypeid": Sort.NUMBER,
        "title": Sort.TITLE,
        "recrevid": Sort.NUMBER,
        "template": Sort.NAME,
        "templateid": Sort.NUMBER,
        "status": Sort.NAME,
        "statusid": Sort.NUMBER,
        "created": Sort.TIME,
        "created_by": Sort.NUMBER,
        "last_updated": Sort.TIME,
        "last_updated_by": Sort.NUMBER,
        "status_updated": Sort.TIME,
        "status_updated_by": Sort.NUMBER,
    }
)
_OF_LINKS: Mapping[str, Sort] = MappingProxyType(
    {
        "relrecid": Sort.NUMBER,
        "relind": Sort.NUMBER,
        "parentchartypeid": Sort.NUMBER,
        "parentrecordid": Sort.NUMBER,
        "childchartypeid": Sort.NUMBER,
        "childrecordid": Sort.NUMBER,
        "sequencenumber": Sort.NUMBER,
        "created": Sort.TIME,
        "created_by": Sort.NUMBER,
        "last_updated": Sort.TIME,
        "last_updated_by": Sort.NUMBER,
    }
)


class Found(NamedTuple):
    """A field that was named. `ignore_case` and `below` are what its name ended with."""

    name: str
    sort: Sort
    ignore_case: bool = False
    below: bool = False


class Span(NamedTuple):
    """The microseconds that a time stands for, both included: a day, a second, a millisecond."""

    first: int
    last: int


def find_field(blueprint: Blueprint, char_type: int, name: str) -> Found | None:
    """The field of a char type (0: of relationships) that `name` names; None where there is none."""
    ignore_case = below = False
    for _ in range(len(wire.ENDINGS) + 1):
        for spelled in (name.lower(), name):
            # The fixed ones in any case; labels as they are.
            sort = _sort(blueprint, char_type, spelled)
            if sort is not None and (spelled == name or spelled in _FIXED or spelled in _OF_LINKS):
                return Found(spelled, sort, ignore_case, below)
        ending = next((one for one in wire.ENDINGS if name.lower().endswith(one)), "")
        name = name.removesuffix(name[len(name) - len(ending) :]) if ending else name
        ignore_case |= ending == wire.IGNORE_CASE
        below |= ending == wire.BELOW
    return None


def _sort(blueprint: Blueprint, char_type: int, name: str) -> Sort | None:
    if char_type == RELATIONSHIP:
        return _OF_LINKS.get(name)
    fixed = _FIXED.get(name)
    if fixed is not None:
        return fixed
    templates = (one for one in blueprint.templates if one.char_type == char_type)
    sorts = {_sort_of(field) for one in templates if (field := one.by_label.get(name)) is not None}
    if len(sorts) > 1:
        return Sort.MIXED
    return next(iter(sorts), None)


def _sort_of(field: Field) -> Sort:
    if field.pick_list is not None or field.data_type is DataType.CHECKBOX:
        return Sort.CHOICE
    if field.data_type in _NUMERIC:
        return Sort.NUMERIC
    return Sort.DATE if field.data_type is DataType.DATE else Sort.TEXT


class Refusals:
    """What is wrong with a search, and where."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def note(self, path: str, message: str) -> None:
        """Remember a fault."""
        if len(self.faults) <= wire.MOST_FAULTS:
            self.faults.append(Fault(path, "bad_search", message))


def values_of(value: object, field: Found, path: str, *, part: bool, refusals: Refusals) -> Iterator[Value]:
    """What the field is to be held against; of something ambiguous both. `part`: the value need not be a whole one."""
    if isinstance(value, str) and not _is_fine(value, path, refusals):
        return
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() and whole(int(value)) is not None else float(value)
    if value is None and field.sort in _MAY_LACK and not part:
        yield None
    elif not isinstance(value, str | int | float | bool):
        refusals.note(path, "must be a text, a number, true, false or null")
    elif part and field.sort is not Sort.NUMBER:
        yield _text(value)
    else:
        yield from _READERS[field.sort](value, path, refusals)


def span_of(value: object, path: str, refusals: Refusals) -> Span | None:
    """The time that a value stands for; without an offset it is UTC."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        refusals.note(path, "must be a date or a time: 2024-01-31 or 2024-01-31T12:00:00Z")
        return None
    first = (at - _EPOCH) // _MICROSECOND
    return Span(first, first + _length(text) - 1)


def _length(text: str) -> int:
    if not any(mark in text for mark in "Tt: "):
        return _DAY
    fraction = text.partition(".")[2].rstrip("Zz").partition("+")[0].partition("-")[0]
    if not fraction:
        return _SECOND
    return _MILLISECOND if len(fraction) <= len("123") else 1


def _is_fine(value: str, path: str, refusals: Refusals) -> bool:
    if len(value) > wire.LONGEST_VALUE:
        refusals.note(path, f"must not be longer than {wire.LONGEST_VALUE:,} characters")
    elif value.count("*") > wire.MOST_STARS:
        refusals.note(path, f"must not have more than {wire.MOST_STARS} asterisks")
    elif "\x00" in value or any("\ud800" <= one <= "\udfff" for one in value):
        refusals.note(path, "must not have NUL characters or halves of surrogate pairs")
    else:
        return True
    return False


def _text(value: str | float | bool) -> str:  # noqa: FBT001 - a value as it was sent
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)


def _number(value: object, path: str, refusals: Refusals) -> Iterator[Value]:
    number = whole(value)
    if number is None:
        refusals.note(path, "must be a whole number")
    else:
        yield number


def _numeric(value: object, path: str, refusals: Refusals) -> Iterator[Value]:
    number = _as_number(value)
    if number is None:
        refusals.note(path, "must be a number")
    else:
        yield number


def _as_number(value: object) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    known = whole(value)
    if known is not None or not isinstance(value, str):
        return known
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _title(value: object, path: str, refusals: Refusals) -> Iterator[Value]:
    del path, refusals
    yield str(value)


def _name(value: object, path: str, refusals: Refusals) -> Iterator[Value]:
    if isinstance(value, str | int) and not isinstance(value, bool):
        yield value
    else:
        refusals.note(path, "must be a name or an id")


def _date(value: object, path: str, refusals: Refusals) -> Iterator[Value]:
    text = value.strip() if isinstance(value, str) else ""
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            yield datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - only its date is looked at
        except ValueError:
            continue
        return
    try:
        yield datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        if "*" in text:
            yield text
        else:
            refusals.note(path, "must be a date: 2024-01-31")


def _choice(value: object, path: str, refusals: Refusals) -> Iterator[Value]:
    del path, refusals
    if isinstance(value, bool):
        yield _text(value)
    elif isinstance(value, int | float):
        yield value
    elif isinstance(value, str):
        yield value
        # Ids are sent as texts as well.
        number = whole(value)
        if number is not None:
            yield number


def _plain(value: object, path: str, refusals: Refusals) -> Iterator[Value]:
    del path, refusals
    yield ("true" if value else "false") if isinstance(value, bool) else str(value)


_READERS = MappingProxyType(
    {
        Sort.NUMBER: _number,
        Sort.TITLE: _title,
        Sort.NAME: _name,
        Sort.NUMERIC: _numeric,
        Sort.DATE: _date,
        Sort.CHOICE: _choice,
        Sort.TEXT: _plain,
        Sort.MIXED: _choice,
    }
)
_MAY_LACK = frozenset({Sort.NUMERIC, Sort.DATE, Sort.CHOICE, Sort.TEXT, Sort.MIXED})


def char_type_named(value: object) -> int | None:
    """The char type with this id or path name; None where there is none. 0 stands for relationships."""
    number = whole(value)
    if number is not None:
        return number if number in CHAR_TYPES or number == RELATIONSHIP else None
    return next((one.id for one in CHAR_TYPES.values() if one.path == value), None)


def shown(value: object) -> str:
    """A name as a sentence shows it."""
    return str(value)[:_LONGEST_SHOWN]

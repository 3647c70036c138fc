"""Date math between the vendor's words and ours (specification A11.1)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from msgspec import UNSET, UnsetType

from muster.domain.errors import BadInput
from muster.domain.records.char_types import CHAR_TYPES, RecordRef
from muster.domain.records.date_rule import (
    Awaiting,
    Choosing,
    DateRule,
    Recalculation,
    RuleState,
    Shift,
    Source,
    Spot,
    Unit,
)
from muster.records.dates.desk import (
    MOST_SOURCES,
    RuleChange,
    RuleDraft,
    RuleView,
    SourceChange,
    SourceDraft,
    SpotView,
)
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.record_batches.translate.bodies import Fields, whole
from muster.surfaces.record_batches.wire import dates as wire

_T = TypeVar("_T")
_Words = Mapping[int, tuple[str, _T]]
"""By number: the name, and what it means."""
_MOST = 10_000_000
"""More days than the calendar has."""
_MOST_ORDER = 2**31 - 1
_LONGEST_LABEL = 200
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[0-9:.]{1,20}(?:Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)

TYPES: _Words[Choosing] = MappingProxyType(
    {
        1: (wire.EQUALS, Choosing.EQUALS),
        2: (wire.EARLIEST, Choosing.EARLIEST),
        3: (wire.LATEST, Choosing.LATEST),
        4: (wire.PRIORITY, Choosing.PRIORITY),
    }
)
RECALCULATIONS: _Words[Recalculation] = MappingProxyType(
    {
        1: (wire.HARD, Recalculation.HARD),
        2: (wire.ARCHIVE, Recalculation.ARCHIVE),
        3: (wire.OPEN, Recalculation.OPEN),
    }
)
CONDITIONS: _Words[Awaiting] = MappingProxyType({1: (wire.ASAP, Awaiting.ASAP), 2: (wire.KEEP, Awaiting.KEEP)})
OPTIONS: _Words[bool] = MappingProxyType({0: (wire.NO_OPTION, False), 1: (wire.FIRST_OF_MONTH, True)})
UNITS: _Words[Unit] = MappingProxyType(
    {
        1: (wire.DAYS, Unit.DAYS),
        2: (wire.WEEKS, Unit.WEEKS),
        3: (wire.MONTHS, Unit.MONTHS),
        4: (wire.YEARS, Unit.YEARS),
        5: (wire.BUSINESS_DAYS, Unit.BUSINESS_DAYS),
    }
)


# --- In --------------------------------------------------------------------------------------------------------


def read_draft(body: Fields) -> RuleDraft:
    """The calculation asked for. Raises BadInput."""
    return RuleDraft(
        target=_spot(body, "childEntityTypeId", "childId", "childTagLabel"),
        choosing=_word(body, "type", TYPES) or Choosing.EQUALS,
        compare_to=_day(body, "compareToDate"),
        recalculation=_word(body, "recalcOption", RECALCULATIONS) or Recalculation.HARD,
        awaiting=_word(body, "conditionOption", CONDITIONS) or Awaiting.ASAP,
        first_of_month=_word(body, "dateOption", OPTIONS) or False,
        sources=tuple(_source(one) for one in _objects(body, "parentCalcs")),
    )


def read_change(body: Fields) -> RuleChange:
    """The change asked for. Raises BadInput."""
    compare_to: date | UnsetType | None = _day(body, "compareToDate")
    if compare_to is None and body.get("compareToDate") != "":
        compare_to = UNSET
    return RuleChange(
        number=_required(body, "dateMathCalcId"),
        choosing=_word(body, "type", TYPES),
        compare_to=compare_to,
        recalculation=_word(body, "recalcOption", RECALCULATIONS),
        awaiting=_word(body, "conditionOption", CONDITIONS),
        first_of_month=_word(body, "dateOption", OPTIONS),
        added=tuple(_source(one) for one in _objects(body, "createParentCalcs")),
        changed=tuple(_source_change(one) for one in _objects(body, "updateParentCalcs")),
        dropped=_numbers(body, "deleteParentCalcs"),
    )


def _source(fields: Fields) -> SourceDraft:
    return SourceDraft(
        spot=_spot(fields, "entityTypeId", "id", "tagLabel"),
        shift=Shift(
            years=_quantity(fields, "yearQuantity") or 0,
            months=_quantity(fields, "monthQuantity") or 0,
            weeks=_quantity(fields, "weekQuantity") or 0,
            days=_quantity(fields, "dayQuantity") or 0,
            unit=_word(fields, "dayUnit", UNITS) or Unit.DAYS,
            back=_flag(fields, "isPriorTo") or False,
        ),
        order=_order(fields) or 0,
    )


def _source_change(fields: Fields) -> SourceChange:
    return SourceChange(
        number=_required(fields, "dateMathRelId"),
        char_type=_char_type(fields, "entityTypeId") if fields.get("entityTypeId") is not None else None,
        record=_required(fields, "id") if fields.get("id") is not None else None,
        label=_label(fields, "tagLabel") if fields.get("tagLabel") is not None else None,
        years=_quantity(fields, "yearQuantity"),
        months=_quantity(fields, "monthQuantity"),
        weeks=_quantity(fields, "weekQuantity"),
        days=_quantity(fields, "dayQuantity"),
        unit=_word(fields, "dayUnit", UNITS),
        back=_flag(fields, "isPriorTo"),
        order=_order(fields),
    )


def _spot(fields: Fields, type_name: str, record_name: str, label_name: str) -> Spot:  # noqa: PLR0917 - three names
    return Spot(RecordRef(_char_type(fields, type_name), _required(fields, record_name)), _label(fields, label_name))


def _char_type(fields: Fields, name: str) -> int:
    number = _required(fields, name)
    if number not in CHAR_TYPES:
        raise BadInput(f"Invalid char type ID '{number}'.")
    return number


def _required(fields: Fields, name: str) -> int:
    if fields.get(name) is None:
        raise BadInput(f"{name} is required.")
    number = fields.number(name)
    if number is None:
        raise _invalid(name)
    return number


def _label(fields: Fields, name: str) -> str:
    label = fields.text(name)
    if not label or len(label) > _LONGEST_LABEL or not label.isprintable():
        raise _invalid(name)
    return label


def _quantity(fields: Fields, name: str) -> int | None:
    if fields.get(name) is None:
        return None
    number = fields.number(name)
    if number is None or not 0 <= number <= _MOST:
        raise _invalid(name)
    return number


def _order(fields: Fields) -> int | None:
    if fields.get("sortOrder") is None:
        return None
    number = fields.number("sortOrder")
    if number is None or abs(number) > _MOST_ORDER:
        raise _invalid("sortOrder")
    return number


def _flag(fields: Fields, name: str) -> bool | None:
    flag = fields.get(name)
    if not isinstance(flag, bool | None):
        raise _invalid(name)
    return flag


def _word(fields: Fields, name: str, words: _Words[_T]) -> _T | None:
    """What a number, or a name in any case and with or without spaces, stands for."""
    said = fields.get(name)
    if said is None:
        return None
    number = whole(said)
    if number is not None and number in words:
        return words[number][1]
    spelled = "".join(said.split()).lower() if isinstance(said, str) and len(said) <= _LONGEST_LABEL else None
    for word, meaning in words.values():
        if word.replace(" ", "").lower() == spelled:
            return meaning
    raise _invalid(name)


def _day(fields: Fields, name: str) -> date | None:
    said = fields.get(name)
    if said is None or said == "":
        return None
    text = said.strip() if isinstance(said, str) and len(said) <= _LONGEST_LABEL else ""
    iso, american = _ISO.fullmatch(text), _AMERICAN.fullmatch(text)
    try:
        if iso is not None:
            return date.fromisoformat(iso[1])
        if american is not None:
            return date(int(american[3]), int(american[1]), int(american[2]))
    except ValueError:
        pass
    raise _invalid(name)


def _objects(fields: Fields, name: str) -> Sequence[Fields]:
    said = fields.get(name)
    if said is None:
        return ()
    if not is_array(said) or len(said) > MOST_SOURCES:
        raise _invalid(name)
    objects = [Fields(one) for one in said if is_object(one)]
    if len(objects) != len(said):
        raise _invalid(name)
    return objects


def _numbers(fields: Fields, name: str) -> tuple[int, ...]:
    said = fields.get(name)
    if said is None:
        return ()
    numbers = [whole(one) for one in said] if is_array(said) and len(said) <= MOST_SOURCES else [None]
    if None in numbers:
        raise _invalid(name)
    return tuple(one for one in numbers if one is not None)


def _invalid(name: str) -> BadInput:
    return BadInput(f"Invalid value for {name}.")


# --- Out -------------------------------------------------------------------------------------------------------


def render(view: RuleView) -> wire.DateMath:
    """The calculation."""
    rule, target = view.rule, view.target
    return wire.DateMath(
        result=sentence(view),
        date_math_calc_id=rule.number,
        is_calculated=rule.state is not RuleState.PENDING,
        compare_to_date=None if rule.compare_to is None else f"{rule.compare_to.isoformat()}T00:00:00.000Z",
        date_option=_name(OPTIONS, rule.first_of_month),
        recalc_option=_name(RECALCULATIONS, rule.recalculation),
        condition_option=_name(CONDITIONS, rule.awaiting),
        child_characteristic=wire.ChildCharacteristic(
            type=_name(TYPES, rule.choosing),
            entity_title=target.title,
            entity_type_id=target.spot.ref.char_type,
            id=target.spot.ref.number,
            tag_label=target.spot.label,
            label=target.name,
            characteristic_id=target.place,
        ),
        parent_calcs=[_parent_calc(one, seen) for one, seen in zip(rule.sources, view.sources, strict=True)],
    )


def _parent_calc(source: Source, seen: SpotView) -> wire.ShownParentCalc:
    return wire.ShownParentCalc(
        date_math_rel_id=source.number,
        year_quantity=source.shift.years,
        month_quantity=source.shift.months,
        week_quantity=source.shift.weeks,
        day_quantity=source.shift.days,
        day_unit=_name(UNITS, source.shift.unit),
        is_prior_to=source.shift.back,
        sort_order=source.order,
        entity_title=seen.title,
        entity_type_id=seen.spot.ref.char_type,
        id=seen.spot.ref.number,
        tag_label=seen.spot.label,
        label=seen.name,
        characteristic_id=seen.place,
    )


def _name(words: _Words[_T], meant: _T) -> str:
    return next(name for name, meaning in words.values() if meaning == meant)


def sentence(view: RuleView) -> str:
    """What the calculation says in English: `Term End latest of 1/27/2024 and 15 days after Term Start`."""
    rule = view.rule
    pairs = sorted(zip(rule.sources, view.sources, strict=True), key=lambda pair: (pair[0].order, pair[0].number))
    parts = [*_beside(rule), *(_moved(source.shift, seen.name) for source, seen in pairs)]
    how = _name(TYPES, rule.choosing).lower()
    end = ", on the first of the month" if rule.first_of_month else ""
    return f"{view.target.name} {how} {_listed(parts) or 'nothing'}{end}."


def _beside(rule: DateRule) -> Sequence[str]:
    day = rule.compare_to
    if day is None or rule.choosing not in {Choosing.EARLIEST, Choosing.LATEST}:
        return ()
    return (f"{day.month}/{day.day}/{day.year}",)


def _moved(shift: Shift, name: str) -> str:
    units = {
        Unit.DAYS: "day",
        Unit.WEEKS: "week",
        Unit.MONTHS: "month",
        Unit.YEARS: "year",
        Unit.BUSINESS_DAYS: "business day",
    }
    counts = (
        (shift.years, "year"),
        (shift.months, "month"),
        (shift.weeks, "week"),
        (shift.days, units[shift.unit]),
    )
    far = _listed([f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in counts if count])
    if not far:
        return name
    return f"{far} {'before' if shift.back else 'after'} {name}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)

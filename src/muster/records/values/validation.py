"""Whether what a record is to become fits its template: every fault at once, every value in its one form. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

import msgspec

from muster.domain.records.blueprint import Blueprint
from muster.domain.records.operation import Denial, Denied, Flaw, FlawKind
from muster.domain.records.record import Record, Values
from muster.domain.records.template import DataType, Field, PickList, Template, Trigger
from muster.records.values.choices import NOTHING, YES_NO, read_checkbox, read_choice
from muster.records.values.money import Exchange, again, read_money
from muster.records.values.types import Misfit, is_list, is_table, read_plain

__all__ = ["Exchange", "blocking", "checked", "converted", "flaws_of"]

MOST_VALUES: Final = 10_000
"""The most values of one field."""
_MOST_LABEL: Final = 200
_TRANSACTION_DATE: Final = 12
_UNBLOCKED: Final = frozenset({FlawKind.UNKNOWN_FIELD})
_NO_MONEY: Final = Exchange(rates=(), company="", day=date.min)


def checked(  # noqa: PLR0913 - what is asked for, what there is, and four circumstances
    template: Template,
    lists: Mapping[int, PickList],
    raw: Values,
    *,
    before: Values,
    exchange: Exchange,
    creating: bool,
    by_hand: bool,
    calculated: frozenset[str],
) -> tuple[Values, list[Flaw]]:
    """The whole new values of a record, and everything that is wrong with what is asked for.

    What `raw` does not mention stays; None, "" and [] clear a field. `calculated` are the labels that date math keeps.
    Raises Denied where somebody changes, `by_hand`, a field that cannot be edited.
    """
    values = {label: value for label, value in before.items() if not _is_empty(value)}
    reading = _Reading(lists, _dated(template, {**before, **raw}, exchange))
    guard = _Guard(creating=creating, by_hand=by_hand, calculated=calculated)
    flaws: list[Flaw] = []
    for label, said in raw.items():
        field = template.by_label.get(label)
        if field is not None:
            read = reading.value(field, said, before=values.get(label))
            flaws.extend(_put(values, field, read=read, guard=guard))
        elif label not in values or said != values[label]:
            flaws.append(Flaw(kind=FlawKind.UNKNOWN_FIELD, label=_told(label)))
    if creating or by_hand:
        flaws.extend(_missing(template, values, mentioned=None if creating else raw, known=flaws))
    return _in_order(template, values), flaws


class _Guard(msgspec.Struct, frozen=True, kw_only=True):
    """Under what circumstances fields are written."""

    creating: bool
    by_hand: bool
    calculated: frozenset[str]


def _put(values: dict[str, object], field: Field, *, read: tuple[object, list[Flaw]], guard: _Guard) -> list[Flaw]:
    """Change one value; the flaws for which it was not. Raises Denied."""
    value, flaws = read
    if guard.by_hand and (flaws or value != values.get(field.label)):
        if not field.editable and not guard.creating:
            raise Denied(Denial.NOT_ALLOWED)
        if field.label in guard.calculated:
            return [_flaw(FlawKind.CALCULATED, field)]
    if value is not None:
        values[field.label] = value
    elif not flaws:
        values.pop(field.label, None)
    return flaws


def flaws_of(blueprint: Blueprint, record: Record) -> list[Flaw]:
    """What is wrong with a record as it stands: its template may have changed since it was written."""
    template = blueprint.template_of(record.ref.char_type, record.template)
    if template is None:
        return [Flaw(kind=FlawKind.BAD_TEMPLATE, label=str(record.template))]
    flaws: list[Flaw] = []
    reading = _Reading(blueprint.list_by_id, _NO_MONEY)
    for label, value in record.values.items():
        field = template.by_label.get(label)
        if field is None:
            flaws.append(Flaw(kind=FlawKind.UNKNOWN_FIELD, label=_told(label)))
        else:
            flaws.extend(reading.value(field, value, before=value)[1])
    flaws.extend(_missing(template, record.values, mentioned=None, known=flaws))
    return flaws


def blocking(flaws: Iterable[Flaw]) -> list[Flaw]:
    """Those that keep workflow actions from being taken. What a template has no place for any more does not."""
    return [flaw for flaw in flaws if flaw.kind not in _UNBLOCKED]


def converted(values: Values, template: Template, exchange: Exchange) -> Values:
    """The values, with every amount of money worked out anew in the company's currency."""
    dated = _dated(template, values, exchange)
    money = {field.label for field in template.fields if field.data_type is DataType.MONEY}
    return {label: again(value, dated) if label in money else value for label, value in values.items()}


def _dated(template: Template, values: Values, exchange: Exchange) -> Exchange:
    """As of the record's own transaction date, where it has one."""
    field = template.indicated(_TRANSACTION_DATE)
    if field is None or field.data_type is not DataType.DATE:
        return exchange
    try:
        day = date.fromisoformat(str(read_plain(field, values.get(field.label))))
    except Misfit:
        return exchange
    return msgspec.structs.replace(exchange, day=day)


class _Reading:
    """Reads what is said of fields, with everything at hand that it takes."""

    def __init__(self, lists: Mapping[int, PickList], exchange: Exchange) -> None:
        self._lists = lists
        self._exchange = exchange

    def value(self, field: Field, said: object, *, before: object) -> tuple[object, list[Flaw]]:
        """The value of a field in the form in which it is kept, None for none; and its flaws, each kind once."""
        if _is_empty(said):
            return None, []
        items = list(said) if is_list(said) else [said]
        if len(items) > 1 and not field.multiple:
            return None, [_flaw(FlawKind.NOT_MULTIPLE, field)]
        if len(items) > MOST_VALUES:
            return None, [_flaw(FlawKind.BAD_VALUE, field)]
        values: list[object] = []
        wrong: dict[FlawKind, Flaw] = {}
        for item in items:
            try:
                values.append(self._one(field, item, before=before))
            except Misfit as misfit:
                wrong.setdefault(misfit.kind, _flaw(misfit.kind, field, misfit.limit))
        if wrong:
            return None, list(wrong.values())
        return (list(_each_once(values)) if field.multiple else values[0]), []

    def _one(self, field: Field, item: object, *, before: object) -> object:
        """One value. Raises Misfit."""
        if _is_empty(item):
            raise Misfit
        if field.data_type is DataType.MONEY:
            return read_money(item, before, self._exchange)
        chosen = YES_NO if field.pick_list is None else self._lists.get(field.pick_list, NOTHING)
        if field.data_type is DataType.CHECKBOX:
            return read_checkbox(chosen, item, before)
        return read_plain(field, item) if field.pick_list is None else read_choice(chosen, item, before)


def _each_once(values: list[object]) -> Iterator[object]:
    """Values of lists are chosen once; anything else may stand twice."""
    seen: set[object] = set()
    for value in values:
        key = value.get("id") if is_table(value) else None
        if key is None or key not in seen:
            yield value
        seen.add(key)


def _missing(template: Template, values: Values, *, mentioned: Values | None, known: Iterable[Flaw]) -> list[Flaw]:
    """Fields without a value that must have one. On a change only those that it is about: `mentioned`."""
    faulty = {flaw.label for flaw in known}
    return [
        _flaw(FlawKind.REQUIRED, field)
        for field in template.fields
        if field.required
        and field.label not in faulty
        and _is_empty(values.get(field.label))
        and _is_asked(field.trigger, values)
        and (mentioned is None or not _about(field).isdisjoint(mentioned))
    ]


def _is_asked(trigger: Trigger | None, values: Values) -> bool:
    return trigger is None or _holds(trigger.value, values.get(trigger.label))


def _about(field: Field) -> set[str]:
    return {field.label} if field.trigger is None else {field.label, field.trigger.label}


def _holds(wanted: str, value: object) -> bool:
    """Whether a field has a value: by label, id or xref where it is chosen from a list."""
    word = wanted.strip().casefold()
    for one in value if is_list(value) else (value,):
        names = (one.get("id"), one.get("value"), one.get("xref")) if is_table(one) else (one,)
        if any(name is not None and str(name).strip().casefold() == word for name in names):
            return True
    return False


def _is_empty(value: object) -> bool:
    return value is None or (not value and (isinstance(value, str) or is_list(value)))


def _in_order(template: Template, values: Values) -> Values:
    """As the template has its fields; what it has no place for comes last."""
    placed = {field.label: values[field.label] for field in template.fields if field.label in values}
    return {**placed, **values}


def _flaw(kind: FlawKind, field: Field, limit: int = 0) -> Flaw:
    return Flaw(kind=kind, label=field.label, name=field.name, limit=limit)


def _told(label: str) -> str:
    """A label that somebody made up, fit to be told."""
    return label[:_MOST_LABEL].encode("utf-8", "replace").decode()

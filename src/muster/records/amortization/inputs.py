"""What a table row says about its cost: amount, currency, term, and how it was used (specification A12.2)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import cast

import msgspec

from muster.domain.records.amortization import Revenue, Run
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.operation import Denial, Denied, Flaw, FlawKind
from muster.domain.records.record import Record
from muster.domain.records.template import Template
from muster.records.amortization.costs import MOST_DIGITS, Cost, is_workable
from muster.records.values.currencies import currency_of

TOTAL, TERM_START, TERM_END, CURRENCY = 9, 5, 6, 8
"""Indicators of the fields that say so."""
_REVENUE = re.compile(r"\s*(\d{4})-(\d{2})(?:-\d{2})?\s+(\S+)(?:\s+(\S+))?\s*", re.ASCII)
_LONGEST_NUMBER = 2 * MOST_DIGITS


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A row's cost, and the currency it is in."""

    cost: Cost
    currency: str


def has_term(blueprint: Blueprint, record: Record) -> bool:
    """Whether the record says itself when it begins or ends."""
    start, end = term_of(blueprint, record)
    return start is not None or end is not None


def term_of(blueprint: Blueprint, record: Record) -> tuple[date | None, date | None]:
    """The first and last day of the record's term, as far as it says them."""
    setup = blueprint.amortization
    return (
        _day(_value(blueprint, record, TERM_START, labels=setup.start_labels)),
        _day(_value(blueprint, record, TERM_END, labels=setup.end_labels)),
    )


def told_by(blueprint: Blueprint, row: Record, rights: Sequence[Record]) -> Told:
    """What the row says; `rights` lend it their earliest start and latest end where it has no term of its own.

    Raises Denied (faulty) with every run and revenue that cannot be read.
    """
    setup = blueprint.amortization
    amount = _value(blueprint, row, TOTAL, labels=setup.amount_labels)
    start, end = term_of(blueprint, row)
    if start is None and end is None:
        start, end = _term_around(blueprint, rights)
    flaws: list[Flaw] = []
    cost = Cost(
        amount=number_in(amount),
        start=start,
        end=end,
        runs=tuple(_runs(row, setup.run_labels, flaws)),
        revenues=tuple(_revenues(row, setup.revenue_labels, flaws)),
    )
    if flaws:
        raise Denied(Denial.FAULTY, flaws=tuple(flaws))
    return Told(cost=cost, currency=_currency(blueprint, row, amount))


def number_in(value: object) -> Decimal | None:
    """The amount in a value, be it money or a number; None where there is none."""
    if isinstance(value, dict):
        return number_in(cast("dict[str, object]", value).get("locAmt"))
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return _number(value) if isinstance(value, str) else None


def currency_in(value: object) -> str | None:
    """The currency of money."""
    if not isinstance(value, dict):
        return None
    named = cast("dict[str, object]", value).get("locSym")
    return currency_of(named) if isinstance(named, str) else None


def _term_around(blueprint: Blueprint, rights: Sequence[Record]) -> tuple[date | None, date | None]:
    terms = [term_of(blueprint, right) for right in rights]
    starts = [start for start, _ in terms if start is not None]
    ends = [end for _, end in terms if end is not None]
    return min(starts, default=None), max(ends, default=None)


def _value(blueprint: Blueprint, record: Record, indicator: int, *, labels: Sequence[str]) -> object:
    """The value of the first field that has one: the one with the indicator, or else one of `labels`."""
    template = blueprint.template_of(record.ref.char_type, record.template)
    found = (record.values.get(label) for label in _labels(template, indicator, labels))
    value = next((one for one in found if one is not None), None)
    if isinstance(value, list):
        several = cast("list[object]", value)
        return several[0] if several else None
    return value


def _labels(template: Template | None, indicator: int, labels: Sequence[str]) -> Sequence[str]:
    field = template.indicated(indicator) if template is not None else None
    return labels if field is None else (field.label, *labels)


def _currency(blueprint: Blueprint, row: Record, amount: object) -> str:
    named = _value(blueprint, row, CURRENCY, labels=())
    if isinstance(named, dict):
        named = cast("dict[str, object]", named).get("value")
    told = currency_of(named) if isinstance(named, str) else None
    return currency_in(amount) or told or blueprint.company_currency


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _texts(row: Record, labels: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every text in these fields, with its label; a text of several lines counts as several."""
    for label in labels:
        value = row.values.get(label)
        for one in cast("list[object]", value) if isinstance(value, list) else [value]:
            if isinstance(one, str):
                yield from ((label, line) for line in one.splitlines() if line.strip())


def _runs(row: Record, labels: Sequence[str], flaws: list[Flaw]) -> Iterator[Run]:
    for label, text in _texts(row, labels):
        try:
            at = datetime.fromisoformat(text.strip())
            yield Run(at=at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))
        except (ValueError, OverflowError):
            flaws.append(Flaw(kind=FlawKind.BAD_VALUE, label=label))


def _revenues(row: Record, labels: Sequence[str], flaws: list[Flaw]) -> Iterator[Revenue]:
    for label, text in _texts(row, labels):
        revenue = _revenue(text)
        if revenue is None:
            flaws.append(Flaw(kind=FlawKind.BAD_VALUE, label=label))
        else:
            yield revenue


def _revenue(text: str) -> Revenue | None:
    match = _REVENUE.fullmatch(text)
    if match is None:
        return None
    year, month, earned, estimate = match.groups()
    amount, expected = _number(earned), None if estimate is None else _number(estimate)
    if amount is None or (estimate is not None and expected is None) or not _is_month(int(year), int(month)):
        return None
    return Revenue(month=date(int(year), int(month), 1), earned=amount, estimate=expected)


def _is_month(year: int, month: int) -> bool:
    return 1 <= month <= 12 and year >= date.min.year  # noqa: PLR2004 - the months of a year


def _number(text: str) -> Decimal | None:
    if len(text) > _LONGEST_NUMBER:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if is_workable(number) else None

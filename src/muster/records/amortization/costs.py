"""What is to be spread over time, and the arithmetic of cents and months that every method shares."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

import msgspec

from muster.domain.records.amortization import Revenue, Run
from muster.domain.records.money import CENT

MOST_PERIODS: Final = 1_200
"""A hundred years. Longer schedules are refused: nobody means them."""
MOST_DIGITS: Final = 18
"""Of a cost, before the point."""
MOST_PLACES: Final = 9
"""Of a cost, behind the point."""
HUNDRED: Final = Decimal(100)
_SHARE: Final = Decimal("0.0001")
_MONTHS: Final = 12
_LAST_MONTH: Final = date.max.year * _MONTHS + date.max.month - 1


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a cost. Both days belong to the term."""

    amount: Decimal | None = None
    start: date | None = None
    end: date | None = None
    runs: tuple[Run, ...] = ()
    revenues: tuple[Revenue, ...] = ()


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A cost of which everything is known that its model needs."""

    amount: Decimal
    start: date
    months: int | None
    """How many calendar months the term touches; None: it has no end."""
    end: date | None
    runs: tuple[Run, ...] = ()
    revenues: tuple[Revenue, ...] = ()
    year_of: Callable[[date], int]
    """The fiscal year a day belongs to."""


class Portion(NamedTuple):
    """What is charged in a month: the one that comes `month` months after that of the term's start."""

    month: int
    amount: Decimal
    split: Decimal | None = None
    """As a percentage, where the model says it; None: what the amount comes to."""


def is_workable(amount: Decimal) -> bool:
    """Whether sums of it stay exact."""
    exponent = amount.as_tuple().exponent
    return amount.is_finite() and isinstance(exponent, int) and exponent >= -MOST_PLACES and _fits(amount)


def _fits(amount: Decimal) -> bool:
    return amount.is_zero() or amount.adjusted() < MOST_DIGITS


def months_between(first: date, last: date) -> int:
    """From the month of `first` to that of `last`; 0 within one month."""
    return (last.year - first.year) * _MONTHS + last.month - first.month


def can_reach(start: date, month: int) -> bool:
    """Whether the calendar has a month that comes `month` months after that of `start`."""
    return date.min.year * _MONTHS <= start.year * _MONTHS + start.month - 1 + month <= _LAST_MONTH


def first_day(start: date, month: int) -> date:
    """The first day of the month that comes `month` months after that of `start`."""
    year, index = divmod(start.year * _MONTHS + start.month - 1 + month, _MONTHS)
    return date(year, index + 1, 1)


def last_day(start: date, month: int) -> date:
    """The last day of that month."""
    if not can_reach(start, month + 1):
        return date.max
    return first_day(start, month + 1) - timedelta(days=1)


def cents(exact: Fraction) -> Decimal:
    """`exact` to the cent, rounded half up; of a credit, by its magnitude."""
    whole = (abs(exact) * 200 + 1) // 2
    return CENT * (whole if exact >= 0 else -whole)


def share(part: Decimal, whole: Decimal) -> Decimal:
    """`part` of `whole` as a percentage, with four places."""
    return (part * HUNDRED / whole).quantize(_SHARE)


def spread(amount: Decimal, weights: Sequence[Fraction]) -> Sequence[Decimal]:
    """Cut `amount` by `weights`, which come to 1: each part to the cent, the last one takes what remains.

    Where a small amount is spread over many parts, rounding up would use more than there is: then the parts at the
    end are zero, and none turns round.
    """
    return list(_spread(amount, weights))


def _spread(amount: Decimal, weights: Sequence[Fraction]) -> Iterator[Decimal]:
    whole, left = Fraction(amount), amount
    for weight in weights[:-1]:
        part = min(cents(whole * weight), left, key=abs)
        yield part
        left -= part
    if weights:
        yield left

"""The rates and financial periods of a file of records."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Final
from uuid import UUID

from muster.domain.errors import Conflict
from muster.domain.records.money import FinancialPeriod
from muster.records.books.rules import (
    HIGHEST_RATE,
    PERIODS,
    YEARS,
    BadBooks,
    PeriodWish,
    RateWish,
    checked_period,
    checked_rate,
    overlapping,
)
from muster.records.configuring.rows import Row
from muster.records.seeding.fields import day_in
from muster.records.seeding.shape import SeedPeriod, SeedRate
from muster.records.values.currencies import currency_of

_NO_ID: Final = UUID(int=0)
_BAD_RATE: Final = ("rate", "bad_rate", f"must be a number above 0 and below {HIGHEST_RATE:,}, of nine places")


def read_rates(whole: Row) -> Iterator[SeedRate]:
    """The rates, as they may be kept."""
    seen: set[object] = set()
    for row in whole.rows("rates"):
        company, transaction, since = _currency(row, "to"), _currency(row, "from"), day_in(row, "since")
        wish = RateWish(company=company, transaction=transaction, rate=_worth(row), since=since)
        row.done()
        if company and company == transaction:
            row.fault("", "bad_currency", "`from` and `to` must be two different currencies")
        elif company and transaction and since is not None:
            try:
                rate = checked_rate(_NO_ID, wish, ())
            except BadBooks:
                row.fault(*_BAD_RATE)
                continue
            if (key := (company, transaction, since)) in seen:
                row.fault("since", "duplicate", "there is a rate from this day on in this file already")
            seen.add(key)
            yield SeedRate(path=row.path, rate=rate)


def _currency(row: Row, key: str) -> str | None:
    """The letters of the currency that a field names; a fault and None where it names none."""
    said = row.text(key, required=True)
    found = currency_of(said)
    if said and found is None:
        row.fault(key, "not_a_currency", "must be the ISO 4217 letters of a currency, such as USD")
    return found


def _worth(row: Row) -> Decimal | None:
    """The number that stands in `rate`; a fault and None where it cannot be one."""
    value = row.take("rate")
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 < value < HIGHEST_RATE:
        return Decimal(value)
    row.fault(*_BAD_RATE)
    return None


def read_periods(whole: Row) -> Iterator[SeedPeriod]:
    """The financial periods, as they may be kept. No two of them share a day."""
    others: list[FinancialPeriod] = []
    for row in whole.rows("periods"):
        wish = PeriodWish(
            year=_within(row, "year", YEARS),
            period=_within(row, "period", PERIODS),
            start=day_in(row, "start"),
            end=day_in(row, "end"),
        )
        row.done()
        if (period := _checked(row, wish, others)) is not None:
            others.append(period)
            yield SeedPeriod(path=row.path, period=period)


def _within(row: Row, key: str, bounds: range) -> int:
    """The whole number that stands in a field; a fault and 0 where there is none within the bounds."""
    if not row.has(key):
        row.fault(key, "missing", "must be given")
    return row.whole(key, 0, low=bounds[0], high=bounds[-1])


def _checked(row: Row, wish: PeriodWish, others: Sequence[FinancialPeriod]) -> FinancialPeriod | None:
    """The period; a fault and None where it cannot stand beside the others."""
    if wish.start is None or wish.end is None:
        return None
    if any((one.year, one.period) == (wish.year, wish.period) for one in others):
        row.fault("period", "duplicate", "stands in this file already")
    if wish.end < wish.start:
        row.fault("end", "bad_end", "must not be before `start`")
    elif (other := overlapping(wish.start, wish.end, others)) is not None:
        row.fault("", "overlapping", shared(other))
    with suppress(BadBooks, Conflict):  # Whatever it may be, it was told.
        return checked_period(0, wish, others)
    return None


def shared(other: FinancialPeriod) -> str:
    """Which period it is that has some of the same days."""
    return f"has a day of period {other.period} of {other.year} ({other.start} to {other.end})"

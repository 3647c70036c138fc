"""The rates and financial periods of a file of records."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from uuid import UUID

from muster.domain.records.money import FinancialPeriod
from muster.records.books.rules import BadBooks, BookFault, PeriodWish, RateWish, checked_period, checked_rate
from muster.records.configuring.rows import Row
from muster.records.seeding.fields import day_in
from muster.records.seeding.shape import SeedPeriod, SeedRate

_NO_ID: Final = UUID(int=0)
_SAID: Mapping[BookFault, tuple[str, str]] = MappingProxyType(
    {
        BookFault.BAD_CURRENCY: ("", "`from` and `to` must be two different currencies, of three letters each"),
        BookFault.BAD_RATE: ("rate", "must be a number above 0, and below 1,000,000"),
        BookFault.BAD_YEAR: ("year", "must be from 1900 to 9999"),
        BookFault.BAD_PERIOD: ("period", "must be from 1 to 366"),
        BookFault.BAD_END: ("end", "must not be before `start`"),
        BookFault.OVERLAPPING: ("", "has a day of another period"),
    }
)
"""Which key a fault is about, and what it says."""


def read_rates(whole: Row) -> Iterator[SeedRate]:
    """The rates, as they may be kept."""
    seen: set[object] = set()
    for row in whole.rows("rates"):
        wish = RateWish(
            company=row.text("to"),
            transaction=row.text("from"),
            rate=row.number("rate", Decimal(0)),
            since=day_in(row, "since"),
        )
        row.done()
        if wish.since is None:
            continue
        try:
            rate = checked_rate(_NO_ID, wish, ())
        except BadBooks as bad:
            _tell(row, bad.fault)
            continue
        if (key := (rate.company, rate.transaction, rate.since)) in seen:
            row.fault("since", "duplicate", "there is a rate from this day on in this file already")
        seen.add(key)
        yield SeedRate(path=row.path, rate=rate)


def read_periods(whole: Row) -> Iterator[SeedPeriod]:
    """The financial periods, as they may be kept."""
    others: list[FinancialPeriod] = []
    for row in whole.rows("periods"):
        wish = PeriodWish(
            year=row.whole("year", 0),
            period=row.whole("period", 0),
            start=day_in(row, "start"),
            end=day_in(row, "end"),
        )
        row.done()
        if wish.start is None or wish.end is None:
            continue
        try:
            period = checked_period(0, wish, others)
        except BadBooks as bad:
            _tell(row, bad.fault)
            continue
        if any((one.year, one.period) == (period.year, period.period) for one in others):
            row.fault("period", "duplicate", "stands in this file already")
        others.append(period)
        yield SeedPeriod(path=row.path, period=period)


def _tell(row: Row, fault: BookFault) -> None:
    key, said = _SAID[fault]
    row.fault(key, fault.value, said)

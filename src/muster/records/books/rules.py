"""What the books take: the rules for rates and financial periods. Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from muster.domain.errors import BadInput, Conflict, NotFound
from muster.domain.records.money import RATE_PLACES, FinancialPeriod, PeriodState, Rate
from muster.records.values.currencies import currency_of

HIGHEST_RATE: Final = Decimal(10**9)
YEARS: Final = range(1900, 10_000)
PERIODS: Final = range(1, 367)


class BookFault(StrEnum):
    """What is wrong with what was asked of the books."""

    BAD_CURRENCY = "bad_currency"
    BAD_RATE = "bad_rate"
    BAD_DAY = "bad_day"
    BAD_YEAR = "bad_year"
    BAD_PERIOD = "bad_period"
    BAD_START = "bad_start"
    BAD_END = "bad_end"
    NOT_BEGUN = "not_begun"
    CLOSED = "closed"
    OVERLAPPING = "overlapping"
    NO_SETTINGS = "no_settings"
    BAD_PROCESS = "bad_process"
    BAD_ACTION = "bad_action"


class BadBooks(BadInput):
    """The books cannot take this. `fault` says why; `numbers` are those it speaks of."""

    code = "bad_books"

    def __init__(self, fault: BookFault, *numbers: int) -> None:
        super().__init__(f"The books cannot take this: {fault.value.replace('_', ' ')}.")
        self.fault = fault
        self.numbers = numbers


class RateWish(msgspec.Struct, frozen=True, kw_only=True):
    """A rate as it is wanted; None: not mentioned, so it stays. Nothing of it was checked."""

    company: str | None = None
    transaction: str | None = None
    rate: Decimal | None = None
    since: date | None = None


class PeriodWish(msgspec.Struct, frozen=True, kw_only=True):
    """A financial period as it is wanted; None: not mentioned. Nothing of it was checked."""

    year: int | None = None
    period: int | None = None
    start: date | None = None
    end: date | None = None


# --- Rates -------------------------------------------------------------------------------------------------------


def find_rate(rates: Sequence[Rate], number: UUID) -> Rate:
    """The rate with this id. Raises NotFound."""
    found = next((one for one in rates if one.id == number), None)
    if found is None:
        raise NotFound
    return found


def over_rate(old: Rate, wish: RateWish) -> RateWish:
    """The whole rate, what is not wished for as it was."""
    return RateWish(
        company=old.company if wish.company is None else wish.company,
        transaction=old.transaction if wish.transaction is None else wish.transaction,
        rate=old.rate if wish.rate is None else wish.rate,
        since=old.since if wish.since is None else wish.since,
    )


def checked_rate(number: UUID, wish: RateWish, others: Sequence[Rate]) -> Rate:
    """The rate as it is kept. Raises BadBooks, Conflict."""
    company, transaction = currency_of(wish.company or ""), currency_of(wish.transaction or "")
    if company is None or transaction is None or company == transaction:
        raise BadBooks(BookFault.BAD_CURRENCY)
    rate = _to_nine_places(wish.rate)
    if rate is None:
        raise BadBooks(BookFault.BAD_RATE)
    if wish.since is None:
        raise BadBooks(BookFault.BAD_DAY)
    if any((one.company, one.transaction, one.since) == (company, transaction, wish.since) for one in others):
        raise Conflict("There is a rate for these currencies from this day on already.")
    return Rate(id=number, company=company, transaction=transaction, rate=rate, since=wish.since)


def _to_nine_places(rate: Decimal | None) -> Decimal | None:
    if rate is None or not rate.is_finite() or not 0 < rate < HIGHEST_RATE:
        return None
    rounded = rate.quantize(RATE_PLACES, ROUND_HALF_UP)
    return rounded if rounded > 0 else None


# --- Periods -----------------------------------------------------------------------------------------------------


def find_period(periods: Sequence[FinancialPeriod], number: int) -> FinancialPeriod:
    """The period with this id. Raises NotFound."""
    found = next((one for one in periods if one.id == number), None)
    if found is None:
        raise NotFound
    return found


def over_period(old: FinancialPeriod, wish: PeriodWish) -> PeriodWish:
    """The whole period, what is not wished for as it was."""
    return PeriodWish(
        year=old.year if wish.year is None else wish.year,
        period=old.period if wish.period is None else wish.period,
        start=old.start if wish.start is None else wish.start,
        end=old.end if wish.end is None else wish.end,
    )


def checked_period(number: int, wish: PeriodWish, others: Sequence[FinancialPeriod] = ()) -> FinancialPeriod:
    """The period as it is kept, open or future; it shares no day with `others`. Raises BadBooks, Conflict."""
    if wish.year is None or wish.year not in YEARS:
        raise BadBooks(BookFault.BAD_YEAR)
    if wish.period is None or wish.period not in PERIODS:
        raise BadBooks(BookFault.BAD_PERIOD)
    if wish.start is None:
        raise BadBooks(BookFault.BAD_START)
    if wish.end is None or wish.end < wish.start:
        raise BadBooks(BookFault.BAD_END)
    if any((one.year, one.period) == (wish.year, wish.period) for one in others):
        raise Conflict("there is such a period already")
    if overlapping(wish.start, wish.end, others) is not None:
        raise BadBooks(BookFault.OVERLAPPING)
    return FinancialPeriod(id=number, year=wish.year, period=wish.period, start=wish.start, end=wish.end)


def overlapping(start: date, end: date, others: Sequence[FinancialPeriod]) -> FinancialPeriod | None:
    """The first of `others` that has a day from `start` to `end`, both included; None where none has."""
    return next((one for one in others if start <= one.end and one.start <= end), None)


def check_may_close(state: PeriodState) -> None:
    """Nothing, where a period can be closed. Raises BadBooks."""
    if state is PeriodState.FUTURE:
        raise BadBooks(BookFault.NOT_BEGUN)
    if state is PeriodState.CLOSED:
        raise BadBooks(BookFault.CLOSED)

"""How each method of amortization cuts a cost into portions (specification A12.4). Pure and exact.

A method gives its portions in order of their months, at most one a month. Those that know the future spread the whole
cost; those that follow usage spread what was used so far, which is the whole once everything is used.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Final

import msgspec

from muster.domain.records.amortization import Method, Model, Run
from muster.records.amortization.costs import Known, Portion, cents, first_day, last_day, months_between, spread

HORIZON: Final = 120
"""Months from the start in which revenue counts (ten years), where the model has no `count`."""
_NOTHING: Final = Decimal(0)

Spreading = Callable[[Model, Known], Sequence[Portion]]


def method_of(model: Model) -> Method:
    """The method; a curve without periods is a straight line."""
    return Method.STRAIGHT_LINE if model.method is Method.CURVE and not model.periods else model.method


def follows_revenue(model: Model) -> bool:
    """Whether revenues say how much was used."""
    return model.method is Method.FILM_FORECAST or (
        model.method is Method.GREATER_OF and not model.periods and model.runs is None
    )


def period_count(model: Model, months: int | None) -> int | None:
    """How many periods methods have that count them; None where the term would have to say it, and does not."""
    return months if model.count is None else model.count


# --- Methods that know the future --------------------------------------------------------------------------------


def _curve(model: Model, cost: Known) -> Sequence[Portion]:
    splits = [period.split for period in model.periods]
    if cost.months is not None and len(splits) > cost.months:
        # What would fall behind the end of the term is charged in its last month.
        splits = [*splits[: cost.months - 1], sum(splits[cost.months - 1 :], _NOTHING)]
    amounts = spread(cost.amount, [Fraction(split) / 100 for split in splits])
    return [Portion(month, *both) for month, both in enumerate(zip(amounts, splits, strict=True))]


def _in_order(amounts: Iterable[Decimal]) -> Sequence[Portion]:
    return [Portion(month, amount) for month, amount in enumerate(amounts)]


def _straight_line(model: Model, cost: Known) -> Sequence[Portion]:
    del model
    count = cost.months or 0
    return _in_order(spread(cost.amount, [Fraction(1, count)] * count))


def _straight_line_daily(model: Model, cost: Known) -> Sequence[Portion]:
    del model
    end = cost.end or cost.start
    months = range(cost.months or 0)
    days = [_days(cost.start, end, month) for month in months]
    return _in_order(spread(cost.amount, [Fraction(some, sum(days)) for some in days]))


def _days(start: date, end: date, month: int) -> int:
    """How many days of the term lie in the month."""
    return (min(end, last_day(start, month)) - max(start, first_day(start, month))).days + 1


def _declining_balance(model: Model, cost: Known) -> Sequence[Portion]:
    return _in_order(_declining(cost.amount, rate=Fraction(model.factor), count=_counted(model, cost)))


def _declining(amount: Decimal, *, rate: Fraction, count: int) -> Iterator[Decimal]:
    left = amount
    for _ in range(count - 1):
        part = min(cents(Fraction(left) * rate / count), left, key=abs)
        yield part
        left -= part
    yield left


def _sum_of_years(model: Model, cost: Known) -> Sequence[Portion]:
    count = _counted(model, cost)
    digits = count * (count + 1) // 2
    return _in_order(spread(cost.amount, [Fraction(count - index, digits) for index in range(count)]))


def _counted(model: Model, cost: Known) -> int:
    return period_count(model, cost.months) or 0


# --- Methods that follow usage -----------------------------------------------------------------------------------


def _activities(runs: Sequence[Run], window_days: int) -> Iterator[datetime]:
    """When each activity began: runs within `window_days` of its beginning belong to it."""
    until: datetime | None = None
    for at in sorted(run.at for run in runs):
        if until is None or at >= until:
            yield at
            until = _later(at, window_days)


def _later(at: datetime, days: int) -> datetime:
    try:
        return at + timedelta(days=days)
    except OverflowError:
        return datetime.max.replace(tzinfo=at.tzinfo)


def _per_run(model: Model, cost: Known) -> Sequence[Portion]:
    licensed, whole = model.runs or 1, Fraction(cost.amount)
    used = [cents(whole * Fraction(count, licensed)) for count in range(licensed)]
    parts = [after - before for before, after in pairwise([*used, cost.amount])]
    return _used(model, cost, parts)


def _weighted_runs(model: Model, cost: Known) -> Sequence[Portion]:
    return _used(model, cost, spread(cost.amount, [Fraction(period.split) / 100 for period in model.periods]))


def _used(model: Model, cost: Known, parts: Sequence[Decimal]) -> Sequence[Portion]:
    """One part for each activity; those that come when nothing is left have none."""
    activities = _activities(cost.runs, model.window_days)
    return _merged((months_between(cost.start, at.date()), part) for at, part in zip(activities, parts, strict=False))


def _film_forecast(model: Model, cost: Known) -> Sequence[Portion]:
    return _merged(_forecast(cost, HORIZON if model.count is None else model.count))


class _Year(msgspec.Struct):
    """A fiscal year while its revenue is counted."""

    number: int
    unamortized: Decimal
    """At its start."""
    estimate: Decimal
    """Of the revenue that was still unearned then."""
    earned: Decimal = _NOTHING
    charged: Decimal = _NOTHING

    def charge(self) -> Decimal:
        """What is to be charged now, so that the year's charge fits the revenue earned and the latest estimate."""
        if self.earned >= self.estimate:
            due = self.unamortized
        else:
            due = cents(Fraction(self.unamortized) * max(Fraction(0), Fraction(self.earned) / Fraction(self.estimate)))
        part, self.charged = due - self.charged, due
        return part

    def next(self, number: int) -> "_Year":
        """The year after it, as long as nobody tells another estimate."""
        return _Year(number, self.unamortized - self.charged, self.estimate - self.earned)


def _forecast(cost: Known, horizon: int) -> Iterator[tuple[int, Decimal]]:
    revenues = sorted(cost.revenues, key=lambda one: (one.month.year, one.month.month))
    year = _Year(cost.year_of(_closing(revenues[0].month)), cost.amount, _NOTHING)
    for revenue in revenues:
        month = months_between(cost.start, revenue.month)
        if month >= horizon:
            # Revenue this late was no part of the forecast: what is left is charged where the forecast ends.
            yield horizon - 1, year.unamortized - year.charged
            return
        number = cost.year_of(_closing(revenue.month))
        if number != year.number:
            year = year.next(number)
        if revenue.estimate is not None:
            year.estimate = revenue.estimate
        year.earned += revenue.earned
        yield month, year.charge()


def _closing(month: date) -> date:
    return last_day(month, 0)


def _merged(parts: Iterable[tuple[int, Decimal]]) -> Sequence[Portion]:
    """One portion a month."""
    by_month: dict[int, Decimal] = {}
    for month, amount in parts:
        by_month[month] = by_month.get(month, _NOTHING) + amount
    return [Portion(month, amount) for month, amount in sorted(by_month.items())]


def _greater_of(model: Model, cost: Known) -> Sequence[Portion]:
    straight, usage = _straight_line(model, cost), _usage(model, cost)
    months = sorted({portion.month for portion in (*straight, *usage)})
    both = zip(_until(straight, months), _until(usage, months), strict=True)
    charged = [max(one, other, key=abs) for one, other in both]
    return [
        Portion(month, after - before)
        for month, (before, after) in zip(months, pairwise([_NOTHING, *charged]), strict=True)
    ]


def _usage(model: Model, cost: Known) -> Sequence[Portion]:
    if model.periods:
        return _weighted_runs(model, cost)
    if model.runs is not None:
        return _per_run(model, cost)
    return _film_forecast(model, cost) if cost.revenues else ()


def _until(portions: Sequence[Portion], months: Sequence[int]) -> Iterator[Decimal]:
    """What the portions come to by the end of each month."""
    by_month = {portion.month: portion.amount for portion in portions}
    return accumulate(by_month.get(month, _NOTHING) for month in months)


METHODS: Mapping[Method, Spreading] = MappingProxyType(
    {
        Method.CURVE: _curve,
        Method.STRAIGHT_LINE: _straight_line,
        Method.STRAIGHT_LINE_DAILY: _straight_line_daily,
        Method.DECLINING_BALANCE: _declining_balance,
        Method.SUM_OF_YEARS: _sum_of_years,
        Method.FILM_FORECAST: _film_forecast,
        Method.PER_RUN: _per_run,
        Method.WEIGHTED_RUNS: _weighted_runs,
        Method.UNLIMITED_RUNS: _straight_line,
        Method.GREATER_OF: _greater_of,
    }
)
"""Every method. A straight line over the term is what unlimited runs come to."""

"""Schedules: how the cost of something is charged, month by month (specification A12). Pure and exact.

No method loses or invents a cent: the charges of a schedule come to the cost, or, while something that is followed as
it is used is not used up, to the part that was used.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from muster.domain.records.amortization import Charge, Method, Model
from muster.domain.records.operation import Denial, Denied, Flaw, FlawKind
from muster.records.amortization.costs import (
    HUNDRED,
    MOST_PERIODS,
    Cost,
    Known,
    Portion,
    can_reach,
    is_workable,
    last_day,
    months_between,
    share,
)
from muster.records.amortization.methods import METHODS, follows_revenue, method_of, period_count

MOST_USES = 1_000_000
"""Runs, or periods, that a model may speak of."""
_TOLERANCE = Decimal("0.000001")
_OVER_TERM = frozenset({Method.STRAIGHT_LINE, Method.STRAIGHT_LINE_DAILY, Method.UNLIMITED_RUNS, Method.GREATER_OF})
_COUNTED = frozenset({Method.DECLINING_BALANCE, Method.SUM_OF_YEARS})
_BY_RUNS = frozenset({Method.PER_RUN, Method.WEIGHTED_RUNS})
_SPLIT = frozenset({Method.CURVE, Method.WEIGHTED_RUNS, Method.GREATER_OF})


def calendar_year(day: date) -> int:
    """The fiscal year where no financial period says another."""
    return day.year


def is_valid(model: Model) -> bool:
    """Whether schedules can be made by it: its splits come to 100, it says how many runs there are, and so on."""
    counts = (number for number in (model.count, model.runs) if number is not None)
    return (
        len(model.periods) <= MOST_PERIODS
        and all(1 <= number <= MOST_USES for number in counts)
        and model.window_days >= 0
        and _has_its_numbers(model)
        and (method_of(model) not in _SPLIT or not model.periods or _comes_to_a_hundred(model))
    )


def _has_its_numbers(model: Model) -> bool:
    match method_of(model):
        case Method.WEIGHTED_RUNS:
            return bool(model.periods)
        case Method.PER_RUN:
            return model.runs is not None
        case Method.DECLINING_BALANCE:
            return model.factor.is_finite() and model.factor > 0
        case _:
            return True


def _comes_to_a_hundred(model: Model) -> bool:
    splits = [period.split for period in model.periods]
    if any(not split.is_finite() or split < 0 or split > HUNDRED for split in splits):
        return False
    return abs(sum(splits, Decimal(0)) - HUNDRED) <= _TOLERANCE


def schedule(model: Model, cost: Cost, *, year_of: Callable[[date], int] = calendar_year) -> tuple[Charge, ...]:
    """The charges by `model`, which must be valid, in order; none for a cost of zero.

    Raises Denied (faulty) with every flaw of the cost.
    """
    known = _known(model, cost, year_of)
    if known.amount.is_zero():
        return ()
    portions = METHODS[method_of(model)](model, known)
    if len(portions) > MOST_PERIODS or not all(can_reach(known.start, portion.month) for portion in portions):
        raise _faulty([FlawKind.BAD_TERM])
    return _charges(known, portions)


def _known(model: Model, cost: Cost, year_of: Callable[[date], int]) -> Known:
    flaws = [*_flaws_of_term(model, cost), *_flaws_of_usage(model, cost)]
    if cost.amount is None:
        flaws.insert(0, FlawKind.NO_AMOUNT)
    if flaws or cost.amount is None or cost.start is None:
        raise _faulty(flaws)
    if not is_workable(cost.amount):
        raise Denied(Denial.FAULTY, flaws=(Flaw(kind=FlawKind.BAD_VALUE, label="amount"),))
    return Known(
        amount=cost.amount,
        start=cost.start,
        months=None if cost.end is None else months_between(cost.start, cost.end) + 1,
        end=cost.end,
        runs=cost.runs,
        revenues=cost.revenues,
        year_of=year_of,
    )


def _faulty(kinds: Sequence[FlawKind]) -> Denied:
    return Denied(Denial.FAULTY, flaws=tuple(Flaw(kind=kind) for kind in kinds))


def _flaws_of_term(model: Model, cost: Cost) -> list[FlawKind]:
    if cost.start is None:
        return [FlawKind.NO_TERM_START]
    if cost.end is not None and cost.end < cost.start:
        return [FlawKind.BAD_TERM]
    method = method_of(model)
    months = None if cost.end is None else months_between(cost.start, cost.end) + 1
    if method not in _OVER_TERM | _COUNTED:
        return []
    count = period_count(model, months) if method in _COUNTED else months
    if count is None:
        return [FlawKind.NO_TERM_END]
    return [FlawKind.BAD_TERM] if count > MOST_PERIODS else []


def _flaws_of_usage(model: Model, cost: Cost) -> list[FlawKind]:
    if method_of(model) in _BY_RUNS and not cost.runs:
        return [FlawKind.NO_RUNS]
    # The first forecast needs an estimate; without one, nobody knows what a revenue is a part of.
    first = min(cost.revenues, key=lambda one: one.month, default=None)
    told = first is not None and first.estimate is not None
    if follows_revenue(model) and not told and (first is not None or method_of(model) is Method.FILM_FORECAST):
        return [FlawKind.NO_REVENUE]
    return []


def _charges(cost: Known, portions: Sequence[Portion]) -> tuple[Charge, ...]:
    charges: list[Charge] = []
    opening = cost.amount
    for number, portion in enumerate(portions, start=1):
        closing = opening - portion.amount
        charges.append(
            Charge(
                number=number,
                date=last_day(cost.start, portion.month),
                amount=portion.amount,
                split=share(portion.amount, cost.amount) if portion.split is None else portion.split,
                opening=opening,
                closing=closing,
            )
        )
        opening = closing
    return tuple(charges)

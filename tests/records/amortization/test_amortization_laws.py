"""The law that no schedule loses or invents a cent."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.records.amortization import Method, Model, Run
from muster.records.amortization.catching_up import Standing, caught_up
from muster.records.amortization.costs import Cost
from muster.records.amortization.schedule import schedule
from tests.records.costs import a_cost, a_model, a_revenue

costs = st.decimals(min_value=-(10**12), max_value=10**12, places=2).filter(lambda amount: not amount.is_zero())
starts = st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 1, 1))


@st.composite
def spread_over_time(draw: st.DrawFn) -> tuple[Model, Cost]:
    method = draw(st.sampled_from([one for one in Method if one not in _FOLLOW_USE]))
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), max_size=30)))
    splits = [Decimal(after - before) / 100 for before, after in pairwise([0, *cuts, 10_000])]
    factor = draw(st.decimals(min_value=Decimal("0.1"), max_value=10, places=2))
    count = draw(st.none() | st.integers(1, 60))
    start = draw(starts)
    end = start + timedelta(days=draw(st.integers(0, 4_000)))
    model = a_model(method, splits if method is Method.CURVE else (), factor=factor, count=count)
    return model, Cost(amount=draw(costs), start=start, end=end)


_FOLLOW_USE = frozenset({Method.PER_RUN, Method.WEIGHTED_RUNS, Method.FILM_FORECAST, Method.GREATER_OF})


@given(spread_over_time())
def test_no_cent_is_lost_or_invented(asked: tuple[Model, Cost]) -> None:
    model, cost = asked
    assert cost.amount is not None
    charges = schedule(model, cost)

    assert sum(charge.amount for charge in charges) == cost.amount
    assert charges[-1].closing == 0
    assert [charge.number for charge in charges] == list(range(1, len(charges) + 1))
    assert all(before.closing == after.opening for before, after in pairwise(charges))
    assert all(before.date < after.date for before, after in pairwise(charges))
    # None turns round: what is charged never has another sign than the cost.
    assert all(charge.amount * cost.amount >= 0 for charge in charges)


moments = st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone


@given(
    amount=costs,
    times=st.lists(moments, min_size=1, max_size=40),
    licensed=st.integers(1, 20),
    window_days=st.sampled_from([0, 1, 7]),
)
def test_runs_never_use_more_than_there_is_and_all_of_them_use_it_up(
    *, amount: Decimal, times: list[datetime], licensed: int, window_days: int
) -> None:
    runs = tuple(Run(at=at) for at in times)
    cost = a_cost(str(amount), runs=runs)
    splits = [Decimal(100) / licensed] * licensed

    for model in (
        a_model(Method.PER_RUN, runs=licensed, window_days=window_days),
        a_model(Method.WEIGHTED_RUNS, splits, window_days=window_days),
    ):
        charged = list(accumulate(charge.amount for charge in schedule(model, cost)))
        assert all(abs(one) <= abs(amount) for one in charged)
        if window_days == 0 and len(times) >= licensed:
            assert charged[-1] == amount


@given(costs, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 1_000)), min_size=1, max_size=20))
def test_a_forecast_never_charges_more_than_there_is(amount: Decimal, earned: list[tuple[int, int]]) -> None:
    months = [(f"{2024 + month // 12}-{month % 12 + 1:02}", revenue) for month, revenue in sorted(earned)]
    whole = sum(revenue for _, revenue in months)
    revenues = [a_revenue(month, revenue) for month, revenue in months]
    revenues[0] = a_revenue(*months[0], whole)

    charged = list(
        accumulate(
            one.amount for one in schedule(a_model(Method.FILM_FORECAST), a_cost(str(amount), revenues=tuple(revenues)))
        )
    )

    assert all(abs(one) <= abs(amount) for one in charged)
    assert charged[-1] == amount


@given(amount=costs, times=st.lists(moments, max_size=10), licensed=st.integers(1, 8), days=st.integers(0, 1_500))
def test_the_greater_of_use_and_time_ends_at_the_cost(
    *, amount: Decimal, times: list[datetime], licensed: int, days: int
) -> None:
    end = date(2024, 1, 10) + timedelta(days=days)
    runs = tuple(Run(at=at) for at in times)

    charges = schedule(a_model(Method.GREATER_OF, runs=licensed), a_cost(str(amount), end=end.isoformat(), runs=runs))

    assert sum(charge.amount for charge in charges) == amount
    assert charges[-1].closing == 0


@given(spread_over_time(), st.sets(st.integers(0, 40)))
def test_catching_up_keeps_every_cent(asked: tuple[Model, Cost], closed: set[int]) -> None:
    model, cost = asked
    charges = schedule(model, cost)
    shut = {charges[index].date for index in closed if index < len(charges)}

    posted = caught_up(charges, is_closed=lambda day: day in shut)

    assert sum(charge.amount for charge in posted) == cost.amount
    assert not shut & {charge.date for charge in posted}
    assert len({charge.date for charge in posted}) == len(posted)
    assert posted[-1].closing == 0


@given(spread_over_time(), st.tuples(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40))), costs)
def test_running_again_leaves_closed_books_alone_and_keeps_every_cent(
    asked: tuple[Model, Cost], closings: tuple[set[int], set[int]], changed: Decimal
) -> None:
    (model, cost), (closed, later) = asked, closings
    first = schedule(model, cost)
    shut = {first[index].date for index in closed if index < len(first)}
    posted = caught_up(first, is_closed=lambda day: day in shut)
    shut |= {posted[index].date for index in later if index < len(posted)}
    standing = [Standing(date=one.date, amount=one.amount, split=one.split) for one in posted if one.date in shut]

    same = caught_up(first, is_closed=lambda day: day in shut, standing=standing)
    other = schedule(model, msgspec.structs.replace(cost, amount=changed))
    anew = caught_up(other, is_closed=lambda day: day in shut, standing=standing)

    assert [one for one in same if one.amount] == [one for one in posted if one.date not in shut and one.amount]
    for again, whole in ((same, cost.amount), (anew, changed)):
        assert sum(one.amount for one in standing) + sum(one.amount for one in again) == whole
        assert not shut & {one.date for one in again}
        assert len({one.date for one in again}) == len(again)

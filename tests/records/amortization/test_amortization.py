"""Schedules: the worked numbers, the edges, and closed books."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from muster.domain.records.amortization import Charge, Method, Model
from muster.domain.records.operation import Denied, FlawKind
from muster.records.amortization.catching_up import Standing, caught_up
from muster.records.amortization.costs import MOST_PERIODS, Cost
from muster.records.amortization.schedule import is_valid, schedule
from tests.records.costs import a_cost, a_model, a_revenue, amounts, plain, runs_on

CURVE = (60, 20, 15, 5)


def flaws_of(model: Model, cost: Cost) -> list[FlawKind]:
    with pytest.raises(Denied) as denied:
        schedule(model, cost)
    return [flaw.kind for flaw in denied.value.flaws]


# --- Worked numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "charges"),
    [
        ("10000.00", ["6000.00", "2000.00", "1500.00", "500.00"]),
        ("100.01", ["60.01", "20.00", "15.00", "5.00"]),
        ("-100.01", ["-60.01", "-20.00", "-15.00", "-5.00"]),
        ("0.01", ["0.01", "0.00", "0.00", "0.00"]),
    ],
)
def test_a_curve_is_followed_to_the_cent(amount: str, charges: list[str]) -> None:
    assert amounts(a_model(splits=CURVE), a_cost(amount)) == charges


def test_a_curve_is_charged_at_the_ends_of_months_from_the_one_the_term_starts_in() -> None:
    charges = schedule(a_model(splits=CURVE), a_cost())

    assert [charge.date.isoformat() for charge in charges] == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]
    assert [charge.split for charge in charges] == [60, 20, 15, 5]
    assert [plain(charge.opening, charge.closing) for charge in charges][:2] == [["10000", "4000"], ["4000", "2000"]]


def test_a_curve_longer_than_the_term_ends_with_it() -> None:
    charges = schedule(a_model(splits=CURVE), a_cost(end="2024-02-29"))

    assert [plain(charge.amount, charge.split) for charge in charges] == [["6000", "60"], ["4000", "40"]]


def test_a_curve_needs_no_end() -> None:
    assert len(schedule(a_model(splits=CURVE), a_cost(end=None))) == 4


@pytest.mark.parametrize("method", [Method.CURVE, Method.STRAIGHT_LINE, Method.UNLIMITED_RUNS])
def test_a_straight_line_is_the_same_every_month_and_the_last_one_takes_the_rest(method: Method) -> None:
    assert amounts(a_model(method), a_cost("1000.00", end="2024-03-31")) == ["333.33", "333.33", "333.34"]


def test_a_straight_line_by_day_counts_the_days_of_each_month() -> None:
    cost = a_cost("6000.00", start="2024-01-15", end="2024-03-14")

    assert amounts(a_model(Method.STRAIGHT_LINE_DAILY), cost) == ["1700.00", "2900.00", "1400.00"]


def test_years_digits() -> None:
    assert amounts(a_model(Method.SUM_OF_YEARS, count=3), a_cost("6000")) == ["3000.00", "2000.00", "1000.00"]


def test_double_declining_balance() -> None:
    charges = ["500.00", "250.00", "125.00", "125.00"]

    assert amounts(a_model(Method.DECLINING_BALANCE, count=4), a_cost("1000", end=None)) == charges
    assert amounts(a_model(Method.DECLINING_BALANCE), a_cost("1000", end="2024-04-30")) == charges


def test_a_changed_estimate_counts_for_the_whole_year() -> None:
    revenues = (a_revenue("2024-03", 5_000_000, 25_000_000), a_revenue("2024-06", 3_000_000, 20_000_000))

    charges = amounts(a_model(Method.FILM_FORECAST), a_cost("10000000", revenues=revenues))

    assert charges == ["2000000.00", "2000000.00"]


def test_a_new_fiscal_year_forecasts_what_is_left() -> None:
    revenues = (a_revenue("2024-03", 5, 20), a_revenue("2025-02", 5))

    # A quarter of 1000 in the first year; then 5 of the 15 that are still expected, of the 750 that are left.
    assert amounts(a_model(Method.FILM_FORECAST), a_cost("1000", revenues=revenues)) == ["250.00", "250.00"]


def test_a_fiscal_year_is_what_the_caller_says() -> None:
    revenues = (a_revenue("2024-03", 5, 20), a_revenue("2025-02", 5, 15))
    cost = a_cost("1000", revenues=revenues)

    one_year = schedule(a_model(Method.FILM_FORECAST), cost, year_of=lambda _: 2024)

    assert [charge.amount for charge in one_year] == [250, Decimal("416.67")]


def test_what_earns_longer_than_forecasts_reach_is_written_off_where_they_end() -> None:
    revenues = (a_revenue("2024-03", 5, 20), a_revenue("2034-01", 5))

    last = schedule(a_model(Method.FILM_FORECAST), a_cost("1000", revenues=revenues))[-1]

    assert (last.date.isoformat(), plain(last.closing)) == ("2033-12-31", ["0"])


def test_limited_runs_are_charged_as_they_happen() -> None:
    runs = runs_on("2024-01-12", "2024-03-01", "2024-03-02")

    assert amounts(a_model(Method.PER_RUN, runs=3), a_cost("1000", runs=runs)) == ["333.33", "666.67"]
    assert amounts(a_model(Method.PER_RUN, runs=4), a_cost("1000", runs=runs)) == ["250.00", "500.00"]


def test_runs_beyond_those_licensed_cost_nothing() -> None:
    runs = runs_on("2024-01-12", "2024-03-01")

    assert amounts(a_model(Method.PER_RUN, runs=1), a_cost("1000", runs=runs)) == ["1000.00"]


@pytest.mark.parametrize(("window_days", "charges"), [(0, ["1000.00"]), (1, ["950.00"]), (7, ["800.00", "150.00"])])
def test_runs_of_one_activity_count_once(window_days: int, charges: list[str]) -> None:
    days = ("2024-01-12T20:00", "2024-01-13T19:59", "2024-01-14T20:00")
    later = ("2024-02-01",) if window_days == 7 else ()
    model = a_model(Method.WEIGHTED_RUNS, (80, 15, 5), window_days=window_days)

    assert amounts(model, a_cost("1000", runs=runs_on(*days, *later))) == charges


def test_the_greater_of_use_and_time_is_charged() -> None:
    model = a_model(Method.GREATER_OF, runs=4)
    cost = a_cost("1200", end="2024-04-30", runs=runs_on("2024-01-12", "2024-01-20", "2024-03-01"))

    assert amounts(model, cost) == ["600.00", "0.00", "300.00", "300.00"]
    assert amounts(model, a_cost("1200", end="2024-04-30")) == ["300.00"] * 4


# --- Edges -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [Method.CURVE, Method.STRAIGHT_LINE, Method.DECLINING_BALANCE, Method.SUM_OF_YEARS])
def test_nothing_to_spread_has_no_charges(method: Method) -> None:
    assert schedule(a_model(method), a_cost("0.00")) == ()


def test_rounding_up_never_uses_more_than_there_is() -> None:
    assert amounts(a_model(Method.STRAIGHT_LINE), a_cost("0.06")) == ["0.01"] * 6 + ["0.00"] * 6


def test_every_flaw_of_a_cost_is_told() -> None:
    assert flaws_of(a_model(), Cost()) == [FlawKind.NO_AMOUNT, FlawKind.NO_TERM_START]
    assert flaws_of(a_model(), a_cost(end=None)) == [FlawKind.NO_TERM_END]
    assert flaws_of(a_model(), a_cost(end="2023-12-31")) == [FlawKind.BAD_TERM]
    assert flaws_of(a_model(Method.PER_RUN, runs=3), a_cost()) == [FlawKind.NO_RUNS]
    assert flaws_of(a_model(Method.FILM_FORECAST), a_cost()) == [FlawKind.NO_REVENUE]
    assert flaws_of(a_model(Method.FILM_FORECAST), a_cost(revenues=(a_revenue("2024-01", 5),))) == [FlawKind.NO_REVENUE]


def test_a_hundred_years_are_the_longest_term() -> None:
    line = a_model(Method.STRAIGHT_LINE)

    assert len(schedule(line, a_cost("1000000", start="2000-01-01", end="2099-12-31"))) == MOST_PERIODS
    assert flaws_of(line, a_cost(start="2000-01-01", end="2100-01-01")) == [FlawKind.BAD_TERM]


def test_a_schedule_ends_with_the_calendar() -> None:
    assert schedule(a_model(splits=CURVE), a_cost(start="9999-09-01", end=None))[-1].date == date.max
    assert flaws_of(a_model(splits=CURVE), a_cost(start="9999-10-01", end=None)) == [FlawKind.BAD_TERM]


@pytest.mark.parametrize("amount", ["1e18", "0.0000000001", "NaN", "Infinity", "1e400"])
def test_what_cannot_be_worked_out_exactly_is_refused(amount: str) -> None:
    assert flaws_of(a_model(splits=CURVE), a_cost(amount)) == [FlawKind.BAD_VALUE]


@pytest.mark.parametrize(
    ("model", "valid"),
    [
        (a_model(splits=CURVE), True),
        (a_model(splits=("33.3333333", "33.3333333", "33.3333333")), True),
        (a_model(splits=(60, 20, 15)), False),
        (a_model(splits=(120, -20)), False),
        (a_model(splits=("NaN",)), False),
        (a_model(), True),
        (a_model(Method.WEIGHTED_RUNS), False),
        (a_model(Method.PER_RUN), False),
        (a_model(Method.PER_RUN, runs=0), False),
        (a_model(Method.DECLINING_BALANCE, factor=Decimal(0)), False),
    ],
)
def test_a_model_is_valid_when_it_can_be_worked_by(model: Model, *, valid: bool) -> None:
    assert is_valid(model) is valid


# --- Closed periods ----------------------------------------------------------------------------------------------


def closed_until(day: str) -> Sequence[Charge]:
    charges = schedule(a_model(splits=CURVE), a_cost())
    return caught_up(charges, is_closed=lambda one: one <= date.fromisoformat(day))


def test_what_falls_into_closed_periods_is_caught_up_in_the_first_open_one() -> None:
    charges = closed_until("2024-02-29")

    assert [(charge.date.isoformat(), charge.amount, charge.number) for charge in charges] == [
        ("2024-03-31", Decimal("9500.00"), 3),
        ("2024-04-30", Decimal("500.00"), 4),
    ]
    assert plain(charges[0].opening, charges[0].closing, charges[0].split) == ["10000", "500", "95"]


def test_what_is_over_when_the_books_are_closed_is_charged_once_behind_them() -> None:
    (charge,) = closed_until("2024-06-30")

    assert (charge.date.isoformat(), plain(charge.amount, charge.closing)) == ("2024-07-31", ["10000", "0"])


def test_a_month_without_a_charge_of_its_own_catches_up_as_well() -> None:
    runs = runs_on("2024-01-12", "2024-06-01")
    charges = schedule(a_model(Method.PER_RUN, runs=2), a_cost("1000", runs=runs))

    posted = caught_up(charges, is_closed=lambda day: day == date(2024, 1, 31))

    assert [charge.date.isoformat() for charge in posted] == ["2024-02-29", "2024-06-30"]
    assert plain(*(charge.amount for charge in posted)) == ["500", "500"]


def january(amount: str) -> Sequence[Standing]:
    return (Standing(date=date(2024, 1, 31), amount=Decimal(amount), split=Decimal(60)),)


def test_what_stands_in_closed_periods_is_not_charged_again() -> None:
    charges = schedule(a_model(splits=CURVE), a_cost())

    posted = caught_up(charges, is_closed=lambda day: day <= date(2024, 1, 31), standing=january("6000"))

    assert posted == charges[1:]


def test_by_how_much_what_stands_differs_is_charged_behind_it() -> None:
    charges = schedule(a_model(splits=CURVE), a_cost("12000"))

    posted = caught_up(charges, is_closed=lambda day: day <= date(2024, 1, 31), standing=january("6000"))

    assert plain(*(one.amount for one in posted)) == ["3600", "1800", "600"]
    assert plain(posted[0].opening, posted[0].closing, posted[-1].closing) == ["6000", "2400", "0"]


def test_what_stands_behind_the_end_of_a_shorter_schedule_is_given_back() -> None:
    charges = schedule(a_model(splits=(100,)), a_cost())
    standing = (Standing(date=date(2024, 3, 31), amount=Decimal(1500)),)

    posted = caught_up(charges, is_closed=lambda day: day == date(2024, 3, 31), standing=standing)

    assert [(one.date.isoformat(), one.amount, one.number) for one in posted] == [
        ("2024-01-31", Decimal(10000), 1),
        ("2024-04-30", Decimal(-1500), 1),
    ]
    assert posted[-1].closing == 0


def test_a_cost_that_is_no_more_is_given_back() -> None:
    posted = caught_up((), is_closed=lambda day: day <= date(2024, 1, 31), standing=january("6000"))

    assert [(one.date.isoformat(), plain(one.amount, one.closing)) for one in posted] == [
        ("2024-02-29", ["-6000", "0"])
    ]

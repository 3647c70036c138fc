"""How the cost of something is spread over time: models and schedules (specification A12)."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec


class Method(StrEnum):
    """How a model's charges are worked out (specification A12.4)."""

    CURVE = "curve"
    STRAIGHT_LINE = "straight-line"
    STRAIGHT_LINE_DAILY = "straight-line-daily"
    DECLINING_BALANCE = "declining-balance"
    SUM_OF_YEARS = "sum-of-years"
    FILM_FORECAST = "film-forecast"
    PER_RUN = "per-run"
    WEIGHTED_RUNS = "weighted-runs"
    UNLIMITED_RUNS = "unlimited-runs"
    GREATER_OF = "greater-of"


class ModelPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """One period of a curve, or one run of weighted runs. `split` is a percentage."""

    id: int
    split: Decimal
    updated_at: datetime | None = None


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """An amortization model."""

    id: int
    name: str
    method: Method = Method.CURVE
    periods: tuple[ModelPeriod, ...] = ()
    factor: Decimal = Decimal(2)
    """Of declining balances."""
    count: int | None = None
    """How many periods declining balances and years' digits have; None: the months of the term.

    Of film forecasts: after how many months whatever is left is written off; None: after ten years.
    """
    runs: int | None = None
    """Licensed or expected runs."""
    window_days: int = 0
    """Runs within so many days (1 or 7) count once; 0: each counts."""


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a schedule."""

    number: int
    """Of the period, from 1."""
    date: date
    """The last day of its month."""
    amount: Decimal
    split: Decimal
    """The share of the whole, as a percentage."""
    opening: Decimal
    closing: Decimal


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One showing."""

    at: datetime


class Revenue(msgspec.Struct, frozen=True, kw_only=True):
    """What was earned in a period, and what was then thought to be still unearned at the start of the fiscal year."""

    month: date
    earned: Decimal
    estimate: Decimal | None = None
    """None: the estimate stands."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """Where schedules land, and how fields are found whose templates do not say it by indicator."""

    template: int = 0
    """The template of the amounts made (char type 10); 0: the one named Amortization."""
    amount_labels: tuple[str, ...] = ("amount", "fee", "total")
    start_labels: tuple[str, ...] = ("term_start",)
    end_labels: tuple[str, ...] = ("term_end",)
    run_labels: tuple[str, ...] = ("run_dates",)
    """Fields of a row that list the days of its runs."""
    revenue_labels: tuple[str, ...] = ("revenues",)
    """Fields of a row that list its revenues, each `yyyy-MM earned [estimate]`."""
    debit: str = "Amortization expense"
    credit: str = "Accumulated amortization"

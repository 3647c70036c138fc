"""Amortization models as this vendor shows them (specification A12.1); schedules and journals, which are ours."""

from decimal import Decimal

import msgspec


class Period(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One period of a model."""

    id: int
    last_updated_date: str | None
    split: Decimal
    """A percentage."""


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An amortization model. `method` is ours; the vendor has curves and straight lines."""

    id: int
    name: str
    periods: list[Period]
    method: str


class Charge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of a schedule, named like the characteristics of the amounts it is kept in."""

    amount_id: int | None
    """Null: it is not posted."""
    title: str
    period_number: int
    period_count: int
    transaction_date: str
    split: Decimal
    opening_balance: Decimal
    amortized_amount: Decimal
    closing_balance: Decimal


class Schedule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the cost of a table row is charged. `posted` False: so it would be posted now."""

    row_id: int
    title: str
    amortization_model: str
    currency: str
    cost: Decimal
    total: Decimal
    """Of all charges."""
    posted: bool
    charges: list[Charge]


class Line(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One side of a journal entry."""

    date: str
    account: str
    debit: Decimal
    credit: Decimal
    currency: str
    row_id: int
    amount_id: int
    memo: str


class Total(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a journal comes to in one currency: debit and credit are equal."""

    currency: str
    debit: Decimal
    credit: Decimal


class Journal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What amortization posted in these days, both inclusive."""

    start: str
    end: str
    lines: list[Line]
    totals: list[Total]


SCHEDULE_COLUMNS = (
    "amountId",
    "title",
    "periodNumber",
    "periodCount",
    "transactionDate",
    "split",
    "openingBalance",
    "amortizedAmount",
    "closingBalance",
    "currency",
)
JOURNAL_COLUMNS = ("date", "account", "debit", "credit", "currency", "rowId", "amountId", "memo")
"""The headers of the same as CSV."""

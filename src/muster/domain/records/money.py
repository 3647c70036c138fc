"""Rates between currencies, and the periods in which books are kept (specification B9, B10)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import msgspec

CENT = Decimal("0.01")
"""Amounts are kept to the minor unit, rounded half up."""
RATE_PLACES = Decimal("0.000000001")


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit of `transaction` was worth in `company` from a day on. Currencies are three capital letters."""

    id: UUID
    company: str
    transaction: str
    rate: Decimal
    since: date


class PeriodState(StrEnum):
    """Future → open → closed. A period cannot be opened again."""

    FUTURE = "future"
    OPEN = "open"
    CLOSED = "closed"


class FinancialPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """One period of a fiscal year. Both days belong to it."""

    id: int
    year: int
    period: int
    start: date
    end: date
    closed: bool = False

    def state(self, today: date) -> PeriodState:
        """Where it stands on a day."""
        if self.closed:
            return PeriodState.CLOSED
        return PeriodState.FUTURE if today < self.start else PeriodState.OPEN


def rate_on(rates: Sequence[Rate], *, company: str, transaction: str, day: date) -> Decimal | None:
    """The latest rate that was in force on `day`; 1 within one currency; None where there is none."""
    if company == transaction:
        return Decimal(1)
    fit = [one for one in rates if one.company == company and one.transaction == transaction and one.since <= day]
    return max(fit, key=lambda one: one.since).rate if fit else None

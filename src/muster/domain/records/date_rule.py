"""Dates that are worked out from other dates (specification A11)."""

from datetime import date
from enum import StrEnum

import msgspec

from muster.domain.records.char_types import RecordRef


class Choosing(StrEnum):
    """Which of the shifted dates counts."""

    EQUALS = "equals"
    EARLIEST = "earliest"
    LATEST = "latest"
    PRIORITY = "priority"


class Recalculation(StrEnum):
    """When it is worked out again."""

    HARD = "hard"
    """Whenever a source changes; the field cannot be written by hand."""
    ARCHIVE = "archive"
    """Once."""
    OPEN = "open"
    """Whenever a source changes; what is written by hand stands until then."""


class Awaiting(StrEnum):
    """What happens while a source is missing."""

    ASAP = "asap"
    """Those that are there are used."""
    KEEP = "keep"
    """There is no result."""


class Unit(StrEnum):
    """What `Shift.days` counts."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    BUSINESS_DAYS = "business_days"


class RuleState(StrEnum):
    """Where a rule stands: pending ⇄ calculated; one that is worked out once: pending → frozen."""

    PENDING = "pending"
    CALCULATED = "calculated"
    FROZEN = "frozen"


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """How far a date is moved: years, then months, weeks, days. All numbers are 0 or more."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    unit: Unit = Unit.DAYS
    back: bool = False


class Spot(msgspec.Struct, frozen=True):
    """One date field of one record."""

    ref: RecordRef
    label: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A date that a rule looks at. `number` names it within the tenant."""

    number: int
    spot: Spot
    shift: Shift = Shift()
    order: int = 0


class DateRule(msgspec.Struct, frozen=True, kw_only=True):
    """One calculation: at most one for each spot."""

    number: int
    target: Spot
    choosing: Choosing = Choosing.EQUALS
    compare_to: date | None = None
    recalculation: Recalculation = Recalculation.HARD
    awaiting: Awaiting = Awaiting.ASAP
    first_of_month: bool = False
    state: RuleState = RuleState.PENDING
    sources: tuple[Source, ...] = ()

    @property
    def refs(self) -> frozenset[RecordRef]:
        """The records it has to do with."""
        return frozenset((self.target.ref, *(source.spot.ref for source in self.sources)))

"""What a file of records sets up."""

from datetime import date
from decimal import Decimal

import msgspec

from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import Choosing, Recalculation, Shift, Spot
from muster.domain.records.record import Values


class SeedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record. `path` is where it stands in the file."""

    path: str
    ref: RecordRef
    template: int
    status: int | None
    title: str | None
    values: Values


class SeedLink(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship."""

    path: str
    number: int
    parent: RecordRef
    child: RecordRef
    kind: int


class SeedSource(msgspec.Struct, frozen=True, kw_only=True):
    """A date that a rule looks at."""

    spot: Spot
    shift: Shift


class SeedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A date rule."""

    path: str
    target: Spot
    choosing: Choosing
    recalculation: Recalculation
    sources: tuple[SeedSource, ...]


class SeedRate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate between two currencies."""

    company: str
    transaction: str
    rate: Decimal
    since: date


class SeedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A financial period."""

    year: int
    period: int
    start: date
    end: date


class Seeds(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one file sets up."""

    title: str
    blueprint: Blueprint
    records: tuple[SeedRecord, ...] = ()
    links: tuple[SeedLink, ...] = ()
    rules: tuple[SeedRule, ...] = ()
    rates: tuple[SeedRate, ...] = ()
    periods: tuple[SeedPeriod, ...] = ()

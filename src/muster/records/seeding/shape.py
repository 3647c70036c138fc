"""What a file of records sets up. `path` is always where a thing stands in the file."""

import msgspec

from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import DateRule
from muster.domain.records.money import FinancialPeriod, Rate
from muster.domain.records.record import Values


class SeedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record. `status` None: where its process begins."""

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


class SeedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A date rule; it and its sources have no numbers yet."""

    path: str
    rule: DateRule


class SeedRate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate between two currencies; it has no id yet."""

    path: str
    rate: Rate


class SeedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A financial period; it has no id yet."""

    path: str
    period: FinancialPeriod


class Seeds(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one file sets up."""

    title: str
    blueprint: Blueprint
    records: tuple[SeedRecord, ...] = ()
    links: tuple[SeedLink, ...] = ()
    rules: tuple[SeedRule, ...] = ()
    rates: tuple[SeedRate, ...] = ()
    periods: tuple[SeedPeriod, ...] = ()

"""The date rules of a file of records."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import Awaiting, Choosing, DateRule, Recalculation, Shift, Source, Spot, Unit
from muster.records.configuring.rows import Row
from muster.records.dates.desk import MOST_SOURCES
from muster.records.seeding.fields import day_in, spot_in
from muster.records.seeding.shape import SeedRule

_CHOOSING: Mapping[str, Choosing] = MappingProxyType({one.value: one for one in Choosing})
_RECALCULATION: Mapping[str, Recalculation] = MappingProxyType({one.value: one for one in Recalculation})
_AWAITING: Mapping[str, Awaiting] = MappingProxyType({one.value: one for one in Awaiting})
_UNITS: Mapping[str, Unit] = MappingProxyType({one.value.replace("_", "-"): one for one in Unit})
_MOST_SHIFT: Final = 100_000
_NOWHERE: Final = Spot(RecordRef(0, 0), "")
"""Stands for what is named wrongly: nothing is made of a file with a fault."""


def read_rules(whole: Row) -> Iterator[SeedRule]:
    """The date rules; they and their sources have no numbers yet."""
    seen: set[object] = set()
    for row in whole.rows("date_rules"):
        target = spot_in(row, "target")
        rule = None if target is None else _rule(row, target)
        if rule is not None:
            if target in seen:
                row.fault("target", "duplicate", "is worked out by another rule of this file already")
            seen.add(target)
            row.done()
            yield SeedRule(path=row.path, rule=rule)


def _rule(row: Row, target: Spot) -> DateRule:
    choosing = row.choice("choosing", _CHOOSING, Choosing.EQUALS)
    sources = tuple(_sources(row))
    if not sources or len(sources) > MOST_SOURCES:
        row.fault("sources", "bad_count", f"must be from 1 to {MOST_SOURCES} dates")
    elif choosing is Choosing.EQUALS and len(sources) > 1:
        row.fault("sources", "bad_count", "must be one date, where nothing is said of `choosing` between them")
    return DateRule(
        number=0,
        target=target,
        choosing=choosing,
        compare_to=day_in(row, "compare_to", required=False),
        recalculation=row.choice("recalculation", _RECALCULATION, Recalculation.HARD),
        awaiting=row.choice("awaiting", _AWAITING, Awaiting.ASAP),
        first_of_month=row.flag("first_of_month", otherwise=False),
        sources=sources,
    )


def _sources(rule: Row) -> Iterator[Source]:
    for order, row in enumerate(rule.rows("sources"), 1):
        spot = spot_in(row, "of")
        shift = Shift(
            years=row.whole("years", 0, high=_MOST_SHIFT),
            months=row.whole("months", 0, high=_MOST_SHIFT),
            weeks=row.whole("weeks", 0, high=_MOST_SHIFT),
            days=row.whole("days", 0, high=_MOST_SHIFT),
            unit=row.choice("unit", _UNITS, Unit.DAYS),
            back=row.flag("back", otherwise=False),
        )
        row.done()
        yield Source(number=0, spot=spot or _NOWHERE, shift=shift, order=order)

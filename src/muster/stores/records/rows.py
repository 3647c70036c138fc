"""Records, relationships, date rules and traces as rows of their tables, and back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import (
    Awaiting,
    Choosing,
    DateRule,
    Recalculation,
    RuleState,
    Shift,
    Source,
    Spot,
    Unit,
)
from muster.domain.records.record import Gone, Link, Record, Stamp
from muster.domain.records.trace import Deed, Trace
from muster.stores.moments import micros, moment
from muster.stores.records.values import flags_kept, flags_of, values_kept, values_of

Row = tuple[object, ...]

# Columns in the order of the rows below (without the tenant), with their types for `bulk.rows_given`.
RECORD: Mapping[str, str] = MappingProxyType(
    {
        "char_type": "int",
        "number": "int",
        "template": "int",
        "status": "int",
        "title": "text",
        "revision": "int",
        "origin": "int",
        "characteristics": "text",
        "flags": "text",
        "created_at": "int",
        "created_by": "int",
        "updated_at": "int",
        "updated_by": "int",
        "moved_at": "int",
        "moved_by": "int",
    }
)
LINK: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        (
            "number",
            "kind",
            "parent_type",
            "parent",
            "child_type",
            "child",
            "sequence",
            "created_at",
            "created_by",
            "updated_at",
            "updated_by",
        ),
        "int",
    )
)
RULE: Mapping[str, str] = MappingProxyType(
    {
        "number": "int",
        "char_type": "int",
        "record": "int",
        "label": "text",
        "choosing": "text",
        "compare_to": "text",
        "recalculation": "text",
        "awaiting": "text",
        "first_of_month": "int",
        "state": "text",
    }
)
SOURCE: Mapping[str, str] = MappingProxyType(
    {
        "rule": "int",
        "number": "int",
        "char_type": "int",
        "record": "int",
        "label": "text",
        "years": "int",
        "months": "int",
        "weeks": "int",
        "days": "int",
        "unit": "text",
        "back": "int",
        "place": "int",
        "position": "int",
    }
)
TRACE: Mapping[str, str] = MappingProxyType(
    {
        "number": "int",
        "char_type": "int",
        "record": "int",
        "operation": "int",
        "deed": "int",
        "title": "text",
        "template": "int",
        "field": "text",
        "old": "text",
        "new": "text",
        "made_at": "int",
        "made_by": "int",
    }
)
GONE: Mapping[str, str] = MappingProxyType({"gone_at": "int", "gone_by": "int"})
"""What tombstones have after the columns of what they stand for."""


def _kept(stamp: Stamp) -> tuple[int, int]:
    return micros(stamp.at), stamp.by


def _stamp(at: int, by: int) -> Stamp:
    return Stamp(moment(at), by)


def record_row(record: Record) -> Row:
    """The columns RECORD."""
    return (
        *record.ref,
        record.template,
        record.status,
        record.title,
        record.revision,
        record.origin,
        values_kept(record.values),
        flags_kept(record.flags),
        *_kept(record.created),
        *_kept(record.updated),
        *_kept(record.moved),
    )


def record_of(row: Sequence[Any]) -> Record:
    """What a row with the columns RECORD stands for; columns behind them are let be."""
    return Record(
        ref=RecordRef(row[0], row[1]),
        template=row[2],
        status=row[3],
        title=row[4],
        revision=row[5],
        origin=row[6],
        values=values_of(row[7]),
        flags=flags_of(row[8]),
        created=_stamp(row[9], row[10]),
        updated=_stamp(row[11], row[12]),
        moved=_stamp(row[13], row[14]),
    )


def link_row(link: Link) -> Row:
    """The columns LINK."""
    return (
        link.number,
        link.kind,
        *link.parent,
        *link.child,
        link.sequence,
        *_kept(link.created),
        *_kept(link.updated),
    )


def link_of(row: Sequence[Any]) -> Link:
    """What a row with the columns LINK stands for; columns behind them are let be."""
    return Link(
        number=row[0],
        kind=row[1],
        parent=RecordRef(row[2], row[3]),
        child=RecordRef(row[4], row[5]),
        sequence=row[6],
        created=_stamp(row[7], row[8]),
        updated=_stamp(row[9], row[10]),
    )


def gone_row(gone: Gone) -> Row:
    """The columns RECORD or LINK, and GONE."""
    what = gone.what
    row = record_row(what) if isinstance(what, Record) else link_row(what)
    return (*row, *_kept(gone.at))


def gone_record_of(row: Sequence[Any]) -> Gone:
    """What a row with the columns RECORD and GONE stands for."""
    return Gone(what=record_of(row), at=_stamp(row[-2], row[-1]))


def gone_link_of(row: Sequence[Any]) -> Gone:
    """What a row with the columns LINK and GONE stands for."""
    return Gone(what=link_of(row), at=_stamp(row[-2], row[-1]))


def trace_row(trace: Trace) -> Row:
    """The columns TRACE."""
    return (
        trace.number,
        *trace.ref,
        trace.operation,
        int(trace.deed),
        trace.title,
        trace.template,
        trace.field,
        trace.old,
        trace.new,
        *_kept(trace.stamp),
    )


def trace_of(row: Sequence[Any]) -> Trace:
    """What a row with the columns TRACE stands for."""
    return Trace(
        number=row[0],
        ref=RecordRef(row[1], row[2]),
        operation=row[3],
        deed=Deed(row[4]),
        title=row[5],
        template=row[6],
        field=row[7],
        old=row[8],
        new=row[9],
        stamp=_stamp(row[10], row[11]),
    )


def rule_row(rule: DateRule) -> Row:
    """The columns RULE."""
    return (
        rule.number,
        *rule.target.ref,
        rule.target.label,
        rule.choosing.value,
        None if rule.compare_to is None else rule.compare_to.isoformat(),
        rule.recalculation.value,
        rule.awaiting.value,
        int(rule.first_of_month),
        rule.state.value,
    )


def rule_of(row: Sequence[Any], sources: Iterable[Source]) -> DateRule:
    """What a row with the columns RULE stands for."""
    return DateRule(
        number=row[0],
        target=Spot(RecordRef(row[1], row[2]), row[3]),
        choosing=Choosing(row[4]),
        compare_to=None if row[5] is None else date.fromisoformat(row[5]),
        recalculation=Recalculation(row[6]),
        awaiting=Awaiting(row[7]),
        first_of_month=bool(row[8]),
        state=RuleState(row[9]),
        sources=tuple(sources),
    )


def source_rows(rule: DateRule) -> list[Row]:
    """The columns SOURCE of each of the rule's sources."""
    return [
        (
            rule.number,
            source.number,
            *source.spot.ref,
            source.spot.label,
            source.shift.years,
            source.shift.months,
            source.shift.weeks,
            source.shift.days,
            source.shift.unit.value,
            int(source.shift.back),
            source.order,
            position,
        )
        for position, source in enumerate(rule.sources)
    ]


def source_of(row: Sequence[Any]) -> Source:
    """What a row with the columns SOURCE stands for."""
    return Source(
        number=row[1],
        spot=Spot(RecordRef(row[2], row[3]), row[4]),
        shift=Shift(years=row[5], months=row[6], weeks=row[7], days=row[8], unit=Unit(row[9]), back=bool(row[10])),
        order=row[11],
    )

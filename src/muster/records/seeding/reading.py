"""A file of records as what it sets up. Every mistake is told with its place.

Beside the tables read here a file names its blueprint: a table of its own, or the name of a sample.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from muster.domain.errors import BadInput
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import BY_PATH, RecordRef
from muster.domain.records.date_rule import Choosing, Recalculation, Shift, Spot, Unit
from muster.domain.records.template import Template
from muster.records.configuring.blueprint import blueprint_in
from muster.records.configuring.parts import char_type
from muster.records.configuring.rows import Findings, Index, Row, identity, once, shown
from muster.records.configuring.samples import SAMPLES, sample
from muster.records.configuring.text import is_table, parse
from muster.records.seeding.shape import SeedLink, SeedPeriod, SeedRate, SeedRecord, SeedRule, Seeds, SeedSource

_REF = re.compile(r"([a-z-]{3,30})/([1-9][0-9]{0,9})")
_SPOT = re.compile(r"([a-z-]{3,30}/[1-9][0-9]{0,9})[ .]([A-Za-z0-9_]{1,100})")
_CHOOSING: Mapping[str, Choosing] = MappingProxyType({one.value: one for one in Choosing})
_RECALCULATION: Mapping[str, Recalculation] = MappingProxyType({one.value: one for one in Recalculation})
_UNITS: Mapping[str, Unit] = MappingProxyType({one.value.replace("_", "-"): one for one in Unit})
_NOWHERE: Final = RecordRef(0, 0)
_MOST_SHIFT: Final = 100_000


def read_seeds(document: bytes, *, form: str) -> Seeds:
    """What a document of a form (`toml`, `json`) sets up. Raises BadInput that names every mistake with its place."""
    findings = Findings()
    content = parse(document, form)
    blueprint = _blueprint(content, findings)
    whole = Row({key: value for key, value in content.items() if key != "blueprint"}, "", findings)
    seeds = _read(whole, blueprint)
    whole.has("blueprint")
    whole.done()
    if findings.faults:
        count = len(findings.faults)
        raise BadInput(f"The file has {count:,} mistake{'s' if count > 1 else ''}.", findings.faults)
    return seeds


def is_seeds(document: bytes, *, form: str) -> bool:
    """Whether it is a file of records and not of something else."""
    return "blueprint" in parse(document, form)


def _blueprint(content: Mapping[str, object], findings: Findings) -> Blueprint:
    said = content.get("blueprint")
    if is_table(said):
        return blueprint_in(Row(said, "blueprint", findings))
    if isinstance(said, str) and said in SAMPLES:
        return blueprint_in(Row(parse(sample(said), "toml"), "blueprint", findings))
    known = ", ".join(SAMPLES)
    findings.note("blueprint", "missing", f"must be a table, or the name of a sample: {known}; not {shown(said)}")
    return Blueprint()


def _read(whole: Row, blueprint: Blueprint) -> Seeds:
    return Seeds(
        title=whole.text("title"),
        blueprint=blueprint,
        rates=tuple(_rates(whole)),
        periods=tuple(_periods(whole)),
        records=tuple(_records(whole, blueprint)),
        links=tuple(_links(whole, blueprint)),
        rules=tuple(_rules(whole)),
    )


def _rates(whole: Row) -> Iterator[SeedRate]:
    for row in whole.rows("rates"):
        yield SeedRate(
            company=row.text("to", required=True),
            transaction=row.text("from", required=True),
            rate=row.number("rate", Decimal(1)),
            since=_day(row, "since"),
        )
        row.done()


def _periods(whole: Row) -> Iterator[SeedPeriod]:
    for row in whole.rows("periods"):
        yield SeedPeriod(
            year=row.whole("year", 2000, low=1000, high=9999),
            period=row.whole("period", 1, low=1, high=99),
            start=_day(row, "start"),
            end=_day(row, "end"),
        )
        row.done()


def _records(whole: Row, blueprint: Blueprint) -> Iterator[SeedRecord]:
    seen: dict[int, set[object]] = {}
    for row in whole.rows("records"):
        kind = char_type(row)
        number = identity(row, seen.setdefault(kind, set()))
        templates = [one for one in blueprint.templates if one.char_type == kind]
        template = row.reference("template", Index("template", [(one.id, one.name) for one in templates]))
        if template is None and len(templates) == 1:
            template = templates[0].id
        elif template is None:
            row.fault("template", "missing", "must be given where there is more than one")
        yield SeedRecord(
            path=row.path,
            ref=RecordRef(kind, number),
            template=template or 0,
            status=_status(row, blueprint, blueprint.template_of(kind, template or 0)),
            title=row.text("title", most=500) or None,
            values=_values(row),
        )
        row.done()


def _status(row: Row, blueprint: Blueprint, template: Template | None) -> int | None:
    statuses = blueprint.process_of(template).statuses
    return row.reference("status", Index("status", [(one.id, one.name) for one in statuses]))


def _values(row: Row) -> dict[str, object]:
    found = row.row("values")
    if found is None:
        return {}
    return {label: _plain(found.take(label)) for label in found.labels()}


def _plain(value: object) -> object:
    """TOML's days as they are written."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value


def _links(whole: Row, blueprint: Blueprint) -> Iterator[SeedLink]:
    seen: set[object] = set()
    parties = Index("party", [(one.id, one.name) for one in blueprint.parties])
    for row in whole.rows("relationships"):
        yield SeedLink(
            path=row.path,
            number=identity(row, seen),
            parent=_ref(row, "parent"),
            child=_ref(row, "child"),
            kind=row.reference("party", parties) or 0,
        )
        row.done()


def _rules(whole: Row) -> Iterator[SeedRule]:
    seen: set[object] = set()
    for row in whole.rows("date_rules"):
        target = _spot(row, "target")
        once(row, "target", f"{target.ref.char_type}/{target.ref.number}/{target.label}", seen=seen)
        sources = tuple(_source(one) for one in row.rows("sources"))
        if not sources:
            row.fault("sources", "missing", "must name at least one date")
        yield SeedRule(
            path=row.path,
            target=target,
            choosing=row.choice("choosing", _CHOOSING, Choosing.EQUALS),
            recalculation=row.choice("recalculation", _RECALCULATION, Recalculation.HARD),
            sources=sources,
        )
        row.done()


def _source(row: Row) -> SeedSource:
    def amount(key: str) -> int:
        return row.whole(key, 0, high=_MOST_SHIFT)

    shift = Shift(
        years=amount("years"),
        months=amount("months"),
        weeks=amount("weeks"),
        days=amount("days"),
        unit=row.choice("unit", _UNITS, Unit.DAYS),
        back=row.flag("back", otherwise=False),
    )
    source = SeedSource(spot=_spot(row, "of"), shift=shift)
    row.done()
    return source


def _ref(row: Row, key: str) -> RecordRef:
    return _named(row, key, row.text(key, required=True))


def _named(row: Row, key: str, said: str) -> RecordRef:
    found = _REF.fullmatch(said)
    if found is None or found[1] not in BY_PATH:
        if said:
            row.fault(key, "not_a_record", f"must be a char type and a number, such as deal/12, not {shown(said)}")
        return _NOWHERE
    return RecordRef(BY_PATH[found[1]].id, int(found[2]))


def _spot(row: Row, key: str) -> Spot:
    said = row.text(key, required=True)
    found = _SPOT.fullmatch(said)
    if found is None:
        if said:
            row.fault(key, "not_a_field", f"must be a record and a field, such as deal/12 term_end, not {shown(said)}")
        return Spot(_NOWHERE, "")
    return Spot(_named(row, key, found[1]), found[2])


def _day(row: Row, key: str) -> date:
    value = row.take(key)
    if isinstance(value, str):
        with suppress(ValueError):
            value = date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    row.fault(key, "not_a_day", f"must be a day such as 2024-01-31, not {shown(value)}")
    return date.min

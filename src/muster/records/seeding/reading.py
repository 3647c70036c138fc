"""A file of records as what it sets up. Every mistake is told with its place.

Beside the tables read here a file names its blueprint: a table of its own, or the name of a sample.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from muster.domain.document import is_list, is_table, parse
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RecordRef
from muster.domain.records.template import Template
from muster.records.configuring.blueprint import blueprint_in
from muster.records.configuring.parts import char_type
from muster.records.configuring.rows import Findings, Index, Row, identity, shown
from muster.records.configuring.samples import SAMPLES, sample
from muster.records.seeding.books import read_periods, read_rates
from muster.records.seeding.fields import plain, ref_in, refusal
from muster.records.seeding.rules import read_rules
from muster.records.seeding.shape import SeedLink, SeedRecord, Seeds

MOST_TITLE: Final = 500
_WHAT: Final = "file"


def is_seeds(content: Mapping[str, object]) -> bool:
    """Whether a document is a file of records and not of something else."""
    return "blueprint" in content


def read_seeds(document: bytes, *, form: str) -> Seeds:
    """What a document of a form (`toml`, `json`) sets up. Raises BadInput that names every mistake with its place."""
    findings = Findings()
    content = parse(document, form, what=_WHAT)
    blueprint = _blueprint(content, findings)
    whole = Row(content, "", findings)
    whole.take("blueprint")
    seeds = Seeds(
        title=whole.text("title"),
        blueprint=blueprint,
        rates=tuple(read_rates(whole)),
        periods=tuple(read_periods(whole)),
        records=tuple(_records(whole, blueprint)),
        links=tuple(_links(whole, blueprint)),
        rules=tuple(read_rules(whole)),
    )
    whole.done()
    if faults := findings.faults:
        raise refusal(f"The file has {len(faults):,} mistake{'s' if len(faults) > 1 else ''}", faults)
    return seeds


def _blueprint(content: Mapping[str, object], findings: Findings) -> Blueprint:
    said = content.get("blueprint")
    if is_table(said):
        return blueprint_in(Row(said, "blueprint", findings))
    if isinstance(said, str) and said in SAMPLES:
        return blueprint_in(Row(parse(sample(said), "toml"), "blueprint", findings))
    known = ", ".join(SAMPLES)
    wrong = "must be given" if said is None else f"there is no {shown(said)}"
    findings.note("blueprint", "unknown", f"{wrong}: a table, or the name of a sample ({known})")
    return Blueprint()


# --- Records -----------------------------------------------------------------------------------------------------


def _records(whole: Row, blueprint: Blueprint) -> Iterator[SeedRecord]:
    seen: dict[int, set[object]] = {}
    templates = _Templates(blueprint)
    for row in whole.rows("records"):
        kind = char_type(row)
        number = identity(row, seen.setdefault(kind, set()))
        template = templates.of(row, kind)
        yield SeedRecord(
            path=row.path,
            ref=RecordRef(kind, number),
            template=0 if template is None else template.id,
            status=None if template is None else _status(row, blueprint, template),
            title=row.text("title", most=MOST_TITLE) or None,
            values=_values(row),
        )
        row.has("status")
        row.done()


class _Templates:
    """The templates that a record's row may name."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._kept: dict[int, Index] = {}

    def of(self, row: Row, kind: int) -> Template | None:
        """The template that is named, or the only one there is; else a fault and None."""
        index = self._index(kind)
        if not row.has("template") and len(index.ids) != 1:
            row.fault("template", "missing", f"must be given: the id or the name of one of {len(index.ids)}")
            return None
        number = row.reference("template", index) if row.has("template") else next(iter(index.ids))
        return None if number is None else self._blueprint.template_of(kind, number)

    def _index(self, kind: int) -> Index:
        if kind not in self._kept:
            named = [(one.id, one.name) for one in self._blueprint.templates if one.char_type == kind]
            self._kept[kind] = Index("template", named)
        return self._kept[kind]


def _status(row: Row, blueprint: Blueprint, template: Template) -> int | None:
    statuses = blueprint.process_of(template).statuses
    return row.reference("status", Index("status", [(one.id, one.name) for one in statuses]))


def _values(row: Row) -> dict[str, object]:
    found = row.row("values")
    return {} if found is None else {label: _plain(found.take(label)) for label in found.labels()}


def _plain(value: object) -> object:
    return [plain(one) for one in value] if is_list(value) else plain(value)


# --- Relationships -----------------------------------------------------------------------------------------------


def _links(whole: Row, blueprint: Blueprint) -> Iterator[SeedLink]:
    numbers: set[object] = set()
    pairs: set[object] = set()
    parties = Index("party", [(one.id, one.name) for one in blueprint.parties])
    for row in whole.rows("relationships"):
        number, parent, child = identity(row, numbers), ref_in(row, "parent"), ref_in(row, "child")
        kind = row.reference("party", parties) or 0
        if parent is not None and child is not None:
            if (parent, child, kind) in pairs:
                row.fault("", "duplicate", "there is the same relationship in this file already")
            pairs.add((parent, child, kind))
            yield SeedLink(path=row.path, number=number, parent=parent, child=child, kind=kind)
        row.done()

"""Templates of a blueprint's document: their fields, and what they may be related to."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from muster.domain.document import is_table
from muster.domain.records.char_types import CHAR_TYPES
from muster.domain.records.process import NO_PROCESS
from muster.domain.records.template import DataType, Field, Pairing, PickList, Template, Trigger
from muster.records.configuring.parts import TYPES, char_type, describe
from muster.records.configuring.rows import Findings, Index, Row, cut, identity, shown
from muster.records.values.choices import YES_NO

WORDS: Mapping[str, DataType] = MappingProxyType(
    {one.name.lower(): one for one in DataType} | {one.value.lower(): one for one in DataType}
)
"""What data types are called in a document: `text`, `date`, `money` …, or as clients know them."""
INDICATORS: Mapping[str, int] = MappingProxyType(
    {
        "territory": 2,
        "term_start": 5,
        "term_end": 6,
        "currency": 8,
        "total": 9,
        "balance": 10,
        "transaction_date": 12,
        "income_group": 13,
        "due_date": 2009,
        "full_recoupment_date": 2012,
    }
)
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_DIGITS: Final = 10
_SUFFIXES = ("_istr", "_sort", "_leafids")
_FIXED: Final = frozenset(
    {
        "recordid",
        "chartypeid",
        "title",
        "recrevid",
        "template",
        "templateid",
        "status",
        "statusid",
        "created",
        "created_by",
        "last_updated",
        "last_updated_by",
        "status_updated",
        "status_updated_by",
        "relrecid",
        "relind",
        "parentchartypeid",
        "parentrecordid",
        "childchartypeid",
        "childrecordid",
        "sequencenumber",
        "entity_id",
        "entity_revision_id",
        "entity_title",
        "entity_template",
        "entity_status",
    }
)
"""What searches and answers call what is no field."""
_LISTED: Final = frozenset({DataType.TEXT, DataType.CHECKBOX})
_SINGLE: Final = frozenset({DataType.DATE, DataType.CHECKBOX, DataType.YEAR})


class Surroundings:
    """What templates may name: lists, processes, each other, and sets of fields that several of them share."""

    def __init__(self, whole: Row, lists: Sequence[PickList], processes: Index) -> None:
        self.lists = {one.id: one for one in lists}
        self.list_index = Index("list", [(one.id, one.name) for one in lists])
        self.processes = processes
        self.rows = list(whole.rows("templates"))
        self.templates = dict(_heads(self.rows))
        self.sets = dict(_sets(whole))


def _heads(rows: Sequence[Row]) -> Iterator[tuple[int, Index]]:
    """By char type: the templates, by what can be read of them."""
    for sort in CHAR_TYPES:
        found: dict[int, str] = {}
        for row in rows:
            said, number, name = row.take("type"), row.take("id"), row.take("name")
            if isinstance(said, str):
                said = TYPES.get(said.lower())
            if said == sort and isinstance(number, int):
                found.setdefault(number, name if isinstance(name, str) else "")
        yield sort, Index(f"{CHAR_TYPES[sort].path} template", found.items())


def _sets(whole: Row) -> Iterator[tuple[str, Mapping[str, object]]]:
    found = whole.take("field_sets")
    if found is None:
        return
    if not is_table(found):
        whole.fault("field_sets", "not_a_table", f"must be a table, not {shown(found)}")
        return
    for name, fields in found.items():
        if is_table(fields):
            yield name, fields
        else:
            whole.fault(f"field_sets.{cut(name)}", "not_a_table", f"must be a table of fields, not {shown(fields)}")


def read_templates(around: Surroundings) -> Iterator[Template]:
    """Templates."""
    taken: dict[int, set[object]] = {}
    used: set[str] = set()
    for row in around.rows:
        sort = char_type(row)
        number = identity(row, taken.setdefault(sort, set()))
        group = _group(row)
        template = Template(
            char_type=sort,
            id=number,
            name=row.text("name", required=True),
            description=describe(row),
            group=group[0],
            group_name=group[1],
            indicator=_indicator(row),
            process=row.reference("process", around.processes) or NO_PROCESS,
            fields=tuple(_fields(row, around, used)),
            parents=tuple(_pairings(row, "parents", around)),
            children=tuple(_pairings(row, "children", around)),
        )
        row.done()
        yield template
    for name in around.sets:
        if name not in used and around.rows:
            around.rows[0].findings.note(f"field_sets.{cut(name)}", "unused", "no template uses this set")


def _group(row: Row) -> tuple[int, str, int]:
    """Id, name and place of a group: `"Name"`, or a table of them. Id 0: none is given."""
    said = row.take("group")
    if isinstance(said, str):
        return 0, row.text("group"), 0
    inner = row.row("group")
    if inner is None:
        return 0, "", 0
    group = inner.whole("id", 0), inner.text("name"), inner.whole("sequence", 0)
    inner.done()
    return group


def _indicator(row: Row) -> int:
    said = row.take("indicator")
    return row.choice("indicator", INDICATORS, 0) if isinstance(said, str) else row.whole("indicator", 0)


def _pairings(row: Row, key: str, around: Surroundings) -> Iterator[Pairing]:
    """`"type/template"`, or a table with a relevance."""
    for place, one in row.each(key):
        if is_table(one):
            inner = Row(one, row.at(place), row.findings)
            sort = char_type(inner)
            number = inner.reference("template", around.templates.get(sort, Index("template")))
            if not inner.has("template"):
                inner.fault("template", "missing", "must be given")
            relevance = inner.whole("relevance", 1)
            inner.done()
            yield Pairing(char_type=sort, template=number or 0, relevance=relevance)
            continue
        path, slash, said = one.partition("/") if isinstance(one, str) else ("", "", "")
        sort = TYPES.get(path.strip().lower(), -1)
        if sort < 0 or not slash:
            row.fault(place, "not_a_pairing", f'must be such as "right/1" or "deal/License", not {shown(one)}')
            continue
        name = said.strip()
        number = row.resolved(
            place, int(name) if name.isdecimal() and len(name) <= _DIGITS else name, around.templates[sort]
        )
        if number is not None:
            yield Pairing(char_type=sort, template=number)


def _fields(row: Row, around: Surroundings, used: set[str]) -> Iterator[Field]:
    """Its own fields, after those of the sets it uses."""
    every: dict[str, tuple[object, str]] = {}
    for name in row.texts("use"):
        if name not in around.sets:
            number = Index("set of fields", enumerate(around.sets)).find(name)[1]
            row.fault("use", "unknown", number)
            continue
        used.add(name)
        every |= {label: (said, f"field_sets.{name}") for label, said in around.sets[name].items()}
    own = row.row("fields")
    if own is not None:
        for label in own.labels():
            if label in every:
                own.fault(label, "duplicate", f"is there already, from {every[label][1]}")
            every[label] = own.take(label), own.path
    groups: dict[str, int] = {}
    read = [
        _field(label, said, place=_Place(path, row.findings, number=place, groups=groups), around=around)
        for place, (label, (said, path)) in enumerate(every.items(), 1)
    ]
    for field, (_, path) in zip(read, every.values(), strict=True):
        if field.trigger is not None:
            others = {one.label: one for one in read if one is not field}
            _judge_trigger(Row({}, path, row.findings), field, others=others, lists=around.lists)
    yield from read


class _Place:
    """Where a field stands, and the groups that were named before it."""

    def __init__(self, path: str, findings: Findings, *, number: int, groups: dict[str, int]) -> None:
        self.path = path
        self.findings = findings
        self.number = number
        self.groups = groups


def _field(label: str, said: object, *, place: _Place, around: Surroundings) -> Field:
    """A field: a table, or only its data type."""
    holder = Row({label: said}, place.path, place.findings)
    inner = Row({"type": said}, holder.at(cut(label)), place.findings) if isinstance(said, str) else holder.row(label)
    row = inner or Row({}, holder.at(cut(label)), place.findings)
    _judge_label(row, label)
    group, group_name, group_sequence = _group(row)
    if group_name and not group:
        group = place.groups.setdefault(group_name, len(place.groups) + 1)
        group_sequence = group_sequence or group
    field = Field(
        label=label,
        name=row.text("name", label.replace("_", " ").strip().capitalize()),
        description=describe(row),
        data_type=row.choice("type", WORDS, DataType.TEXT),
        required=row.flag("required", otherwise=False),
        editable=row.flag("editable", otherwise=True),
        multiple=row.flag("multiple", otherwise=False),
        max_length=row.whole("max_length", 0, high=1_000_000),
        sequence=row.whole("sequence", place.number),
        pick_list=row.reference("list", around.list_index),
        indicator=_indicator(row),
        copied=row.flag("copied", otherwise=True),
        reported=row.flag("reported", otherwise=True),
        group=group,
        group_name=group_name,
        group_sequence=group_sequence,
        trigger=_trigger(row),
    )
    _judge_field(row, field)
    row.done()
    return field


def _trigger(row: Row) -> Trigger | None:
    inner = row.row("when")
    if inner is None:
        return None
    trigger = Trigger(label=inner.text("field", required=True), value=inner.text("is", required=True))
    inner.done()
    return trigger


def _judge_label(row: Row, label: str) -> None:
    if not _LABEL.fullmatch(label):
        row.fault("", "bad_label", "a label has letters, digits and _, begins with a letter and is at most 100 long")
    elif label.lower() in _FIXED or label.lower().endswith(_SUFFIXES):
        row.fault("", "bad_label", "searches give this name another meaning; call the field something else")


def _judge_field(row: Row, field: Field) -> None:
    if field.pick_list is not None and field.data_type not in _LISTED:
        row.fault("list", "not_wanted", "only a text or a checkbox is chosen from a list")
    if field.multiple and field.data_type in _SINGLE:
        row.fault("multiple", "not_wanted", "a field of this type has one value")


def _judge_trigger(row: Row, field: Field, *, others: Mapping[str, Field], lists: Mapping[int, PickList]) -> None:
    """A field that is asked for only under a condition must have one that can be true."""
    if field.trigger is None:
        return
    key = f"{cut(field.label)}.when"
    other = others.get(field.trigger.label)
    if other is None:
        why = Index("other field of the template", enumerate(others)).find(field.trigger.label)[1]
        row.fault(f"{key}.field", "unknown", why)
        return
    chosen = YES_NO if other.data_type is DataType.CHECKBOX else None
    chosen = chosen if other.pick_list is None else lists.get(other.pick_list)
    if chosen is not None:
        number, why = Index("value", [(one.id, one.label) for one in chosen.options]).find(field.trigger.value)
        if number is None:
            row.fault(f"{key}.is", "unknown", f"{why} among those of {other.label}")

"""A blueprint as a document of the form TOML, such as people write and `read_blueprint` reads."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from muster.domain.records.amortization import Model, Setup
from muster.domain.records.blueprint import Ban, Blueprint
from muster.domain.records.char_types import CHAR_TYPES
from muster.domain.records.process import Action, Process, Status
from muster.domain.records.template import DataType, Field, Option, Pairing, PickList, Template
from muster.records.configuring.parts import RELATIONSHIPS
from muster.records.values.types import is_list, is_table

_WORDS = {one: one.name.lower() for one in DataType}
_HEAD = "# The configuration of a record store. Check it with `muster records check FILE`.\n"


def write_toml(blueprint: Blueprint) -> str:
    """The document: reading it gives the same blueprint, but for its version."""
    lines = [_HEAD, *_keys({"company_currency": blueprint.company_currency}), ""]
    for section, rows in _sections(blueprint):
        for row, fields in rows:
            lines += [f"[[{section}]]", *_keys(row), *_fields(section, fields), ""]
    if blueprint.amortization != Setup():
        setup, plain = blueprint.amortization, Setup()
        told = {
            name: getattr(setup, name)
            for name in Setup.__struct_fields__
            if getattr(setup, name) != getattr(plain, name)
        }
        lines += ["[amortization]", *_keys(told), ""]
    return "\n".join(lines)


T = TypeVar("T")
_Row = tuple[Mapping[str, object], Mapping[str, object]]
"""The keys of a table, and those of its fields."""


def _sections(blueprint: Blueprint) -> Iterator[tuple[str, Iterator[_Row]]]:
    yield "lists", _each(_list, blueprint.lists)
    yield "parties", _each(lambda one: {"id": one.id, "name": one.name}, blueprint.parties)
    yield "roles", _each(lambda one: {"id": one.id, "name": one.name, "members": list(one.roles)}, blueprint.roles)
    yield "processes", ((_process(one, place), {}) for place, one in enumerate(blueprint.processes, 1))
    yield (
        "templates",
        (
            (_template(one), {field.label: _field(field, place) for place, field in enumerate(one.fields, 1)})
            for one in blueprint.templates
        ),
    )
    yield "bans", _each(_ban, blueprint.bans)
    yield "models", _each(_model, blueprint.models)
    yield "period_actions", _each(lambda one: {"process": one.process, "action": one.action}, blueprint.period_actions)


def _each(told: Callable[[T], Mapping[str, object]], things: Iterable[T]) -> Iterator[_Row]:
    return ((told(one), {}) for one in things)


def _list(one: PickList) -> Mapping[str, object]:
    return {"id": one.id, "guid": one.guid, "name": one.name, "values": [_option(option) for option in one.options]}


def _option(one: Option) -> Mapping[str, object]:
    return _said(one, {"id": one.id, "label": one.label})


def _process(one: Process, place: int) -> Mapping[str, object]:
    return {
        **_said(one, _named(one, place), leaving={"sequence", "statuses", "actions"}),
        "statuses": [_status(status, place) for place, status in enumerate(one.statuses, 1)],
        "actions": [_action(action, place, process=one.id) for place, action in enumerate(one.actions, 1)],
    }


def _named(one: Process | Status | Action, place: int) -> Mapping[str, object]:
    """Id and name, and the sequence number where that is not simply the place."""
    told: dict[str, object] = {"id": one.id, "name": one.name}
    return told if one.sequence == place else {**told, "sequence": one.sequence}


def _status(one: Status, place: int) -> Mapping[str, object]:
    return _said(one, _named(one, place), leaving={"sequence"})


def _action(one: Action, place: int, *, process: int) -> Mapping[str, object]:
    told = {**_named(one, place), "to": one.status}
    chained = [
        step.action if step.process == process else {"process": step.process, "action": step.action}
        for step in one.chained
    ]
    return {**_said(one, told, leaving={"sequence", "status", "chained"}), **({"chained": chained} if chained else {})}


def _template(one: Template) -> Mapping[str, object]:
    told: dict[str, object] = {"type": CHAR_TYPES[one.char_type].path, "id": one.id, "name": one.name}
    leaving = {"char_type", "fields", "parents", "children", "group", "group_name"}
    told |= _group({"id": one.group, "name": one.group_name})
    told |= _said(one, {}, leaving=leaving)
    for key, pairings in (("parents", one.parents), ("children", one.children)):
        if pairings:
            told[key] = [_pairing(pairing) for pairing in pairings]
    return told


def _pairing(one: Pairing) -> object:
    path = CHAR_TYPES[one.char_type].path
    if one.relevance == 1:
        return f"{path}/{one.template}"
    return {"type": path, "template": one.template, "relevance": one.relevance}


def _field(one: Field, place: int) -> Mapping[str, object]:
    told: dict[str, object] = {"name": one.name, "type": _WORDS[one.data_type]}
    if one.sequence != place:
        told["sequence"] = one.sequence
    if one.pick_list is not None:
        told["list"] = one.pick_list
    told |= _group({"id": one.group, "name": one.group_name, "sequence": one.group_sequence})
    if one.trigger is not None:
        told["when"] = {"field": one.trigger.label, "is": one.trigger.value}
    leaving = {"label", "data_type", "sequence", "pick_list", "group", "group_name", "group_sequence", "trigger"}
    return _said(one, told, leaving=leaving)


def _group(group: Mapping[str, object]) -> Mapping[str, object]:
    told = {key: value for key, value in group.items() if value}
    return {"group": told} if told else {}


def _ban(one: Ban) -> Mapping[str, object]:
    path = CHAR_TYPES[one.char_type].path if one.char_type in CHAR_TYPES else RELATIONSHIPS
    return {"type": path, **_said(one, {}, leaving={"char_type"})}


def _model(one: Model) -> Mapping[str, object]:
    told: dict[str, object] = {"id": one.id, "name": one.name, "method": one.method}
    numbered = [period.id for period in one.periods] == list(range(1, len(one.periods) + 1))
    if numbered and not any(period.updated_at for period in one.periods):
        told |= {"splits": [period.split for period in one.periods]} if one.periods else {}
    else:
        told["periods"] = [
            {"id": period.id, "split": period.split, "updated": period.updated_at} for period in one.periods
        ]
    return _said(one, told, leaving={"periods"})


def _said(
    one: msgspec.Struct, told: Mapping[str, object], *, leaving: frozenset[str] | set[str] = frozenset()
) -> Mapping[str, object]:
    """`told`, and every other field that is not what it would be if nothing were said."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(type(one))}
    rest = {
        name: value
        for name, default in defaults.items()
        if name not in told and name not in leaving and (value := getattr(one, name)) != default
    }
    return {**told, **rest}


# --- TOML ------------------------------------------------------------------------------------------------------


def _keys(row: Mapping[str, object]) -> Iterator[str]:
    for key, value in row.items():
        if value is not None:
            yield f"{key} = {_long(value)}"


def _fields(section: str, fields: Mapping[str, object]) -> Iterator[str]:
    if fields:
        yield f"[{section}.fields]"
        yield from _keys(fields)


def _long(value: object) -> str:
    """A value; a list of tables with one of them a line."""
    if is_list(value) and any(is_table(one) for one in value):
        return "".join(("[\n", *(f"  {_short(one)},\n" for one in value), "]"))
    return _short(value)


def _short(value: object) -> str:
    if is_table(value):
        inner = ", ".join(f"{key} = {_short(one)}" for key, one in value.items() if one is not None)
        return f"{{ {inner} }}"
    if is_list(value):
        return f"[{', '.join(_short(one) for one in value)}]"
    return _text(value) if isinstance(value, str) else _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(value: str) -> str:
    # The escapes of JSON are escapes of TOML; only DEL must be escaped besides.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")

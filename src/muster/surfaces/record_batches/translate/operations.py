"""From bodies to operations: whole batches, and single calls (specification A4.1, A6).

What is wrong with a batch as such is refused (BadInput, one sentence, the first of A4.1's table that applies). What is
wrong with one of its entries becomes an `Unusable` operation, and so a result of its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from muster.domain.errors import BadInput
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import CHAR_TYPES, RELATIONSHIP, TABLE, RecordRef
from muster.domain.records.operation import (
    Act,
    Amortize,
    Change,
    Copy,
    Create,
    Dates,
    Fetch,
    FetchLink,
    Operation,
    Relate,
    Remove,
    Unrelate,
    Unusable,
)
from muster.records.amortization.schedule import is_valid
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.record_batches.translate.bodies import Fields, whole
from muster.surfaces.record_batches.translate.drafts import (
    Unreadable,
    read_draft,
    read_kind,
    read_template,
    read_title,
    read_values,
)
from muster.surfaces.record_batches.wire import batches as wire

__all__ = ["Asked", "read_batch", "read_change", "read_create", "read_relate"]

_LONGEST_SHOWN = 100
_shown = msgspec.json.Encoder(decimal_format="number").encode
_CHAR_TYPES_BY_KEY = MappingProxyType({str(number): number for number in CHAR_TYPES})
_DATES: Mapping[str, Dates] = MappingProxyType(
    {"default": Dates.DEFAULT, "originalrecord": Dates.ORIGINAL, "copiedrecord": Dates.COPIED}
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it was asked for."""

    method: str
    whole: bool
    dry: bool = False
    operations: tuple[Operation, ...]
    """In the order in which they are to be done (specification A5.3)."""
    groups: tuple[int, ...]


class _Given(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of a batch: each an object, its properties unread."""

    records: Mapping[int, Sequence[Mapping[str, object]]]
    links: Sequence[Mapping[str, object]]


def read_batch(body: object, blueprint: Blueprint, *, most: int = wire.MOST_ENTRIES) -> Asked:
    """The batch. `most`: how many entries it may have. Raises BadInput."""
    if not is_object(body):
        raise BadInput("Invalid JSON in request body.")
    fields = Fields(body)
    method = _method(fields)
    _check_size(fields, most)
    given = _Given(records=_records(fields), links=_links(fields))
    _check_targets(method, given)
    all_of_it, dry = _option(fields, "cancelIfRecordFails"), _option(fields, "validateOnly")
    model = _model(fields, blueprint) if method == wire.AMORTIZE else 0
    return Asked(
        method=method,
        whole=all_of_it,
        dry=dry,
        operations=tuple(_operations(method, given, model)),
        groups=tuple(given.records),
    )


def read_create(body: Fields, char_type: int) -> Create:
    """The operation that makes a record. Raises Unreadable."""
    return Create(group=char_type, draft=read_draft(body))


def read_change(body: Fields, ref: RecordRef) -> Change:
    """The operation that changes a record. Raises Unreadable."""
    return Change(group=ref.char_type, number=ref.number, draft=read_draft(body))


def read_relate(body: Fields) -> Relate:
    """The operation that makes a relationship. Raises Unreadable."""
    numbers = [body.number(name) for name in ("parentCharTypeId", "parentRecordId", "childCharTypeId", "childRecordId")]
    parent_type, parent, child_type, child = numbers
    if parent_type is None or parent is None or child_type is None or child is None:
        raise Unreadable
    if not {parent_type, child_type} <= CHAR_TYPES.keys():
        raise Unreadable
    return Relate(
        group=RELATIONSHIP,
        parent=RecordRef(parent_type, parent),
        child=RecordRef(child_type, child),
        kind=read_kind(body),
    )


# --- The batch as such -------------------------------------------------------------------------------------------


def _method(fields: Fields) -> str:
    given = fields.get("method")
    if given is None or (isinstance(given, str) and not given.strip()):
        raise BadInput("Method is required.")
    method = given.strip().upper() if isinstance(given, str) else ""
    if method not in wire.METHODS:
        shown = given.strip() if isinstance(given, str) else _shown(given).decode()
        raise BadInput(f"Method '{shown[:_LONGEST_SHOWN]}' is not supported.")
    return method


def _check_size(fields: Fields, most: int) -> None:
    records, links = fields.get("records"), fields.get("relationships")
    total = _size(links) + (sum(map(_size, records.values())) if is_object(records) else _size(records))
    if not total:
        raise BadInput("Batch must contain at least one record or relationship.")
    if total > most:
        raise BadInput(f"Batch requests are limited to {most} records.")


def _size(value: object) -> int:
    """How many entries a value stands for; what should be a list and is none counts as one, and is refused later."""
    if value is None:
        return 0
    return len(value) if is_array(value) else 1


def _records(fields: Fields) -> Mapping[int, Sequence[Mapping[str, object]]]:
    given = fields.get("records")
    if given is None or given == []:
        return {}
    if not is_object(given):
        raise BadInput("Records must be an object with char type IDs as keys.")
    for key in given:
        if key not in _CHAR_TYPES_BY_KEY:
            raise BadInput(f"Invalid char type ID '{key[:_LONGEST_SHOWN]}'.")
    return {
        _CHAR_TYPES_BY_KEY[key]: _objects(value, f"Records for char type {key} must be an array of objects.")
        for key, value in given.items()
    }


def _links(fields: Fields) -> Sequence[Mapping[str, object]]:
    given = fields.get("relationships")
    return () if given is None else _objects(given, "Relationships must be an array of objects.")


def _objects(value: object, refusal: str) -> Sequence[Mapping[str, object]]:
    if not is_array(value):
        raise BadInput(refusal)
    objects = [one for one in value if is_object(one)]
    if len(objects) != len(value):
        raise BadInput(refusal)
    return objects


def _check_targets(method: str, given: _Given) -> None:
    if given.links and method not in wire.ON_RELATIONSHIPS:
        raise BadInput(f"Method {method} is not supported for relationships.")
    if method == wire.AMORTIZE and set(given.records) - {TABLE}:
        raise BadInput("Amortization can only be calculated for table records.")


def _option(fields: Fields, name: str) -> bool:
    options = fields.get("batchOptions")
    if options is None:
        return False
    if not is_object(options):
        raise BadInput("BatchOptions must be an object.")
    asked = Fields(options).get(name)
    if not isinstance(asked, bool | None):
        raise BadInput(f"{name} must be true or false.")
    return bool(asked)


def _model(fields: Fields, blueprint: Blueprint) -> int:
    asked = fields.get("amortizationModelId")
    if asked is None or asked == "":
        raise BadInput("AmortizationModelId is required.")
    number = whole(asked)
    model = None if number is None else blueprint.model_by_id.get(number)
    if model is None:
        shown = asked if isinstance(asked, str) else _shown(asked).decode()
        raise BadInput(f"Amortization model {shown[:_LONGEST_SHOWN]} does not exist.")
    if not is_valid(model):
        raise BadInput(f"Amortization model {model.id} is invalid.")
    return model.id


# --- Its entries -------------------------------------------------------------------------------------------------


def _operations(method: str, given: _Given, model: int) -> Iterable[Operation]:
    records = [
        _operation(method, group, Fields(entry), model=model)
        for group, entries in given.records.items()
        for entry in entries
    ]
    links = [_operation(method, RELATIONSHIP, Fields(entry), model=model) for entry in given.links]
    return [*links, *records] if method == wire.DELETE else [*records, *links]


def _operation(method: str, group: int, fields: Fields, *, model: int) -> Operation:
    reader = (_ON_LINKS if group == RELATIONSHIP else _ON_RECORDS)[method]
    try:
        reference = _reference(fields)
        read = reader(fields, group)
    except Unreadable:
        return Unusable(
            group=group,
            number=_number_shown(method, fields),
            reference=_reference_shown(fields),
            writes=method != wire.GET,
        )
    if isinstance(read, Amortize):
        return msgspec.structs.replace(read, model=model, reference=reference)
    return msgspec.structs.replace(read, reference=reference) if reference is not None else read


def _number(fields: Fields) -> int:
    number = fields.number("id")
    if number is None:
        raise Unreadable
    return number


def _number_shown(method: str, fields: Fields) -> int:
    """The id that the result of something unusable tells: none of a creation."""
    return 0 if method == wire.POST else fields.number("id") or 0


def _reference(fields: Fields) -> str | None:
    given = fields.get("referenceId")
    if given is None:
        return None
    text = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    if not isinstance(text, str) or len(text) > wire.LONGEST_REFERENCE:
        raise Unreadable
    return text


def _reference_shown(fields: Fields) -> str | None:
    given = fields.get("referenceId")
    return given[: wire.LONGEST_REFERENCE] if isinstance(given, str) else None


def _fetch(fields: Fields, group: int) -> Operation:
    return Fetch(group=group, number=_number(fields))


def _fetch_link(fields: Fields, group: int) -> Operation:
    return FetchLink(group=group, number=_number(fields))


def _create(fields: Fields, group: int) -> Operation:
    return read_create(fields, group)


def _change(fields: Fields, group: int) -> Operation:
    return read_change(fields, RecordRef(group, _number(fields)))


def _remove(fields: Fields, group: int) -> Operation:
    return Remove(group=group, number=_number(fields))


def _relate(fields: Fields, _group: int) -> Operation:
    return read_relate(fields)


def _unrelate(fields: Fields, group: int) -> Operation:
    return Unrelate(group=group, number=_number(fields))


def _act(fields: Fields, group: int) -> Operation:
    action = fields.number("actionId")
    if action is None:
        raise Unreadable
    return Act(group=group, number=_number(fields), action=action)


def _amortize(fields: Fields, group: int) -> Operation:
    return Amortize(group=group, number=_number(fields), model=0)


def _copy(fields: Fields, group: int) -> Operation:
    links, all_links = _copied_links(fields)
    to = _copied_to(fields)
    return Copy(
        group=group,
        number=_number(fields),
        title=read_title(fields),
        template=read_template(fields),
        to=None if to == group else to,
        values=read_values(fields),
        dates=_dates(fields),
        links=links,
        all_links=all_links,
        parties=_flag(fields, "copyParties", default=True),
    )


def _copied_to(fields: Fields) -> int | None:
    """The char type of the copy. Typed clients send 0 for "the same"."""
    asked = fields.get("charTypeId")
    number = 0 if asked is None else whole(asked)
    if number is None or (number and number not in CHAR_TYPES):
        raise Unreadable
    return number or None


def _copied_links(fields: Fields) -> tuple[tuple[int, ...], bool]:
    """Which relationships to repeat, and whether all. An older form of the call knows only all or none."""
    asked = fields.get("copyRelationships")
    if asked is None or isinstance(asked, bool):
        return (), asked is True
    if not is_array(asked):
        raise Unreadable
    return tuple(_number(Fields(one)) if is_object(one) else _unreadable() for one in asked), False


def _unreadable() -> int:
    raise Unreadable


def _dates(fields: Fields) -> Dates:
    asked = fields.get("dateMathOption")
    if asked is None:
        return Dates.DEFAULT
    found = _DATES.get("".join(asked.split()).lower()) if isinstance(asked, str) else None
    if found is None:
        raise Unreadable
    return found


def _flag(fields: Fields, name: str, *, default: bool) -> bool:
    asked = fields.get(name)
    if not isinstance(asked, bool | None):
        raise Unreadable
    return default if asked is None else asked


_Reader = Callable[[Fields, int], Operation]
_ON_RECORDS: Mapping[str, _Reader] = MappingProxyType(
    {
        wire.GET: _fetch,
        wire.POST: _create,
        wire.PUT: _change,
        wire.DELETE: _remove,
        wire.COPY: _copy,
        wire.ACT: _act,
        wire.AMORTIZE: _amortize,
    }
)
_ON_LINKS: Mapping[str, _Reader] = MappingProxyType({wire.GET: _fetch_link, wire.POST: _relate, wire.DELETE: _unrelate})

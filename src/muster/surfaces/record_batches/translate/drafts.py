"""From the body of a record to what the record is to become (specification A7.3, A7.4)."""

from collections.abc import Mapping
from decimal import Decimal

from muster.domain.errors import BadInput
from muster.domain.records.char_types import BY_PATH, CHAR_TYPES, RecordRef
from muster.domain.records.operation import Draft, ParentAsk, Spare
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.record_batches.translate.bodies import Fields, whole
from muster.surfaces.record_batches.wire import entities as wire
from muster.surfaces.record_batches.wire.batches import INVALID_RECORD

_VALUE_NAMES = {
    name.lower(): name for name in ("id", "value", "xref", "locAmt", "locCur", "locSym", "divAmt", "divCur", "divSym")
}


MOST_LABELS = 2_000
"""Characteristics that one body names. Each that there is not is told, so their number has to have an end."""


class Unreadable(BadInput):
    """A property is not of the type it has to be, so nothing can be done with the record."""

    def __init__(self) -> None:
        super().__init__(INVALID_RECORD)


def read_draft(body: Fields) -> Draft:
    """What the record is to become. Raises Unreadable."""
    rules = _object(body, "relationshipUpdateRules")
    return Draft(
        title=read_title(body),
        template=read_template(body),
        values=read_values(body),
        flags=_flags(body),
        parents=_parents(body),
        replace_parents=rules is not None and _replaces(rules),
        spared=_spared(rules) if rules is not None else (),
    )


def read_title(body: Fields) -> str | None:
    """The title; None where none is mentioned. Raises Unreadable."""
    title = body.get("title")
    if isinstance(title, bool) or not isinstance(title, str | int | Decimal | None):
        raise Unreadable
    return None if title is None else str(title)


def read_template(body: Fields) -> int | None:
    """The number of the template; None where none is mentioned. Raises Unreadable."""
    template = _object(body, "template")
    if template is None or template.get("templateId") is None:
        return None
    number = template.number("templateId")
    if number is None:
        raise Unreadable
    # Typed clients send 0 for "none".
    return number or None


def read_values(body: Fields) -> Mapping[str, object]:
    """The characteristics by label. Raises Unreadable."""
    values = body.get("characteristics")
    if values is None:
        return {}
    if not is_object(values) or len(values) > MOST_LABELS:
        raise Unreadable
    return {label: _value(value) for label, value in values.items()}


def read_kind(body: Fields) -> int:
    """The type of a relationship; 0 where none is mentioned. Raises Unreadable."""
    kind = body.get("relationshipType")
    if kind is None:
        return 0
    number = Fields(kind).get("relationshipTypeId") if is_object(kind) else kind
    found = 0 if number is None else whole(number)
    if found is None:
        raise Unreadable
    return found


def _object(body: Fields, name: str) -> Fields | None:
    found = body.get(name)
    if found is None:
        return None
    if not is_object(found):
        raise Unreadable
    return Fields(found)


def _value(value: object) -> object:
    """A value with the names of its parts as they are documented, in whatever case they came."""
    if is_array(value):
        return [_value(one) for one in value]
    if is_object(value):
        return {_VALUE_NAMES.get(name.lower(), name): part for name, part in value.items()}
    return value


def _flags(body: Fields) -> dict[str, dict[str, object]]:
    extended = body.get("characteristicsExtended")
    if extended is None:
        return {}
    if not is_object(extended) or len(extended) > MOST_LABELS:
        raise Unreadable
    found: dict[str, dict[str, object]] = {}
    for label, content in extended.items():
        if content is None:
            continue
        if not is_object(content):
            raise Unreadable
        asked = Fields(content)
        flags = {"estimated": asked.get("estimated"), "blocked": asked.get("blockDateMath")}
        found[label] = {name: flag for name, flag in flags.items() if flag is not None}
    if not all(isinstance(flag, bool) for flags in found.values() for flag in flags.values()):
        raise Unreadable
    return found


def _parents(body: Fields) -> tuple[ParentAsk, ...] | None:
    asked = body.get("parentRelationship")
    if asked is None:
        return None
    # The vendor's own client sends one alone without the brackets.
    listed = asked if is_array(asked) else [asked]
    return tuple(_parent(one) for one in listed)


def _parent(asked: object) -> ParentAsk:
    if not is_object(asked):
        raise Unreadable
    fields = Fields(asked)
    char_type, number = fields.number("parentCharTypeId"), fields.number("parentRecordId")
    if char_type is None or number is None or char_type not in CHAR_TYPES:
        raise Unreadable
    return ParentAsk(parent=RecordRef(char_type, number), kind=read_kind(fields))


def _replaces(rules: Fields) -> bool:
    rule = rules.get("rule")
    if rule is None or rule == "":
        return False
    names = {wire.REPLACE_ALL.lower(): True, wire.ADD_ONLY.lower(): False}
    found = names.get(rule.strip().lower()) if isinstance(rule, str) else None
    if found is None:
        raise Unreadable
    return found


def _spared(rules: Fields) -> tuple[Spare, ...]:
    asked = rules.get("exceptions")
    if asked is None:
        return ()
    if not is_array(asked):
        raise Unreadable
    return tuple(_spare(one) for one in asked)


def _spare(asked: object) -> Spare:
    if not is_object(asked):
        raise Unreadable
    fields = Fields(asked)
    return Spare(
        parent_type=_char_type(fields.get("parentEntityType")),
        parent_templates=_numbers(fields.get("parentEntityTemplateIds")),
        child_type=_char_type(fields.get("childEntityType")),
        child_templates=_numbers(fields.get("childEntityTemplateIds")),
    )


def _char_type(asked: object) -> int | None:
    """A char type by its id or its path name."""
    if asked is None or asked == "":
        return None
    named = BY_PATH.get(asked.strip().lower()) if isinstance(asked, str) else None
    number = named.id if named else whole(asked)
    if number is None:
        raise Unreadable
    return number


def _numbers(asked: object) -> tuple[int, ...]:
    if asked is None:
        return ()
    if not is_array(asked):
        raise Unreadable
    found = [whole(one) for one in asked]
    if None in found:
        raise Unreadable
    return tuple(one for one in found if one is not None)

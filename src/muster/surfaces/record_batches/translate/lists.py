"""Lists of values: as they are shown, and what a body wishes for (specification B8)."""

from collections.abc import Sequence
from http import HTTPStatus

from muster.domain.errors import BadInput
from muster.domain.records.template import Option, PickList
from muster.records.configuring.lists import Wish
from muster.surfaces.record_batches.translate.bodies import Fields
from muster.surfaces.record_batches.wire import lists as wire
from muster.surfaces.record_batches.wire.problems import Refused

_STANDS = {wire.ACTIVE.lower(): True, wire.INACTIVE.lower(): False}
_LONGEST_SHOWN = 100


def render_names(lists: Sequence[PickList]) -> list[wire.ListName]:
    """The list of lists."""
    return [wire.ListName(id=one.guid, name=one.name) for one in lists]


def render_list(found: PickList) -> wire.ValueList:
    """A list with its values."""
    return wire.ValueList(id=found.guid, name=found.name, values=render_values(found))


def render_values(found: PickList) -> list[wire.ListValue]:
    """Its values alone, inactive ones too."""
    return [_value(one) for one in found.options]


def read_wish(body: Fields) -> Wish:
    """What a value is to be. Raises BadInput."""
    status = body.get("status")
    stands = None if status is None else _STANDS.get(status.strip().lower()) if isinstance(status, str) else None
    if status is not None and stands is None:
        raise BadInput(f"status must be {wire.ACTIVE} or {wire.INACTIVE}.")
    return Wish(label=_text(body, "label"), xref=_text(body, "xref"), active=stands)


def no_list(guid: str) -> Refused:
    """There is no such list."""
    return Refused(HTTPStatus.NOT_FOUND, f"No char value set found with ID {guid[:_LONGEST_SHOWN]}")


def no_value(guid: str, number: str) -> Refused:
    """The list has no such value."""
    return Refused(
        HTTPStatus.NOT_FOUND,
        f"Char value set {guid[:_LONGEST_SHOWN]} does not contain a value with ID {number[:_LONGEST_SHOWN]}.",
    )


def label_taken(guid: str, label: str) -> Refused:
    """Another value is called so."""
    return Refused(
        HTTPStatus.CONFLICT,
        f"Char value set {guid[:_LONGEST_SHOWN]} already contains a value with the label {label}. "
        "Please update the label field in your request and try again.",
    )


def _value(option: Option) -> wire.ListValue:
    return wire.ListValue(
        id=option.id, label=option.label, xref=option.xref, status=wire.ACTIVE if option.active else wire.INACTIVE
    )


def _text(body: Fields, name: str) -> str | None:
    value = body.get(name)
    if not isinstance(value, str | None):
        raise BadInput(f"{name} must be a string.")
    return value

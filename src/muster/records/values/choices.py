"""Values that are chosen from lists, and checkboxes. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from muster.domain.records.template import Option, PickList
from muster.records.values.types import Misfit, is_list, is_table, read_number

YES_NO: Final = PickList(id=0, guid="", name="Yes/No", options=(Option(id=1, label="Yes"), Option(id=2, label="No")))
"""What a checkbox is chosen from that has no list of its own."""
NOTHING: Final = PickList(id=0, guid="", name="", options=())
"""Stands for a list that the blueprint knows no more."""
_TRUE: Final = frozenset({"yes", "true"})
_FALSE: Final = frozenset({"no", "false"})
_LONGEST: Final = 1_000


def read_choice(chosen: PickList, raw: object, before: object) -> dict[str, object]:
    """A value of a list as it is kept: by label, id or xref, alone or in an object. Raises Misfit.

    A value that is no longer active is taken only where the field, `before`, has it already.
    """
    option = _named(chosen, raw) if is_table(raw) else _plain(chosen, raw)
    if option is None or not (option.active or option.id in set(_ids(before))):
        raise Misfit
    return kept(option)


def read_checkbox(chosen: PickList, raw: object, before: object) -> dict[str, object]:
    """Yes or no: a truth value, a word for one, or as `read_choice`. Raises Misfit."""
    if isinstance(raw, bool):
        return _said(chosen, yes=raw)
    word = raw.strip().lower() if isinstance(raw, str) and len(raw) <= _LONGEST else ""
    if word in _TRUE or word in _FALSE:
        return _said(chosen, yes=word in _TRUE)
    return read_choice(chosen, raw, before)


def kept(option: Option) -> dict[str, object]:
    """A value of a list as records keep it."""
    found: dict[str, object] = {"id": option.id, "value": option.label}
    return found if option.xref is None else {**found, "xref": option.xref}


def _said(chosen: PickList, *, yes: bool) -> dict[str, object]:
    words = _TRUE if yes else _FALSE
    found = next((one for one in chosen.options if one.label.lower() in words), None)
    if found is None:
        raise Misfit
    return kept(found)


def _named(chosen: PickList, raw: Mapping[object, object]) -> Option | None:
    """By the most certain name that is given: the id (a label may have changed since), the label, the xref."""
    parts = {key.lower(): value for key, value in raw.items() if isinstance(key, str) and len(key) <= _LONGEST}
    if (number := parts.get("id")) is not None:
        return _numbered(chosen, number)
    for key in ("value", "label"):
        if (label := parts.get(key)) is not None:
            return _labelled(chosen, label)
    return _crossed(chosen, parts.get("xref"))


def _plain(chosen: PickList, raw: object) -> Option | None:
    if isinstance(raw, str):
        return _labelled(chosen, raw) or _crossed(chosen, raw)
    if isinstance(raw, int) and not isinstance(raw, bool):
        return _numbered(chosen, raw) or _labelled(chosen, raw)
    return None


def _numbered(chosen: PickList, raw: object) -> Option | None:
    number = read_number(raw)
    return chosen.by_id.get(number) if isinstance(number, int) else None


def _labelled(chosen: PickList, raw: object) -> Option | None:
    """By its label: as it is spelled, else without regard to case."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(read_number(raw))
    if not isinstance(raw, str) or len(raw) > _LONGEST:
        return None
    exact = chosen.by_label.get(raw)
    if exact is not None:
        return exact
    word = raw.strip().casefold()
    return next((one for one in chosen.options if one.label.strip().casefold() == word), None)


def _crossed(chosen: PickList, raw: object) -> Option | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(read_number(raw))
    return next((one for one in chosen.options if one.xref is not None and one.xref == raw), None)


def _ids(before: object) -> Iterator[int]:
    for one in before if is_list(before) else (before,):
        number = one.get("id") if is_table(one) else None
        if isinstance(number, int):
            yield number

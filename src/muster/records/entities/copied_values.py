"""Which values a copy has from its original (specification A6.6)."""

from collections.abc import Mapping
from typing import cast

from muster.domain.records.record import Flags, Record, Values
from muster.domain.records.template import DataType, Field, Template
from muster.records.entities.drafting import exchange_of
from muster.records.values.types import is_list
from muster.records.values.validation import checked
from muster.records.work.workspace import Workspace


def copied_values(workspace: Workspace, original: Record, target: Template) -> Values:
    """The values of the original that are copied, as the target template keeps them.

    A template's own copies have them unchanged. Another template takes those of fields with the same label and type;
    what does not fit there is left out.
    """
    source = workspace.template_of(original)
    fields = source.by_label if source is not None else {}
    other = _Target(workspace, target)
    kept: dict[str, object] = {}
    for label, value in original.values.items():
        before, after = fields.get(label), target.by_label.get(label)
        if before is None or after is None or not before.copied or before.data_type is not after.data_type:
            continue
        fit = value if source is target else other.fitting(value, before, after)
        if fit is not None:
            kept[label] = fit
    return kept


def copied_flags(original: Record, values: Values) -> Mapping[str, Flags]:
    """What is known of the original's dates, for those fields of which the copy has the original's values."""
    return {
        label: flags
        for label, flags in original.flags.items()
        if label in values and values[label] == original.values.get(label)
    }


class _Target:
    """The template of a copy, asked which values it takes."""

    def __init__(self, workspace: Workspace, template: Template) -> None:
        blueprint = workspace.blueprint
        self._template = template
        self._lists = blueprint.list_by_id
        self._exchange = exchange_of(workspace)

    def fitting(self, value: object, before: Field, after: Field) -> object | None:
        """The value of one field as another one takes it; None where it cannot."""
        several = value if is_list(value) else [value]
        read = (self._read(_asked(one, before, after), after.label) for one in several)
        fit = [one for one in read if one is not None]
        if after.multiple:
            return fit or None
        return fit[0] if len(fit) == len(several) == 1 else None

    def _read(self, asked: object, label: str) -> object | None:
        values, _ = checked(
            self._template,
            self._lists,
            {label: asked},
            before={},
            exchange=self._exchange,
            creating=False,
            by_hand=False,
            calculated=frozenset(),
        )
        read = values.get(label)
        # Of a field that takes several values, one was asked for.
        return read[0] if is_list(read) and read else read


def _asked(value: object, before: Field, after: Field) -> object:
    """A kept value in a form that another field reads."""
    if not isinstance(value, dict):
        return value
    parts = cast("dict[str, object]", value)
    if after.data_type is DataType.MONEY:
        return {"locAmt": parts.get("locAmt"), "locSym": parts.get("locSym")}
    # Ids mean something only within one list.
    return parts if before.pick_list == after.pick_list else parts.get("value")

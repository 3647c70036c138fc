"""What a draft makes of a record: its title, values and flags, with everything that is wrong with them at once."""

from collections.abc import Mapping

import msgspec

from muster.domain.records.operation import Draft, Flaw, FlawKind
from muster.domain.records.record import Flags, Record, Values
from muster.domain.records.template import DataType, Template
from muster.records.dates.recalculation import calculated_labels
from muster.records.values.validation import Exchange, checked
from muster.records.work.roots import is_component
from muster.records.work.workspace import Workspace

LONGEST_TITLE = 500
_LONGEST_LABEL = 200
"""How much of a label that there is not is told."""
_UNSTORABLE = frozenset({"\0", *map(chr, range(0xD800, 0xE000))})
"""Characters that a text cannot have in every store: NUL, and halves of characters."""
_NO_FLAGS = Flags()
_FLAGS = frozenset(Flags.__struct_fields__)
_Asked = Mapping[str, Mapping[str, object]]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a record, as it is to be; not to be kept where there are `flaws`."""

    title: str
    values: Values
    flags: Mapping[str, Flags]
    flaws: tuple[Flaw, ...] = ()


def exchange_of(workspace: Workspace) -> Exchange:
    """What money is converted by. The rates must have been gathered."""
    return Exchange(rates=workspace.rates, company=workspace.blueprint.company_currency, day=workspace.today)


def drafted(workspace: Workspace, template: Template, draft: Draft, *, number: int, by_hand: bool) -> Content:
    """What a new record is to hold. A component without a title is called by its template and number."""
    calls_itself = is_component(template.char_type) and not (draft.title and draft.title.strip())
    title = f"{template.name} Record {number}" if calls_itself else draft.title or ""
    values, flaws = checked(
        template,
        workspace.blueprint.list_by_id,
        draft.values,
        before={},
        exchange=exchange_of(workspace),
        creating=True,
        by_hand=by_hand,
        calculated=frozenset(),
    )
    flags, misflagged = flagged(template, draft.flags, before={})
    return Content(title=title, values=values, flags=flags, flaws=(*title_flaws(title), *flaws, *misflagged))


def redrafted(workspace: Workspace, record: Record, draft: Draft, *, by_hand: bool) -> Content:
    """What a record is to hold; what the draft does not mention stays.

    Raises Denied (not allowed) where a field is written by hand that cannot be.
    """
    template = workspace.template_of(record)
    title = record.title if draft.title is None else draft.title
    titled = () if draft.title is None else title_flaws(title)
    if template is None:
        gone = Flaw(kind=FlawKind.BAD_TEMPLATE, label=str(record.template))
        flaws = (gone, *titled) if draft.values or draft.flags else titled
        return Content(title=title, values=record.values, flags=record.flags, flaws=flaws)
    values, wrong = _rewritten(workspace, record, draft.values, by_hand=by_hand)
    flags, misflagged = flagged(template, draft.flags, before=record.flags)
    return Content(title=title, values=values, flags=flags, flaws=(*titled, *wrong, *misflagged))


def _rewritten(workspace: Workspace, record: Record, raw: Values, *, by_hand: bool) -> tuple[Values, list[Flaw]]:
    template = workspace.template_of(record)
    if not raw or template is None:
        return record.values, []
    return checked(
        template,
        workspace.blueprint.list_by_id,
        raw,
        before=record.values,
        exchange=exchange_of(workspace),
        creating=False,
        by_hand=by_hand,
        calculated=calculated_labels(workspace, record.ref) if by_hand else frozenset(),
    )


def title_flaws(title: str) -> tuple[Flaw, ...]:
    """What is wrong with a title."""
    if not title.strip():
        return (Flaw(kind=FlawKind.NO_TITLE),)
    if len(title) > LONGEST_TITLE:
        return (Flaw(kind=FlawKind.LONG_TITLE, limit=LONGEST_TITLE),)
    return () if _UNSTORABLE.isdisjoint(title) else (Flaw(kind=FlawKind.BAD_VALUE, label="title", name="Title"),)


def flagged(
    template: Template, asked: _Asked, *, before: Mapping[str, Flags]
) -> tuple[Mapping[str, Flags], list[Flaw]]:
    """All flags of the record's dates; what is not mentioned stays, and what says nothing is left out."""
    if not asked:
        return before, []
    flags, flaws = dict(before), list[Flaw]()
    for label, said in asked.items():
        field = template.by_label.get(label)
        if field is None:
            flaws.append(Flaw(kind=FlawKind.UNKNOWN_FIELD, label=label[:_LONGEST_LABEL]))
            continue
        known = {name: value for name, value in said.items() if name in _FLAGS and value is not None}
        if not all(isinstance(value, bool) for value in known.values()):
            flaws.append(Flaw(kind=FlawKind.BAD_VALUE, label=label, name=field.name))
            continue
        one = msgspec.structs.replace(before.get(label, _NO_FLAGS), **known)
        if one == _NO_FLAGS:
            flags.pop(label, None)
        elif field.data_type is DataType.DATE:
            flags[label] = one
        else:
            flaws.append(Flaw(kind=FlawKind.BAD_VALUE, label=label, name=field.name))
    return flags, flaws

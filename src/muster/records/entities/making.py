"""Making, reading and changing records (specification A6.1 to A6.3, A7.3, A7.4)."""

from collections.abc import Collection, Mapping, Sequence
from itertools import islice

import msgspec

from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import Spot
from muster.domain.records.operation import (
    Change,
    Create,
    Denial,
    Denied,
    Done,
    Draft,
    Fetch,
    Flaw,
    FlawKind,
    Operation,
    Result,
)
from muster.domain.records.record import Record, Values
from muster.records.dates.recalculation import recalculate
from muster.records.entities.drafting import Content, drafted, redrafted, title_flaws
from muster.records.entities.parents import MOST_FLAWS, flaw_of, parent_flaws, take_parents, wanted
from muster.records.entities.relationships import LINK, gather_for_linking
from muster.records.work.altering import become, begin
from muster.records.work.performing import Doing
from muster.records.work.permissions import may_write
from muster.records.work.roots import gather_roots, is_component
from muster.records.work.views import view
from muster.records.work.workspace import Workspace

TRACE = "trace"
"""The counter of the audit history."""


# --- For everything that makes and changes records -------------------------------------------------------------


async def gather_for_making(workspace: Workspace, char_type: int, count: int) -> None:
    """Have at hand what making `count` records of the char type needs, save for their parents.

    It takes counters, for which others wait: gather everything else before.
    """
    if count:
        await workspace.gather_money()
        await workspace.gather_heads([f"record.{char_type}", LINK, TRACE])


async def gather_for_change(workspace: Workspace, refs: Collection[RecordRef]) -> None:
    """Have these records at hand, locked, with what changing them needs and sets off.

    It takes a counter, for which others wait: gather everything else before.
    """
    await _gather_changed(workspace, refs)
    await workspace.gather_heads([TRACE])


async def _gather_changed(workspace: Workspace, refs: Collection[RecordRef]) -> None:
    await workspace.gather(refs)
    await workspace.gather_counts(refs)
    await workspace.gather_rules(refs)
    await gather_roots(workspace, refs)
    await workspace.gather_money()


def make(
    workspace: Workspace,
    char_type: int,
    draft: Draft,
    *,
    status: int | None = None,
    numbered: RecordRef | None = None,
    origin: int | None = None,
) -> Record:
    """Make a record. Raises Denied: not allowed, or faulty with every flaw at once.

    `status`: where it begins, if not where its process says; `numbered`: a name that was taken by `new_ref` before;
    `origin`: the row whose amortization makes it (nobody's rights are asked then, nor the templates' lists).
    """
    given = origin is not None
    if not given:
        may_write(workspace, char_type, draft.template)
    ref = numbered if numbered is not None else workspace.new_ref(char_type)
    template = workspace.blueprint.template_of(char_type, draft.template) if draft.template is not None else None
    if template is None:
        raise Denied(Denial.FAULTY, flaws=_flaws_without_template(workspace, ref, draft))
    content = drafted(workspace, template, draft, number=ref.number, by_hand=not given)
    record = Record(
        ref=ref,
        template=template.id,
        status=status if status is not None else workspace.blueprint.process_of(template).initial_status.id,
        title=content.title,
        values=content.values,
        flags=content.flags,
        origin=origin,
        created=workspace.stamp,
        updated=workspace.stamp,
        moved=workspace.stamp,
    )
    flaws = (*content.flaws, *parent_flaws(workspace, record, draft, given=given))
    if flaws:
        raise Denied(Denial.FAULTY, flaws=flaws)
    begin(workspace, record)
    take_parents(workspace, ref, draft)
    recalculate(workspace, [Spot(ref, label) for label in record.values])
    return workspace.get(ref)


def _flaws_without_template(workspace: Workspace, ref: RecordRef, draft: Draft) -> tuple[Flaw, ...]:
    """What can be said of a draft that names no template, or none that there is."""
    named = draft.template is not None
    kind = FlawKind.BAD_TEMPLATE if named else FlawKind.NO_TEMPLATE
    titled = () if is_component(ref.char_type) and not draft.title else title_flaws(draft.title or "")
    missing = (flaw_of(FlawKind.PARENT_MISSING, ask) for ask in wanted(draft) if workspace.find(ask.parent) is None)
    return (Flaw(kind=kind, label=str(draft.template) if named else ""), *titled, *islice(missing, MOST_FLAWS))


def alter(
    workspace: Workspace,
    record: Record,
    *,
    title: str | None = None,
    values: Values | None = None,
    flags: Mapping[str, Mapping[str, object]] | None = None,
    by_hand: bool = True,
) -> Record:
    """Change what is in a record, with all that follows from it; the record as it stands then.

    `values` are those that change, in any form that is taken; None clears. Not `by_hand`: the server does it by
    itself, and may write what people may not. Raises Denied: not allowed, or faulty with every flaw at once.
    """
    asked = {label: dict(said) for label, said in (flags or {}).items()}
    draft = Draft(title=title, values=values or {}, flags=asked)
    content = redrafted(workspace, record, draft, by_hand=by_hand)
    if content.flaws:
        raise Denied(Denial.FAULTY, flaws=content.flaws)
    return _filled(workspace, record, content)


def rewrite(workspace: Workspace, before: Record, after: Record) -> Record:
    """Put a record in the place of another state of it, unchecked, with all that follows; as it stands then."""
    _, spots = become(workspace, before, after)
    recalculate(workspace, spots)
    return workspace.get(before.ref)


def _filled(workspace: Workspace, record: Record, content: Content) -> Record:
    after = msgspec.structs.replace(record, title=content.title, values=content.values, flags=content.flags)
    return rewrite(workspace, record, after)


# --- Reading ---------------------------------------------------------------------------------------------------


async def _gather_fetch(workspace: Workspace, operations: Sequence[Fetch]) -> None:
    refs = [_ref(one) for one in operations]
    await workspace.gather(refs, lock=False)
    await workspace.gather_counts(refs)


def _fetch(workspace: Workspace, operation: Fetch) -> Result:
    return _result(workspace, workspace.get(_ref(operation)), operation, done=Done.FOUND)


def _ref(operation: Fetch | Change) -> RecordRef:
    return RecordRef(operation.group, operation.number)


def _result(workspace: Workspace, record: Record, operation: Operation, *, done: Done) -> Result:
    return Result(
        group=operation.group,
        number=record.ref.number,
        done=done,
        reference=operation.reference,
        record=view(workspace, record),
    )


# --- Making ----------------------------------------------------------------------------------------------------


async def _gather_create(workspace: Workspace, operations: Sequence[Create]) -> None:
    parents = [ask.parent for one in operations for ask in wanted(one.draft)]
    await workspace.gather(parents)
    await gather_roots(workspace, parents)


async def _finish_create(workspace: Workspace, operations: Sequence[Create]) -> None:
    for char_type in dict.fromkeys(one.group for one in operations):
        await gather_for_making(workspace, char_type, 1)


def _create(workspace: Workspace, operation: Create) -> Result:
    record = make(workspace, operation.group, operation.draft)
    return _result(workspace, record, operation, done=Done.CREATED)


# --- Changing --------------------------------------------------------------------------------------------------


async def _gather_change(workspace: Workspace, operations: Sequence[Change]) -> None:
    await _gather_changed(workspace, [_ref(one) for one in operations])
    replacing = [_ref(one) for one in operations if one.draft.replace_parents]
    await workspace.gather_above(replacing)
    replaced = [link.parent for ref in replacing for link in workspace.above(ref)]
    asked = [ask.parent for one in operations for ask in wanted(one.draft)]
    await workspace.gather([*replaced, *asked])
    await gather_roots(workspace, asked)


async def _finish_change(workspace: Workspace, operations: Sequence[Change]) -> None:
    await gather_for_linking(workspace, [(ask.parent, _ref(one)) for one in operations for ask in wanted(one.draft)])
    await workspace.gather_heads([TRACE])


def _change(workspace: Workspace, operation: Change) -> Result:
    may_write(workspace, operation.group, None)
    record, draft = workspace.get(_ref(operation)), operation.draft
    may_write(workspace, record.ref.char_type, record.template)
    if workspace.status_of(record).locked:
        raise Denied(Denial.LOCKED)
    content = redrafted(workspace, record, draft, by_hand=True)
    flaws = (*_other_template(record, draft), *content.flaws, *parent_flaws(workspace, record, draft))
    if flaws:
        raise Denied(Denial.FAULTY, flaws=flaws)
    changed = _filled(workspace, record, content)
    take_parents(workspace, record.ref, draft)
    return _result(workspace, changed, operation, done=Done.UPDATED)


def _other_template(record: Record, draft: Draft) -> tuple[Flaw, ...]:
    if draft.template in {None, record.template}:
        return ()
    return (Flaw(kind=FlawKind.BAD_TEMPLATE, label=str(draft.template)),)


FETCH = Doing(_gather_fetch, _fetch)
CREATE = Doing(_gather_create, _create, _finish_create)
CHANGE = Doing(_gather_change, _change, _finish_change)

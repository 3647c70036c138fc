"""Workflow actions: who may take which from where, and what comes of it (specification A10)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from muster.domain.records.char_types import RecordRef
from muster.domain.records.operation import Act, Denial, Denied, Done, Result
from muster.domain.records.process import Action, Chained
from muster.domain.records.record import Record
from muster.domain.records.trace import Deed, Happening
from muster.records.entities.making import alter, gather_for_change
from muster.records.values.validation import Exchange, blocking, converted, flaws_of
from muster.records.work.performing import Doing
from muster.records.work.permissions import may_write
from muster.records.work.roots import root_of
from muster.records.work.views import view
from muster.records.work.workspace import News, Workspace


async def _gather(workspace: Workspace, operations: Sequence[Act]) -> None:
    await workspace.gather([RecordRef(one.group, one.number) for one in operations])


async def _finish(workspace: Workspace, operations: Sequence[Act]) -> None:
    # An action may work amounts of money out anew, and dates may depend on those fields' records.
    await gather_for_change(workspace, [RecordRef(one.group, one.number) for one in operations])


def _do(workspace: Workspace, operation: Act) -> Result:
    may_write(workspace, operation.group, None)
    record = workspace.get(RecordRef(operation.group, operation.number))
    may_write(workspace, operation.group, record.template)
    record = act(workspace, record, operation.action)
    return Result(
        group=operation.group,
        number=operation.number,
        done=Done.ACTED,
        reference=operation.reference,
        record=view(workspace, record),
    )


ACT: Final = Doing(_gather, _do, _finish)


def act(workspace: Workspace, record: Record, action: int) -> Record:
    """Take an action on a record that is at hand, and those that are chained to it; the record as it stands then.

    A locked record can be moved, too. Raises Denied: the action cannot be taken from here, not by this user, or not
    while the record is faulty.
    """
    step = _offered(workspace, record, action)
    if step is None:
        raise Denied(Denial.ACTION_NOT_AVAILABLE, action=action, status=record.status)
    if not _is_for(workspace, step):
        raise Denied(Denial.NOT_ALLOWED)
    if blocking(flaws_of(workspace.blueprint, record)):
        raise Denied(Denial.UNUSABLE)
    return _take_all(workspace, record, step)


def _take_all(workspace: Workspace, record: Record, first: Action) -> Record:
    """The action, then what is chained to it, and to that in turn: each of them once, so that no circle has no end."""
    process = workspace.process_of(record).id
    taken = {first.id}
    record = _take(workspace, record, first)
    waiting = list(first.chained)
    while waiting:
        step = _follows(workspace, record, waiting.pop(0), process=process)
        if step is not None and step.id not in taken:
            taken.add(step.id)
            record = _take(workspace, record, step)
            waiting[:0] = step.chained
    return record


def _follows(workspace: Workspace, record: Record, chained: Chained, *, process: int) -> Action | None:
    """The chained action; None where it is to be passed over: of another process, not offered, not for this user."""
    step = _offered(workspace, record, chained.action) if chained.process == process else None
    return step if step is not None and _is_for(workspace, step) else None


def _offered(workspace: Workspace, record: Record, action: int) -> Action | None:
    """The action, if the status in which the record stands offers it."""
    if action not in workspace.status_of(record).actions:
        return None
    return workspace.process_of(record).action_by_id.get(action)


def _is_for(workspace: Workspace, step: Action) -> bool:
    """Whether the user's role is among those that may take it; where none is named, everybody may."""
    known = workspace.blueprint.role_by_id
    roles = {role for number in step.roles if number in known for role in known[number].roles}
    return not step.roles or workspace.scene.actor.role in roles


def _take(workspace: Workspace, record: Record, step: Action) -> Record:
    before = workspace.status_of(record)
    if step.status is not None:
        record = msgspec.structs.replace(record, status=step.status, moved=workspace.stamp)
        workspace.put(record)
    after = workspace.status_of(record)
    workspace.note(record, Deed.MOVED, field=step.name, old=before.name, new=after.name)
    if step.converts:
        record = _convert(workspace, record)
    root = root_of(workspace, record.ref)
    workspace.tell(News(happening=Happening.ACTED, what=record, action=step.id, root=root))
    return record


def _convert(workspace: Workspace, record: Record) -> Record:
    """The record with its amounts of money worked out anew, as of today or of its own transaction date."""
    template = workspace.template_of(record)
    if template is None:
        return record
    company = workspace.blueprint.company_currency
    exchange = Exchange(rates=workspace.rates, company=company, day=workspace.today)
    anew = converted(record.values, template, exchange)
    changed = {label: value for label, value in anew.items() if value != record.values[label]}
    return alter(workspace, record, values=changed, by_hand=False) if changed else record

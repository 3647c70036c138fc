"""Closing a period: what is done with the amounts in it."""

from collections.abc import Mapping, Sequence

import msgspec

from muster.domain.errors import Conflict, NotAllowed
from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Blueprint, PeriodAction
from muster.domain.records.char_types import AMOUNT
from muster.domain.records.operation import Act, Denial, Result
from muster.domain.records.process import Action, Process
from muster.domain.records.record import Record
from muster.ports.store.unit import Transaction
from muster.records.amortization.dated import Days, amounts_in
from muster.records.books.rules import BadBooks, BookFault


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with the amounts of a process when a period is closed; `action` None: nothing."""

    process: Process
    action: Action | None


async def closing_actions(tx: Transaction, tenant: TenantId, days: Days, *, blueprint: Blueprint) -> Sequence[Act]:
    """The action of its process for each amount in these days whose status offers it."""
    by_process = {one.process: one.action for one in blueprint.period_actions}
    if not by_process:
        return []
    amounts = await amounts_in(tx, tenant, days)
    found = ((one, _action_for(blueprint, one, by_process)) for one in amounts)
    return [Act(group=AMOUNT, number=one.ref.number, action=action) for one, action in found if action is not None]


def _action_for(blueprint: Blueprint, amount: Record, by_process: Mapping[int, int]) -> int | None:
    template = blueprint.template_of(AMOUNT, amount.template)
    action = by_process.get(blueprint.process_of(template).id) if template is not None else None
    return action if action in blueprint.status_of(template, amount.status).actions else None


def check_taken(results: Sequence[Result]) -> None:
    """Nothing, where everything was done, or was no more to be done. Raises NotAllowed, Conflict."""
    for result in results:
        if result.denial is Denial.NOT_ALLOWED:
            raise NotAllowed
        if result.denial not in {None, Denial.ACTION_NOT_AVAILABLE}:
            raise Conflict(f"Amount {result.number} cannot be closed: the period stays open.")


def settings_of(blueprint: Blueprint) -> Sequence[Setting]:
    """What closing does with amounts: each process that amounts have, in order."""
    by_process = {one.process: one.action for one in blueprint.period_actions}
    return [
        Setting(process=process, action=process.action_by_id.get(by_process.get(process.id, -1)))
        for process in _amount_processes(blueprint)
    ]


def _amount_processes(blueprint: Blueprint) -> Sequence[Process]:
    """The processes of amounts that have an action, in order."""
    used = {one.process for one in blueprint.templates if one.char_type == AMOUNT}
    found = [one for one in blueprint.processes if one.id in used and one.actions]
    return sorted(found, key=lambda one: (one.sequence, one.id))


def with_settings(blueprint: Blueprint, wishes: Mapping[int, int | None]) -> Blueprint:
    """The blueprint with other actions for these processes; None: nothing is done. Raises BadBooks."""
    known = {one.id: one for one in _amount_processes(blueprint)}
    kept = [one for one in blueprint.period_actions if one.process not in wishes]
    for number, action in wishes.items():
        if number not in known:
            raise BadBooks(BookFault.BAD_PROCESS, number)
        if action is not None and action not in known[number].action_by_id:
            raise BadBooks(BookFault.BAD_ACTION, action, number)
    made = [PeriodAction(process=number, action=action) for number, action in wishes.items() if action is not None]
    return msgspec.structs.replace(blueprint, period_actions=(*kept, *made))

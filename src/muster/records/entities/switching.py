"""Switching a record to another template of its char type: what fits goes with it, what does not is dropped and told.

Specification B6.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

import msgspec

from muster.domain.records.char_types import RecordRef
from muster.domain.records.operation import Denial, Denied, Flaw, FlawKind
from muster.domain.records.record import EXPLICIT, IMPLICIT, Link, LinkView, Record, Values
from muster.domain.records.template import Template
from muster.domain.records.trace import Deed
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.records.dates.recalculation import is_date_field
from muster.records.entities.drafting import exchange_of, title_flaws
from muster.records.entities.making import gather_for_change, rewrite
from muster.records.entities.relationships import gather_for_parting, paired, part
from muster.records.values.types import is_list, is_table
from muster.records.values.validation import checked
from muster.records.work.blueprints import Blueprints
from muster.records.work.news import finish
from muster.records.work.permissions import may_write
from muster.records.work.scene import PATIENCE, Acting, Actor, Scene
from muster.records.work.trying import Attempt, persistently
from muster.records.work.views import link_view
from muster.records.work.workspace import Workspace

_STATUS = "Status"
"""What the audit history calls it."""


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. `before` is the template the record is thought to have, `title` its new title; None: any."""

    ref: RecordRef
    template: int
    before: int | None = None
    title: str | None = None


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What does not go with the record."""

    parties: tuple[LinkView, ...] = ()
    """Relationships with parties that are lost."""
    links: tuple[tuple[int, LinkView], ...] = ()
    """Other relationships that are lost, each with the char type of its other end."""
    dropped: tuple[str, ...] = ()
    """Labels of fields whose values are lost."""
    required: tuple[str, ...] = ()
    """Labels of fields that must have a value on the new template, and have none."""


class TemplateSwitch:
    """Where records are switched. Each call is one transaction."""

    def __init__(self, store: Store, clock: Clock, blueprints: Blueprints, *, patience: timedelta = PATIENCE) -> None:
        self._store = store
        self._clock = clock
        self._blueprints = blueprints
        self._patience = patience

    async def check(self, acting: Acting, switch: Switch) -> Cost:
        """What it would cost. Raises Denied: not found, or faulty (the template, the title)."""
        async with self._store.read() as tx:
            workspace = await self._workspace(tx, acting)
            await workspace.gather([switch.ref], lock=False)
            await _gather_links(workspace, switch.ref)
            await workspace.gather_money()
            plan = _plan(workspace, switch)
            return plan.cost

    async def switch(self, acting: Acting, switch: Switch) -> Cost:
        """Switch it, and say what it cost. Raises Denied: as `check`, and not allowed, locked.

        Raises Unavailable where the store is: either nothing was done, after some tries, or its answer was lost.
        """
        return await persistently(lambda attempt: self._once(acting, switch, attempt))

    async def _once(self, acting: Acting, switch: Switch, attempt: Attempt) -> Cost:
        async with self._store.begin() as tx:
            workspace = await self._workspace(tx, acting)
            await workspace.gather([switch.ref])
            await _gather_links(workspace, switch.ref)
            await workspace.gather_money()
            # The other ends of what is lost are locked too, lest somebody else delete the same relationships.
            await gather_for_parting(workspace, [link.number for link in _plan(workspace, switch).lost])
            await gather_for_change(workspace, [switch.ref])
            plan = _plan(workspace, switch)
            _check_allowed(workspace, plan)
            _do(workspace, plan)
            await finish(tx, workspace)
            attempt.applied = True
        return plan.cost

    async def _workspace(self, tx: Transaction, acting: Acting) -> Workspace:
        scene = Scene(
            tenant=acting.tenant,
            actor=Actor(number=acting.user, role=acting.role),
            blueprint=await self._blueprints.of(tx, acting.tenant),
            at=self._clock.now(),
            patience=self._patience,
        )
        return Workspace(tx, scene)


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the record becomes, and what it loses."""

    before: Record
    after: Record
    lost: tuple[Link, ...]
    cost: Cost


async def _gather_links(workspace: Workspace, ref: RecordRef) -> None:
    await workspace.gather_above([ref])
    await workspace.gather_below([ref])
    links = (*workspace.above(ref), *workspace.below(ref))
    # The other ends are only looked at: their templates say what they may be related to.
    await workspace.gather([_other(link, ref) for link in links], lock=False)


def _plan(workspace: Workspace, switch: Switch) -> _Plan:
    record = workspace.get(switch.ref)
    template = _template(workspace, switch, record)
    kept, required = _carried(workspace, record, template)
    lost = tuple(
        link for link in _links(workspace, record.ref) if not _goes_along(workspace, link, record, template=template)
    )
    process = workspace.blueprint.process_of(template)
    stays = process.id == workspace.process_of(record).id
    after = msgspec.structs.replace(
        record,
        template=template.id,
        title=record.title if switch.title is None else switch.title,
        values=kept,
        flags={label: flags for label, flags in record.flags.items() if label in template.by_label},
        status=record.status if stays else process.initial_status.id,
        moved=record.moved if stays else workspace.stamp,
    )
    return _Plan(
        before=record, after=after, lost=lost, cost=_cost(workspace, record, lost=lost, kept=kept, required=required)
    )


def _template(workspace: Workspace, switch: Switch, record: Record) -> Template:
    """The new template. Raises Denied (faulty)."""
    if switch.before is not None and switch.before != record.template:
        raise Denied(Denial.FAULTY, flaws=(Flaw(kind=FlawKind.BAD_TEMPLATE, label=str(switch.before)),))
    template = workspace.blueprint.template_of(record.ref.char_type, switch.template)
    if template is None or template.id == record.template:
        raise Denied(Denial.FAULTY, flaws=(Flaw(kind=FlawKind.BAD_TEMPLATE, label=str(switch.template)),))
    flaws = () if switch.title is None else title_flaws(switch.title)
    if flaws:
        raise Denied(Denial.FAULTY, flaws=flaws)
    return template


def _carried(workspace: Workspace, record: Record, template: Template) -> tuple[Values, tuple[str, ...]]:
    """The values that fit the new template, and the labels of required fields that have none."""
    old = workspace.template_of(record)
    fit = {label: value for label, value in record.values.items() if _same_type(old, template, label)}
    same = {label: value for label, value in fit.items() if _same_list(old, template, label)}
    # In another list the same number stands for something else: there a value is looked for by what it is called.
    asked = {label: value if label in same else _called(value) for label, value in fit.items()}
    values, flaws = _checked(workspace, template, asked, before=same)
    wrong = {flaw.label for flaw in flaws}
    kept = {label: value for label, value in values.items() if label not in wrong}
    _, left = _checked(workspace, template, {}, before=kept)
    return kept, tuple(flaw.label for flaw in left if flaw.kind is FlawKind.REQUIRED)


def _checked(
    workspace: Workspace, template: Template, asked: Values, *, before: Values
) -> tuple[Values, Sequence[Flaw]]:
    return checked(
        template,
        workspace.blueprint.list_by_id,
        asked,
        before=before,
        exchange=exchange_of(workspace),
        creating=True,
        by_hand=False,
        calculated=frozenset(),
    )


def _same_type(old: Template | None, new: Template, label: str) -> bool:
    field = new.by_label.get(label)
    before = old.by_label.get(label) if old is not None else None
    return field is not None and (before is None or before.data_type is field.data_type)


def _same_list(old: Template | None, new: Template, label: str) -> bool:
    field, before = new.by_label.get(label), old.by_label.get(label) if old is not None else None
    return field is not None and before is not None and field.pick_list == before.pick_list


def _called(value: object) -> object:
    """A value with the labels of what was chosen instead of their numbers."""
    if is_list(value):
        return [_called(one) for one in value]
    return value.get("value") if is_table(value) else value


def _links(workspace: Workspace, ref: RecordRef) -> Sequence[Link]:
    return [*workspace.above(ref), *workspace.below(ref)]


def _other(link: Link, ref: RecordRef) -> RecordRef:
    return link.child if link.parent == ref else link.parent


def _goes_along(workspace: Workspace, link: Link, record: Record, *, template: Template) -> bool:
    """Whether the relationship is allowed on the new template. Those with parties are bound to no template's lists."""
    other = workspace.last_seen(_other(link, record.ref))
    if link.kind != EXPLICIT or other is None:
        return True
    theirs = workspace.template_of(other)
    return paired(template, theirs) if link.parent == record.ref else paired(theirs, template)


def _cost(
    workspace: Workspace, record: Record, *, lost: Collection[Link], kept: Values, required: tuple[str, ...]
) -> Cost:
    parties = [link for link in lost if link.kind not in {EXPLICIT, IMPLICIT}]
    others = [link for link in lost if link.kind in {EXPLICIT, IMPLICIT}]
    return Cost(
        parties=tuple(link_view(workspace, link, ends=True) for link in parties),
        links=tuple((_other(link, record.ref).char_type, link_view(workspace, link, ends=True)) for link in others),
        dropped=tuple(label for label in record.values if label not in kept),
        required=required,
    )


def _check_allowed(workspace: Workspace, plan: _Plan) -> None:
    """Raises Denied."""
    char_type = plan.before.ref.char_type
    for template in (plan.before.template, plan.after.template):
        may_write(workspace, char_type, template)
    if workspace.status_of(plan.before).locked:
        raise Denied(Denial.LOCKED)


def _do(workspace: Workspace, plan: _Plan) -> None:
    for link in plan.lost:
        part(workspace, link)
    for rule in workspace.rules_of(plan.before.ref):
        # Its field is none any more. Where only a date is gone that it looks at, that date counts as missing.
        if rule.target.ref == plan.before.ref and not is_date_field(workspace, plan.after, rule.target.label):
            workspace.remove_rule(rule)
    before = workspace.status_of(plan.before).name
    after = rewrite(workspace, plan.before, plan.after)
    now = workspace.status_of(after).name
    if (plan.before.status, before) != (after.status, now):
        workspace.note(after, Deed.CHANGED, field=_STATUS, old=before, new=now)

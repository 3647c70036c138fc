"""Date math as people set it up: adding, changing, removing and reading calculations (specification A11)."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import date, timedelta
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from muster.domain.errors import BadInput, NotFound
from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import (
    Awaiting,
    Choosing,
    DateRule,
    Recalculation,
    RuleState,
    Shift,
    Source,
    Spot,
    Unit,
)
from muster.domain.records.operation import Denial, Denied
from muster.domain.records.record import Record
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.records.dates.arithmetic import Circular, in_order
from muster.records.dates.recalculation import is_date_field, rework
from muster.records.work.blueprints import Blueprints
from muster.records.work.news import finish
from muster.records.work.permissions import may_write
from muster.records.work.roots import gather_roots
from muster.records.work.scene import PATIENCE, Acting, Actor, Scene
from muster.records.work.trying import Attempt, persistently
from muster.records.work.workspace import Workspace

MOST_SOURCES = 100
"""Dates that one calculation may look at."""
_T = TypeVar("_T")
_Act = Callable[[Transaction, Workspace], Awaitable[_T]]
RULE, SOURCE, TRACE = "rule", "source", "trace"


class SourceDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A date that a calculation is to look at."""

    spot: Spot
    shift: Shift = Shift()
    order: int = 0


class SourceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different about a date that a calculation looks at; None: nothing."""

    number: int
    char_type: int | None = None
    record: int | None = None
    label: str | None = None
    years: int | None = None
    months: int | None = None
    weeks: int | None = None
    days: int | None = None
    unit: Unit | None = None
    back: bool | None = None
    order: int | None = None


class RuleDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A calculation to be made."""

    target: Spot
    choosing: Choosing = Choosing.EQUALS
    compare_to: date | None = None
    recalculation: Recalculation = Recalculation.HARD
    awaiting: Awaiting = Awaiting.ASAP
    first_of_month: bool = False
    sources: tuple[SourceDraft, ...] = ()


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different about a calculation. None, and a `compare_to` that is UNSET: nothing."""

    number: int
    choosing: Choosing | None = None
    compare_to: date | UnsetType | None = UNSET
    recalculation: Recalculation | None = None
    awaiting: Awaiting | None = None
    first_of_month: bool | None = None
    added: tuple[SourceDraft, ...] = ()
    changed: tuple[SourceChange, ...] = ()
    dropped: tuple[int, ...] = ()
    """Numbers of sources."""


class SpotView(msgspec.Struct, frozen=True, kw_only=True):
    """A field as people know it."""

    spot: Spot
    title: str
    """Of its record."""
    name: str
    """The label, where the template knows the field no more."""
    place: int
    """Which field of its template it is, from 1; 0 where the template knows it no more."""


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A calculation with what people call the fields; `sources` are in the order of the rule's."""

    rule: DateRule
    target: SpotView
    sources: tuple[SpotView, ...]


class DateDesk:
    """Where calculations are set up. Each call is one transaction."""

    def __init__(self, store: Store, clock: Clock, blueprints: Blueprints, *, patience: timedelta = PATIENCE) -> None:
        self._store = store
        self._clock = clock
        self._blueprints = blueprints
        self._patience = patience

    async def add(self, acting: Acting, draft: RuleDraft) -> int:
        """Make a calculation, in place of one that the field may have, and work it out at once; its number.

        Raises BadInput (no dates, too many of them, a circle) and Denied (a record that is missing, locked, not to be
        written).
        """
        return await self._changing(acting, lambda _, workspace: _add(workspace, draft))

    async def change(self, acting: Acting, change: RuleChange) -> None:
        """Change a calculation, and work it out anew. Raises NotFound (it, or a source named), and as `add`."""
        await self._changing(acting, lambda tx, workspace: _change(tx, workspace, change))

    async def remove(self, acting: Acting, number: int) -> None:
        """Delete a calculation; the date stays as it is. Raises NotFound, and Denied (locked, not to be written)."""
        await self._changing(acting, lambda tx, workspace: _remove(tx, workspace, number))

    async def of_record(self, tenant: TenantId, ref: RecordRef) -> Sequence[RuleView]:
        """The calculations of a record's fields, oldest first. Raises NotFound where there is no such record."""
        async with self._store.read() as tx:
            found = await tx.records.rules_touching(tenant, [ref])
            own = sorted((rule for rule in found if rule.target.ref == ref), key=lambda rule: rule.number)
            refs = {ref: None} | {source.spot.ref: None for rule in own for source in rule.sources}
            loaded = await tx.records.load(tenant, list(refs))
            blueprint = await self._blueprints.of(tx, tenant)
        if ref not in loaded.records:
            raise NotFound
        return [
            RuleView(
                rule=rule,
                target=_seen(blueprint, rule.target, loaded.records.get(ref)),
                sources=tuple(
                    _seen(blueprint, source.spot, loaded.records.get(source.spot.ref)) for source in rule.sources
                ),
            )
            for rule in own
        ]

    async def _changing(self, acting: Acting, act: _Act[_T]) -> _T:
        """Do something in a transaction of its own. Raises Unavailable, after some tries, where the store is."""
        return await persistently(lambda attempt: self._once(acting, act, attempt))

    async def _once(self, acting: Acting, act: _Act[_T], attempt: Attempt) -> _T:
        async with self._store.begin() as tx:
            scene = Scene(
                tenant=acting.tenant,
                actor=Actor(number=acting.user, role=acting.role),
                blueprint=await self._blueprints.of(tx, acting.tenant),
                at=self._clock.now(),
                patience=self._patience,
            )
            workspace = Workspace(tx, scene)
            # Held first of all: two calculations made at the same time might else come to wait for each other.
            await workspace.gather_heads([RULE])
            done = await act(tx, workspace)
            await finish(tx, workspace)
            attempt.applied = True
        return done


# --- In one transaction ----------------------------------------------------------------------------------------


async def _add(workspace: Workspace, draft: RuleDraft) -> int:
    await _gather(workspace, draft.target.ref, [source.spot.ref for source in draft.sources])
    for before in workspace.rules_of(draft.target.ref):
        if before.target == draft.target:
            workspace.remove_rule(before)
    rule = DateRule(
        number=workspace.next(RULE),
        target=draft.target,
        choosing=draft.choosing,
        compare_to=draft.compare_to,
        recalculation=draft.recalculation,
        awaiting=draft.awaiting,
        first_of_month=draft.first_of_month,
        sources=tuple(_numbered(workspace, source) for source in draft.sources),
    )
    _put(workspace, rule)
    return rule.number


async def _change(tx: Transaction, workspace: Workspace, change: RuleChange) -> None:
    rule = await _rule(tx, workspace, change.number)
    sources = _sources(rule, change)
    spots = [one.spot for one in (*sources, *rule.sources)] + [one.spot for one in change.added]
    await _gather(workspace, rule.target.ref, [spot.ref for spot in spots])
    added = [_numbered(workspace, draft) for draft in change.added]
    _put(workspace, _changed(rule, change, (*sources, *added)))


async def _remove(tx: Transaction, workspace: Workspace, number: int) -> None:
    rule = await _rule(tx, workspace, number)
    await _gather(workspace, rule.target.ref, [])
    _check_writable(workspace, rule.target.ref)
    workspace.remove_rule(rule)


def _put(workspace: Workspace, rule: DateRule) -> None:
    """Have a calculation, and work it out. Raises BadInput, Denied."""
    _check(workspace, rule)
    workspace.put_rule(rule)
    try:
        in_order(workspace.rules())
    except Circular:
        raise BadInput("Date math cannot reference itself.") from None
    rework(workspace, [rule])


async def _rule(tx: Transaction, workspace: Workspace, number: int) -> DateRule:
    """The calculation; nobody else changes it, for its counter is held. Raises NotFound."""
    found = await tx.records.rules(workspace.scene.tenant, [number])
    if not found:
        raise NotFound
    return found[0]


async def _gather(workspace: Workspace, target: RecordRef, sources: Collection[RecordRef]) -> None:
    """Lock the records: the sources as well, lest one be changed by somebody who cannot see the calculation yet."""
    await workspace.gather([target, *sources])
    await workspace.gather_rules([target])
    targets = dict.fromkeys((target, *(rule.target.ref for rule in workspace.rules())))
    await gather_roots(workspace, list(targets))
    await workspace.gather_heads([SOURCE, TRACE])


def _seen(blueprint: Blueprint, spot: Spot, record: Record | None) -> SpotView:
    template = blueprint.template_of(spot.ref.char_type, record.template) if record is not None else None
    fields = template.fields if template is not None else ()
    place, field = next(((n, one) for n, one in enumerate(fields, 1) if one.label == spot.label), (0, None))
    name = field.name if field is not None else spot.label
    return SpotView(spot=spot, title=record.title if record is not None else "", name=name, place=place)


# --- What is wanted --------------------------------------------------------------------------------------------


def _numbered(workspace: Workspace, draft: SourceDraft) -> Source:
    return Source(number=workspace.next(SOURCE), spot=draft.spot, shift=draft.shift, order=draft.order)


def _sources(rule: DateRule, change: RuleChange) -> Sequence[Source]:
    """Those the rule has that stay, as they are to be. Raises NotFound for any it does not have."""
    known = {source.number: source for source in rule.sources}
    changes = {one.number: one for one in change.changed}
    dropped = set(change.dropped)
    if not changes.keys() | dropped <= known.keys():
        raise NotFound
    return [_altered(source, changes.get(number)) for number, source in known.items() if number not in dropped]


def _altered(source: Source, change: SourceChange | None) -> Source:
    if change is None:
        return source
    ref = source.spot.ref
    shift = source.shift
    return Source(
        number=source.number,
        spot=Spot(
            RecordRef(_or(change.char_type, ref.char_type), _or(change.record, ref.number)),
            _or(change.label, source.spot.label),
        ),
        shift=Shift(
            years=_or(change.years, shift.years),
            months=_or(change.months, shift.months),
            weeks=_or(change.weeks, shift.weeks),
            days=_or(change.days, shift.days),
            unit=_or(change.unit, shift.unit),
            back=_or(change.back, shift.back),
        ),
        order=_or(change.order, source.order),
    )


def _changed(rule: DateRule, change: RuleChange, sources: tuple[Source, ...]) -> DateRule:
    """The rule as it is to be; one that was worked out once for all is so once more."""
    return DateRule(
        number=rule.number,
        target=rule.target,
        choosing=_or(change.choosing, rule.choosing),
        compare_to=rule.compare_to if isinstance(change.compare_to, UnsetType) else change.compare_to,
        recalculation=_or(change.recalculation, rule.recalculation),
        awaiting=_or(change.awaiting, rule.awaiting),
        first_of_month=_or(change.first_of_month, rule.first_of_month),
        state=RuleState.PENDING if rule.state is RuleState.FROZEN else rule.state,
        sources=sources,
    )


def _or(wanted: _T | None, before: _T) -> _T:
    return before if wanted is None else wanted


# --- Whether it may be -----------------------------------------------------------------------------------------


def _check(workspace: Workspace, rule: DateRule) -> None:
    """Raises BadInput and Denied."""
    _check_writable(workspace, rule.target.ref)
    if not rule.sources or len(rule.sources) > MOST_SOURCES:
        raise BadInput(f"Date math needs between 1 and {MOST_SOURCES} source dates.")
    if rule.choosing is Choosing.EQUALS and len(rule.sources) > 1:
        raise BadInput("Date math of type Equals needs exactly one source date.")
    for spot in (rule.target, *(source.spot for source in rule.sources)):
        if not is_date_field(workspace, workspace.get(spot.ref), spot.label):
            raise BadInput(f"{spot.label[:200]} is not a date field.")


def _check_writable(workspace: Workspace, ref: RecordRef) -> None:
    """Raises Denied."""
    record = workspace.get(ref)
    may_write(workspace, ref.char_type, record.template)
    if workspace.status_of(record).locked:
        raise Denied(Denial.LOCKED)

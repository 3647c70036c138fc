"""Looking at amortization: models, schedules as they were posted or would be, and the journal."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Final

import msgspec

from muster.domain.errors import BadInput, NotFound
from muster.domain.ids import TenantId
from muster.domain.records.amortization import Charge, Model
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import TABLE, RecordRef
from muster.domain.records.operation import Denied, Flaw
from muster.domain.records.record import Record
from muster.domain.tenant import Role
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.records.amortization.dated import Days, amounts_in
from muster.records.amortization.inputs import currency_in, number_in, told_by
from muster.records.amortization.posting import (
    AMORTIZED,
    CLOSING,
    COUNT,
    MODEL,
    NUMBER,
    OPENING,
    SPLIT,
    day_of,
    gather_rights,
    model_of,
    plan,
    title_of,
)
from muster.records.work.blueprints import Blueprints
from muster.records.work.pacing import at_leisure
from muster.records.work.workspace import Actor, Scene, Workspace

MOST_IN_JOURNAL: Final = 20_000
"""Amounts; a journal of more has to be asked for in parts."""
_NOBODY: Final = Actor(number=0, role=Role.VIEWER)
_NOTHING: Final = Decimal(0)


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """A charge, and the amount in which it is kept; 0: it is not posted."""

    charge: Charge
    title: str
    amount: int = 0


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How the cost of a table row is charged."""

    row: int
    title: str
    model: str
    """Its name; empty where nothing was posted."""
    currency: str
    cost: Decimal
    count: int
    """How many periods the whole schedule has; closed ones are caught up with, so it may have fewer postings."""
    postings: tuple[Posting, ...]
    posted: bool

    @property
    def total(self) -> Decimal:
        """What all of it comes to."""
        return sum((one.charge.amount for one in self.postings), _NOTHING)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a journal entry: one of `debit` and `credit` is zero, none is negative."""

    day: date
    account: str
    debit: Decimal
    credit: Decimal
    currency: str
    row: int
    amount: int
    memo: str


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal comes to in one currency."""

    currency: str
    debit: Decimal
    credit: Decimal


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """What amortization posted from one day to another, both inclusive, as double entries in order of their days."""

    since: date
    until: date
    lines: tuple[Line, ...]
    totals: tuple[Total, ...]


class Faulty(BadInput):
    """The row cannot be amortized by the model. `flaws` say why."""

    code = "not_amortizable"

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("The row cannot be amortized by this model.")
        self.flaws = tuple(flaws)


class AmortizationDesk:
    """Answers what there is to know of amortization; changes nothing."""

    def __init__(self, store: Store, clock: Clock, blueprints: Blueprints) -> None:
        self._store = store
        self._clock = clock
        self._blueprints = blueprints

    async def models(self, tenant: TenantId) -> Sequence[Model]:
        """The models of the tenant."""
        return (await self._blueprints.current(tenant)).models

    async def model(self, tenant: TenantId, number: int) -> Model:
        """One model. Raises NotFound."""
        model = (await self._blueprints.current(tenant)).model_by_id.get(number)
        if model is None:
            raise NotFound
        return model

    async def schedule(self, tenant: TenantId, row: int) -> Schedule:
        """What amortizing the row posted last; nothing where it was never amortized. Raises NotFound."""
        async with self._store.read() as tx:
            blueprint = await self._blueprints.of(tx, tenant)
            record = await _row(tx, tenant, row)
            amounts = await tx.records.made_by(tenant, [row])
        return _schedule_of(blueprint, record, amounts)

    async def preview(self, tenant: TenantId, row: int, model: int) -> Schedule:
        """What amortizing the row now would post. Raises NotFound, Faulty."""
        async with self._store.read() as tx:
            record = await _row(tx, tenant, row)
            blueprint = await self._blueprints.of(tx, tenant)
            if model not in blueprint.model_by_id:
                raise NotFound
            scene = Scene(tenant=tenant, actor=_NOBODY, blueprint=blueprint, at=self._clock.now())
            workspace = Workspace(tx, scene)
            await workspace.gather([record.ref], lock=False)
            await workspace.gather_money()
            await gather_rights(workspace, [record.ref])
            await workspace.gather_below([record.ref])
            await workspace.gather_made([row], lock=False)
        return _preview(workspace, record, model)

    async def journal(self, tenant: TenantId, since: date, until: date) -> Journal:
        """What was posted in these days. Raises BadInput where that is too much for one answer."""
        async with self._store.read() as tx:
            blueprint = await self._blueprints.of(tx, tenant)
            amounts = await _posted_in(tx, tenant, Days(since, until))
        entries = list(chain.from_iterable(await at_leisure(_entry(blueprint, one) for one in amounts)))
        return Journal(since=since, until=until, lines=tuple(entries), totals=_totals(entries))


async def _row(tx: Transaction, tenant: TenantId, number: int) -> Record:
    ref = RecordRef(TABLE, number)
    record = (await tx.records.load(tenant, [ref])).records.get(ref)
    if record is None:
        raise NotFound
    return record


def _preview(workspace: Workspace, row: Record, model: int) -> Schedule:
    try:
        planned = plan(workspace, row, model_of(workspace, model))
    except Denied as denied:
        raise Faulty(denied.flaws) from denied
    return Schedule(
        row=row.ref.number,
        title=row.title,
        model=planned.model.name,
        currency=planned.told.currency,
        cost=planned.told.cost.amount or _NOTHING,
        count=planned.count,
        postings=tuple(Posting(charge=one, title=title_of(row, one.date)) for one in planned.charges),
        posted=False,
    )


def _schedule_of(blueprint: Blueprint, row: Record, amounts: Sequence[Record]) -> Schedule:
    posted = sorted(((_posting(one), one.values) for one in amounts), key=lambda pair: _in_order(pair[0]))
    postings, values = [one for one, _ in posted], [one for _, one in posted]
    currency = next((found for one in values if (found := currency_in(one.get(AMORTIZED)))), None)
    told = _told(blueprint, row)
    counts = [int(count) for one in values if (count := number_in(one.get(COUNT))) is not None]
    return Schedule(
        row=row.ref.number,
        title=row.title,
        # What stands in closed periods may have been worked out by another model.
        model=next((str(one[MODEL]) for one in reversed(values) if MODEL in one), ""),
        currency=currency or told[0],
        # What was amortized, and not what the row says today: it may have changed since. What stands in closed
        # periods may have been posted when it was another cost; the last posting knows what is left of this one.
        cost=_posted_cost(postings) if postings else told[1],
        count=max(counts, default=len(postings)),
        postings=tuple(postings),
        posted=bool(postings),
    )


def _posted_cost(postings: Sequence[Posting]) -> Decimal:
    return postings[-1].charge.closing + sum((one.charge.amount for one in postings), _NOTHING)


def _told(blueprint: Blueprint, row: Record) -> tuple[str, Decimal]:
    """The row's currency and cost, as far as it can be read."""
    try:
        told = told_by(blueprint, row, ())
    except Denied:
        return blueprint.company_currency, _NOTHING
    return told.currency, told.cost.amount or _NOTHING


def _in_order(posting: Posting) -> tuple[date, int, int]:
    return posting.charge.date, posting.charge.number, posting.amount


def _posting(amount: Record) -> Posting:
    values = amount.values
    charge = Charge(
        number=int(_number(values, NUMBER)),
        date=_day(amount),
        amount=_number(values, AMORTIZED),
        split=_number(values, SPLIT),
        opening=_number(values, OPENING),
        closing=_number(values, CLOSING),
    )
    return Posting(charge=charge, title=amount.title, amount=amount.ref.number)


def _number(values: Mapping[str, object], label: str) -> Decimal:
    return number_in(values.get(label)) or _NOTHING


def _day(amount: Record) -> date:
    """The day of an amount that an amortization made; the one it was made on where somebody cleared it."""
    return day_of(amount) or amount.created.at.date()


async def _posted_in(tx: Transaction, tenant: TenantId, days: Days) -> Sequence[Record]:
    found = await amounts_in(tx, tenant, days, check=_check_count)
    return [one for one in found if one.origin is not None]


def _check_count(amounts: int) -> None:
    if amounts > MOST_IN_JOURNAL:
        raise BadInput(f"There are {amounts:,} amounts in these days; a journal has at most {MOST_IN_JOURNAL:,}.")


def _entry(blueprint: Blueprint, posted: Record) -> Sequence[Line]:
    """A debit and a credit of the same amount; of a negative one the other way round."""
    setup, values = blueprint.amortization, posted.values
    amount = _number(values, AMORTIZED)
    sides = (setup.debit, setup.credit) if amount >= 0 else (setup.credit, setup.debit)
    currency = currency_in(values.get(AMORTIZED)) or blueprint.company_currency
    return [
        Line(
            day=_day(posted),
            account=account,
            debit=debit,
            credit=abs(amount) - debit,
            currency=currency,
            row=posted.origin or 0,
            amount=posted.ref.number,
            memo=posted.title,
        )
        for account, debit in zip(sides, (abs(amount), _NOTHING), strict=True)
        if amount
    ]


def _totals(lines: Sequence[Line]) -> tuple[Total, ...]:
    currencies = sorted({line.currency for line in lines})
    return tuple(_total(currency, [line for line in lines if line.currency == currency]) for currency in currencies)


def _total(currency: str, lines: Sequence[Line]) -> Total:
    debit, credit = sum((one.debit for one in lines), _NOTHING), sum((one.credit for one in lines), _NOTHING)
    return Total(currency=currency, debit=debit, credit=credit)

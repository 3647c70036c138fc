"""The books: rates between currencies, and the periods that are closed one after the other (specification B9, B10)."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID, uuid4

import msgspec

from muster.domain.errors import NotAllowed, NotFound
from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.money import FinancialPeriod, Rate
from muster.domain.tenant import Principal, Role
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.records.amortization.dated import Days
from muster.records.amortization.posting import BOOKS
from muster.records.books.closing import Setting, check_taken, closing_actions, settings_of, with_settings
from muster.records.books.rules import (
    BadBooks,
    BookFault,
    PeriodWish,
    RateWish,
    check_may_close,
    checked_period,
    checked_rate,
    find_period,
    find_rate,
    over_period,
    over_rate,
)
from muster.records.desk import RecordDesk
from muster.records.work.blueprints import Blueprints
from muster.records.work.scene import Acting
from muster.records.work.trying import Attempt, persistently

_CHANGERS = frozenset(Role) - {Role.VIEWER, Role.PARTY}


class Books:
    """Keeps rates and periods. Who may only read, and changes something, meets NotAllowed. All changes are audited.

    One at a time: what is changed was looked at first.
    """

    def __init__(self, store: Store, clock: Clock, blueprints: Blueprints, *, desk: RecordDesk) -> None:
        self._store = store
        self._clock = clock
        self._blueprints = blueprints
        self._desk = desk

    # --- Rates -------------------------------------------------------------------------------------------------

    async def rates(self, tenant: TenantId) -> Sequence[Rate]:
        """Every rate, oldest day first."""
        async with self._store.read() as tx:
            return await tx.record_settings.rates(tenant)

    async def rate(self, tenant: TenantId, number: UUID) -> Rate:
        """One rate. Raises NotFound."""
        return find_rate(await self.rates(tenant), number)

    async def add_rate(self, who: Principal, wish: RateWish) -> Rate:
        """A new rate. Raises BadBooks, Conflict where there is one for these currencies and this day."""
        _may_change(who)
        async with self._store.begin() as tx:
            await tx.records.heads(who.tenant, [BOOKS])
            rates = await tx.record_settings.rates(who.tenant)
            rate = checked_rate(uuid4(), wish, rates)
            await tx.record_settings.put_rate(who.tenant, rate)
            await self._note(tx, who, "rate:add", subject=str(rate.id))
        return rate

    async def change_rate(self, who: Principal, number: UUID, wish: RateWish) -> Rate:
        """The rate with what is different. Amounts keep what they were converted by. Raises NotFound, as `add_rate`."""
        _may_change(who)
        async with self._store.begin() as tx:
            await tx.records.heads(who.tenant, [BOOKS])
            rates = await tx.record_settings.rates(who.tenant)
            old = find_rate(rates, number)
            rate = checked_rate(number, over_rate(old, wish), [one for one in rates if one.id != number])
            await tx.record_settings.put_rate(who.tenant, rate)
            await self._note(tx, who, "rate:update", subject=str(number))
        return rate

    async def remove_rate(self, who: Principal, number: UUID) -> None:
        """Forget the rate. Raises NotFound."""
        _may_change(who)
        async with self._store.begin() as tx:
            await tx.records.heads(who.tenant, [BOOKS])
            rate = find_rate(await tx.record_settings.rates(who.tenant), number)
            if not await tx.record_settings.remove_rate(who.tenant, rate):
                raise NotFound
            await self._note(tx, who, "rate:delete", subject=str(number))

    # --- Periods -----------------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The day by which periods are open or not, in UTC."""
        return self._clock.now().date()

    async def periods(self, tenant: TenantId) -> Sequence[FinancialPeriod]:
        """Every financial period, by start."""
        async with self._store.read() as tx:
            return await tx.record_settings.periods(tenant)

    async def add_period(self, who: Principal, wish: PeriodWish) -> FinancialPeriod:
        """A new period. Raises BadBooks, Conflict where year and period are taken."""
        _may_change(who)
        async with self._store.begin() as tx:
            await tx.records.heads(who.tenant, [BOOKS])
            periods = await tx.record_settings.periods(who.tenant)
            period = await tx.record_settings.put_period(who.tenant, checked_period(0, wish, periods))
            await self._note(tx, who, "period:add", subject=str(period.id))
        return period

    async def change_period(self, who: Principal, number: int, wish: PeriodWish) -> FinancialPeriod:
        """The period with what is different. Raises NotFound, BadBooks (closed ones stay as they are), Conflict."""
        _may_change(who)
        async with self._store.begin() as tx:
            await tx.records.heads(who.tenant, [BOOKS])
            periods = await tx.record_settings.periods(who.tenant)
            old = find_period(periods, number)
            if old.closed:
                raise BadBooks(BookFault.CLOSED)
            others = [one for one in periods if one.id != number]
            changed = checked_period(number, over_period(old, wish), others)
            new = await tx.record_settings.put_period(who.tenant, changed)
            await self._note(tx, who, "period:update", subject=str(number))
        return new

    async def close(self, who: Principal, acting: Acting, number: int) -> FinancialPeriod:
        """The period, closed; with every amount in it the action of its process was taken, where its status offers it.

        All of it happens, or nothing. Raises NotFound, BadBooks (not begun, closed), Conflict where an amount stands
        in the way, NotAllowed; Unavailable where the store is: nothing was done, after some tries, or its answer was
        lost.
        """
        _may_change(who)
        return await persistently(lambda attempt: self._close(who, acting, number, attempt=attempt))

    async def _close(self, who: Principal, acting: Acting, number: int, *, attempt: Attempt) -> FinancialPeriod:
        now = self._clock.now()
        async with self._store.begin() as tx:
            await tx.records.heads(who.tenant, [BOOKS])
            period = find_period(await tx.record_settings.periods(who.tenant), number)
            check_may_close(period.state(now.date()))
            blueprint = await self._blueprints.of(tx, who.tenant)
            closed = msgspec.structs.replace(period, closed=True)
            await tx.record_settings.put_period(who.tenant, closed)
            actions = await closing_actions(tx, who.tenant, Days(period.start, period.end), blueprint=blueprint)
            performed = await self._desk.apply(tx, acting, actions, whole=False, at=now)
            check_taken(performed.results)
            await self._note(tx, who, "period:close", subject=str(number), detail=str(len(actions)))
            attempt.applied = True
        return closed

    # --- What closing does -------------------------------------------------------------------------------------

    async def settings(self, tenant: TenantId) -> Sequence[Setting]:
        """What closing does with amounts: each process that amounts have, in order."""
        return settings_of(await self._blueprints.current(tenant))

    async def set(self, who: Principal, wishes: Mapping[int, int | None]) -> Sequence[Setting]:
        """The settings with another action for these processes; None: nothing is done. Raises BadBooks."""
        _may_change(who)
        if not wishes:
            raise BadBooks(BookFault.NO_SETTINGS)

        def edit(blueprint: Blueprint) -> Blueprint:
            return with_settings(blueprint, wishes)

        changed = await self._blueprints.change(who.tenant, edit)
        async with self._store.begin() as tx:
            await self._note(tx, who, "period:configure", subject=",".join(map(str, wishes)))
        return settings_of(changed)

    async def _note(self, tx: Transaction, who: Principal, action: str, *, subject: str, detail: str = "") -> None:
        await tx.outbox.audit(who.tenant, who.id, action, subject=subject, detail=detail, at=self._clock.now())


def _may_change(who: Principal) -> None:
    if who.role not in _CHANGERS:
        raise NotAllowed("This service account may only read")

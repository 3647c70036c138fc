"""Keeping what a record store is configured with."""

import asyncio
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec
import pytest

from muster.domain.errors import Conflict, NotFound
from muster.domain.ids import PrincipalId, TenantId
from muster.domain.records.amortization import Model, ModelPeriod
from muster.domain.records.blueprint import Ban, Blueprint, Party, WorkRole
from muster.domain.records.money import FinancialPeriod, Rate
from muster.domain.records.process import Action, Chained, Process, Status
from muster.domain.records.template import DataType, Field, Option, Pairing, PickList, Template, Trigger
from muster.domain.tenant import Role
from muster.ports.store.unit import Store
from tests.conformance.record_world import NOON, a_principal
from tests.conformance.store_world import a_tenant

FULL = Blueprint(
    version=1,
    company_currency="EUR",
    templates=(
        Template(
            char_type=1,
            id=1,
            name="Feature",
            process=4,
            fields=(
                Field(
                    label="genre",
                    name="Genre",
                    data_type=DataType.TEXT,
                    pick_list=3,
                    trigger=Trigger(label="year", value="1"),
                ),
            ),
            parents=(Pairing(char_type=4, template=12),),
        ),
    ),
    processes=(
        Process(
            id=4,
            name="Making",
            statuses=(Status(id=1, name="Development", actions=(1,)),),
            actions=(Action(id=1, name="Begin", initial=True, status=1, chained=(Chained(process=4, action=1),)),),
        ),
    ),
    lists=(PickList(id=3, guid="g", name="Genres", options=(Option(id=7, label="Drama", xref="DR"),)),),
    parties=(Party(id=1, name="Counterparty"),),
    roles=(WorkRole(id=1, name="Lawyers", roles=(Role.ADMIN,)),),
    bans=(Ban(char_type=1, roles=(Role.CLERK,)),),
    models=(
        Model(
            id=77,
            name="Curve",
            periods=(ModelPeriod(id=1, split=Decimal("60.125"), updated_at=NOON),),
            factor=Decimal("1.5"),
        ),
    ),
)


def a_rate(day: int = 1, *, named: UUID | None = None, rate: str = "1.123456789") -> Rate:
    since = date(2026, 3, day)
    return Rate(id=named or uuid4(), company="USD", transaction="EUR", rate=Decimal(rate), since=since)


def a_period(number: int, *, year: int = 2026, month: int = 1, closed: bool = False) -> FinancialPeriod:
    start, end = date(year, month, 1), date(year, month, 28)
    return FinancialPeriod(id=number, year=year, period=month, start=start, end=end, closed=closed)


async def _put(store: Store, tenant: TenantId, version: int, *, replaces: int) -> bool:
    async with store.begin() as tx:
        blueprint = msgspec.structs.replace(FULL, version=version)
        return await tx.record_settings.put_blueprint(tenant, blueprint, replaces=replaces)


async def _user(store: Store, tenant: TenantId, principal: PrincipalId) -> int:
    async with store.begin() as tx:
        return await tx.record_settings.user(tenant, principal)


async def test_a_tenant_begins_with_an_empty_blueprint(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.read() as tx:
        assert await tx.record_settings.blueprint_version(tenant) == 0
        assert await tx.record_settings.blueprint(tenant) == Blueprint()


async def test_a_blueprint_comes_back_as_it_was_put(store: Store) -> None:
    tenant, other = await a_tenant(store), await a_tenant(store, "other")
    assert await _put(store, tenant, 1, replaces=0)
    async with store.read() as tx:
        assert await tx.record_settings.blueprint(tenant) == FULL
        assert await tx.record_settings.blueprint_version(tenant) == 1
        assert await tx.record_settings.blueprint_version(other) == 0


async def test_a_blueprint_replaces_only_the_version_it_was_made_from(store: Store) -> None:
    tenant = await a_tenant(store)
    assert not await _put(store, tenant, 2, replaces=1)
    assert await _put(store, tenant, 1, replaces=0)
    assert not await _put(store, tenant, 1, replaces=0)
    assert await _put(store, tenant, 2, replaces=1)
    assert not await _put(store, tenant, 2, replaces=1)
    async with store.read() as tx:
        assert (await tx.record_settings.blueprint(tenant)).version == 2


async def test_of_several_who_change_a_blueprint_at_once_one_succeeds(store: Store) -> None:
    tenant = await a_tenant(store)
    assert sorted(await asyncio.gather(*(_put(store, tenant, 1, replaces=0) for _ in range(4)))) == [False] * 3 + [True]
    assert sorted(await asyncio.gather(*(_put(store, tenant, 2, replaces=1) for _ in range(4)))) == [False] * 3 + [True]


async def test_service_accounts_are_numbered_in_each_tenant_as_they_come(store: Store) -> None:
    tenant, other = await a_tenant(store), await a_tenant(store, "other")
    robot, clerk = await a_principal(store, tenant), await a_principal(store, tenant, "Clerk")
    stranger = await a_principal(store, other, "Stranger")
    assert [await _user(store, tenant, robot), await _user(store, tenant, clerk)] == [1, 2]
    assert [await _user(store, tenant, robot), await _user(store, other, stranger)] == [1, 1]
    async with store.read() as tx:
        assert await tx.record_settings.users(tenant, [2, 1, 9, 1]) == {1: "robot", 2: "Clerk"}
        assert await tx.record_settings.users(other, [1, 2]) == {1: "Stranger"}
        assert await tx.record_settings.user(tenant, clerk) == 2


async def test_a_service_account_of_another_tenant_has_no_number(store: Store) -> None:
    tenant, other = await a_tenant(store), await a_tenant(store, "other")
    robot = await a_principal(store, tenant)
    for stranger in (robot, PrincipalId(uuid4())):
        with pytest.raises(NotFound):
            await _user(store, other, stranger)


async def test_a_service_account_that_calls_many_times_at_once_has_one_number(store: Store) -> None:
    tenant = await a_tenant(store)
    robot = await a_principal(store, tenant)
    assert set(await asyncio.gather(*(_user(store, tenant, robot) for _ in range(8)))) == {1}


async def test_rates_are_kept_changed_and_forgotten(store: Store) -> None:
    tenant, other = await a_tenant(store), await a_tenant(store, "other")
    late, early = a_rate(9), a_rate(2)
    changed = a_rate(9, named=late.id, rate="0.000000001")
    async with store.begin() as tx:
        await tx.record_settings.put_rate(tenant, late)
        await tx.record_settings.put_rate(tenant, early)
        assert list(await tx.record_settings.rates(tenant)) == [early, late]
        await tx.record_settings.put_rate(tenant, changed)
        await tx.record_settings.put_rate(other, late)
        assert not await tx.record_settings.remove_rate(other, early)
        assert await tx.record_settings.remove_rate(tenant, early)
        assert not await tx.record_settings.remove_rate(tenant, early)
        assert list(await tx.record_settings.rates(tenant)) == [changed]
        assert list(await tx.record_settings.rates(other)) == [late]


async def test_periods_get_ids_of_their_tenant_and_are_told_by_their_start(store: Store) -> None:
    tenant, other = await a_tenant(store), await a_tenant(store, "other")
    async with store.begin() as tx:
        assert await tx.record_settings.put_period(tenant, a_period(0, month=3)) == a_period(1, month=3)
        assert await tx.record_settings.put_period(tenant, a_period(0, month=2)) == a_period(2, month=2)
        assert await tx.record_settings.put_period(other, a_period(0)) == a_period(1)
        await tx.record_settings.put_period(tenant, a_period(2, month=2, closed=True))
        kept = await tx.record_settings.periods(tenant)
        assert list(kept) == [a_period(2, month=2, closed=True), a_period(1, month=3)]
        assert list(await tx.record_settings.periods(other)) == [a_period(1)]


async def test_a_year_has_each_period_once(store: Store) -> None:
    tenant = await a_tenant(store)

    async def put(period: FinancialPeriod) -> int:
        try:
            async with store.begin() as tx:
                return (await tx.record_settings.put_period(tenant, period)).id
        except Conflict:
            return 0

    assert sorted(await asyncio.gather(*(put(a_period(0)) for _ in range(4))))[:3] == [0, 0, 0]
    second = await put(a_period(0, month=2))
    assert not await put(a_period(second, month=1))
    async with store.read() as tx:
        assert [period.period for period in await tx.record_settings.periods(tenant)] == [1, 2]

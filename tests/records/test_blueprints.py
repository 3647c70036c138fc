"""Blueprints, read once for each version."""

import asyncio
from collections.abc import Callable

import msgspec

from muster.domain.records.blueprint import Blueprint, Party
from muster.records.work.blueprints import Blueprints
from tests.records.house import BLUEPRINT, House


async def test_a_blueprint_is_decoded_once_for_each_version(house: House) -> None:
    blueprints = Blueprints(house.store)
    async with house.store.read() as tx:
        first = await blueprints.of(tx, house.tenant)
        assert await blueprints.of(tx, house.tenant) is first
    assert first == BLUEPRINT
    changed = await blueprints.change(house.tenant, lambda one: msgspec.structs.replace(one, company_currency="EUR"))
    assert (changed.version, changed.company_currency) == (2, "EUR")
    async with house.store.read() as tx:
        assert await blueprints.of(tx, house.tenant) == changed
        assert (await Blueprints(house.store).of(tx, house.tenant)).company_currency == "EUR"


async def test_a_tenant_without_a_blueprint_has_an_empty_one(house: House) -> None:
    async with house.store.read() as tx:
        assert await Blueprints(house.store).of(tx, type(house.tenant)(house.tenant + 1)) == Blueprint()


async def test_those_who_change_it_at_once_all_have_their_way(house: House) -> None:
    blueprints = [Blueprints(house.store) for _ in range(3)]

    def adding(number: int) -> Callable[[Blueprint], Blueprint]:
        return lambda one: msgspec.structs.replace(one, parties=(*one.parties, Party(id=number, name="P")))

    await asyncio.gather(*(one.change(house.tenant, adding(n)) for n, one in enumerate(blueprints, 50)))
    async with house.store.read() as tx:
        now = await blueprints[0].of(tx, house.tenant)
    assert {50, 51, 52} <= now.party_by_id.keys()
    assert now.version == 4


async def test_an_edit_cannot_set_the_version(house: House) -> None:
    blueprints = Blueprints(house.store)
    changed = await blueprints.change(house.tenant, lambda one: msgspec.structs.replace(one, version=99))
    assert changed.version == 2

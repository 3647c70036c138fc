"""A record store with the blueprint of the conformance cases, and rows to amortize in it."""

from datetime import date

import msgspec

from muster.domain.records.amortization import Method, Model
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import TABLE
from muster.domain.records.money import FinancialPeriod
from muster.domain.records.operation import (
    Amortize,
    Create,
    Draft,
    Result,
)
from muster.domain.records.record import Record
from muster.domain.tenant import Role
from muster.records.configuring.blueprint import read_blueprint
from muster.records.configuring.samples import sample
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.records.house import House, open_house

CONFORMANCE = read_blueprint(sample("conformance"), form="toml")
FOUR_MONTHS, FORECAST, STRAIGHT = 77, 90, 91
MODELS = (
    *CONFORMANCE.models,
    Model(id=FORECAST, name="Forecast", method=Method.FILM_FORECAST),
    Model(id=STRAIGHT, name="Straight line", method=Method.STRAIGHT_LINE),
)
YEAR = {"term_start": "2024-01-10", "term_end": "2024-12-31"}


async def open_books(store: SqlStore, clock: FakeClock) -> House:
    """A record store that knows three models."""
    opened = await open_house(store, clock)
    await configure(opened, msgspec.structs.replace(CONFORMANCE, models=MODELS), replaces=1)
    return opened


async def configure(house: House, blueprint: Blueprint, *, replaces: int) -> None:
    async with house.store.begin() as tx:
        changed = msgspec.structs.replace(blueprint, version=replaces + 1)
        assert await tx.record_settings.put_blueprint(house.tenant, changed, replaces=replaces)


async def rows_of(house: House, count: int, **values: object) -> list[int]:
    told = {"amount": {"locAmt": 100, "locSym": "USD"}, **YEAR, **values}
    drafts = [Draft(title="Row", template=30, values=told) for _ in range(count)]
    return [made.number for made in await house.do(*(Create(group=TABLE, draft=one) for one in drafts))]


async def amortize(house: House, *rows: int, model: int = FOUR_MONTHS, role: Role = Role.OWNER) -> list[Result]:
    operations = [Amortize(group=TABLE, number=row, model=model) for row in rows]
    return list(await house.do(*operations, acting=house.as_(role)))


async def made_by(house: House, row: int) -> list[Record]:
    async with house.store.read() as tx:
        return sorted(await tx.records.made_by(house.tenant, [row]), key=lambda one: one.ref)


FEBRUARY = FinancialPeriod(id=0, year=2024, period=2, start=date(2024, 2, 1), end=date(2024, 2, 29), closed=True)
JANUARY = FinancialPeriod(id=0, year=2024, period=1, start=date(2024, 1, 1), end=date(2024, 1, 31), closed=True)


async def close(house: House, period: FinancialPeriod) -> None:
    async with house.store.begin() as tx:
        await tx.record_settings.put_period(house.tenant, period)


async def charged(house: House, row: int) -> list[tuple[object, object]]:
    """What stands for the row: its days, and how much."""
    made = [one.values for one in await made_by(house, row)]
    return sorted((one["transaction_date"], one["amortized_amount"]["locAmt"]) for one in made)  # type: ignore[index]  # money is a table

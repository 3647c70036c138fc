"""Closing the books while schedules are posted, and what a closed book keeps."""

import asyncio
from collections.abc import Awaitable
from datetime import date
from typing import TypeVar
from uuid import uuid4

import msgspec
import pytest

from muster.domain.errors import Unavailable
from muster.domain.ids import PrincipalId
from muster.domain.records.char_types import TABLE
from muster.domain.records.money import FinancialPeriod
from muster.domain.records.operation import Amortize, Create, Done, Draft
from muster.domain.records.record import Record
from muster.domain.tenant import Principal, Role
from muster.records.amortization.posting import BOOKS
from muster.records.books.desk import Books
from muster.records.books.rules import BadBooks, BookFault, PeriodWish
from muster.records.configuring.blueprint import read_blueprint
from muster.records.configuring.samples import sample
from muster.records.work.blueprints import Blueprints
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.flaky_store import FlakyStore
from tests.records.house import House, open_house

CONFORMANCE = read_blueprint(sample("conformance"), form="toml")
JANUARY = PeriodWish(year=2024, period=1, start=date(2024, 1, 1), end=date(2024, 1, 31))
OPEN, POSTED = 1, 2
"""Where amounts stand: closing a period posts those in it, and posted ones are locked."""
A_MOMENT_S = 0.2
T = TypeVar("T")


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> House:
    """A record store with the blueprint of the conformance cases."""
    opened = await open_house(store, clock)
    async with store.begin() as tx:
        changed = msgspec.structs.replace(CONFORMANCE, version=2)
        assert await tx.record_settings.put_blueprint(opened.tenant, changed, replaces=1)
    return opened


@pytest.fixture
def books(house: House) -> Books:
    return Books(house.store, house.clock, Blueprints(house.store), desk=house.desk)


@pytest.fixture
async def row(house: House) -> int:
    """A row of 100.00, charged from January to April 2024."""
    values = {"amount": {"locAmt": 100, "locSym": "USD"}, "term_start": "2024-01-10", "term_end": "2024-12-31"}
    (made,) = await house.do(Create(group=TABLE, draft=Draft(title="Row", template=30, values=values)))
    return made.number


def somebody(house: House) -> Principal:
    return Principal(id=PrincipalId(uuid4()), tenant=house.tenant, role=Role.OWNER)


def amortizing(row: int) -> Amortize:
    return Amortize(group=TABLE, number=row, model=77)


async def close(house: House, books: Books, period: FinancialPeriod) -> FinancialPeriod:
    return await books.close(somebody(house), house.acting, period.id)


async def amounts(house: House, row: int) -> list[Record]:
    """In order of their days."""
    async with house.store.read() as tx:
        found = await tx.records.made_by(house.tenant, [row])
    return sorted(found, key=lambda one: str(one.values["transaction_date"]))


def days(found: list[Record]) -> list[object]:
    return [one.values["transaction_date"] for one in found]


async def begun(work: Awaitable[T]) -> "asyncio.Future[T]":
    """Something that has come to where it waits for somebody, or is done."""
    doing = asyncio.ensure_future(work)
    await asyncio.wait([doing], timeout=A_MOMENT_S)
    return doing


async def test_a_period_that_is_being_closed_gets_no_more_amounts(house: House, books: Books, row: int) -> None:
    period = await books.add_period(somebody(house), JANUARY)
    async with house.store.begin() as tx:
        await tx.records.heads(house.tenant, [BOOKS])
        await tx.record_settings.put_period(house.tenant, msgspec.structs.replace(period, closed=True))
        posting = await begun(house.desk.one(house.acting, amortizing(row)))
        assert not posting.done()

    assert (await posting).done is Done.AMORTIZED
    assert days(await amounts(house, row))[0] == "2024-02-29"


async def test_closing_waits_for_amounts_that_are_being_made(house: House, books: Books, row: int) -> None:
    period = await books.add_period(somebody(house), JANUARY)
    async with house.store.begin() as tx:
        await house.desk.apply(tx, house.acting, [amortizing(row)], whole=False, at=house.clock.now())
        closing = await begun(close(house, books, period))
        assert not closing.done()

    assert (await closing).closed
    assert [one.status for one in await amounts(house, row)] == [POSTED, OPEN, OPEN, OPEN]


async def test_closing_and_posting_again_do_not_wait_for_each_other(house: House, books: Books, row: int) -> None:
    period = await books.add_period(somebody(house), JANUARY)
    await house.desk.one(house.acting, amortizing(row))

    again, closed = await asyncio.gather(house.desk.one(house.acting, amortizing(row)), close(house, books, period))

    assert again.done is Done.AMORTIZED
    assert closed.closed
    assert [one.status for one in await amounts(house, row)] == [POSTED, OPEN, OPEN, OPEN]


async def test_a_row_is_amortized_again_though_closing_locked_some_of_it(house: House, books: Books, row: int) -> None:
    await house.desk.one(house.acting, amortizing(row))
    await close(house, books, await books.add_period(somebody(house), JANUARY))
    (january, *_) = await amounts(house, row)

    result = await house.desk.one(house.acting, amortizing(row))

    assert result.done is Done.AMORTIZED
    after = await amounts(house, row)
    assert after[0] == january
    assert days(after) == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2024, 1, 31), date(2024, 2, 28)),
        (date(2023, 12, 1), date(2024, 1, 1)),
        (date(2024, 1, 5), date(2024, 1, 6)),
    ],
)
async def test_periods_share_no_day(*, house: House, books: Books, start: date, end: date) -> None:
    who = somebody(house)
    await books.add_period(who, JANUARY)
    other = PeriodWish(year=2024, period=2, start=date(2024, 2, 1), end=date(2024, 2, 29))
    february = await books.add_period(who, other)

    with pytest.raises(BadBooks) as added:
        await books.add_period(who, PeriodWish(year=2024, period=3, start=start, end=end))
    with pytest.raises(BadBooks) as changed:
        await books.change_period(who, february.id, PeriodWish(start=start, end=end))

    assert added.value.fault is changed.value.fault is BookFault.OVERLAPPING
    assert (await books.change_period(who, february.id, PeriodWish(end=date(2024, 2, 28)))).end.day == 28


async def test_periods_added_at_the_same_time_share_no_day(house: House, books: Books) -> None:
    wishes = [msgspec.structs.replace(JANUARY, period=number) for number in (1, 2, 3)]

    added = await asyncio.gather(*(books.add_period(somebody(house), wish) for wish in wishes), return_exceptions=True)

    assert sum(isinstance(one, BadBooks) for one in added) == 2
    assert len(await books.periods(house.tenant)) == 1


async def test_closing_is_tried_again_after_a_conflict_that_passes(house: House, books: Books) -> None:
    period = await books.add_period(somebody(house), JANUARY)
    flaky = FlakyStore(house.store)
    flaky.away = 3

    closed = await close(house, Books(flaky, house.clock, Blueprints(house.store), desk=house.desk), period)

    assert closed.closed


async def test_a_closing_whose_answer_was_lost_is_not_made_again(house: House, books: Books) -> None:
    period = await books.add_period(somebody(house), JANUARY)
    flaky = FlakyStore(house.store)
    flaky.lost_commits = 1

    with pytest.raises(Unavailable):
        await close(house, Books(flaky, house.clock, Blueprints(house.store), desk=house.desk), period)

    (found,) = await books.periods(house.tenant)
    assert found.closed

"""Two transactions at once, each stopped where it hurts: what one does must not be undone, doubled or overlooked.

On PostgreSQL only: SQLite has one writer at a time.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import TypeVar
from uuid import uuid4

import msgspec
import pytest

from muster.domain.errors import BadInput, Unavailable
from muster.domain.ids import PrincipalId
from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, RIGHT, TABLE, RecordRef
from muster.domain.records.date_rule import Choosing, DateRule, Source, Spot
from muster.domain.records.operation import (
    Amortize,
    Change,
    Copy,
    Create,
    Denial,
    Draft,
    ParentAsk,
    Relate,
    Remove,
    Result,
)
from muster.domain.records.record import Record
from muster.domain.tenant import Principal, Role
from muster.ports.store.records import Writing
from muster.ports.store.unit import Transaction
from muster.records.amortization.posting import BOOKS
from muster.records.books.desk import Books
from muster.records.books.rules import BadBooks, PeriodWish
from muster.records.configuring.blueprint import read_blueprint, replace
from muster.records.configuring.samples import sample
from muster.records.dates.desk import DateDesk, RuleChange, RuleDraft, SourceDraft
from muster.records.desk import RecordDesk
from muster.records.work.blueprints import Blueprints
from tests.fakes.clock import FakeClock
from tests.fakes.flaky_store import FlakyStore
from tests.records.house import BLUEPRINT, House, create

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
T = TypeVar("T")
LABEL = "premiere"
CONFORMANCE = read_blueprint(sample("conformance"), form="toml")
FOUR_MONTHS = 77
LONG = timedelta(seconds=30)
A_MOMENT_S = 0.3
"""Long enough for somebody to come to where they wait."""


@asynccontextmanager
async def holding(house: House, *refs: RecordRef, counters: Collection[str] = ()) -> AsyncGenerator[Transaction]:
    """Somebody's transaction that has these records and counters for itself; committed at the end."""
    async with house.store.begin() as tx:
        await tx.records.load(house.tenant, refs, lock=True, patience=LONG)
        if counters:
            await tx.records.heads(house.tenant, counters)
        yield tx


async def begun(work: Awaitable[T]) -> "asyncio.Future[T]":
    """Something that has come to where it waits for somebody, or is done."""
    doing = asyncio.ensure_future(work)
    await asyncio.wait([doing], timeout=A_MOMENT_S)
    return doing


def a_rule(number: int, target: RecordRef, *looked_at: RecordRef) -> DateRule:
    """The premiere of one is that of others; sources are numbered from ten times the rule's number."""
    sources = tuple(Source(number=number * 10 + n, spot=Spot(ref, LABEL)) for n, ref in enumerate(looked_at))
    return DateRule(number=number, target=Spot(target, LABEL), sources=sources)


async def with_rules(house: House, *rules: DateRule) -> None:
    """Have these date rules, not worked out yet. The counters are moved past them."""
    async with house.store.begin() as tx:
        await tx.records.heads(house.tenant, ["rule", "source"])
        await tx.records.write(house.tenant, Writing(rules_put=rules, heads={"rule": 99, "source": 999}))


async def rules_about(house: House, *refs: RecordRef) -> Sequence[DateRule]:
    """The date rules that have to do with any of these."""
    async with house.store.read() as tx:
        return await tx.records.rules_touching(house.tenant, refs)


async def premieres(house: House, *refs: RecordRef) -> Sequence[object]:
    """The dates in these records."""
    found = [await house.get(ref) for ref in refs]
    return [record and record.values.get(LABEL) for record in found]


async def dated(house: House, day: str | None = None) -> RecordRef:
    """A film, and its premiere."""
    return await house.have(CATALOG_ITEM, **({} if day is None else {LABEL: day}))


def change(house: House, ref: RecordRef, **values: object) -> Awaitable[Result]:
    """Change a film."""
    return house.desk.one(house.acting, Change(group=ref.char_type, number=ref.number, draft=Draft(values=values)))


def remove(house: House, ref: RecordRef) -> Awaitable[Result]:
    """Delete a record."""
    return house.desk.one(house.acting, Remove(group=ref.char_type, number=ref.number))


def make_under(house: House, parent: RecordRef) -> Awaitable[Result]:
    """Make a right that belongs to a record."""
    draft = Draft(title="x", template=1, parents=(ParentAsk(parent=parent),))
    return house.desk.one(house.acting, Create(group=RIGHT, draft=draft))


# --- Relationships ---------------------------------------------------------------------------------------------


async def test_two_related_records_deleted_at_once_part_once(house: House) -> None:
    deal, film = await house.have(CATALOG_ITEM, "a"), await house.have(CATALOG_ITEM, "b")
    number = await house.link(deal, film)
    async with holding(house, counters=["trace"]):
        doing = [await begun(remove(house, deal)), await begun(remove(house, film))]
    results = await asyncio.gather(*doing)
    assert [one.denial for one in results] == [None, None]
    parted = [body["relationship"] for kind, body in await house.told() if kind == "relationship:deleted"]
    assert parted == [number]
    async with house.store.read() as tx:
        assert await tx.records.links(house.tenant, [number]) == []


async def test_a_circle_of_components_is_not_closed_from_both_sides(house: House) -> None:
    one, two, three, four = [await house.have(RIGHT, title) for title in "abcd"]
    await house.link(one, two)
    await house.link(three, four)
    async with holding(house, counters=["link"]):
        doing = [
            await begun(house.desk.one(house.acting, Relate(group=0, parent=parent, child=child)))
            for parent, child in ((two, three), (four, one))
        ]
    results = await asyncio.gather(*doing)
    assert {result.denial for result in results} == {None, Denial.BAD_LINK}


async def test_a_component_made_while_its_parent_is_deleted_is_refused(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    async with holding(house, counters=["trace"]):
        going = await begun(remove(house, film))
        making = await begun(make_under(house, film))
        assert not making.done()
    assert (await going).denial is None
    assert (await making).denial is Denial.FAULTY


async def test_a_component_made_before_its_parent_is_deleted_goes_along(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    async with holding(house, counters=["trace"]):
        making = await begun(make_under(house, film))
        going = await begun(remove(house, film))
        assert not going.done()
    made = await making
    assert (await going).denial is None
    assert await house.get(RecordRef(RIGHT, made.number)) is None


async def test_a_component_goes_with_the_last_of_its_parents_deleted_at_once(house: House) -> None:
    films = [await house.have(CATALOG_ITEM, title) for title in "ab"]
    right = await house.have(RIGHT)
    for film in films:
        await house.link(film, right)
    async with holding(house, counters=["trace"]):
        doing = [await begun(remove(house, film)) for film in films]
    assert [result.denial for result in await asyncio.gather(*doing)] == [None, None]
    assert await house.get(right) is None


# --- Dates -----------------------------------------------------------------------------------------------------


async def test_a_calculation_added_further_down_the_chain_meanwhile_is_worked_out(house: House) -> None:
    first, second, third = [await dated(house) for _ in range(3)]
    await with_rules(house, a_rule(1, second, first))
    async with holding(house, second, third) as tx:
        changing = await begun(change(house, first, premiere="2026-05-01"))
        await tx.records.write(house.tenant, Writing(rules_put=[a_rule(2, third, second)]))
    assert (await changing).denial is None
    assert await premieres(house, first, second, third) == ["2026-05-01"] * 3


async def test_a_calculation_deleted_meanwhile_stays_deleted(house: House) -> None:
    first, second = await dated(house), await dated(house)
    await with_rules(house, a_rule(1, second, first))
    async with holding(house, second) as tx:
        changing = await begun(change(house, first, premiere="2026-05-01"))
        await tx.records.write(house.tenant, Writing(rules_removed=[1]))
    assert (await changing).denial is None
    assert await rules_about(house, first, second) == []
    assert await premieres(house, second) == [None]


async def test_a_calculation_whose_ends_are_deleted_at_once_is_gone(house: House) -> None:
    first, second = await dated(house, "2026-01-01"), await dated(house)
    await with_rules(house, a_rule(1, second, first))
    async with holding(house, counters=["trace"]):
        doing = [await begun(remove(house, second)), await begun(remove(house, first))]
    assert [result.denial for result in await asyncio.gather(*doing)] == [None, None]
    assert await rules_about(house, first, second) == []


async def test_both_dates_that_a_third_looks_at_may_change_at_once(house: House) -> None:
    first, second, third = await dated(house), await dated(house), await dated(house)
    rule = msgspec.structs.replace(a_rule(1, third, first, second), choosing=Choosing.LATEST)
    await with_rules(house, rule)
    async with holding(house, third):
        doing = [
            await begun(change(house, first, premiere="2026-01-01")),
            await begun(change(house, second, premiere="2026-02-01")),
        ]
    assert [result.denial for result in await asyncio.gather(*doing)] == [None, None]
    assert await premieres(house, third) == ["2026-02-01"]


async def test_a_copy_sees_the_date_that_is_being_changed_under_it(house: House) -> None:
    looked_at, original = await dated(house, "2026-01-01"), await dated(house)
    await with_rules(house, a_rule(1, original, looked_at))
    async with holding(house, looked_at) as tx:
        copying = await begun(house.desk.one(house.acting, Copy(group=CATALOG_ITEM, number=original.number)))
        record = await house.get(looked_at)
        assert record is not None
        changed = msgspec.structs.replace(record, values={LABEL: "2026-09-09"})
        await tx.records.write(house.tenant, Writing(changed=[changed]))
    copy = await copying
    assert copy.denial is None
    assert await premieres(house, RecordRef(CATALOG_ITEM, copy.number)) == ["2026-09-09"]


async def test_a_copy_looks_at_nothing_that_was_deleted_meanwhile(house: House) -> None:
    looked_at, original = await dated(house, "2026-01-01"), await dated(house)
    await with_rules(house, a_rule(1, original, looked_at))
    async with holding(house, counters=["trace"]):
        going = await begun(remove(house, looked_at))
        copying = await begun(house.desk.one(house.acting, Copy(group=CATALOG_ITEM, number=original.number)))
    assert (await going).denial is None
    assert (await copying).denial is None
    rules = await rules_about(house, original, looked_at, RecordRef(CATALOG_ITEM, (await copying).number))
    assert all(source.spot.ref != looked_at for rule in rules for source in rule.sources)


async def test_a_calculation_whose_commit_was_not_answered_is_not_changed_twice(house: House, clock: FakeClock) -> None:
    first, second, third = [await dated(house) for _ in range(3)]
    desk = DateDesk(house.store, clock, Blueprints(house.store))
    draft = RuleDraft(
        target=Spot(second, LABEL), choosing=Choosing.LATEST, sources=(SourceDraft(spot=Spot(first, LABEL)),)
    )
    number = await desk.add(house.acting, draft)
    flaky = FlakyStore(house.store)
    flaky.lost_commits = 1
    with pytest.raises(Unavailable):
        await DateDesk(flaky, clock, Blueprints(house.store)).change(
            house.acting, RuleChange(number=number, added=(SourceDraft(spot=Spot(third, LABEL)),))
        )
    (rule,) = await rules_about(house, second)
    assert [source.spot.ref for source in rule.sources] == [first, third]


# --- Configuration and books -----------------------------------------------------------------------------------


async def test_a_template_that_vanishes_meanwhile_gets_no_more_records(house: House) -> None:
    without = msgspec.structs.replace(
        BLUEPRINT, templates=tuple(one for one in BLUEPRINT.templates if one.char_type != CONTACT)
    )
    async with house.store.begin() as tx:
        await replace(tx, house.tenant, before=BLUEPRINT, after=without)
        making = await begun(house.desk.one(house.acting, create(CONTACT, "x", last_name="y")))
    assert (await making).denial is Denial.FAULTY
    assert await house.get(RecordRef(CONTACT, 1)) is None


async def test_a_template_does_not_vanish_under_records_that_are_being_made(house: House) -> None:
    without = msgspec.structs.replace(
        BLUEPRINT, templates=tuple(one for one in BLUEPRINT.templates if one.char_type != CONTACT)
    )

    async def configure() -> None:
        async with house.store.begin() as tx:
            await replace(tx, house.tenant, before=BLUEPRINT, after=without)

    async with house.store.begin() as tx:
        await house.desk.apply(
            tx, house.acting, [create(CONTACT, "x", last_name="y")], whole=False, at=house.clock.now()
        )
        configuring = await begun(configure())
    with pytest.raises(BadInput, match="--force"):
        await configuring


async def test_a_period_that_is_being_closed_is_not_opened_by_a_change(house: House, clock: FakeClock) -> None:
    books = Books(house.store, clock, Blueprints(house.store), desk=house.desk)
    who = Principal(id=PrincipalId(uuid4()), tenant=house.tenant, role=Role.OWNER)
    wish = PeriodWish(year=2019, period=1, start=date(2019, 1, 1), end=date(2019, 1, 31))
    period = await books.add_period(who, wish)
    async with holding(house, counters=[BOOKS]) as tx:
        await tx.record_settings.put_period(house.tenant, msgspec.structs.replace(period, closed=True))
        changing = await begun(books.change_period(who, period.id, PeriodWish(end=date(2019, 1, 30))))
    with pytest.raises(BadBooks):
        await changing
    (found,) = await books.periods(house.tenant)
    assert found.closed


# --- Amortization ----------------------------------------------------------------------------------------------


@pytest.fixture
async def row(house: House) -> int:
    """A table row that was amortized over four months of 2024, in a store configured for the conformance cases."""
    async with house.store.begin() as tx:
        configured = msgspec.structs.replace(CONFORMANCE, version=2)
        assert await tx.record_settings.put_blueprint(house.tenant, configured, replaces=1)
    number = await a_row(house)
    (done,) = await house.do(amortizing(number))
    assert done.denial is None
    return number


async def a_row(house: House) -> int:
    """A table row that can be amortized."""
    values = {"amount": {"locAmt": 100, "locSym": "USD"}, "term_start": "2024-01-10", "term_end": "2024-12-31"}
    (made,) = await house.do(Create(group=TABLE, draft=Draft(title="Row", template=30, values=values)))
    return made.number


def amortizing(number: int) -> Amortize:
    """Work the row's schedule out."""
    return Amortize(group=TABLE, number=number, model=FOUR_MONTHS)


async def amounts(house: House, row: int) -> Sequence[Record]:
    """What amortization made of a row."""
    async with house.store.read() as tx:
        return await tx.records.made_by(house.tenant, [row])


async def test_an_amount_that_somebody_holds_too_long_keeps_only_its_row_waiting(house: House, row: int) -> None:
    hurried = RecordDesk(house.store, house.clock, patience=timedelta(milliseconds=200))
    before = await amounts(house, row)
    async with holding(house, before[0].ref), asyncio.timeout(5):
        refused = await hurried.one(house.acting, amortizing(row))
    assert refused.denial is Denial.LOCKED
    assert await amounts(house, row) == before


async def test_nothing_is_posted_in_a_period_that_is_being_closed(house: House, row: int) -> None:
    other = await a_row(house)
    assert other > row
    books = Books(house.store, house.clock, Blueprints(house.store), desk=house.desk)
    who = Principal(id=PrincipalId(uuid4()), tenant=house.tenant, role=Role.OWNER)
    wish = PeriodWish(year=2024, period=1, start=date(2024, 1, 1), end=date(2024, 1, 31))
    period = await books.add_period(who, wish)
    async with holding(house, counters=[BOOKS]) as tx:
        await tx.record_settings.put_period(house.tenant, msgspec.structs.replace(period, closed=True))
        working = await begun(house.desk.one(house.acting, amortizing(other)))
    assert (await working).denial is None
    days = [str(one.values["transaction_date"]) for one in await amounts(house, other)]
    assert min(days) >= "2024-02-01"


async def test_what_is_beside_an_amount_may_go_while_the_amount_is_replaced(house: House, row: int) -> None:
    amount = (await amounts(house, row))[0].ref
    (made,) = await house.do(Create(group=CONTACT, draft=Draft(title="x", template=1)))
    contact = RecordRef(CONTACT, made.number)
    number = await house.link(amount, contact, 2)
    async with holding(house, counters=["trace"]):
        doing = [await begun(remove(house, contact)), await begun(house.desk.one(house.acting, amortizing(row)))]
    assert [result.denial for result in await asyncio.gather(*doing)] == [None, None]
    parted = [body["relationship"] for kind, body in await house.told() if kind == "relationship:deleted"]
    assert parted.count(number) == 1

"""Setting up date math."""

import asyncio
from itertools import pairwise

import pytest

from muster.domain.errors import BadInput, NotFound
from muster.domain.records.char_types import DEAL, RecordRef
from muster.domain.records.date_rule import Awaiting, Choosing, Recalculation, RuleState, Spot
from muster.domain.records.operation import Act, Denial, Denied
from muster.domain.tenant import Role
from muster.records.dates.desk import RuleChange, RuleDraft, SourceChange, SourceDraft
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.records.dates_world import END, SIGNED, START, DatesWorld, day, later, open_world


@pytest.fixture
async def world(store: SqlStore, clock: FakeClock) -> DatesWorld:
    return await open_world(store, clock)


async def test_a_calculation_is_worked_out_when_it_is_made(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-31")
    number = await world.rule(Spot(deal, END), later(Spot(deal, START), 1))
    assert await world.shown(Spot(deal, END)) == "2024-02-01"
    (view,) = await world.desk.of_record(world.house.tenant, deal)
    assert (view.rule.number, view.rule.state) == (number, RuleState.CALCULATED)
    assert (view.target.title, view.target.name, view.sources[0].name) == (
        "Deal",
        "Contract term end",
        "Contract term start",
    )


async def test_a_second_calculation_of_a_field_replaces_the_first(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-31", contract_date="2024-03-01")
    first = await world.rule(Spot(deal, END), Spot(deal, START))
    second = await world.rule(Spot(deal, END), Spot(deal, SIGNED))
    assert second > first
    assert [rule.number for rule in await world.rules_of(deal)] == [second]
    await world.write(deal, contract_term_start="2025-01-01")
    assert await world.shown(Spot(deal, END)) == "2024-03-01"


@pytest.mark.parametrize("length", [1, 2, 5])
async def test_a_circle_is_refused_and_leaves_nothing(world: DatesWorld, length: int) -> None:
    deals = [await world.deal() for _ in range(length)]
    for before, after in pairwise(deals):
        await world.rule(Spot(after, START), Spot(before, START))
    with pytest.raises(BadInput, match="Date math cannot reference itself"):
        await world.rule(Spot(deals[0], START), Spot(deals[-1], START))
    assert await world.rules_of(deals[0]) == []


async def test_a_circle_through_a_change_is_refused_and_leaves_everything(world: DatesWorld) -> None:
    first, second = await world.deal(), await world.deal()
    await world.rule(Spot(first, START), Spot(second, START))
    number = await world.rule(Spot(second, START), Spot(second, SIGNED))
    before = await world.rules_of(second)
    change = SourceChange(number=before[0].sources[0].number, record=first.number, label=START)
    with pytest.raises(BadInput, match="cannot reference itself"):
        await world.desk.change(world.house.acting, RuleChange(number=number, changed=(change,)))
    assert await world.rules_of(second) == before


async def test_two_halves_of_a_circle_at_the_same_time_do_not_both_succeed(world: DatesWorld) -> None:
    first, second = await world.deal(), await world.deal()
    done = await asyncio.gather(
        world.rule(Spot(first, START), Spot(second, START)),
        world.rule(Spot(second, START), Spot(first, START)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["BadInput", "int"]


async def test_everything_about_a_calculation_can_be_changed(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-10", contract_date="2024-05-20")
    number = await world.rule(Spot(deal, END), Spot(deal, START))
    (rule,) = await world.rules_of(deal)
    source = rule.sources[0].number
    change = RuleChange(
        number=number,
        choosing=Choosing.LATEST,
        compare_to=day("2024-03-31"),
        recalculation=Recalculation.OPEN,
        awaiting=Awaiting.KEEP,
        first_of_month=True,
        added=(SourceDraft(spot=Spot(deal, SIGNED), order=7),),
        changed=(SourceChange(number=source, days=3, back=True, order=9),),
    )
    await world.desk.change(world.house.acting, change)
    assert await world.shown(Spot(deal, END)) == "2024-05-01"
    (rule,) = await world.rules_of(deal)
    assert {(one.spot.label, one.shift.days, one.order) for one in rule.sources} == {(START, 3, 9), (SIGNED, 0, 7)}
    assert (rule.choosing, rule.awaiting, rule.first_of_month) == (Choosing.LATEST, Awaiting.KEEP, True)
    added = next(one.number for one in rule.sources if one.spot.label == SIGNED)
    await world.desk.change(world.house.acting, RuleChange(number=number, compare_to=None, dropped=(added,)))
    assert await world.shown(Spot(deal, END)) == "2024-01-01"


async def test_an_archived_date_is_worked_out_anew_when_its_calculation_changes(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-10", contract_date="2024-05-20")
    number = await world.rule(Spot(deal, END), Spot(deal, START), recalculation=Recalculation.ARCHIVE)
    (rule,) = await world.rules_of(deal)
    change = SourceChange(number=rule.sources[0].number, label=SIGNED)
    await world.desk.change(world.house.acting, RuleChange(number=number, changed=(change,)))
    assert await world.shown(Spot(deal, END)) == "2024-05-20"


async def test_a_deleted_calculation_leaves_the_date(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-10")
    number = await world.rule(Spot(deal, END), Spot(deal, START))
    await world.desk.remove(world.house.acting, number)
    await world.write(deal, contract_term_start="2025-01-10")
    assert await world.shown(Spot(deal, END)) == "2024-01-10"
    with pytest.raises(NotFound):
        await world.desk.remove(world.house.acting, number)


async def test_what_is_not_a_date_cannot_be_calculated_or_looked_at(world: DatesWorld) -> None:
    deal = await world.deal()
    for target, source in ((Spot(deal, "notes"), Spot(deal, START)), (Spot(deal, END), Spot(deal, "fake"))):
        with pytest.raises(BadInput, match="is not a date field"):
            await world.rule(target, source)


async def test_a_calculation_needs_the_right_number_of_sources(world: DatesWorld) -> None:
    deal = await world.deal()
    end, source = Spot(deal, END), SourceDraft(spot=Spot(deal, START))
    for draft in (
        RuleDraft(target=end),
        RuleDraft(target=end, sources=(source, source)),
        RuleDraft(target=end, choosing=Choosing.LATEST, sources=(source,) * 101),
    ):
        with pytest.raises(BadInput, match="source date"):
            await world.desk.add(world.house.acting, draft)


async def test_records_that_are_missing_cannot_be_used(world: DatesWorld) -> None:
    deal, nowhere = await world.deal(), RecordRef(DEAL, 999)
    for target, source in ((Spot(nowhere, END), Spot(deal, START)), (Spot(deal, END), Spot(nowhere, START))):
        with pytest.raises(Denied) as denied:
            await world.rule(target, source)
        assert denied.value.denial is Denial.NOT_FOUND
    with pytest.raises(NotFound):
        await world.desk.of_record(world.house.tenant, nowhere)


async def test_who_may_only_read_sets_up_nothing(world: DatesWorld) -> None:
    deal = await world.deal()
    draft = RuleDraft(target=Spot(deal, END), sources=(SourceDraft(spot=Spot(deal, START)),))
    with pytest.raises(Denied) as denied:
        await world.desk.add(world.house.as_(Role.VIEWER), draft)
    assert denied.value.denial is Denial.NOT_ALLOWED


async def test_a_record_that_is_locked_gets_no_calculations(world: DatesWorld) -> None:
    deal = await world.deal()
    number = await world.rule(Spot(deal, START), Spot(deal, SIGNED))
    await world.do(Act(group=DEAL, number=deal.number, action=2), Act(group=DEAL, number=deal.number, action=3))
    with pytest.raises(Denied) as denied:
        await world.rule(Spot(deal, END), Spot(deal, START))
    assert denied.value.denial is Denial.LOCKED
    with pytest.raises(Denied):
        await world.desk.remove(world.house.acting, number)


async def test_what_a_new_calculation_changes_is_told(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-10")
    before = len(await world.house.told())
    await world.rule(Spot(deal, END), Spot(deal, START))
    assert [kind for kind, _ in (await world.house.told())[before:]] == ["record:updated"]


async def test_a_source_can_be_at_the_other_end_of_the_calendar(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="9999-12-31")
    await world.rule(Spot(deal, END), later(Spot(deal, START), 1))
    assert await world.shown(Spot(deal, END)) is None
    await world.write(deal, contract_term_start="9999-12-30")
    assert await world.shown(Spot(deal, END)) == "9999-12-31"


async def test_working_a_date_out_again_changes_nothing_and_tells_nobody(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-31")
    number = await world.rule(Spot(deal, END), later(Spot(deal, START), 1))
    before, told = await world.house.get(deal), await world.house.told()
    await world.desk.change(world.house.acting, RuleChange(number=number))
    assert await world.house.get(deal) == before
    assert await world.house.told() == told

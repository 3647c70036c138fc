"""Dates that follow other dates, however those come to change."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.domain.records.char_types import DEAL, RIGHT, RecordRef
from muster.domain.records.date_rule import Choosing, Recalculation, RuleState, Spot
from muster.domain.records.operation import Act, Change, Denial, Done, Draft, FlawKind, Remove
from muster.domain.records.record import Flags
from muster.domain.records.trace import Deed
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.records.dates_world import DATES, END, SIGNED, START, DatesWorld, later, open_world


@pytest.fixture
async def world(store: SqlStore, clock: FakeClock) -> DatesWorld:
    return await open_world(store, clock)


async def test_case_38_a_date_follows_its_sources_through_a_batch(world: DatesWorld) -> None:
    target, signed, started = (await world.deal(), await world.deal(contract_date="2024-03-20"), await world.deal())
    await world.write(started, contract_term_start="2024-02-01")
    end = Spot(target, END)
    before, after = later(Spot(signed, SIGNED), 15, back=True), later(Spot(started, START), 15)
    await world.rule(end, before, after, choosing=Choosing.EARLIEST, recalculation=Recalculation.OPEN)
    assert await world.shown(end) == "2024-02-16"
    assert (await world.write(started, contract_term_start="2024-04-01")).done is Done.UPDATED
    assert await world.shown(end) == "2024-03-05"


async def test_dates_follow_each_other_through_several_records_and_within_one(world: DatesWorld) -> None:
    first, second, third = [await world.deal() for _ in range(3)]
    await world.rule(Spot(third, START), later(Spot(second, END), 1))
    await world.rule(Spot(second, END), later(Spot(second, START), 1))
    await world.rule(Spot(second, START), later(Spot(first, SIGNED), 1))
    result = await world.write(first, contract_date="2024-12-30")
    assert result.done is Done.UPDATED
    assert await world.shown(Spot(second, START)) == "2024-12-31"
    assert await world.shown(Spot(second, END)) == "2025-01-01"
    assert await world.shown(Spot(third, START)) == "2025-01-02"


async def test_the_answer_to_a_change_shows_the_dates_that_follow_from_it(world: DatesWorld) -> None:
    deal = await world.deal()
    await world.rule(Spot(deal, END), later(Spot(deal, START), 1))
    result = await world.write(deal, contract_term_start="2024-01-01")
    assert result.record is not None
    assert result.record.record.values[END] == "2024-01-02"


async def test_a_hard_date_cannot_be_written_by_hand(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-01")
    await world.rule(Spot(deal, END), later(Spot(deal, START), 1))
    result = await world.write(deal, contract_term_end="2030-01-01")
    assert result.denial is Denial.FAULTY
    assert [(flaw.kind, flaw.label) for flaw in result.flaws] == [(FlawKind.CALCULATED, END)]
    same = await world.write(deal, contract_term_end="2024-01-02", notes="n")
    assert same.done is Done.UPDATED


async def test_what_is_written_by_hand_over_an_open_date_stands_until_a_source_changes(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-01")
    await world.rule(Spot(deal, END), later(Spot(deal, START), 1), recalculation=Recalculation.OPEN)
    await world.write(deal, contract_term_end="2030-01-01")
    await world.write(deal, notes="n")
    assert await world.shown(Spot(deal, END)) == "2030-01-01"
    await world.write(deal, contract_term_start="2024-02-01")
    assert await world.shown(Spot(deal, END)) == "2024-02-02"


async def test_an_archived_date_is_worked_out_once(world: DatesWorld) -> None:
    deal = await world.deal()
    await world.rule(Spot(deal, END), Spot(deal, START), recalculation=Recalculation.ARCHIVE)
    assert [rule.state for rule in await world.rules_of(deal)] == [RuleState.PENDING]
    for text in ("2024-01-01", "2025-01-01"):
        await world.write(deal, contract_term_start=text)
        assert await world.shown(Spot(deal, END)) == "2024-01-01"
    assert [rule.state for rule in await world.rules_of(deal)] == [RuleState.FROZEN]


async def test_a_date_without_sources_is_cleared(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-01", contract_term_end="1999-01-01")
    await world.rule(Spot(deal, END), Spot(deal, START))
    await world.write(deal, contract_term_start=None)
    assert await world.shown(Spot(deal, END)) is None
    assert [rule.state for rule in await world.rules_of(deal)] == [RuleState.PENDING]


async def test_a_blocked_date_is_left_alone_and_may_be_written_by_hand(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-01")
    await world.rule(Spot(deal, END), Spot(deal, START))
    await world.draft(deal, Draft(flags={END: {"blocked": True}}))
    await world.write(deal, contract_term_start="2025-01-01", contract_term_end="2030-01-01")
    assert await world.shown(Spot(deal, END)) == "2030-01-01"
    await world.draft(deal, Draft(flags={END: {"blocked": False}}))
    assert await world.shown(Spot(deal, END)) == "2025-01-01"


async def test_what_follows_from_an_estimated_date_is_estimated(world: DatesWorld) -> None:
    deal, other = await world.deal(contract_term_start="2024-01-01"), await world.deal()
    await world.rule(Spot(other, END), Spot(deal, START))
    for estimated in (True, False):
        await world.draft(deal, Draft(flags={START: {"estimated": estimated}}))
        record = await world.house.get(other)
        assert record is not None
        assert record.flags.get(END, Flags()).estimated is estimated


async def test_the_calculations_of_a_deleted_record_go_and_others_do_without_it(world: DatesWorld) -> None:
    deal, gone = await world.deal(), await world.deal(contract_date="2024-01-01")
    await world.rule(Spot(deal, END), Spot(gone, SIGNED), Spot(deal, SIGNED), choosing=Choosing.EARLIEST)
    await world.rule(Spot(gone, END), Spot(deal, SIGNED))
    await world.write(deal, contract_date="2024-06-01")
    assert await world.shown(Spot(deal, END)) == "2024-01-01"
    (removed,) = await world.do(Remove(group=DEAL, number=gone.number))
    assert removed.done is Done.DELETED
    assert await world.shown(Spot(deal, END)) == "2024-06-01"
    (rule,) = await world.rules_of(deal)
    assert [source.spot for source in rule.sources] == [Spot(deal, SIGNED)]


async def test_dates_follow_into_a_record_that_is_locked_by_its_status(world: DatesWorld) -> None:
    deal, locked = await world.deal(), await world.deal()
    await world.rule(Spot(locked, END), Spot(deal, START))
    await world.do(Act(group=DEAL, number=locked.number, action=2), Act(group=DEAL, number=locked.number, action=3))
    await world.write(deal, contract_term_start="2024-01-01")
    assert await world.shown(Spot(locked, END)) == "2024-01-01"


async def test_what_follows_is_stamped_in_the_audit_history_and_told_once(world: DatesWorld) -> None:
    deal, other = await world.deal(), await world.deal()
    await world.rule(Spot(other, END), Spot(deal, START))
    await world.rule(Spot(other, SIGNED), Spot(deal, START))
    world.house.clock.advance(timedelta(minutes=5))
    since = world.house.clock.now()
    await world.write(deal, contract_term_start="2024-01-01")
    record = await world.house.get(other)
    assert record is not None
    assert record.updated.at == since
    rows = [row for row in await world.house.traces(other) if row.deed is Deed.CHANGED]
    assert {(row.old, row.new) for row in rows} == {("", "2024-01-01")}
    assert len({row.operation for row in rows}) == 1
    told = await world.house.told(since)
    assert [(kind, body["record"]) for kind, body in told] == [
        ("record:updated", deal.number),
        ("record:updated", other.number),
    ]


async def test_an_entry_that_fails_leaves_the_dates_that_would_have_followed(world: DatesWorld) -> None:
    deal, other = await world.deal(contract_term_start="2024-01-01"), await world.deal()
    await world.rule(Spot(other, END), Spot(deal, START))
    operations = (
        Change(group=DEAL, number=deal.number, draft=Draft(values={START: "2025-01-01"})),
        Change(group=DEAL, number=deal.number, draft=Draft(values={"fake": 1})),
    )
    performed = await world.house.perform(operations, whole=True)
    assert not performed.kept
    assert await world.shown(Spot(other, END)) == "2024-01-01"


async def test_a_long_chain_is_worked_out_in_a_bounded_number_of_statements(
    world: DatesWorld, statements: list[str]
) -> None:
    deals = [await world.deal() for _ in range(12)]
    for before, after in pairwise(deals):
        await world.rule(Spot(after, START), later(Spot(before, START), 1))
    statements.clear()
    await world.write(deals[0], contract_term_start="2024-01-01")
    assert await world.shown(Spot(deals[-1], START)) == "2024-01-12"
    assert len(statements) < 12 * 3 + 30


async def test_other_tenants_are_left_alone(world: DatesWorld, store: SqlStore, clock: FakeClock) -> None:
    other = await open_world(store, clock)
    mine, theirs = await world.deal(), await other.deal()
    assert mine == theirs
    await world.rule(Spot(mine, END), Spot(mine, START))
    await other.write(theirs, contract_term_start="2024-01-01")
    assert await other.shown(Spot(theirs, END)) is None
    assert await other.rules_of(theirs) == []


texts = st.none() | st.dates().map(str)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 8)), min_size=1, max_size=6),
    writes=st.lists(st.tuples(st.integers(0, 8), texts), min_size=1, max_size=5),
)
async def test_dates_are_what_working_out_every_rule_again_and_again_gives(
    world: DatesWorld, pairs: list[tuple[int, int]], writes: list[tuple[int, str | None]]
) -> None:
    deals = [await world.deal() for _ in range(3)]
    spots = [Spot(deal, label) for deal in deals for label in DATES]
    follows: dict[int, int] = {}
    for shift, of in pairs:
        to = min(of + shift + 1, 8)
        if to != of:
            follows[to] = of
            await world.rule(spots[to], spots[of])
    expected: dict[int, str | None] = {}
    for at, text in writes:
        if at not in follows:
            assert (await world.write(spots[at].ref, **{spots[at].label: text})).denial is None
            expected[at] = text
    for at in sorted(follows):
        expected[at] = expected.get(follows[at])
    for at, spot in enumerate(spots):
        assert await world.shown(spot) == expected.get(at)


async def test_a_component_can_follow_its_module(world: DatesWorld) -> None:
    deal: RecordRef = await world.deal(contract_date="2024-05-05")
    right = await world.house.have(RIGHT)
    await world.house.link(deal, right)
    await world.rule(Spot(right, "actual_term_start"), Spot(deal, SIGNED))
    assert await world.shown(Spot(right, "actual_term_start")) == "2024-05-05"

"""Date math without records: shifting dates, choosing one, and the order of rules."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.records.char_types import DEAL, RecordRef
from muster.domain.records.date_rule import Awaiting, Choosing, DateRule, Shift, Source, Spot, Unit
from muster.records.dates.arithmetic import Circular, evaluate, in_order, shift

A, B, C, D = (Spot(RecordRef(DEAL, number), "day") for number in range(1, 5))
JANUARY, MARCH = date(2024, 1, 15), date(2024, 3, 20)

days = st.dates(date(1, 1, 1), date(9999, 12, 31))
middle_days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
shifts = st.builds(
    Shift,
    years=st.integers(0, 20_000),
    months=st.integers(0, 200_000),
    weeks=st.integers(0, 1_000_000),
    days=st.integers(0, 10**18),
    unit=st.sampled_from(Unit),
    back=st.booleans(),
)


def a_source(spot: Spot, number: int = 1, *, order: int = 0, by: Shift | None = None) -> Source:
    return Source(number=number, spot=spot, shift=by or Shift(), order=order)


def a_rule(target: Spot, *sources: Source, number: int = 1, choosing: Choosing = Choosing.EQUALS) -> DateRule:
    return DateRule(number=number, target=target, choosing=choosing, sources=sources)


# --- Shifting --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "by", "expected"),
    [
        ("2024-01-31", Shift(months=1), "2024-02-29"),
        ("2023-01-31", Shift(months=1), "2023-02-28"),
        ("2024-02-29", Shift(years=1), "2025-02-28"),
        ("2024-02-29", Shift(years=1, months=1), "2025-03-28"),
        ("2024-03-31", Shift(months=1, back=True), "2024-02-29"),
        ("2024-01-31", Shift(months=13, weeks=1, days=2), "2025-03-09"),
        ("2024-01-31", Shift(days=2, unit=Unit.WEEKS), "2024-02-14"),
        ("2024-01-31", Shift(days=1, unit=Unit.MONTHS), "2024-02-29"),
        ("2024-02-29", Shift(days=4, unit=Unit.YEARS, back=True), "2020-02-29"),
        ("2024-01-01", Shift(days=1, back=True), "2023-12-31"),
    ],
)
def test_a_date_is_moved_by_years_then_months_then_weeks_then_days(day: str, by: Shift, expected: str) -> None:
    assert shift(date.fromisoformat(day), by) == date.fromisoformat(expected)


def test_case_39_fifteen_business_days_after_a_friday_is_a_friday_three_weeks_later() -> None:
    assert shift(date(2024, 3, 1), Shift(days=15, unit=Unit.BUSINESS_DAYS)) == date(2024, 3, 22)


@pytest.mark.parametrize(("back", "expected"), [(False, date(2024, 3, 4)), (True, date(2024, 3, 1))])
def test_from_a_weekend_the_next_business_day_counts_as_one(back: bool, expected: date) -> None:  # noqa: FBT001
    one = Shift(days=1, unit=Unit.BUSINESS_DAYS, back=back)
    assert shift(date(2024, 3, 2), one) == shift(date(2024, 3, 3), one) == expected


@given(middle_days, st.integers(0, 60), st.booleans())
def test_business_days_are_what_counting_them_on_a_calendar_gives(day: date, count: int, back: bool) -> None:  # noqa: FBT001
    walked, step = day, timedelta(days=-1 if back else 1)
    left = count
    while left:
        walked += step
        left -= walked.weekday() < 5
    assert shift(day, Shift(days=count, unit=Unit.BUSINESS_DAYS, back=back)) == walked


@given(days, shifts)
def test_no_shift_breaks_the_calendar(day: date, by: Shift) -> None:
    moved = shift(day, by)
    assert moved is None or (moved <= day if by.back else moved >= day)


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("back", [False, True])
def test_where_the_calendar_ends_there_is_no_date(unit: Unit, back: bool) -> None:  # noqa: FBT001
    edge = date.min if back else date.max
    assert shift(edge, Shift(days=10**30, unit=unit, back=back)) is None
    assert shift(edge, Shift(days=7, unit=unit, back=back)) is None
    assert shift(edge, Shift(unit=unit, back=back)) == edge


@given(days, st.integers(0, 300), st.booleans())
def test_months_keep_the_day_or_end_the_month(day: date, months: int, back: bool) -> None:  # noqa: FBT001
    moved = shift(day, Shift(months=months, back=back))
    if moved is not None:
        assert moved.day == day.day or (moved.day < day.day and (moved + timedelta(days=1)).day == 1)
        assert (moved.year - day.year) * 12 + moved.month - day.month == (-months if back else months)


# --- Evaluating ------------------------------------------------------------------------------------------------


def test_an_equal_date_is_its_one_source_moved() -> None:
    rule = a_rule(A, a_source(B, by=Shift(days=3)))
    assert evaluate(rule, {B: JANUARY}) == date(2024, 1, 18)


def test_the_earliest_and_the_latest_look_at_the_date_given_beside_too() -> None:
    both = (a_source(B, 1), a_source(C, 2))
    dates = {B: JANUARY, C: MARCH}
    beside = date(2024, 1, 1)
    for choosing, expected in ((Choosing.EARLIEST, beside), (Choosing.LATEST, MARCH)):
        rule = msgspec.structs.replace(a_rule(A, *both, choosing=choosing), compare_to=beside)
        assert evaluate(rule, dates) == expected


def test_the_date_given_beside_counts_even_alone() -> None:
    rule = msgspec.structs.replace(a_rule(A, a_source(B), choosing=Choosing.LATEST), compare_to=MARCH)
    assert evaluate(rule, {B: None}) == MARCH


def test_the_first_that_is_there_has_priority() -> None:
    sources = (a_source(B, 1, order=2), a_source(C, 2, order=1), a_source(D, 3, order=0))
    assert evaluate(a_rule(A, *sources, choosing=Choosing.PRIORITY), {B: JANUARY, C: MARCH, D: None}) == MARCH


def test_one_may_wait_for_every_source() -> None:
    rule = a_rule(A, a_source(B, 1), a_source(C, 2), choosing=Choosing.LATEST)
    waiting = msgspec.structs.replace(rule, awaiting=Awaiting.KEEP)
    assert evaluate(rule, {B: JANUARY, C: None}) == JANUARY
    assert evaluate(waiting, {B: JANUARY, C: None}) is None
    assert evaluate(waiting, {B: JANUARY, C: MARCH}) == MARCH


def test_a_result_can_be_moved_to_the_first_of_its_month() -> None:
    rule = msgspec.structs.replace(a_rule(A, a_source(B)), first_of_month=True)
    assert evaluate(rule, {B: MARCH}) == date(2024, 3, 1)


def test_without_any_date_there_is_no_result() -> None:
    for choosing in Choosing:
        assert evaluate(a_rule(A, a_source(B), choosing=choosing), {}) is None
        assert evaluate(a_rule(A, choosing=choosing), {}) is None


def test_a_source_beyond_the_calendar_counts_as_missing() -> None:
    far = a_source(B, 1, by=Shift(years=9999))
    assert evaluate(a_rule(A, far, a_source(C, 2), choosing=Choosing.LATEST), {B: MARCH, C: JANUARY}) == JANUARY


def test_case_38_the_earliest_of_two_moved_dates() -> None:
    before = a_source(B, 1, order=0, by=Shift(days=15, back=True))
    after = a_source(C, 2, order=1, by=Shift(days=15))
    rule = a_rule(A, before, after, choosing=Choosing.EARLIEST)
    assert evaluate(rule, {B: date(2024, 3, 20), C: date(2024, 2, 1)}) == date(2024, 2, 16)
    assert evaluate(rule, {B: date(2024, 3, 20), C: date(2024, 4, 1)}) == date(2024, 3, 5)


some_rules = st.builds(
    DateRule,
    number=st.just(1),
    target=st.just(A),
    choosing=st.sampled_from([Choosing.EARLIEST, Choosing.LATEST, Choosing.PRIORITY]),
    compare_to=st.none() | days,
    awaiting=st.sampled_from(Awaiting),
    first_of_month=st.booleans(),
    sources=st.lists(
        st.builds(
            Source, number=st.integers(1, 99), spot=st.sampled_from([B, C, D]), shift=shifts, order=st.integers(0, 3)
        ),
        max_size=5,
        unique_by=lambda source: source.number,
    ).map(tuple),
)
some_dates = st.dictionaries(st.sampled_from([B, C, D]), st.none() | days)


@given(some_rules, some_dates, st.randoms(use_true_random=False))
def test_the_result_does_not_depend_on_how_sources_are_listed(
    rule: DateRule,
    dates: Mapping[Spot, date | None],
    random: Random,
) -> None:
    shuffled = list(rule.sources)
    random.shuffle(shuffled)
    assert evaluate(rule, dates) == evaluate(msgspec.structs.replace(rule, sources=tuple(shuffled)), dates)


# --- The order of rules ----------------------------------------------------------------------------------------


def test_a_rule_comes_after_those_it_waits_for() -> None:
    rules = [a_rule(D, a_source(C), number=1), a_rule(C, a_source(B), number=2), a_rule(B, a_source(A), number=3)]
    assert [rule.number for rule in in_order(rules)] == [3, 2, 1]


@pytest.mark.parametrize("path", [[A, A], [A, B, A], [A, B, C, A]])
def test_rules_that_wait_for_each_other_have_no_order(path: list[Spot]) -> None:
    rules = [a_rule(to, a_source(of), number=number) for number, (of, to) in enumerate(pairwise(path))]
    with pytest.raises(Circular):
        in_order(rules)


def test_a_field_may_wait_for_another_field_of_its_record() -> None:
    start, end = Spot(A.ref, "start"), Spot(A.ref, "end")
    assert len(in_order([a_rule(end, a_source(start), number=1), a_rule(start, a_source(B), number=2)])) == 2


def test_a_long_chain_has_an_order() -> None:
    chain = [Spot(RecordRef(DEAL, number), "day") for number in range(20_000)]
    rules = [a_rule(to, a_source(of), number=number) for number, (of, to) in enumerate(pairwise(chain))]
    assert [rule.number for rule in in_order(reversed(rules))] == list(range(19_999))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1])), st.data())
def test_the_order_of_rules_does_not_depend_on_how_they_are_listed(
    pairs: list[tuple[int, int]], data: st.DataObject
) -> None:
    waits: dict[int, set[int]] = {}
    for of, to in pairs:
        waits.setdefault(to, set()).add(of)
    rules = [
        a_rule(
            Spot(RecordRef(DEAL, to), "day"),
            *(a_source(Spot(RecordRef(DEAL, of), "day"), of) for of in sorted(sources)),
            number=to,
            choosing=Choosing.LATEST,
        )
        for to, sources in waits.items()
    ]
    ordered = in_order(rules)
    assert ordered == in_order(data.draw(st.permutations(rules)))
    seen: set[Spot] = set()
    for rule in ordered:
        assert all(source.spot in seen or source.spot.ref.number not in waits for source in rule.sources)
        seen.add(rule.target)

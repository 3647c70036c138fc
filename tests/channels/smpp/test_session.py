"""The table of sessions, the pace, the pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.channels.smpp.bind import pause
from muster.channels.smpp.pace import Pace
from muster.channels.smpp.session import BOUND, TRANSITIONS, Event, State, step
from muster.domain.errors import IllegalTransition


def test_a_transceiver_lives_its_whole_life() -> None:
    state = State.OPEN
    for event in (Event.BIND_SENT, Event.BOUND_AS_TRANSCEIVER, Event.UNBIND_SENT, Event.UNBIND_ANSWERED, Event.LOST):
        state = step(state, event)
    assert state is State.CLOSED


def test_every_state_but_the_last_can_lose_its_connection() -> None:
    assert all(step(state, Event.LOST) is State.CLOSED for state in State if state is not State.CLOSED)


def test_only_what_is_bound_can_say_goodbye() -> None:
    assert {state for state in State if Event.UNBIND_SENT in TRANSITIONS[state]} == BOUND


def test_a_step_outside_the_table_is_an_error() -> None:
    with pytest.raises(IllegalTransition):
        step(State.CLOSED, Event.BIND_SENT)


@given(st.integers(0, 50), st.floats(0, 1))
def test_pauses_grow_and_stay_below_half_a_minute(failures: int, chance: float) -> None:
    assert 0.1 <= pause(failures, chance) <= 30
    assert pause(failures, 0) <= pause(failures + 1, 0)


@given(st.floats(1, 10_000), st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 300)), max_size=60))
def test_no_more_leave_than_the_rate_allows(rate: float, tries: list[tuple[float, int]]) -> None:
    pace, now, taken = Pace(rate, now=0.0), 0.0, 0
    for passed, wanted in tries:
        now += passed
        taken += pace.take(wanted, now=now)
    assert taken <= rate * now + max(1.0, rate * 0.1) + 1e-6


def test_throttling_halves_the_rate_once_a_second_and_time_brings_it_back() -> None:
    pace = Pace(100, now=0.0)
    for _ in range(20):
        pace.throttled(now=10.0)
    assert pace.limit == 50
    pace.throttled(now=11.5)
    assert pace.limit == 25
    limits = list[float | None]()
    for second in range(12, 60):
        pace.take(1, now=float(second))
        limits.append(pace.limit)
    assert limits == sorted(limits, key=lambda limit: limit or 0)
    assert pace.limit == 100


def test_an_account_without_a_rate_is_slowed_to_half_of_what_it_did_and_freed_again() -> None:
    pace = Pace(None, now=0.0)
    assert pace.take(1000, now=0.5) == 1000
    pace.throttled(now=0.9)
    assert pace.limit == 500
    for second in range(1, 60):
        pace.take(1, now=float(second))
    assert pace.limit is None

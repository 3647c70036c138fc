"""When to try again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.retry import DEFAULT_RETRY, RetryPolicy, UnknownPolicy

waits = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1))
policies = st.builds(RetryPolicy, steps=st.lists(waits, max_size=12).map(tuple))


@given(policy=policies)
def test_an_entry_is_tried_again_once_for_each_step_and_then_no_more(policy: RetryPolicy) -> None:
    delays = [policy.next_delay(attempts) for attempts in range(1, len(policy.steps) + 5)]
    assert delays[: len(policy.steps)] == list(policy.steps)
    assert set(delays[len(policy.steps) :]) == {None}


@given(policy=policies, attempts=st.integers(1, 20), named=waits)
def test_a_wait_that_the_provider_named_is_kept_and_grants_no_further_try(
    policy: RetryPolicy, attempts: int, named: timedelta
) -> None:
    plain, told = policy.next_delay(attempts), policy.next_delay(attempts, at_least=named)
    assert (plain is None) == (told is None)
    assert told is None or told >= named


@given(attempts=st.integers(max_value=0))
def test_nothing_is_tried_again_that_was_never_tried(attempts: int) -> None:
    assert DEFAULT_RETRY.next_delay(attempts) is None


def test_the_default_waits_grow_and_outlast_an_ordinary_outage() -> None:
    assert list(DEFAULT_RETRY.steps) == sorted(DEFAULT_RETRY.steps)
    assert sum(DEFAULT_RETRY.steps, timedelta(0)) > timedelta(hours=3)


@pytest.mark.parametrize("already", [0, 1, 5])
def test_a_lost_outcome_is_left_alone_unless_arrival_is_preferred(already: int) -> None:
    assert not UnknownPolicy().repeats(already)


@given(most=st.integers(0, 10))
def test_a_lost_outcome_is_repeated_only_so_often(most: int) -> None:
    policy = UnknownPolicy(prefer_arrival=True, most_repeats=most)
    assert [policy.repeats(already) for already in range(most + 2)] == [True] * most + [False] * 2

"""When what waits may leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.channels.smtp.throttle import Throttle

FOREVER = 1e9


def all_at(throttle: Throttle[str], now: float) -> list[str]:
    """Everything that may leave now."""
    found: list[str] = []
    while (one := throttle.take(now=now)) is not None:
        found.append(one)
    return found


def test_without_limits_all_leave_in_order() -> None:
    throttle: Throttle[str] = Throttle()
    for number in range(5):
        assert throttle.put("a", str(number), now=0, until=1) is None
    assert all_at(throttle, 0) == list("01234")


def test_a_domain_waits_for_its_turn_and_another_does_not_wait_with_it() -> None:
    throttle: Throttle[str] = Throttle(per_domain_rate=1)
    for domain, one in (("a", "a1"), ("a", "a2"), ("b", "b1")):
        throttle.put(domain, one, now=0, until=FOREVER)
    assert all_at(throttle, 0) == ["a1", "b1"]
    assert throttle.due == pytest.approx(0.9)
    assert all_at(throttle, 1) == ["a2"]


def test_what_comes_too_late_is_not_taken_in() -> None:
    throttle: Throttle[str] = Throttle(per_domain_rate=1)
    assert throttle.put("a", "a1", now=0, until=0.5) is None
    assert throttle.put("a", "a2", now=0, until=0.5) == pytest.approx(0.9)
    assert all_at(throttle, FOREVER) == ["a1"]


@given(st.lists(st.sampled_from("abc"), max_size=40), st.integers(1, 3))
def test_no_domain_has_more_under_way_than_it_may_and_nobody_is_lost(domains: list[str], at_once: int) -> None:
    throttle: Throttle[tuple[str, int]] = Throttle(at_once=at_once)
    for number, domain in enumerate(domains):
        throttle.put(domain, (domain, number), now=0, until=1)
    under_way: list[tuple[str, int]] = []
    left: list[tuple[str, int]] = []
    while len(left) < len(domains):
        while (one := throttle.take(now=0)) is not None:
            under_way.append(one)
        assert all(sum(domain == name for domain, _ in under_way) <= at_once for name in "abc")
        done = under_way.pop(0)
        left.append(done)
        throttle.done(done[0])
    assert sorted(left) == sorted((domain, number) for number, domain in enumerate(domains))
    assert all([n for d, n in left if d == name] == sorted(n for d, n in left if d == name) for name in "abc")


@given(st.floats(0.5, 1000), st.integers(1, 100))
def test_a_rate_is_kept_over_time(rate: float, count: int) -> None:
    throttle: Throttle[int] = Throttle(rate=rate)
    for number in range(count):
        throttle.put("a", number, now=0, until=FOREVER)
    at, left = 0.0, 0
    while left < count:
        while throttle.take(now=at) is not None:
            left += 1
        assert left <= at * rate + 0.1 * rate + 1.001
        at = throttle.due if throttle.due is not None else at


def test_what_is_cleared_is_everything_that_waits() -> None:
    throttle: Throttle[str] = Throttle(per_domain_rate=1, at_once=1)
    for number in range(4):
        throttle.put("a", str(number), now=0, until=FOREVER)
    throttle.take(now=10)
    throttle.take(now=10)
    assert sorted(throttle.clear()) == ["1", "2", "3"]
    assert throttle.take(now=FOREVER) is None

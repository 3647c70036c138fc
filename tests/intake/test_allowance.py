"""How often somebody may call."""

import pytest

from muster.domain.errors import RateLimited
from muster.intake import allowance
from muster.intake.allowance import Allowance


class Stopwatch:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Stopwatch:
    return Stopwatch()


def test_a_burst_is_let_through_and_then_the_rate_holds(time: Stopwatch) -> None:
    bucket = Allowance(2, 3, time)
    for _ in range(3):
        bucket.take("a")

    with pytest.raises(RateLimited) as refusal:
        bucket.take("a")

    assert refusal.value.retry_after == pytest.approx(0.5)
    time.now += 0.5
    bucket.take("a")


def test_names_do_not_share(time: Stopwatch) -> None:
    bucket = Allowance(1, 1, time)
    bucket.take("a")

    bucket.take("b")


def test_a_refusal_uses_nothing_up(time: Stopwatch) -> None:
    bucket = Allowance(1, 1, time)
    bucket.take("a")
    for _ in range(5):
        with pytest.raises(RateLimited):
            bucket.take("a")

    time.now += 1
    bucket.take("a")


def test_a_check_refuses_what_would_be_refused_and_uses_nothing_up(time: Stopwatch) -> None:
    bucket = Allowance(1, 2, time)
    bucket.take("a")

    for _ in range(5):
        bucket.check("a")

    bucket.take("a")
    with pytest.raises(RateLimited):
        bucket.check("a")


def test_memory_stays_bounded(time: Stopwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "MOST_NAMES", 10)
    bucket = Allowance(1, 1, time)

    for number in range(100):
        bucket.take(str(number))

    assert len(bucket._full_at) <= 10  # noqa: SLF001 - nothing else shows it

"""When a message is sent again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from muster.events.schedule import Schedule
from muster.ports.push import PushResult

DOWN = PushResult(status=None)
chances = st.floats(0, 1, exclude_max=True)


@given(st.lists(chances, min_size=10, max_size=10))
def test_the_tries_span_about_a_day(rolled: list[float]) -> None:
    schedule = Schedule()

    waits = [schedule.wait(n, DOWN, chance=chance) for n, chance in enumerate(rolled, 1)]

    total = sum((wait for wait in waits if wait is not None), timedelta())
    assert timedelta(hours=21) < total < timedelta(hours=27)
    assert schedule.wait(11, DOWN, chance=0) is None


@given(st.integers(1, 10), st.timedeltas(timedelta(), timedelta(days=900)), chances)
def test_a_receivers_wish_lengthens_a_wait_and_never_beyond_the_bound(
    attempts: int, asked: timedelta, chance: float
) -> None:
    schedule = Schedule()
    plain = schedule.wait(attempts, DOWN, chance=chance)

    wait = schedule.wait(attempts, PushResult(status=503, retry_after=asked), chance=chance)

    assert plain is not None
    assert wait == max(plain, min(asked, schedule.longest_wait))


def test_a_refusal_of_one_message_pauses_nothing_and_an_outage_pauses_the_endpoint() -> None:
    schedule = Schedule()

    assert schedule.pause(PushResult(status=400)) == timedelta()
    assert schedule.pause(PushResult(status=500)) == schedule.most_pause
    assert schedule.pause(DOWN) == schedule.most_pause

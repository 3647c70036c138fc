"""Which channel carries a batch, and how much is handed over at once."""

from datetime import timedelta

import pytest

from muster.domain.batch import Batch
from muster.domain.ids import ChannelId
from muster.engine.route import route
from muster.engine.throttle import Pace, window_size
from tests.fakes.world import World


def channels(*kinds: str) -> dict[ChannelId, str]:
    return {ChannelId(number): kind for number, kind in enumerate(kinds, start=1)}


@pytest.fixture
async def batch(world: World) -> Batch:
    """A batch that names no channel."""
    return await world.send(1)


async def test_the_newest_real_channel_carries_a_batch_that_names_none(batch: Batch) -> None:
    assert route(batch, channels("smpp", "smpp", "sandbox")) == 2


async def test_the_newest_sandbox_carries_what_no_real_channel_can(batch: Batch) -> None:
    assert route(batch, channels("sandbox", "sandbox")) == 2
    assert route(batch, {}) is None


@pytest.mark.parametrize(
    ("rate", "size"), [(None, 200), (10_000.0, 200), (2_000.0, 200), (1_995.0, 200), (300.0, 30), (2.0, 1)]
)
def test_a_window_is_what_the_channel_takes_in_a_tenth_of_a_second(rate: float | None, size: int) -> None:
    assert window_size(rate, pace=Pace()) == size
    assert window_size(30, pace=Pace(window=timedelta(seconds=2))) == 60

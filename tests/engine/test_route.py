"""Which channel carries a batch, and how much is handed over at once."""

from datetime import timedelta

import msgspec
import pytest

from muster.domain.batch import Batch
from muster.domain.ids import ChannelId
from muster.domain.parcel import Medium
from muster.engine.route import route
from muster.engine.throttle import Pace, window_size
from tests.fakes.world import World

MEDIA = {"sandbox": frozenset(Medium), "smpp": frozenset({Medium.TEXT}), "smtp": frozenset({Medium.LETTER})}


def carrying(batch: Batch, *kinds: str, medium: Medium = Medium.TEXT) -> ChannelId | None:
    """The channel, of those numbered from 1 on, that carries the batch."""
    channels = {ChannelId(number): kind for number, kind in enumerate(kinds, start=1)}
    return route(batch, channels, medium, media=MEDIA)


@pytest.fixture
async def batch(world: World) -> Batch:
    """A batch that names no channel."""
    return await world.send(1)


async def test_the_newest_real_channel_carries_a_batch_that_names_none(batch: Batch) -> None:
    assert carrying(batch, "smpp", "smpp", "sandbox") == 2


async def test_the_newest_sandbox_carries_what_no_real_channel_can(batch: Batch) -> None:
    assert carrying(batch, "sandbox", "sandbox") == 2
    assert carrying(batch) is None


async def test_a_channel_carries_only_what_it_can(batch: Batch) -> None:
    assert carrying(batch, "smtp", "smpp", "smtp") == 2
    assert carrying(batch, "sandbox", "smtp", "smpp", medium=Medium.LETTER) == 2
    assert carrying(batch, "sandbox", "smpp", medium=Medium.LETTER) == 1
    assert carrying(batch, "smpp", medium=Medium.LETTER) is None


async def test_a_batch_keeps_to_the_channel_it_names_unless_that_cannot_carry_it(batch: Batch) -> None:
    pinned = msgspec.structs.replace(batch, channel=ChannelId(1))
    assert carrying(pinned, "sandbox", "smpp") == 1
    assert carrying(pinned, "smtp", "smpp") is None
    assert carrying(pinned) == 1


@pytest.mark.parametrize(
    ("rate", "size"), [(None, 200), (10_000.0, 200), (2_000.0, 200), (1_995.0, 200), (300.0, 30), (2.0, 1)]
)
def test_a_window_is_what_the_channel_takes_in_a_tenth_of_a_second(rate: float | None, size: int) -> None:
    assert window_size(rate, pace=Pace()) == size
    assert window_size(30, pace=Pace(window=timedelta(seconds=2))) == 60

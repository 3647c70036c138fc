"""What is no longer needed is forgotten."""

from datetime import timedelta

from muster.intake.submit import KEY_LIFETIME
from muster.upkeep.retention import Retention
from tests.fakes.world import World, a_submission, some


async def test_an_idempotency_key_is_forgotten_after_its_time(world: World) -> None:
    await world.submit(world.who, a_submission(some(1), key="order-1"))
    retention = Retention(world.store, world.clock)
    world.clock.advance(KEY_LIFETIME - timedelta(seconds=1))
    assert await retention.run_once() == 0
    world.clock.advance(timedelta(seconds=1))
    assert await retention.run_once() == 1

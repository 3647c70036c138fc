"""What is no longer needed is forgotten."""

from datetime import timedelta

from muster.domain.workflow import WorkflowState
from muster.intake.keys import KEY_LIFETIME
from muster.upkeep.retention import AT_ONCE, Retention
from tests.fakes.world import World, a_submission, some
from tests.upkeep.journeys import Journeys

YEAR = timedelta(days=365)


async def test_an_idempotency_key_is_forgotten_after_its_time(world: World) -> None:
    await world.submit(world.who, a_submission(some(1), key="order-1"))
    retention = Retention(world.store, world.clock)
    world.clock.advance(KEY_LIFETIME - timedelta(seconds=1))
    assert await retention.run_once() == 0
    world.clock.advance(timedelta(seconds=1))
    assert await retention.run_once() == 1


async def test_a_workflow_is_put_away_some_time_after_it_ended(world: World) -> None:
    journeys = Journeys(world.store, world.clock, world.who.tenant)
    ended, open_still = await journeys.begin(hours=1), await journeys.begin(hours=8760)
    world.clock.advance(timedelta(hours=1))
    await journeys.deadlines().run_once()
    retention = Retention(world.store, world.clock, archive=timedelta(days=30))
    world.clock.advance(timedelta(days=30))
    assert await retention.run_once() == 0
    world.clock.advance(timedelta(seconds=1))
    await retention.run_once()
    workflow = await journeys.workflow(ended)
    assert (workflow.state, workflow.ended_as) == (WorkflowState.ARCHIVED, WorkflowState.EXPIRED)
    assert (await journeys.workflow(open_still)).state is WorkflowState.ACTIVE
    assert await journeys.expired(ended) == 1
    await world.check_laws()


async def test_without_a_time_no_workflow_is_ever_put_away(world: World) -> None:
    journeys = Journeys(world.store, world.clock, world.who.tenant)
    batch = await journeys.begin(hours=1)
    world.clock.advance(timedelta(hours=1))
    await journeys.deadlines().run_once()
    world.clock.advance(10 * YEAR)
    await Retention(world.store, world.clock).run_once()
    assert (await journeys.workflow(batch)).state is WorkflowState.EXPIRED


async def test_after_a_long_pause_all_are_put_away(world: World) -> None:
    journeys = Journeys(world.store, world.clock, world.who.tenant)
    batch = await journeys.begin(AT_ONCE + 10, hours=1)
    world.clock.advance(timedelta(hours=1))
    await journeys.deadlines().run_once()
    world.clock.advance(2 * YEAR)
    await Retention(world.store, world.clock, archive=YEAR).run_once()
    states = {(await journeys.workflow(batch, n)).state for n in (0, AT_ONCE, AT_ONCE + 9)}
    assert states == {WorkflowState.ARCHIVED}

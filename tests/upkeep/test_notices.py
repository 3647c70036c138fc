"""Texts that wait become batches."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from muster.domain.batch import Batch
from muster.domain.entry import EntryState, NewEntry
from muster.domain.errors import Unavailable
from muster.domain.ids import BatchNumber, PrincipalId, TenantId, WorkflowId, entry_id
from muster.domain.workflow import NoticeOrigin, WorkflowRef
from muster.kinds.workflow_batches import NOTICES
from muster.ports.store.batches import BatchFilter, NewBatch, Page
from muster.ports.store.unit import Store, Transaction
from muster.ports.store.workflows import NewNotice
from muster.stores.database import open_store
from muster.stores.vault import Vault
from muster.upkeep.notices import Notices
from tests.fakes.clock import FakeClock
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.world import World
from tests.upkeep.journeys import Journeys

_ALL = Page(0, 100_000)


@pytest.fixture
def journeys(world: World) -> Journeys:
    """The workflows of the world's tenant."""
    return Journeys(world.store, world.clock, world.who.tenant, channel=world.channel_id)


def a_chore(world: World, store: Store | None = None) -> Notices:
    """The chore, as one process has it."""
    return Notices(store or world.store, world.clock, world.submit.keep, new_uuid=uuid4)


async def resend(journeys: Journeys, batch: UUID, positions: Sequence[int]) -> None:
    """Note a text by hand for each."""
    number = await journeys.number(batch)
    async with journeys.store.begin() as tx:
        notices = [NewNotice(ref=WorkflowRef(number, n), origin=NoticeOrigin.MANUAL, by=None) for n in positions]
        await tx.workflows.add_notices(journeys.tenant, notices, at=journeys.clock.now())


async def sent(world: World) -> Sequence[Batch]:
    """Every batch of texts about workflows."""
    async with world.store.read() as tx:
        where = BatchFilter(kinds=frozenset({NOTICES}))
        return (await tx.batches.find(world.who.tenant, where, order=(), page=_ALL))[1]


async def test_what_waits_becomes_one_batch_of_the_channel_it_came_over(world: World, journeys: Journeys) -> None:
    batch = await journeys.begin(3)
    await resend(journeys, batch, range(3))
    assert await a_chore(world).run_once() == 3
    (made,) = await sent(world)
    assert (made.total, made.channel) == (3, world.channel_id)
    assert [entry.address for entry in await world.entries(made)] == [f"+3460000{n:05}" for n in range(3)]
    assert await journeys.waiting() == []
    assert world.steps.take() is not None


async def test_each_entry_speaks_of_its_workflow(world: World, journeys: Journeys) -> None:
    batch = await journeys.begin(2)
    await resend(journeys, batch, [1])
    await a_chore(world).run_once()
    (made,) = await sent(world)
    async with world.store.read() as tx:
        history = await tx.workflows.notices(world.who.tenant, WorkflowId(entry_id(batch, 1)))
    assert [notice.origin for notice in history] == [NoticeOrigin.INITIAL, NoticeOrigin.MANUAL]
    assert made.total == 1


async def test_every_tenant_and_channel_has_a_batch_of_its_own(world: World, clock: FakeClock) -> None:
    neighbour = World(world.store, clock, world.steps)
    await neighbour.move_in("neighbour")
    for each in (world, neighbour):
        for channel in (each.channel_id, None):
            journeys = Journeys(each.store, clock, each.who.tenant, channel=channel)
            await resend(journeys, await journeys.begin(2), range(2))
    assert await a_chore(world).run_once() == 8
    for each in (world, neighbour):
        assert {(made.channel, made.total) for made in await sent(each)} == {(each.channel_id, 2), (None, 2)}


async def test_many_are_several_batches(world: World, journeys: Journeys) -> None:
    await resend(journeys, await journeys.begin(1200), range(1200))
    assert await a_chore(world).run_once() == 1200
    assert sorted(made.total for made in await sent(world)) == [200, 500, 500]


async def test_nothing_waits_and_nothing_is_made(world: World) -> None:
    assert await a_chore(world).run_once() == 0
    assert await sent(world) == []


async def test_one_that_cannot_be_read_is_refused_by_the_engine_and_holds_nobody_up(
    world: World, journeys: Journeys
) -> None:
    await resend(journeys, await journeys.begin(1, payload="not JSON"), [0])
    assert await a_chore(world).run_once() == 1
    (made,) = await sent(world)
    (entry,) = await world.entries(made)
    assert (entry.state, entry.payload) == (EntryState.ACCEPTED, "")


async def test_when_the_store_fails_nothing_is_lost_and_nothing_made_twice(world: World, journeys: Journeys) -> None:
    await resend(journeys, await journeys.begin(2), range(2))
    flaky = FlakyStore(world.store)
    flaky.away = flaky.lost_commits = 1
    for _ in range(2):
        with pytest.raises(Unavailable):
            await a_chore(world, flaky).run_once()
    assert await a_chore(world, flaky).run_once() == 0
    assert [made.total for made in await sent(world)] == [2]


async def test_a_process_that_dies_half_way_leaves_the_texts_to_the_next(world: World, journeys: Journeys) -> None:
    await resend(journeys, await journeys.begin(2), range(2))

    async def keep_and_die(
        tx: Transaction, tenant: TenantId, *, batch: NewBatch, entries: Sequence[NewEntry], by: PrincipalId | None
    ) -> BatchNumber:
        await world.submit.keep(tx, tenant, batch=batch, entries=entries, by=by)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await Notices(world.store, world.clock, keep_and_die, new_uuid=uuid4).run_once()
    assert await sent(world) == []
    assert await a_chore(world).run_once() == 2


async def test_two_processes_at_once_make_no_text_twice(
    world: World, journeys: Journeys, *, database_url: str, vault: Vault
) -> None:
    await resend(journeys, await journeys.begin(2000), range(2000))
    other = open_store(database_url, vault=vault)
    try:
        chores = [a_chore(world, store) for store in (world.store, other)]
        done = await asyncio.gather(*(chore.run_once() for chore in chores * 2))
        done.append(await a_chore(world).run_once())
    finally:
        await other.close()
    assert sum(done) == sum(made.total for made in await sent(world)) == 2000
    spoken_of = Counter([entry.payload for made in await sent(world) for entry in await world.entries(made)])
    assert set(spoken_of.values()) == {1}


async def test_a_reminder_goes_all_the_way(world: World, journeys: Journeys, clock: FakeClock) -> None:
    batch = await journeys.begin(hours=72)
    clock.advance(timedelta(hours=24))
    await journeys.deadlines().run_once()
    await a_chore(world).run_once()
    assert await journeys.texts(batch) == [NoticeOrigin.INITIAL, NoticeOrigin.REMINDER]
    (made,) = await sent(world)
    assert made.total == 1

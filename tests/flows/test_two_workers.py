"""Two processes on one PostgreSQL: they share a batch, and one that is killed hands its chunks to the other."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from muster.app.clock import SystemClock
from muster.domain.batch import FINAL, Batch, BatchState
from muster.domain.chunk import WINDOW_SIZE
from muster.domain.entry import EntryState as S
from muster.domain.ids import entry_id
from muster.engine.worker import Worker
from muster.queues.postgres import PostgresQueue, install
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_channel import Handle, OneChannel, ScriptedChannel
from tests.fakes.world import World
from tests.flows.worker_process import AT_ONCE

SIZE = 6_000
PATIENCE_S = 60.0


@pytest.fixture
def key() -> str:
    """What opens the secrets of the store, in every process."""
    return Fernet.generate_key().decode()


@pytest.fixture
async def store(postgres_url: str, key: str) -> AsyncIterator[SqlStore]:
    """The store on PostgreSQL, with the tables of the shared queue beside it."""
    await install(postgres_url)
    opened = open_store(postgres_url, vault=Vault([key]))
    yield opened
    await opened.close()


@pytest.fixture
async def queue(postgres_url: str) -> AsyncIterator[PostgresQueue]:
    """One end of the shared queue."""
    opened = PostgresQueue(postgres_url)
    yield opened
    await opened.close()


@pytest.fixture
async def world(store: SqlStore, queue: PostgresQueue) -> World:
    """What submits and keeps up; its clock is the real time, as it is for the workers."""
    return await World.settled(store, SystemTime(), queue)


class SystemTime(FakeClock):
    """The real time."""

    now = SystemClock.now


@asynccontextmanager
async def a_worker(url: str, key: str, log: Path) -> AsyncIterator[Process]:
    """A worker in a process of its own, killed at the end if it still lives."""
    command = (sys.executable, "-m", "tests.flows.worker_process", url, key, str(log))
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2], env=dict(os.environ))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


def lines(log: Path) -> list[str]:
    """The parcels that left, as the log has them."""
    return log.read_text().splitlines() if log.exists() else []


async def until(happens: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that another worker does."""
    async with asyncio.timeout(PATIENCE_S):
        while not await happens():
            await asyncio.sleep(0.05)


async def end_of(world: World, batch: Batch) -> Batch:
    """Do the chores of upkeep until the batch has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await world.batch(batch.id)
            if found.state in FINAL:
                return found
            await world.due.run_once()
            await world.rescue.run_once()
            await asyncio.sleep(0.2)


@pytest.mark.slow
async def test_a_killed_worker_hands_its_chunks_to_the_other(  # noqa: PLR0917 - pytest passes fixtures by name
    world: World, postgres_url: str, key: str, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    batch = await world.send(SIZE)

    async def both_work() -> bool:
        return min(len(lines(first)), len(lines(second))) > WINDOW_SIZE

    async with a_worker(postgres_url, key, first) as victim, a_worker(postgres_url, key, second) as survivor:
        await until(both_work)
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
        ended = await end_of(world, batch)
        assert survivor.returncode is None
    await world.check_laws()
    left = Counter([*lines(first), *lines(second)])
    unknown = ended.counts[S.UNKNOWN]
    delivered = [entry.position for entry in await world.entries(batch) if entry.state is S.DELIVERED]
    assert set(left) >= {str(entry_id(batch.id, position)) for position in delivered}
    assert ended.state is BatchState.COMPLETED
    assert ended.counts[S.DELIVERED] + unknown == SIZE
    # One window for each chunk the victim had in hand is all that may be in doubt.
    assert unknown <= AT_ONCE * WINDOW_SIZE
    assert set(left.values()) == {1}


async def test_two_workers_share_a_batch(world: World, postgres_url: str, queue: PostgresQueue) -> None:
    other_queue = PostgresQueue(postgres_url)
    channels = [ScriptedChannel(), ScriptedChannel()]
    workers = []
    for number, (channel, its_queue) in enumerate(zip(channels, (queue, other_queue), strict=True)):

        async def slow(_parcels: object) -> None:
            await asyncio.sleep(0.05)

        channel.during = slow
        world.queue, world.channels = its_queue, OneChannel(Handle(channel))
        workers.append(Worker(world.rooms, name=f"worker {number}", at_once=2))
    world.queue = queue
    batch = await world.send(4_000)
    running = [asyncio.create_task(worker.run()) for worker in workers]

    async def all_are_sent() -> bool:
        return (await world.batch(batch.id)).counts[S.SENT] == batch.total

    await until(all_are_sent)
    for worker in workers:
        worker.stop()
    await asyncio.gather(*running)
    await other_queue.close()
    assert channels[0].windows
    assert channels[1].windows
    assert set((channels[0].arrivals + channels[1].arrivals).values()) == {1}
    assert sum(channel.arrivals.total() for channel in channels) == batch.total
    await world.check_laws()


@pytest.mark.slow
async def test_a_worker_told_to_stop_ends_soon_and_loses_nothing(world: World, queue: PostgresQueue) -> None:
    async def slow(_parcels: object) -> None:
        await asyncio.sleep(0.2)

    world.channel.during = slow
    worker = Worker(world.rooms, name="stopping", at_once=2)
    batch = await world.send(4_000)
    running = asyncio.create_task(worker.run())

    async def it_works() -> bool:
        return bool(world.channel.windows)

    await until(it_works)
    worker.stop()
    async with asyncio.timeout(timedelta(seconds=10).total_seconds()):
        await running
    counts = await world.counts(batch.id)
    assert set(counts) == {S.SENT, S.ACCEPTED}
    assert counts[S.SENT] == world.channel.arrivals.total()
    assert await queue.waiting() == 4

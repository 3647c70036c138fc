"""What every queue must do. A new one is a new parameter of `bench`."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import cast
from uuid import uuid4

import pytest
from pgqueuer.adapters.connections import connect_asyncpg

from muster.domain.chunk import ChunkRef
from muster.domain.ids import BatchNumber, TenantId
from muster.ports.queue import ChunkHandler, Queue
from muster.ports.store.unit import Transaction
from muster.queues.memory import MemoryQueue
from muster.queues.postgres import PostgresQueue, install

Begin = Callable[[], AbstractAsyncContextManager[Transaction]]


class Unit:
    """The two things of a transaction that a queue uses."""

    def __init__(self, connection: object = None) -> None:
        self.connection = connection
        self.calls: list[Callable[[], None]] = []

    def after_commit(self, call: Callable[[], None]) -> None:
        self.calls.append(call)


class Bench:
    """A queue under test, and transactions of the store it goes with."""

    def __init__(self, queue: Queue, begin: Begin) -> None:
        self.queue = queue
        self.begin = begin

    async def put(self, *chunks: ChunkRef) -> None:
        async with self.begin() as tx:
            await self.queue.enqueue(tx, chunks)


@asynccontextmanager
async def in_memory() -> AsyncIterator[Bench]:
    @asynccontextmanager
    async def begin() -> AsyncIterator[Transaction]:
        unit = Unit()
        yield cast("Transaction", unit)
        for call in unit.calls:
            call()

    yield Bench(MemoryQueue(), begin)


@asynccontextmanager
async def on_postgres() -> AsyncIterator[Bench]:
    server = os.environ.get("MUSTER_TEST_POSTGRES")
    if server is None:
        if "CI" in os.environ:
            pytest.fail("MUSTER_TEST_POSTGRES must be set in CI")
        pytest.skip("MUSTER_TEST_POSTGRES is not set")
    name = f"queue_{uuid4().hex}"
    dsn = f"{server.rpartition('/')[0]}/{name}"

    @asynccontextmanager
    async def begin() -> AsyncIterator[Transaction]:
        async with connect_asyncpg(dsn) as connection, connection.transaction():
            yield cast("Transaction", Unit(connection))

    async with connect_asyncpg(server) as admin:
        await admin.execute(f"CREATE DATABASE {name}")
        try:
            await install(dsn)
            queue = PostgresQueue(dsn)
            yield Bench(queue, begin)
            await queue.close()
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=[in_memory, on_postgres])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with request.param() as made:
        yield made


class Recorder:
    """A handler that notes what it is offered, and works until it is let go."""

    def __init__(self, *, held: bool = False, fail_first: int = 0) -> None:
        self.offered: list[ChunkRef] = []
        self.under_way = 0
        self.most = 0
        self.ended = 0
        self._fail_first = fail_first
        self._news = asyncio.Condition()
        self.go = asyncio.Event()
        if not held:
            self.go.set()

    async def __call__(self, chunk: ChunkRef) -> None:
        await self._note(chunk)
        await self.go.wait()
        self.under_way -= 1
        if self._fail_first:
            self._fail_first -= 1
            raise RuntimeError("the handler has a bug")
        self.ended += 1

    async def _note(self, chunk: ChunkRef) -> None:
        async with self._news:
            self.offered.append(chunk)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self._news.notify_all()

    async def until(self, count: int) -> Sequence[ChunkRef]:
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: len(self.offered) >= count)
        return self.offered


@asynccontextmanager
async def running(queue: Queue, handler: ChunkHandler, *, at_once: int = 4) -> AsyncIterator[None]:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(queue.run(handler, at_once=at_once))
        yield
        queue.stop()


def chunks(count: int, *, batch: int = 1) -> list[ChunkRef]:
    return [ChunkRef(TenantId(7), BatchNumber(batch), 500 * n) for n in range(count)]


async def test_what_a_committed_transaction_enqueued_is_offered(bench: Bench) -> None:
    handler = Recorder()
    async with running(bench.queue, handler):
        await bench.put(*chunks(3))
        assert set(await handler.until(3)) == set(chunks(3))
    assert await bench.queue.waiting() == 0


async def test_what_was_enqueued_before_the_run_began_is_offered(bench: Bench) -> None:
    await bench.put(*chunks(2))
    handler = Recorder()
    async with running(bench.queue, handler):
        await handler.until(2)


async def test_nothing_is_offered_before_the_transaction_commits(bench: Bench) -> None:
    handler = Recorder()
    async with running(bench.queue, handler):
        async with bench.begin() as tx:
            await bench.queue.enqueue(tx, chunks(1))
            await asyncio.sleep(0.2)
            assert handler.offered == []
        await handler.until(1)


async def test_what_a_rolled_back_transaction_enqueued_is_never_offered(bench: Bench) -> None:
    handler = Recorder()
    with suppress(ZeroDivisionError):
        async with bench.begin() as tx:
            await bench.queue.enqueue(tx, chunks(2, batch=1))
            raise ZeroDivisionError
    async with running(bench.queue, handler):
        await bench.put(*chunks(1, batch=2))
        await handler.until(1)
    assert handler.offered == chunks(1, batch=2)
    assert await bench.queue.waiting() == 0


async def test_jobs_are_offered_in_the_order_they_were_enqueued(bench: Bench) -> None:
    await bench.put(*chunks(5, batch=1))
    await bench.put(*chunks(5, batch=2))
    handler = Recorder()
    async with running(bench.queue, handler, at_once=1):
        await handler.until(10)
    assert handler.offered == chunks(5, batch=1) + chunks(5, batch=2)


async def test_a_job_whose_handler_raises_is_offered_again(bench: Bench) -> None:
    handler = Recorder(fail_first=2)
    await bench.put(*chunks(1))
    async with running(bench.queue, handler):
        assert await handler.until(3) == chunks(1) * 3
    assert await bench.queue.waiting() == 0


async def test_a_failing_job_does_not_hold_up_the_others(bench: Bench) -> None:
    handler = Recorder(fail_first=1)
    await bench.put(*chunks(4))
    async with running(bench.queue, handler, at_once=1):
        assert set((await handler.until(5))[:4]) >= set(chunks(3))
    assert handler.ended == 4


@pytest.mark.parametrize("at_once", [1, 3])
async def test_no_more_than_at_once_are_under_way(bench: Bench, at_once: int) -> None:
    handler = Recorder(held=True)
    await bench.put(*chunks(8))
    async with running(bench.queue, handler, at_once=at_once):
        await handler.until(at_once)
        await asyncio.sleep(0.3)
        assert handler.under_way == at_once
        handler.go.set()
        await handler.until(8)
    assert handler.most == at_once


async def test_two_runs_share_the_jobs_and_repeat_none(bench: Bench) -> None:
    first, second = Recorder(held=True), Recorder(held=True)
    await bench.put(*chunks(4))
    async with running(bench.queue, first, at_once=2), running(bench.queue, second, at_once=2):
        await first.until(2)
        await second.until(2)
        first.go.set()
        second.go.set()
    assert sorted([*first.offered, *second.offered], key=lambda chunk: chunk.first) == chunks(4)


async def test_stop_waits_for_what_is_under_way_and_takes_nothing_more(bench: Bench) -> None:
    handler = Recorder(held=True)
    await bench.put(*chunks(6))
    async with running(bench.queue, handler, at_once=2):
        await handler.until(2)
        bench.queue.stop()
        await asyncio.sleep(0.2)
        assert handler.ended == 0
        handler.go.set()
    assert handler.ended == 2
    assert await bench.queue.waiting() == 4


async def test_a_job_held_back_by_at_once_waits_again_after_stop(bench: Bench) -> None:
    handler = Recorder(held=True)
    await bench.put(*chunks(3))
    async with running(bench.queue, handler, at_once=1):
        await handler.until(1)
        await asyncio.sleep(0.2)
        bench.queue.stop()
        handler.go.set()
    assert handler.offered == chunks(1)
    assert await bench.queue.missing(chunks(3)) == chunks(1)


async def test_stopped_before_it_runs_it_returns_at_once(bench: Bench) -> None:
    bench.queue.stop()
    async with asyncio.timeout(5):
        await bench.queue.run(Recorder(), at_once=1)


async def test_missing_names_chunks_with_no_job_waiting_or_running(bench: Bench) -> None:
    handler = Recorder(held=True)
    await bench.put(*chunks(2))
    async with running(bench.queue, handler, at_once=1):
        await handler.until(1)
        assert await bench.queue.missing(chunks(4)) == chunks(4)[2:]
        assert await bench.queue.missing([]) == []
        handler.go.set()
        await handler.until(2)
    assert await bench.queue.missing(chunks(4)) == chunks(4)


async def test_a_chunk_may_be_enqueued_again_by_its_own_handler(bench: Bench) -> None:
    seen = Recorder()

    async def work(chunk: ChunkRef) -> None:
        await seen(chunk)
        if len(seen.offered) == 1:
            await bench.put(chunk)

    await bench.put(*chunks(1))
    async with running(bench.queue, work):
        assert await seen.until(2) == chunks(1) * 2
    assert await bench.queue.waiting() == 0


async def test_an_idle_queue_starts_a_job_soon(bench: Bench) -> None:
    handler = Recorder()
    loop = asyncio.get_running_loop()
    async with running(bench.queue, handler):
        await bench.put(*chunks(1, batch=1))
        await handler.until(1)
        await asyncio.sleep(0.3)
        began = loop.time()
        await bench.put(*chunks(1, batch=2))
        await handler.until(2)
        # Polling alone would need up to a second: far under it, notifications work. Not a benchmark.
        assert loop.time() - began < 0.5

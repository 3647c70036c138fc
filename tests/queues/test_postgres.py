"""The shared queue when the database or a worker goes away."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

import pytest
from pgqueuer.adapters.connections import connect_asyncpg

from muster.domain.chunk import ChunkRef
from muster.domain.errors import Unavailable
from muster.domain.ids import BatchNumber, TenantId
from muster.ports.queue import ChunkHandler
from muster.ports.store.unit import Transaction
from muster.queues.postgres import PostgresQueue, install

HEARTBEAT_TIMEOUT = timedelta(seconds=1)


class Unit:
    """The one thing of a transaction that this queue uses."""

    def __init__(self, connection: object) -> None:
        self.connection = connection


class Line:
    """A way to the database that can be cut and mended."""

    def __init__(self, dsn: str) -> None:
        self._to = urlsplit(dsn)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0

    @property
    def dsn(self) -> str:
        return self._to._replace(netloc=f"{self._to.username}@127.0.0.1:{self._port}").geturl()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._to.hostname, self._to.port)
        self._writers |= {writer, far_writer}
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def line(queue_dsn: str) -> AsyncIterator[Line]:
    made = Line(queue_dsn)
    await made.mend()
    yield made
    await made.cut()


async def put(dsn: str, *chunks: ChunkRef) -> None:
    async with connect_asyncpg(dsn) as connection, connection.transaction():
        await PostgresQueue(dsn).enqueue(cast("Transaction", Unit(connection)), chunks)


async def left(dsn: str) -> int:
    queue = PostgresQueue(dsn)
    try:
        return await queue.waiting()
    finally:
        await queue.close()


async def column(dsn: str, query: str) -> list[object]:
    async with connect_asyncpg(dsn) as connection:
        return [row[0] for row in await connection.fetch(query)]


async def hang_up_on_queues(dsn: str) -> None:
    ended = await column(
        dsn,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'muster queue' AND datname = current_database()",
    )
    assert ended


def chunk(number: int) -> ChunkRef:
    return ChunkRef(TenantId(1), BatchNumber(1), number)


class Worker:
    """A handler that notes what it is offered and, if `held`, works until it is let go."""

    def __init__(self, *, held: bool = False) -> None:
        self.offered: list[ChunkRef] = []
        self.go = asyncio.Event()
        self._news = asyncio.Condition()
        if not held:
            self.go.set()

    async def __call__(self, offer: ChunkRef) -> None:
        async with self._news:
            self.offered.append(offer)
            self._news.notify_all()
        await self.go.wait()

    async def until(self, count: int) -> Sequence[ChunkRef]:
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(lambda: len(self.offered) >= count)
        return self.offered


@asynccontextmanager
async def running(queue: PostgresQueue, worker: ChunkHandler) -> AsyncIterator[None]:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(queue.run(worker, at_once=2))
        yield
        queue.stop()
    await queue.close()


async def test_a_worker_whose_connection_is_cut_goes_on_by_itself(queue_dsn: str) -> None:
    worker = Worker()
    async with running(PostgresQueue(queue_dsn), worker):
        await put(queue_dsn, chunk(1))
        await worker.until(1)
        await hang_up_on_queues(queue_dsn)
        await put(queue_dsn, chunk(2))
        assert await worker.until(2) == [chunk(1), chunk(2)]
    assert await left(queue_dsn) == 0


async def test_what_is_under_way_when_the_connection_is_cut_is_not_offered_twice(queue_dsn: str) -> None:
    worker = Worker(held=True)
    async with running(PostgresQueue(queue_dsn), worker):
        await put(queue_dsn, chunk(1))
        await worker.until(1)
        await hang_up_on_queues(queue_dsn)
        worker.go.set()
        await put(queue_dsn, chunk(2))
        await worker.until(2)
    assert worker.offered == [chunk(1), chunk(2)]


async def test_notifications_arrive_on_a_new_connection_too(queue_dsn: str) -> None:
    worker = Worker()
    async with running(PostgresQueue(queue_dsn), worker):
        await put(queue_dsn, chunk(1))
        await worker.until(1)
        await hang_up_on_queues(queue_dsn)
        await put(queue_dsn, chunk(2))
        await worker.until(2)
        listening = await column(
            queue_dsn,
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'muster queue' AND datname = current_database()",
        )
        assert listening == [1]


async def test_a_worker_outlasts_a_database_that_is_away(queue_dsn: str, line: Line) -> None:
    worker = Worker()
    async with running(PostgresQueue(line.dsn), worker):
        await put(queue_dsn, chunk(1))
        await worker.until(1)
        await line.cut()
        await put(queue_dsn, chunk(2))
        await asyncio.sleep(0.5)
        assert worker.offered == [chunk(1)]
        await line.mend()
        await worker.until(2)


async def test_a_worker_can_be_stopped_while_the_database_is_away(queue_dsn: str, line: Line) -> None:
    worker = Worker(held=True)
    async with running(PostgresQueue(line.dsn, heartbeat_timeout=HEARTBEAT_TIMEOUT), worker):
        await put(queue_dsn, chunk(1))
        await worker.until(1)
        await line.cut()
        worker.go.set()
        await asyncio.sleep(0.2)
    # Its end could not be told, so it is offered once more to whoever runs next.
    heir = Worker()
    async with running(PostgresQueue(queue_dsn, heartbeat_timeout=HEARTBEAT_TIMEOUT), heir):
        assert await heir.until(1) == [chunk(1)]


async def test_questions_are_refused_while_the_database_is_away_and_answered_after(queue_dsn: str, line: Line) -> None:
    queue = PostgresQueue(line.dsn)
    assert await queue.waiting() == 0
    await line.cut()
    with pytest.raises(Unavailable):
        await queue.waiting()
    await line.mend()
    await put(queue_dsn, chunk(1))
    assert await queue.waiting() == 1
    await hang_up_on_queues(queue_dsn)
    assert await queue.missing([chunk(1), chunk(2)]) == [chunk(2)]
    await queue.close()


_VICTIM = """
import asyncio, sys
from datetime import timedelta
from muster.queues.postgres import PostgresQueue

async def work(chunk):
    print(chunk.first, flush=True)
    await asyncio.sleep(3600)

asyncio.run(PostgresQueue(sys.argv[1], heartbeat_timeout=timedelta(seconds=1)).run(work, at_once=2))
"""


async def test_the_job_of_a_killed_worker_is_offered_to_another(queue_dsn: str) -> None:
    await put(queue_dsn, chunk(1))
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _VICTIM, queue_dsn, stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    async with asyncio.timeout(20):
        assert await victim.stdout.readline() == b"1\n"
    heir = Worker()
    async with running(PostgresQueue(queue_dsn, heartbeat_timeout=HEARTBEAT_TIMEOUT), heir):
        # Alive, the victim keeps it for longer than the heartbeat timeout.
        await asyncio.sleep(2 * HEARTBEAT_TIMEOUT.total_seconds())
        assert heir.offered == []
        victim.send_signal(signal.SIGKILL)
        await victim.communicate()
        assert await heir.until(1) == [chunk(1)]
    assert await left(queue_dsn) == 0


async def test_a_worker_that_is_cancelled_leaves_its_job_to_others(queue_dsn: str) -> None:
    await put(queue_dsn, chunk(1))
    worker = Worker(held=True)
    run = asyncio.create_task(PostgresQueue(queue_dsn).run(worker, at_once=2))
    await worker.until(1)
    # The first cancel lets handlers end; the second one cancels them too.
    for _ in range(2):
        run.cancel()
        await asyncio.sleep(0.05)
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await left(queue_dsn) == 1


async def test_a_job_nobody_can_read_does_not_stop_the_queue(queue_dsn: str) -> None:
    worker = Worker()
    async with connect_asyncpg(queue_dsn) as connection:
        await connection.execute(
            "INSERT INTO pgqueuer (priority, status, entrypoint, payload) VALUES (0, 'queued', 'chunk', 'x')"
        )
    await put(queue_dsn, chunk(1))
    async with running(PostgresQueue(queue_dsn), worker):
        await worker.until(1)
    assert await left(queue_dsn) == 0


async def test_the_log_keeps_nothing_of_what_a_handler_raised(queue_dsn: str) -> None:
    worker = Worker()

    async def fail_once(offer: ChunkRef) -> None:
        await worker(offer)
        if len(worker.offered) == 1:
            raise ValueError("+34600000001")

    await put(queue_dsn, chunk(1))
    async with running(PostgresQueue(queue_dsn), fail_once):
        await worker.until(2)
    assert set(await column(queue_dsn, "SELECT traceback FROM pgqueuer_log")) == {None}


async def test_jobs_are_refused_where_no_transaction_is_open(queue_dsn: str) -> None:
    async with connect_asyncpg(queue_dsn) as connection:
        with pytest.raises(RuntimeError):
            await PostgresQueue(queue_dsn).enqueue(cast("Transaction", Unit(connection)), [chunk(1)])
    with pytest.raises(TypeError):
        await PostgresQueue(queue_dsn).enqueue(cast("Transaction", Unit(None)), [chunk(1)])


async def test_installing_may_be_repeated_and_may_happen_at_once(queue_dsn: str) -> None:
    await put(queue_dsn, chunk(1))
    await asyncio.gather(install(queue_dsn), install(queue_dsn))
    assert await left(queue_dsn) == 1


async def test_installing_says_when_there_is_no_database(queue_dsn: str, line: Line) -> None:
    assert queue_dsn
    await line.cut()
    with pytest.raises(Unavailable):
        await install(line.dsn)

"""The shared queue: PgQueuer's table in the database that holds the batches."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.types import JOB_STATUS
from pgqueuer.ports.driver import Driver

from muster.domain.chunk import ChunkRef
from muster.domain.errors import Unavailable
from muster.ports.queue import ChunkHandler
from muster.ports.store.unit import Transaction
from muster.queues.connection import Connection, PostgresConnection
from muster.queues.consumer import Consumer
from muster.queues.job import ENTRYPOINT, SETTINGS, payload_of

log = structlog.get_logger()

HEARTBEAT_TIMEOUT = timedelta(seconds=30)
"""How long after its last sign of life a worker's jobs are offered to others."""
_PRUNE_EVERY_S = 600


async def install(dsn: str) -> None:
    """Create PgQueuer's tables, or bring them up to the release in use. Safe to repeat, and to run at once with others.

    Raises Unavailable when the database does not answer.

    It cannot be part of a migration's transaction: new labels of an enum are not usable in the one that adds them.
    """
    connection = Connection(_plain(dsn))
    connection.give_up()  # whoever installs is told at once that the database is not there
    queries = _queries(connection)
    try:
        async with queries.schema_lock():
            if await queries.schema_is_installed():
                await queries.upgrade()
            else:
                await queries.install()
            await queries.optimize_autovacuum()
    finally:
        await connection.close()


class PostgresQueue:
    """Fulfils ports.queue for any number of processes. Needs nothing open until it is asked something.

    `dsn` is a PostgreSQL URL; SQLAlchemy's spelling `postgresql+asyncpg://` is understood.
    """

    def __init__(self, dsn: str, *, heartbeat_timeout: timedelta = HEARTBEAT_TIMEOUT) -> None:
        self._dsn = _plain(dsn)
        self._heartbeat_timeout = heartbeat_timeout
        self._asking = Connection(self._dsn)
        self._asking.give_up()  # a question is better answered by an error than late
        self._consumers: dict[Consumer, Connection] = {}
        self._stopping = asyncio.Event()

    async def enqueue(self, tx: Transaction, jobs: Sequence[ChunkRef]) -> None:
        """Add `jobs`, in order, behind all that wait, when `tx` commits and only then.

        `tx.connection` is an asyncpg connection on which the transaction is open.
        """
        connection = tx.connection
        if not isinstance(connection, PostgresConnection):
            raise TypeError("PostgresQueue needs a transaction of a PostgreSQL store")
        if not connection.is_in_transaction():
            # A bug in the store: the jobs would be there even if the batch is not.
            raise RuntimeError("the transaction is not open on its connection")
        if jobs:
            await _queries(_Borrowed(connection)).enqueue(
                [ENTRYPOINT] * len(jobs), [payload_of(chunk) for chunk in jobs], [0] * len(jobs)
            )

    async def waiting(self) -> int:
        """How many jobs wait or run. Raises Unavailable when the database does not answer."""
        return sum(group.count for group in await _queries(self._asking).queue_size())

    async def missing(self, chunks: Sequence[ChunkRef]) -> Sequence[ChunkRef]:
        """Which of `chunks` have no job, waiting or running. Raises Unavailable when the database does not answer."""
        rows = await self._asking.fetch(
            f"SELECT payload FROM {SETTINGS.queue_table} WHERE entrypoint = $1 AND payload = ANY($2::bytea[])",  # noqa: S608
            ENTRYPOINT,
            [payload_of(chunk) for chunk in chunks],
        )
        known = {row["payload"] for row in rows}
        return [chunk for chunk in chunks if payload_of(chunk) not in known]

    async def run(self, handler: ChunkHandler, *, at_once: int) -> None:
        """Offer jobs to `handler`, at most `at_once` of them at a time, until `stop`; then return when all ended.

        A lost database is waited for. What is under way meanwhile goes on, and its jobs stay with this worker unless
        the loss outlasts the heartbeat timeout.
        """
        if self._stopping.is_set():
            return
        connection = Connection(self._dsn)
        queries = _queries(connection)
        consumer = Consumer(queries, handler, at_once=at_once, heartbeat_timeout=self._heartbeat_timeout)
        self._consumers[consumer] = connection
        try:
            async with asyncio.TaskGroup() as tasks:
                pruning = tasks.create_task(_prune(connection))
                await consumer.run()
                pruning.cancel()
        except* Unavailable as lost:
            # Told to stop while the database was away. What had ended is offered to someone once more.
            if not self._stopping.is_set():
                raise
            log.warning("queue_stopped_without_database", errors=len(lost.exceptions))
        finally:
            del self._consumers[consumer]
            await connection.close()

    def stop(self) -> None:
        """Take no further job, for good; `run` returns when those under way have ended."""
        self._stopping.set()
        for consumer, connection in self._consumers.items():
            connection.give_up()
            consumer.stop()

    async def close(self) -> None:
        """Let go of the connection behind `waiting` and `missing`."""
        await self._asking.close()


class _Jobs(Queries):
    """PgQueuer's table, which forgets a job only when its handler returned."""

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        if ended := [one for one in job_status if one[1] == "successful"]:
            await super().log_jobs(ended)
        for job, status, _ in job_status:
            if status != "successful":
                await self.retry_job(job, timedelta(0), None)

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        del traceback_record  # it would keep, in the log, what the handler worked on
        await super().retry_job(job, delay, None)


class _Borrowed(Connection):
    """A driver over a connection that is somebody's transaction: it opens, repeats and closes nothing."""

    def __init__(self, connection: PostgresConnection) -> None:
        super().__init__("")
        self._borrowed = connection

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Run one statement for its rows."""
        return [dict(row) for row in await self._borrowed.fetch(query, *args)]


def _queries(driver: Driver) -> _Jobs:
    return _Jobs(
        driver,
        qbe=QueryBuilderEnvironment(SETTINGS),
        qbq=QueryQueueBuilder(SETTINGS),
        qbs=QuerySchedulerBuilder(SETTINGS),
    )


def _plain(dsn: str) -> str:
    return dsn.replace("postgresql+asyncpg://", "postgresql://", 1)


async def _prune(connection: Connection) -> None:
    """Keep a day of PgQueuer's log, for whoever looks into an incident; PgQueuer itself would keep it all."""
    while True:
        await connection.execute(
            f"DELETE FROM {SETTINGS.queue_table_log} WHERE created < NOW() - INTERVAL '1 day'"  # noqa: S608
        )
        await asyncio.sleep(_PRUNE_EVERY_S)

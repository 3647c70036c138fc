"""The embedded queue: PgQueuer's in-memory mode. It is refilled from the store at start."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.domain.models import Job, TracebackRecord, utc_now
from pgqueuer.domain.types import JOB_STATUS, QueueEntrypoint

from muster.domain.chunk import ChunkRef
from muster.ports.queue import ChunkHandler
from muster.ports.store.unit import Transaction
from muster.queues.consumer import Consumer
from muster.queues.job import ENTRYPOINT, SETTINGS, payload_of

_HEARTBEAT_TIMEOUT = timedelta(minutes=10)
"""Nobody else could take over a job of this process, so it only has to outlast a stalled event loop."""


class MemoryQueue:
    """Fulfils ports.queue within one process; what waits is gone with it."""

    def __init__(self) -> None:
        self._jobs = _Jobs(
            InMemoryDriver(),
            qbe=QueryBuilderEnvironment(SETTINGS),
            qbq=QueryQueueBuilder(SETTINGS),
            qbs=QuerySchedulerBuilder(SETTINGS),
        )
        self._committed: deque[ChunkRef] = deque()
        self._wake = asyncio.Event()
        self._consumers: set[Consumer] = set()
        self._stopped = False

    async def enqueue(self, tx: Transaction, jobs: Sequence[ChunkRef]) -> None:
        """Add `jobs`, in order, behind all that wait, when `tx` commits and only then."""
        if jobs:
            tx.after_commit(partial(self._admit, tuple(jobs)))

    async def waiting(self) -> int:
        """How many jobs wait or run."""
        await self._take_in()
        return self._jobs.count

    async def missing(self, chunks: Sequence[ChunkRef]) -> Sequence[ChunkRef]:
        """Which of `chunks` have no job, waiting or running."""
        await self._take_in()
        known = self._jobs.payloads()
        return [chunk for chunk in chunks if payload_of(chunk) not in known]

    async def run(self, handler: ChunkHandler, *, at_once: int) -> None:
        """Offer jobs to `handler`, at most `at_once` of them at a time, until `stop`; then return when all ended."""
        if self._stopped:
            return
        consumer = Consumer(self._jobs, handler, at_once=at_once, heartbeat_timeout=_HEARTBEAT_TIMEOUT)
        self._consumers.add(consumer)
        try:
            async with asyncio.TaskGroup() as tasks:
                feeding = tasks.create_task(self._feed())
                await consumer.run()
                feeding.cancel()
        finally:
            self._consumers.discard(consumer)

    def stop(self) -> None:
        """Take no further job, for good; `run` returns when those under way have ended."""
        self._stopped = True
        for consumer in self._consumers:
            consumer.stop()

    def _admit(self, jobs: tuple[ChunkRef, ...]) -> None:
        self._committed.extend(jobs)
        self._wake.set()

    async def _feed(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._take_in()

    async def _take_in(self) -> None:
        """Hand PgQueuer what was committed: its `enqueue` is a coroutine, and a transaction's callback is none."""
        if not self._committed:
            return
        payloads: list[bytes | None] = [payload_of(chunk) for chunk in self._committed]
        self._committed.clear()
        await self._jobs.enqueue([ENTRYPOINT] * len(payloads), payloads, [0] * len(payloads))


class _Jobs(InMemoryQueries):
    """PgQueuer's table, which forgets a job only when its handler returned."""

    @property
    def count(self) -> int:
        return len(self._jobs)

    def payloads(self) -> frozenset[bytes | None]:
        return frozenset(job["payload"] for job in self._jobs.values())

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        await super().log_jobs([one for one in job_status if one[1] == "successful"])
        for job, status, _ in job_status:
            if status != "successful":
                await self.retry_job(job, timedelta(0), None)
        # Three entries a job, which PgQueuer keeps for good and nothing here reads.
        self._log.clear()

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """Tell whether one job is due. PgQueuer counts them all, after every job, and asks only for more than none."""
        del entrypoints
        now = utc_now()
        return int(any(job["status"] == "queued" and job["execute_after"] <= now for job in self._jobs.values()))

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        del traceback_record  # it would quote what the handler worked on
        await super().retry_job(job, delay, None)

"""One run of PgQueuer: jobs out of its table, into a handler, and never lost on the way."""

import asyncio
import traceback
from datetime import timedelta

import msgspec
import structlog
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import Channel
from pgqueuer.ports import RepositoryPort

from muster.domain.chunk import ChunkRef
from muster.domain.errors import Busy
from muster.ports.queue import ChunkHandler
from muster.queues.job import ENTRYPOINT, SETTINGS, chunk_in

log = structlog.get_logger()

_POLL = timedelta(seconds=1)
"""How long a lost notification can delay a job."""
_BUSY_RETRY = timedelta(milliseconds=200)
"""When a job that found no place is offered again."""
_FIRST_RETRY = timedelta(milliseconds=50)
_LONGEST_RETRY = timedelta(seconds=30)


class Consumer:
    """Offers jobs of `queries` to `handler`, at most `at_once` at a time, until `stop`."""

    def __init__(
        self, queries: RepositoryPort, handler: ChunkHandler, *, at_once: int, heartbeat_timeout: timedelta
    ) -> None:
        self._handler = handler
        self._at_once = at_once
        self._heartbeat_timeout = heartbeat_timeout
        self._slots = asyncio.Semaphore(at_once)
        self._manager = QueueManager(queries, channel=Channel(SETTINGS.channel))
        self._manager.entrypoint(ENTRYPOINT, accepts_context=False, on_failure="hold")(self._work)

    async def run(self) -> None:
        """Take jobs until `stop`; return when those under way have ended."""
        await self._manager.run(
            dequeue_timeout=_POLL,
            # One at a time: a larger batch is also the number of ended jobs PgQueuer collects (for up to 0.1 s) before
            # it deletes them and so makes room for others.
            batch_size=1,
            # PgQueuer refuses less than two; then the second job is held back by the semaphore.
            max_concurrent_tasks=max(2, self._at_once),
            heartbeat_timeout=self._heartbeat_timeout,
            log_aggregation_interval=timedelta(0),
        )

    def stop(self) -> None:
        """Take no further job."""
        self._manager.shutdown.set()

    async def _work(self, job: Job) -> None:
        try:
            chunk = chunk_in(job.payload or b"")
        except msgspec.MsgspecError:
            # Nobody could ever work on it. If a chunk lost its job here, upkeep gives it another.
            log.warning("queue_job_unreadable", job=job.id)
            return
        async with self._slots:
            if self._manager.shutdown.is_set():
                raise RetryRequested(timedelta(0), "stopping")
            try:
                settled = await self._offer(chunk)
            except Busy:
                raise RetryRequested(_BUSY_RETRY, "busy") from None
        if not settled:
            raise RetryRequested(min(_FIRST_RETRY * 2 ** min(job.attempts, 16), _LONGEST_RETRY), "handler failed")

    async def _offer(self, chunk: ChunkRef) -> bool:
        """Whether the handler returned. This is the outermost frame of a job: whatever it raises ends here."""
        try:
            await self._handler(chunk)
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001 - one chunk's bug must not end the worker, and the job must be kept
            # The message may quote a text or an address, so only the place is told.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            log.warning(
                "queue_handler_failed",
                error=type(error).__name__,
                where=f"{frame.filename}:{frame.lineno}",
                tenant=chunk.tenant,
                batch=chunk.batch,
                first=chunk.first,
            )
            return False
        return True

"""Chunks that nobody would work on: a lease that ran out, a job that went missing, a batch without a chunk."""

import structlog

from muster.domain.chunk import CHUNK_SIZE, ChunkRef
from muster.ports.clock import Clock
from muster.ports.queue import Queue
from muster.ports.store.unit import Store, Transaction

log = structlog.get_logger()

AT_ONCE = 5_000
"""The most chunks looked at in one round."""


class Rescue:
    """Finds chunks without a job and batches without a chunk, and mends them."""

    def __init__(self, store: Store, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._suspects: frozenset[ChunkRef] = frozenset()

    async def refill(self, *, alone: bool) -> int:
        """At start: give every queued chunk that has no job one; how many.

        `alone`: no other process works on this store, so a lease found now is a dead process's and ends at once.
        Otherwise leases tell by their time when their worker is gone.
        """
        async with self._store.begin() as tx:
            if alone:
                await tx.chunks.across_tenants_lost(now=None, limit=AT_ONCE)
            queued = await tx.chunks.across_tenants_queued(limit=AT_ONCE)
            missing = await self._queue.missing(queued)
            await self._queue.enqueue(tx, missing)
        return len(missing)

    async def run_once(self) -> int:
        """Mend what is broken; how many chunks got a job."""
        async with self._store.begin() as tx:
            found = [
                *await tx.chunks.across_tenants_lost(now=self._clock.now(), limit=AT_ONCE),
                *await tx.chunks.across_tenants_stranded(limit=AT_ONCE),
                *await self._recut(tx),
            ]
            missing = await self._jobless(tx)
            await self._queue.enqueue(tx, [*found, *missing])
        if found or missing:
            log.info("chunks_rescued", found=len(found), jobless=len(missing))
        return len(found) + len(missing)

    async def _recut(self, tx: Transaction) -> list[ChunkRef]:
        cut: list[ChunkRef] = []
        for tenant, batch in await tx.chunks.across_tenants_uncut(limit=AT_ONCE):
            chunk = await tx.chunks.open_next(tenant, batch, size=CHUNK_SIZE)
            if chunk is not None:
                cut.append(chunk)
        return cut

    async def _jobless(self, tx: Transaction) -> list[ChunkRef]:
        """Queued chunks that had no job when last looked at and have none now.

        Twice, because a job taken from the queue a moment ago has not leased its chunk yet.
        """
        queued = await tx.chunks.across_tenants_queued(limit=AT_ONCE)
        without = frozenset(await self._queue.missing(queued)) if queued else frozenset[ChunkRef]()
        again, self._suspects = without & self._suspects, without
        return sorted(again, key=lambda ref: (ref.batch, ref.first))

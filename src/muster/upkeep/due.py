"""Chunks whose waiting is over."""

from muster.ports.clock import Clock
from muster.ports.queue import Queue
from muster.ports.store.unit import Store

AT_ONCE = 200


class Due:
    """Queues chunks again whose held entries are due."""

    def __init__(self, store: Store, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock

    async def run_once(self) -> int:
        """Queue what is due; how many chunks."""
        async with self._store.begin() as tx:
            chunks = await tx.chunks.across_tenants_due(now=self._clock.now(), limit=AT_ONCE)
            await self._queue.enqueue(tx, chunks)
        return len(chunks)

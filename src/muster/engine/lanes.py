"""No tenant waits for another: each has a few lanes of its own, and a slow provider fills only those."""

import asyncio
from datetime import timedelta

from muster.domain.chunk import ChunkRef
from muster.domain.errors import Busy
from muster.domain.ids import TenantId
from muster.ports.queue import ChunkHandler

SHARE = 4
"""A tenant gets at most one in this many of a worker's places."""
GRACE = timedelta(milliseconds=20)
"""How long a job waits for a lane: as long as the chunk before it takes to leave; it holds a place meanwhile."""


class Lanes:
    """Works on chunks, at most `each` of a tenant's at a time.

    A job whose tenant has no lane free goes back to the queue, where another worker may find it, and the jobs behind it
    come to their turn.
    """

    def __init__(self, work: ChunkHandler, *, each: int) -> None:
        self._work = work
        self._each = each
        self._lanes: dict[TenantId, asyncio.Semaphore] = {}

    async def take(self, ref: ChunkRef) -> None:
        """Work on the chunk. Raises Busy when its tenant has no lane free."""
        lane = self._lanes.setdefault(ref.tenant, asyncio.Semaphore(self._each))
        try:
            async with asyncio.timeout(GRACE.total_seconds()):
                await lane.acquire()
        except TimeoutError:
            raise Busy from None
        try:
            await self._work(ref)
        finally:
            lane.release()


def lanes_of(places: int) -> int:
    """How many of a worker's `places` (≥ 1) one tenant may have."""
    return max(1, places // SHARE)

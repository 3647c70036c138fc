"""No tenant waits for another: each has a few lanes of its own, and a slow provider fills only those."""

from collections import defaultdict
from collections.abc import Callable

from muster.domain.chunk import ChunkRef
from muster.domain.ids import TenantId
from muster.ports.queue import ChunkHandler

SHARE = 4
"""A tenant gets at most one in this many of a worker's places."""


class Lanes:
    """Works on chunks, at most `each` of a tenant's at a time.

    A job whose tenant has no lane free is taken off the queue and remembered, so that the jobs behind it come to their
    turn; the next lane of that tenant to become free takes it. When the process dies, the chunk is a queued one
    without a job, which upkeep mends.
    """

    def __init__(self, work: ChunkHandler, *, each: int, stopping: Callable[[], bool]) -> None:
        """`stopping`: whether nothing new is to be begun."""
        self._work = work
        self._each = each
        self._stopping = stopping
        self._busy: dict[TenantId, int] = defaultdict(int)
        # A dict is a set that keeps its order: upkeep may offer again what is remembered here.
        self._waiting: dict[TenantId, dict[ChunkRef, None]] = defaultdict(dict)

    async def take(self, ref: ChunkRef) -> None:
        """Work on the chunk and then on what waits for the lane, or remember it."""
        if self._busy[ref.tenant] >= self._each:
            self._waiting[ref.tenant][ref] = None
            return
        self._busy[ref.tenant] += 1
        try:
            following: ChunkRef | None = ref
            while following is not None:
                await self._work(following)
                following = self._next(ref.tenant)
        finally:
            self._leave(ref.tenant)

    def put_back(self) -> list[ChunkRef]:
        """What waited for a lane and was not begun; it is forgotten here."""
        left = [ref for waiting in self._waiting.values() for ref in waiting]
        self._waiting.clear()
        return left

    def _next(self, tenant: TenantId) -> ChunkRef | None:
        waiting = self._waiting[tenant]
        if self._stopping() or not waiting:
            return None
        ref = next(iter(waiting))
        del waiting[ref]
        return ref

    def _leave(self, tenant: TenantId) -> None:
        """Free the lane, and forget a tenant that has nothing here."""
        self._busy[tenant] -= 1
        if not self._busy[tenant] and not self._waiting.get(tenant):
            del self._busy[tenant]
            self._waiting.pop(tenant, None)


def lanes_of(places: int) -> int:
    """How many of a worker's `places` (≥ 1) one tenant may have."""
    return max(1, places // SHARE)

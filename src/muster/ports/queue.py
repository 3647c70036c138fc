"""Waiting: which chunk is worked on next."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from muster.domain.chunk import ChunkRef
from muster.ports.store.unit import Transaction

ChunkHandler = Callable[[ChunkRef], Awaitable[None]]
"""Works on one chunk until it is settled, postponed or handed back. When it raises, the job is offered again: at once
after Busy, else after a growing pause."""


class Queue(Protocol):
    """Jobs wait here, one for each queued chunk. The store is the truth; a job is only a hint to look.

    Delivery is at least once: a job may be offered twice, or to two workers; the chunk's lease decides.
    """

    async def enqueue(self, tx: Transaction, jobs: Sequence[ChunkRef]) -> None:
        """Add `jobs`, in order, behind all that wait, when `tx` commits and only then."""
        ...

    async def waiting(self) -> int:
        """How many jobs wait or run."""
        ...

    async def missing(self, chunks: Sequence[ChunkRef]) -> Sequence[ChunkRef]:
        """Which of `chunks` have no job, waiting or running."""
        ...

    async def run(self, handler: ChunkHandler, *, at_once: int) -> None:
        """Offer jobs to `handler`, at most `at_once` of them at a time, until `stop`; then return when all ended."""
        ...

    def stop(self) -> None:
        """Take no further job; `run` returns when those under way have ended."""
        ...

"""A queue that moves only when the test says so, and that a crash empties."""

from collections import deque
from collections.abc import Sequence
from functools import partial

from muster.domain.chunk import ChunkRef
from muster.ports.queue import ChunkHandler
from muster.ports.store.unit import Transaction


class StepQueue:
    """Fulfils ports.queue within one process. A job counts as running from `take` until `ended`."""

    def __init__(self) -> None:
        self._waiting: deque[ChunkRef] = deque()
        self._running: list[ChunkRef] = []
        self._stopped = False

    async def enqueue(self, tx: Transaction, jobs: Sequence[ChunkRef]) -> None:
        """Add `jobs` when `tx` commits."""
        tx.after_commit(partial(self._waiting.extend, tuple(jobs)))

    async def waiting(self) -> int:
        """How many jobs wait or run."""
        return len(self._waiting) + len(self._running)

    async def missing(self, chunks: Sequence[ChunkRef]) -> Sequence[ChunkRef]:
        """Which of `chunks` have no job."""
        known = {*self._waiting, *self._running}
        return [chunk for chunk in chunks if chunk not in known]

    async def run(self, handler: ChunkHandler, *, at_once: int) -> None:
        """Work on all that waits, one after the other, and return."""
        del at_once
        while not self._stopped and (ref := self.take()) is not None:
            await handler(ref)
            self.ended(ref)

    def stop(self) -> None:
        """Take no further job."""
        self._stopped = True

    def take(self) -> ChunkRef | None:
        """The next job, running from now on; None when none waits."""
        if not self._waiting:
            return None
        self._running.append(self._waiting.popleft())
        return self._running[-1]

    def ended(self, ref: ChunkRef) -> None:
        """One job of `ref` came to its end."""
        if ref in self._running:
            self._running.remove(ref)

    def offer_again(self, ref: ChunkRef) -> None:
        """Offer a job a second time, as a queue may."""
        self._waiting.append(ref)

    def forget(self) -> None:
        """Lose every job, as a queue in memory does when its process ends."""
        self._waiting.clear()
        self._running.clear()

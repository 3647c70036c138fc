"""Bringing receipts and replies back, some time after the hand-over."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger()

Letter = TypeVar("Letter")
"""A receipt or a reply before its time."""

_BATCH = 1_000
"""The most letters told in one call."""
_RETRY_S = 0.5


class Postman(Generic[Letter]):
    """Delivers letters by `tell` when they are due, in order, from one task. A `tell` that raises is tried again."""

    def __init__(self, tell: Callable[[Sequence[Letter]], Awaitable[None]], monotonic: Callable[[], float]) -> None:
        self._tell_them = tell
        self._monotonic = monotonic
        self._due: list[tuple[float, int, Sequence[Letter]]] = []
        self._posted = 0
        self._news = asyncio.Event()
        self._round: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to deliver."""
        if self._round is None:
            self._round = asyncio.create_task(self._deliver_for_ever())

    def post(self, letters: Sequence[Letter], *, after: float) -> None:
        """Deliver `letters` in so many seconds."""
        due = self._monotonic() + after
        for first in range(0, len(letters), _BATCH):
            self._posted += 1
            heapq.heappush(self._due, (due, self._posted, letters[first : first + _BATCH]))
            if self._due[0][1] == self._posted:
                self._news.set()

    async def deliver(self, letters: Sequence[Letter]) -> None:
        """Deliver `letters` before it returns, or soon after where nobody takes them."""
        if letters and not await self._tell(letters):
            self.post(letters, after=_RETRY_S)

    async def close(self, *, within: float) -> None:
        """Deliver what is left, due or not, within so many seconds, and end. May be repeated."""
        if self._round is None:
            return
        self._round.cancel()
        with suppress(asyncio.CancelledError):
            await self._round
        self._round = None
        self._due = [(0.0, number, letters) for _, number, letters in sorted(self._due)]
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._deliver_due()
        if self._due:
            log.warning("sandbox_letters_dropped", count=sum(len(letters) for _, _, letters in self._due))
            self._due.clear()

    async def _deliver_for_ever(self) -> None:
        while True:
            self._news.clear()
            wait = self._due[0][0] - self._monotonic() if self._due else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._news.wait()
            await self._deliver_due()

    async def _deliver_due(self) -> None:
        """Deliver all that is due, a batch at a time; what nobody took stays."""
        while self._due and self._due[0][0] <= self._monotonic():
            taken = [heapq.heappop(self._due)]
            size = len(taken[0][2])
            while self._due and self._due[0][0] <= self._monotonic() and size + len(self._due[0][2]) <= _BATCH:
                taken.append(heapq.heappop(self._due))
                size += len(taken[-1][2])
            delivered = False
            try:
                delivered = await self._tell([letter for _, _, letters in taken for letter in letters])
            finally:
                if not delivered:
                    for letters in taken:
                        heapq.heappush(self._due, letters)
            if not delivered:
                await asyncio.sleep(_RETRY_S)

    async def _tell(self, letters: Sequence[Letter]) -> bool:
        try:
            await self._tell_them(letters)
        except Exception as error:  # noqa: BLE001 - what ails the sink passes, and news must not be lost over it
            log.warning("sandbox_letters_not_taken", error=type(error).__name__, count=len(letters))
            return False
        return True

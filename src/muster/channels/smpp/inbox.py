"""What providers tell on its way to durability: gathered, kept, and only then answered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

from muster.channels.smpp import codes
from muster.channels.smpp.link import Link

_MOST_AT_ONCE = 500
_GATHER_SECONDS = 0.05
_MOST_WAITING = 20_000
"""Beyond these the provider is told that our queue is full, and offers its news again later."""

_log = structlog.get_logger()

T = TypeVar("T")


class Counter(Protocol):
    """Counts something for whoever watches."""

    def __call__(self, name: str, amount: float = 1) -> None:
        """Add `amount` to `name`."""
        ...


class Inbox(Generic[T]):
    """Hands news to `sink` in batches of up to 500, or what 50 ms brought; answers the provider afterwards.

    `what` is the plural of what it takes: it counts `smpp_<what>`, and `smpp_<what>_not_kept`.
    """

    def __init__(self, sink: Callable[[Sequence[T]], Awaitable[None]], count: Counter, *, what: str) -> None:
        self._sink = sink
        self._count = count
        self._what = what
        self._waiting: list[tuple[Link, int, T]] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()

    def add(self, link: Link, sequence: int, news: T) -> None:
        """Take one; `link` is answered under `sequence` once it is durable."""
        if len(self._waiting) >= _MOST_WAITING:
            link.answer([(sequence, codes.QUEUE_FULL)])
            return
        self._waiting.append((link, sequence, news))
        self._some.set()
        if len(self._waiting) >= _MOST_AT_ONCE:
            self._enough.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._some.wait()
            try:
                async with asyncio.timeout(_GATHER_SECONDS):
                    await self._enough.wait()
            except TimeoutError:
                pass
            await self.run_once()

    async def run_once(self) -> None:
        """Keep and answer one batch of what waits."""
        batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
        if not self._waiting:
            self._some.clear()
        if len(self._waiting) < _MOST_AT_ONCE:
            self._enough.clear()
        if not batch:
            return
        status = codes.RECEIVER_TEMPORARY
        try:
            await self._sink([news for _, _, news in batch])
            status = codes.OK
            self._count(f"smpp_{self._what}", len(batch))
        except Exception:  # noqa: BLE001 - this task's outermost loop; the provider offers them again
            _log.warning("smpp_news_not_kept", what=self._what, count=len(batch), exc_info=True)
            self._count(f"smpp_{self._what}_not_kept", len(batch))
        finally:
            # Cancelled half-way is not kept either: the provider is told to come again.
            answers: dict[Link, list[tuple[int, int]]] = {}
            for link, sequence, _ in batch:
                answers.setdefault(link, []).append((sequence, status))
            for link, numbers in answers.items():
                link.answer(numbers)

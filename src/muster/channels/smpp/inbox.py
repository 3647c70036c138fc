"""Receipts on their way from the provider to durability: gathered, kept, and only then answered."""

import asyncio
from typing import Protocol

import structlog

from muster.channels.smpp import codes
from muster.channels.smpp.link import Link
from muster.domain.receipt import Receipt
from muster.ports.channel import ReceiptSink

_MOST_AT_ONCE = 500
_GATHER_SECONDS = 0.05
_MOST_WAITING = 20_000
"""Beyond these the provider is told that our queue is full, and offers its receipts again later."""

_log = structlog.get_logger()


class Counter(Protocol):
    """Counts something for whoever watches."""

    def __call__(self, name: str, amount: float = 1) -> None:
        """Add `amount` to `name`."""
        ...


class Inbox:
    """Hands receipts to `sink` in batches of up to 500, or what 50 ms brought; answers the provider afterwards."""

    def __init__(self, sink: ReceiptSink, count: Counter) -> None:
        self._sink = sink
        self._count = count
        self._waiting: list[tuple[Link, int, Receipt]] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()

    def add(self, link: Link, sequence: int, receipt: Receipt) -> None:
        """Take one receipt; `link` is answered under `sequence` once it is durable."""
        if len(self._waiting) >= _MOST_WAITING:
            link.answer([(sequence, codes.QUEUE_FULL)])
            return
        self._waiting.append((link, sequence, receipt))
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
            await self._sink([receipt for _, _, receipt in batch])
            status = codes.OK
            self._count("smpp_receipts", len(batch))
        except Exception:  # noqa: BLE001 - this task's outermost loop; the provider offers the receipts again
            _log.warning("receipts_not_kept", receipts=len(batch), exc_info=True)
            self._count("smpp_receipts_not_kept", len(batch))
        finally:
            # Cancelled half-way is not kept either: the provider is told to come again.
            answers: dict[Link, list[tuple[int, int]]] = {}
            for link, sequence, _ in batch:
                answers.setdefault(link, []).append((sequence, status))
            for link, numbers in answers.items():
                link.answer(numbers)

"""Long work in memory lets others have their turn: reads, other tenants, the heartbeat of leases."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

SLICE = timedelta(milliseconds=10)
"""How long one goes on without a pause."""
_T = TypeVar("_T")


class Pace:
    """Knows when it is time for a pause."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.time() + SLICE.total_seconds()

    async def breathe(self) -> None:
        """Let others go on, if it is time. To be called wherever long work can stop for a moment."""
        if self._loop.time() >= self._next:
            await asyncio.sleep(0)
            self._next = self._loop.time() + SLICE.total_seconds()


async def at_leisure(things: Iterable[_T]) -> list[_T]:
    """All of them, made with pauses between."""
    pace = Pace()
    made: list[_T] = []
    for one in things:
        made.append(one)
        await pace.breathe()
    return made

"""The loops of one process: one task group owns them all, and a crash of one ends the process."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import msgspec
import structlog

from muster.domain.errors import Unavailable
from muster.ports.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Generator

log = structlog.stdlib.get_logger(__name__)

_LONGEST_WAIT_S = 30.0


class Service(Protocol):
    """Something that runs until it is told to stop, and then ends what it has begun."""

    async def run(self) -> None:
        """Run; return some time after `stop`."""
        ...

    def stop(self) -> None:
        """Begin nothing more."""
        ...


class UntilStopped:
    """A service made of a coroutine function that takes the event it stops at."""

    def __init__(self, body: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        self._body = body
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Run the body."""
        await self._body(self._stopping)

    def stop(self) -> None:
        """Set the event."""
        self._stopping.set()


class Chore(msgspec.Struct, frozen=True):
    """Work done over and over: `run_once` every `every` seconds."""

    name: str
    run_once: Callable[[], Awaitable[object]]
    every: float


class ChoreLoop:
    """Runs one chore until stopped. A store that is away for a while is waited for; any other error is a crash."""

    def __init__(self, chore: Chore, meter: Meter) -> None:
        self._chore = chore
        self._meter = meter
        self._stopping = asyncio.Event()
        self._lacks = 0

    async def run(self) -> None:
        """Run the chore, again and again."""
        while not self._stopping.is_set():
            try:
                await self._chore.run_once()
            except (Unavailable, OSError) as exc:
                # OSError: the database's address does not answer at all, which the queue passes on as it is.
                self._lacks += 1
                self._meter.count("chores", chore=self._chore.name, result="unavailable")
                log.warning("chore_postponed", chore=self._chore.name, reason=str(exc), times=self._lacks)
            else:
                self._lacks = 0
                self._meter.count("chores", chore=self._chore.name, result="done")
            await self._rest()

    def stop(self) -> None:
        """End after the present round."""
        self._stopping.set()

    async def _rest(self) -> None:
        wait = min(self._chore.every * 2**self._lacks, max(_LONGEST_WAIT_S, self._chore.every))
        try:
            async with asyncio.timeout(wait):
                await self._stopping.wait()
        except TimeoutError:
            return


class Process:
    """All services of this process, from start to drain.

    The first SIGTERM or SIGINT lets everything end what it has begun, for at most `drain` seconds; a second one, or the
    end of that time, cancels what is left: it is durable as an intent, and the next start settles it.
    """

    def __init__(self, services: Sequence[tuple[str, Service]], *, drain: float) -> None:
        self._services = services
        self._drain = drain
        self._asked = asyncio.Event()
        self._at_once = asyncio.Event()

    @property
    def draining(self) -> bool:
        """Whether it was told to stop."""
        return self._asked.is_set()

    def stop(self) -> None:
        """Drain; when called again, stop at once."""
        (self._at_once if self._asked.is_set() else self._asked).set()

    async def run(self) -> bool:
        """Run everything until stopped; True when all of it ended by itself. A crash of one service comes out."""
        with self._signals():
            async with asyncio.TaskGroup() as group:
                running = {group.create_task(self._guard(name, each), name=name) for name, each in self._services}
                watching = group.create_task(self._watch(running))
                _, left = await asyncio.wait(running)
                watching.cancel()
                return not left and not any(task.cancelled() for task in running)

    async def _guard(self, name: str, service: Service) -> None:
        await service.run()
        if not self._asked.is_set():
            raise RuntimeError(f"the service {name!r} ended although nobody stopped it")

    async def _watch(self, running: set[asyncio.Task[None]]) -> None:
        await self._asked.wait()
        log.info("draining", seconds=self._drain)
        for _, service in self._services:
            service.stop()
        try:
            async with asyncio.timeout(self._drain):
                await self._at_once.wait()
        except TimeoutError:
            pass
        for task in running:
            if not task.done():
                log.warning("cut_off", service=task.get_name())
                task.cancel()

    @contextmanager
    def _signals(self) -> "Generator[None]":
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

"""One task group owns every loop: they start together, drain together, and none dies unnoticed."""

import asyncio
import os
import signal

import pytest

from muster.app.worker import Chore, ChoreLoop, Process, UntilStopped
from muster.domain.errors import Unavailable
from muster.telemetry.metrics import PrometheusMeter


class Patient:
    """A service that needs `needs` seconds to end after it is told to."""

    def __init__(self, needs: float = 0.0) -> None:
        self._needs = needs
        self._stopping = asyncio.Event()
        self.running = asyncio.Event()
        self.ended_whole = False

    async def run(self) -> None:
        self.running.set()
        await self._stopping.wait()
        await asyncio.sleep(self._needs)
        self.ended_whole = True

    def stop(self) -> None:
        self._stopping.set()


async def broken() -> None:
    raise ValueError("a bug")


async def test_sigterm_lets_every_service_end_what_it_has_begun() -> None:
    first, second = Patient(0.05), Patient()
    process = Process([("first", first), ("second", second)], drain=5)
    running = asyncio.create_task(process.run())
    await first.running.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running is True
    assert process.draining
    assert first.ended_whole
    assert second.ended_whole


async def test_what_does_not_end_in_time_is_cut_off() -> None:
    slow = Patient(needs=60)
    process = Process([("slow", slow)], drain=0.05)
    running = asyncio.create_task(process.run())
    await slow.running.wait()
    process.stop()
    assert await running is False
    assert not slow.ended_whole


async def test_a_second_signal_does_not_wait() -> None:
    slow = Patient(needs=60)
    process = Process([("slow", slow)], drain=60)
    running = asyncio.create_task(process.run())
    await slow.running.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    assert await asyncio.wait_for(running, 5) is False


async def test_a_crash_of_one_service_ends_the_process() -> None:
    bystander = Patient()
    crashing = ChoreLoop(Chore("crashing", broken, 1), PrometheusMeter())
    with pytest.raises(ExceptionGroup) as crash:
        await Process([("bystander", bystander), ("crashing", crashing)], drain=1).run()
    assert crash.group_contains(ValueError, match="a bug")


async def test_a_service_that_ends_by_itself_is_a_crash() -> None:
    async def nothing(_stopping: asyncio.Event) -> None:
        await asyncio.sleep(0)

    with pytest.raises(ExceptionGroup) as crash:
        await Process([("brief", UntilStopped(nothing))], drain=1).run()
    assert crash.group_contains(RuntimeError, match="brief")


async def test_a_chore_outlasts_a_store_that_is_away() -> None:
    answers = iter([Unavailable("away"), Unavailable("away"), None])
    done = asyncio.Event()

    async def once() -> None:
        answer = next(answers)
        if answer is not None:
            raise answer
        done.set()

    loop = ChoreLoop(Chore("once", once, 0.001), PrometheusMeter())
    running = asyncio.create_task(loop.run())
    await asyncio.wait_for(done.wait(), 5)
    loop.stop()
    await running

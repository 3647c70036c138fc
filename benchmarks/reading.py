"""Scenario 7: the read API while 200,000 entries are being dispatched at full speed.

One client asks in turn, as fast as it is answered: the running batch, a page of the running batch's entries, a page of
a finished batch of 10,000 (the largest the door takes). When the large batch ends too soon, another one follows.
"""

import asyncio
import time
from collections import defaultdict

import aiohttp

from benchmarks.figures import Bar, Figure, Result, Size, machine, percentile
from benchmarks.house import BATCHES, House, Tenant, house, peak_mib
from muster.drill.stage import StageError

NUMBER = 7
NAME = "reading"
TITLE = "read API while dispatching at full speed"
_AT_MOST_MS = 100.0
_PAGE = "page=1&size=50"
_BATCH, _RUNNING, _DONE = "the running batch", "page of the running batch's entries", "page of 10,000 entries"


async def measure(size: Size) -> Result:
    """Idle for a moment, then busy."""
    large, most, asked = size.of(5_000, 200_000, 1_000_000), size.of(1_000, 10_000), size.of(20, 2_000, 5_000)
    async with house() as home:
        tenant = await home.open()
        done, _ = await home.submit(tenant, most)
        await home.ended(done)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {tenant.token}"}) as http:
            idle = _Times()
            await idle.ask(http, home, running=done, done=done, asked=max(20, asked // 10))
            busy, rates = await _while_busy(home, http, tenant, sizes=(large, asked), done=done)
        peak = peak_mib(home.server)
    worst = max(1000 * percentile(times, 0.99) for times in busy.seconds.values())
    figures = [
        Figure(f"{what}, p{part}{when}", 1000 * percentile(times, part / 100), "ms")
        for when, found in (("", busy), (", idle server", idle))
        for what, times in found.seconds.items()
        for part in (50, 99)
    ]
    return Result(
        number=NUMBER,
        name=NAME,
        title=TITLE,
        size=size.name,
        bars=(Bar(name="p99, worst of three requests", measured=worst, wanted=_AT_MOST_MS, at_most=True, unit="ms"),),
        figures=(
            *figures,
            Figure("requests", sum(len(times) for times in busy.seconds.values()), ""),
            Figure("dispatched meanwhile", max(rates), "/s"),
            Figure("peak memory of the server", peak, "MiB"),
        ),
        machine=machine(),
    )


async def _while_busy(
    home: House, http: aiohttp.ClientSession, tenant: Tenant, *, sizes: tuple[int, int], done: str
) -> "tuple[_Times, list[float]]":
    """Requests while large batches run, and the rate at which those were dispatched."""
    large, asked = sizes
    times = _Times()
    rates: list[float] = []
    while times.asked < asked:
        batch, _ = await home.submit(tenant, large)
        await home.started(batch)
        ending = asyncio.ensure_future(home.ended(batch))
        while not ending.done() and (times.asked < asked or not rates):
            await times.ask(http, home, running=batch, done=done, asked=10)
        rates.append(large / (await ending).seconds)
    return times, rates


class _Times:
    """How long each sort of request took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @property
    def asked(self) -> int:
        """How many rounds were asked."""
        return len(self.seconds[_BATCH])

    async def ask(self, http: aiohttp.ClientSession, home: House, *, running: str, done: str, asked: int) -> None:
        """Ask `asked` rounds."""
        ways = {
            _BATCH: f"{BATCHES}/{running}",
            _RUNNING: f"{BATCHES}/{running}/entries?{_PAGE}",
            _DONE: f"{BATCHES}/{done}/entries?{_PAGE}",
        }
        for _ in range(asked):
            for what, path in ways.items():
                began = time.perf_counter()
                async with http.get(home.url + path) as answer:
                    await answer.read()
                    self.seconds[what].append(time.perf_counter() - began)
                    if answer.status != 200:  # noqa: PLR2004 - OK
                        raise StageError(f"{path}: {answer.status}")

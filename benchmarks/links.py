"""Scenario 8: customers open the links of one batch while another one is dispatched at full speed.

200 customers at a time, each over a connection of its own as every phone has, open 10,000 links: the page is looked up,
rendered and read to its end. When the large batch ends too soon, another one follows.
"""

import asyncio
import time
from collections.abc import Iterator
from uuid import UUID

import aiohttp

from benchmarks.figures import Bar, Figure, Result, Size, machine, percentile
from benchmarks.house import House, Tenant, house, peak_mib
from muster.app.settings import load
from muster.app.wiring import opened
from muster.domain.ids import entry_id
from muster.drill.stage import StageError
from muster.kinds.workflow_batches.kind import link_token

NUMBER = 8
NAME = "links"
TITLE = "customers open links while another batch is dispatched"
_AT_MOST_MS = 300.0
_CUSTOMERS = 200


async def measure(size: Size) -> Result:
    """Idle first, then busy: each time every link once."""
    links, large = size.of(200, 10_000), size.of(5_000, 200_000, 1_000_000)
    async with house() as home:
        tenant = await home.open()
        batch, _ = await home.submit(tenant, links)
        await home.ended(batch)
        tokens = await _tokens(home, batch, links)
        idle = await _open_all(home, tokens)
        busy, rates = await _while_busy(home, tenant, tokens, large=large)
        peak = peak_mib(home.server)
    p95 = 1000 * percentile(busy.seconds, 0.95)
    return Result(
        number=NUMBER,
        name=NAME,
        title=TITLE,
        size=size.name,
        bars=(Bar(name="page, p95 while dispatching", measured=p95, wanted=_AT_MOST_MS, at_most=True, unit="ms"),),
        figures=(
            Figure("links", links, ""),
            Figure("customers at a time", min(_CUSTOMERS, links), ""),
            *(
                Figure(f"page, p{part}{when}", 1000 * percentile(found.seconds, part / 100), "ms")
                for when, found in (("", busy), (", idle server", idle))
                for part in (50, 95, 99)
            ),
            Figure("pages a second while dispatching", len(busy.seconds) / busy.took, "/s"),
            Figure("pages a second, idle server", len(idle.seconds) / idle.took, "/s"),
            Figure("dispatched meanwhile", max(rates), "/s"),
            Figure("peak memory of the server", peak, "MiB"),
        ),
        machine=machine(),
    )


class _Opened:
    """How long each page took, and all of them together, in seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.took = 0.0


async def _tokens(home: House, batch: str, links: int) -> list[str]:
    """What ends each link: known to whoever holds the server's key."""
    async with opened(load(environment={}, flags={"data": home.data})) as core:
        made = UUID(batch)
        return [link_token(core.link_key, entry_id(made, position)) for position in range(links)]


async def _while_busy(home: House, tenant: Tenant, tokens: list[str], *, large: int) -> tuple[_Opened, list[float]]:
    """Every link once while large batches run, and the rate at which those were dispatched."""
    rates: list[float] = []
    opening: asyncio.Task[_Opened] | None = None
    while opening is None or not opening.done():
        batch, _ = await home.submit(tenant, large)
        await home.started(batch)
        opening = opening or asyncio.create_task(_open_all(home, tokens))
        rates.append(large / (await home.ended(batch)).seconds)
    return await opening, rates


async def _open_all(home: House, tokens: list[str]) -> _Opened:
    opened_so_far = _Opened()
    waiting = iter(tokens)
    began = time.perf_counter()
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(home.url, connector=connector) as http, asyncio.TaskGroup() as group:
        for _ in range(min(_CUSTOMERS, len(tokens))):
            group.create_task(_customer(http, waiting, opened_so_far))
    opened_so_far.took = time.perf_counter() - began
    return opened_so_far


async def _customer(http: aiohttp.ClientSession, waiting: Iterator[str], found: _Opened) -> None:
    """One after another opens a link that nobody has opened yet."""
    for token in waiting:
        began = time.perf_counter()
        async with http.get(f"/l/{token}") as answer:
            page = await answer.read()
        found.seconds.append(time.perf_counter() - began)
        if answer.status != 200 or b"</html>" not in page:  # noqa: PLR2004 - OK
            raise StageError(f"a link was answered {answer.status}")

"""Scenario 6: how long a small batch waits for its first message while another tenant's 200,000 entries are being sent.

A try posts 20 entries over HTTP and looks when the first of them reaches the carrier, by the carrier's own list of
arrivals; client, server and carrier share one clock. Twenty tries on an idle server, then twenty while the large batch
runs; when it ends too soon, another one of that size follows. Each tenant has its own account at the carrier. What the
large batch itself loses by it is not measured.
"""

import asyncio
import random
import time
from pathlib import Path

import msgspec

from benchmarks.figures import Bar, Figure, Result, Size, machine, percentile
from benchmarks.house import BATCHES, House, Tenant, house, peak_mib
from benchmarks.people import TEMPLATE, entry, number
from muster.drill.stage import Client, StageError

NUMBER = 6
NAME = "neighbours"
TITLE = "first send of a small batch while another tenant's large one runs"
_AT_MOST_SECONDS = 2.0
_ENTRIES = 20
_TELL_APART = 5_000_000
"""Numbers of small batches begin here, far above those of the large one."""
_PATIENCE_SECONDS = 60
_GLANCE_SECONDS = 0.02


async def measure(size: Size) -> Result:
    """Idle, then busy."""
    large, tries = size.of(5_000, 200_000, 1_000_000), size.of(2, 20, 40)
    async with house() as home:
        big = await home.open()
        small = await home.tenant("Small", receipts=False)
        arrivals = _Arrivals(home)
        await arrivals.begin()
        async with home.client(small) as client:
            warm = [await _try(client, arrivals, n) for n in range(2)]
            idle = [await _try(client, arrivals, n) for n in range(len(warm), len(warm) + tries)]
            busy, batches = await _while_busy(home, big, (client, arrivals), large=large, tries=tries)
        peak = peak_mib(home.server)
    later = percentile(busy, 0.95) - percentile(idle, 0.95)
    bar = Bar(name="later than on an idle server, p95", measured=later, wanted=_AT_MOST_SECONDS, at_most=True, unit="s")
    return Result(
        number=NUMBER,
        name=NAME,
        title=TITLE,
        size=size.name,
        bars=(bar,),
        figures=(
            Figure("entries of the large batch", large, ""),
            Figure("large batches it took", batches, ""),
            *_spread("idle", idle),
            *_spread("beside the large batch", busy),
            Figure("peak memory of the server", peak, "MiB"),
        ),
        machine=machine(),
    )


_SPARE_BATCHES = 4


async def _while_busy(
    home: House, big: Tenant, probe: "tuple[Client, _Arrivals]", *, large: int, tries: int
) -> tuple[list[float], int]:
    """Tries that began and ended while a large batch was running, and how many large ones that took."""
    client, arrivals = probe
    found: list[float] = []
    batches = 0
    while len(found) < tries:
        batches += 1
        before = len(found)
        batch, _ = await home.submit(big, large)
        await home.started(batch)
        while len(found) < tries:
            # Not in step with anything that the server does regularly.
            await asyncio.sleep(random.uniform(0.05, 0.25))  # noqa: S311 - no secret
            took = await _try(client, arrivals, 1000 * batches + len(found))
            if home.times(batch)[1] is not None:
                break
            found.append(took)
        if len(found) == before:
            # A fast machine ends the batch before a try does: it has to be larger.
            large *= 2
        if batches > tries + _SPARE_BATCHES:
            raise StageError("the large batch ends before a single try does")
    return found, batches


async def _try(client: Client, arrivals: "_Arrivals", n: int) -> float:
    """Seconds from posting a small batch to its first message's arrival."""
    start = _TELL_APART + n * _ENTRIES
    body = {
        "header": {
            "useTemplate": {"templateName": TEMPLATE},
            "requestsInBatch": _ENTRIES,
            "idempotencyKey": f"try-{n:06}",
        },
        "payload": {"batchEntries": [entry(i, start=start) for i in range(_ENTRIES)]},
    }
    numbers = {number(i, start=start).removeprefix("+") for i in range(_ENTRIES)}
    began = time.time()
    await client.call("POST", BATCHES, body)
    return await arrivals.first(numbers) - began


def _spread(name: str, seconds: list[float]) -> list[Figure]:
    return [Figure(f"{name}, p{part}", 1000 * percentile(seconds, part / 100), "ms") for part in (50, 95)]


class _Arrival(msgspec.Struct, frozen=True):
    """The part of a line of the carrier's list that is needed here."""

    time: float
    destination: str


class _Arrivals:
    """The carrier's list of arrivals, read as it grows."""

    def __init__(self, home: House) -> None:
        self._home = home
        self._file: Path = home.arrivals
        self._at = 0
        self._decode = msgspec.json.Decoder(_Arrival).decode

    async def begin(self) -> None:
        """Start the carrier anew, with the list; the channels bind again by themselves."""
        self._home.smsc.terminate()
        await self._home.smsc.wait()
        self._home.smsc = await self._home.carrier("--plain", "--log", str(self._file))

    async def first(self, numbers: set[str]) -> float:
        """When the first message to one of `numbers` came; waits for it."""
        wanted = [number.encode() for number in numbers]
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                for line in self._new_lines():
                    if any(number in line for number in wanted):
                        return self._decode(line).time
                await asyncio.sleep(_GLANCE_SECONDS)

    def _new_lines(self) -> list[bytes]:
        with self._file.open("rb") as file:
            file.seek(self._at)
            text = file.read()
        whole = text.rpartition(b"\n")[0]
        self._at += len(whole) + 1 if whole else 0
        return whole.split(b"\n") if whole else []

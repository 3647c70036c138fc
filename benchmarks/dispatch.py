"""Scenario 2: 100,000 entries over SMPP until every outcome is stored, beside a bare script that sends the same rows.

One server process with its defaults and the embedded store, one bind with a window of 100, the SMSC simulator in a
process of its own. It is one batch, submitted beside the door, which takes 10,000 entries at most (see submit.py).
Measured is what the server notes itself, from its first chunk to its last stored outcome; a small batch before it opens
the connection. The bare script (bare_dispatch.py) then sends the same rows to the same simulator. Once more with
receipts, until each is stored and matched.
"""

from statistics import median
from typing import Any

import msgspec

from benchmarks.figures import Bar, Figure, Result, Size, machine, middle
from benchmarks.house import House, Tenant, cpu_seconds, house, peak_mib, script
from muster.drill.stage import StageError, stop

NUMBER = 2
NAME = "dispatch"
TITLE = "dispatch over SMPP until every outcome is stored"
_AT_LEAST = 0.3
_WARM_UP = 1_000


class Run(msgspec.Struct, frozen=True):
    """One batch sent by Muster, and what it took."""

    seconds: float
    cpu: float
    peak: float
    carrier_cpu: float


async def measure(size: Size) -> Result:
    """Take turns, then once with receipts."""
    entries, rounds = size.of(2_000, 100_000), size.of(1, 3, 5)
    ours: list[Run] = []
    theirs: list[dict[str, Any]] = []
    with_receipts: Run | None = None
    for _ in range(rounds):
        async with house() as home:
            tenant = await home.open()
            run, batch = await send(home, tenant, entries)
            ours.append(run)
            if len(ours) == rounds:
                with_receipts, _ = await send(home, await home.tenant("Receipts", receipts=True), entries)
            await stop(home.server)
            theirs.append(await _bare(home, batch))
    assert with_receipts is not None  # noqa: S101 - there is at least one round
    rates = [entries / run.seconds for run in ours]
    bare_rates = [entries / run["seconds"] for run in theirs]
    ratio = median(rates) / median(bare_rates)
    return Result(
        number=NUMBER,
        name=NAME,
        title=TITLE,
        size=size.name,
        bars=(Bar(name="rate, against the bare script", measured=ratio, wanted=_AT_LEAST, at_most=False),),
        figures=(
            Figure("entries", entries, ""),
            *middle("Muster", rates, "/s"),
            *middle("bare script", bare_rates, "/s"),
            Figure("Muster, with every receipt stored and matched", entries / with_receipts.seconds, "/s"),
            Figure("processor time an entry, Muster", 1e6 * median(r.cpu for r in ours) / entries, "µs"),
            Figure("processor time an entry, bare", 1e6 * median(r["cpu_seconds"] for r in theirs) / entries, "µs"),
            Figure("carrier busy while Muster sends", median(100 * r.carrier_cpu / r.seconds for r in ours), "%"),
            Figure("carrier busy while the bare script sends", median(100 * r["carrier"] for r in theirs), "%"),
            Figure("peak memory, Muster", max(run.peak for run in ours), "MiB"),
            Figure("peak memory, Muster, receipts included", with_receipts.peak, "MiB"),
            Figure("peak memory, bare script", max(run["peak_mib"] for run in theirs), "MiB"),
        ),
        machine=machine(),
    )


async def send(home: House, tenant: Tenant, entries: int, *, warm_up: int = _WARM_UP) -> tuple[Run, str]:
    """Send one batch after a small one; what it took, and its id. Raises StageError unless all of it is delivered."""
    small, _ = await home.submit(tenant, warm_up)
    await home.ended(small)
    used, carrier = cpu_seconds(home.server), cpu_seconds(home.smsc)
    batch, _ = await home.submit(tenant, entries)
    span = await home.ended(batch)
    states = home.states(batch)
    if states != {"delivered": entries}:
        raise StageError(f"not everything was delivered: {states}")
    run = Run(
        seconds=span.seconds,
        cpu=cpu_seconds(home.server) - used,
        peak=peak_mib(home.server),
        carrier_cpu=cpu_seconds(home.smsc) - carrier,
    )
    return run, batch


async def _bare(home: House, batch: str) -> dict[str, Any]:
    used = cpu_seconds(home.smsc)
    run: dict[str, Any] = await script(
        "benchmarks.bare_dispatch",
        *("--like", str(home.database), "--batch", str(home.number(batch))),
        *("--file", str(home.folder / "bare.db"), "--port", str(home.smsc_port)),
    )
    return {**run, "carrier": (cpu_seconds(home.smsc) - used) / run["seconds"]}

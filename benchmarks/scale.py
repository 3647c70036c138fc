"""Scenario 5: what an entry costs in a batch of 200,000 (with --full 1,000,000), beside one of 10,000.

Both go the same way: submitted beside the door, which takes 10,000 entries at most (see submit.py), and dispatched over
SMPP until every outcome is stored. The cost is the time of submitting, and that from the first chunk to the last
outcome, divided by the entries. Several small batches are sent before and after the large one, all by one server, so
that neither a cold start nor the hour decides.
"""

from statistics import median

from benchmarks.dispatch import send
from benchmarks.figures import Bar, Figure, Result, Size, machine, middle
from benchmarks.house import House, Tenant, cpu_seconds, house, peak_mib

NUMBER = 5
NAME = "scale"
TITLE = "cost of an entry in a large batch"
_AT_MOST = 1.2


async def measure(size: Size) -> Result:
    """Small ones, the large one, small ones."""
    small, large, rounds = size.of(1_000, 10_000), size.of(3_000, 200_000, 1_000_000), size.of(1, 5)
    async with house() as home:
        tenant = await home.open()
        await send(home, tenant, small, warm_up=small)
        before = [await _cost(home, tenant, small) for _ in range(rounds)]
        resting = peak_mib(home.server)
        submitting, sending, cpu = await _cost(home, tenant, large)
        peak = peak_mib(home.server)
        costs = [*before, *[await _cost(home, tenant, small) for _ in range(rounds)]]
    whole = [one[0] + one[1] for one in costs]
    ratio = (submitting + sending) / median(whole)
    return Result(
        number=NUMBER,
        name=NAME,
        title=TITLE,
        size=size.name,
        bars=(Bar(name=f"time an entry, {large:,} against {small:,}", measured=ratio, wanted=_AT_MOST, at_most=True),),
        figures=(
            *middle(f"an entry of {small:,}", whole, "µs"),
            Figure(f"an entry of {large:,}", submitting + sending, "µs"),
            Figure(f"an entry of {small:,}, submitting", median(one[0] for one in costs), "µs"),
            Figure(f"an entry of {large:,}, submitting", submitting, "µs"),
            Figure(f"an entry of {small:,}, processor time of the server", median(one[2] for one in costs), "µs"),
            Figure(f"an entry of {large:,}, processor time of the server", cpu, "µs"),
            Figure(f"peak memory after batches of {small:,}", resting, "MiB"),
            Figure(f"peak memory after a batch of {large:,}", peak, "MiB"),
        ),
        machine=machine(),
    )


async def _cost(home: House, tenant: Tenant, entries: int) -> tuple[float, float, float]:
    """Microseconds an entry: submitting, sending, processor time of the server while sending."""
    batch, submitting = await home.submit(tenant, entries)
    used = cpu_seconds(home.server)
    span = await home.ended(batch)
    spent = cpu_seconds(home.server) - used
    return 1e6 * submitting / entries, 1e6 * span.seconds / entries, 1e6 * spent / entries

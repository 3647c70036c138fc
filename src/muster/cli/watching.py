"""Watching a batch: bars that move for people, JSON lines for scripts."""

import asyncio
from time import monotonic

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from muster.app.wiring import Core
from muster.cli.frame import print_json, stdout
from muster.cli.portrait import as_json_batch, counts_table
from muster.domain.batch import FINAL, Batch
from muster.domain.ids import BatchId, TenantId
from muster.domain.progress import awaiting, still_open


async def watch_batch(
    core: Core, tenant: TenantId, batch: BatchId, *, as_json: bool, every: float = 0.5, to_the_end: bool = False
) -> Batch:
    """Show the batch every `every` seconds until nothing waits to be dispatched; with `to_the_end`, is open."""
    if as_json:
        return await _tell_lines(core, tenant, batch, every=every, to_the_end=to_the_end)
    return await _draw(core, tenant, batch, every=every, to_the_end=to_the_end)


def is_over(batch: Batch, *, to_the_end: bool) -> bool:
    """Whether there is nothing more to watch for."""
    if batch.state in FINAL:
        return True
    return not (still_open(batch.counts) if to_the_end else awaiting(batch.counts))


async def _tell_lines(core: Core, tenant: TenantId, batch: BatchId, *, every: float, to_the_end: bool) -> Batch:
    last: Batch | None = None
    while True:
        stands = await core.batches.get(tenant, batch)
        if stands != last:
            print_json(as_json_batch(stands))
        if is_over(stands, to_the_end=to_the_end):
            return stands
        last = stands
        await asyncio.sleep(every)


async def _draw(core: Core, tenant: TenantId, batch: BatchId, *, every: float, to_the_end: bool) -> Batch:
    bars = Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=50),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    stands = await core.batches.get(tenant, batch)
    dispatched = bars.add_task("dispatched", total=stands.total, note="")
    ended = bars.add_task("ended", total=stands.total, note="")
    began, first = monotonic(), stands.total - awaiting(stands.counts)
    console = stdout()
    with Live(console=console, refresh_per_second=8) as live:
        while True:
            done = stands.total - awaiting(stands.counts)
            pace = (done - first) / max(monotonic() - began, 0.001)
            bars.update(dispatched, completed=done, note=f"{pace:,.0f}/s" if done > first else "")
            bars.update(ended, completed=stands.total - still_open(stands.counts), note=stands.state.value)
            live.update(Group(bars, counts_table(stands)))
            if is_over(stands, to_the_end=to_the_end):
                break
            await asyncio.sleep(every)
            stands = await core.batches.get(tenant, batch)
    if not console.is_terminal:
        console.print()
    return stands

"""`make demo`: the main job on real processes, with a power cut in the middle, and the account of every entry."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from muster.drill import customers
from muster.drill.ledger import Account, account_of
from muster.drill.plan import OPTED_OUT, SIZE, Plan, big_batch, refund_template, seed_batch
from muster.drill.stage import Client, Stage, StageError, kill
from muster.surfaces.workflow_batches.wire import BATCHES, TEMPLATES

_PATIENCE_SECONDS = 90
_WHERE_NEXT = (
    "\nWhere to look next: [bold]make serve[/], then docs/tutorial/first-batch.md;"
    " muster --help; docs/explanation/guarantees.md"
)
_KILL_AT = 0.35
"""The part of the batch that has left when the server is killed."""


async def main() -> int:
    """Play the demo; 0 when every entry is accounted for."""
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="muster-demo-") as folder:
        stage = Stage(Path(folder))
        try:
            return await _play(stage, console)
        except (StageError, TimeoutError) as error:
            console.print(f"[red]The demo failed:[/] {error}")
            console.print(stage.log("server.log", last=8), markup=False)
            return 1
        finally:
            await stage.close()


async def _play(stage: Stage, console: Console) -> int:
    console.rule("[bold]Muster: ten thousand texts in one call")
    await stage.carrier()
    console.print(f"A carrier (SMSC simulator) listens on 127.0.0.1:{stage.smsc_port}")
    server = await stage.serve()
    console.print(f"The server is ready on {stage.url}, embedded store in {stage.folder / 'data'}")
    account = await _prepare(stage)
    console.print(f"Account [bold]Demo[/] with an SMPP channel; {len(OPTED_OUT)} recipients have opted out")
    client = Client(stage.url, account["token"])
    try:
        await client.call("POST", TEMPLATES, refund_template())
        await _first(client, console)
        plan = big_batch()
        began = time.monotonic()
        batch = (await client.call("POST", BATCHES, plan.body))["batchId"]
        console.print(f"\n[bold]{SIZE:,}[/] entries handed over in {time.monotonic() - began:.2f} s: batch {batch}")
        await _until(client, batch, console, part=_KILL_AT)
        await kill(server)
        console.print("[red]The server was killed (SIGKILL) in the middle.[/] Starting it again …")
        await stage.serve()
        await _until(client, batch, console, part=1.0)
        took = time.monotonic() - began
        code = await _report(stage, console, plan=plan, batch=batch, took=took)
        await _customers(stage, client, console, batch=batch)
        console.print(_WHERE_NEXT)
        return code
    finally:
        await client.close()


async def _prepare(stage: Stage) -> Mapping[str, Any]:
    account: Mapping[str, Any] = await stage.run("account", "add", "Demo")
    options = {"host": "127.0.0.1", "port": str(stage.smsc_port), "system_id": "demo", "password": "demo"}
    flags = [part for name, value in options.items() for part in ("--option", f"{name}={value}")]
    await stage.run("channel", "add", "Demo", "smpp", *flags)
    await stage.run("suppression", "add", "Demo", *OPTED_OUT)
    return account


async def _first(client: Client, console: Console) -> None:
    """The two refunds of the vendor's own sample."""
    batch = (await client.call("POST", BATCHES, seed_batch()))["batchId"]
    await _until(client, batch, console, part=1.0, quiet=True)
    console.print("\nThe sample's two refunds:")
    for entry in await client.entries(f"{BATCHES}/{batch}/entries"):
        console.print(f"  {entry['position']}  {entry['phoneNumber']:<14} {entry['status']:<10} {entry['title']}")


async def _until(client: Client, batch: str, console: Console, *, part: float, quiet: bool = False) -> None:
    """Watch the batch until `part` of its entries was dispatched."""
    columns = (TextColumn("dispatched"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console, disable=quiet)
    task = progress.add_task("dispatched", total=SIZE)
    with Live(progress, console=console, refresh_per_second=10, transient=quiet):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                detail = await client.call("GET", f"{BATCHES}/{batch}")
                total = detail["totalRequestsCount"]
                settled = sum(detail[name] for name in detail if name.endswith("RequestsCount")) - total
                progress.update(task, completed=settled, total=total)
                if settled >= part * total and (part < 1.0 or detail["status"] != "QUEUED"):
                    break
                await asyncio.sleep(0.05)
    if not console.is_terminal and not quiet:
        console.print()


async def _report(stage: Stage, console: Console, *, plan: Plan, batch: str, took: float) -> int:
    account = await account_of(stage, plan=plan, batch=batch)
    console.print(_conservation(account))
    console.print(_samples(account.entries))
    console.print(
        f"\n{account.total:,} entries in {took:.1f} s, the power cut and the restart included:"
        f" [bold]{account.total / took:,.0f} entries/s[/]. The carrier saw {account.arrivals:,} messages."
    )
    if account.faults:
        console.print("[red]Not everything is accounted for:[/]")
        for fault in account.faults:
            console.print(f"  {fault}")
        return 1
    console.print("[green]Every entry is accounted for: none is missing, none was sent twice without being marked.[/]")
    return 0


async def _customers(stage: Stage, client: Client, console: Console, *, batch: str) -> None:
    """Some customers open their links."""
    page = await client.call("GET", f"{BATCHES}/{batch}/entries?status=COMPLETED&size={4 * customers.FINISH}")
    counts = await customers.act(stage, client, batch, phones=[entry["phoneNumber"] for entry in page["content"]])
    shown = ", ".join(f"{name} {n:,}" for name, n in counts.items() if name in {"active", "completed", "declined"})
    console.print(
        f"\n{customers.FINISH} customers opened their link and added a card, {customers.DECLINE} declined,"
        f" {customers.STOP} replied STOP. The batch counts: {shown}."
    )


def _conservation(account: Account) -> Table:
    table = Table(title="Conservation: accepted = sum of all states", title_justify="left", min_width=44)
    table.add_column("state")
    table.add_column("entries", justify="right")
    for state, n in sorted(account.states.items(), key=lambda pair: -pair[1]):
        table.add_row(state, f"{n:,}")
    table.add_section()
    table.add_row("sum of the states", f"{sum(account.states.values()):,}")
    table.add_row("accepted", f"{account.total:,}")
    return table


def _samples(entries: Sequence[Mapping[str, Any]]) -> Table:
    """One entry for each reason."""
    table = Table(title="One entry for each way an entry can go", title_justify="left")
    for name in ("position", "recipient", "state", "tries", "reason"):
        table.add_column(name, justify="right" if name in {"position", "tries"} else "left")
    seen: set[tuple[str, str, bool]] = set()
    for entry in entries:
        kind = (entry["state"], entry["reason"] or "", entry["attempts"] > 1)
        if kind not in seen:
            seen.add(kind)
            words = ": ".join(part for part in (entry["reason"], entry["detail"] or _fault(entry)) if part)
            row = (str(entry["position"]), entry["address"], entry["state"], str(entry["attempts"]), words or "-")
            table.add_row(*row)
    return table


def _fault(entry: Mapping[str, Any]) -> str:
    """The first rule a rejected entry broke."""
    for fault in entry["faults"]:
        return f"{fault['path']} {fault['message']}"
    return "passed when it was tried again" if entry["attempts"] > 1 else ""


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

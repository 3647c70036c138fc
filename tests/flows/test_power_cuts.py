"""The process dies at random moments, as in a power cut, and every entry is still accounted for.

Real processes: the server (or its worker), a carrier that keeps its own list of arrivals, and SIGKILL.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from muster.drill.ledger import arrivals_in, ended, entries_of
from muster.drill.plan import refund_template
from muster.drill.stage import Client, Stage, kill
from muster.surfaces.workflow_batches.wire import BATCHES, TEMPLATES

ENTRIES = 2_000
CUTS = 50
# Slow enough that most cuts meet the batch on its way.
RATE = "120"
SETTINGS = {
    "MUSTER_WORKERS": "1",
    # Where several processes may share the store, the lease of a dead one must run out within the next one's life.
    "MUSTER_LEASE_SECONDS": "1",
    "MUSTER_CARRY_SECONDS": "0.5",
    "MUSTER_UPKEEP_SECONDS": "0.2",
    "MUSTER_REST_SECONDS": "0.2",
}


@pytest.fixture(params=["sqlite", "postgres"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage on each dialect; its processes are stopped at the end."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    stage = Stage(tmp_path, database_url=url and url.replace("+asyncpg", ""), settings=SETTINGS)
    yield stage
    await stage.close()


def number(position: int) -> str:
    return f"+1647{position:04d}1212"


def batch_of(size: int) -> Mapping[str, Any]:
    entries = [{"title": f"entry {i}", "parameters": {"phoneNumber": number(i)}} for i in range(size)]
    return {
        "header": {"useTemplate": {"templateName": "Refund"}, "requestsInBatch": size},
        "payload": {"batchEntries": entries},
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_nothing_is_lost_or_silently_doubled_in_fifty_power_cuts(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    await stage.carrier()
    dice = random.Random(20260101)  # noqa: S311 - chooses moments, guards nothing
    server = await stage.serve()
    batch = await submitted(stage)
    for _ in range(CUTS):
        await asyncio.sleep(dice.uniform(0, 1))
        await kill(server)
        server = await stage.serve()
    shown = await ended(stage, batch)

    entries = await entries_of(stage, batch)
    states = Counter(entry["state"] for entry in entries)
    arrived = arrivals_in(stage.arrivals)
    twice = {n: times for n, times in arrived.items() if times > 1}
    figures = f"{CUTS} power cuts: {dict(states)}, {sum(arrived.values())} arrivals, {len(twice)} of them repeated"
    record_property("figures", figures)
    assert shown["total"] == ENTRIES == sum(states.values())
    assert [entry["position"] for entry in entries] == list(range(ENTRIES))
    assert set(states) == {"delivered", "unknown"}
    assert unmarked(entries, arrived) == {}
    assert all(number(e["position"]).lstrip("+") in arrived for e in entries if e["state"] == "delivered")


async def submitted(stage: Stage) -> str:
    """An account with the slow carrier, its template, and the batch; the batch's id."""
    account = await stage.run("account", "add", "Power")
    options = {"host": "127.0.0.1", "port": str(stage.smsc_port), "system_id": "power", "rate": RATE}
    flags = [part for name, value in options.items() for part in ("--option", f"{name}={value}")]
    await stage.run("channel", "add", "Power", "smpp", *flags)
    client = Client(stage.url, account["token"])
    try:
        await client.call("POST", TEMPLATES, refund_template())
        answer = await client.call("POST", BATCHES, batch_of(ENTRIES))
    finally:
        await client.close()
    batch: str = answer["batchId"]
    return batch


def unmarked(entries: Sequence[Mapping[str, Any]], arrived: Mapping[str, int]) -> dict[int, int]:
    """Entries that arrived more often than their account admits."""
    seen = {e["position"]: arrived.get(number(e["position"]).lstrip("+"), 0) for e in entries}
    return {e["position"]: seen[e["position"]] for e in entries if seen[e["position"]] > 1 + e["repeats"]}

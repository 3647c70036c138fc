"""No tenant waits for another (design 1.6), whatever that one's provider does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from muster.drill.plan import refund_template
from muster.drill.stage import Client, Stage, kill
from muster.surfaces.workflow_batches.wire import BATCHES, TEMPLATES


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A server with its embedded store."""
    stage = Stage(tmp_path)
    server = await stage.serve()
    yield stage
    # Not asked to drain: it would wait for the provider.
    await kill(server)
    await stage.close()


async def a_client(stage: Stage, name: str, *options: str) -> Client:
    """An account with a sandbox channel and the template."""
    account = await stage.run("account", "add", name)
    if options:
        flags = [part for option in options for part in ("--option", option)]
        await stage.run("channel", "add", name, "sandbox", *flags)
    client = Client(stage.url, account["token"])
    await client.call("POST", TEMPLATES, refund_template())
    return client


async def submitted(client: Client, size: int) -> str:
    entries = [{"title": "t", "parameters": {"phoneNumber": f"+1647{i:04d}1212"}} for i in range(size)]
    header = {"useTemplate": {"templateName": "Refund"}, "requestsInBatch": size}
    answer: dict[str, str] = await client.call(
        "POST", BATCHES, {"header": header, "payload": {"batchEntries": entries}}
    )
    return answer["batchId"]


async def detail(client: Client, batch: str) -> dict[str, Any]:
    found: dict[str, Any] = await client.call("GET", f"{BATCHES}/{batch}")
    return found


@pytest.mark.slow
async def test_a_provider_that_does_not_answer_holds_up_only_its_own_tenant(stage: Stage) -> None:
    slow = await a_client(stage, "slow", "answer_ms=29000")
    fast = await a_client(stage, "fast")
    stuck = [await submitted(slow, 4_000) for _ in range(3)]
    while (await stage.run("batch", "show", stuck[0], "--account", "slow"))["counts"].get("dispatching", 0) < 600:
        await asyncio.sleep(0.1)

    small = await submitted(fast, 3)
    while (await detail(fast, small))["status"] != "COMPLETED":
        await asyncio.sleep(0.05)

    assert (await detail(slow, stuck[0]))["activeRequestsCount"] == 0
    await slow.close()
    await fast.close()

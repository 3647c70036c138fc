"""Scenario 1: a batch of 10,000 entries over HTTP, checked, stored and durable, beside the bare insert of its rows.

The server runs without workers, so that nothing else is going on. Both sides take the same body, in turns. The time is
the client's: from the first byte of the request to the last of the answer.
"""

import os
import time
from collections.abc import Sequence
from statistics import median
from uuid import uuid4

import aiohttp
import asyncpg

from benchmarks.bare_accept import BareSqlite, Row, take_postgres
from benchmarks.figures import Bar, Figure, Result, Size, machine, middle
from benchmarks.house import BATCHES, House, Tenant, house, peak_mib
from benchmarks.people import body
from muster.drill.stage import StageError

NUMBER = 1
NAME = "accept"
TITLE = "accept a batch over HTTP, durable"
_AT_MOST = 2.0
_WARM_UP = 2


async def measure(size: Size) -> Result:
    """Take turns."""
    entries, rounds = size.of(500, 10_000), size.of(2, 21, 51)
    async with house() as home:
        tenant = await home.open("--no-worker")
        async with _session(home, tenant) as http:
            first = await _post(http, body(entries, key="before all"))
            bare = BareSqlite(home.folder / "bare.db", like=home.database, batch=home.number(first[1]))
            ours: list[float] = []
            theirs: list[float] = []
            for turn in range(rounds + _WARM_UP):
                request = body(entries, key=f"turn-{turn}")
                ours.append((await _post(http, request))[0])
                theirs.append(bare.take(request, turn + 1))
            bare.close()
        peak = peak_mib(home.server)
    ours, theirs = ours[_WARM_UP:], theirs[_WARM_UP:]
    ratio = median(ours) / median(theirs)
    version, postgres = await _on_postgres(entries, rounds, rows=bare.rows)
    return Result(
        number=NUMBER,
        name=NAME,
        title=TITLE,
        size=size.name,
        bars=(Bar(name="time, against the bare insert", measured=ratio, wanted=_AT_MOST, at_most=True),),
        figures=(
            Figure("entries a batch", entries, ""),
            *middle("Muster", [1000 * s for s in ours], "ms"),
            *middle("bare insert", [1000 * s for s in theirs], "ms"),
            Figure("entries accepted a second", entries / median(ours), "/s"),
            Figure("peak memory of the server", peak, "MiB"),
            *postgres,
        ),
        machine=machine(version),
    )


def _session(home: House, tenant: Tenant) -> aiohttp.ClientSession:
    headers = {"Authorization": f"Bearer {tenant.token}", "Content-Type": "application/json"}
    return aiohttp.ClientSession(home.url, headers=headers)


async def _post(http: aiohttp.ClientSession, request: bytes) -> tuple[float, str]:
    """The seconds until the answer was read, and the batch's id."""
    began = time.perf_counter()
    async with http.post(BATCHES, data=request) as answer:
        told = await answer.json()
        seconds = time.perf_counter() - began
    if answer.status != 201:  # noqa: PLR2004 - Created
        raise StageError(f"{answer.status}: {told}")
    return seconds, told["batchId"]


async def _on_postgres(entries: int, rounds: int, *, rows: Sequence[Row]) -> tuple[str | None, list[Figure]]:
    """The same on PostgreSQL against COPY, for information; nothing where no server is named."""
    server = os.environ.get("MUSTER_TEST_POSTGRES", "")
    if not server:
        return None, []
    name = f"bench_{uuid4().hex[:12]}"
    url = f"{server.rpartition('/')[0]}/{name}"
    chief = await asyncpg.connect(server)
    try:
        version = str(await chief.fetchval("SHOW server_version")).split()[0]
        await chief.execute(f"CREATE DATABASE {name}")
        try:
            async with house(database_url=url) as home:
                tenant = await home.open("--no-worker")
                async with _session(home, tenant) as http:
                    requests = [body(entries, key=f"turn-{turn}") for turn in range(rounds + _WARM_UP)]
                    ours = [(await _post(http, request))[0] for request in requests][_WARM_UP:]
                theirs = await take_postgres(url, requests[0], rows, rounds=rounds + _WARM_UP)
                peak = peak_mib(home.server)
        finally:
            await chief.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await chief.close()
    theirs = theirs[_WARM_UP:]
    return version, [
        *middle("PostgreSQL: Muster", [1000 * s for s in ours], "ms"),
        *middle("PostgreSQL: bare COPY", [1000 * s for s in theirs], "ms"),
        Figure("PostgreSQL: time, against the bare COPY", median(ours) / median(theirs), ""),
        Figure("PostgreSQL: peak memory of the server", peak, "MiB"),
    ]

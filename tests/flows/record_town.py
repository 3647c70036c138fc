"""A whole server with a record store, and what its users see over HTTP, the command line and in the database."""

import asyncio
import json
import sqlite3
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Self

import aiohttp
import asyncpg

from muster.app.settings import load
from muster.app.wiring import Core, opened
from muster.catalog.accounts import NewAccount
from muster.drill.stage import Stage
from muster.records.configuring.blueprint import BlueprintDesk, read_blueprint
from muster.records.configuring.samples import sample

Row = dict[str, Any]
"""A JSON object of an answer."""
SETTINGS = {
    "MUSTER_RECORDS_PLAIN_SESSIONS": "true",
    "MUSTER_RECORDS_REQUESTS_PER_SECOND": "10000",
    "MUSTER_UPKEEP_SECONDS": "0.2",
    "MUSTER_REST_SECONDS": "0.2",
    # Where several processes may share the store, the lease of a dead one must run out before the next one goes on.
    "MUSTER_LEASE_SECONDS": "2",
    "MUSTER_CARRY_SECONDS": "1.5",
}
_PATIENCE_S = 60.0
_OPEN = frozenset({"Created", "InProgress"})


class RecordTown:
    """A server that is running, and one account with the record store of the conformance cases; use `open`."""

    def __init__(self, stage: Stage, database_url: str) -> None:
        self.stage = stage
        self.database_url = database_url

    account: NewAccount
    server: Process
    _http: aiohttp.ClientSession

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, *serving: str, database_url: str | None = None, settings: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Self]:
        """Start it; `serving` are options of `muster serve`. `database_url` None: on the embedded store."""
        database_url = database_url or f"sqlite:///{folder / 'data' / 'muster.db'}"
        stage = Stage(folder, database_url=database_url, settings={**SETTINGS, **(settings or {})})
        town = cls(stage, database_url)
        try:
            town.server = await stage.serve(*serving)
            async with town.core() as core:
                town.account = await core.accounts.add("Northwind")
                blueprint = read_blueprint(sample("conformance"), form="toml")
                await BlueprintDesk(core.store, core.clock).configure(town.account.tenant, blueprint, None)
            async with aiohttp.ClientSession(headers=await town._headers()) as town._http:
                yield town
        finally:
            await stage.close()

    @asynccontextmanager
    async def core(self) -> AsyncGenerator[Core]:
        """What the command line works with, without a process to wait for."""
        flags = {"data": self.stage.folder / "data", "database_url": self.database_url}
        async with opened(load(environment={}, flags=flags)) as core:
            yield core

    async def _headers(self) -> Mapping[str, str]:
        keys = {"accessKey": self.account.access_key, "secretKey": self.account.secret_key}
        headers = {"x-api-key": self.account.api_key}
        url = f"{self.stage.url}/v4/auth/temporary-credentials"
        async with aiohttp.ClientSession() as http, http.post(url, json=keys, headers=headers) as answer:
            made = await answer.json()
        return {**headers, "Authentication": made["sessionToken"]}

    async def ask(self, method: str, path: str, body: object = None, *, key: str | None = None) -> tuple[int, Row]:
        """Status and body of an answer. Raises aiohttp.ClientError where there is none."""
        headers = {} if key is None else {"Idempotency-Key": key}
        async with self._http.request(method, f"{self.stage.url}/v4{path}", json=body, headers=headers) as answer:
            return answer.status, json.loads(await answer.read() or b"{}")

    async def submit(self, batch: Row, *, key: str) -> int:
        """Hand over a batch as a careful client does: again under the same key until there is an answer; its number."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                try:
                    status, told = await self.ask("POST", "/batch", batch, key=key)
                except aiohttp.ClientError:
                    status, told = 0, {}
                if status == 202:
                    number: int = told["batchId"]
                    return number
                # Cut off, too many of them, or a server that is just going down or coming up.
                assert status in {0, 429, 503}, told
                await asyncio.sleep(0.1)

    async def ended(self, number: int) -> Row:
        """The batch once it has ended, through however many cuts."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                try:
                    status, batch = await self.ask("GET", f"/batch/{number}")
                except aiohttp.ClientError:
                    status, batch = 0, {}
                if status == 200 and batch["batchStatus"] not in _OPEN:
                    return batch
                await asyncio.sleep(0.1)

    async def ran(self, batch: Row) -> Row:
        """Hand over a batch and wait for its end."""
        return await self.ended(await self.submit(batch, key=f"once {id(batch)}"))

    async def found(self, type_path: str, query: object = None) -> Mapping[int, Row]:
        """Every record of the char type for which the query holds, by its number."""
        rows: dict[int, Row] = {}
        while True:
            body = {"query": query, "start": len(rows), "rows": 100} if query else {"start": len(rows), "rows": 100}
            status, told = await self.ask("POST", f"/{type_path}/search", body)
            assert status == 200, told
            rows |= {one["id"]: one for one in told["entities"]}
            if len(rows) >= told["numFound"] or not told["entities"]:
                return rows

    async def free_places(self) -> int:
        """How many more batches may be handed over."""
        _, told = await self.ask("GET", "/limits")
        remaining: int = told["concurrentProcessingApiBatches"]["remaining"]
        return remaining

    async def rows(self, statement: str) -> Sequence[tuple[Any, ...]]:
        """Ask the database."""
        if self.database_url.startswith("sqlite"):
            file = self.database_url.partition("///")[2]
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as opened_file:
                return opened_file.execute(statement).fetchall()
        server = await asyncpg.connect(self.database_url)
        try:
            return [tuple(row) for row in await server.fetch(statement)]
        finally:
            await server.close()

    async def told(self, happening: str) -> Counter[tuple[int, int]]:
        """How often a change was told of each record, by char type and number."""
        found = await self.rows(f"SELECT body FROM outbox WHERE type = '{happening}'")  # noqa: S608 - our own words
        bodies = [json.loads(body) for (body,) in found]
        return Counter((body["char_type"], body["record"]) for body in bodies)

    async def broken(self) -> Sequence[object]:
        """Batches that break conservation."""
        async with self.core() as core, core.store.read() as tx:
            return await tx.batches.across_tenants_broken(limit=10)


def entries(batch: Row) -> Sequence[Row]:
    """What came of the records of a batch, char type after char type."""
    return [entry for group in batch["batchResults"]["records"].values() for entry in group]


def done(batch: Row) -> Sequence[Row]:
    """Those that went well."""
    return [entry for entry in entries(batch) if entry["code"] == 200]

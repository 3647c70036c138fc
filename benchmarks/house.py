"""A server to measure: real processes in a folder of their own, accounts that send over SMPP, and a look inside."""

import asyncio
import os
import sqlite3
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.even import UNANSWERED
from benchmarks.people import TEMPLATE
from benchmarks.submit import submit
from muster.app.settings import load
from muster.app.wiring import Core, opened
from muster.domain.tenant import Principal
from muster.drill.stage import Client, Stage, StageError

BATCHES = "/v2/linx/workflow-batches"
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 900
_GLANCE_SECONDS = 0.2
# The clients here are one machine, which asks as fast as it can.
_SETTINGS = {
    "MUSTER_RATE_PER_SECOND": "1000000",
    "MUSTER_RATE_BURST": "1000000",
    "MUSTER_RECORDS_REQUESTS_PER_SECOND": "100000",
    "MUSTER_RECORDS_DAILY_REQUESTS": "1000000000",
    "MUSTER_RECORDS_PLAIN_SESSIONS": "true",
}


class Tenant(msgspec.Struct, frozen=True):
    """An account of the house."""

    name: str
    token: str
    who: Principal


class Span(msgspec.Struct, frozen=True):
    """When the first chunk of a batch was taken, and when the last outcome was stored: seconds since 1970."""

    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long that was."""
        return self.ended - self.began


class House(Stage):
    """The server and the carrier, and what a scenario does with them."""

    server: Process
    smsc: Process

    def __init__(self, folder: Path, *, database_url: str | None = None) -> None:
        super().__init__(folder, database_url=database_url, settings=_SETTINGS)
        self._database_url = database_url

    async def open(self, *more: str, receipts: bool = False) -> Tenant:
        """Start both, and make the first account; `more` goes to `muster serve`."""
        self.smsc = await self.carrier("--plain")
        self.server = await self.serve(*more)
        return await self.tenant("Bench", receipts=receipts)

    async def carrier(self, *more: str) -> Process:
        """Start the SMSC simulator without its list of arrivals, unless `--log` is among `more`."""
        process = await self._start("carrier.log", "-m", "muster.drill.smsc", "--port", str(self.smsc_port), *more)
        await self._until_open(process)
        return process

    async def _until_open(self, process: Process) -> None:
        async with asyncio.timeout(60):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.smsc_port)
                except OSError:
                    if process.returncode is not None:
                        raise StageError("the carrier did not start:\n" + self.log("carrier.log")) from None
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                return

    async def tenant(self, name: str, *, receipts: bool) -> Tenant:
        """An account with a channel and the template, ready to send."""
        options = {
            "host": "127.0.0.1",
            "port": str(self.smsc_port),
            "system_id": name,
            "window": str(UNANSWERED),
            "receipts": str(receipts).lower(),
        }
        async with self.core() as core:
            made = await core.accounts.add(name)
            await core.channels.add(made.tenant, "smpp", options)
        who = Principal(id=made.principal, tenant=made.tenant, role=made.role)
        tenant = Tenant(name, made.token, who)
        async with self.client(tenant) as client:
            await client.call("POST", "/v2/linx/templates", _template())
        return tenant

    @asynccontextmanager
    async def client(self, tenant: Tenant) -> AsyncGenerator[Client]:
        """A client that acts for the account."""
        client = Client(self.url, tenant.token)
        try:
            yield client
        finally:
            await client.close()

    async def submit(self, tenant: Tenant, entries: int) -> tuple[str, float]:
        """Keep a batch of any size beside the server (benchmarks/submit.py): its id, and the seconds it took."""
        async with self.core() as core:
            return await submit(core, tenant.who, entries)

    def core(self) -> AbstractAsyncContextManager[Core]:
        """The use cases on the server's store."""
        return opened(load(environment={}, flags={"data": self.data, "database_url": self._database_url}))

    @property
    def data(self) -> Path:
        """The server's folder."""
        return self.folder / "data"

    @property
    def database(self) -> Path:
        """The embedded store's file."""
        return self.data / "muster.db"

    async def ended(self, batch: str) -> Span:
        """Wait for the batch's end. It is watched in the database file, so the server has no part in the watching."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                began, ended = self.times(batch)
                if ended is not None and began is not None:
                    return Span(began / 1e6, ended / 1e6)
                if self.server.returncode is not None:
                    raise StageError("the server ended:\n" + self.log("server.log"))
                await asyncio.sleep(_GLANCE_SECONDS)

    async def started(self, batch: str) -> None:
        """Wait until the batch is worked on."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while self.times(batch)[0] is None:  # noqa: ASYNC110 - another process writes it down
                await asyncio.sleep(_GLANCE_SECONDS / 10)

    def times(self, batch: str) -> tuple[int | None, int | None]:
        """When the batch was begun and ended, in microseconds since 1970, as the server noted it; None for not yet."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            statement = "SELECT started_at, finished_at FROM batches WHERE id = ?"
            row: tuple[int | None, int | None] = connection.execute(statement, (batch.replace("-", ""),)).fetchone()
            return row

    def number(self, batch: str) -> int:
        """The batch's number inside the store."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            statement = "SELECT number FROM batches WHERE id = ?"
            found: int = connection.execute(statement, (batch.replace("-", ""),)).fetchone()[0]
            return found

    def states(self, batch: str) -> Mapping[str, int]:
        """How many entries of the batch stand in which state."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            statement = "SELECT state, count(*) FROM entries WHERE batch = ? GROUP BY state"
            return dict(connection.execute(statement, (self.number(batch),)).fetchall())


@asynccontextmanager
async def house(*, database_url: str | None = None) -> AsyncGenerator[House]:
    """A house in a temporary folder; everything in it is stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        made = House(Path(folder), database_url=database_url)
        try:
            yield made
        finally:
            await made.close()


async def script(module: str, *arguments: str) -> Any:  # noqa: ANN401 - decoded JSON
    """Run one of our scripts in a process of its own; the JSON it printed, decoded. Raises StageError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    output, errors = await process.communicate()
    if process.returncode:
        raise StageError(f"{module} failed:\n{errors.decode()}")
    return msgspec.json.decode(output)


def _template() -> Mapping[str, object]:
    steps = [
        {"name": "notification", "input": {"preDefined": {"introductoryMessage": "Collect it here:"}}},
        {"name": "customer-account"},
    ]
    return {"name": TEMPLATE, "displayName": TEMPLATE, "definition": {"steps": steps}}


def peak_mib(process: Process) -> float:
    """The most memory the running process has held so far, in MiB."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(process: Process) -> float:
    """The processor time the running process has used so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS

"""The process dies while links are sent, while customers answer and while they are reminded: nothing is half done.

Real processes: the server, a carrier that keeps its own list of arrivals, customers over HTTP, and SIGKILL.
"""

import asyncio
import random
import re
import sqlite3
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout
from cryptography.fernet import Fernet

from muster.drill.ledger import ended
from muster.drill.smsc.arrivals import read_log
from muster.drill.stage import Client, Stage, kill
from muster.stores.database import open_store
from muster.stores.vault import Vault
from muster.surfaces.workflow_batches.wire import BATCHES, TEMPLATES

ENTRIES = 600
ANSWERING = 120
REMINDED, EXPIRED = range(200, 300), range(300, 400)
LEFT = {"dispatching", "sent", "delivered", "undelivered", "unknown"}
RATE = "150"
SETTINGS = {
    "MUSTER_WORKERS": "2",
    "MUSTER_LEASE_SECONDS": "1",
    "MUSTER_CARRY_SECONDS": "0.5",
    "MUSTER_UPKEEP_SECONDS": "0.2",
    "MUSTER_REST_SECONDS": "0.2",
}
FORMS = (
    {"first_name": "Ana", "last_name": "Lee", "email": "ana@example.com"},
    {"number": "4242424242424242", "expires": f"{time.gmtime().tm_year + 5}-01", "holder": "Ana Lee"},
)
TEXTS = (
    "SELECT e.state, count(*) FROM entries e JOIN batches b ON b.number = e.batch"
    " WHERE b.kind = 'workflow_notices' GROUP BY e.state"
)
_TOKEN = re.compile(r"/l/([A-Za-z0-9_-]+)")


class House:
    """A stage, and the database behind it."""

    server: Process
    token: str

    def __init__(self, stage: Stage, url: str) -> None:
        self.stage = stage
        self.url = url
        self._dice = random.Random(20260301)  # noqa: S311 - chooses moments, guards nothing

    async def cut(self, times: int, *, longest: float) -> None:
        """Kill the server so often, each time after `longest` seconds at most, and start it again."""
        for _ in range(times):
            await asyncio.sleep(self._dice.uniform(0.1, longest))
            await kill(self.server)
            self.server = await self.stage.serve()

    async def figure(self, question: str) -> int:
        """The one number that answers the question."""
        found: int = (await self.ask(question))[0][0]
        return found

    def texts(self) -> Counter[str]:
        """How many texts the carrier took for each number."""
        return Counter(one.destination.lstrip("+") for one in read_log(self.stage.arrivals) if one.status == 0)

    async def ask(self, statement: str) -> Sequence[Sequence[Any]]:
        """Ask the database, or change it while nobody else is there."""
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.partition("///")[2], timeout=30)) as file, file:
                rows: Sequence[Sequence[Any]] = file.execute(statement).fetchall()
                return rows
        server = await asyncpg.connect(self.url.replace("+asyncpg", ""))
        try:
            return [tuple(row) for row in await server.fetch(statement)]
        finally:
            await server.close()

    async def check_laws(self) -> None:
        """The counts of batches are what their entries and workflows say; a workflow stands where a message left."""
        store = open_store(self.url, vault=Vault([Fernet.generate_key().decode()]))
        try:
            async with store.read() as tx:
                assert list(await tx.batches.across_tenants_broken(limit=5)) == []
        finally:
            await store.close()
        rows = await self.ask(
            "SELECT e.position, e.state, w.state FROM entries e JOIN batches b ON b.number = e.batch"
            " LEFT JOIN workflows w ON w.batch = e.batch AND w.position = e.position WHERE b.kind = 'workflow_batches'"
        )
        wrong = [tuple(row) for row in rows if (row[1] in LEFT) != (row[2] is not None)]
        assert wrong == []

    def tokens(self) -> dict[str, str]:
        """The token in the first text to each number."""
        found: dict[str, str] = {}
        for one in read_log(self.stage.arrivals):
            token = _TOKEN.search(one.text)
            if token is not None and one.status == 0:
                found.setdefault(one.destination.lstrip("+"), token[1])
        return found

    async def told(self) -> Counter[tuple[str, str]]:
        """How often each step of each workflow was announced as completed."""
        rows = await self.ask("SELECT body FROM outbox WHERE type LIKE 'workflow%'")
        bodies = [msgspec.json.decode(row[0]) for row in rows]
        return Counter((b["workflow_id"], b["current_step"]["name"]) for b in bodies)


@pytest.fixture(params=["sqlite", "postgres"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """A stage on each dialect; its processes are stopped at the end."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    stage = Stage(tmp_path, database_url=url and url.replace("+asyncpg", ""), settings=SETTINGS)
    yield House(stage, url or f"sqlite+aiosqlite:///{tmp_path / 'data' / 'muster.db'}")
    await stage.close()


def number(position: int) -> str:
    return f"1647{position:04d}1212"


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_power_cuts_leave_no_workflow_half_done(house: House) -> None:
    await house.stage.carrier()
    house.server = await house.stage.serve()
    batch = await submitted(house)
    await links_leave(house, batch)
    await customers_answer(house)
    await time_runs_out(house)
    assert sum((await counts_shown(house, batch)).values()) == ENTRIES


async def links_leave(house: House, batch: str) -> None:
    """Cut the power while the messages leave: whoever may have got a link can open it, nobody else has one."""
    await house.cut(6, longest=0.9)
    await ended(house.stage, batch)
    await house.check_laws()
    tokens = house.tokens()
    assert len(tokens) > ENTRIES / 2
    assert await answers_of(house.stage, list(tokens.values())) == {200}


async def customers_answer(house: House) -> None:
    """Cut the power while customers answer: each step counts once and is announced once."""
    tokens = house.tokens()
    answering = [tokens[n] for n in map(number, range(ENTRIES)) if n in tokens][:ANSWERING]
    customers = asyncio.create_task(everybody(house.stage, answering))
    await house.cut(4, longest=0.7)
    await customers
    await house.check_laws()
    assert await house.figure("SELECT count(*) FROM workflows WHERE state = 'completed'") == ANSWERING
    told = await house.told()
    assert set(told.values()) == {1}
    assert len(told) == ANSWERING * len(FORMS)


async def time_runs_out(house: House) -> None:
    """Cut the power while customers are reminded, and told that time ran out: nobody is texted twice."""
    await kill(house.server)
    await house.ask(time_passes(REMINDED, "notice_at = 1, next_at = 1"))
    await house.ask(time_passes(EXPIRED, "expires_at = 1, next_at = 1"))
    before = house.texts()
    house.server = await house.stage.serve()
    await house.cut(6, longest=0.5)
    await until_quiet(house)
    await house.check_laws()
    more = house.texts() - before
    assert set(more) <= {number(n) for n in (*REMINDED, *EXPIRED)}
    assert set(more.values()) == {1}
    noted = {row[0]: row[1] for row in await house.ask("SELECT origin, count(*) FROM workflow_notices GROUP BY origin")}
    states = {row[0]: row[1] for row in await house.ask(TEXTS)}
    assert sum(noted.values()) == sum(states.values())
    assert set(states) <= {"sent", "delivered", "unknown"}
    assert sum(states.values()) - states.get("unknown", 0) <= more.total() <= sum(states.values())
    assert noted["expiry"] == await house.figure("SELECT count(*) FROM workflows WHERE state = 'expired'")


def time_passes(positions: range, changes: str) -> str:
    """Make workflows due whose customers have not answered."""
    first, last = positions[0], positions[-1]
    return f"UPDATE workflows SET {changes} WHERE state = 'active' AND position BETWEEN {first} AND {last}"  # noqa: S608


async def submitted(house: House) -> str:
    """An account with the slow carrier, its template, and the batch; the batch's id."""
    stage = house.stage
    account = await stage.run("account", "add", "Power")
    options = {"host": "127.0.0.1", "port": str(stage.smsc_port), "system_id": "power", "rate": RATE}
    flags = [part for name, value in options.items() for part in ("--option", f"{name}={value}")]
    await stage.run("channel", "add", "Power", "smpp", *flags)
    steps = [
        {"name": "notification"},
        {"name": "customer-account"},
        {"name": "financial-account", "input": {"preDefined": {"financialAccountSubType": "DEBIT"}}},
    ]
    template = {"name": "Refund", "displayName": "Refund", "definition": {"steps": steps}}
    entries = [{"title": f"entry {i}", "parameters": {"phoneNumber": f"+{number(i)}"}} for i in range(ENTRIES)]
    body = {
        "header": {"useTemplate": {"templateName": "Refund"}, "requestsInBatch": ENTRIES},
        "payload": {"batchEntries": entries},
    }
    house.token = account["token"]
    client = Client(stage.url, house.token)
    try:
        await client.call("POST", TEMPLATES, template)
        answer = await client.call("POST", BATCHES, body)
    finally:
        await client.close()
    batch: str = answer["batchId"]
    return batch


async def counts_shown(house: House, batch: str) -> Mapping[str, int]:
    """The seven counts that the door shows."""
    client = Client(house.stage.url, house.token)
    try:
        shown = await client.call("GET", f"{BATCHES}/{batch}")
    finally:
        await client.close()
    return {k: n for k, n in shown.items() if k.endswith("RequestsCount") and k != "totalRequestsCount"}


async def answers_of(stage: Stage, tokens: Sequence[str]) -> set[int]:
    """What looking at the links answers."""
    async with ClientSession(timeout=ClientTimeout(total=60)) as http:
        found: set[int] = set()
        for token in tokens:
            async with http.get(f"{stage.url}/l/{token}") as answer:
                found.add(answer.status)
        return found


async def everybody(stage: Stage, tokens: Sequence[str]) -> None:
    """All customers answer, a dozen at a time, each form twice at once, until what they see is the end."""
    some = asyncio.Semaphore(12)

    async def one(http: ClientSession, token: str) -> None:
        async with some:
            for step, form in enumerate(FORMS, start=1):
                await asyncio.gather(*(until_taken(http, f"{stage.url}/l/{token}/steps/{step}", form) for _ in "12"))

    async with ClientSession(timeout=ClientTimeout(total=10)) as http, asyncio.timeout(120):
        await asyncio.gather(*(one(http, token) for token in tokens))


async def until_taken(http: ClientSession, url: str, form: Mapping[str, str]) -> None:
    """Send the form again and again until it is answered."""
    while True:
        try:
            async with http.post(url, data=form, allow_redirects=False) as answer:
                if answer.status < 500:
                    assert answer.status in {200, 303}, (answer.status, await answer.text())
                    return
        except (ClientError, TimeoutError, OSError):
            pass
        await asyncio.sleep(0.05)


async def until_quiet(house: House) -> None:
    """Wait until nothing is due and no text is on its way."""
    async with asyncio.timeout(90):
        while True:
            waiting = await house.ask(
                "SELECT (SELECT count(*) FROM workflows WHERE state = 'active' AND next_at = 1)"
                " + (SELECT count(*) FROM workflow_notices WHERE message_batch IS NULL)"
                " + (SELECT count(*) FROM entries WHERE state IN ('accepted', 'held', 'dispatching'))"
            )
            if not waiting[0][0]:
                return
            await asyncio.sleep(0.2)

"""A whole server with an account that sends e-mail, and what its users see over HTTP and the command line."""

import asyncio
import sqlite3
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Self

import asyncpg

from muster.app.settings import load
from muster.app.wiring import opened
from muster.drill.stage import Client, Stage, free_port
from muster.surfaces.notifications.wire.paths import BATCHES, CATEGORIES, CONTACTS, MESSAGES

Row = dict[str, Any]
"""A JSON object of an answer."""
SENDER = "news@northwind.example"
RETURNS = "bounces.northwind.example"
STATUSES = ("Queued", "Sent", "Bounced", "Complained", "Discarded", "Failed")
_PATIENCE_S = 60.0


class MailTown:
    """A server that is running; use `open`."""

    def __init__(self, stage: Stage, client: Client, *, mail_port: int) -> None:
        self.stage = stage
        self.client = client
        self.mail_port = mail_port
        """Where bounces come in."""

    server: Process
    category: str
    database_url: str

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        *,
        channel: Mapping[str, str],
        settings: Mapping[str, str] | None = None,
        lmtp: bool = False,
        database_url: str | None = None,
    ) -> AsyncGenerator[Self]:
        """Start it, with an account `Northwind` that sends over an SMTP channel of these options, and one category.

        `database_url` None: on the embedded store.
        """
        mail_port = free_port()
        listen = f"{'lmtp' if lmtp else 'smtp'}://127.0.0.1:{mail_port}"
        database_url = database_url or f"sqlite:///{folder / 'data' / 'muster.db'}"
        stage = Stage(folder, database_url=database_url, settings={"MUSTER_MAIL_LISTEN": listen, **(settings or {})})
        server = await stage.serve()
        try:
            async with closed(await an_account(stage, "Northwind", channel, database_url=database_url)) as client:
                town = cls(stage, client, mail_port=mail_port)
                town.database_url = database_url
                town.server = server
                town.category = await town.new_category("News")
                yield town
        finally:
            await stage.close()

    async def new_category(self, name: str) -> str:
        """A category that contacts may opt out of; its id."""
        made = await self.client.call("POST", CATEGORIES, {"name": name, "optOutAllowed": True})
        return str(made["id"])

    async def send(
        self, *addresses: str, subject: str = "News", client: Client | None = None, category: str = ""
    ) -> str:
        """Hand over a batch, for another account with its `client` and `category`; its id."""
        body = {
            "category": {"id": category or self.category},
            "subject": subject,
            "body": "<p>Good news. <a href='https://northwind.example/more'>More</a></p>",
            "contacts": [{"email": address} for address in addresses],
        }
        made = await (client or self.client).call("POST", BATCHES, body)
        return str(made["id"])

    async def batch(self, batch: str) -> Row:
        """The batch as the door shows it."""
        found: Row = await self.client.call("GET", f"{BATCHES}/{batch}")
        return found

    async def completed(self, batch: str, *, seconds: float = _PATIENCE_S) -> Mapping[str, int]:
        """How many messages of the batch stand how, once nothing of it is queued."""
        async with asyncio.timeout(seconds):
            while (await self.batch(batch))["status"] != "Completed":
                await asyncio.sleep(0.05)
        return await self.counts(batch)

    async def counts(self, batch: str) -> Mapping[str, int]:
        """How many messages of the batch stand how; none is left out."""
        found: dict[str, int] = {}
        for status in STATUSES:
            answer = await self.client.call("GET", f"{MESSAGES}?limit=0&eq(batch.id,'{batch}')&eq(status,'{status}')")
            total: int = answer["$meta"]["pagination"]["total"]
            found |= {status: total} if total else {}
        return found

    async def messages(self, batch: str) -> Mapping[str, str]:
        """The status of each message of a small batch by address."""
        answer = await self.client.call("GET", f"{MESSAGES}?limit=1000&select=contact.email&eq(batch.id,'{batch}')")
        return {one["contact"]["email"]: one["status"] for one in answer["data"]}

    async def until(self, batch: str, status: str, *, address: str) -> None:
        """Wait until the message to `address` stands so."""
        async with asyncio.timeout(_PATIENCE_S):
            while (await self.messages(batch))[address] != status:
                await asyncio.sleep(0.05)

    async def contact(self, address: str) -> Row:
        """A contact with what is known of it."""
        answer = await self.client.call("GET", f"{CONTACTS}?select=audit,optOuts&eq(email,'{address}')")
        (found,) = answer["data"]
        row: Row = found
        return row

    async def today(self) -> Row:
        """The category's statistics of today."""
        answer = await self.client.call("GET", f"{CATEGORIES}/{self.category}?select=statistics")
        today: Row = answer["statistics"]["today"]
        return today

    async def ask(self, statement: str) -> Sequence[tuple[Any, ...]]:
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

    async def states(self) -> Counter[str]:
        """How many entries of all batches stand how."""
        return Counter(dict(await self.ask("SELECT state, count(*) FROM entries GROUP BY state")))


@asynccontextmanager
async def closed(client: Client) -> AsyncGenerator[Client]:
    """The client, closed at the end."""
    try:
        yield client
    finally:
        await client.close()


async def an_account(stage: Stage, name: str, channel: Mapping[str, str], *, database_url: str) -> Client:
    """An account that sends over an SMTP channel of these options; its client."""
    # As `muster account add` and `muster channel add` do, without two more processes to wait for.
    flags = {"data": stage.folder / "data", "database_url": database_url}
    async with opened(load(environment={}, flags=flags)) as core:
        made = await core.accounts.add(name)
        await core.channels.add(made.tenant, "smtp", {"sender": SENDER, "return_domain": RETURNS, **channel})
    return Client(stage.url, made.token)

"""A whole server in one process, with the organisations, categories and contacts of the conformance cases."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import Any, cast
from uuid import uuid4

import httpx
import msgspec
from litestar import Litestar

from muster.catalog.accounts import Accounts, NewAccount, new_secret
from muster.catalog.categories import CategoryCatalog
from muster.catalog.contacts import ContactCatalog
from muster.catalog.keys import Keys
from muster.catalog.parties import PartyDesk
from muster.catalog.subscribers import SubscriberCatalog
from muster.channels.sandbox.channel import SandboxChannel
from muster.channels.sandbox.options import SandboxOptions
from muster.domain.directory import PartyKind, TokenState
from muster.domain.ids import ChannelId, TenantId, TokenNumber
from muster.domain.parcel import Medium
from muster.domain.retry import RetryPolicy, UnknownPolicy
from muster.domain.tenant import Role
from muster.engine.dispatcher import Links, Rooms
from muster.engine.worker import Worker
from muster.intake.allowance import Allowance
from muster.intake.mailings import MailingDesk
from muster.intake.submit import Submit
from muster.kinds.addresses import comparable
from muster.kinds.notifications.kind import Notifications
from muster.lookup.shelves import ShelfLookup
from muster.ports.files import Files
from muster.queues.memory import MemoryQueue
from muster.settle.receipts import ReceiptDesk
from muster.settle.reports import Reports
from muster.stores.database import SqlStore
from muster.surfaces.access import Access
from muster.surfaces.bodies import Limits
from muster.surfaces.notifications.problems import Problems
from muster.surfaces.notifications.routes import Door, notifications
from muster.surfaces.notifications.wire.paths import BATCHES, PREFIX, PREFIXES
from muster.surfaces.problems import by_path
from muster.upkeep.matching import Matching
from muster.upkeep.rescue import Rescue
from tests.fakes.clock import FakeClock
from tests.fakes.marketplace import VENDOR, furnish, hire
from tests.fakes.tally import Tally

File = tuple[str | None, bytes, str]
"""Name, content and media type of a part of a form."""
Row = dict[str, Any]
"""A JSON object of an answer."""
LINKS = Links(base="https://example.test/l", key=b"k" * 32, opt_out_base="https://example.test/u")
MOST_BYTES = 30_000_000


class Handle(msgspec.Struct, frozen=True):
    """Fulfils ports.channel.ChannelHandle."""

    id: ChannelId
    channel: SandboxChannel
    retry: RetryPolicy = RetryPolicy(steps=())
    unknown: UnknownPolicy = UnknownPolicy()
    rate: float | None = None


class OneSandbox:
    """Fulfils ports.channel.Channels: one sandbox for everybody."""

    def __init__(self, desk: ReceiptDesk, clock: FakeClock) -> None:
        self._desk = desk
        self._clock = clock
        self.sandbox: SandboxChannel | None = None

    @asynccontextmanager
    async def borrow(self, tenant: TenantId, channel: ChannelId) -> AsyncIterator[Handle]:
        """The sandbox."""
        if self.sandbox is None:
            options = SandboxOptions(delay_ms=0, late_ms=0, keep=20_000)
            self.sandbox = SandboxChannel(options, receipts=self._desk.sink(tenant, channel), clock=self._clock)
            self.sandbox.start()
        yield Handle(channel, self.sandbox)


class Rented(msgspec.Struct, frozen=True, kw_only=True):
    """One tenant of the house: its operator's account, and the token of each kind of party."""

    account: NewAccount
    tokens: Mapping[PartyKind, str]

    @property
    def tenant(self) -> TenantId:
        """Its number."""
        return self.account.tenant


class House:
    """The server."""

    def __init__(self, store: SqlStore, clock: FakeClock, files: Files, *, calls: Allowance | None = None) -> None:
        self.store = store
        self.clock = clock
        self.files = files
        self.queue = MemoryQueue()
        self.accounts = Accounts(store, clock, uuid4, seal=lambda secret: secret)
        self.desk = ReceiptDesk(store, clock, Tally(), comparable=comparable)
        self.channels = OneSandbox(self.desk, clock)
        self.submit = Submit(store, self.queue, clock, meter=Tally(), new_uuid=uuid4)
        self.door = self._door(calls or Allowance(1e6, 1e6, monotonic))
        self.app = self.application(self.door)
        self._working: asyncio.Task[None] | None = None
        self._worker: Worker | None = None

    def application(self, door: Door) -> Litestar:
        """The door's HTTP."""
        problems = Problems(uuid4)
        return Litestar(
            route_handlers=[notifications(door, problems)],
            exception_handlers={Exception: by_path(dict.fromkeys(PREFIXES, problems), problems)},
            request_max_body_size=None,
            logging_config=None,
        )

    def _door(self, calls: Allowance) -> Door:
        store, clock = self.store, self.clock
        return Door(
            parties=PartyDesk(store, clock, uuid4),
            shelves=ShelfLookup(store, clock),
            mailings=MailingDesk(store, self.submit, self.files, clock=clock, new_uuid=uuid4),
            categories=CategoryCatalog(store, clock),
            contacts=ContactCatalog(store, clock),
            subscribers=SubscriberCatalog(store, clock),
            reports=Reports(store, self.desk, clock),
            files=self.files,
            access=Access(Keys(store, clock, new_secret), calls),
            clock=clock,
            limits=Limits(body_bytes=MOST_BYTES, patience_bytes=4 * MOST_BYTES),
            link_key=LINKS.key,
        )

    async def rent(self, name: str = "Acme") -> Rented:
        """A new tenant with all that the conformance cases need, and a sandbox channel."""
        account = await self.accounts.add(name)
        made = {PartyKind.OPERATIONS: account}
        for kind in (PartyKind.VENDOR, PartyKind.CLIENT):
            made[kind] = await self.accounts.add_principal(str(account.tenant), f"{name} {kind}", Role.OWNER)
        async with self.store.begin() as tx:
            await tx.channels.add(account.tenant, "sandbox", {}, at=self.clock.now())
            principals = {kind: one.principal for kind, one in made.items()}
            await furnish(tx, account.tenant, self.clock, principals=principals)
        return Rented(account=account, tokens={kind: one.token for kind, one in made.items()})

    def client(self, token: str | None) -> httpx.AsyncClient:
        """An HTTP client that presents `token`."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(cast("Any", self.app), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://muster", headers=headers)

    def start(self) -> None:
        """Begin to dispatch."""
        kind = Notifications()
        rooms = Rooms(
            store=self.store,
            queue=self.queue,
            channels=self.channels,
            kinds={kind.name: kind},
            clock=self.clock,
            meter=Tally(),
            links=LINKS,
            media={"sandbox": frozenset(Medium)},
        )
        self._worker = Worker(rooms, name=f"worker-{secrets.token_hex(3)}", at_once=2)
        self._working = asyncio.create_task(self._worker.run())

    async def kill(self) -> None:
        """Let the worker drop whatever it holds."""
        assert self._working is not None
        self._working.cancel()
        with suppress(asyncio.CancelledError):
            await self._working
        self._working = None

    @property
    def addresses(self) -> list[str]:
        """Whom something was sent to, in any order."""
        return [message.address for message in self.channels.sandbox.outbox()] if self.channels.sandbox else []

    async def refill(self) -> None:
        """Give every chunk that waits a job, as a server does when it starts."""
        await Rescue(self.store, self.queue, self.clock).refill(alone=True)

    async def match(self) -> None:
        """Look again for what receipts speak of that came before their message was known to have left."""
        await Matching(self.store, self.desk, self.clock, keep=timedelta(hours=1)).run_once()

    async def receipts_told(self) -> None:
        """Wait until the sandbox has told everything it will, and it was matched."""
        if self.channels.sandbox:
            await self.channels.sandbox.close()
        await self.match()

    async def stop(self) -> None:
        """End what was begun and dispatch nothing more."""
        if self._worker and self._working:
            self._worker.stop()
            await self._working
        if self.channels.sandbox:
            with suppress(TimeoutError):
                await self.channels.sandbox.close()


class Api:
    """What a client of one tenant does, in few words. Calls with the operator's token."""

    def __init__(self, house: House, rented: Rented, clients: Mapping[PartyKind, httpx.AsyncClient]) -> None:
        self.house = house
        self.rented = rented
        self.http = clients[PartyKind.OPERATIONS]
        self.vendor = clients[PartyKind.VENDOR]
        self.client = clients[PartyKind.CLIENT]

    async def get(self, path: str, status: int = 200, **headers: str) -> Row:
        """What stands at a path below the door's prefix; `path` may hold a query."""
        answer = await self.http.get(f"{PREFIX}{path}", headers=headers)
        assert answer.status_code == status, answer.text
        found: Row = answer.json()
        return found

    async def rows(self, path: str) -> list[Row]:
        """The rows of a list."""
        rows: list[Row] = (await self.get(path))["data"]
        return rows

    async def total(self, path: str) -> int:
        """How many rows a list has."""
        sign = "&" if "?" in path else "?"
        total: int = (await self.get(f"{path}{sign}limit=0"))["$meta"]["pagination"]["total"]
        return total

    async def submit(self, **fields: object) -> httpx.Response:
        """Create a batch of `a_batch(**fields)`, as JSON."""
        return await self.http.post(BATCHES, json=a_batch(**fields))

    async def accepted(self, **fields: object) -> Row:
        """Create a batch that must be accepted."""
        answer = await self.submit(**fields)
        assert answer.status_code == 201, answer.text
        batch: Row = answer.json()
        return batch

    async def form(self, attachment: File | None = None, **fields: object) -> httpx.Response:
        """Create a batch as the vendor's client does: a form, its file before its JSON."""
        parts: list[tuple[str, File]] = [] if attachment is None else [("attachment", attachment)]
        parts.append(("batch", (None, msgspec.json.encode(a_batch(**fields)), "application/json")))
        return await self.http.post(BATCHES, files=parts)

    async def refused(self, **fields: object) -> Row:
        """The problem of a batch that must be refused."""
        answer = await self.submit(**fields)
        assert answer.status_code == 400, answer.text
        problem: Row = answer.json()
        return problem

    async def attached(self, name: str = "report.pdf") -> Row:
        """The attachment of a new batch."""
        answer = await self.form(attachment=(name, b"%PDF-1", "application/pdf"))
        assert answer.status_code == 201, answer.text
        (attachment,) = answer.json()["attachments"]
        found: Row = attachment
        return found

    async def today(self, category_id: str) -> Row:
        """The statistics of a category."""
        category = await self.get(f"/categories/{category_id}?select=statistics")
        today: Row = category["statistics"]["today"]
        return today

    async def disable_vendor(self) -> None:
        """Disable the vendor's token."""
        async with self.house.store.begin() as tx:
            await tx.directory.move_token(self.rented.tenant, TokenNumber(VENDOR), TokenState.DISABLED)

    async def hire(self, people: int) -> None:
        """Give the client so many more people who look after its buyer, each with a contact."""
        async with self.house.store.begin() as tx:
            await hire(tx, self.rented.tenant, people)

    async def ended(self, batch_id: str, status: str) -> Row:
        """The only message of a batch once it stands so, with all that is known of it."""
        async with asyncio.timeout(20):
            while [one["status"] for one in await self.messages(batch_id)] != [status]:
                await self.house.match()
                await asyncio.sleep(0.02)
        (message,) = await self.messages(batch_id)
        return await self.get(f"/messages/{message['id']}?select=audit")

    async def completed(self, batch_id: str) -> Row:
        """The batch once nothing of it is queued."""
        async with asyncio.timeout(60):
            while (found := await self.get(f"/batches/{batch_id}"))["status"] != "Completed":
                await asyncio.sleep(0.01)
        return found

    async def messages(self, batch_id: str, select: str = "") -> list[Row]:
        """The batch's messages."""
        more = f"&select={select}" if select else ""
        return await self.rows(f"/messages?limit=1000{more}&eq(batch.id,'{batch_id}')")

    async def statuses(self, batch_id: str) -> list[str]:
        """What became of each message of the batch, by position."""
        await self.completed(batch_id)
        return [one["status"] for one in await self.messages(batch_id)]


def a_batch(**fields: object) -> Row:
    """The body of a batch to Ann, unless `fields` say otherwise; a field that is None is left out."""
    body: Row = {
        "category": {"id": "NTC-0000-0006"},
        "subject": "Hello",
        "body": "<b>Hello</b>",
        "contacts": [{"id": "CTT-0000-0001"}],
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


def to(*addresses: str) -> Sequence[Row]:
    """`contacts` by e-mail address."""
    return [{"email": address} for address in addresses]

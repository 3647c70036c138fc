"""A whole server in one process, with record stores that are configured for the conformance cases."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, cast
from uuid import uuid4

import httpx
import msgspec
from litestar import Litestar

from muster.catalog.accounts import Accounts, NewAccount, new_secret
from muster.catalog.sessions import NewSession, Sessions
from muster.domain.ids import ChannelId, TenantId
from muster.domain.tenant import Role
from muster.engine.dispatcher import Links, Rooms
from muster.engine.worker import Worker
from muster.intake.allowance import Allowance
from muster.intake.control import Control
from muster.intake.record_batches import RecordBatchControl, RecordBatchIntake
from muster.intake.submit import Submit
from muster.intake.usage import PerMinute, Usage
from muster.kinds.record_batches.kind import RecordBatches
from muster.lookup.record_batches import RecordBatchLookup
from muster.ports.applying import Applier
from muster.ports.channel import ChannelHandle
from muster.queues.memory import MemoryQueue
from muster.records.amortization.desk import AmortizationDesk
from muster.records.applying import RecordApplier
from muster.records.books.desk import Books
from muster.records.configuring.blueprint import BlueprintDesk, read_blueprint
from muster.records.configuring.lists import ListDesk
from muster.records.configuring.samples import sample
from muster.records.dates.desk import DateDesk
from muster.records.desk import RecordDesk
from muster.records.entities.switching import TemplateSwitch
from muster.records.reading.finding import RecordFinder
from muster.records.work.blueprints import Blueprints
from muster.stores.database import SqlStore
from muster.surfaces.bodies import Limits
from muster.surfaces.problems import by_path
from muster.surfaces.record_batches.gate import Counts, Gate, Rules
from muster.surfaces.record_batches.problems import Problems
from muster.surfaces.record_batches.routes import Door, record_batches
from muster.surfaces.record_batches.wire.paths import PREFIX
from muster.upkeep.rescue import Rescue
from tests.fakes.clock import FakeClock
from tests.fakes.tally import Tally
from tests.surfaces.record_batches.signing import signed

Row = dict[str, Any]
"""A JSON object of an answer."""
Told = Any
"""Any JSON of an answer."""
MOST_BYTES = 1 << 20
EXCHANGE = f"{PREFIX}/auth/temporary-credentials"
_BASE = "http://muster.example"


class NoChannels:
    """Fulfils ports.channel.Channels: nothing is sent anywhere."""

    @asynccontextmanager
    async def borrow(self, tenant: TenantId, channel: ChannelId) -> AsyncGenerator[ChannelHandle]:
        """Never called: no kind of this house carries anything."""
        yield cast("ChannelHandle", (tenant, channel))


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """How a server is set up, where a test wants it otherwise."""

    plain: bool = True
    calls_per_second: float = 1e6
    calls_per_day: int = 500_000
    most_open: int = 10
    lock_seconds: float = 5


class Signing(httpx.Auth):
    """Signs each request with temporary credentials, at the clock's time."""

    requires_request_body = True

    def __init__(self, session: NewSession, clock: FakeClock) -> None:
        self._session = session
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """The request with an Authorization header, and those that the signature needs."""
        names = ("x-api-key", "content-type")
        made = signed(
            self._session.secret_key,
            request.method,
            str(request.url),
            at=self._clock.now(),
            data=request.content,
            headers=[(name, request.headers[name]) for name in names if name in request.headers],
            access_key=self._session.access_key,
            token=self._session.token,
        )
        request.headers.update(dict(made.headers))
        yield request


class House:
    """The server."""

    def __init__(self, store: SqlStore, clock: FakeClock, ways: Ways | None = None) -> None:
        self.store = store
        self.clock = clock
        self.ways = ways or Ways()
        self.queue = MemoryQueue()
        self.accounts = Accounts(store, clock, uuid4, seal=_seal)
        self.sessions = Sessions(store, clock, new_secret, seal=_seal, unseal=_unseal)
        self.submit = Submit(store, self.queue, clock, meter=Tally(), new_uuid=uuid4)
        self.blueprints = Blueprints(store)
        self.desk = RecordDesk(
            store, clock, patience=timedelta(seconds=self.ways.lock_seconds), blueprints=self.blueprints
        )
        self.applier: Applier = RecordApplier(self.desk)
        self.door = self._door()
        self.app = self.application(self.door)
        self._working: asyncio.Task[None] | None = None
        self._worker: Worker | None = None

    def application(self, door: Door) -> Litestar:
        """The door's HTTP."""
        problems = Problems(uuid4)
        return Litestar(
            route_handlers=[record_batches(door, problems)],
            exception_handlers={Exception: by_path({PREFIX: problems}, problems)},
            request_max_body_size=None,
            openapi_config=None,
            logging_config=None,
        )

    def _door(self) -> Door:
        store, clock, ways = self.store, self.clock, self.ways
        usage = Usage(store, clock, ways.calls_per_day)
        limits = Limits(body_bytes=MOST_BYTES)
        counts = Counts(
            calls=Allowance(ways.calls_per_second, ways.calls_per_second, monotonic),
            usage=usage,
            logins=PerMinute(clock, 300),
        )
        return Door(
            gate=Gate(self.sessions, counts, clock, limits=limits, rules=Rules(plain=ways.plain)),
            batches=RecordBatchIntake(store, self.submit, clock, new_uuid=uuid4, most_open=ways.most_open),
            control=RecordBatchControl(store, Control(store, self.queue, clock), clock),
            lookup=RecordBatchLookup(store),
            desk=self.desk,
            finder=RecordFinder(store, self.blueprints),
            blueprints=self.blueprints,
            dates=DateDesk(store, clock, self.blueprints),
            amortizing=AmortizationDesk(store, clock, self.blueprints),
            books=Books(store, clock, self.blueprints, desk=self.desk),
            switching=TemplateSwitch(store, clock, self.blueprints),
            lists=ListDesk(self.blueprints),
            usage=usage,
            clock=clock,
            limits=limits,
        )

    async def rent(self, name: str = "Acme", role: Role = Role.OWNER) -> NewAccount:
        """A new tenant with the record store of the conformance cases; its service account has `role`."""
        account = await self.accounts.add(name, role)
        blueprint = read_blueprint(sample("conformance"), form="toml")
        await BlueprintDesk(self.store, self.clock).configure(account.tenant, blueprint, account.principal)
        return account

    async def log_in(self, account: NewAccount) -> NewSession:
        """Temporary credentials of a service account."""
        return await self.sessions.make(account.tenant, account.access_key, account.secret_key)

    def client(self, headers: Mapping[str, str] | None = None, auth: httpx.Auth | None = None) -> httpx.AsyncClient:
        """An HTTP client."""
        transport = httpx.ASGITransport(cast("Any", self.app), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=_BASE, headers=headers, auth=auth)

    async def plain(self, account: NewAccount) -> httpx.AsyncClient:
        """A client that presents a session token and signs nothing."""
        session = await self.log_in(account)
        return self.client({"x-api-key": account.api_key, "Authentication": session.token})

    async def signing(self, account: NewAccount) -> httpx.AsyncClient:
        """A client that signs its requests."""
        return self.client({"x-api-key": account.api_key}, Signing(await self.log_in(account), self.clock))

    def start(self) -> None:
        """Begin to work on batches."""
        kind = RecordBatches()
        rooms = Rooms(
            store=self.store,
            queue=self.queue,
            channels=NoChannels(),
            kinds={kind.name: kind},
            clock=self.clock,
            meter=Tally(),
            links=Links(base="https://example.test/l", key=b"k" * 32, opt_out_base="https://example.test/u"),
            media={},
            applier=self.applier,
        )
        self._worker = Worker(rooms, name=f"worker-{secrets.token_hex(3)}", at_once=2)
        self._working = asyncio.create_task(self._worker.run())

    async def kill(self) -> None:
        """Let the worker drop whatever it holds."""
        assert self._working is not None
        while not self._working.done():
            # The queue answers the first one by waiting for its jobs, and only another one by dropping them.
            self._working.cancel()
            await asyncio.wait([self._working], timeout=0.05)
        self._working = None

    async def refill(self) -> None:
        """Give every chunk that waits a job, as a server does when it starts."""
        await Rescue(self.store, self.queue, self.clock).refill(alone=True)

    async def stop(self) -> None:
        """End what was begun and work on nothing more."""
        if self._worker and self._working:
            self._worker.stop()
            await self._working
            self._working = None


class Api:
    """What a client of one tenant does, in few words."""

    def __init__(self, house: House, account: NewAccount, http: httpx.AsyncClient) -> None:
        self.house = house
        self.account = account
        self.http = http

    async def get(self, path: str, status: int = 200) -> Told:
        """What stands at a path below the door's prefix."""
        return told(await self.http.get(f"{PREFIX}{path}"), status)

    async def post(self, path: str, body: object, status: int = 200) -> Told:
        """What posting JSON there is answered."""
        return told(await self.http.post(f"{PREFIX}{path}", json=body), status)

    async def put(self, path: str, body: object = None, status: int = 200) -> Told:
        """What putting JSON there is answered."""
        return told(await self.http.put(f"{PREFIX}{path}", json=body), status)

    async def delete(self, path: str, status: int = 200) -> Told:
        """What deleting there is answered."""
        return told(await self.http.delete(f"{PREFIX}{path}"), status)

    async def submit(self, method: str, records: object = None, **fields: object) -> httpx.Response:
        """Create a batch. Records by char type; `relationships`, `batchOptions` and others as fields."""
        body: Row = {"method": method, "records": records or {}, **fields}
        return await self.http.post(f"{PREFIX}/batch", json=body)

    async def ran(self, method: str, records: object = None, **fields: object) -> Row:
        """Create a batch that must be accepted, and wait for its end: the batch with its results."""
        answer = await self.submit(method, records, **fields)
        return await self.ended(told(answer, 202)["batchId"])

    async def ended(self, number: int) -> Row:
        """A batch once it has ended. The server must have been started."""
        async with asyncio.timeout(30):
            while True:
                batch: Row = await self.get(f"/batch/{number}")
                if batch["batchStatus"] not in {"Created", "InProgress"}:
                    return batch
                await asyncio.sleep(0.02)


def told(answer: httpx.Response, status: int) -> Told:
    """The JSON of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


def texts(entries: Sequence[Row]) -> list[tuple[int, str]]:
    """Codes and messages of the entries of a result."""
    return [(entry["code"], entry["message"]) for entry in entries]


def at(text: str) -> datetime:
    """A moment of an answer."""
    return datetime.fromisoformat(text)


def _seal(secret: str) -> str:
    return f"sealed:{secret}"


def _unseal(sealed: str) -> str:
    return sealed.removeprefix("sealed:")

"""A whole server in one process: the door's HTTP, store, queue, worker and a sandbox instead of a provider."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import msgspec
from litestar import Litestar

from muster.catalog.accounts import Accounts, NewAccount, new_secret
from muster.catalog.keys import Keys
from muster.catalog.templates import TemplateCatalog
from muster.channels.sandbox.channel import SandboxChannel
from muster.channels.sandbox.options import SandboxOptions
from muster.domain.ids import ChannelId, TenantId, WorkflowId
from muster.domain.parcel import Medium
from muster.domain.progress import awaiting
from muster.domain.retry import RetryPolicy, UnknownPolicy
from muster.domain.tenant import Role
from muster.engine.dispatcher import Links, Rooms
from muster.engine.worker import Worker
from muster.intake.allowance import Allowance
from muster.intake.control import Control
from muster.intake.submit import Submit
from muster.intake.workflows import Means, WorkflowControl
from muster.journey.guide import Guide, Visit
from muster.kinds.kind import Kind, Terms
from muster.kinds.workflow_batches import WorkflowBatches
from muster.kinds.workflow_batches.kind import SINGLE, link_token
from muster.kinds.workflow_batches.notices import WorkflowNotices
from muster.lookup.batches import BatchLookup
from muster.lookup.entries import EntryLookup
from muster.lookup.workflows import WorkflowLookup
from muster.payments.sandbox import SandboxPayments
from muster.queues.memory import MemoryQueue
from muster.settle.courses import Courses
from muster.settle.receipts import ReceiptDesk
from muster.stores.database import SqlStore
from muster.surfaces.access import Access
from muster.surfaces.bodies import Limits
from muster.surfaces.problems import by_path
from muster.surfaces.workflow_batches import wire
from muster.surfaces.workflow_batches.problems import Problems
from muster.surfaces.workflow_batches.routes import Door, workflow_batches
from muster.upkeep.deadlines import Deadlines
from muster.upkeep.matching import Matching
from muster.upkeep.notices import Notices
from muster.upkeep.rescue import Rescue
from tests.fakes.clock import FakeClock

Row = dict[str, Any]
"""A JSON object of an answer."""
Steps = Sequence[Mapping[str, object]]
LINKS = Links(base="https://example.test/l", key=b"k" * 32)
TERMS = Terms()
KINDS: Sequence[Kind] = (WorkflowBatches(), WorkflowBatches(SINGLE), WorkflowNotices())
OK = {"phoneNumber": "+16475550100"}
REFUND: Steps = [
    {"name": "notification"},
    {"name": "customer-account"},
    {"name": "financial-account", "input": {"preDefined": {"financialAccountSubType": "DEBIT"}}},
]
FORM = {
    "first_name": "Jo",
    "last_name": "Doe",
    "email": "jo@example.test",
    "number": "4242424242424242",
    "expires": "2030-01",
    "holder": "Jo Doe",
}
"""What a customer writes into the fields of the template Refund."""
PAY: Steps = [
    {"name": "notification"},
    {"name": "lookup-profile"},
    {"name": "lookup-financial-account"},
    {
        "name": "move-money",
        "input": {
            "preDefined": {"transactionType": "SEND", "solution": "ach", "currency": "USD", "priority": "SAME_DAY"}
        },
    },
]


class Silent:
    """Fulfils ports.meter and measures nothing."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Nothing."""

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Nothing."""

    def level(self, name: str, value: float, **labels: str) -> None:
        """Nothing."""


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
        self.desk = desk
        self._clock = clock
        self.sandbox: SandboxChannel | None = None

    @asynccontextmanager
    async def borrow(self, tenant: TenantId, channel: ChannelId) -> AsyncIterator[Handle]:
        """The sandbox."""
        if self.sandbox is None:
            options = SandboxOptions(delay_ms=0, late_ms=0, keep=20_000)
            self.sandbox = SandboxChannel(options, receipts=self.desk.sink(tenant, channel), clock=self._clock)
            self.sandbox.start()
        yield Handle(channel, self.sandbox)

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Address and text of every message that left, newest first."""
        return [(m.address, m.text) for m in self.sandbox.outbox()] if self.sandbox else []


class House:
    """The server, and one account on it."""

    def __init__(self, store: SqlStore, clock: FakeClock, *, limits: Limits | None = None, burst: float = 1e6) -> None:
        self.store = store
        self.clock = clock
        self.queue = MemoryQueue()
        self.accounts = Accounts(store, clock, uuid4, seal=lambda secret: secret)
        self.keys = Keys(store, clock, new_secret)
        self.channels = OneSandbox(ReceiptDesk(store, clock, Silent(), comparable=str.lower), clock)
        self.guide = Guide(store, SandboxPayments(clock), clock)
        self.submit = Submit(store, self.queue, clock, meter=Silent(), new_uuid=uuid4)
        control = Control(store, self.queue, clock)
        self._door = Door(
            submit=self.submit,
            control=control,
            batches=BatchLookup(store),
            entries=EntryLookup(store),
            templates=TemplateCatalog(store, clock, uuid4),
            workflows=WorkflowLookup(store),
            workflow_control=WorkflowControl(
                store,
                clock,
                Means(submit=self.submit, control=control, kind=WorkflowBatches(SINGLE), link_key=LINKS.key),
            ),
            access=Access(self.keys, Allowance(burst / 10, burst, monotonic)),
            limits=limits or Limits(),
        )
        problems = Problems(clock, uuid4)
        self.app = Litestar(
            route_handlers=[workflow_batches(self._door, problems)],
            exception_handlers={Exception: by_path(dict.fromkeys(wire.PATHS, problems), problems)},
            logging_config=None,
        )
        self._working: asyncio.Task[None] | None = None
        self._worker: Worker | None = None

    async def account(self, name: str = "Acme", role: Role = Role.OWNER) -> NewAccount:
        """A new account with a sandbox channel."""
        made = await self.accounts.add(name, role)
        async with self.store.begin() as tx:
            await tx.channels.add(made.tenant, "sandbox", {}, at=self.clock.now())
        return made

    def client(self, token: str | None) -> httpx.AsyncClient:
        """An HTTP client that presents `token`."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(cast("Any", self.app), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://muster", headers=headers)

    def start(self) -> None:
        """Begin to dispatch."""
        rooms = Rooms(
            store=self.store,
            queue=self.queue,
            channels=self.channels,
            kinds={kind.name: kind for kind in KINDS},
            clock=self.clock,
            meter=Silent(),
            links=LINKS,
            media={"sandbox": frozenset({Medium.TEXT})},
            terms=TERMS,
        )
        self._worker = Worker(rooms, name=f"worker-{secrets.token_hex(3)}", at_once=2)
        self._working = asyncio.create_task(self._worker.run())

    async def refill(self) -> None:
        """Give every chunk that waits a job, as a server does when it starts."""
        await Rescue(self.store, self.queue, self.clock).refill(alone=True)

    async def upkeep(self) -> None:
        """What happens unasked because time has passed: reminders, ends, and the texts that go with them."""
        deadlines = Deadlines(self.store, self.clock, TERMS, courses=Courses())
        await deadlines.run_once()
        await Notices(self.store, self.clock, self.submit.keep, new_uuid=uuid4).run_once()

    async def visit(self, workflow_id: str) -> Visit:
        """What the customer of a workflow finds behind their link."""
        found = await self.guide.find(link_token(LINKS.key, UUID(workflow_id)))
        assert found is not None
        return found

    def link_of(self, workflow_id: str) -> str:
        """The link in the texts to the customer of a workflow."""
        return f"{LINKS.base}/{link_token(LINKS.key, UUID(workflow_id))}"

    async def texts_reach(self, number: int) -> None:
        """Wait until so many texts have left."""
        async with asyncio.timeout(60):
            while len(self.channels.texts) < number:
                await asyncio.sleep(0.01)

    async def complete(self, workflow_id: str) -> None:
        """Be a customer who does whatever is asked."""
        while (visit := await self.visit(workflow_id)).ask is not None:
            form = {field.name: FORM[field.name] for field in visit.ask.fields}
            faults = await self.guide.answer(visit, visit.workflow.step, form)
            assert list(faults) == []

    async def receipts_told(self) -> None:
        """Wait until the sandbox has told everything it will, and it was matched."""
        if self.channels.sandbox:
            await self.channels.sandbox.close()
        await Matching(self.store, self.channels.desk, self.clock, keep=timedelta(hours=1)).run_once()

    async def stop(self) -> None:
        """End what was begun and dispatch nothing more."""
        if self._worker and self._working:
            self._worker.stop()
            await self._working
        if self.channels.sandbox:
            with suppress(TimeoutError):
                await self.channels.sandbox.close()


class Api:
    """What a client of one account does, in few words."""

    def __init__(self, house: House, account: NewAccount, client: httpx.AsyncClient) -> None:
        self.house = house
        self.account = account
        self.http = client
        self.templates: dict[str, str] = {}

    async def template(self, name: str, steps: Steps, **more: object) -> str:
        """Make a template; its id."""
        body = {"name": name, "displayName": name, "definition": {"steps": steps}, **more}
        made = await self.http.post(wire.TEMPLATES, json=body)
        assert made.status_code == 201, made.text
        self.templates[name] = made.json()["templateId"]
        return self.templates[name]

    async def move(self, name: str, state: str) -> httpx.Response:
        """Put a template in another state."""
        return await self.http.put(f"{wire.TEMPLATES}/{self.templates[name]}/state", json={"state": state})

    async def submit(self, *entries: object, **header: object) -> httpx.Response:
        """Create a batch from the template Refund unless `header` says otherwise."""
        return await self.http.post(wire.BATCHES, json=a_batch(*entries, **header))

    async def accepted(self, *entries: object, **header: object) -> str:
        """Create a batch that must be accepted; its id."""
        answer = await self.submit(*entries, **header)
        assert answer.status_code == 201, answer.text
        batch_id: str = answer.json()["batchId"]
        return batch_id

    async def batch(self, batch_id: str) -> Row:
        """The batch as it stands."""
        answer = await self.http.get(f"{wire.BATCHES}/{batch_id}")
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()
        return found

    async def settled(self, batch_id: str) -> Row:
        """The batch once nothing of it waits."""
        async with asyncio.timeout(60):
            while (found := await self.batch(batch_id))["status"] in {"NEW", "QUEUED"}:
                await asyncio.sleep(0.01)
        return found

    async def entries(self, batch_id: str, **query: str | int) -> list[Row]:
        """A page of the batch's entries."""
        answer = await self.http.get(f"{wire.BATCHES}/{batch_id}/entries", params=query)
        assert answer.status_code == 200, answer.text
        content: list[Row] = answer.json()["content"]
        return content

    async def made(self, **body: object) -> str:
        """Create a workflow from the template Refund unless `body` says otherwise; its id."""
        answer = await self.http.post(wire.WORKFLOWS, json=a_request(**body))
        assert answer.status_code == 201, answer.text
        workflow_id: str = answer.json()["workflowId"]
        return workflow_id

    async def workflow(self, workflow_id: str) -> Row:
        """The workflow as it stands."""
        answer = await self.http.get(f"{wire.WORKFLOWS}/{workflow_id}")
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()
        return found

    async def sent(self, workflow_id: str) -> Row:
        """The workflow once it is known what became of its text."""
        async with asyncio.timeout(60):
            while await self._waits(WorkflowId(UUID(workflow_id))):
                await asyncio.sleep(0.01)
        return await self.workflow(workflow_id)

    async def _waits(self, workflow: WorkflowId) -> bool:
        """Whether its text has still to leave, or is just leaving."""
        async with self.house.store.read() as tx:
            batch = (await tx.workflows.get(self.account.tenant, workflow)).batch
            return awaiting((await tx.batches.get(self.account.tenant, batch)).counts) > 0

    async def workflows(self, **query: str | int) -> list[Row]:
        """A page of workflows."""
        answer = await self.http.get(wire.WORKFLOWS, params=query)
        assert answer.status_code == 200, answer.text
        content: list[Row] = answer.json()["content"]
        return content

    async def history(self, workflow_id: str) -> list[Row]:
        """The texts sent about the workflow."""
        answer = await self.http.get(f"{wire.WORKFLOWS}/{workflow_id}/notifications/history")
        assert answer.status_code == 200, answer.text
        texts: list[Row] = answer.json()
        return texts

    async def total(self) -> int:
        """How many batches there are."""
        total: int = (await self.http.get(wire.BATCHES)).json()["totalElements"]
        return total


def entry(parameters: object, **more: object) -> dict[str, object]:
    """One entry of a batch."""
    return {"title": "t", "parameters": parameters, **more}


def a_batch(*entries: object, **header: object) -> Row:
    """The body of a batch of these entries."""
    use = header.pop("useTemplate", {"templateName": "Refund"})
    return {
        "header": {"useTemplate": use, "requestsInBatch": len(entries), **header},
        "payload": {"batchEntries": list(entries)},
    }


def a_request(**fields: object) -> Row:
    """The body of a single workflow; a field that is None is left out."""
    steps = {} if "steps" in fields or "templateId" in fields else {"templateName": "Refund"}
    body = {"title": "t", "parameters": OK, **steps, **fields}
    return {name: value for name, value in body.items() if value is not None}


def basic(key: str, secret: str) -> dict[str, str]:
    """The header that presents an API key."""
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}


def codes(answer: httpx.Response) -> list[tuple[str, str]]:
    """Path and code of every fault an answer names."""
    return [(fault["path"], fault["errorCode"]) for fault in answer.json()["errors"]]


def faults(row: Row) -> list[tuple[str, str]]:
    """Field and code of every fault of an entry."""
    return [(fault["fieldName"], fault["code"]) for fault in row["fieldErrors"]]

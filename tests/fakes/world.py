"""A whole engine around one store: one tenant, one scripted channel, a queue and a clock that the test moves."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from muster.domain.batch import FINAL, Batch
from muster.domain.chunk import ChunkRef
from muster.domain.entry import OPEN, Entry, EntryState, NewEntry
from muster.domain.ids import BatchId, ChannelId, PrincipalId, TenantId, entry_id
from muster.domain.parcel import Medium
from muster.domain.progress import awaiting
from muster.domain.receipt import Receipt, Verdict
from muster.domain.tenant import Principal, Role
from muster.engine.dispatcher import Dispatcher, Links, Rooms
from muster.engine.throttle import Pace
from muster.intake.control import Control
from muster.intake.submit import Submission, Submit
from muster.ports.queue import Queue
from muster.ports.store.batches import Page
from muster.ports.store.suppressions import Suppression
from muster.ports.store.unit import Store
from muster.settle.receipts import ReceiptDesk
from muster.upkeep.due import Due
from muster.upkeep.matching import Matching, Overdue
from muster.upkeep.rescue import Rescue
from tests.fakes.clock import FakeClock
from tests.fakes.plain_kind import PlainKind
from tests.fakes.scripted_channel import Handle, OneChannel, ScriptedChannel
from tests.fakes.step_queue import StepQueue
from tests.fakes.tally import Tally

PACE = Pace()
_EVERYTHING = Page(0, 100_000)


def an_entry(position: int, *, state: EntryState = EntryState.ACCEPTED, payload: str = "hello") -> NewEntry:
    """An entry as intake stores it, each for an address of its own."""
    reason = "invalid_address" if state is EntryState.REJECTED else None
    return NewEntry(position, state, f"R{position}", payload, reason)


def some(size: int) -> list[NewEntry]:
    """`size` accepted entries."""
    return [an_entry(position) for position in range(size)]


class World:
    """What one process holds, and shorthands for what happens to it. Made by `settled`."""

    def __init__(self, store: Store, clock: FakeClock, queue: Queue | None = None) -> None:
        self.store = store
        self.clock = clock
        self.steps = StepQueue()
        self.queue = queue or self.steps
        self.meter = Tally()
        self.channel = ScriptedChannel()
        self.handle = Handle(self.channel)
        self.channels = OneChannel(self.handle)
        self.stopping = False
        self.who = Principal(id=PrincipalId(uuid4()), tenant=TenantId(0), role=Role.OWNER)
        self.channel_id = ChannelId(0)
        self.submit = Submit(store, self.queue, clock, meter=self.meter, new_uuid=uuid4)
        self.control = Control(store, self.queue, clock)
        self.desk = ReceiptDesk(store, clock, self.meter, comparable=str.lower)
        self.rescue = Rescue(store, self.queue, clock)
        self.due = Due(store, self.queue, clock)
        self.matching = Matching(store, self.desk, clock, keep=timedelta(hours=1))
        self.overdue = Overdue(store, clock, wait=timedelta(hours=12))

    @classmethod
    async def settled(cls, store: Store, clock: FakeClock, queue: Queue | None = None) -> "World":
        """A world with its tenant and its channel in the store."""
        world = cls(store, clock, queue)
        await world.move_in()
        return world

    async def move_in(self, name: str = "acme") -> None:
        """Make the tenant and the channel this world works for."""
        async with self.store.begin() as tx:
            tenant = await tx.accounts.across_tenants_add(account_id=uuid4(), name=name, at=self.clock.now())
            self.channel_id = await tx.channels.add(tenant, "sandbox", {}, at=self.clock.now())
        self.who = Principal(id=PrincipalId(uuid4()), tenant=tenant, role=Role.OWNER)

    @property
    def rooms(self) -> Rooms:
        """What a worker of this world works with."""
        return Rooms(
            store=self.store,
            queue=self.queue,
            channels=self.channels,
            kinds={"plain": PlainKind()},
            clock=self.clock,
            meter=self.meter,
            links=Links(base="https://example.test", key=b"key"),
            media={"sandbox": frozenset(Medium), "smpp": frozenset({Medium.TEXT})},
        )

    def dispatcher(self, name: str = "one", pace: Pace = PACE) -> Dispatcher:
        """One worker's dispatcher."""
        return Dispatcher(self.rooms, worker=name, pace=pace, stopping=lambda: self.stopping)

    async def send(self, entries: int | Sequence[NewEntry]) -> Batch:
        """Submit a batch."""
        made = some(entries) if isinstance(entries, int) else entries
        submitted = await self.submit(self.who, a_submission(made))
        return await self.batch(submitted.batch)

    async def step(self, name: str = "one", pace: Pace = PACE) -> ChunkRef | None:
        """Work on the next job to its end; which it was, None when none waits."""
        ref = self.steps.take()
        if ref is not None:
            try:
                await self.dispatcher(name, pace).run(ref)
            finally:
                self.steps.ended(ref)
        return ref

    async def work(self) -> None:
        """Work on every job until none waits."""
        while await self.step() is not None:
            pass

    async def wait(self, step: timedelta) -> None:
        """Let time pass, and do the chores of upkeep once."""
        self.clock.advance(step)
        await self.due.run_once()
        await self.rescue.run_once()
        await self.matching.run_once()

    async def finish_dispatching(self, batch: BatchId, *, within: int = 50) -> None:
        """Work and let time pass until nothing of the batch has still to be dispatched."""
        for _ in range(within):
            await self.work()
            if not awaiting(await self.counts(batch)):
                return
            await self.wait(timedelta(minutes=2))
        raise AssertionError(f"the batch is not dispatched: {await self.counts(batch)}")

    async def finish(self, batch: BatchId, *, within: int = 50) -> Batch:
        """Work and let time pass until the batch has ended."""
        for _ in range(within):
            await self.work()
            found = await self.batch(batch)
            if found.state in FINAL:
                return found
            await self.wait(timedelta(minutes=2))
        raise AssertionError(f"the batch does not end: {await self.counts(batch)}")

    async def tell(self, *receipts: Receipt) -> None:
        """Let the provider report."""
        await self.desk.sink(self.who.tenant, self.channel_id)(receipts)

    def a_receipt(self, ref: str, verdict: Verdict = Verdict.ARRIVED, **more: str) -> Receipt:
        """What the provider says of `ref`."""
        return Receipt(ref=ref, verdict=verdict, received_at=self.clock.now(), code=more.get("code", ""))

    async def tell_all_arrived(self, batch: Batch) -> None:
        """Report the first attempt of every entry that was carried as arrived."""
        keys = [str(entry_id(batch.id, position)) for position in range(batch.total)]
        await self.tell(*(self.a_receipt(f"{key}/0") for key in keys if self.channel.arrivals[key]))

    async def opt_out(self, *addresses: str) -> None:
        """Put addresses on the list of whom not to reach."""
        at = self.clock.now()
        async with self.store.begin() as tx:
            listed = [Suppression(address=one, source="test", created_at=at) for one in addresses]
            await tx.suppressions.add(self.who.tenant, listed)

    async def batch(self, batch: BatchId) -> Batch:
        """The batch as it stands."""
        async with self.store.read() as tx:
            return await tx.batches.get(self.who.tenant, batch)

    async def counts(self, batch: BatchId) -> dict[EntryState, int]:
        """The counts of the batch that are not zero."""
        return {state: n for state, n in (await self.batch(batch)).counts.items() if n}

    async def entries(self, batch: Batch) -> Sequence[Entry]:
        """Every entry of the batch, by position."""
        async with self.store.read() as tx:
            found = await tx.entries.find(self.who.tenant, batch.number, states=None, order=(), page=_EVERYTHING)
        return found[1]

    async def check_laws(self) -> None:
        """Conservation, in the counts and in the entries; and nothing open in what has ended."""
        async with self.store.read() as tx:
            assert list(await tx.batches.across_tenants_broken(limit=5)) == []

    async def check_laws_of(self, batch: BatchId) -> None:
        """The laws, for one batch in detail."""
        await self.check_laws()
        found = await self.batch(batch)
        assert sum(found.counts.values()) == found.total
        if found.state in FINAL:
            assert not any(found.counts[state] for state in OPEN)
        for entry in await self.entries(found):
            times = self.channel.arrivals[str(entry_id(found.id, entry.position))]
            assert times <= 1 + entry.repeats, f"entry {entry.position} left {times} times"


def a_submission(entries: Sequence[NewEntry], *, key: str | None = None, fingerprint: bytes = b"one") -> Submission:
    """A batch of the plain kind without a template."""
    return Submission(
        kind="plain",
        title="Refunds",
        template=None,
        entries=lambda _template: entries,
        idempotency_key=key,
        scope="test",
        fingerprint=fingerprint,
    )

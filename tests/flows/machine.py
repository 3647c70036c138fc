"""What can happen to an engine, and what must hold after each of it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import ClassVar, TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from muster.domain.batch import FINAL, BatchState
from muster.domain.chunk import ChunkRef
from muster.domain.entry import OPEN, EntryState, NewEntry
from muster.domain.errors import WrongState
from muster.domain.ids import BatchId, BatchNumber, entry_id
from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown, Unsent
from muster.domain.parcel import Parcel
from muster.domain.receipt import Verdict
from muster.domain.retry import UnknownPolicy
from muster.engine.dispatcher import Dispatcher
from muster.engine.throttle import Pace
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.fakes.clock import FakeClock
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.step_log import LEGAL, StepLog
from tests.fakes.world import World, a_submission

T = TypeVar("T")
Databases = Callable[[], AbstractContextManager[str]]

FAILURES: Mapping[str, Outcome] = {
    "busy_once": Deferred("busy"),
    "always_busy": Deferred("busy"),
    "unsent_once": Unsent("connection_lost"),
    "refused": Refused("blocked"),
}
FATES = ("arrives", "bounces", "parts", "silent", "confirmed", "lost", *FAILURES)
"""What the provider does with an address that begins so."""
OPTED_OUT, REJECTED = "opted_out", "rejected"
SIZES = st.one_of(st.integers(1, 30), st.sampled_from([199, 200, 201, 499, 500, 501, 1_001, 1_200]))
MIXTURES = st.lists(st.sampled_from((*FATES, OPTED_OUT, REJECTED)), min_size=1, max_size=5)
SHORT, LEASE = timedelta(seconds=2), Pace().lease


class SlowWorker:
    """A worker that stands still before each transaction and in the middle of each window, until it is let go on."""

    def __init__(self, world: World, ref: ChunkRef) -> None:
        self.ref = ref
        self._credit = 0
        self._go_on = asyncio.Event()
        self._stands = asyncio.Event()
        store = FlakyStore(world.store)
        store.before = self.stand
        rooms = msgspec.structs.replace(world.rooms, store=store)
        dispatcher = Dispatcher(rooms, worker="slow", pace=Pace(), stopping=lambda: False)
        self.task = asyncio.create_task(self._run(world, dispatcher, ref))

    async def _run(self, world: World, dispatcher: Dispatcher, ref: ChunkRef) -> None:
        try:
            await dispatcher.run(ref)
        finally:
            world.steps.ended(ref)

    async def stand(self) -> None:
        """Stand still until let go on."""
        while not self._credit:
            self._go_on.clear()
            self._stands.set()
            await self._go_on.wait()
        self._credit -= 1

    async def go_on(self, strides: int) -> None:
        """Pass `strides` places to stand at, or come to the end."""
        if self.task.done():
            return
        self._stands.clear()
        self._credit += strides
        self._go_on.set()
        standing = asyncio.create_task(self._stands.wait())
        await asyncio.wait([self.task, standing], return_when=asyncio.FIRST_COMPLETED)
        standing.cancel()
        if self.task.done():
            await self.task

    async def die(self) -> None:
        """Never go on."""
        self.task.cancel()
        await asyncio.wait([self.task])


class Machine(RuleBasedStateMachine):
    """One engine and one provider. Made for a database by `on`."""

    databases: ClassVar[tuple[Databases]]
    """What makes a fresh one (in a tuple, because a bare function would become a method)."""
    vault: ClassVar[Vault]
    batches = Bundle("batches")
    slow = Bundle("slow")

    @classmethod
    def on(cls, databases: Databases, vault: Vault) -> "type[Machine]":
        """The machine, each example on a fresh database of `databases`."""
        return type("MachineOnDatabase", (cls,), {"databases": (databases,), "vault": vault})

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.database = self.databases[0]()
        url = self.database.__enter__()
        self.steps = StepLog(url)
        self.store: SqlStore = self.do(self._open(url))
        self.clock = FakeClock()
        self.world = self.do(World.settled(self.store, self.clock))
        self.world.channel.answer = self.answer
        self.world.channel.during = self.during
        self.slow_ones: dict[asyncio.Task[None] | None, SlowWorker] = {}
        self.window_takes = timedelta()
        self.tries: dict[str, int] = {}
        self.news: list[tuple[str, Verdict]] = []
        self.sent: list[BatchId] = []
        self.numbered: dict[BatchNumber, BatchId] = {}
        self.names = 0

    def do(self, work: Coroutine[object, object, T]) -> T:
        """Run `work` on this example's event loop."""
        return self.runner.run(work)

    async def _open(self, url: str) -> SqlStore:
        await self.steps.watch()
        return open_store(url, vault=self.vault)

    # What the provider does.

    def answer(self, parcel: Parcel) -> Outcome:
        """By the fate that the address names."""
        fate = parcel.address.split("-")[0]
        tried = self.tries[parcel.key] = self.tries.get(parcel.key, 0) + 1
        again = FAILURES.get(fate)
        if again is not None and (tried == 1 or not fate.endswith("_once")):
            return again
        ref = f"{parcel.key}/{tried}"
        refs = (f"{ref}.0", f"{ref}.1") if fate == "parts" else (ref,)
        if fate not in {"silent", "confirmed"}:
            verdict = Verdict.BOUNCED if fate == "bounces" else Verdict.ARRIVED
            self.news += [(one, verdict) for one in refs]
        if fate == "lost":
            return Unknown("answer_lost", refs=refs)
        return Carried(refs, segments=len(refs), confirmed=fate == "confirmed")

    async def during(self, _parcels: Sequence[Parcel]) -> None:
        """A window takes its time, and a slow worker stands still in the middle of it."""
        self.clock.advance(self.window_takes)
        worker = self.slow_ones.get(asyncio.current_task())
        if worker is not None:
            await worker.stand()

    # What can happen.

    @initialize(prefer_arrival=st.booleans(), rate=st.sampled_from([None, 50.0]))
    def open_the_channel(self, prefer_arrival: bool, rate: float | None) -> None:  # noqa: FBT001 - drawn by Hypothesis
        self.world.handle.unknown = UnknownPolicy(prefer_arrival=prefer_arrival)
        self.world.handle.rate = rate

    @rule(target=batches, size=SIZES, fates=MIXTURES)
    def submit(self, size: int, fates: list[str]) -> BatchId:
        entries = [self.an_entry(position, fates[position % len(fates)]) for position in range(size)]
        if OPTED_OUT in fates:
            self.do(self.world.opt_out(*(e.address for e in entries if e.address.startswith(OPTED_OUT))))
        submitted = self.do(self.world.submit(self.world.who, a_submission(entries)))
        self.sent.append(submitted.batch)
        self.numbered[self.do(self.world.batch(submitted.batch)).number] = submitted.batch
        return submitted.batch

    def an_entry(self, position: int, fate: str) -> NewEntry:
        """An entry for an address of its own in this story."""
        self.names += 1
        state = EntryState.REJECTED if fate == REJECTED else EntryState.ACCEPTED
        return NewEntry(position, state, f"{fate}-{self.names}", "hello")

    @rule(steps=st.integers(1, 4), takes=st.sampled_from([0, 1]))
    def dispatch(self, steps: int, takes: int) -> None:
        self.window_takes = timedelta(seconds=takes)
        for _ in range(steps):
            self.do(self.world.step())

    @rule(target=slow, strides=st.sampled_from([1, 3, 3, 4, 4, 5]))
    def begin_slowly(self, strides: int) -> object:
        """A worker takes a job, and stands still after a few strides."""
        worker = self.do(self._begin_slowly(strides))
        return multiple() if worker is None else worker

    async def _begin_slowly(self, strides: int) -> SlowWorker | None:
        ref = self.world.steps.take()
        if ref is None:
            return None
        worker = SlowWorker(self.world, ref)
        self.slow_ones[worker.task] = worker
        await worker.go_on(strides)
        return None if worker.task.done() else worker

    @rule(worker=slow, strides=st.integers(1, 3))
    def go_on_slowly(self, worker: SlowWorker, strides: int) -> None:
        self.do(worker.go_on(strides))

    @rule(worker=slow, strides=st.integers(1, 2))
    def pause_for_a_moment(self, worker: SlowWorker, strides: int) -> None:
        """Pause and resume a batch while a worker goes a few strides on it."""
        batch = self.numbered[worker.ref.batch]
        self.pause(batch)
        self.do(worker.go_on(strides))
        self.resume(batch)

    @rule(worker=consumes(slow))
    def come_back(self, worker: SlowWorker) -> None:
        self.do(worker.go_on(1_000))

    @rule(worker=consumes(slow))
    def die(self, worker: SlowWorker) -> None:
        self.do(worker.die())

    @rule()
    def restart(self) -> None:
        """The process ends with its queue, and the next one fills a queue of its own from the store."""
        self.world.steps.forget()
        self.do(self.world.rescue.refill(alone=False))

    @rule()
    def offer_a_job_twice(self) -> None:
        ref = self.world.steps.take()
        if ref is not None:
            self.world.steps.ended(ref)
            self.world.steps.offer_again(ref)
            self.world.steps.offer_again(ref)

    @rule(batch=batches)
    def pause(self, batch: BatchId) -> None:
        self.attempt(self.world.control.pause(self.world.who, batch))

    @rule(batch=batches)
    def resume(self, batch: BatchId) -> None:
        self.attempt(self.world.control.resume(self.world.who, batch))

    @rule(batch=batches, withdraw=st.booleans())
    def cancel(self, batch: BatchId, withdraw: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        self.attempt(self.world.control.cancel(self.world.who, batch, withdraw=withdraw))

    def attempt(self, work: Coroutine[object, object, object]) -> None:
        """Do what may be illegal in the present state."""
        try:
            self.do(work)
        except WrongState:
            return

    @rule(share=st.sampled_from([1, 2, 5]), backwards=st.booleans(), twice=st.booleans())
    def report(self, share: int, backwards: bool, twice: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """Every `share`th piece of news, some of it early (its worker stands still) or twice."""
        told = self.news[::-share] if backwards else self.news[::share]
        kept = set(told)
        self.news = [one for one in self.news if one not in kept]
        self.do(self.world.tell(*(self.world.a_receipt(*one) for one in told * (2 if twice else 1))))

    @rule()
    def report_on_nothing_we_know(self) -> None:
        self.do(self.world.tell(self.world.a_receipt("nobody's"), self.world.a_receipt("nobody's", Verdict.BOUNCED)))

    @rule(step=st.sampled_from([SHORT, timedelta(seconds=10), LEASE + SHORT]))
    def pass_time(self, step: timedelta) -> None:
        self.do(self.world.wait(step))

    @rule()
    def fill_the_rest_of_the_day(self) -> None:
        """What nobody reported on for hours is given up."""
        self.do(self.world.wait(timedelta(hours=13)))
        self.do(self.world.overdue.run_once())

    # What must hold.

    @invariant()
    def the_laws_hold(self) -> None:
        self.do(self.world.check_laws())
        for batch in self.sent:
            found = self.do(self.world.batch(batch))
            assert sum(found.counts.values()) == found.total
            assert not (found.state in FINAL and any(found.counts[state] for state in OPEN))

    @invariant()
    def nothing_leaves_twice_unless_it_is_marked(self) -> None:
        doubled = {key: n for key, n in self.world.channel.arrivals.items() if n > 1}
        if not doubled:
            return
        assert self.world.handle.unknown.prefer_arrival
        assert set(doubled) <= self.world.channel.repeats
        for batch in self.sent:
            found = self.do(self.world.batch(batch))
            for entry in self.do(self.world.entries(found)):
                assert doubled.get(str(entry_id(batch, entry.position)), 1) <= 1 + entry.repeats

    @invariant()
    def entries_move_along_their_table(self) -> None:
        assert self.do(self.steps.seen()) <= LEGAL

    def teardown(self) -> None:
        """Let everything go on: each batch comes to its end. Then put the database away."""
        try:
            self.do(self._end())
        finally:
            self.do(self.store.close())
            self.runner.close()
            self.database.__exit__(None, None, None)

    async def _end(self) -> None:
        self.window_takes = timedelta()
        for worker in self.slow_ones.values():
            if not worker.task.done():
                await worker.go_on(1_000)
        for batch in self.sent:
            if (await self.world.batch(batch)).state is BatchState.PAUSED:
                await self.world.control.resume(self.world.who, batch)
        for _ in range(8):
            await self.world.wait(LEASE + SHORT)
            await self.world.work()
            await self.world.tell(*(self.world.a_receipt(*one) for one in self.news))
            self.news.clear()
        await self.world.wait(timedelta(hours=13))
        while await self.world.overdue.run_once():
            pass
        await self.world.check_laws()
        assert {(await self.world.batch(batch)).state for batch in self.sent} <= FINAL

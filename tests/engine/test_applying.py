"""What becomes of a chunk that is applied to our own records in place of being carried."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import pytest

from muster.domain.batch import Batch, BatchState
from muster.domain.entry import EntryState as S
from muster.domain.entry import QueuedEntry
from muster.domain.errors import Unavailable
from muster.domain.parcel import Medium
from muster.engine.dispatcher import Dispatcher, Rooms
from muster.engine.throttle import Pace
from muster.ports.applying import Application
from muster.ports.store.entries import Change
from muster.ports.store.suppressions import Suppression
from muster.ports.store.unit import Store, Transaction
from tests.fakes.clock import FakeClock
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.plain_kind import PlainKind
from tests.fakes.world import PACE, World


class AppliedKind(PlainKind):
    """The plain kind, of which nothing is carried."""

    medium: ClassVar[Medium] = Medium.RECORD  # type: ignore[misc]  # the plain kind's is an instance's


class Listing:
    """Applies entries by putting their addresses on a list in the same store."""

    def __init__(self) -> None:
        self.before: Callable[[], Awaitable[None]] | None = None
        self.breaks: list[Exception] = []
        self.wasted = False

    async def apply(
        self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
    ) -> Application:
        """Note each entry."""
        listed = [Suppression(address=entry.address, source="test", created_at=at) for entry in entries]
        await tx.suppressions.add(batch.tenant, listed)
        if self.breaks:
            raise self.breaks.pop(0)
        after = S.CANCELLED if self.wasted else S.APPLIED
        return Application([Change(one.position, one.state, after) for one in entries], wasted=self.wasted)

    async def give_up(
        self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
    ) -> Application:
        """Note nothing."""
        del tx, batch, at
        return Application(
            [Change(one.position, one.state, S.FAILED, reason="given_up") for one in entries], wasted=True
        )


class ApplyingWorld(World):
    """A world whose batches are applied."""

    applier: Listing

    @property
    def rooms(self) -> Rooms:
        """With an applier."""
        carried = super().rooms
        return Rooms(
            store=carried.store,
            queue=carried.queue,
            channels=carried.channels,
            kinds={"plain": AppliedKind()},
            clock=carried.clock,
            meter=carried.meter,
            links=carried.links,
            media=carried.media,
            applier=self.applier,
        )

    async def noted(self) -> list[str]:
        """The addresses on the list, in order."""
        async with self.store.read() as tx:
            found = await tx.suppressions.among(self.who.tenant, [f"R{number}" for number in range(9)])
        return sorted(found)


@pytest.fixture
async def world(store: Store, clock: FakeClock) -> ApplyingWorld:
    """A world whose batches are applied, on each store."""
    made = ApplyingWorld(store, clock)
    made.applier = Listing()
    await made.move_in()
    return made


async def test_entries_are_applied_and_end_their_batch_together(world: ApplyingWorld) -> None:
    batch = await world.send(3)
    await world.work()
    assert (await world.batch(batch.id)).state is BatchState.COMPLETED
    assert await world.counts(batch.id) == {S.APPLIED: 3}
    assert await world.noted() == ["R0", "R1", "R2"]
    await world.check_laws_of(batch.id)


async def test_what_was_undone_as_a_whole_ends_as_failed(world: ApplyingWorld) -> None:
    world.applier.wasted = True
    batch = await world.send(2)
    await world.work()
    assert (await world.batch(batch.id)).state is BatchState.FAILED
    assert await world.counts(batch.id) == {S.CANCELLED: 2}


async def test_a_fault_of_ours_ends_the_batch_and_leaves_nothing(world: ApplyingWorld) -> None:
    world.applier.breaks = [ZeroDivisionError()]
    batch = await world.send(2)
    await world.work()
    assert (await world.batch(batch.id)).state is BatchState.FAILED
    assert await world.counts(batch.id) == {S.FAILED: 2}
    assert await world.noted() == []


async def test_while_the_store_is_away_it_is_tried_again(world: ApplyingWorld) -> None:
    world.applier.breaks = [Unavailable("the store is away")]
    batch = await world.send(2)
    await world.work()
    assert await world.counts(batch.id) == {S.APPLIED: 2}
    assert await world.noted() == ["R0", "R1"]


async def test_what_was_kept_without_an_answer_is_not_applied_twice(world: ApplyingWorld) -> None:
    class Lost(Listing):
        async def apply(
            self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
        ) -> Application:
            times.append(len(entries))
            flaky.lost_commits = 1
            return await super().apply(tx, batch, entries, at=at)

    times: list[int] = []
    batch = await world.send(2)
    world.applier = Lost()
    world.store = flaky = FlakyStore(world.store)
    await world.work()
    assert times == [2]
    assert (await world.batch(batch.id)).state is BatchState.COMPLETED
    assert await world.counts(batch.id) == {S.APPLIED: 2}
    await world.check_laws_of(batch.id)


async def test_a_batch_that_was_paused_waits_and_is_applied_once_it_goes_on(world: ApplyingWorld) -> None:
    batch = await world.send(2)
    await world.control.pause(world.who, batch.id)
    await world.work()
    assert await world.noted() == []
    await world.control.resume(world.who, batch.id)
    await world.work()
    assert await world.counts(batch.id) == {S.APPLIED: 2}


async def test_a_batch_that_was_cancelled_is_not_applied(world: ApplyingWorld) -> None:
    batch = await world.send(2)
    await world.control.cancel(world.who, batch.id)
    await world.work()
    assert (await world.batch(batch.id)).state is BatchState.CANCELLED
    assert await world.counts(batch.id) == {S.CANCELLED: 2}
    assert await world.noted() == []


async def test_a_batch_that_is_cancelled_after_its_chunk_was_taken_is_not_applied(world: ApplyingWorld) -> None:
    batch = await world.send(2)
    ref = world.steps.take()
    assert ref is not None

    class Slow(Dispatcher):
        async def _work(self, started: object) -> None:
            await world.control.cancel(world.who, UUID(str(batch.id)))  # type: ignore[arg-type]
            await super()._work(started)  # type: ignore[arg-type]

    await Slow(world.rooms, worker="one", pace=PACE, stopping=lambda: False).run(ref)
    assert (await world.batch(batch.id)).state is BatchState.CANCELLED
    assert await world.counts(batch.id) == {S.CANCELLED: 2}
    assert await world.noted() == []


async def test_a_worker_that_lost_its_chunk_applies_nothing(world: ApplyingWorld) -> None:
    batch = await world.send(2)
    ref = world.steps.take()
    assert ref is not None

    class Frozen(Dispatcher):
        async def _work(self, started: object) -> None:
            world.clock.advance(PACE.lease * 2)
            await world.rescue.run_once()
            await world.work()
            await super()._work(started)  # type: ignore[arg-type]

    await Frozen(world.rooms, worker="late", pace=Pace(), stopping=lambda: False).run(ref)
    assert await world.counts(batch.id) == {S.APPLIED: 2}
    assert await world.noted() == ["R0", "R1"]

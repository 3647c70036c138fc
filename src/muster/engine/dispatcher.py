"""Working on one chunk: lease, carry window by window, settle, hand back."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import msgspec
import structlog

from muster.domain.batch import FINAL, Batch, BatchEvent, BatchState
from muster.domain.chunk import CHUNK_SIZE, CHUNKS_IN_QUEUE, ChunkRef, ChunkState, Lease
from muster.domain.entry import QueuedEntry
from muster.domain.errors import ChannelDown, LeaseLost, NotFound, Unavailable
from muster.domain.ids import ChannelId
from muster.domain.mailing import Mailing
from muster.domain.outcome import Outcome, Unsent
from muster.domain.parcel import Medium
from muster.domain.retry import UnknownPolicy
from muster.domain.template import Template
from muster.engine.applying import Applying
from muster.engine.errand import Carry, Errand
from muster.engine.route import Media, route
from muster.engine.throttle import Pace, window_size
from muster.engine.window import mend, outcome_of, turn
from muster.kinds.kind import BatchFacts, Kind, Terms
from muster.ports.applying import Applier
from muster.ports.channel import Channels
from muster.ports.clock import Clock
from muster.ports.meter import Meter
from muster.ports.queue import Queue
from muster.ports.store.batches import Standing
from muster.ports.store.entries import Applied
from muster.ports.store.unit import Store, Transaction
from muster.settle.outcomes import Settlement
from muster.settle.rollup import roll_up, tell_step, total_of

log = structlog.get_logger()
_T = TypeVar("_T")

CANCEL_SIZE = 20_000
"""Positions a chunk of a batch that is being cancelled spans: there is nothing to carry, so it may be large."""


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """How links to this server are made."""

    base: str
    key: bytes
    opt_out_base: str = ""
    """Where the links that take their reader off a list begin, without a trailing slash."""


class Rooms(msgspec.Struct, frozen=True, kw_only=True):
    """What the dispatcher works with."""

    store: Store
    queue: Queue
    channels: Channels
    kinds: Mapping[str, Kind]
    clock: Clock
    meter: Meter
    links: Links
    media: Media
    """What each kind of channel carries."""
    terms: Terms = Terms()
    applier: Applier | None = None
    """Applies what is not carried; None: such batches wait."""


class _Started(msgspec.Struct, frozen=True):
    lease: Lease
    batch: Batch
    template: Template | None
    mailing: Mailing | None
    channel: ChannelId | None
    ready: Sequence[QueuedEntry] | None
    """What is to be dispatched; None when a crash left something to be mended first."""


class Dispatcher:
    """Handles the jobs of one worker; `stopping` tells it to hand chunks back after the window at hand."""

    def __init__(self, rooms: Rooms, *, worker: str, pace: Pace, stopping: Callable[[], bool]) -> None:
        self._rooms = rooms
        self._worker = worker
        self._pace = pace
        self._stopping = stopping
        self._applying = Applying(rooms.store, rooms.applier, rooms.clock, pace=pace) if rooms.applier else None

    async def run(self, ref: ChunkRef) -> None:
        """Work on the chunk until it is done, has to wait, or its slice of time is over.

        A chunk that is not to be had (done, taken by another, parked) is left alone: the job was a mere hint.
        """
        try:
            started = await self._start(ref)
            if started is not None:
                await self._work(started)
        except LeaseLost:
            log.warning("lease_lost", batch=ref.batch, first=ref.first, worker=self._worker)
            self._rooms.meter.count("leases_lost")

    async def _start(self, ref: ChunkRef) -> _Started | None:
        now = self._rooms.clock.now()
        async with self._rooms.store.begin() as tx:
            lease = await tx.chunks.lease(ref, worker=self._worker, now=now, until=now + self._pace.lease)
            if lease is None:
                return None
            batch = await tx.batches.get_numbered(ref.tenant, ref.batch)
            if batch.state is BatchState.QUEUED:
                await self._mark_started(tx, batch, at=now)
            elif batch.state is not BatchState.RUNNING:
                await self._put_away(tx, lease, batch, at=now)
                return None
            medium = self._rooms.kinds[batch.kind].medium
            if medium is Medium.RECORD:
                # Nothing of it is ever on its way anywhere.
                return _Started(lease, batch, None, None, None, await self._due(tx, lease, at=now))
            template = None
            if batch.template is not None and batch.template_version is not None:
                template = await tx.templates.version(batch.tenant, batch.template, batch.template_version)
            in_use = await tx.channels.kinds_in_use(batch.tenant)
            channel = route(batch, in_use, medium, media=self._rooms.media)
            mailing = await tx.mailings.of_batch(batch.tenant, batch.number) if medium is Medium.LETTER else None
            left = await tx.entries.left_dispatching(ref.tenant, ref.batch, first=ref.first, last=lease.last)
            ready = None if left else await self._due(tx, lease, at=now)
            return _Started(lease, batch, template, mailing, channel, ready)

    async def _due(self, tx: Transaction, lease: Lease, *, at: datetime) -> Sequence[QueuedEntry]:
        chunk = lease.chunk
        return await tx.entries.due(
            chunk.tenant, chunk.batch, first=chunk.first, last=lease.last, now=at, limit=CHUNK_SIZE
        )

    async def _mark_started(self, tx: Transaction, batch: Batch, *, at: datetime) -> None:
        state = await tx.batches.apply(batch.tenant, batch.number, BatchEvent.STARTED, at=at)
        if state is not None:
            await tell_step(tx, batch, event=BatchEvent.STARTED, standing=Standing(state, batch.counts), at=at)

    async def _put_away(self, tx: Transaction, lease: Lease, batch: Batch, *, at: datetime) -> None:
        """End the lease on a chunk of a batch that is paused, being cancelled, or over."""
        if batch.state is BatchState.PAUSED:
            await tx.chunks.release(lease, ChunkState.PARKED)
            return
        if batch.state not in FINAL:
            # Whatever the channel's policy, a batch that is being cancelled sends nothing again.
            mended = await mend(tx, batch, lease, unknown=UnknownPolicy(), at=at)
            applied = await tx.entries.cancel(
                batch.tenant, batch.number, first=lease.chunk.first, last=lease.last, at=at
            )
            await roll_up(tx, batch, total_of([Applied((), mended), applied]), at=at)
            if self._rooms.kinds[batch.kind].stands_alone:
                await tx.workflows.cancel_all(batch.tenant, batch.number, at=at)
        await tx.chunks.release(lease, ChunkState.DONE)
        if batch.state not in FINAL:
            await self._next(tx, batch, size=CANCEL_SIZE)

    async def _next(self, tx: Transaction, batch: Batch, *, size: int) -> None:
        """Cut as many chunks as there is room for. One that woke to try again what was deferred brings none along."""
        jobs: list[ChunkRef] = []
        for _ in range(CHUNKS_IN_QUEUE - await tx.chunks.in_hand(batch.tenant, batch.number)):
            chunk = await tx.chunks.open_next(batch.tenant, batch.number, size=size)
            if chunk is None:
                break
            jobs.append(chunk)
        await self._rooms.queue.enqueue(tx, jobs)

    async def _work(self, started: _Started) -> None:
        if self._rooms.kinds[started.batch.kind].medium is Medium.RECORD:
            await self._apply(started)
            return
        if started.channel is None:
            await self._rest(started.lease, "no_channel")
            return
        try:
            async with self._rooms.channels.borrow(started.batch.tenant, started.channel) as handle:
                if not handle.channel.healthy:
                    await self._rest(started.lease, "channel_down")
                    return
                kind = self._rooms.kinds[started.batch.kind]
                facts = self._facts(started)
                errand = Errand(lease=started.lease, batch=started.batch, kind=kind, facts=facts, handle=handle)
                await self._carry_all(errand, started.ready)
        except (ChannelDown, NotFound) as error:
            await self._rest(started.lease, error.code)

    async def _apply(self, started: _Started) -> None:
        if self._applying is None:
            await self._rest(started.lease, "no_applier")
            return
        run = partial(self._applying.run, started.lease, started.batch, started.ready or ())
        if not await self._again(run):
            now = self._rooms.clock.now()
            async with self._rooms.store.begin() as tx:
                batch = await tx.batches.get_numbered(started.batch.tenant, started.batch.number)
                await self._put_away(tx, started.lease, batch, at=now)
        self._rooms.meter.count("chunks")

    def _facts(self, started: _Started) -> BatchFacts:
        links = self._rooms.links
        return BatchFacts(
            tenant=started.batch.tenant,
            number=started.batch.number,
            id=started.batch.id,
            template=started.template,
            mailing=started.mailing,
            opt_out_base=links.opt_out_base,
            link_base=links.base,
            link_key=links.key,
            terms=self._rooms.terms,
        )

    async def _rest(self, lease: Lease, why: str) -> None:
        """Put the chunk aside until the channel may be back. Nothing of it was intended in this run."""
        log.warning("chunk_rests", batch=lease.chunk.batch, first=lease.chunk.first, why=why)
        now = self._rooms.clock.now()
        async with self._rooms.store.begin() as tx:
            await tx.chunks.release(lease, ChunkState.WAITING, due_at=now + self._pace.rest)

    async def _carry_all(self, errand: Errand, ready: Sequence[QueuedEntry] | None) -> None:
        """Window after window, until the chunk has nothing for now or must make room."""
        size = window_size(errand.handle.rate, pace=self._pace)
        slice_ends = self._rooms.clock.now() + self._pace.slice
        if ready is None:
            ready = await self._mended(errand)
        done: Settlement | None = None
        interrupted = False
        while True:
            upcoming, ready = ready[:size], ready[size:]
            if upcoming and done is not None and (self._stopping() or self._rooms.clock.now() >= slice_ends):
                await self._again(partial(self._finish, errand, done, hand_back=True))
                return
            if not upcoming:
                # A pause that interrupted it may be over again by now: then the rest is still to be done.
                await self._again(partial(self._finish, errand, done, hand_back=interrupted))
                return
            intended_at = self._rooms.clock.now()
            carry, running = await self._again(partial(self._turn, errand, done, upcoming))
            # Counted from the intent: a process that froze in between finds the time over, and sends nothing.
            deadline = intended_at + self._pace.carry
            done = await self._carry(errand, carry, deadline=deadline) if carry else None
            if not running:
                ready, interrupted = ready[:0], True

    async def _mended(self, errand: Errand) -> Sequence[QueuedEntry]:
        """Mend what a crash left, then read what is to be dispatched."""
        now = self._rooms.clock.now()
        async with self._rooms.store.begin() as tx:
            await tx.chunks.hold(errand.lease, until=now + self._pace.lease)
            mended = await mend(tx, errand.batch, errand.lease, unknown=errand.handle.unknown, at=now)
            if mended:
                await roll_up(tx, errand.batch, mended, at=now)
            return await self._due(tx, errand.lease, at=now)

    async def _turn(
        self, errand: Errand, done: Settlement | None, upcoming: Sequence[QueuedEntry]
    ) -> tuple[Carry | None, bool]:
        now = self._rooms.clock.now()
        async with self._rooms.store.begin() as tx:
            await tx.chunks.hold(errand.lease, until=now + self._pace.lease)
            result = await turn(tx, errand, done=done, upcoming=upcoming, at=now)
        return result.carry, result.state is BatchState.RUNNING

    async def _carry(self, errand: Errand, carry: Carry, *, deadline: datetime) -> Settlement:
        began = self._rooms.clock.now()
        outcomes: Sequence[Outcome]
        try:
            outcomes = await errand.handle.channel.carry(carry.parcels, deadline=deadline)
        except ChannelDown as error:
            outcomes = [Unsent(error.code, error.message)] * len(carry.parcels)
        ended = self._rooms.clock.now()
        self._rooms.meter.observe("window_seconds", (ended - began).total_seconds())
        for kind, times in Counter(map(type, outcomes)).items():
            self._rooms.meter.count("outcomes", times, outcome=kind.__name__.lower())
        return outcome_of(errand, carry, outcomes, at=ended)

    async def _finish(self, errand: Errand, done: Settlement | None, *, hand_back: bool) -> None:
        """Write the last outcomes and end the lease: done, waiting for a time, parked, or back in the queue."""
        batch, now = errand.batch, self._rooms.clock.now()
        async with self._rooms.store.begin() as tx:
            await tx.chunks.hold(errand.lease, until=now + self._pace.lease)
            state = (await turn(tx, errand, done=done, upcoming=(), at=now)).state
            if state is BatchState.CANCELLING:
                current = msgspec.structs.replace(batch, state=state)
                await self._put_away(tx, errand.lease, current, at=now)
            elif state is BatchState.PAUSED:
                await tx.chunks.release(errand.lease, ChunkState.PARKED)
            elif hand_back:
                await tx.chunks.release(errand.lease, ChunkState.QUEUED)
                await self._rooms.queue.enqueue(tx, [errand.lease.chunk])
            else:
                # Left only where a commit was reported lost and was not.
                mended = await mend(tx, batch, errand.lease, unknown=errand.handle.unknown, at=now)
                if mended:
                    await roll_up(tx, batch, mended, at=now)
                due = await tx.entries.next_due(batch.tenant, batch.number, **errand.span)
                rests = ChunkState.DONE if due is None else ChunkState.WAITING
                await tx.chunks.release(errand.lease, rests, due_at=due)
                await self._next(tx, batch, size=CHUNK_SIZE)
        self._rooms.meter.count("chunks")

    async def _again(self, step: Callable[[], Awaitable[_T]]) -> _T:
        """Do `step`, over and over while the store is away: what was carried must be written down.

        Each step is one transaction and applies only what still applies, so doing it twice is harmless. When the
        store stays away longer than the lease, the results are given up and the entries end as unknown.
        """
        until = self._rooms.clock.now() + self._pace.lease
        wait = timedelta(milliseconds=50)
        while True:
            try:
                return await step()
            except Unavailable:
                if self._rooms.clock.now() + wait >= until:
                    raise
                log.warning("store_away", worker=self._worker)
                await asyncio.sleep(wait.total_seconds())
                wait = min(wait * 2, timedelta(seconds=5))

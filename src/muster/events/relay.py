"""Telling: from the outbox to each endpoint, in order, at least once.

A relay runs on every node. An event is first fanned out: one delivery for each endpoint that wants it. Deliveries are
then claimed for a while, an endpoint's at a time, so that one relay alone speaks to an endpoint and its events keep
their order. A relay killed between a POST and its result leaves the claim to run out: the message is sent again under
the same id, and a receiver that remembers ids sees it once.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

import msgspec
import structlog

from muster.domain.errors import Unavailable
from muster.domain.event import Event, EventType
from muster.domain.ids import TenantId
from muster.events.outbox import endpoint_disabled, only_for
from muster.events.schedule import Schedule
from muster.events.signing import headers, message_id
from muster.events.standard import with_standard
from muster.ports.clock import Clock
from muster.ports.meter import Meter
from muster.ports.push import Push, PushResult, Style
from muster.ports.store.endpoints import Delivery, Endpoint, Failure
from muster.ports.store.unit import Store, Transaction

_log = structlog.get_logger(__name__)

_NOTHING_TO_SEND = PushResult(status=204, detail="not told in this style")


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How much at a time."""

    fan_out: int = 1000
    """Events fanned out in one transaction."""
    at_once: int = 50
    """Endpoints spoken to at a time."""
    each: int = 50
    """Messages sent to one endpoint before its results are written."""
    turn: timedelta = timedelta(seconds=30)
    """How long one endpoint is spoken to before its results are written."""
    claim: timedelta = timedelta(minutes=2)
    """How long a claim holds: more than a turn and the longest POST together."""
    poll: timedelta = timedelta(seconds=1)
    """How often to look without being woken."""


class Round(msgspec.Struct, frozen=True):
    """What one round came to."""

    told: int = 0
    """Events fanned out."""
    taken: int = 0
    """Messages a receiver took."""
    failed: int = 0
    """Messages it did not."""


class _Try(msgspec.Struct, frozen=True):
    delivery: Delivery
    answer: PushResult


class _Turn(msgspec.Struct, frozen=True):
    """What came of speaking to one endpoint: the tries, and what was not tried."""

    tries: tuple[_Try, ...]
    left: tuple[Delivery, ...]


class Relay:
    """Fans events out and delivers them. `jitter` gives a number in [0, 1); it need not be unguessable."""

    def __init__(  # noqa: PLR0913 - its ports, the styles, and two ways to tune it
        self,
        store: Store,
        push: Push,
        clock: Clock,
        *,
        meter: Meter,
        jitter: Callable[[], float],
        styles: Mapping[str, Style] | None = None,
        schedule: Schedule | None = None,
        pace: Pace | None = None,
    ) -> None:
        """`styles`: by name, those besides the standard one."""
        self._store = store
        self._push = push
        self._clock = clock
        self._meter = meter
        self._jitter = jitter
        self._styles = with_standard(styles or {})
        self._schedule = schedule or Schedule()
        self._pace = pace or Pace()
        self._bell = asyncio.Event()
        self._draining = False

    def wake(self) -> None:
        """Look now instead of at the next poll: for `Transaction.after_commit`."""
        self._bell.set()

    async def run_once(self) -> Round:
        """Fan out, claim, send, write the results: one round of each."""
        told = await self.fan_out()
        claims = await self._claim(self._pace.at_once)
        async with asyncio.TaskGroup() as group:
            turns = [group.create_task(self._speak(claim)) for claim in claims]
        return await self._write([turn.result() for turn in turns], told=told)

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep telling until `stopping`; then end the turns under way and write their results.

        A slow receiver holds one of `Pace.at_once` places and nobody else's messages.
        """
        async with asyncio.TaskGroup() as group:
            rings = group.create_task(self._ring_when(stopping))
            turns: set[asyncio.Task[_Turn]] = set()
            while not stopping.is_set():
                self._bell.clear()
                if not await self._advance(group, turns):
                    await self._pause(turns)
            await self._drain(turns)
            await rings

    async def _drain(self, turns: Iterable[asyncio.Task[_Turn]]) -> None:
        """Let the messages under way arrive and keep their results; without a store they are sent again later."""
        ended = await asyncio.gather(*turns)
        try:
            await self._write(ended, told=0)
        except Unavailable as error:
            _log.warning("relay_results_lost", detail=error.message)

    async def _ring_when(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self._draining = True
        self.wake()

    async def _advance(self, group: asyncio.TaskGroup, turns: set[asyncio.Task[_Turn]]) -> bool:
        """Write what ended, fan out, begin new turns; False when there was nothing to do, or no store to do it in."""
        ended = {turn for turn in turns if turn.done()}
        try:
            await self._write([turn.result() for turn in ended], told=0)
            turns -= ended
            told = await self.fan_out()
            claims = await self._claim(self._pace.at_once - len(turns))
        except Unavailable as error:
            _log.warning("relay_store_unavailable", detail=error.message)
            return False
        turns |= {group.create_task(self._speak(claim)) for claim in claims}
        return bool(ended or told or claims)

    async def _pause(self, turns: Iterable[asyncio.Task[_Turn]]) -> None:
        """Until a turn ends, the bell rings, or it is time to look again."""
        bell = asyncio.create_task(self._bell.wait())
        try:
            await asyncio.wait(
                {bell, *turns}, timeout=self._pace.poll.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            bell.cancel()

    async def fan_out(self) -> int:
        """Queue events not yet told for every active endpoint of their tenant that wants them; how many were told."""
        async with self._store.read() as tx:
            # Nearly every look finds nothing, and a look must not take the one write lock of SQLite.
            if not await tx.outbox.across_tenants_any_untold():
                return 0
        now = self._clock.now()
        async with self._store.begin() as tx:
            events = await tx.outbox.across_tenants_untold(limit=self._pace.fan_out)
            if not events:
                return 0
            tenants = sorted({event.tenant for event in events})
            endpoints = await tx.endpoints.across_tenants_listening(tenants)
            await tx.endpoints.across_tenants_deliver(self._pairs(events, endpoints), due_at=now)
            await tx.outbox.across_tenants_told([event.sequence for event in events], at=now)
        self._meter.count("webhook_events_told_total", len(events))
        return len(events)

    def _pairs(self, events: Sequence[Event], endpoints: Sequence[Endpoint]) -> list[tuple[Endpoint, Event]]:
        """Each event with each endpoint of its tenant that is to be told of it, in the order of events."""
        by_tenant: dict[TenantId, list[Endpoint]] = {}
        for endpoint in endpoints:
            by_tenant.setdefault(endpoint.tenant, []).append(endpoint)
        return [
            (endpoint, event)
            for event in events
            for endpoint in by_tenant.get(event.tenant, ())
            if _asks_for(endpoint, event) and self._tells(endpoint, event)
        ]

    def _tells(self, endpoint: Endpoint, event: Event) -> bool:
        """Whether the event may be told to the endpoint, in its style."""
        if only_for(event) not in {None, endpoint.id}:
            return False
        style = self._styles.get(endpoint.style)
        # While servers are upgraded one by one, another may know a style that this one does not: nothing is dropped.
        return style is None or style.wants(event)

    async def _claim(self, limit: int) -> list[list[Delivery]]:
        """Deliveries that are due, by endpoint, each in the order of its events."""
        if limit < 1:
            return []
        now = self._clock.now()
        async with self._store.read() as tx:
            if not await tx.endpoints.across_tenants_any_due(now=now):
                return []
        async with self._store.begin() as tx:
            claimed = await tx.endpoints.across_tenants_claim(
                now=now, until=now + self._pace.claim, limit=limit, each=self._pace.each
            )
        by_endpoint: dict[UUID, list[Delivery]] = {}
        for delivery in claimed:
            by_endpoint.setdefault(delivery.endpoint.id, []).append(delivery)
        return list(by_endpoint.values())

    async def _speak(self, claim: Sequence[Delivery]) -> _Turn:
        """Send to one endpoint, one message after another, until one asks for a pause or the turn is over."""
        tries: list[_Try] = []
        ends = asyncio.get_running_loop().time() + self._pace.turn.total_seconds()
        for delivery in claim:
            if self._draining or asyncio.get_running_loop().time() >= ends:
                break
            answer = await self._send(delivery)
            tries.append(_Try(delivery, answer))
            if not answer.taken and self._stops(delivery.endpoint, answer):
                break
        return _Turn(tuple(tries), tuple(claim[len(tries) :]))

    def _stops(self, endpoint: Endpoint, answer: PushResult) -> bool:
        """Whether there is no sense in sending the endpoint's next message now."""
        is_off = self._schedule.verdict(endpoint, answer, at=self._clock.now()) is not None
        return is_off or bool(self._schedule.pause(answer))

    async def _send(self, delivery: Delivery) -> PushResult:
        endpoint, event = delivery.endpoint, delivery.event
        if not self._tells(endpoint, event):
            # Queued by a replay, which knows types only, or before the endpoint's style was changed.
            return _NOTHING_TO_SEND
        style = self._styles.get(endpoint.style)
        if style is None:
            return PushResult(status=None, detail=f"this server does not know the style {endpoint.style!r}")
        message = message_id(endpoint.id, event.sequence)
        body = style.envelope(event, message)
        return await self._push.post(endpoint.url, body, headers(endpoint, message, body, at=self._clock.now()))

    async def _write(self, turns: Sequence[_Turn], *, told: int) -> Round:
        """Keep what came of `turns`, all in one transaction."""
        if not turns:
            return Round(told=told)
        tries = tuple(chain.from_iterable(turn.tries for turn in turns))
        taken = [one.delivery.id for one in tries if one.answer.taken]
        failed = [one for one in tries if not one.answer.taken]
        left = [delivery.id for turn in turns for delivery in turn.left]
        now = self._clock.now()
        failures = [self._failure(one, now) for one in failed]
        async with self._store.begin() as tx:
            await tx.endpoints.across_tenants_settle(taken=taken, failed=failures, left=left, at=now)
            for one, failure in zip(failed, failures, strict=True):
                await self._spare(tx, one, failure, now=now)
        self._meter.count("webhook_deliveries_total", len(taken), outcome="taken")
        self._meter.count("webhook_deliveries_total", len(failed), outcome="failed")
        return Round(told=told, taken=len(taken), failed=len(failed))

    def _failure(self, one: _Try, now: datetime) -> Failure:
        attempts = one.delivery.attempts + 1
        wait = self._schedule.wait(attempts, one.answer, chance=self._jitter())
        due_at = None if wait is None else now + wait
        return Failure(delivery=one.delivery.id, attempts=attempts, due_at=due_at, detail=one.answer.detail)

    async def _spare(self, tx: Transaction, one: _Try, failure: Failure, *, now: datetime) -> None:
        """Leave a receiver that is down alone for a while; switch it off when it is down for good."""
        endpoint = one.delivery.endpoint
        reason = self._schedule.verdict(endpoint, one.answer, at=now)
        if reason is not None:
            await self._switch_off(tx, endpoint, reason)
            return
        pause = self._schedule.pause(one.answer)
        if pause:
            # Never beyond the next try of this very message, so that it keeps its place before the later ones.
            until = now + pause if failure.due_at is None else min(now + pause, failure.due_at)
            await tx.endpoints.across_tenants_hold_back(endpoint.id, until=until)

    async def _switch_off(self, tx: Transaction, endpoint: Endpoint, reason: str) -> None:
        now = self._clock.now()
        if not await tx.endpoints.disable(endpoint.tenant, endpoint.id, reason, at=now):
            return
        await tx.outbox.add(endpoint.tenant, [endpoint_disabled(endpoint.id, reason)], at=now)
        await tx.outbox.audit(
            endpoint.tenant, None, "endpoint:disable", subject=str(endpoint.id), detail=reason, at=now
        )
        _log.warning("webhook_endpoint_disabled", endpoint=str(endpoint.id), tenant=endpoint.tenant)


def _asks_for(endpoint: Endpoint, event: Event) -> bool:
    return not endpoint.types or event.type in endpoint.types or event.type is EventType.ENDPOINT_TESTED

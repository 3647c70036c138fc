"""From the outbox to a customer's web server, and back into the store."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from muster.channels.webhook.push import HttpPush
from muster.domain.event import EventType
from muster.domain.ids import TenantId
from muster.events.relay import Pace, Relay, Round
from muster.events.signing import secret_of
from muster.ports.store.endpoints import EndpointState, SigningSecret
from muster.stores.database import SqlStore
from tests.channels.webhook.receiver import Receiver, answering
from tests.events.builders import Tally, an_endpoint, an_event, happen, total_in
from tests.fakes.clock import FakeClock

HOUR = timedelta(hours=1)


async def _announce_and_fail(store: SqlStore, tenant: TenantId, *, at: datetime) -> None:
    async with store.begin() as tx:
        await tx.outbox.add(tenant, [an_event()], at=at)
        raise LookupError


async def test_an_event_reaches_its_endpoint_signed_as_receivers_verify(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    endpoint = await an_endpoint(store, tenant, receiver.url, at=clock.now())
    await happen(store, tenant, [an_event(counts=7)], at=clock.now())

    assert await relay.run_once() == Round(told=1, taken=1)

    arrival = receiver.arrivals[0]
    body = Webhook(endpoint.secrets[0].value).verify(arrival.body, dict(arrival.headers))
    assert body["id"] == arrival.id
    assert body["type"] == "batch.completed"
    assert body["data"]["counts"] == {"delivered": 7}


async def test_both_secrets_sign_while_one_takes_over_from_the_other(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    new, old, gone = (secret_of(letter * 32) for letter in (b"n", b"o", b"g"))
    secrets = [SigningSecret(new), SigningSecret(old, clock.now() + HOUR), SigningSecret(gone, clock.now())]
    await an_endpoint(store, tenant, receiver.url, at=clock.now(), secrets=secrets)
    await happen(store, tenant, [an_event()], at=clock.now())

    await relay.run_once()

    arrival = receiver.arrivals[0]
    for secret in (new, old):
        Webhook(secret).verify(arrival.body, dict(arrival.headers))
    assert len(arrival.headers["webhook-signature"].split(" ")) == 2


async def test_an_endpoint_is_told_what_it_asked_for_and_only_its_own_tenants_events(
    *, store: SqlStore, tenant: TenantId, other_tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now(), types=[EventType.BATCH_PAUSED])
    await happen(store, tenant, [an_event(), an_event(EventType.BATCH_PAUSED, counts=1)], at=clock.now())
    await happen(store, other_tenant, [an_event(EventType.BATCH_PAUSED, counts=2)], at=clock.now())

    assert await relay.run_once() == Round(told=3, taken=1)

    assert [total_in(one.body) for one in receiver.arrivals] == [1]


async def test_a_refused_message_is_sent_again_later_under_the_same_id_and_then_rests(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock, tally: Tally
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now())
    await happen(store, tenant, [an_event()], at=clock.now())
    receiver.answers = [answering(500), answering(200)]

    assert await relay.run_once() == Round(told=1, failed=1)
    assert await relay.run_once() == Round()
    clock.advance(timedelta(seconds=6))
    assert await relay.run_once() == Round(taken=1)
    clock.advance(timedelta(days=2))
    assert await relay.run_once() == Round()

    first, second = receiver.arrivals
    assert (first.id, first.body) == (second.id, second.body)
    assert tally.counts["webhook_deliveries_total failed"] == 1


async def test_a_message_is_given_up_after_a_day_of_tries(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now())
    await happen(store, tenant, [an_event()], at=clock.now())
    receiver.answers = [answering(500)]

    for _ in range(60):
        await relay.run_once()
        clock.advance(HOUR)

    assert len(receiver.arrivals) == 11
    assert len({one.id for one in receiver.arrivals}) == 1


async def test_a_receiver_that_names_a_time_is_left_alone_until_then(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now())
    await happen(store, tenant, [an_event(counts=1), an_event(counts=2)], at=clock.now())
    receiver.answers = [answering(429, {"Retry-After": "600"}), answering(200)]

    await relay.run_once()
    clock.advance(timedelta(seconds=599))
    assert await relay.run_once() == Round()
    clock.advance(timedelta(seconds=1))
    assert await relay.run_once() == Round(taken=2)

    assert [total_in(one.body) for one in receiver.arrivals] == [1, 1, 2]


async def test_one_message_that_is_refused_does_not_hold_up_those_behind_it(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now())
    await happen(store, tenant, [an_event(counts=n) for n in (1, 2, 3)], at=clock.now())
    receiver.answers = [answering(400), answering(200)]

    assert await relay.run_once() == Round(told=3, taken=2, failed=1)


async def test_an_endpoint_that_is_gone_is_switched_off_at_once_and_the_others_hear_of_it(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    gone = await an_endpoint(store, tenant, receiver.url, at=clock.now(), types=[EventType.BATCH_COMPLETED])
    await an_endpoint(store, tenant, receiver.url, at=clock.now(), types=[EventType.ENDPOINT_DISABLED])
    await happen(store, tenant, [an_event(), an_event()], at=clock.now())
    receiver.answers = [answering(410), answering(200)]

    assert await relay.run_once() == Round(told=2, failed=1)
    assert await relay.run_once() == Round(told=1, taken=1)

    async with store.read() as tx:
        shown = await tx.endpoints.get(tenant, gone.id)
    assert (shown.state, shown.disabled_reason) == (EndpointState.DISABLED, "the receiver answered 410 Gone")
    assert receiver.arrivals[-1].type == "endpoint.disabled"


async def test_an_endpoint_that_took_nothing_for_five_days_is_switched_off(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    endpoint = await an_endpoint(store, tenant, receiver.url, at=clock.now())
    receiver.answers = [answering(500)]
    states: list[EndpointState] = []

    for _ in range(6):
        await happen(store, tenant, [an_event()], at=clock.now())
        await relay.run_once()
        async with store.read() as tx:
            states.append((await tx.endpoints.get(tenant, endpoint.id)).state)
        clock.advance(timedelta(days=1))

    assert states == [EndpointState.ACTIVE] * 5 + [EndpointState.DISABLED]


async def test_success_forgives_earlier_failure(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    endpoint = await an_endpoint(store, tenant, receiver.url, at=clock.now())
    await happen(store, tenant, [an_event()], at=clock.now())
    receiver.answers = [answering(500), answering(200)]
    await relay.run_once()
    async with store.read() as tx:
        assert (await tx.endpoints.get(tenant, endpoint.id)).failing_since == clock.now()

    clock.advance(HOUR)
    await relay.run_once()

    async with store.read() as tx:
        assert (await tx.endpoints.get(tenant, endpoint.id)).failing_since is None


async def test_two_relays_at_once_deliver_each_event_once_and_in_order(
    *, store: SqlStore, tenant: TenantId, new_relay: Callable[[], Relay], receiver: Receiver, clock: FakeClock
) -> None:
    for number in range(3):
        await an_endpoint(store, tenant, f"{receiver.url}/{number}", at=clock.now())
    await happen(store, tenant, [an_event(counts=n) for n in range(1, 41)], at=clock.now())

    async def until_quiet(relay: Relay) -> None:
        while len(receiver.arrivals) < 3 * 40:
            await relay.run_once()

    async with asyncio.timeout(60):
        await asyncio.gather(until_quiet(new_relay()), until_quiet(new_relay()))

    for number in range(3):
        heard = [total_in(one.body) for one in receiver.arrivals if one.path.endswith(f"/{number}")]
        assert heard == list(range(1, 41))


async def test_a_relay_killed_before_it_kept_the_result_leads_to_the_same_message_again(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now())
    await happen(store, tenant, [an_event()], at=clock.now())
    await relay.fan_out()
    async with store.begin() as tx:
        now = clock.now()
        await tx.endpoints.across_tenants_claim(now=now, until=now + timedelta(minutes=2), limit=1, each=1)

    assert await relay.run_once() == Round()
    clock.advance(timedelta(minutes=2))
    assert await relay.run_once() == Round(taken=1)


async def test_an_event_of_a_transaction_that_failed_is_never_told(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now())
    with pytest.raises(LookupError):
        await _announce_and_fail(store, tenant, at=clock.now())

    assert await relay.run_once() == Round()


async def test_the_loop_tells_when_woken_and_ends_what_is_under_way_when_stopped(
    *, store: SqlStore, tenant: TenantId, push: HttpPush, receiver: Receiver, clock: FakeClock, tally: Tally
) -> None:
    patient = Pace(poll=timedelta(minutes=1))
    relay = Relay(store, push, clock, meter=tally, jitter=lambda: 0.5, pace=patient)
    await an_endpoint(store, tenant, receiver.url, at=clock.now())
    stopping = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(relay.run(stopping))
        async with store.begin() as tx:
            await tx.outbox.add(tenant, [an_event()], at=clock.now())
            tx.after_commit(relay.wake)
        await receiver.until(lambda _: True)
        stopping.set()

    assert await relay.run_once() == Round()
    assert tally.counts["webhook_deliveries_total taken"] == 1


async def test_a_slow_receiver_holds_up_nobody_else(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    released = asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.Response(status=200)

    receiver.answers = [slow, answering(200)]
    await an_endpoint(store, tenant, receiver.url, at=clock.now())
    await happen(store, tenant, [an_event(counts=1)], at=clock.now())
    stopping = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(relay.run(stopping))
        await receiver.until(lambda _: True)
        await an_endpoint(store, tenant, f"{receiver.url}/quick", at=clock.now())
        await happen(store, tenant, [an_event(counts=n) for n in (2, 3)], at=clock.now())
        await receiver.until(lambda one: one.path == "/hook/quick" and total_in(one.body) == 3)
        released.set()
        stopping.set()


async def test_old_events_are_forgotten_once_nobody_waits_for_them(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now())
    await happen(store, tenant, [an_event(counts=1), an_event(counts=2)], at=clock.now())
    receiver.answers = [answering(400), answering(200)]
    await relay.run_once()
    clock.advance(HOUR)
    await happen(store, tenant, [an_event(counts=3)], at=clock.now())

    async with store.begin() as tx:
        assert await tx.outbox.across_tenants_forget(made_before=clock.now(), limit=10) == 1
    await relay.run_once()

    assert [total_in(one.body) for one in receiver.arrivals] == [1, 2, 1, 3]

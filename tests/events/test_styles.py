"""Endpoints that are told in words of their own."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from standardwebhooks import Webhook

from muster.channels.webhook.push import HttpPush
from muster.domain.event import EventType
from muster.domain.ids import TenantId
from muster.events.relay import Relay, Round
from muster.stores.database import SqlStore
from tests.channels.webhook.receiver import Receiver, answering
from tests.events.builders import Clockwork, Tally, an_endpoint, an_event, happen
from tests.fakes.clock import FakeClock


@pytest.fixture
def relay(*, store: SqlStore, push: HttpPush, clock: FakeClock, tally: Tally) -> Relay:
    """One that knows the style `clockwork`."""
    return Relay(store, push, clock, meter=tally, jitter=lambda: 0.5, styles={"clockwork": Clockwork()})


async def test_a_message_is_in_the_style_of_its_endpoint_and_signed_all_the_same(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    endpoint = await an_endpoint(store, tenant, receiver.url, at=clock.now(), style="clockwork")
    await happen(store, tenant, [an_event(EventType.BATCH_PAUSED)], at=clock.now())

    assert await relay.run_once() == Round(told=1, taken=1)

    arrival = receiver.arrivals[0]
    body = Webhook(endpoint.secrets[0].value).verify(arrival.body, dict(arrival.headers))
    assert (body["type"], body["id"]) == ("tick", arrival.id)


async def test_what_a_style_cannot_tell_is_not_delivered(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now(), style="clockwork")
    await happen(store, tenant, [an_event(EventType.BATCH_STARTED), an_event()], at=clock.now())

    assert await relay.run_once() == Round(told=2)


async def test_retries_keep_the_body_and_the_order_in_every_style(
    *, store: SqlStore, tenant: TenantId, relay: Relay, receiver: Receiver, clock: FakeClock
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now(), style="clockwork")
    await happen(store, tenant, [an_event(EventType.BATCH_PAUSED) for _ in range(3)], at=clock.now())
    receiver.answers = [answering(503), answering(204)]

    await relay.run_once()
    clock.advance(timedelta(minutes=1))
    await relay.run_once()

    first, *again = receiver.arrivals
    assert (first.id, first.body) == (again[0].id, again[0].body)
    numbers = [msgspec.json.decode(one.body, type=dict[str, int | str])["number"] for one in again]
    assert numbers == sorted(set(numbers), key=int)


async def test_a_server_that_does_not_know_the_style_leaves_the_message_to_one_that_does(
    *,
    store: SqlStore,
    tenant: TenantId,
    new_relay: Callable[[], Relay],
    relay: Relay,
    receiver: Receiver,
    clock: FakeClock,
) -> None:
    await an_endpoint(store, tenant, receiver.url, at=clock.now(), style="clockwork")
    await happen(store, tenant, [an_event(EventType.BATCH_PAUSED)], at=clock.now())

    assert await new_relay().run_once() == Round(told=1, failed=1)
    assert receiver.arrivals == []
    clock.advance(timedelta(minutes=1))

    assert await relay.run_once() == Round(taken=1)

"""A tenant, a receiver, and relays that speak to it."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from time import time
from uuid import uuid4

import pytest

from muster.channels.webhook.guard import Guard
from muster.channels.webhook.push import HttpPush
from muster.domain.ids import TenantId
from muster.events.relay import Pace, Relay
from muster.stores.database import SqlStore
from tests.channels.webhook.receiver import Receiver, receiving
from tests.events.builders import Tally
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Stands still at the true time: receivers' libraries compare it with their own."""
    return FakeClock(datetime.fromtimestamp(int(time()), UTC))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A customer's web server."""
    async with receiving() as one:
        yield one


@pytest.fixture
async def push(clock: FakeClock) -> AsyncIterator[HttpPush]:
    """May reach loopback."""
    async with HttpPush(Guard(networks=["127.0.0.0/8"]), clock) as one:
        yield one


@pytest.fixture
async def tenant(store: SqlStore, clock: FakeClock) -> TenantId:
    """A tenant."""
    return await new_tenant(store, clock)


@pytest.fixture
async def other_tenant(store: SqlStore, clock: FakeClock) -> TenantId:
    """Another one."""
    return await new_tenant(store, clock)


async def new_tenant(store: SqlStore, clock: FakeClock) -> TenantId:
    async with store.begin() as tx:
        return await tx.accounts.across_tenants_add(account_id=uuid4(), name=uuid4().hex, at=clock.now())


@pytest.fixture
def tally() -> Tally:
    """What the relays counted."""
    return Tally()


@pytest.fixture
def new_relay(*, store: SqlStore, push: HttpPush, clock: FakeClock, tally: Tally) -> Callable[[], Relay]:
    """Makes relays, as many nodes would."""

    def make() -> Relay:
        return Relay(store, push, clock, meter=tally, jitter=lambda: 0.5, pace=Pace(each=5))

    return make


@pytest.fixture
def relay(new_relay: Callable[[], Relay]) -> Relay:
    """One relay."""
    return new_relay()

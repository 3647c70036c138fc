"""A server with one tenant that is configured for the conformance cases, on both stores."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from muster.catalog.accounts import NewAccount
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.surfaces.record_batches.house import Api, House
from tests.surfaces.record_batches.stock import stock


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> AsyncIterator[House]:
    """A server that takes requests and works on no batch until `start`."""
    made = House(store, clock)
    yield made
    await made.stop()


@pytest.fixture
async def account(house: House) -> NewAccount:
    """The only tenant."""
    return await house.rent()


@pytest.fixture
async def idle_api(house: House, account: NewAccount) -> AsyncIterator[Api]:
    """The client of that tenant while no batch is worked on."""
    async with await house.plain(account) as http:
        yield Api(house, account, http)


@pytest.fixture
async def api(idle_api: Api) -> Api:
    """The same while batches are worked on."""
    idle_api.house.start()
    return idle_api


@pytest.fixture
async def signed_api(house: House, account: NewAccount) -> AsyncIterator[Api]:
    """A client of that tenant that signs its requests, while no batch is worked on."""
    async with await house.signing(account) as http:
        yield Api(house, account, http)


@pytest.fixture
async def idle_stock(idle_api: Api) -> Api:
    """A client whose store has the records of the conformance cases, while no batch is worked on."""
    await stock(idle_api.house, idle_api.account)
    # What is done to them is done later.
    idle_api.house.clock.advance(timedelta(minutes=1))
    return idle_api


@pytest.fixture
async def stocked(idle_stock: Api) -> Api:
    """The same while batches are worked on."""
    idle_stock.house.start()
    return idle_stock

"""A server with the templates of the conformance cases, on both stores."""

from collections.abc import AsyncIterator

import pytest

from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.surfaces.workflow_batches.house import PAY, REFUND, Api, House


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> AsyncIterator[House]:
    """A server that takes requests and does not dispatch until `start`."""
    made = House(store, clock)
    yield made
    await made.stop()


@pytest.fixture
async def idle_api(house: House) -> AsyncIterator[Api]:
    """The client of an account with the templates Refund, Pay and Old (suspended), while nothing is dispatched."""
    account = await house.account()
    async with house.client(account.token) as client:
        api = Api(house, account, client)
        await api.template("Refund", REFUND)
        await api.template("Pay", PAY)
        await api.template("Old", REFUND)
        await api.move("Old", "SUSPENDED")
        yield api


@pytest.fixture
async def api(idle_api: Api) -> Api:
    """The same while everything is dispatched."""
    idle_api.house.start()
    return idle_api

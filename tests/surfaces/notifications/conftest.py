"""A server with the organisations, categories and contacts of the conformance cases, on both stores."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from muster.files.folder import FolderFiles
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.surfaces.notifications.house import Api, House


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock, tmp_path: Path) -> AsyncIterator[House]:
    """A server that takes requests and does not dispatch until `start`."""
    made = House(store, clock, FolderFiles(tmp_path / "files"))
    yield made
    await made.stop()


@pytest.fixture
async def idle_api(house: House) -> AsyncIterator[Api]:
    """The clients of one tenant, one for each kind of party, while nothing is dispatched."""
    rented = await house.rent()
    async with AsyncExitStack() as stack:
        clients = {kind: await stack.enter_async_context(house.client(one)) for kind, one in rented.tokens.items()}
        yield Api(house, rented, clients)


@pytest.fixture
async def api(idle_api: Api) -> Api:
    """The same while everything is dispatched."""
    idle_api.house.start()
    return idle_api

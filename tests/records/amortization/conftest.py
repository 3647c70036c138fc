"""What tests of amortization may ask for."""

import pytest

from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.records.amortization.world import open_books
from tests.records.house import House


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> House:
    """A record store that knows three models."""
    return await open_books(store, clock)

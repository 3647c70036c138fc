"""One engine around the store of the test."""

import pytest

from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.world import World


@pytest.fixture
async def world(store: SqlStore, clock: FakeClock) -> World:
    """A tenant with one channel, and an engine that moves when the test says so."""
    return await World.settled(store, clock)

"""A tenant whose customers have links."""

import pytest

from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.customers import Customers, some_customers


@pytest.fixture
async def customers(store: SqlStore, clock: FakeClock) -> Customers:
    """A tenant with an executor that the test may script."""
    return await some_customers(store, clock)

"""The page in front of a fake guide, and in front of the real one on both stores."""

from collections.abc import AsyncIterator

import httpx
import pytest

from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.customers import Customers, some_customers
from tests.fakes.guide import FakeGuide
from tests.surfaces.customer_links.browser import a_browser


@pytest.fixture
def guide(clock: FakeClock) -> FakeGuide:
    """Remembers workflows."""
    return FakeGuide(clock)


@pytest.fixture
async def browser(guide: FakeGuide, clock: FakeClock) -> AsyncIterator[httpx.AsyncClient]:
    """Opens links in front of the fake guide."""
    async with a_browser(guide, clock) as client:
        yield client


@pytest.fixture
async def customers(store: SqlStore, clock: FakeClock) -> Customers:
    """A tenant whose customers have links, on both stores."""
    return await some_customers(store, clock)


@pytest.fixture
async def phone(customers: Customers, clock: FakeClock) -> AsyncIterator[httpx.AsyncClient]:
    """Opens the links of `customers`."""
    async with a_browser(customers.guide, clock) as client:
        yield client

"""Our own API on both stores, and its clients."""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from muster.catalog.accounts import Accounts, new_secret
from muster.catalog.endpoints import EndpointCatalog
from muster.catalog.keys import Keys
from muster.catalog.suppressions import SuppressionList
from muster.channels.webhook.guard import Guard
from muster.channels.webhook.push import HttpPush
from muster.domain.ids import TenantId
from muster.domain.tenant import Role
from muster.events.relay import Relay
from muster.intake.allowance import Allowance
from muster.kinds.addresses import comparable
from muster.stores.database import SqlStore
from muster.surfaces.access import Access
from muster.surfaces.api import wire
from muster.surfaces.api.problems import Problems
from muster.surfaces.api.routes import Door, own_api
from muster.surfaces.bodies import Limits
from muster.surfaces.problems import by_path
from muster.surfaces.workflow_batches.push import NAME, WorkflowBatchesStyle
from tests.channels.webhook.receiver import Receiver, receiving
from tests.events.builders import Tally
from tests.fakes.clock import FakeClock

STYLES = {NAME: WorkflowBatchesStyle()}


class Site:
    """The API as a server has it. `allowed`: the calls that a token may make before it is asked to wait."""

    def __init__(self, store: SqlStore, push: HttpPush, clock: FakeClock, *, allowed: int = 1000) -> None:
        self.store = store
        self.accounts = Accounts(store, clock, uuid4, seal=lambda secret: secret)
        self.relay = Relay(store, push, clock, meter=Tally(), jitter=lambda: 0.5, styles=STYLES)
        self.door = Door(
            endpoints=EndpointCatalog(
                store, push, clock, new_uuid=uuid4, random_bytes=secrets.token_bytes, styles=STYLES
            ),
            suppressions=SuppressionList(store, clock, comparable),
            access=Access(Keys(store, clock, new_secret), Allowance(1, allowed, monotonic)),
            limits=Limits(),
        )
        problems = Problems(uuid4)
        self._app = Litestar(
            route_handlers=[own_api(self.door, problems)],
            exception_handlers={Exception: by_path({wire.PATH: problems}, problems)},
            logging_config=None,
        )

    @asynccontextmanager
    async def client(self, role: Role | None = Role.OWNER) -> AsyncGenerator[httpx.AsyncClient]:
        """A client of a new account, in this role; without a token when None."""
        made = await self.accounts.add(uuid4().hex, role or Role.OWNER)
        headers = {"Authorization": f"Bearer {made.token}"} if role else {}
        transport = httpx.ASGITransport(cast("Any", self._app), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://muster", headers=headers) as one:
            one.headers["x-tenant"] = str(made.tenant)
            yield one


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
    """May reach loopback at 127.0.0.1 and nothing else that is private."""
    async with HttpPush(Guard(networks=["127.0.0.1/32"]), clock) as one:
        yield one


@pytest.fixture
def site(store: SqlStore, push: HttpPush, clock: FakeClock) -> Site:
    """The API."""
    return Site(store, push, clock)


@pytest.fixture
async def api(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """An owner."""
    async with site.client() as one:
        yield one


def tenant_of(client: httpx.AsyncClient) -> TenantId:
    """Whose client it is."""
    return TenantId(int(client.headers["x-tenant"]))

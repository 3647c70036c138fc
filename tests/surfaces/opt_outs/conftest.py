"""The page in front of the real store, and a browser without JavaScript."""

from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from muster.domain.ids import CategoryNumber, ContactNumber, TenantId
from muster.intake.allowance import Allowance
from muster.journey.preferences import Preferences
from muster.kinds.notifications.opt_out import Tokens, Wish
from muster.stores.database import SqlStore
from muster.surfaces.opt_outs.routes import OptOuts
from muster.surfaces.problems import by_path
from tests.fakes.clock import START, FakeClock
from tests.fakes.marketplace import ANN, OPEN, furnish

KEY = b"a key for links"


class Reader:
    """Contacts of one tenant, and the links they were sent."""

    def __init__(self, store: SqlStore, tenant: TenantId) -> None:
        self.store = store
        self.tenant = tenant

    def link(self, contact: ContactNumber = ANN, category: CategoryNumber = OPEN) -> str:
        """The path of a page."""
        return f"/u/{Tokens(KEY).of(Wish(self.tenant, contact, category))}"

    async def opted_out(self, contact: ContactNumber = ANN) -> set[int]:
        """Of which categories."""
        async with self.store.read() as tx:
            return set((await tx.contacts.get(self.tenant, contact)).opt_outs)


@pytest.fixture
async def reader(store: SqlStore, clock: FakeClock) -> Reader:
    """A tenant that notifies people."""
    async with store.begin() as tx:
        tenant = await tx.accounts.across_tenants_add(account_id=uuid4(), name="acme", at=START)
        await furnish(tx, tenant, clock, principals={})
    return Reader(store, tenant)


@pytest.fixture
async def browser(reader: Reader, clock: FakeClock) -> AsyncIterator[httpx.AsyncClient]:
    """It follows no redirects, so that tests see them. 20 unknown links a minute."""
    misses = Allowance(20 / 60, 20, lambda: clock.now().timestamp())
    page = OptOuts(Preferences(reader.store, clock, link_key=KEY), prefixes=["/u"], misses=misses)
    trouble = by_path({"/u": page.problems}, page.problems)
    application = Litestar(
        [page.router()], openapi_config=None, logging_config=None, exception_handlers={Exception: trouble}
    )
    transport = httpx.ASGITransport(cast("Any", application), raise_app_exceptions=False)
    headers = {"Accept-Language": "en-US"}
    async with httpx.AsyncClient(transport=transport, base_url="http://page.test", headers=headers) as client:
        yield client

"""Which doors a token opens."""

from time import monotonic
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar, Response, get

from muster.catalog.accounts import new_secret
from muster.catalog.keys import Keys
from muster.intake.allowance import Allowance
from muster.stores.database import SqlStore
from muster.surfaces.access import Access, Call
from muster.surfaces.problems import status_of
from tests.catalog.directory import a_desk, a_town
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize(("parties", "status"), [(True, 200), (False, 403)])
async def test_a_partys_token_opens_only_doors_that_are_made_for_parties(
    *, store: SqlStore, clock: FakeClock, parties: bool, status: int
) -> None:
    town = await a_town(store, clock)
    token = await a_desk(store, clock).add_token(town.tenant, town.vendor.party.number, "vendor's")
    access = Access(Keys(store, clock, new_secret), Allowance(1e6, 1e6, monotonic), parties=parties)

    @get("/")
    async def who(request: Call) -> str:
        return (await access.caller(request)).role

    def refused(_: Call, error: Exception) -> Response[str]:
        return Response("", status_code=status_of(error))

    app = Litestar([who], exception_handlers={Exception: refused}, openapi_config=None, logging_config=None)
    transport = httpx.ASGITransport(cast("Any", app))
    async with httpx.AsyncClient(transport=transport, base_url="http://muster") as client:
        answer = await client.get("/", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == status

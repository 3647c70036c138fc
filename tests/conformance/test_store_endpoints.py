"""Keeping webhook endpoints and what is still to be delivered to them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import text

from muster.domain.errors import NotFound
from muster.domain.event import Event, EventType, NewEvent
from muster.domain.ids import TenantId
from muster.ports.store.endpoints import Delivery, Endpoint, EndpointState, Failure, SigningSecret
from muster.ports.store.unit import Store, Transaction
from muster.stores.database import SqlStore
from tests.conformance.store_world import NOON, a_tenant, after


def _endpoint(tenant: TenantId, **fields: object) -> Endpoint:
    given = Endpoint(
        id=uuid4(),
        tenant=tenant,
        url="https://customer.example/hook",
        description="their CRM",
        types=(),
        secrets=(SigningSecret("whsec_c3dvcmRmaXNo"),),
        state=EndpointState.ACTIVE,
        created_at=NOON,
    )
    return msgspec.structs.replace(given, **fields)


async def _kept(store: Store, tenant: TenantId, **fields: object) -> Endpoint:
    endpoint = _endpoint(tenant, **fields)
    async with store.begin() as tx:
        await tx.endpoints.add(tenant, endpoint)
    return endpoint


async def _events(store: Store, tenant: TenantId, *bodies: str, at: datetime = NOON) -> Sequence[Event]:
    async with store.begin() as tx:
        await tx.outbox.add(tenant, [NewEvent(type=EventType.BATCH_STARTED, batch=None, body=b) for b in bodies], at=at)
        return await tx.outbox.between(tenant, since=NOON, until=after(days=9), limit=99)


async def _waiting(store: Store, *bodies: str) -> tuple[TenantId, Endpoint]:
    """An endpoint for which events with these bodies wait."""
    tenant = await a_tenant(store)
    endpoint = await _kept(store, tenant)
    events = await _events(store, tenant, *bodies)
    async with store.begin() as tx:
        await tx.endpoints.across_tenants_deliver([(endpoint, event) for event in events], due_at=NOON)
    return tenant, endpoint


async def _claim(store: Store, *, now: datetime = NOON, until: datetime | None = None, each: int = 9) -> list[Delivery]:
    async with store.begin() as tx:
        end = until or after(days=1)
        return list(await tx.endpoints.across_tenants_claim(now=now, until=end, limit=9, each=each))


async def _settle(
    store: Store, *, taken: Sequence[int] = (), failed: Sequence[Failure] = (), left: Sequence[int] = ()
) -> None:
    async with store.begin() as tx:
        await tx.endpoints.across_tenants_settle(taken=taken, failed=failed, left=left, at=NOON)


async def _now(store: Store, endpoint: Endpoint) -> Endpoint:
    async with store.read() as tx:
        return await tx.endpoints.get(endpoint.tenant, endpoint.id)


async def test_an_endpoint_comes_back_as_it_was_given_and_as_it_was_changed(store: Store) -> None:
    tenant = await a_tenant(store)
    secrets = (SigningSecret("whsec_bmV3"), SigningSecret("whsec_b2xk", until=after(days=1)))
    endpoint = await _kept(store, tenant, types=(EventType.BATCH_STARTED, EventType.BATCH_FAILED), secrets=secrets)
    assert await _now(store, endpoint) == endpoint
    changed = msgspec.structs.replace(endpoint, url="https://new.example", types=(), failing_since=after(hours=1))
    async with store.begin() as tx:
        await tx.endpoints.replace(tenant, changed)
    assert await _now(store, endpoint) == changed


async def test_the_database_alone_tells_no_secret(store: SqlStore) -> None:
    await _kept(store, await a_tenant(store))
    async with store.writer.begin() as connection:
        sealed = (await connection.execute(text("SELECT sealed_secrets FROM endpoints"))).scalar_one()
    assert "whsec" not in sealed


async def test_endpoints_are_listed_oldest_first(store: Store) -> None:
    tenant = await a_tenant(store)
    second = await _kept(store, tenant, created_at=after(hours=2))
    first = await _kept(store, tenant, created_at=after(hours=1))
    off = await _kept(store, tenant, created_at=after(hours=3), state=EndpointState.DISABLED)
    async with store.begin() as tx:
        assert list(await tx.endpoints.all(tenant)) == [first, second, off]
        assert list(await tx.endpoints.across_tenants_listening([tenant])) == [first, second]


async def test_an_unknown_endpoint_is_not_found(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        for call in (tx.endpoints.get, tx.endpoints.remove):
            with pytest.raises(NotFound):
                await call(tenant, uuid4())
        with pytest.raises(NotFound):
            await tx.endpoints.replace(tenant, _endpoint(tenant))
        assert not await tx.endpoints.disable(tenant, uuid4(), "failing", at=NOON)


async def test_a_removed_endpoint_is_gone_with_what_waited_for_it(store: Store) -> None:
    tenant, endpoint = await _waiting(store, "1", "2")
    async with store.begin() as tx:
        await tx.endpoints.remove(tenant, endpoint.id)
        assert await tx.endpoints.all(tenant) == []
    assert await _claim(store) == []


async def test_deliveries_are_claimed_once_in_order_and_again_when_the_claim_ran_out(store: Store) -> None:
    _, endpoint = await _waiting(store, "1", "2", "3")
    claimed = await _claim(store, until=after(minutes=5), each=2)
    assert [(d.event.body, d.endpoint, d.attempts) for d in claimed] == [("1", endpoint, 0), ("2", endpoint, 0)]
    assert await _claim(store, now=after(minutes=4)) == []
    again = await _claim(store, now=after(minutes=6))
    assert [d.event.body for d in again] == ["1", "2", "3"]


async def test_nothing_is_claimed_before_it_is_due(store: Store) -> None:
    tenant = await a_tenant(store)
    endpoint = await _kept(store, tenant)
    events = await _events(store, tenant, "1")
    async with store.begin() as tx:
        await tx.endpoints.across_tenants_deliver([(endpoint, events[0])], due_at=after(hours=1))
        assert not await tx.endpoints.across_tenants_any_due(now=NOON)
    assert await _claim(store) == []
    async with store.read() as tx:
        assert await tx.endpoints.across_tenants_any_due(now=after(hours=1))
    assert len(await _claim(store, now=after(hours=1))) == 1


async def test_many_that_claim_at_once_get_each_delivery_once(store: Store) -> None:
    await _waiting(store, *"abcdefgh")
    claims = await asyncio.gather(*(_claim(store, each=4) for _ in range(5)))
    claimed = [delivery.id for some in claims for delivery in some]
    assert claimed
    assert len(claimed) == len(set(claimed))


async def test_what_was_taken_is_done_and_the_endpoint_is_well(store: Store) -> None:
    _, endpoint = await _waiting(store, "1")
    async with store.begin() as tx:
        await tx.endpoints.replace(endpoint.tenant, msgspec.structs.replace(endpoint, failing_since=NOON))
    (delivery,) = await _claim(store)
    await _settle(store, taken=[delivery.id])
    assert (await _now(store, endpoint)).failing_since is None
    assert await _claim(store, now=after(days=2)) == []


async def test_what_failed_comes_again_at_its_time_and_the_endpoint_is_failing(store: Store) -> None:
    _, endpoint = await _waiting(store, "1")
    (delivery,) = await _claim(store)
    await _settle(store, failed=[Failure(delivery=delivery.id, attempts=1, due_at=after(hours=1), detail="503")])
    assert (await _now(store, endpoint)).failing_since == NOON
    assert await _claim(store, now=after(minutes=59)) == []
    assert [d.attempts for d in await _claim(store, now=after(hours=1))] == [1]


async def test_what_failed_for_good_never_comes_again(store: Store) -> None:
    await _waiting(store, "1")
    (delivery,) = await _claim(store)
    await _settle(store, failed=[Failure(delivery=delivery.id, attempts=9, due_at=None, detail="410")])
    assert await _claim(store, now=after(days=30)) == []


async def test_what_was_left_is_free_at_once(store: Store) -> None:
    await _waiting(store, "1")
    (delivery,) = await _claim(store)
    await _settle(store, left=[delivery.id])
    assert [d.id for d in await _claim(store)] == [delivery.id]


async def test_an_endpoint_held_back_is_due_later(store: Store) -> None:
    _, endpoint = await _waiting(store, "1", "2")
    async with store.begin() as tx:
        await tx.endpoints.across_tenants_hold_back(endpoint.id, until=after(hours=1))
    assert await _claim(store, now=after(minutes=59)) == []
    assert len(await _claim(store, now=after(hours=1))) == 2


async def test_an_endpoint_switched_off_shows_why_and_is_told_nothing(store: Store) -> None:
    tenant, endpoint = await _waiting(store, "1")
    async with store.begin() as tx:
        assert await tx.endpoints.disable(tenant, endpoint.id, "failing for five days", at=NOON)
        assert not await tx.endpoints.disable(tenant, endpoint.id, "again", at=NOON)
        assert await tx.endpoints.across_tenants_listening([tenant]) == []
    off = await _now(store, endpoint)
    assert (off.state, off.disabled_reason) == (EndpointState.DISABLED, "failing for five days")
    assert await _claim(store) == []


async def test_events_of_a_time_are_told_again_if_the_endpoint_wants_them(store: Store) -> None:
    tenant = await a_tenant(store)
    endpoint = await _kept(store, tenant)
    picky = await _kept(store, tenant, types=(EventType.BATCH_FAILED,))
    for hour in range(4):
        await _events(store, tenant, str(hour), at=after(hours=hour))

    async def replay(tx: Transaction, endpoint: Endpoint) -> int:
        return await tx.endpoints.replay(
            tenant, endpoint.id, since=after(hours=1), until=after(hours=3), limit=99, at=after(days=1)
        )

    async with store.begin() as tx:
        assert await replay(tx, endpoint) == 2
        assert await replay(tx, endpoint) == 0
        assert await replay(tx, picky) == 0
    assert await _claim(store) == []
    assert [d.event.body for d in await _claim(store, now=after(days=1))] == ["1", "2"]

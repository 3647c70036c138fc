"""How much somebody may call in a minute and on a day."""

from datetime import timedelta
from uuid import uuid4

import pytest

from muster.domain.errors import RateLimited
from muster.domain.ids import TenantId
from muster.intake.usage import PerMinute, Usage
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock


@pytest.fixture
async def tenants(store: SqlStore, clock: FakeClock) -> tuple[TenantId, TenantId]:
    async with store.begin() as tx:
        return (
            await tx.accounts.across_tenants_add(account_id=uuid4(), name="Acme", at=clock.now()),
            await tx.accounts.across_tenants_add(account_id=uuid4(), name="Other", at=clock.now()),
        )


@pytest.fixture
def acme(tenants: tuple[TenantId, TenantId]) -> TenantId:
    return tenants[0]


async def test_a_tenant_has_its_calls_and_no_more(
    store: SqlStore, clock: FakeClock, tenants: tuple[TenantId, TenantId]
) -> None:
    acme, other = tenants
    usage = Usage(store, clock, most=3)

    for _ in range(3):
        await usage.take(acme)

    with pytest.raises(RateLimited) as refused:
        await usage.take(acme)
    assert refused.value.retry_after == timedelta(hours=15).total_seconds()
    assert await usage.remaining(acme) == 0
    assert await usage.remaining(other) == 3


async def test_a_new_day_brings_new_calls(store: SqlStore, clock: FakeClock, acme: TenantId) -> None:
    usage = Usage(store, clock, most=2)
    await usage.take(acme)
    await usage.take(acme)

    clock.advance(timedelta(hours=15))

    await usage.take(acme)
    assert await usage.remaining(acme) == 1


async def test_what_is_left_is_told_exactly_to_the_only_process(
    store: SqlStore, clock: FakeClock, acme: TenantId
) -> None:
    usage = Usage(store, clock, most=500_000)

    for _ in range(13):
        await usage.take(acme)

    assert await usage.remaining(acme) == 499_987
    clock.advance(timedelta(minutes=1))
    assert await usage.remaining(acme) == 499_987


async def test_calls_stay_counted_when_a_process_dies(store: SqlStore, clock: FakeClock, acme: TenantId) -> None:
    dead = Usage(store, clock, most=5)
    for _ in range(4):
        await dead.take(acme)

    heir = Usage(store, clock, most=5)

    assert await heir.remaining(acme) == 1
    await heir.take(acme)
    with pytest.raises(RateLimited):
        await heir.take(acme)


async def test_two_processes_share_the_calls_of_a_day(store: SqlStore, clock: FakeClock, acme: TenantId) -> None:
    pair = [Usage(store, clock, most=2000) for _ in range(2)]

    taken = 0
    for usage in pair * 1100:
        try:
            await usage.take(acme)
        except RateLimited:
            continue
        taken += 1

    assert taken == 2000


async def test_few_calls_are_written_down_one_by_one_and_many_are_not(
    store: SqlStore, clock: FakeClock, acme: TenantId
) -> None:
    usage, other = (Usage(store, clock, most=100_000) for _ in range(2))

    await usage.take(acme)

    assert await other.remaining(acme) == 99_900


def test_a_minute_has_its_calls_and_then_none_until_it_ends(clock: FakeClock) -> None:
    logins = PerMinute(clock, most=300)
    clock.advance(timedelta(seconds=20))
    for _ in range(300):
        logins.take("198.51.100.7")

    with pytest.raises(RateLimited) as refused:
        logins.take("198.51.100.7")

    assert refused.value.retry_after == 40
    logins.take("198.51.100.8")
    clock.advance(timedelta(seconds=39))
    with pytest.raises(RateLimited):
        logins.take("198.51.100.7")
    clock.advance(timedelta(seconds=1))
    logins.take("198.51.100.7")

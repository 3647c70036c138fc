"""Keys under which a request is done once."""

import asyncio
from datetime import datetime

import pytest

from muster.ports.store.batches import IdempotencyKey
from muster.ports.store.unit import Store
from tests.conformance.store_world import NOON, a_tenant, after, given_up

TOMORROW = after(days=1)


def _key(answer: str = "first", *, key: str = "order-0001", scope: str = "batches") -> IdempotencyKey:
    return IdempotencyKey(scope=scope, key=key, fingerprint=b"\x00\xff", answer=answer, expires_at=TOMORROW)


async def test_a_key_is_ours_once_and_then_tells_the_first_answer(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        assert await tx.batches.remember(tenant, _key(), now=NOON) is None
    async with store.begin() as tx:
        assert await tx.batches.remember(tenant, _key("second"), now=NOON) == _key("first")
        assert await tx.batches.recall(tenant, "batches", key="order-0001", now=NOON) == _key("first")


async def test_a_key_is_known_per_tenant_and_scope_and_letter_case(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    async with store.begin() as tx:
        assert await tx.batches.remember(ours, _key(), now=NOON) is None
        assert await tx.batches.recall(theirs, "batches", key="order-0001", now=NOON) is None
        assert await tx.batches.remember(theirs, _key(), now=NOON) is None
        assert await tx.batches.remember(ours, _key(scope="records"), now=NOON) is None
        assert await tx.batches.remember(ours, _key(key="ORDER-0001"), now=NOON) is None


@pytest.mark.parametrize(("now", "known"), [(TOMORROW.replace(hour=11), True), (TOMORROW, False)])
async def test_a_key_is_known_until_it_expires(store: Store, now: datetime, known: bool) -> None:  # noqa: FBT001
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.batches.remember(tenant, _key(), now=NOON)
    async with store.begin() as tx:
        assert (await tx.batches.recall(tenant, "batches", key="order-0001", now=now) is not None) is known
        assert (await tx.batches.remember(tenant, _key("second"), now=now) is not None) is known
        kept = await tx.batches.recall(tenant, "batches", key="order-0001", now=NOON)
        assert kept == _key("first" if known else "second")


async def test_a_key_whose_transaction_failed_is_free(store: Store) -> None:
    tenant = await a_tenant(store)
    async with given_up(store) as tx:
        await tx.batches.remember(tenant, _key(), now=NOON)
    async with store.begin() as tx:
        assert await tx.batches.remember(tenant, _key("second"), now=NOON) is None


async def test_of_two_claims_at_once_the_second_waits_and_gets_the_firsts_answer(store: Store) -> None:
    tenant = await a_tenant(store)
    claimed, finish = asyncio.Event(), asyncio.Event()

    async def first() -> IdempotencyKey | None:
        async with store.begin() as tx:
            answer = await tx.batches.remember(tenant, _key("first"), now=NOON)
            claimed.set()
            await finish.wait()
        return answer

    async def second() -> IdempotencyKey | None:
        await claimed.wait()
        async with store.begin() as tx:
            return await tx.batches.remember(tenant, _key("second"), now=NOON)

    async with asyncio.TaskGroup() as tasks:
        ours, theirs = tasks.create_task(first()), tasks.create_task(second())
        await claimed.wait()
        done, _ = await asyncio.wait({theirs}, timeout=0.3)
        assert not done
        finish.set()
    assert (ours.result(), theirs.result()) == (None, _key("first"))


async def test_of_two_claims_at_once_the_second_has_the_key_when_the_first_fails(store: Store) -> None:
    tenant = await a_tenant(store)
    claimed = asyncio.Event()

    async def first() -> None:
        async with given_up(store) as tx:
            await tx.batches.remember(tenant, _key("first"), now=NOON)
            claimed.set()
            await asyncio.sleep(0.05)

    async def second() -> IdempotencyKey | None:
        await claimed.wait()
        async with store.begin() as tx:
            return await tx.batches.remember(tenant, _key("second"), now=NOON)

    _, theirs = await asyncio.gather(first(), second())
    assert theirs is None
    async with store.read() as tx:
        assert await tx.batches.recall(tenant, "batches", key="order-0001", now=NOON) == _key("second")


async def test_an_expired_key_claimed_by_many_at_once_goes_to_one(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.batches.remember(tenant, _key("stale"), now=NOON)
    renewed = after(days=3)

    async def claim(n: int) -> str:
        mine = IdempotencyKey(
            scope="batches", key="order-0001", fingerprint=b"", answer=str(n), expires_at=after(days=9)
        )
        async with store.begin() as tx:
            known = await tx.batches.remember(tenant, mine, now=renewed)
        return str(n) if known is None else known.answer

    assert len(set(await asyncio.gather(*(claim(n) for n in range(6))))) == 1


async def test_expired_keys_are_forgotten(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.batches.remember(tenant, _key(), now=NOON)
        assert await tx.batches.across_tenants_forget_keys(now=after(hours=23)) == 0
        assert await tx.batches.across_tenants_forget_keys(now=TOMORROW) == 1
        assert await tx.batches.across_tenants_forget_keys(now=TOMORROW) == 0

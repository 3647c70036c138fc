"""Workflows and time: reminders, ends, payments to ask about, putting away; never the same work twice."""

import asyncio
from collections.abc import Awaitable, Callable

from muster.domain.batch import Batch, BatchState
from muster.domain.entry import EntryState
from muster.domain.workflow import NoticeOrigin, PaymentState, Workflow, WorkflowEvent, WorkflowRef, WorkflowState
from muster.ports.store.unit import Store, Transaction
from muster.ports.store.workflows import Advance, DueWorkflow, NewNotice
from muster.stores.database import open_store
from muster.stores.vault import Vault
from tests.conformance.store_world import (
    NOON,
    a_batch,
    a_new_workflow,
    a_tenant,
    after,
    ended_of,
    opened,
    ref_of,
    the_workflow,
)

E, S, V = EntryState, WorkflowState, WorkflowEvent
LATE = after(days=30)


async def _due(store: Store, *, days: float, limit: int = 99) -> list[DueWorkflow]:
    async with store.begin() as tx:
        return list(await tx.workflows.across_tenants_due(now=after(days=days), limit=limit))


async def _paying(store: Store, batch: Batch, position: int = 0, *, minutes: int = 0) -> Workflow:
    """The workflow, its executor to be asked some minutes after noon."""
    step = Advance(step=2, answers="", payment=PaymentState.PENDING, payment_at=after(minutes=minutes))
    loaded = await the_workflow(store, batch, position)
    async with store.begin() as tx:
        assert await tx.workflows.advance(loaded, step, at=NOON)
    return await the_workflow(store, batch, position)


async def test_reminders_and_ends_are_due_when_their_time_has_come_earliest_first(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.SENT,) * 3)
    async with store.begin() as tx:
        new = [
            a_new_workflow(batch, 0, notice_at=None, expires_at=after(days=3)),
            a_new_workflow(batch, 1, notice_at=after(days=2), expires_at=after(days=4)),
            a_new_workflow(batch, 2, notice_at=after(days=5), expires_at=after(days=1)),
        ]
        await tx.workflows.open(tenant, batch.number, new, at=NOON)
    assert await _due(store, days=0.9) == []
    assert [due.ref.position for due in await _due(store, days=3)] == [2, 1, 0]
    assert [due.ref.position for due in await _due(store, days=3, limit=2)] == [2, 1]
    assert (await _due(store, days=2))[1] == DueWorkflow(
        tenant, ref_of(batch, 1), "+491510000001", after(days=4), after(days=2)
    )


async def test_nothing_is_due_of_what_waits_is_leaving_pays_is_over_or_was_taken_back(store: Store) -> None:
    tenant = await a_tenant(store)
    states = (E.DISPATCHING, E.HELD, E.SENT, E.SENT, E.SENT)
    batch = await opened(store, tenant, 5, batch=await a_batch(store, tenant, states, state=BatchState.RUNNING))
    gone = await opened(store, tenant)
    await _paying(store, batch, 2)
    ended = await the_workflow(store, batch, 3)
    async with store.begin() as tx:
        await tx.workflows.postpone(tenant, batch.number, [1], at=NOON)
        await tx.workflows.end(ended, V.COMPLETED, at=NOON)
        await tx.batches.withdraw(tenant, gone.number, at=NOON, by=None)
    assert [due.ref for due in await _due(store, days=30)] == [ref_of(batch, 4)]


async def test_what_is_due_expires_and_its_batch_counts_it(store: Store) -> None:
    tenant = await a_tenant(store)
    batch, other = await opened(store, tenant, 2), await opened(store, tenant, 3, expires_at=after(days=5))
    paying = await _paying(store, batch, 1)
    refs = [ref_of(other, 1), ref_of(batch, 0), ref_of(batch, 1), ref_of(other, 0)]
    async with store.begin() as tx:
        assert [w.ref for w in await tx.workflows.across_tenants_expire(refs, now=after(days=3))] == [ref_of(batch, 0)]
        gone = await tx.workflows.across_tenants_expire(refs, now=after(days=5))
        assert [(w.ref, w.state, w.ended_as, w.notice_at, w.ended_at) for w in gone] == [
            (ref, S.EXPIRED, S.EXPIRED, None, after(days=5)) for ref in (ref_of(other, 1), ref_of(other, 0))
        ]
        assert await tx.workflows.across_tenants_expire([], now=LATE) == []
    assert await ended_of(store, batch) == {S.EXPIRED: 1}
    assert await ended_of(store, other) == {S.EXPIRED: 2}
    assert await the_workflow(store, batch, 1) == paying


async def test_what_was_taken_back_does_not_expire(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    async with store.begin() as tx:
        await tx.batches.withdraw(tenant, batch.number, at=NOON, by=None)
        assert await tx.workflows.across_tenants_expire([ref_of(batch)], now=LATE) == []
        assert await tx.workflows.across_tenants_remind([(ref_of(batch), None)], now=LATE) == frozenset()
    assert await ended_of(store, batch) == {}


async def test_a_reminder_gives_way_to_the_next_and_the_last_to_the_end(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 2)
    first, second = ref_of(batch, 0), ref_of(batch, 1)
    async with store.begin() as tx:
        remind = tx.workflows.across_tenants_remind
        assert await remind([(first, after(days=1.5))], now=after(hours=23)) == frozenset()
        assert await remind([(first, after(days=1.5)), (second, None)], now=after(days=1)) == {first, second}
        assert await remind([(first, None), (second, None)], now=after(days=1)) == frozenset()
        assert await remind([], now=LATE) == frozenset()
    assert (await the_workflow(store, batch, 0)).notice_at == after(days=1.5)
    assert (await the_workflow(store, batch, 1)).notice_at is None
    assert [due.ref for due in await _due(store, days=1.5)] == [first]
    assert {due.ref for due in await _due(store, days=2)} == {first, second}


async def test_a_reminder_does_not_take_a_form_from_its_customer(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    seen = await the_workflow(store, batch)
    async with store.begin() as tx:
        assert await tx.workflows.across_tenants_remind([(ref_of(batch), None)], now=after(days=1))
        assert await tx.workflows.advance(seen, Advance(step=2, answers=""), at=after(days=1))


async def test_more_time_puts_the_end_and_the_reminder_off(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    seen = await the_workflow(store, batch)
    async with store.begin() as tx:
        await tx.workflows.extend(seen, expires_at=after(days=9), notice_at=after(days=8), at=NOON)
        assert await tx.workflows.across_tenants_expire([ref_of(batch)], now=after(days=8)) == []
    assert await _due(store, days=7.9) == []
    assert [due.notice_at for due in await _due(store, days=8)] == [after(days=8)]


Claim = Callable[[Transaction], Awaitable[int]]


async def _at_once(database_url: str, vault: Vault, claim: Claim) -> list[int]:
    """What each of three stores on one database claims while the others are at it."""
    stores = [open_store(database_url, vault=vault) for _ in range(3)]

    async def work(store: Store) -> int:
        async with store.begin() as tx:
            claimed = await claim(tx)
            await asyncio.sleep(0.05)
        return claimed

    claimed = await asyncio.gather(*(work(store) for store in stores))
    for store in stores:
        await store.close()
    return list(claimed)


async def test_of_stores_that_expire_at_once_each_workflow_falls_to_one(
    store: Store, database_url: str, vault: Vault
) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 9)

    async def claim(tx: Transaction) -> int:
        due = await tx.workflows.across_tenants_due(now=LATE, limit=4)
        return len(await tx.workflows.across_tenants_expire([one.ref for one in due], now=LATE))

    claimed = await _at_once(database_url, vault, claim)
    assert 4 <= sum(claimed) <= 9
    assert await ended_of(store, batch) == {S.EXPIRED: sum(claimed)}
    assert len(await _due(store, days=30)) == 9 - sum(claimed)


async def test_of_stores_that_remind_at_once_each_workflow_falls_to_one(
    store: Store, database_url: str, vault: Vault
) -> None:
    tenant = await a_tenant(store)
    await opened(store, tenant, 9)
    told: list[WorkflowRef] = []

    async def claim(tx: Transaction) -> int:
        due = await tx.workflows.across_tenants_due(now=after(days=1), limit=9)
        reminded = await tx.workflows.across_tenants_remind([(one.ref, None) for one in due], now=after(days=1))
        told.extend(reminded)
        return len(reminded)

    assert sum(await _at_once(database_url, vault, claim)) == len(told) == len(set(told)) == 9


async def test_a_customer_who_finishes_in_the_last_second_and_the_end_do_not_wait_in_a_ring(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 6)
    seen = [await the_workflow(store, batch, n) for n in range(6)]

    async def expire() -> None:
        async with store.begin() as tx:
            due = await tx.workflows.across_tenants_due(now=LATE, limit=99)
            await asyncio.sleep(0.05)
            await tx.workflows.across_tenants_expire([one.ref for one in due], now=LATE)

    async def finish(workflow: Workflow) -> None:
        async with store.begin() as tx:
            await tx.workflows.end(workflow, V.COMPLETED, at=NOON)

    await asyncio.wait_for(asyncio.gather(expire(), *(finish(workflow) for workflow in seen)), timeout=20)
    await expire()
    assert sum((await ended_of(store, batch)).values()) == 6


async def test_an_executor_is_asked_by_one_and_by_nobody_else_before_its_time(
    store: Store, database_url: str, vault: Vault
) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 4)
    for position, minutes in ((0, 1), (1, 1), (2, 60)):
        await _paying(store, batch, position, minutes=minutes)

    async def claim(tx: Transaction) -> int:
        now, until = after(minutes=2), after(minutes=10)
        return len(await tx.workflows.across_tenants_paying(now=now, until=until, limit=9))

    assert sum(await _at_once(database_url, vault, claim)) == 2
    async with store.begin() as tx:
        paying = tx.workflows.across_tenants_paying
        assert await paying(now=after(minutes=9), until=LATE, limit=9) == []
        again = await paying(now=after(minutes=10), until=LATE, limit=9)
        assert [(w.ref.position, w.payment, w.payment_at) for w in again] == [
            (n, PaymentState.PENDING, LATE) for n in (0, 1)
        ]
        assert await tx.workflows.end(again[0], V.COMPLETED, at=NOON) is S.COMPLETED
        assert await paying(now=after(days=99), until=after(days=100), limit=1) == [
            await tx.workflows.across_tenants_at(ref_of(batch, 2))
        ]


async def test_an_order_is_asked_about_although_its_batch_was_taken_back_until_it_is_closed(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    await _paying(store, batch)
    async with store.begin() as tx:
        await tx.batches.withdraw(tenant, batch.number, at=NOON, by=None)
        await tx.workflows.cancel_all(tenant, batch.number, at=NOON)
        (found,) = await tx.workflows.across_tenants_paying(now=LATE, until=LATE, limit=9)
        assert found.state is S.CANCELLED
        await tx.workflows.close_payment(found)
        assert await tx.workflows.across_tenants_paying(now=LATE, until=LATE, limit=9) == []


async def test_what_ended_long_ago_is_put_away_with_its_answers_and_stays_counted(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 3)
    said = Advance(step=2, answers="{}", customer_name="Zoë", email="zoe@x.example")
    for position, hours in ((0, 1), (1, 5)):
        workflow = await the_workflow(store, batch, position)
        async with store.begin() as tx:
            await tx.workflows.end(workflow, V.DECLINED, at=after(hours=hours), advance=said, reason="other")
    async with store.begin() as tx:
        archive = tx.workflows.across_tenants_archive
        assert [await archive(ended_before=after(hours=5), limit=9) for _ in range(2)] == [1, 0]
    away, kept = await the_workflow(store, batch, 0), await the_workflow(store, batch, 1)
    assert (away.state, away.ended_as, away.ended_at) == (S.ARCHIVED, S.DECLINED, after(hours=1))
    assert (away.answers, away.customer_name, away.email) == ("", "", "")
    assert (kept.state, kept.customer_name) == (S.DECLINED, "Zoë")
    assert await ended_of(store, batch) == {S.DECLINED: 2}
    async with store.begin() as tx:
        assert await tx.workflows.end(away, V.COMPLETED, at=NOON) is None
        assert await tx.workflows.over(tenant, [away.ref]) == {away.ref}


async def test_a_few_at_a_time_are_put_away_the_oldest_first(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 3)
    for position, hours in ((0, 3), (1, 1), (2, 2)):
        workflow = await the_workflow(store, batch, position)
        async with store.begin() as tx:
            await tx.workflows.end(workflow, V.COMPLETED, at=after(hours=hours))
    async with store.begin() as tx:
        assert await tx.workflows.across_tenants_archive(ended_before=LATE, limit=2) == 2
    states = [(await the_workflow(store, batch, n)).state for n in range(3)]
    assert states == [S.COMPLETED, S.ARCHIVED, S.ARCHIVED]


async def test_what_has_an_order_with_the_executor_is_not_put_away(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    await _paying(store, batch)
    async with store.begin() as tx:
        await tx.workflows.cancel_all(tenant, batch.number, at=NOON)
        assert await tx.workflows.across_tenants_archive(ended_before=LATE, limit=9) == 0
        (found,) = await tx.workflows.across_tenants_paying(now=LATE, until=LATE, limit=9)
        await tx.workflows.close_payment(found)
        assert await tx.workflows.across_tenants_archive(ended_before=LATE, limit=9) == 1


async def test_a_mere_look_tells_whether_anything_is_due(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 2)
    async with store.read() as tx:
        assert not await tx.workflows.across_tenants_any_due(now=NOON)
        assert await tx.workflows.across_tenants_any_due(now=LATE)
        assert not await tx.workflows.across_tenants_any_paying(now=LATE)
        assert not await tx.workflows.across_tenants_any_waiting_notices()
    await _paying(store, batch, minutes=1)
    async with store.begin() as tx:
        await tx.workflows.add_notices(
            tenant, [NewNotice(ref=ref_of(batch, 1), origin=NoticeOrigin.MANUAL, by=None)], at=NOON
        )
    async with store.read() as tx:
        assert await tx.workflows.across_tenants_any_paying(now=LATE)
        assert not await tx.workflows.across_tenants_any_paying(now=NOON)
        assert await tx.workflows.across_tenants_any_waiting_notices()

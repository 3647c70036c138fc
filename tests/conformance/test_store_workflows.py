"""Keeping workflows: how they begin, move and end, and what their batch counts of it."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from muster.domain.batch import Batch
from muster.domain.entry import EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import TenantId, WorkflowId, entry_id
from muster.domain.workflow import PaymentState, Workflow, WorkflowEvent, WorkflowState
from muster.ports.store.unit import Store
from muster.ports.store.workflows import Advance
from muster.stores.database import SqlStore
from tests.conformance.store_world import (
    NOON,
    a_batch,
    a_new_workflow,
    a_tenant,
    a_token_hash,
    after,
    ended_of,
    opened,
    ref_of,
    the_workflow,
)

E, S, V = EntryState, WorkflowState, WorkflowEvent


async def _created(store: Store, tenant: TenantId) -> Batch:
    """A batch of one whose message waits."""
    batch = await a_batch(store, tenant, (E.ACCEPTED,), kind="workflows")
    async with store.begin() as tx:
        await tx.workflows.add(tenant, batch.number, a_new_workflow(batch, 0), at=NOON)
    return batch


async def _end(store: Store, workflow: Workflow, event: WorkflowEvent) -> WorkflowState | None:
    async with store.begin() as tx:
        ended = await tx.workflows.end(workflow, event, at=after(hours=1))
        await asyncio.sleep(0.02)
    return ended


async def test_an_opened_workflow_tells_what_its_batch_and_its_entry_say(store: Store) -> None:
    tenant = await a_tenant(store, "acme")
    batch = await opened(store, tenant, 3)
    found = await the_workflow(store, batch, 2)
    assert (found.id, found.ref, found.tenant, found.account) == (
        _id(batch, 2), ref_of(batch, 2), tenant, "acme",
    )  # fmt: skip
    assert (found.kind, found.batch, found.channel, found.template, found.template_version, found.created_by) == (
        batch.kind, batch.id, batch.channel, batch.template, batch.template_version, batch.created_by,
    )  # fmt: skip
    assert (found.state, found.ended_as, found.step, found.answers) == (S.ACTIVE, None, 1, "")
    assert (found.address, found.payload) == ("+491510000002", "{}")
    assert (found.created_at, found.expires_at, found.notice_at) == (NOON, after(days=2), after(days=1))
    assert (found.customer_name, found.email, found.decline_reason, found.payment, found.ended_at) == (
        "", "", None, None, None,
    )  # fmt: skip


async def test_a_workflow_is_found_by_its_id_its_key_and_its_token(store: Store) -> None:
    tenant = await a_tenant(store)
    await opened(store, tenant, 2)
    batch = await opened(store, tenant, 2)
    found = await the_workflow(store, batch, 1)
    async with store.read() as tx:
        assert await tx.workflows.across_tenants_at(ref_of(batch, 1)) == found
        assert await tx.workflows.across_tenants_by_token(a_token_hash(batch, 1)) == found
        assert await tx.workflows.across_tenants_at(ref_of(batch, 2)) is None
        assert await tx.workflows.across_tenants_by_token(bytes(32)) is None


async def test_an_unknown_workflow_is_not_found(store: Store) -> None:
    tenant, stranger = await a_tenant(store), await a_tenant(store, "stranger")
    batch = await opened(store, tenant, 1)
    for who, unknown in ((tenant, uuid4()), (tenant, entry_id(batch.id, 1)), (stranger, entry_id(batch.id, 0))):
        async with store.read() as tx:
            with pytest.raises(NotFound):
                await tx.workflows.get(who, WorkflowId(unknown))


async def test_no_two_links_hold_the_same_token(store: Store) -> None:
    tenant = await a_tenant(store)
    first, second = await opened(store, tenant), await a_batch(store, tenant, (E.SENT,))
    same = a_new_workflow(second, 0, token_hash=a_token_hash(first, 0))
    with pytest.raises(IntegrityError):
        async with store.begin() as tx:
            await tx.workflows.add(tenant, second.number, same, at=NOON)


async def test_one_whose_message_waits_is_created_and_becomes_active_as_it_leaves(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await _created(store, tenant)
    before = await the_workflow(store, batch)
    async with store.begin() as tx:
        new = a_new_workflow(batch, 0, expires_at=after(days=9), notice_at=None)
        await tx.workflows.open(tenant, batch.number, [new], at=after(hours=1))
    now = await the_workflow(store, batch)
    assert (before.state, now.state) == (S.CREATED, S.ACTIVE)
    assert (now.created_at, now.updated_at, now.expires_at, now.notice_at) == (
        NOON, after(hours=1), after(days=9), None,
    )  # fmt: skip
    assert now.revision > before.revision


async def test_one_that_is_sent_again_keeps_its_steps_and_one_that_has_ended_its_end(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 3)
    working, done = await the_workflow(store, batch, 0), await the_workflow(store, batch, 1)
    async with store.begin() as tx:
        assert await tx.workflows.advance(working, Advance(step=2, answers="{}", email="z@x.example"), at=NOON)
        assert await tx.workflows.end(done, V.COMPLETED, at=NOON) is S.COMPLETED
        again = [a_new_workflow(batch, position, expires_at=after(days=5)) for position in range(3)]
        await tx.workflows.open(tenant, batch.number, again, at=after(hours=1))
    now = [await the_workflow(store, batch, position) for position in range(3)]
    assert [(w.state, w.step, w.email, w.expires_at) for w in now] == [
        (S.ACTIVE, 2, "z@x.example", after(days=5)),
        (S.COMPLETED, 1, "", after(days=2)),
        (S.ACTIVE, 1, "", after(days=5)),
    ]
    assert await ended_of(store, batch) == {S.COMPLETED: 1}


async def test_some_that_are_new_are_opened_beside_some_that_stand(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.SENT,) * 6)
    async with store.begin() as tx:
        for positions in ([1, 4], [0, 1, 2, 5], [3], []):
            new = [a_new_workflow(batch, position) for position in positions]
            await tx.workflows.open(tenant, batch.number, new, at=NOON)
    assert [(await the_workflow(store, batch, n)).state for n in range(6)] == [S.ACTIVE] * 6


async def test_what_leaves_in_a_batch_that_was_withdrawn_is_cancelled_at_once(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.SENT,) * 2)
    async with store.begin() as tx:
        await tx.batches.withdraw(tenant, batch.number, at=NOON, by=None)
    await opened(store, tenant, 2, batch=batch)
    assert (await the_workflow(store, batch)).ended_as is S.CANCELLED
    assert await ended_of(store, batch) == {S.CANCELLED: 2}


async def test_in_a_withdrawn_batch_what_is_open_shows_as_cancelled_and_moves_no_more(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 2)
    done, loaded = await the_workflow(store, batch, 0), await the_workflow(store, batch, 1)
    assert await _end(store, done, V.COMPLETED) is S.COMPLETED
    async with store.begin() as tx:
        await tx.batches.withdraw(tenant, batch.number, at=NOON, by=None)
    assert [(await the_workflow(store, batch, n)).state for n in (0, 1)] == [S.COMPLETED, S.CANCELLED]
    async with store.begin() as tx:
        assert not await tx.workflows.advance(loaded, Advance(step=2, answers=""), at=NOON)
        assert not await tx.workflows.extend(loaded, expires_at=after(days=9), notice_at=None, at=NOON)
        assert await tx.workflows.end(loaded, V.COMPLETED, at=NOON) is None
        assert await tx.workflows.over(tenant, [ref_of(batch, n) for n in (0, 1)]) == {
            ref_of(batch, 0),
            ref_of(batch, 1),
        }
        assert await tx.workflows.cancel_all(tenant, batch.number, at=NOON) == 1
        assert await tx.workflows.cancel_all(tenant, batch.number, at=NOON) == 0
    assert await ended_of(store, batch) == {S.COMPLETED: 1, S.CANCELLED: 1}


async def test_what_never_left_never_was_and_is_counted_no_more(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 3)
    assert await _end(store, await the_workflow(store, batch, 1), V.EXPIRED) is S.EXPIRED
    async with store.begin() as tx:
        await tx.workflows.void(tenant, batch.number, [0, 1, 7], at=NOON)
    assert await ended_of(store, batch) == {}
    async with store.read() as tx:
        left = [await tx.workflows.across_tenants_at(ref_of(batch, n)) is not None for n in range(3)]
    assert left == [False, False, True]


async def test_what_will_be_tried_again_waits(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 3)
    assert await _end(store, await the_workflow(store, batch, 1), V.CANCELLED) is S.CANCELLED
    async with store.begin() as tx:
        await tx.workflows.postpone(tenant, batch.number, [0, 1], at=NOON)
    assert [(await the_workflow(store, batch, n)).state for n in range(3)] == [S.CREATED, S.CANCELLED, S.ACTIVE]


async def test_what_is_called_off_is_cancelled_unless_it_has_ended(store: Store) -> None:
    tenant = await a_tenant(store)
    batch, waiting = await opened(store, tenant, 3), await _created(store, tenant)
    assert await _end(store, await the_workflow(store, batch, 1), V.DECLINED) is S.DECLINED
    async with store.begin() as tx:
        await tx.workflows.call_off(tenant, batch.number, [0, 1], at=after(hours=2))
        await tx.workflows.call_off(tenant, waiting.number, [0], at=after(hours=2))
    now = [await the_workflow(store, batch, n) for n in range(3)]
    assert [w.state for w in now] == [S.CANCELLED, S.DECLINED, S.ACTIVE]
    assert (now[0].ended_at, now[0].notice_at) == (after(hours=2), None)
    assert await ended_of(store, batch) == {S.CANCELLED: 1, S.DECLINED: 1}
    assert await ended_of(store, waiting) == {S.CANCELLED: 1}


async def test_a_step_changes_what_it_names_and_leaves_the_rest(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    first = Advance(step=2, answers='{"a":1}', customer_name="Zoë", email="z@x.example")
    paying = Advance(step=3, answers="{}", payment=PaymentState.INTENDED, payment_at=after(minutes=1))
    async with store.begin() as tx:
        assert await tx.workflows.advance(await tx.workflows.get(tenant, _id(batch)), first, at=after(minutes=1))
        assert await tx.workflows.advance(await tx.workflows.get(tenant, _id(batch)), paying, at=after(minutes=2))
    now = await the_workflow(store, batch)
    assert (now.step, now.answers, now.customer_name, now.email) == (3, "{}", "Zoë", "z@x.example")
    assert (now.payment, now.payment_at, now.updated_at) == (PaymentState.INTENDED, after(minutes=1), after(minutes=2))
    async with store.begin() as tx:
        assert await tx.workflows.advance(now, Advance(step=4, answers="{}"), at=NOON)
    now = await the_workflow(store, batch)
    assert (now.payment, now.payment_at) == (None, None)


def _id(batch: Batch, position: int = 0) -> WorkflowId:
    return WorkflowId(entry_id(batch.id, position))


async def test_of_two_that_take_the_same_step_at_once_one_does(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    seen = await the_workflow(store, batch)

    async def step(name: str) -> bool:
        async with store.begin() as tx:
            taken = await tx.workflows.advance(seen, Advance(step=2, answers=name), at=NOON)
            await asyncio.sleep(0.02)
        return taken

    taken = await asyncio.gather(*(step(name) for name in "abc"))
    assert sorted(taken) == [False, False, True]
    assert (await the_workflow(store, batch)).answers == "abc"[taken.index(True)]


async def test_of_many_that_end_a_workflow_at_once_one_does_and_it_is_counted_once(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    seen = await the_workflow(store, batch)
    ended = await asyncio.gather(
        *(_end(store, seen, event) for event in (V.COMPLETED, V.DECLINED, V.CANCELLED, V.EXPIRED))
    )
    won = [state for state in ended if state is not None]
    assert len(won) == 1
    assert await ended_of(store, batch) == {won[0]: 1}
    assert (await the_workflow(store, batch)).state is won[0]


async def test_an_end_keeps_the_last_step_and_the_reason_and_no_payment_follows(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    paying = Advance(step=2, answers="1", payment=PaymentState.PENDING, payment_at=NOON)
    async with store.begin() as tx:
        assert await tx.workflows.advance(await tx.workflows.get(tenant, _id(batch)), paying, at=NOON)
        seen = await tx.workflows.get(tenant, _id(batch))
        last = Advance(step=3, answers="2", customer_name="Zoë")
        ended = await tx.workflows.end(seen, V.DECLINED, at=after(hours=3), advance=last, reason="other")
    now = await the_workflow(store, batch)
    assert ended is now.state is now.ended_as is S.DECLINED
    assert (now.step, now.answers, now.customer_name, now.decline_reason) == (3, "2", "Zoë", "other")
    assert (now.payment, now.payment_at, now.notice_at, now.ended_at) == (None, None, None, after(hours=3))


@pytest.mark.parametrize("event", [V.SENT, V.POSTPONED, V.ARCHIVED])
async def test_only_an_end_ends_a_workflow(store: Store, event: WorkflowEvent) -> None:
    batch = await opened(store, await a_tenant(store))
    assert await _end(store, await the_workflow(store, batch), event) is None
    assert await ended_of(store, batch) == {}


async def test_one_whose_message_waits_can_only_be_cancelled(store: Store) -> None:
    batch = await _created(store, await a_tenant(store))
    seen = await the_workflow(store, batch)
    assert await _end(store, seen, V.COMPLETED) is None
    async with store.begin() as tx:
        assert not await tx.workflows.advance(seen, Advance(step=2, answers=""), at=NOON)
        assert not await tx.workflows.extend(seen, expires_at=after(days=9), notice_at=None, at=NOON)
    assert await _end(store, seen, V.CANCELLED) is S.CANCELLED
    assert await _end(store, seen, V.CANCELLED) is None
    assert await ended_of(store, batch) == {S.CANCELLED: 1}


async def test_an_active_workflow_is_given_more_time_while_its_customer_is_at_it(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    seen = await the_workflow(store, batch)
    async with store.begin() as tx:
        assert await tx.workflows.extend(seen, expires_at=after(days=9), notice_at=after(days=8), at=NOON)
        assert await tx.workflows.advance(seen, Advance(step=2, answers=""), at=NOON)
    now = await the_workflow(store, batch)
    assert (now.expires_at, now.notice_at, now.step) == (after(days=9), after(days=8), 2)
    assert await _end(store, now, V.COMPLETED) is S.COMPLETED
    async with store.begin() as tx:
        assert not await tx.workflows.extend(now, expires_at=after(days=99), notice_at=None, at=NOON)


async def test_what_is_over_is_told_of_many_at_once(store: Store) -> None:
    tenant, stranger = await a_tenant(store), await a_tenant(store, "stranger")
    batch = await opened(store, tenant, 3)
    assert await _end(store, await the_workflow(store, batch, 1), V.COMPLETED) is S.COMPLETED
    async with store.begin() as tx:
        refs = [ref_of(batch, n) for n in range(3)]
        assert await tx.workflows.over(tenant, refs) == {ref_of(batch, 1)}
        assert await tx.workflows.over(stranger, refs) == frozenset()
        assert await tx.workflows.over(tenant, []) == frozenset()


async def test_anothers_workflows_stay_as_they_are(store: Store) -> None:
    tenant, stranger = await a_tenant(store), await a_tenant(store, "stranger")
    batch = await opened(store, tenant, 2)
    before = await the_workflow(store, batch)
    async with store.begin() as tx:
        await tx.workflows.void(stranger, batch.number, [0, 1], at=NOON)
        await tx.workflows.postpone(stranger, batch.number, [0, 1], at=NOON)
        await tx.workflows.call_off(stranger, batch.number, [0, 1], at=NOON)
        assert await tx.workflows.cancel_all(stranger, batch.number, at=NOON) == 0
        with pytest.raises(NotFound):
            await tx.workflows.open(stranger, batch.number, [a_new_workflow(batch, 0)], at=NOON)
    assert await the_workflow(store, batch) == before
    assert await ended_of(store, batch) == {}


async def test_sweeping_a_batch_while_its_customers_finish_counts_each_once(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 8)
    seen = [await the_workflow(store, batch, n) for n in range(8)]

    async def sweep() -> None:
        async with store.begin() as tx:
            await tx.batches.move_counts(tenant, batch.number, {}, at=NOON)
            await tx.workflows.cancel_all(tenant, batch.number, at=NOON)

    await asyncio.gather(*(_end(store, workflow, V.COMPLETED) for workflow in seen[:4]), sweep())
    assert sum((await ended_of(store, batch)).values()) == 8


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batches SET w_completed = 2",
        "UPDATE batches SET w_completed = 0, w_declined = 1",
        "UPDATE workflows SET ended_as = 'expired' WHERE position = 0",
        "DELETE FROM workflows WHERE position = 0",
    ],
)
async def test_a_batch_that_miscounts_its_ended_workflows_is_found(store: SqlStore, statement: str) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 2)
    assert await _end(store, await the_workflow(store, batch), V.COMPLETED) is S.COMPLETED
    async with store.read() as tx:
        assert await tx.batches.across_tenants_broken(limit=9) == []
    async with store.writer.begin() as connection:
        await connection.execute(text(statement))
    async with store.read() as tx:
        assert await tx.batches.across_tenants_broken(limit=9) == [(tenant, batch.id, 2, 2)]


async def test_the_database_refuses_fewer_than_no_ended_workflows(store: SqlStore) -> None:
    await opened(store, await a_tenant(store))
    with pytest.raises(IntegrityError):
        async with store.writer.begin() as connection:
            await connection.execute(text("UPDATE batches SET w_expired = -1"))

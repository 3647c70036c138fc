"""Keeping the texts sent about workflows."""

import asyncio
from uuid import uuid4

import pytest

from muster.domain.batch import Batch
from muster.domain.entry import EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import PrincipalId, TenantId, WorkflowId, entry_id
from muster.domain.workflow import Notice, NoticeOrigin, WorkflowEvent, WorkflowRef
from muster.ports.store.unit import Store
from muster.ports.store.workflows import NewNotice, WaitingNotice
from muster.stores.database import open_store
from muster.stores.vault import Vault
from tests.conformance.store_world import (
    NOON,
    a_batch,
    a_channel,
    a_new_workflow,
    a_template,
    a_tenant,
    after,
    opened,
    ref_of,
    the_workflow,
)

E, O = EntryState, NoticeOrigin  # noqa: E741 - as short as the others
WHO = PrincipalId(uuid4())


async def _history(store: Store, batch: Batch, position: int = 0) -> list[Notice]:
    async with store.read() as tx:
        return list(await tx.workflows.notices(batch.tenant, WorkflowId(entry_id(batch.id, position))))


async def _note(store: Store, tenant: TenantId, *refs: WorkflowRef, hours: int = 1) -> None:
    async with store.begin() as tx:
        notices = [NewNotice(ref=ref, origin=O.MANUAL, by=WHO) for ref in refs]
        await tx.workflows.add_notices(tenant, notices, at=after(hours=hours))


async def test_a_history_begins_with_the_first_text_and_counts_on(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 2)
    await _note(store, tenant, ref_of(batch), hours=1)
    async with store.begin() as tx:
        reminder = NewNotice(ref=ref_of(batch), origin=O.REMINDER, by=None)
        last = NewNotice(ref=ref_of(batch), origin=O.EXPIRY, by=None)
        await tx.workflows.add_notices(tenant, [reminder, last], at=after(hours=2))
        await tx.workflows.add_notices(tenant, [], at=NOON)
    first = Notice(serial=0, origin=O.INITIAL, by=batch.created_by, at=NOON)
    assert await _history(store, batch) == [
        first,
        Notice(serial=1, origin=O.MANUAL, by=WHO, at=after(hours=1)),
        Notice(serial=2, origin=O.REMINDER, by=None, at=after(hours=2)),
        Notice(serial=3, origin=O.EXPIRY, by=None, at=after(hours=2)),
    ]
    assert await _history(store, batch, 1) == [first]


async def test_a_text_that_waits_has_not_been_sent(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.ACCEPTED,), kind="workflows")
    async with store.begin() as tx:
        await tx.workflows.add(tenant, batch.number, a_new_workflow(batch, 0), at=NOON)
    assert await _history(store, batch) == []
    async with store.begin() as tx:
        await tx.entries.intend(tenant, batch.number, [0], at=NOON)
        await tx.workflows.open(tenant, batch.number, [a_new_workflow(batch, 0)], at=after(hours=1))
    assert [notice.origin for notice in await _history(store, batch)] == [O.INITIAL]


async def test_a_text_of_a_workflow_that_was_called_off_before_it_left_was_never_sent(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.ACCEPTED,), kind="workflows")
    async with store.begin() as tx:
        await tx.workflows.add(tenant, batch.number, a_new_workflow(batch, 0), at=NOON)
        await tx.workflows.call_off(tenant, batch.number, [0], at=NOON)
    assert await _history(store, batch) == []


async def test_the_history_stays_when_the_workflow_ends_and_is_put_away(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    await _note(store, tenant, ref_of(batch))
    workflow = await the_workflow(store, batch)
    async with store.begin() as tx:
        await tx.workflows.end(workflow, WorkflowEvent.DECLINED, at=NOON)
        await tx.workflows.across_tenants_archive(ended_before=after(days=9), limit=9)
    assert [notice.serial for notice in await _history(store, batch)] == [0, 1]


async def test_a_workflow_that_never_was_has_no_history(store: Store) -> None:
    tenant, stranger = await a_tenant(store), await a_tenant(store, "stranger")
    batch = await opened(store, tenant)
    await _note(store, tenant, ref_of(batch))
    async with store.begin() as tx:
        with pytest.raises(NotFound):
            await tx.workflows.notices(stranger, WorkflowId(entry_id(batch.id, 0)))
        with pytest.raises(NotFound):
            await tx.workflows.notices(tenant, WorkflowId(uuid4()))
        await tx.workflows.void(tenant, batch.number, [0], at=NOON)
        with pytest.raises(NotFound):
            await tx.workflows.notices(tenant, WorkflowId(entry_id(batch.id, 0)))
        assert await tx.workflows.across_tenants_waiting_notices(limit=9) == []


async def test_two_that_ask_for_a_text_at_once_get_two_serials(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant)
    await asyncio.gather(*(_note(store, tenant, ref_of(batch)) for _ in range(4)))
    assert [notice.serial for notice in await _history(store, batch)] == [0, 1, 2, 3, 4]


async def test_nobody_notes_a_text_about_anothers_workflow(store: Store) -> None:
    tenant, stranger = await a_tenant(store), await a_tenant(store, "stranger")
    batch = await opened(store, tenant)
    await _note(store, stranger, ref_of(batch))
    assert [notice.serial for notice in await _history(store, batch)] == [0]


async def test_what_waits_comes_with_all_its_message_needs(store: Store) -> None:
    tenant, template = await a_tenant(store), a_template(definition='{"steps":[]}')
    async with store.begin() as tx:
        await tx.templates.add(tenant, template)
    channel = await a_channel(store, tenant)
    from_template = {"template": template.id, "template_version": template.version_id}
    batch = await opened(
        store, tenant, 2, batch=await a_batch(store, tenant, (E.SENT,) * 2, channel=channel, **from_template)
    )
    plain = await opened(
        store, tenant, batch=await a_batch(store, tenant, (E.SENT,), template=None, template_version=None)
    )
    await _note(store, tenant, ref_of(batch, 1), hours=2)
    await _note(store, tenant, ref_of(plain), hours=1)
    async with store.begin() as tx:
        first, second = await tx.workflows.across_tenants_waiting_notices(limit=9)
        assert await tx.workflows.across_tenants_waiting_notices(limit=1) == [first]
    assert (first.ref, first.channel, first.definition) == (ref_of(plain), None, None)
    assert second == WaitingNotice(
        tenant=tenant,
        ref=ref_of(batch, 1),
        serial=1,
        workflow=WorkflowId(entry_id(batch.id, 1)),
        channel=channel,
        origin=O.MANUAL,
        address="+491510000001",
        payload="{}",
        definition='{"steps":[]}',
    )


async def test_a_text_whose_message_was_made_waits_no_more(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 3)
    messages = await a_batch(store, tenant, (E.ACCEPTED,) * 2, kind="workflow_notices")
    await _note(store, tenant, *(ref_of(batch, n) for n in range(3)))
    async with store.begin() as tx:
        waiting = await tx.workflows.across_tenants_waiting_notices(limit=2)
        named = [(notice.ref, notice.serial) for notice in waiting]
        await tx.workflows.across_tenants_noticed(named, batch=messages.number)
        await tx.workflows.across_tenants_noticed([], batch=messages.number)
        left = await tx.workflows.across_tenants_waiting_notices(limit=9)
    assert [notice.ref for notice in left] == [ref_of(batch, 2)]


async def test_of_stores_that_make_messages_at_once_each_text_falls_to_one(
    store: Store, database_url: str, vault: Vault
) -> None:
    tenant = await a_tenant(store)
    batch = await opened(store, tenant, 9)
    await _note(store, tenant, *(ref_of(batch, n) for n in range(9)))
    stores = [open_store(database_url, vault=vault) for _ in range(3)]

    async def make(own: Store) -> list[WorkflowRef]:
        async with own.begin() as tx:
            waiting = await tx.workflows.across_tenants_waiting_notices(limit=9)
            named = [(notice.ref, notice.serial) for notice in waiting]
            await tx.workflows.across_tenants_noticed(named, batch=batch.number)
            await asyncio.sleep(0.05)
        return [ref for ref, _ in named]

    made = [ref for refs in await asyncio.gather(*map(make, stores)) for ref in refs]
    for own in stores:
        await own.close()
    assert sorted(made) == [ref_of(batch, n) for n in range(9)]

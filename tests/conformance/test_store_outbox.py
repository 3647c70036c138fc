"""Keeping events until they are told, and the audit log."""

import asyncio
from uuid import uuid4

from sqlalchemy import text

from muster.domain.event import EventType, NewEvent
from muster.domain.ids import BatchId, PrincipalId
from muster.ports.store.unit import Store
from muster.stores.database import SqlStore
from tests.conformance.store_world import NOON, a_tenant, after, given_up


def _event(body: str = "{}", type_: EventType = EventType.BATCH_STARTED, batch: BatchId | None = None) -> NewEvent:
    return NewEvent(type=type_, batch=batch, body=body)


async def test_an_event_comes_back_as_it_was_given(store: Store) -> None:
    tenant, batch = await a_tenant(store), BatchId(uuid4())
    async with store.begin() as tx:
        await tx.outbox.add(tenant, [_event('{"n": 1}', EventType.BATCH_PAUSED, batch)], at=NOON)
        (event,) = await tx.outbox.across_tenants_untold(limit=9)
    assert (event.tenant, event.type, event.batch, event.body, event.created_at) == (
        tenant, EventType.BATCH_PAUSED, batch, '{"n": 1}', NOON,
    )  # fmt: skip


async def test_events_are_untold_in_the_order_they_were_kept_until_told(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    async with store.begin() as tx:
        await tx.outbox.add(ours, [_event("1"), _event("2")], at=after(hours=2))
        await tx.outbox.add(theirs, [_event("3")], at=after(hours=1))
        await tx.outbox.add(ours, [], at=NOON)
        assert await tx.outbox.across_tenants_any_untold()
        untold = await tx.outbox.across_tenants_untold(limit=9)
        assert [event.body for event in untold] == ["1", "2", "3"]
        assert [event.body for event in await tx.outbox.across_tenants_untold(limit=2)] == ["1", "2"]
        await tx.outbox.across_tenants_told([untold[0].sequence, untold[2].sequence], at=NOON)
    async with store.begin() as tx:
        assert [event.body for event in await tx.outbox.across_tenants_untold(limit=9)] == ["2"]
        await tx.outbox.across_tenants_told([untold[1].sequence], at=NOON)
        assert await tx.outbox.across_tenants_untold(limit=9) == []
        assert not await tx.outbox.across_tenants_any_untold()


async def test_an_event_of_a_block_that_raises_never_was(store: Store) -> None:
    tenant = await a_tenant(store)
    async with given_up(store) as tx:
        await tx.outbox.add(tenant, [_event()], at=NOON)
    async with store.read() as tx:
        assert not await tx.outbox.across_tenants_any_untold()


async def test_two_that_tell_at_once_tell_no_event_twice(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.outbox.add(tenant, [_event(str(n)) for n in range(20)], at=NOON)

    async def tell() -> list[int]:
        async with store.begin() as tx:
            events = await tx.outbox.across_tenants_untold(limit=10)
            await tx.outbox.across_tenants_told([event.sequence for event in events], at=NOON)
        return [event.sequence for event in events]

    told = [sequence for some in await asyncio.gather(tell(), tell(), tell()) for sequence in some]
    assert len(told) == len(set(told))


async def test_events_of_a_time_are_found_told_or_not(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    async with store.begin() as tx:
        for hour in range(4):
            await tx.outbox.add(ours, [_event(str(hour))], at=after(hours=hour))
            await tx.outbox.add(theirs, [_event("theirs")], at=after(hours=hour))
        told = await tx.outbox.across_tenants_untold(limit=9)
        await tx.outbox.across_tenants_told([event.sequence for event in told], at=NOON)
        between, span = tx.outbox.between, {"since": after(hours=1), "until": after(hours=3)}
        assert [event.body for event in await between(ours, limit=9, **span)] == ["1", "2"]
        assert [event.body for event in await between(ours, limit=1, **span)] == ["1"]


async def test_who_changed_what_is_noted(store: SqlStore) -> None:
    tenant, actor = await a_tenant(store), PrincipalId(uuid4())
    async with store.begin() as tx:
        await tx.outbox.audit(tenant, actor, "batch:cancel", subject="b-1", detail="withdrawn", at=NOON)
        await tx.outbox.audit(tenant, None, "batch:pause", subject="b-2", detail="", at=NOON)
    async with store.writer.begin() as connection:
        rows = (await connection.execute(text("SELECT tenant, action, subject, detail FROM audit ORDER BY id"))).all()
    assert [tuple(row) for row in rows] == [
        (tenant, "batch:cancel", "b-1", "withdrawn"),
        (tenant, "batch:pause", "b-2", ""),
    ]

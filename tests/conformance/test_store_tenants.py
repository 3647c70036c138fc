"""A tenant sees only its own: what is another's is as if it were not there, and stays as it is."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import msgspec
import pytest

from muster.domain.batch import Batch, BatchEvent
from muster.domain.chunk import ChunkRef, ChunkState
from muster.domain.entry import EntryState
from muster.domain.errors import LeaseLost, NotFound
from muster.domain.ids import ChannelId, TenantId
from muster.domain.template import Template, TemplateState
from muster.ports.store.batches import BatchFilter, Page
from muster.ports.store.endpoints import Endpoint, EndpointState
from muster.ports.store.entries import Change
from muster.ports.store.unit import Store, Transaction
from tests.conformance.store_world import NOON, a_batch, a_channel, a_template, a_tenant, after

ALL = Page(0, 99)
E = EntryState


class _Theirs(msgspec.Struct, frozen=True):
    """What the other tenant has."""

    tenant: TenantId
    batch: Batch
    template: Template
    channel: ChannelId
    endpoint: Endpoint
    chunk: ChunkRef


async def _theirs(store: Store) -> _Theirs:
    tenant = await a_tenant(store, "theirs")
    batch = await a_batch(store, tenant, (E.ACCEPTED, E.HELD, E.DISPATCHING))
    channel, template = await a_channel(store, tenant), a_template()
    endpoint = Endpoint(
        id=uuid4(), tenant=tenant, url="https://theirs.example", description="", types=(), secrets=(),
        state=EndpointState.ACTIVE, created_at=NOON,
    )  # fmt: skip
    async with store.begin() as tx:
        await tx.templates.add(tenant, template)
        await tx.endpoints.add(tenant, endpoint)
        chunk = await tx.chunks.open_next(tenant, batch.number, size=2)
    assert chunk is not None
    return _Theirs(tenant, batch, template, channel, endpoint, chunk)


Attempt = Callable[[Transaction, TenantId, _Theirs], Awaitable[object]]

NOT_FOUND: dict[str, Attempt] = {
    "batches.get": lambda tx, me, it: tx.batches.get(me, it.batch.id),
    "batches.get_numbered": lambda tx, me, it: tx.batches.get_numbered(me, it.batch.number),
    "batches.apply": lambda tx, me, it: tx.batches.apply(me, it.batch.number, BatchEvent.CANCELLED, at=NOON),
    "batches.move_counts": lambda tx, me, it: tx.batches.move_counts(
        me, it.batch.number, {E.ACCEPTED: -1, E.SENT: 1}, at=NOON
    ),
    "templates.get": lambda tx, me, it: tx.templates.get(me, it.template.id),
    "templates.named": lambda tx, me, it: tx.templates.named(me, it.template.kind, it.template.name),
    "templates.version": lambda tx, me, it: tx.templates.version(me, it.template.id, it.template.version_id),
    "templates.add_version": lambda tx, me, it: tx.templates.add_version(
        me, msgspec.structs.replace(it.template, version=2)
    ),
    "channels.get": lambda tx, me, it: tx.channels.get(me, it.channel),
    "channels.remove": lambda tx, me, it: tx.channels.remove(me, it.channel, at=NOON),
    "endpoints.get": lambda tx, me, it: tx.endpoints.get(me, it.endpoint.id),
    "endpoints.replace": lambda tx, me, it: tx.endpoints.replace(me, it.endpoint),
    "endpoints.remove": lambda tx, me, it: tx.endpoints.remove(me, it.endpoint.id),
    "endpoints.replay": lambda tx, me, it: tx.endpoints.replay(
        me, it.endpoint.id, since=NOON, until=after(days=1), limit=9, at=NOON
    ),
}

NOTHING: dict[str, tuple[object, Attempt]] = {
    "batches.find": ((0, []), lambda tx, me, _: tx.batches.find(me, BatchFilter(), order=(), page=ALL)),
    "batches.withdraw": (False, lambda tx, me, it: tx.batches.withdraw(me, it.batch.number, at=NOON, by=None)),
    "batches.true_counts": (
        dict.fromkeys(EntryState, 0),
        lambda tx, me, it: tx.batches.true_counts(me, it.batch.number),
    ),
    "entries.find": (
        (0, []),
        lambda tx, me, it: tx.entries.find(me, it.batch.number, states=None, order=(), page=ALL),
    ),
    "entries.due": (
        [],
        lambda tx, me, it: tx.entries.due(me, it.batch.number, first=0, last=9, now=after(days=9), limit=9),
    ),
    "entries.left_dispatching": (
        [],
        lambda tx, me, it: tx.entries.left_dispatching(me, it.batch.number, first=0, last=9),
    ),
    "entries.next_due": (None, lambda tx, me, it: tx.entries.next_due(me, it.batch.number, first=0, last=9)),
    "chunks.open_next": (None, lambda tx, me, it: tx.chunks.open_next(me, it.batch.number, size=1)),
    "chunks.wake": ([], lambda tx, me, it: tx.chunks.wake(me, it.batch.number)),
    "chunks.unfinished": (0, lambda tx, me, it: tx.chunks.unfinished(me, it.batch.number)),
    "chunks.lease": (
        None,
        lambda tx, me, it: tx.chunks.lease(
            msgspec.structs.replace(it.chunk, tenant=me), worker="me", now=NOON, until=after(hours=1)
        ),
    ),
    "templates.find": (
        (0, []),
        lambda tx, me, it: tx.templates.find(me, it.template.kind, state=None, text="", page=ALL),
    ),
    "templates.move": (
        False,
        lambda tx, me, it: tx.templates.move(
            me, it.template.id, TemplateState.ARCHIVED, expected=TemplateState.ACTIVE, at=NOON, by=None
        ),
    ),
    "channels.all": ([], lambda tx, me, _: tx.channels.all(me)),
    "endpoints.all": ([], lambda tx, me, _: tx.endpoints.all(me)),
    "endpoints.disable": (False, lambda tx, me, it: tx.endpoints.disable(me, it.endpoint.id, "mine", at=NOON)),
}


@pytest.mark.parametrize("method", NOT_FOUND)
async def test_what_is_anothers_is_not_found(store: Store, method: str) -> None:
    it, me = await _theirs(store), await a_tenant(store, "me")
    async with store.begin() as tx:
        with pytest.raises(NotFound):
            await NOT_FOUND[method](tx, me, it)
    await _stands_as_it_was(store, it)


@pytest.mark.parametrize("method", NOTHING)
async def test_of_anothers_things_there_is_nothing(store: Store, method: str) -> None:
    it, me = await _theirs(store), await a_tenant(store, "me")
    nothing, attempt = NOTHING[method]
    async with store.begin() as tx:
        assert await attempt(tx, me, it) == nothing
    await _stands_as_it_was(store, it)


async def test_anothers_entries_do_not_move(store: Store) -> None:
    it, me = await _theirs(store), await a_tenant(store, "me")
    async with store.begin() as tx:
        entries, number = tx.entries, it.batch.number
        for applied in (
            await entries.intend(me, number, [0, 1], at=NOON),
            await entries.change(me, number, [Change(2, E.DISPATCHING, E.SENT)], at=NOON),
            await entries.cancel(me, number, first=0, last=9, at=NOON),
        ):
            assert applied.positions == ()
            assert not any(applied.deltas.values())
    await _stands_as_it_was(store, it)


async def test_a_lease_of_anothers_chunk_writes_nothing(store: Store) -> None:
    it, me = await _theirs(store), await a_tenant(store, "me")
    async with store.begin() as tx:
        lease = await tx.chunks.lease(it.chunk, worker="theirs", now=NOON, until=after(hours=1))
    assert lease is not None
    forged = msgspec.structs.replace(lease, chunk=msgspec.structs.replace(it.chunk, tenant=me))
    async with store.begin() as tx:
        with pytest.raises(LeaseLost):
            await tx.chunks.release(forged, ChunkState.DONE)
    async with store.begin() as tx:
        await tx.chunks.hold(lease, until=after(hours=2))


async def _stands_as_it_was(store: Store, it: _Theirs) -> None:
    async with store.read() as tx:
        assert await tx.batches.get(it.tenant, it.batch.id) == it.batch
        assert await tx.batches.true_counts(it.tenant, it.batch.number) == it.batch.counts
        assert await tx.templates.get(it.tenant, it.template.id) == it.template
        assert [channel.id for channel in await tx.channels.all(it.tenant)] == [it.channel]
        assert await tx.endpoints.get(it.tenant, it.endpoint.id) == it.endpoint
        assert await tx.chunks.across_tenants_queued(limit=9) == [it.chunk]

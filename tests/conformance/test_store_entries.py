"""Keeping entries, many at a time."""

from collections import Counter

import msgspec
import pytest

from muster.domain.batch import Batch
from muster.domain.entry import Entry, EntryState
from muster.domain.fault import Fault
from muster.domain.ids import TenantId
from muster.ports.store.batches import Page
from muster.ports.store.entries import Change
from muster.ports.store.unit import Store
from tests.conformance.store_world import NOON, a_batch, a_new_batch, a_tenant, after, an_entry

ALL = Page(0, 20_000)
E = EntryState


async def _all(store: Store, tenant: TenantId, batch: Batch) -> list[Entry]:
    async with store.read() as tx:
        _, entries = await tx.entries.find(tenant, batch.number, states=None, order=(), page=ALL)
    return list(entries)


async def _states(store: Store, tenant: TenantId, batch: Batch) -> list[EntryState]:
    return [entry.state for entry in await _all(store, tenant, batch)]


async def test_an_entry_comes_back_as_it_was_given(store: Store) -> None:
    tenant = await a_tenant(store)
    fault = Fault(path="$.amount", code="REQUIRED", message="amount is required", part="parameters")
    odd = an_entry(1, E.REJECTED, address="", payload='{"title": "Ü \\" 💌\\n"}', reason="invalid")
    odd = msgspec.structs.replace(odd, faults=msgspec.json.encode([fault]).decode())
    async with store.begin() as tx:
        number = await tx.batches.add(tenant, a_new_batch((E.ACCEPTED, E.REJECTED)))
        await tx.entries.add(tenant, number, [an_entry(0), odd], at=after(seconds=1))
    async with store.read() as tx:
        total, (plain, rejected) = await tx.entries.find(tenant, number, states=None, order=(), page=ALL)
    assert total == 2
    assert plain == Entry(
        position=0, state=E.ACCEPTED, address="+491510000000", payload="{}", reason=None, detail=None,
        updated_at=after(seconds=1),
    )  # fmt: skip
    assert (rejected.state, rejected.address, rejected.payload, rejected.reason, rejected.faults) == (
        E.REJECTED, "", odd.payload, "invalid", (fault,),
    )  # fmt: skip


async def test_ten_thousand_entries_go_in_at_once(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.ACCEPTED,) * 10_000)
    async with store.read() as tx:
        assert (await tx.batches.true_counts(tenant, batch.number))[E.ACCEPTED] == 10_000


async def test_entries_are_narrowed_by_state_and_paged(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.SENT, E.HELD, E.SENT, E.SENT, E.FAILED))
    async with store.read() as tx:
        find = tx.entries.find
        total, page = await find(tenant, batch.number, states=frozenset({E.SENT}), order=(), page=Page(1, 1))
        assert (total, [entry.position for entry in page]) == (3, [2])
        total, page = await find(tenant, batch.number, states=frozenset({E.HELD, E.FAILED}), order=(), page=ALL)
        assert (total, [entry.position for entry in page]) == (2, [1, 4])
        assert await find(tenant, batch.number, states=frozenset(), order=(), page=ALL) == (0, [])
        assert (await find(tenant, batch.number, states=None, order=(), page=Page(9, 5)))[0] == 5


@pytest.mark.parametrize(
    ("field", "ascending"),
    [("position", [0, 1, 2, 3]), ("state", [0, 3, 2, 1]), ("address", [3, 1, 0, 2]), ("title", [3, 2, 1, 0])],
)
async def test_entries_are_put_in_the_order_that_is_asked(store: Store, field: str, ascending: list[int]) -> None:
    tenant = await a_tenant(store)
    entries = [
        an_entry(0, E.ACCEPTED, address="b", payload='{"title": "c"}'),
        an_entry(1, E.SENT, address="a", payload='{"title": "b"}'),
        an_entry(2, E.REJECTED, address="c", payload='{"title": "a"}'),
        an_entry(3, E.HELD, address="", payload="{}"),
    ]
    async with store.begin() as tx:
        number = await tx.batches.add(tenant, a_new_batch([entry.state for entry in entries]))
        await tx.entries.add(tenant, number, entries, at=NOON)
    async with store.read() as tx:
        for descending in (False, True):
            _, page = await tx.entries.find(tenant, number, states=None, order=((field, descending),), page=ALL)
            assert [entry.position for entry in page] == (ascending[::-1] if descending else ascending)


async def test_equals_stand_by_position(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.SENT, E.ACCEPTED, E.SENT, E.ACCEPTED))
    async with store.read() as tx:
        _, page = await tx.entries.find(tenant, batch.number, states=None, order=(("state", True),), page=ALL)
        assert [entry.position for entry in page] == [0, 2, 1, 3]


async def test_due_are_the_accepted_and_those_whose_time_has_come(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.ACCEPTED, E.DISPATCHING, E.DISPATCHING, E.SENT, E.ACCEPTED, E.ACCEPTED))
    holding = [
        Change(1, E.DISPATCHING, E.HELD, reason="throttled", due_at=after(minutes=1)),
        Change(2, E.DISPATCHING, E.HELD, reason="throttled", due_at=after(minutes=2)),
    ]
    async with store.begin() as tx:
        await tx.entries.change(tenant, batch.number, holding, at=NOON)
        due, span = tx.entries.due, {"first": 0, "last": 5, "limit": 99}
        assert [q.position for q in await due(tenant, batch.number, now=NOON, **span)] == [0, 4]
        assert [q.position for q in await due(tenant, batch.number, now=after(minutes=1), **span)] == [0, 1, 4]
        two = await due(tenant, batch.number, now=after(hours=1), first=1, last=5, limit=2)
        assert [(q.position, q.state) for q in two] == [(1, E.HELD), (2, E.HELD)]
        next_due = tx.entries.next_due
        assert await next_due(tenant, batch.number, first=0, last=6) == after(minutes=1)
        assert await next_due(tenant, batch.number, first=2, last=6) == after(minutes=2)
        assert await next_due(tenant, batch.number, first=3, last=6) is None


async def test_an_intent_takes_what_is_accepted_or_held_and_counts_the_attempt(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.ACCEPTED, E.HELD, E.SENT, E.CANCELLED, E.ACCEPTED))
    async with store.begin() as tx:
        applied = await tx.entries.intend(tenant, batch.number, [0, 1, 2, 3, 77], at=after(seconds=5))
        assert sorted(applied.positions) == [0, 1]
        assert Counter(applied.deltas) == Counter({E.ACCEPTED: -1, E.HELD: -1, E.DISPATCHING: 2})
        assert (await tx.entries.intend(tenant, batch.number, [0, 1], at=NOON)).positions == ()
        assert (await tx.entries.intend(tenant, batch.number, [], at=NOON)).positions == ()
        left = await tx.entries.left_dispatching(tenant, batch.number, first=0, last=5)
        assert [(q.position, q.attempts) for q in left] == [(0, 1), (1, 1)]
        assert await tx.entries.left_dispatching(tenant, batch.number, first=2, last=5) == []
    assert await _states(store, tenant, batch) == [E.DISPATCHING, E.DISPATCHING, E.SENT, E.CANCELLED, E.ACCEPTED]


async def test_a_change_applies_only_from_the_state_it_expects(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.DISPATCHING, E.DISPATCHING, E.CANCELLED))
    changes = [
        Change(0, E.DISPATCHING, E.SENT, segments=2),
        Change(1, E.DISPATCHING, E.HELD, reason="throttled", detail="0x58", due_at=after(seconds=9)),
        Change(2, E.DISPATCHING, E.SENT),
        Change(9, E.DISPATCHING, E.SENT),
    ]
    async with store.begin() as tx:
        applied = await tx.entries.change(tenant, batch.number, changes, at=after(seconds=3))
        assert applied.positions == (0, 1)
        assert Counter(applied.deltas) == Counter({E.DISPATCHING: -2, E.SENT: 1, E.HELD: 1})
        assert (await tx.entries.change(tenant, batch.number, changes, at=NOON)).positions == ()
        assert (await tx.entries.change(tenant, batch.number, [], at=NOON)).positions == ()
    sent, held, cancelled = await _all(store, tenant, batch)
    assert (sent.state, sent.segments, sent.reason, sent.updated_at) == (E.SENT, 2, None, after(seconds=3))
    assert (held.state, held.reason, held.detail, held.due_at) == (E.HELD, "throttled", "0x58", after(seconds=9))
    assert (cancelled.state, cancelled.segments, cancelled.updated_at) == (E.CANCELLED, 0, NOON)


async def test_segments_and_repeats_add_up(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.DISPATCHING,))
    for _ in range(2):
        async with store.begin() as tx:
            await tx.entries.change(
                tenant, batch.number, [Change(0, E.DISPATCHING, E.ACCEPTED, segments=1, repeat=True)], at=NOON
            )
            await tx.entries.intend(tenant, batch.number, [0], at=NOON)
    (entry,) = await _all(store, tenant, batch)
    assert (entry.segments, entry.repeats, entry.attempts) == (2, 2, 2)


async def test_a_window_of_ten_thousand_changes_applies_at_once(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.DISPATCHING,) * 10_000)
    async with store.begin() as tx:
        changes = [Change(n, E.DISPATCHING, E.SENT, segments=1) for n in range(10_000)]
        assert len((await tx.entries.change(tenant, batch.number, changes, at=NOON)).positions) == 10_000


async def test_cancelling_takes_what_has_not_left(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.ACCEPTED, E.HELD, E.DISPATCHING, E.SENT, E.REJECTED, E.ACCEPTED))
    async with store.begin() as tx:
        applied = await tx.entries.cancel(tenant, batch.number, first=0, last=5, at=NOON)
        assert Counter(applied.deltas) == Counter({E.ACCEPTED: -1, E.HELD: -1, E.CANCELLED: 2})
        assert applied.positions == ()
    left = [E.CANCELLED, E.CANCELLED, E.DISPATCHING, E.SENT, E.REJECTED, E.ACCEPTED]
    assert await _states(store, tenant, batch) == left


async def test_overdue_are_entries_sent_long_ago_of_batches_that_wait(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.DISPATCHING, E.DISPATCHING, E.ACCEPTED))
    async with store.begin() as tx:
        for position in (0, 1):
            at = after(hours=position)
            await tx.entries.change(tenant, batch.number, [Change(position, E.DISPATCHING, E.SENT)], at=at)
        await tx.batches.move_counts(tenant, batch.number, {E.DISPATCHING: -2, E.SENT: 2}, at=NOON)
    async with store.read() as tx:
        overdue = tx.entries.across_tenants_overdue
        assert await overdue(sent_before=NOON, limit=9) == []
        assert await overdue(sent_before=after(minutes=1), limit=9) == [(tenant, batch.number, 0)]
        assert len(await overdue(sent_before=after(hours=2), limit=9)) == 2
        assert len(await overdue(sent_before=after(hours=2), limit=1)) == 1


async def test_cancelling_leaves_what_was_held_for_a_repeat_unknown(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.DISPATCHING, E.DISPATCHING, E.ACCEPTED))
    async with store.begin() as tx:
        held = [
            Change(0, E.DISPATCHING, E.HELD, "result_lost", "why", NOON, repeat=True),
            Change(1, E.DISPATCHING, E.HELD, "busy", None, NOON),
        ]
        await tx.entries.change(tenant, batch.number, held, at=NOON)
        applied = await tx.entries.cancel(tenant, batch.number, first=0, last=3, at=NOON)
    assert applied.deltas == {E.HELD: -2, E.ACCEPTED: -1, E.UNKNOWN: 1, E.CANCELLED: 2}
    found = await _all(store, tenant, batch)
    assert [one.state for one in found] == [E.UNKNOWN, E.CANCELLED, E.CANCELLED]
    assert [(one.reason, one.due_at) for one in found] == [("result_lost", None), (None, None), (None, None)]


@pytest.mark.parametrize("others", [0, 20], ids=["one step", "many steps"])
async def test_an_entry_remembers_when_it_was_handed_over(store: Store, others: int) -> None:
    tenant = await a_tenant(store)
    out = (E.SENT, E.DELIVERED, E.UNDELIVERED, E.UNKNOWN, E.HELD, E.FAILED, E.HELD)
    batch = await a_batch(store, tenant, (E.DISPATCHING,) * (len(out) + others))
    left = [Change(position, E.DISPATCHING, state) for position, state in enumerate(out)]
    # It is held because it may have arrived.
    left[-1] = Change(len(out) - 1, E.DISPATCHING, E.HELD, repeat=True)
    left += [Change(len(out) + n, E.DISPATCHING, E.SENT, detail=f"n{n}") for n in range(others)]
    async with store.begin() as tx:
        await tx.entries.change(tenant, batch.number, left, at=after(seconds=5))
        await tx.entries.change(tenant, batch.number, [Change(0, E.SENT, E.DELIVERED)], at=after(seconds=9))
    entries = await _all(store, tenant, batch)
    then = after(seconds=5)
    assert [entry.left_at for entry in entries] == [then, then, then, then, None, None, then] + [then] * others
    assert (entries[0].state, entries[0].updated_at) == (E.DELIVERED, after(seconds=9))


async def test_what_arrived_may_be_complained_about_and_stays_handed_over_when_it_was(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (E.DISPATCHING,))
    async with store.begin() as tx:
        for step, (before, state) in enumerate(((E.DISPATCHING, E.DELIVERED), (E.DELIVERED, E.COMPLAINED))):
            applied = await tx.entries.change(tenant, batch.number, [Change(0, before, state)], at=after(hours=step))
            await tx.batches.move_counts(tenant, batch.number, applied.deltas, at=after(hours=step))
    (entry,) = await _all(store, tenant, batch)
    assert (entry.state, entry.left_at, entry.updated_at) == (E.COMPLAINED, after(), after(hours=1))
    async with store.read() as tx:
        assert (await tx.batches.get(tenant, batch.id)).counts[E.COMPLAINED] == 1
        assert await tx.batches.across_tenants_broken(limit=9) == []

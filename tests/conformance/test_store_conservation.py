"""The first law: what was accepted is the sum of the entries by state, always."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from muster.domain.entry import EntryState
from muster.stores.database import SqlStore
from tests.conformance.store_world import NOON, a_batch, a_tenant

E = EntryState


async def _behind_the_back(store: SqlStore, statement: str, **values: object) -> None:
    async with store.writer.begin() as connection:
        assert (await connection.execute(text(statement), values)).rowcount == 1


async def _broken(store: SqlStore) -> list[tuple[int, object, int, int]]:
    async with store.read() as tx:
        return list(await tx.batches.across_tenants_broken(limit=10))


@pytest.mark.parametrize(
    "deltas",
    [
        {E.ACCEPTED: -1},
        {E.SENT: 1},
        {E.ACCEPTED: -1, E.SENT: 2},
        {E.ACCEPTED: -4, E.SENT: 4},
        {E.FAILED: -1, E.SENT: 1},
    ],
)
async def test_the_database_refuses_counts_that_do_not_sum_or_fall_below_nothing(
    store: SqlStore, deltas: dict[EntryState, int]
) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant)
    with pytest.raises(IntegrityError):
        async with store.begin() as tx:
            await tx.batches.move_counts(tenant, batch.number, deltas, at=NOON)
    async with store.read() as tx:
        assert (await tx.batches.get(tenant, batch.id)).counts == batch.counts


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batches SET total = total + 1",
        "UPDATE batches SET n_accepted = n_accepted - 1",
        "UPDATE batches SET n_accepted = n_accepted + 1, n_sent = n_sent - 1",
    ],
)
async def test_the_database_refuses_a_broken_sum_from_anyone(store: SqlStore, statement: str) -> None:
    await a_batch(store, await a_tenant(store))
    with pytest.raises(IntegrityError):
        await _behind_the_back(store, statement)


async def test_a_sound_store_has_no_broken_batch(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    await a_batch(store, tenant)
    await a_batch(store, tenant, (E.SENT, E.REJECTED))
    await a_batch(store, tenant, ())
    assert await _broken(store) == []


async def test_an_entry_deleted_behind_the_back_is_found(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    await a_batch(store, tenant)
    broken = await a_batch(store, tenant)
    await _behind_the_back(store, "DELETE FROM entries WHERE batch = :batch AND position = 1", batch=broken.number)
    assert await _broken(store) == [(tenant, broken.id, 3, 2)]


async def test_a_batch_that_lost_all_its_entries_is_found(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    broken = await a_batch(store, tenant, (E.SENT,))
    await _behind_the_back(store, "DELETE FROM entries")
    assert await _broken(store) == [(tenant, broken.id, 1, 0)]


async def test_an_entry_whose_state_was_changed_behind_the_back_is_found(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    broken = await a_batch(store, tenant)
    await _behind_the_back(
        store, "UPDATE entries SET state = 'sent' WHERE batch = :batch AND position = 0", batch=broken.number
    )
    assert await _broken(store) == [(tenant, broken.id, 3, 3)]
    async with store.read() as tx:
        counts = await tx.batches.true_counts(tenant, broken.number)
    assert {state: n for state, n in counts.items() if n} == {E.ACCEPTED: 2, E.SENT: 1}

"""Having records for oneself. What is about waiting needs PostgreSQL: SQLite lets only one write at a time."""

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from typing import Any, Self

import msgspec
import pytest
from sqlalchemy import text

from muster.domain.ids import TenantId
from muster.domain.records.char_types import DEAL, RecordRef
from muster.ports.store.records import Loaded, Writing
from muster.ports.store.unit import Store
from muster.stores.database import SqlStore, SqlTransaction, open_store
from muster.stores.vault import Vault
from tests.conformance.record_world import ITEM, a_record, a_ref, buried, the_record, write
from tests.conformance.store_world import a_tenant

OTHER, THIRD = a_ref(2), a_ref(1, DEAL)
MOMENT, LONG = timedelta(milliseconds=50), timedelta(seconds=20)


@pytest.fixture
async def shared(postgres_url: str, vault: Vault) -> AsyncIterator[SqlStore]:
    """A store that several can write to at a time."""
    opened = open_store(postgres_url, vault=vault)
    yield opened
    await opened.close()


async def _three(store: Store) -> TenantId:
    tenant = await a_tenant(store)
    await write(store, tenant, Writing(added=[a_record(1), a_record(2), a_record(1, ref=THIRD)]))
    return tenant


class _Holder:
    """Somebody who has records, until told to let go."""

    def __init__(self, store: SqlStore, tenant: TenantId, refs: Collection[RecordRef]) -> None:
        self._store, self._tenant, self._refs = store, tenant, refs
        self._has, self._enough = asyncio.Event(), asyncio.Event()
        self.writing = Writing()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._hold())
        await self._has.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.let_go()

    async def let_go(self) -> None:
        self._enough.set()
        await self._task

    async def _hold(self) -> None:
        async with self._store.begin() as tx:
            loaded = await tx.records.load(self._tenant, self._refs, lock=True, patience=LONG)
            assert not loaded.busy
            self._has.set()
            await self._enough.wait()
            await tx.records.write(self._tenant, self.writing)


async def _take(store: Store, tenant: TenantId, *refs: RecordRef, patience: timedelta = MOMENT) -> Loaded:
    async with store.begin() as tx:
        return await tx.records.load(tenant, refs, lock=True, patience=patience)


async def test_records_that_nobody_has_are_had_at_once(store: Store) -> None:
    tenant = await _three(store)
    for patience in (timedelta(), MOMENT):
        loaded = await _take(store, tenant, THIRD, OTHER, a_ref(99), ITEM, patience=patience)
        assert set(loaded.records) == {ITEM, OTHER, THIRD}
        assert loaded.busy == frozenset()


async def test_a_record_that_somebody_else_has_is_busy_and_the_others_are_had(shared: SqlStore) -> None:
    tenant = await _three(shared)
    async with _Holder(shared, tenant, [OTHER]):
        for patience in (timedelta(), MOMENT):
            loaded = await _take(shared, tenant, ITEM, OTHER, THIRD, a_ref(99), patience=patience)
            assert set(loaded.records) == {ITEM, THIRD}
            assert loaded.busy == {OTHER}


async def test_the_patience_is_for_all_records_together(shared: SqlStore) -> None:
    tenant = await _three(shared)
    before = asyncio.get_running_loop().time()
    async with _Holder(shared, tenant, [ITEM]), _Holder(shared, tenant, [OTHER]), _Holder(shared, tenant, [THIRD]):
        loaded = await _take(shared, tenant, ITEM, OTHER, THIRD, patience=timedelta(seconds=0.5))
    assert loaded.busy == {ITEM, OTHER, THIRD}
    assert asyncio.get_running_loop().time() - before < 1.4


async def test_what_is_had_after_waiting_is_what_the_other_made_of_it(shared: SqlStore) -> None:
    tenant = await _three(shared)
    async with _Holder(shared, tenant, [ITEM, OTHER]) as holder:
        waiting = asyncio.create_task(_take(shared, tenant, OTHER, ITEM, THIRD, patience=LONG))
        await _until_somebody_waits(shared)
        holder.writing = Writing(changed=[a_record(1, title="New")], removed=[buried(a_record(2))])
        await holder.let_go()
        loaded = await waiting
    assert {ref: record.title for ref, record in loaded.records.items()} == {ITEM: "New", THIRD: "Feature 1"}
    assert loaded.busy == frozenset()


async def test_two_that_want_the_same_records_in_different_order_both_get_them(shared: SqlStore) -> None:
    tenant = await _three(shared)

    async def change(*refs: RecordRef) -> None:
        async with shared.begin() as tx:
            loaded = await tx.records.load(tenant, refs, lock=True, patience=LONG)
            assert set(loaded.records) == {*refs}
            changed = [msgspec.structs.replace(one, revision=one.revision + 1) for one in loaded.records.values()]
            await tx.records.write(tenant, Writing(changed=changed))

    await asyncio.gather(*(change(ITEM, OTHER, THIRD) if at % 2 else change(THIRD, OTHER, ITEM) for at in range(12)))
    for ref in (ITEM, OTHER, THIRD):
        record = await the_record(shared, tenant, ref)
        assert record is not None
        assert record.revision == 12


async def test_who_only_looks_waits_for_nobody(shared: SqlStore) -> None:
    tenant = await _three(shared)
    await write(shared, tenant, Writing(changed=[a_record(2, origin=5)]))
    async with _Holder(shared, tenant, [ITEM, OTHER]), shared.read() as tx:
        assert set((await tx.records.load(tenant, [ITEM, OTHER])).records) == {ITEM, OTHER}
        assert set((await tx.records.load(tenant, [ITEM, OTHER], lock=True)).records) == {ITEM, OTHER}
        assert [record.ref for record in await tx.records.made_by(tenant, [5])] == [OTHER]


@pytest.mark.parametrize("somebody_waits", [False, True])
async def test_later_statements_have_all_the_time_they_had_before(shared: SqlStore, *, somebody_waits: bool) -> None:
    tenant = await _three(shared)
    async with _Holder(shared, tenant, [OTHER]) as holder, shared.begin() as tx:
        if not somebody_waits:
            await holder.let_go()
        loaded = await tx.records.load(tenant, [ITEM, OTHER], lock=True, patience=MOMENT)
        assert bool(loaded.busy) is somebody_waits
        assert await _timeout(tx) == "0"


async def _timeout(tx: SqlTransaction) -> object:
    driver: Any = tx.connection
    return await driver.fetchval("SHOW statement_timeout")


async def _until_somebody_waits(store: SqlStore) -> None:
    async with asyncio.timeout(20):
        while True:
            async with store.writer.connect() as connection:
                waiting = await connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
                if waiting.scalar_one():
                    return
            await asyncio.sleep(0.01)

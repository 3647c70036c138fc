"""How batches of record operations stand, and what came of them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from muster.domain.batch import BatchState
from muster.domain.ids import TenantId
from muster.domain.progress import still_open
from muster.domain.records.batch import RecordBatchEnd
from muster.domain.records.operation import Result
from muster.kinds.record_batches import results as told
from muster.ports.store.batches import Page
from muster.ports.store.record_batches import ListedRecordBatch, RecordBatchFilter
from muster.ports.store.unit import Store


class RecordBatchState(StrEnum):
    """Where such a batch stands."""

    CREATED = "created"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    ERRORED = "errored"


_ENDS = {
    RecordBatchEnd.COMPLETE: RecordBatchState.COMPLETE,
    RecordBatchEnd.CANCELLED: RecordBatchState.CANCELLED,
    RecordBatchEnd.ERRORED: RecordBatchState.ERRORED,
}
_WITHOUT_RESULTS = {
    BatchState.DRAFT: RecordBatchState.CREATED,
    BatchState.SCHEDULED: RecordBatchState.CREATED,
    BatchState.QUEUED: RecordBatchState.CREATED,
    BatchState.RUNNING: RecordBatchState.IN_PROGRESS,
    BatchState.PAUSED: RecordBatchState.IN_PROGRESS,
    BatchState.CANCELLING: RecordBatchState.IN_PROGRESS,
    BatchState.CANCELLED: RecordBatchState.CANCELLED,
    BatchState.COMPLETED: RecordBatchState.ERRORED,
    BatchState.FAILED: RecordBatchState.ERRORED,
}
"""Of a batch that the record store never came to; one that ended in any other way than by hand broke."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One batch as it stands. `results` is None until it has ended."""

    number: int
    state: RecordBatchState
    method: str
    dry: bool = False
    """It was only to be tried."""
    groups: tuple[int, ...]
    results: Sequence[Result] | None
    total: int
    open: int
    """How many of its entries have not ended."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which batches; every condition that is set must hold. `states` empty: any."""

    states: frozenset[RecordBatchState] = frozenset()
    user: int | None = None
    since: datetime | None = None
    """Taken in then or later."""
    until: datetime | None = None
    """Taken in then or before."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A batch in a list."""

    state: RecordBatchState
    batch: ListedRecordBatch


class RecordBatchLookup:
    """Answers how batches stand."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, tenant: TenantId, number: int) -> Seen:
        """The batch with this number. Raises NotFound, also once its results were forgotten."""
        async with self._store.glance() as tx:
            kept = await tx.record_batches.get(tenant, number)
            batch = await tx.batches.get_numbered(tenant, kept.batch)
        state = _state(kept.end, batch.state)
        ended = state not in {RecordBatchState.CREATED, RecordBatchState.IN_PROGRESS}
        return Seen(
            number=kept.number,
            state=state,
            method=kept.method,
            dry=kept.dry,
            groups=kept.groups,
            results=told.read(kept.results or told.NO_RESULTS) if ended else None,
            total=batch.total,
            open=still_open(batch.counts),
        )

    async def find(self, tenant: TenantId, asked: Asked, page: Page) -> tuple[int, Sequence[Listed]]:
        """How many there are in all, and one page of them, newest first. Those whose results are forgotten are gone."""
        where = RecordBatchFilter(
            ends=frozenset(end for end, state in _ENDS.items() if state in asked.states) if asked.states else None,
            states=frozenset(one for one, state in _WITHOUT_RESULTS.items() if state in asked.states)
            if asked.states
            else None,
            user=asked.user,
            since=asked.since,
            until=asked.until,
        )
        async with self._store.read() as tx:
            total, found = await tx.record_batches.find(tenant, where, page)
        return total, [Listed(state=_state(one.end, one.state), batch=one) for one in found]

    async def open_count(self, tenant: TenantId) -> int:
        """How many are waiting or being worked on."""
        async with self._store.read() as tx:
            return await tx.record_batches.open_count(tenant)


def _state(end: RecordBatchEnd | None, batch: BatchState) -> RecordBatchState:
    return _WITHOUT_RESULTS[batch] if end is None else _ENDS[end]

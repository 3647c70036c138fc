"""Keeping what is known of batches of record operations beside the batch itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.batch import BatchState
from muster.domain.ids import BatchId, BatchNumber, TenantId
from muster.domain.records.batch import RecordBatchEnd
from muster.ports.store.batches import Page


class NewRecordBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it is taken in. `whole`: all of it or nothing. `dry`: it is only tried, and undone again."""

    number: int
    """Its number in the tenant: 1 to 2^31 - 1, ascending, never used again."""
    id: BatchId
    batch: BatchNumber
    method: str
    whole: bool
    dry: bool = False
    user: int
    """Who asked for it (`RecordSettings.user`)."""
    role: str
    """Their role when they did."""
    groups: tuple[int, ...]
    """The char types it was asked for, in order; results are told under them."""


class RecordBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of record operations. `results` is JSON (`kinds.record_batches.results`), None until it ended."""

    number: int
    id: BatchId
    batch: BatchNumber
    method: str
    whole: bool
    dry: bool = False
    user: int
    role: str
    groups: tuple[int, ...]
    end: RecordBatchEnd | None
    results: str | None
    ended_at: datetime | None


class RecordBatchFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which batches; every condition that is set must hold."""

    ends: frozenset[RecordBatchEnd] | None = None
    """That ended so; with `states` either of both suffices."""
    states: frozenset[BatchState] | None = None
    """That have no end of their own, while the batch they belong to is in one of these."""
    user: int | None = None
    since: datetime | None = None
    """Taken in then or later."""
    until: datetime | None = None
    """Taken in then or before."""


class ListedRecordBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch in a list."""

    number: int
    method: str
    dry: bool
    user: int
    end: RecordBatchEnd | None
    state: BatchState
    """Of the batch it belongs to."""
    total: int
    open: int
    """How many of its entries have not ended."""
    created_at: datetime
    ended_at: datetime | None


class RecordBatches(Protocol):
    """The record batches of a tenant."""

    async def take_number(self, tenant: TenantId) -> int:
        """The next number. Who takes one waits for others of the tenant that did, until their transactions end."""
        ...

    async def open_count(self, tenant: TenantId) -> int:
        """How many of them are waiting or being worked on."""
        ...

    async def add(self, tenant: TenantId, batch: NewRecordBatch) -> None:
        """Keep a new one."""
        ...

    async def get(self, tenant: TenantId, number: int) -> RecordBatch:
        """The one with this number. Raises NotFound."""
        ...

    async def of_batch(self, tenant: TenantId, batch: BatchNumber) -> RecordBatch:
        """The one that belongs to a batch. Raises NotFound."""
        ...

    async def find(
        self, tenant: TenantId, where: RecordBatchFilter, page: Page
    ) -> tuple[int, Sequence[ListedRecordBatch]]:
        """How many there are in all, and one page of them, newest first."""
        ...

    async def finish(self, tenant: TenantId, number: int, *, end: RecordBatchEnd, results: str, at: datetime) -> None:
        """Keep how it ended."""
        ...

    async def across_tenants_forget(self, *, ended_before: datetime, limit: int) -> int:
        """Forget up to `limit` of those that ended before; how many. The batches themselves stay."""
        ...

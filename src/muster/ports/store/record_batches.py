"""Keeping what is known of batches of record operations beside the batch itself."""

from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.ids import BatchId, BatchNumber, TenantId
from muster.domain.records.batch import RecordBatchEnd


class NewRecordBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it is taken in. `whole`: all of it or nothing."""

    number: int
    """Its number in the tenant: 1 to 2^31 - 1, ascending, never used again."""
    id: BatchId
    batch: BatchNumber
    method: str
    whole: bool
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
    user: int
    role: str
    groups: tuple[int, ...]
    end: RecordBatchEnd | None
    results: str | None
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

    async def finish(self, tenant: TenantId, number: int, *, end: RecordBatchEnd, results: str, at: datetime) -> None:
        """Keep how it ended."""
        ...

    async def across_tenants_forget(self, *, ended_before: datetime, limit: int) -> int:
        """Forget up to `limit` of those that ended before; how many. The batches themselves stay."""
        ...

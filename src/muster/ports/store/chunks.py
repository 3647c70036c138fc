"""Keeping chunks and their leases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from muster.domain.chunk import ChunkRef, ChunkState, Lease
from muster.domain.ids import BatchNumber, TenantId


class Chunks(Protocol):
    """The chunks of a tenant's batches. A write under a lease first calls `hold`: it keeps every later holder out."""

    async def open_next(self, tenant: TenantId, batch: BatchNumber, *, size: int) -> ChunkRef | None:
        """Cut the next chunk of at most `size` positions and mark it queued; None when the batch is cut up whole."""
        ...

    async def lease(self, chunk: ChunkRef, *, worker: str, now: datetime, until: datetime) -> Lease | None:
        """Take the chunk if it is queued, or running under a lease that has run out; else None. Raises the fence."""
        ...

    async def hold(self, lease: Lease, *, until: datetime) -> None:
        """Prolong the lease and lock the chunk until the transaction ends; raises LeaseLost when another holds it."""
        ...

    async def release(self, lease: Lease, state: ChunkState, *, due_at: datetime | None = None) -> None:
        """End the lease; the chunk goes to `state`. Raises LeaseLost."""
        ...

    async def wake(self, tenant: TenantId, batch: BatchNumber) -> Sequence[ChunkRef]:
        """Parked and waiting chunks of the batch → queued; which they are."""
        ...

    async def unfinished(self, tenant: TenantId, batch: BatchNumber) -> int:
        """How many chunks are cut and not done."""
        ...

    async def in_hand(self, tenant: TenantId, batch: BatchNumber) -> int:
        """How many chunks are queued or running."""
        ...

    async def across_tenants_due(self, *, now: datetime, limit: int) -> Sequence[ChunkRef]:
        """Waiting chunks whose time has come → queued; which they are."""
        ...

    async def across_tenants_lost(self, *, now: datetime | None, limit: int) -> Sequence[ChunkRef]:
        """Running chunks whose lease has run out by `now` (None: whatever it says) → queued; which they are."""
        ...

    async def across_tenants_stranded(self, *, limit: int) -> Sequence[ChunkRef]:
        """Parked chunks of batches that are not paused → queued; which they are."""
        ...

    async def across_tenants_queued(self, *, limit: int) -> Sequence[ChunkRef]:
        """Chunks marked queued, oldest batch first: what the queue must hold jobs for."""
        ...

    async def across_tenants_uncut(self, *, limit: int) -> Sequence[tuple[TenantId, BatchNumber]]:
        """Batches queued, running or cancelling that have positions left to cut and no unfinished chunk."""
        ...

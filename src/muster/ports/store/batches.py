"""Keeping batches."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.batch import Batch, BatchEvent, BatchState
from muster.domain.entry import EntryState
from muster.domain.ids import BatchId, BatchNumber, ChannelId, PrincipalId, TemplateId, TemplateVersionId, TenantId
from muster.domain.workflow import WorkflowState


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as intake hands it to the store. It starts `queued`, or ended when not one entry is accepted."""

    id: BatchId
    kind: str
    state: BatchState
    title: str
    total: int
    counts: Mapping[EntryState, int]
    channel: ChannelId | None
    template: TemplateId | None
    template_version: TemplateVersionId | None
    template_number: int | None
    template_title: str
    idempotency_key: str
    created_by: PrincipalId | None
    created_at: datetime


class Page(msgspec.Struct, frozen=True):
    """Which slice of a list: skip `offset`, give at most `limit`."""

    offset: int
    limit: int


class BatchFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which batches; every condition that is set must hold."""

    kinds: frozenset[str] | None = None
    """Of one of these kinds."""
    states: frozenset[BatchState] | None = None
    awaiting: bool | None = None
    """True: at least one entry has still to be dispatched (domain.entry.AWAITING)."""
    carried: bool | None = None
    """True: at least one entry is in a state other than accepted, held, dispatching, rejected, duplicate, failed,
    suppressed, expired or cancelled."""
    failed: bool | None = None
    """True: at least one entry is failed, suppressed or expired."""
    withdrawn: bool | None = None
    """True: what it handed over was taken back."""
    called_off: bool | None = None
    """True: it is being cancelled, was cancelled, or what it handed over was taken back."""
    template: TemplateId | None = None
    template_version: TemplateVersionId | None = None
    text: str = ""
    """Case-insensitive part of the title, the template's title, or the id."""


class BatchOrder(msgspec.Struct, frozen=True):
    """One sort key: `created_at updated_at state template_title total`."""

    field: str
    descending: bool = False


class IdempotencyKey(msgspec.Struct, frozen=True, kw_only=True):
    """One use of an idempotency key. `fingerprint` is a digest of the request, `answer` the body first given."""

    scope: str
    key: str
    fingerprint: bytes
    answer: str
    expires_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """Where a batch stands within a transaction."""

    state: BatchState
    counts: Mapping[EntryState, int]


class TemplateUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What was made from one version of a template: entries by state, workflows by end, those withdrawn apart."""

    template: TemplateId
    version: TemplateVersionId
    counts: Mapping[EntryState, int]
    ended: Mapping[WorkflowState, int]
    withdrawn: Mapping[EntryState, int]
    """Entries by state of the batches that were withdrawn; not in `counts`."""
    last_used_at: datetime


class Batches(Protocol):
    """The batches of a tenant."""

    async def add(self, tenant: TenantId, batch: NewBatch) -> BatchNumber:
        """Keep a new batch."""
        ...

    async def get(self, tenant: TenantId, batch: BatchId) -> Batch:
        """The batch; raises NotFound."""
        ...

    async def get_numbered(self, tenant: TenantId, batch: BatchNumber) -> Batch:
        """The batch; raises NotFound."""
        ...

    async def state_of(self, tenant: TenantId, batch: BatchNumber) -> BatchState:
        """Where the batch stands; raises NotFound."""
        ...

    async def find(
        self, tenant: TenantId, where: BatchFilter, *, order: Sequence[BatchOrder], page: Page
    ) -> tuple[int, Sequence[Batch]]:
        """How many there are in all, and one page of them. Ties are broken by number, newest first."""
        ...

    async def apply(
        self, tenant: TenantId, batch: BatchNumber, event: BatchEvent, *, at: datetime, by: PrincipalId | None = None
    ) -> BatchState | None:
        """Move the batch by `event`, if its state allows; the new state, or None when the event is not legal now."""
        ...

    async def withdraw(self, tenant: TenantId, batch: BatchNumber, *, at: datetime, by: PrincipalId | None) -> bool:
        """Mark what was handed over as taken back; False when it was so already."""
        ...

    async def move_counts(
        self, tenant: TenantId, batch: BatchNumber, deltas: Mapping[EntryState, int], *, at: datetime
    ) -> Standing:
        """Add `deltas` (they sum to zero) to the counts; where the batch stands after it.

        Locks the batch until the transaction ends, also when `deltas` is empty.
        """
        ...

    async def usage(
        self, tenant: TenantId, kinds: Sequence[str], templates: Sequence[TemplateId]
    ) -> Sequence[TemplateUsage]:
        """What was made from each version of `templates` in batches of `kinds`; one statement for all of them."""
        ...

    async def true_counts(self, tenant: TenantId, batch: BatchNumber) -> Mapping[EntryState, int]:
        """The counts taken anew from the entries themselves (slow: reads them all)."""
        ...

    async def remember(self, tenant: TenantId, key: IdempotencyKey, *, now: datetime) -> IdempotencyKey | None:
        """Claim `key` for this transaction; None when it is ours.

        Where the key is taken and has not expired: what was stored with it. Two simultaneous claims: the second waits
        for the first to end.
        """
        ...

    async def recall(self, tenant: TenantId, scope: str, *, key: str, now: datetime) -> IdempotencyKey | None:
        """What was stored with the key, unless it has expired."""
        ...

    async def across_tenants_forget_keys(self, *, now: datetime) -> int:
        """Forget idempotency keys that have expired; how many."""
        ...

    async def across_tenants_broken(self, *, limit: int) -> Sequence[tuple[TenantId, BatchId, int, int]]:
        """Batches that break conservation: (tenant, batch, total, entries found). Reads all; empty when sound."""
        ...

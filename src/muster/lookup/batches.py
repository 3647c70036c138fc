"""Reading batches."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from muster.domain.batch import Batch
from muster.domain.entry import EntryState
from muster.domain.ids import BatchId, TemplateId, TemplateVersionId, TenantId
from muster.ports.store.batches import BatchFilter, BatchOrder, Page
from muster.ports.store.unit import Store

_BATCHES_AT_ONCE = 1000


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What was made from a template: entries by state, those of withdrawn batches apart, and when it was last used."""

    counts: Mapping[EntryState, int]
    withdrawn: Mapping[EntryState, int]
    last_used_at: datetime | None


class BatchLookup:
    """Answers about the batches of a tenant; changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, tenant: TenantId, batch: BatchId) -> Batch:
        """The batch. Raises NotFound, for another tenant's too."""
        async with self._store.read() as tx:
            return await tx.batches.get(tenant, batch)

    async def find(
        self, tenant: TenantId, where: BatchFilter, *, order: Sequence[BatchOrder], page: Page
    ) -> tuple[int, Sequence[Batch]]:
        """How many match in all, and one page of them."""
        async with self._store.read() as tx:
            return await tx.batches.find(tenant, where, order=order, page=page)

    async def usage(self, tenant: TenantId, template: TemplateId, version: TemplateVersionId | None = None) -> Usage:
        """What was made from the template, or from one version of it."""
        where = BatchFilter(template=template, template_version=version)
        newest = [BatchOrder("created_at", descending=True)]
        counts: Counter[EntryState] = Counter()
        withdrawn: Counter[EntryState] = Counter()
        last_used_at, offset, total = None, 0, 1
        async with self._store.read() as tx:
            while offset < total:
                total, found = await tx.batches.find(tenant, where, order=newest, page=Page(offset, _BATCHES_AT_ONCE))
                for batch in found:
                    last_used_at = last_used_at or batch.created_at
                    (counts if batch.withdrawn_at is None else withdrawn).update(batch.counts)
                offset += _BATCHES_AT_ONCE
        return Usage(counts=counts, withdrawn=withdrawn, last_used_at=last_used_at)

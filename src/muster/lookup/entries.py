"""Reading the entries of a batch."""

from collections.abc import Sequence

from muster.domain.entry import Entry, EntryState
from muster.domain.ids import BatchId, TenantId
from muster.ports.store.batches import Page
from muster.ports.store.unit import Store


class EntryLookup:
    """Answers about the entries of a tenant's batches; changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(
        self,
        tenant: TenantId,
        batch: BatchId,
        *,
        states: frozenset[EntryState] | None,
        order: Sequence[tuple[str, bool]],
        page: Page,
    ) -> tuple[int, Sequence[Entry]]:
        """How many are in one of `states` (None: in any), and one page of them. Raises NotFound for the batch.

        `order` is (field, descending) over `position`, `state`, `address`, `title`.
        """
        async with self._store.read() as tx:
            found = await tx.batches.get(tenant, batch)
            return await tx.entries.find(tenant, found.number, states=states, order=order, page=page)

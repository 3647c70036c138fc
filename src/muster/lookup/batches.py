"""Reading batches."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from muster.domain.batch import Batch
from muster.domain.entry import EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import BatchId, TemplateId, TemplateVersionId, TenantId
from muster.ports.store.batches import BatchFilter, BatchOrder, Page, TemplateUsage
from muster.ports.store.unit import Store

_WAITING = (EntryState.ACCEPTED, EntryState.HELD)
_LEFT = (
    EntryState.DISPATCHING,
    EntryState.SENT,
    EntryState.DELIVERED,
    EntryState.COMPLAINED,
    EntryState.UNDELIVERED,
    EntryState.UNKNOWN,
    EntryState.APPLIED,
)


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What was made from a template: workflows in any state, active ones, and when it was last used (None: never)."""

    workflows: int = 0
    active: int = 0
    last_used_at: datetime | None = None

    def __add__(self, other: "Usage") -> "Usage":
        used = [at for at in (self.last_used_at, other.last_used_at) if at is not None]
        return Usage(
            workflows=self.workflows + other.workflows,
            active=self.active + other.active,
            last_used_at=max(used, default=None),
        )


UsageKey = tuple[TemplateId, TemplateVersionId | None]
"""One version of a template, or all of them (None)."""


class BatchLookup:
    """Answers about the batches of a tenant; changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, tenant: TenantId, batch: BatchId, *, kind: str | None = None) -> Batch:
        """The batch. Raises NotFound, for another tenant's too, and for one of another kind where `kind` is given."""
        async with self._store.read() as tx:
            found = await tx.batches.get(tenant, batch)
        if kind not in {None, found.kind}:
            raise NotFound("There is no such batch")
        return found

    async def find(
        self, tenant: TenantId, where: BatchFilter, *, order: Sequence[BatchOrder], page: Page
    ) -> tuple[int, Sequence[Batch]]:
        """How many match in all, and one page of them."""
        async with self._store.read() as tx:
            return await tx.batches.find(tenant, where, order=order, page=page)

    async def usage(
        self, tenant: TenantId, templates: Sequence[TemplateId], *, kind: str, single: str
    ) -> Mapping[UsageKey, Usage]:
        """What was made from each version of `templates`, and from all versions of each; what is not there is unused.

        `kind` is that of their batches, `single` that of the workflows that stand alone.
        """
        async with self._store.read() as tx:
            batches = await tx.batches.usage(tenant, [kind], templates)
            singles = await tx.batches.usage(tenant, [single], templates)
        return _summed([*((one, _of_batches(one)) for one in batches), *((one, _of_singles(one)) for one in singles)])


def _has_left(counts: Mapping[EntryState, int]) -> int:
    """How many messages have left, or are leaving: each of them has a workflow."""
    return sum(counts.get(state, 0) for state in _LEFT)


def _summed(parts: Iterable[tuple[TemplateUsage, Usage]]) -> Mapping[UsageKey, Usage]:
    found: dict[UsageKey, Usage] = defaultdict(Usage)
    for where, usage in parts:
        for version in (where.version, None):
            found[where.template, version] += usage
    return dict(found)


def _of_batches(found: TemplateUsage) -> Usage:
    """Workflows came into being as messages left; those of withdrawn batches are among the ended ones."""
    made = _has_left(found.counts) + _has_left(found.withdrawn)
    active = max(0, made - sum(found.ended.values()))
    return Usage(workflows=made, active=active, last_used_at=found.last_used_at)


def _of_singles(found: TemplateUsage) -> Usage:
    """Workflows came into being with their entries; those whose message has still to leave are not active yet."""
    made = sum(found.counts.values()) + sum(found.withdrawn.values())
    waiting = sum(found.counts.get(state, 0) for state in _WAITING)
    active = max(0, made - sum(found.ended.values()) - waiting)
    return Usage(workflows=made, active=active, last_used_at=found.last_used_at)

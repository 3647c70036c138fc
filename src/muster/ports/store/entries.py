"""Keeping entries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.entry import Entry, EntryState, NewEntry, QueuedEntry
from muster.domain.ids import BatchNumber, TenantId
from muster.ports.store.batches import Page


class Change(msgspec.Struct, frozen=True, gc=False):
    """One entry's step: applied only if it still is in `before`, else it is left alone."""

    position: int
    before: EntryState
    after: EntryState
    reason: str | None = None
    detail: str | None = None
    due_at: datetime | None = None
    segments: int = 0
    """Added to the entry's segment count."""
    repeat: bool = False
    """True adds one to the entry's repeats."""
    unsent: bool = False
    """True takes the attempt back that the intent counted: nothing of it left."""


class Applied(msgspec.Struct, frozen=True):
    """What a set of changes came to: how many entries moved along each (before, after), and which."""

    positions: tuple[int, ...]
    deltas: dict[EntryState, int]


class Entries(Protocol):
    """The entries of a tenant's batches. Everything is set-based: never one statement an entry."""

    async def add(self, tenant: TenantId, batch: BatchNumber, entries: Sequence[NewEntry], *, at: datetime) -> None:
        """Keep new entries (COPY on PostgreSQL, executemany on SQLite)."""
        ...

    async def find(
        self,
        tenant: TenantId,
        batch: BatchNumber,
        *,
        states: frozenset[EntryState] | None,
        order: Sequence[tuple[str, bool]],
        page: Page,
    ) -> tuple[int, Sequence[Entry]]:
        """How many match, and one page. `order` is (field, descending) over `position`, `state`, `address`, `title`."""
        ...

    async def due(
        self, tenant: TenantId, batch: BatchNumber, *, first: int, last: int, now: datetime, limit: int
    ) -> Sequence[QueuedEntry]:
        """Entries of positions [first, last) to dispatch now: accepted, or held until `now` or earlier; in order."""
        ...

    async def intend(self, tenant: TenantId, batch: BatchNumber, positions: Sequence[int], *, at: datetime) -> Applied:
        """Write the intent: accepted or held → dispatching, one more attempt."""
        ...

    async def change(self, tenant: TenantId, batch: BatchNumber, changes: Sequence[Change], *, at: datetime) -> Applied:
        """Apply what still applies of `changes`. An entry that leaves the machine keeps the time."""
        ...

    async def cancel(self, tenant: TenantId, batch: BatchNumber, *, first: int, last: int, at: datetime) -> Applied:
        """Cancel what of [first, last) is accepted or held. `positions` is left empty.

        What was held for a repeat becomes unknown: its first message may have arrived.
        """
        ...

    async def left_dispatching(
        self, tenant: TenantId, batch: BatchNumber, *, first: int, last: int
    ) -> Sequence[QueuedEntry]:
        """Entries of [first, last) with an intent and no result."""
        ...

    async def next_due(self, tenant: TenantId, batch: BatchNumber, *, first: int, last: int) -> datetime | None:
        """The earliest time an entry of [first, last) is held for; None when none is held."""
        ...

    async def across_tenants_overdue(
        self, *, sent_before: datetime, limit: int
    ) -> Sequence[tuple[TenantId, BatchNumber, int]]:
        """Entries sent before then that still wait for a receipt."""
        ...

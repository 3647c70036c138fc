"""Texts about workflows that wait to be sent: resends, reminders, the last one."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, Protocol
from uuid import UUID

import msgspec

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState, NewEntry
from muster.domain.ids import BatchId, BatchNumber, ChannelId, PrincipalId, TenantId
from muster.kinds.workflow_batches.notices import NOTICES, About, notice_entry
from muster.ports.clock import Clock
from muster.ports.store.batches import NewBatch
from muster.ports.store.unit import Store, Transaction
from muster.ports.store.workflows import WaitingNotice

AT_ONCE: Final = 500
"""The most texts of one round."""


class Keep(Protocol):
    """How intake takes a batch in: with its entries, its first jobs and its announcement."""

    async def __call__(
        self, tx: Transaction, tenant: TenantId, *, batch: NewBatch, entries: Sequence[NewEntry], by: PrincipalId | None
    ) -> BatchNumber:
        """Keep the batch as part of `tx`; its number."""
        ...


class Notices:
    """Makes batches of them, which the engine sends as any other.

    A text and its place in a batch are one transaction: none is lost, and none is put into two batches. Any number of
    processes may do it at once.
    """

    def __init__(self, store: Store, clock: Clock, keep: Keep, *, new_uuid: Callable[[], UUID]) -> None:
        self._store = store
        self._clock = clock
        self._keep = keep
        self._new_uuid = new_uuid

    async def run_once(self) -> int:
        """Make batches of all that wait; how many texts."""
        sent = found = await self._round()
        while found == AT_ONCE:
            found = await self._round()
            sent += found
        return sent

    async def _round(self) -> int:
        async with self._store.read() as tx:
            # As for deadlines: a look must not take the write lock.
            if not await tx.workflows.across_tenants_any_waiting_notices():
                return 0
        async with self._store.begin() as tx:
            waiting = await tx.workflows.across_tenants_waiting_notices(limit=AT_ONCE)
            batches: dict[tuple[TenantId, ChannelId | None], list[WaitingNotice]] = defaultdict(list)
            for notice in waiting:
                batches[notice.tenant, notice.channel].append(notice)
            for (tenant, channel), notices in batches.items():
                await self._batch(tx, tenant, channel, notices=notices)
        return len(waiting)

    async def _batch(
        self, tx: Transaction, tenant: TenantId, channel: ChannelId | None, *, notices: Sequence[WaitingNotice]
    ) -> None:
        entries = [_entry(position, notice) for position, notice in enumerate(notices)]
        batch = NewBatch(
            id=BatchId(self._new_uuid()),
            kind=NOTICES,
            state=BatchState.QUEUED,
            title="",
            total=len(entries),
            counts={EntryState.ACCEPTED: len(entries)},
            channel=channel,
            template=None,
            template_version=None,
            template_number=None,
            template_title="",
            idempotency_key=str(self._new_uuid()),
            created_by=None,
            created_at=self._clock.now(),
        )
        number = await self._keep(tx, tenant, batch=batch, entries=entries, by=None)
        keys = [(notice.ref, notice.serial) for notice in notices]
        await tx.workflows.across_tenants_noticed(keys, batch=number)


def _entry(position: int, notice: WaitingNotice) -> NewEntry:
    about = About(
        ref=notice.ref,
        workflow=notice.workflow,
        origin=notice.origin,
        address=notice.address,
        payload=notice.payload,
        definition=notice.definition,
    )
    try:
        return notice_entry(position, about)
    except msgspec.MsgspecError:
        # The engine refuses an entry that cannot be read, and says so; one of them must not hold up all others here.
        return NewEntry(position, EntryState.ACCEPTED, notice.address, "")

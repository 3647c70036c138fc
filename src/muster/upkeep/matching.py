"""Receipts that came before their entry was settled, entries whose receipt never comes."""

from collections import defaultdict
from datetime import timedelta

from muster.domain.entry import EntryState
from muster.domain.ids import BatchNumber, TenantId
from muster.ports.clock import Clock
from muster.ports.store.entries import Change
from muster.ports.store.unit import Store
from muster.settle.receipts import ReceiptDesk
from muster.settle.rollup import roll_up, tell_changes

AT_ONCE = 1000


class Matching:
    """Matches early receipts again and again until they fit, or are given up."""

    def __init__(self, store: Store, desk: ReceiptDesk, clock: Clock, *, keep: timedelta) -> None:
        """`keep`: how long a receipt may wait for its entry."""
        self._store = store
        self._desk = desk
        self._clock = clock
        self._keep = keep

    async def run_once(self) -> int:
        """Try all that wait; how many channels had any."""
        async with self._store.read() as tx:
            channels = await tx.receipts.across_tenants_unmatched()
        for tenant, channel in channels:
            await self._desk.match(tenant, channel)
        if channels:
            async with self._store.begin() as tx:
                await tx.receipts.across_tenants_give_up(received_before=self._clock.now() - self._keep)
        return len(channels)


class Overdue:
    """Ends entries as unknown whose provider never told what became of them."""

    def __init__(self, store: Store, clock: Clock, *, wait: timedelta) -> None:
        """`wait`: how long after the hand-over a receipt may come."""
        self._store = store
        self._clock = clock
        self._wait = wait

    async def run_once(self) -> int:
        """End what is overdue; how many entries."""
        ended = found = await self._round()
        while found == AT_ONCE:
            found = await self._round()
            ended += found
        return ended

    async def _round(self) -> int:
        now = self._clock.now()
        async with self._store.read() as tx:
            overdue = await tx.entries.across_tenants_overdue(sent_before=now - self._wait, limit=AT_ONCE)
        by_batch: dict[tuple[TenantId, BatchNumber], list[int]] = defaultdict(list)
        for tenant, number, position in overdue:
            by_batch[tenant, number].append(position)
        for (tenant, number), positions in by_batch.items():
            changes = [
                Change(position, EntryState.SENT, EntryState.UNKNOWN, "no_receipt", "the provider never reported on it")
                for position in positions
            ]
            async with self._store.begin() as tx:
                batch = await tx.batches.get_numbered(tenant, number)
                applied = await tx.entries.change(tenant, number, changes, at=now)
                await roll_up(tx, batch, applied.deltas, at=now)
                await tell_changes(tx, batch, changes, applied=[applied], at=now)
        return len(overdue)

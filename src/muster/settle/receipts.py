"""Late news: what providers tell after they took a message."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from muster.domain.batch import Batch
from muster.domain.entry import TRANSITIONS, EntryEvent, EntryState
from muster.domain.ids import BatchNumber, ChannelId, TenantId
from muster.domain.receipt import GRAVITY, Receipt, Verdict
from muster.ports.channel import ReceiptSink
from muster.ports.clock import Clock
from muster.ports.meter import Meter
from muster.ports.store.entries import Change
from muster.ports.store.receipts import Match
from muster.ports.store.unit import Store, Transaction
from muster.settle.returns import Return, shun
from muster.settle.rollup import roll_up, tell_changes

MATCHED_AT_ONCE = 1000
"""The most receipts matched in one transaction."""

_EVENTS = {
    Verdict.ARRIVED: EntryEvent.ARRIVED,
    Verdict.BOUNCED: EntryEvent.BOUNCED,
    Verdict.EXPIRED: EntryEvent.BOUNCED,
    Verdict.RETURNED: EntryEvent.RETURNED,
    Verdict.GONE: EntryEvent.RETURNED,
    Verdict.COMPLAINED: EntryEvent.COMPLAINED,
}
_REASONS = {
    Verdict.BOUNCED: "undeliverable",
    Verdict.EXPIRED: "validity_expired",
    Verdict.RETURNED: "returned",
    Verdict.GONE: "bounced",
    Verdict.COMPLAINED: "complained",
}


class ReceiptDesk:
    """Takes receipts from channels: stores them, matches them, settles the entries they speak of."""

    def __init__(self, store: Store, clock: Clock, meter: Meter, *, comparable: Callable[[str], str]) -> None:
        """`comparable` brings an address into the form in which recipients are compared."""
        self._store = store
        self._clock = clock
        self._meter = meter
        self._comparable = comparable

    def sink(self, tenant: TenantId, channel: ChannelId) -> ReceiptSink:
        """Where the channel puts its receipts; they are durable when it returns."""

        async def take(receipts: Sequence[Receipt]) -> None:
            async with self._store.begin() as tx:
                await self.take(tx, tenant, channel, receipts=receipts)
            self._meter.count("receipts", len(receipts))

        return take

    async def take(
        self, tx: Transaction, tenant: TenantId, channel: ChannelId, *, receipts: Sequence[Receipt]
    ) -> Sequence[Match]:
        """Keep them within a transaction of the caller's; what was news of all that waited at the channel."""
        await tx.receipts.add(tenant, channel, receipts)
        return await self._match(tx, tenant, channel)

    async def match(self, tenant: TenantId, channel: ChannelId) -> None:
        """Try again to match what came earlier than the entry it speaks of."""
        async with self._store.begin() as tx:
            await self._match(tx, tenant, channel)

    async def _match(self, tx: Transaction, tenant: TenantId, channel: ChannelId) -> Sequence[Match]:
        matches = await tx.receipts.match(tenant, channel, limit=MATCHED_AT_ONCE)
        by_batch: dict[BatchNumber, list[Match]] = defaultdict(list)
        for match in matches:
            by_batch[match.batch].append(match)
        now = self._clock.now()
        returns: list[Return] = []
        # In ascending order everywhere: two transactions that lock several batches never wait for each other in a ring.
        for number in sorted(by_batch):
            batch = await tx.batches.get_numbered(tenant, number)
            await _apply(tx, batch, by_batch[number], at=now)
            returns += [Return(batch.id, match) for match in by_batch[number]]
        await shun(tx, tenant, returns, comparable=self._comparable, at=now)
        return matches


async def _apply(tx: Transaction, batch: Batch, matches: Sequence[Match], *, at: datetime) -> None:
    changes = changes_from(matches)
    if not changes:
        return
    applied = await tx.entries.change(batch.tenant, batch.number, changes, at=at)
    await roll_up(tx, batch, applied.deltas, at=at)
    await tell_changes(tx, batch, changes, applied=[applied], at=at)


def changes_from(matches: Sequence[Match]) -> list[Change]:
    """One step for each entry that the matches settle, by position.

    An entry of several segments arrives when the last of them has, and bounces with the first that does. Of an entry
    that left more than once, the gravest news counts.
    """
    steps: dict[int, Change] = {}
    for match in sorted(matches, key=_order):
        event = _EVENTS.get(match.verdict)
        waiting = event is EntryEvent.ARRIVED and match.arrived < match.parts
        after = TRANSITIONS[match.state].get(event) if event else None
        if waiting or after is None:
            continue
        steps[match.position] = Change(match.position, match.state, after, *_reason(match))
    return [steps[position] for position in sorted(steps)]


def _order(match: Match) -> tuple[int, bool, int]:
    return match.position, match.verdict is not Verdict.ARRIVED, GRAVITY.get(match.verdict, 0)


def _reason(match: Match) -> tuple[str | None, str | None]:
    if match.verdict is Verdict.ARRIVED:
        settled_late = match.state is EntryState.UNKNOWN
        return ("settled_late", "the provider confirmed it later") if settled_late else (None, None)
    return _REASONS.get(match.verdict), f"the provider reported {match.code}" if match.code else None

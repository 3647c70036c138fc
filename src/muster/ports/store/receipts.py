"""Keeping receipts, and the provider's ids they are matched by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.entry import EntryState
from muster.domain.ids import BatchNumber, ChannelId, TenantId
from muster.domain.receipt import Receipt, Verdict


class Handover(msgspec.Struct, frozen=True, gc=False):
    """One segment in a provider's hands: its `ref` there, and the entry it belongs to."""

    position: int
    ref: str
    part: int
    """0-based segment number."""
    parts: int
    """How many segments the entry has."""


class Match(msgspec.Struct, frozen=True, gc=False):
    """A segment whose fate a receipt told, and the entry it belongs to."""

    tenant: TenantId
    batch: BatchNumber
    position: int
    state: EntryState
    """Where the entry stands."""
    verdict: Verdict
    code: str
    parts: int
    """How many segments the entry has."""
    arrived: int
    """How many of them have arrived, this one included."""
    address: str = ""
    """The entry's, as submitted."""


class Passage(msgspec.Struct, frozen=True, gc=False):
    """An e-mail that left, or may have: the ref that news of it comes under, and the channel it went through."""

    batch: BatchNumber
    position: int
    ref: str
    """`<entry's id>/<attempt>`, of the last attempt that was handed over."""
    channel: ChannelId


class Receipts(Protocol):
    """Receipts of a tenant's channels: stored first, matched later."""

    async def add(self, tenant: TenantId, channel: ChannelId, receipts: Sequence[Receipt]) -> None:
        """Keep them, unmatched."""
        ...

    async def hand_over(
        self, tenant: TenantId, channel: ChannelId, batch: BatchNumber, *, handovers: Sequence[Handover], at: datetime
    ) -> None:
        """Remember under which ids the provider will speak of these entries."""
        ...

    async def passages(self, tenant: TenantId, entries: Sequence[tuple[BatchNumber, int]]) -> Sequence[Passage]:
        """Those of `entries` (batch and position) that left under the id of the entry itself, or may have.

        Of one that is sent, delivered or unknown and of which no hand-over was written (a crash came in between, or it
        was loaded from a file), the channel is the batch's, else the oldest in use: `match` finds it through any.
        """
        ...

    async def match(self, tenant: TenantId, channel: ChannelId, *, limit: int) -> Sequence[Match]:
        """Match up to `limit` of the newest unmatched receipts, by `ref` or else by an alternate, and mark them.

        Returned are segments settled by this call. A second receipt for a settled segment is marked a duplicate, unless
        it is graver news of an e-mail (`domain.receipt.GRAVITY`); an intermediate report is only marked; neither is
        returned. Holds the channel until the transaction ends.

        A ref that is `<entry's id>/<attempt>` finds its entry although no hand-over was written, if that is in doubt or
        counts as arrived: a crash may have come in between.
        """
        ...

    async def across_tenants_unmatched(self) -> Sequence[tuple[TenantId, ChannelId]]:
        """Channels that hold unmatched receipts younger than the time after which they are given up."""
        ...

    async def across_tenants_give_up(self, *, received_before: datetime) -> int:
        """Mark receipts that never found an entry; how many."""
        ...

"""The way out: hand parcels to a provider."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from muster.domain.ids import ChannelId, TenantId
from muster.domain.outcome import Outcome
from muster.domain.parcel import Parcel
from muster.domain.receipt import Receipt
from muster.domain.retry import RetryPolicy, UnknownPolicy

ReceiptSink = Callable[[Sequence[Receipt]], Awaitable[None]]
"""Takes what a provider told later. When it returns, the receipts are durable and the provider may be answered."""


class Channel(Protocol):
    """One account at one provider."""

    async def carry(self, parcels: Sequence[Parcel], *, deadline: datetime) -> Sequence[Outcome]:
        """Hand over `parcels`: one outcome each, in the same order.

        A parcel's own failure is an outcome, never an exception. At `deadline` what has left and was not answered
        is Unknown, what has not left is Unsent. Several calls may run at once; the channel keeps its own
        limits (window, rate) across them.
        Raises ChannelDown only when nothing at all was handed over.
        """
        ...

    async def close(self) -> None:
        """Say goodbye to the provider. Parcels under way are waited for, a few seconds at most."""
        ...

    @property
    def healthy(self) -> bool:
        """Whether it could hand something over now, as far as it knows."""
        ...


class ChannelHandle(Protocol):
    """A channel as the engine uses it: the way out and the rules that go with it."""

    @property
    def id(self) -> ChannelId:
        """Which channel it is."""
        ...

    @property
    def channel(self) -> Channel:
        """The way out itself."""
        ...

    @property
    def retry(self) -> RetryPolicy:
        """When to try again what was deferred."""
        ...

    @property
    def unknown(self) -> UnknownPolicy:
        """What to do with what was lost."""
        ...

    @property
    def rate(self) -> float | None:
        """The most parcels a second the tenant set for it; None for no limit."""
        ...


class Channels(Protocol):
    """All channels of this process, opened when first needed and kept."""

    def borrow(self, tenant: TenantId, channel: ChannelId) -> AbstractAsyncContextManager[ChannelHandle]:
        """The channel, open and kept open while borrowed.

        Raises NotFound when the tenant has no such channel, ChannelDown when it cannot be opened now.
        """
        ...

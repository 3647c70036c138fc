"""A provider whose answers the test decides, and which remembers what reached it."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from muster.domain.errors import ChannelDown
from muster.domain.ids import ChannelId, TenantId
from muster.domain.outcome import Carried, Outcome, Unknown
from muster.domain.parcel import Parcel
from muster.domain.retry import RetryPolicy, UnknownPolicy

STEPS = RetryPolicy(steps=(timedelta(seconds=1), timedelta(seconds=5)))


async def _at_once(parcels: Sequence[Parcel]) -> None:
    del parcels


class ScriptedChannel:
    """Fulfils ports.channel. What it is told in `answer` it answers; `refs` names what it took."""

    def __init__(self) -> None:
        self.healthy = True
        self.down = 0
        """How many of the next calls raise ChannelDown."""
        self.windows: list[list[Parcel]] = []
        """Every call's parcels, answered or not."""
        self.arrivals: Counter[str] = Counter()
        """How often each parcel key may have arrived: carried, or answered with Unknown, or never answered."""
        self.repeats: set[str] = set()
        """Keys of parcels that came marked as repeats."""
        self.answer: Callable[[Parcel], Outcome] = self.take
        self.during: Callable[[Sequence[Parcel]], Awaitable[None]] = _at_once
        """Runs while the parcels are under way, after they have left and before they are answered."""

    def take(self, parcel: Parcel) -> Outcome:
        """Carried, under a reference that names the parcel and the attempt."""
        return Carried((f"{parcel.key}/{self.arrivals[parcel.key]}",))

    async def carry(self, parcels: Sequence[Parcel], *, deadline: datetime) -> Sequence[Outcome]:
        """Answer each parcel as told; see ports.channel."""
        del deadline
        if self.down:
            self.down -= 1
            raise ChannelDown("the provider is away")
        self.windows.append(list(parcels))
        self.repeats.update(parcel.key for parcel in parcels if parcel.repeat)
        outcomes = [self.answer(parcel) for parcel in parcels]
        for parcel, outcome in zip(parcels, outcomes, strict=True):
            if isinstance(outcome, Carried | Unknown):
                self.arrivals[parcel.key] += 1
        await self.during(parcels)
        return outcomes

    async def close(self) -> None:
        """Nothing to say goodbye to."""


class Handle:
    """Fulfils ports.channel.ChannelHandle; the test may change any of it."""

    def __init__(self, channel: ScriptedChannel) -> None:
        self.id = ChannelId(0)
        self.channel = channel
        self.retry = STEPS
        self.unknown = UnknownPolicy()
        self.rate: float | None = None


class OneChannel:
    """Fulfils ports.channel.Channels with one channel for everybody. `cannot_open` makes it fail to open."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self.cannot_open = False

    @asynccontextmanager
    async def borrow(self, tenant: TenantId, channel: ChannelId) -> AsyncIterator[Handle]:
        """The channel, under the id it was asked for by."""
        del tenant
        if self.cannot_open:
            raise ChannelDown("the provider cannot be reached")
        self.handle.id = channel
        yield self.handle

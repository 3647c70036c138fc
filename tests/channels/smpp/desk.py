"""What the tests of the channel share: a clock, a place for receipts, parcels, a channel that is bound."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from muster.channels.smpp.channel import SmppChannel
from muster.channels.smpp.options import options_from
from muster.domain.outcome import Outcome
from muster.domain.parcel import Parcel
from muster.domain.receipt import Receipt
from muster.domain.reply import Reply
from muster.ports.meter import Meter
from muster.ports.replies import ReplySink

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class StoppedClock:
    """It is always noon."""

    def now(self) -> datetime:
        return NOON


def within(seconds: float) -> datetime:
    """A deadline."""
    return NOON + timedelta(seconds=seconds)


class Pigeonhole:
    """Takes receipts, after refusing some calls."""

    def __init__(self, *, refuse: int = 0) -> None:
        self.receipts: list[Receipt] = []
        self.calls = 0
        self._refuse = refuse
        self._news = asyncio.Condition()

    async def __call__(self, receipts: Sequence[Receipt]) -> None:
        self.calls += 1
        if self.calls <= self._refuse:
            raise ConnectionError("the store is away")
        async with self._news:
            self.receipts.extend(receipts)
            self._news.notify_all()

    async def until(self, count: int) -> Sequence[Receipt]:
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: len(self.receipts) >= count)
        return self.receipts


class Letterbox:
    """Takes replies, after refusing some calls, and while nothing holds it up."""

    def __init__(self, *, refuse: int = 0) -> None:
        self.replies: list[Reply] = []
        self.calls = 0
        self.open = asyncio.Event()
        self.open.set()
        self._refuse = refuse

    async def __call__(self, replies: Sequence[Reply]) -> None:
        self.calls += 1
        await self.open.wait()
        if self.calls <= self._refuse:
            raise ConnectionError("the store is away")
        self.replies.extend(replies)

    @property
    def texts(self) -> list[str]:
        """What was said."""
        return [reply.text for reply in self.replies]


@asynccontextmanager
async def a_channel(
    port: int,
    sink: Pigeonhole | None = None,
    *,
    meter: Meter | None = None,
    replies: ReplySink | None = None,
    **options: str,
) -> AsyncIterator[SmppChannel]:
    """A channel to the SMSC at `port`, closed at the end."""
    given = {
        "host": "127.0.0.1",
        "port": str(port),
        "system_id": "muster",
        "password": "secret",
        "source_addr": "Muster",
    } | options
    channel = SmppChannel(options_from(given), sink or Pigeonhole(), StoppedClock(), meter=meter, replies=replies)
    await channel.open()
    try:
        yield channel
    finally:
        await channel.close()


def to(number: str, text: str = "Your refund is on its way", *, key: str = "key") -> Parcel:
    """One parcel to a number that ends in `number`."""
    return Parcel(key, f"+34600{number:0>6}", text)


def plain(count: int) -> list[Parcel]:
    """Parcels that nothing happens to."""
    return [Parcel(f"key-{n}", f"+34600{n:04}99", f"Message {n}") for n in range(count)]


async def one(channel: SmppChannel, parcel: Parcel, *, seconds: float = 10) -> Outcome:
    """The outcome of one parcel."""
    return (await channel.carry([parcel], deadline=within(seconds)))[0]


async def eventually(truth: Callable[[], bool], *, seconds: float = 5) -> None:
    """Wait until `truth()` holds."""
    async with asyncio.timeout(seconds):
        while not truth():
            await asyncio.sleep(0.01)

"""What the tests of the channel share: a clock, files, letters, parcels, a channel."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from muster.channels.smtp.channel import Return, SmtpChannel
from muster.channels.smtp.options import options_from
from muster.domain.errors import NotFound
from muster.domain.ids import ChannelId, TenantId
from muster.domain.letter import Letter
from muster.domain.outcome import Outcome
from muster.domain.parcel import Parcel
from muster.ports.channel import ReceiptSink

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RETURNS = Return(key=b"k" * 32, tenant=TenantId(7), channel=ChannelId(3))
LETTER = Letter(key="letter-1", subject="Your order", html="<p>It is on its <b>way</b>.</p>", text="It is on its way.")


class StoppedClock:
    """It is always noon."""

    def now(self) -> datetime:
        return NOON


class Folder:
    """Files in memory, and how often each was read."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self._files = dict(files or {})
        self.reads: list[str] = []

    async def put(self, key: str, content: bytes) -> None:
        self._files[key] = content

    async def get(self, key: str) -> bytes:
        self.reads.append(key)
        if key not in self._files:
            raise NotFound("no such file")
        return self._files[key]

    async def remove(self, keys: list[str]) -> None:
        for key in keys:
            self._files.pop(key, None)


@asynccontextmanager
async def a_channel(
    port: int,
    options: Mapping[str, str] | None = None,
    *,
    files: Folder | None = None,
    receipts: ReceiptSink | None = None,
    **more: str,
) -> AsyncIterator[SmtpChannel]:
    """A channel to the mail server at `port`, closed at the end."""
    given = {"host": "127.0.0.1", "port": str(port), "sender": "news@muster.example"}
    given |= {"security": "none"} | dict(options or {}) | more
    channel = SmtpChannel(
        options_from(given), StoppedClock(), files=files or Folder(), returns=RETURNS, receipts=receipts
    )
    try:
        yield channel
    finally:
        await channel.close()


def within(seconds: float) -> datetime:
    """A deadline."""
    return NOON + timedelta(seconds=seconds)


def entry(number: int) -> str:
    """The id of an entry."""
    return str(UUID(int=(0x019 << 116) + number))


def to(
    address: str, *, number: int = 1, letter: Letter | None = LETTER, attempt: int = 1, repeat: bool = False
) -> Parcel:
    """One parcel; an address without a domain is one at shop.example."""
    whole = address if "@" in address else f"{address}@shop.example"
    return Parcel(entry(number), whole, "", attempt=attempt, repeat=repeat, letter=letter)


def plain(count: int, *, start: int = 0) -> list[Parcel]:
    """Parcels that nothing happens to."""
    return [to(f"someone{n}", number=n) for n in range(start, start + count)]


async def one(channel: SmtpChannel, parcel: Parcel, *, seconds: float = 10) -> Outcome:
    """The outcome of one parcel."""
    return (await channel.carry([parcel], deadline=within(seconds)))[0]


async def eventually(truth: Callable[[], bool], *, seconds: float = 5) -> None:
    """Wait until `truth()` holds."""
    async with asyncio.timeout(seconds):
        while not truth():
            await asyncio.sleep(0.01)


def kinds(outcomes: Sequence[Outcome]) -> list[str]:
    """What sorts of outcomes they are."""
    return [type(outcome).__name__ for outcome in outcomes]

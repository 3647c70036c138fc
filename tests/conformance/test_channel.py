"""What every channel must do. A new one is a new parameter of `rig`, with a peer that takes whatever it is given."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from muster.channels.sandbox.channel import open_sandbox
from muster.channels.smtp.channel import Return, SmtpChannel
from muster.channels.smtp.options import options_from as read_smtp
from muster.domain.errors import ChannelDown
from muster.domain.ids import ChannelId, TenantId
from muster.domain.letter import Letter
from muster.domain.outcome import Carried, Outcome, Unknown, Unsent
from muster.domain.parcel import Parcel
from muster.domain.receipt import Receipt
from muster.drill.mail import MailOptions, MailServer
from muster.ports.channel import Channel, ReceiptSink
from muster.ports.clock import Clock
from tests.channels.smtp.post_office import Folder

Connect = Callable[[ReceiptSink, Clock, bool], Awaitable[Channel]]
"""Opens the channel; where the flag is set its peer takes everything and answers nothing in time."""


class LoopClock:
    """A clock that runs with the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._loop.time() - self._start)


class Rig:
    """A channel under test with what it told."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._opened: list[Channel] = []
        self.clock = LoopClock()
        self.receipts: list[Receipt] = []
        self._news = asyncio.Condition()

    async def open(self, *, silent_peer: bool = False) -> Channel:
        channel = await self._connect(self._take, self.clock, silent_peer)
        self._opened.append(channel)
        return channel

    async def close(self) -> None:
        for channel in self._opened:
            await channel.close()

    def deadline(self, seconds: float = 10) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)

    async def until_receipts(self, count: int) -> Sequence[Receipt]:
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: len(self.receipts) >= count)
        return self.receipts

    async def _take(self, receipts: Sequence[Receipt]) -> None:
        async with self._news:
            self.receipts.extend(receipts)
            self._news.notify_all()


@asynccontextmanager
async def sandbox() -> AsyncIterator[Connect]:
    async def connect(sink: ReceiptSink, clock: Clock, silent: bool) -> Channel:  # noqa: FBT001 - see Connect
        answer_ms = "60000" if silent else "0"
        return await open_sandbox({"delay_ms": "20", "answer_ms": answer_ms}, receipts=sink, clock=clock)

    yield connect


@asynccontextmanager
async def smtp() -> AsyncIterator[Connect]:
    async with MailServer(MailOptions(answer_after=0.002)) as server, MailServer(MailOptions(answer_after=60)) as mute:

        async def connect(sink: ReceiptSink, clock: Clock, silent: bool) -> Channel:  # noqa: FBT001 - see Connect
            del sink  # What comes back about e-mail comes another way.
            port = str((mute if silent else server).port)
            options = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "news@muster.example"}
            returns = Return(key=b"k" * 32, tenant=TenantId(1), channel=ChannelId(1))
            return SmtpChannel(read_smtp(options), clock, files=Folder(), returns=returns)

        yield connect


Peer = Callable[[], AbstractAsyncContextManager[Connect]]
PEERS: list[Peer] = [sandbox, smtp]
"""Each opens a peer and gives the way to connect to it. The SMPP channel and its simulator belong here too."""
TELLING: list[Peer] = [sandbox]
"""Those whose receipts come through the channel."""
LETTER = Letter(key="letter", subject="Hello", html="<p>Hello</p>", text="Hello")


@pytest.fixture(params=PEERS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with request.param() as connect:
        made = Rig(connect)
        yield made
        await made.close()


def texts(count: int) -> list[Parcel]:
    """Parcels for phones."""
    return [Parcel(f"key-{n}", f"+3460000{n:04}", f"Message {n}") for n in range(count)]


def parcels(count: int, *, start: int = 0) -> list[Parcel]:
    """Parcels that any channel can carry."""
    numbers = range(start, start + count)
    return [Parcel(f"key-{n}", f"someone{n:04}@shop.example", f"Message {n}", letter=LETTER) for n in numbers]


def refs_of(outcomes: Sequence[Outcome]) -> list[str]:
    return [ref for outcome in outcomes if isinstance(outcome, Carried) for ref in outcome.refs]


async def test_every_parcel_gets_one_outcome(rig: Rig) -> None:
    channel = await rig.open()
    outcomes = await channel.carry(parcels(300), deadline=rig.deadline())
    assert len(outcomes) == 300
    assert all(isinstance(outcome, Carried) for outcome in outcomes)


async def test_no_parcels_get_no_outcomes(rig: Rig) -> None:
    channel = await rig.open()
    assert list(await channel.carry([], deadline=rig.deadline())) == []


async def test_a_ref_is_given_once_only(rig: Rig) -> None:
    channel = await rig.open()
    first, second = await asyncio.gather(
        channel.carry(parcels(100), deadline=rig.deadline()),
        channel.carry(parcels(100, start=100), deadline=rig.deadline()),
    )
    refs = refs_of(first) + refs_of(second)
    assert len(set(refs)) == len(refs) == 200


@pytest.mark.parametrize("rig", TELLING, indirect=True)
async def test_receipts_speak_of_refs_that_were_given(rig: Rig) -> None:
    channel = await rig.open()
    outcomes = await channel.carry(texts(50), deadline=rig.deadline())
    receipts = await rig.until_receipts(50)
    assert sorted(receipt.ref for receipt in receipts) == sorted(refs_of(outcomes))
    assert all(receipt.received_at.tzinfo is not None for receipt in receipts)


async def test_several_calls_at_once_each_get_their_own_outcomes(rig: Rig) -> None:
    channel = await rig.open()
    sizes = (1, 7, 200, 30)
    answers = await asyncio.gather(*(channel.carry(parcels(size), deadline=rig.deadline()) for size in sizes))
    assert tuple(len(outcomes) for outcomes in answers) == sizes


async def test_what_has_not_left_at_the_deadline_is_unsent(rig: Rig) -> None:
    channel = await rig.open()
    outcomes = await channel.carry(parcels(5), deadline=rig.deadline(-1))
    assert len(outcomes) == 5
    assert all(isinstance(outcome, Unsent) for outcome in outcomes)


async def test_what_left_and_was_not_answered_at_the_deadline_is_unknown(rig: Rig) -> None:
    channel = await rig.open(silent_peer=True)
    async with asyncio.timeout(5):
        outcomes = await channel.carry(parcels(5), deadline=rig.deadline(0.3))
    assert len(outcomes) == 5
    assert any(isinstance(outcome, Unknown) for outcome in outcomes)
    assert all(isinstance(outcome, Unknown | Unsent) for outcome in outcomes)


async def test_closing_twice_is_closing_once(rig: Rig) -> None:
    channel = await rig.open()
    assert channel.healthy
    await channel.close()
    await channel.close()
    assert not channel.healthy


async def test_closing_waits_for_parcels_under_way(rig: Rig) -> None:
    channel = await rig.open()
    async with asyncio.TaskGroup() as tasks:
        carrying = tasks.create_task(channel.carry(parcels(200), deadline=rig.deadline()))
        await asyncio.sleep(0)
        tasks.create_task(channel.close())
    assert all(isinstance(outcome, Carried) for outcome in carrying.result())


async def test_a_closed_channel_hands_over_nothing_and_says_so(rig: Rig) -> None:
    channel = await rig.open()
    await channel.close()
    with pytest.raises(ChannelDown):
        await channel.carry(parcels(1), deadline=rig.deadline())

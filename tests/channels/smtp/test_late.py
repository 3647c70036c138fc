"""Answers to final dots that come after the time for them is over."""

import asyncio
from collections.abc import Sequence

import pytest

from muster.domain.errors import Unavailable
from muster.domain.outcome import Carried, Unknown, Unsent
from muster.domain.receipt import Receipt, Verdict
from muster.drill.mail import MailOptions, MailServer
from muster.drill.mail.arrivals import sent_twice
from tests.channels.smtp.post_office import a_channel, entry, eventually, kinds, one, plain, to, within

SLOW = MailOptions(answer_after=0.8)
ONE = {"connections": "1", "timeout": "0.2"}


class Told:
    """What the channel told; the first `away` times the store is away."""

    def __init__(self, *, away: int = 0) -> None:
        self.receipts: list[Receipt] = []
        self.calls = 0
        self._away = away

    async def __call__(self, receipts: Sequence[Receipt]) -> None:
        self.calls += 1
        if self.calls <= self._away:
            raise Unavailable("the store is away")
        self.receipts.extend(receipts)

    @property
    def verdicts(self) -> list[tuple[str, Verdict, str]]:
        return [(each.ref, each.verdict, each.code) for each in self.receipts]


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("patience", ["0.2", "0.6"])
@pytest.mark.parametrize(
    ("local", "verdict", "code"),
    [
        ("someone", Verdict.ARRIVED, ""),
        ("data554-7-1", Verdict.BOUNCED, "554 5.7.1"),
        ("data451", Verdict.BOUNCED, "451"),
        ("closingdot", Verdict.BOUNCED, "421 4.3.2"),
        ("data550-1-1", Verdict.GONE, "550 5.1.1"),
    ],
)
async def test_a_late_answer_is_told_as_a_receipt(
    local: str, verdict: Verdict, code: str, *, patience: str, pipelining: bool
) -> None:
    told, options = Told(), MailOptions(answer_after=0.8, pipelining=pipelining)
    async with (
        MailServer(options) as server,
        a_channel(server.port, connections="1", timeout=patience, receipts=told) as channel,
    ):
        # With the longer timeout the deadline of the call comes first.
        outcome = await one(channel, to(local, attempt=2), seconds=0.4)
        assert isinstance(outcome, Unknown)
        assert outcome.refs == (f"{entry(1)}/2",)
        await eventually(lambda: bool(told.receipts))
    assert told.verdicts == [(f"{entry(1)}/2", verdict, code)]


async def test_behind_an_overdue_answer_no_other_letter_gets_in_doubt() -> None:
    told = Told()
    async with MailServer(SLOW) as server, a_channel(server.port, ONE, receipts=told) as channel:
        first = await channel.carry(plain(3), deadline=within(5))
        assert kinds(first) == ["Unknown", "Unsent", "Unsent"]
        stuck = channel.healthy
        second = await channel.carry(plain(2, start=10), deadline=within(5))
        for outcome in (*first[1:], *second):
            assert isinstance(outcome, Unsent)
            assert outcome.code == "no_session_free"
            assert outcome.after is not None
        await eventually(lambda: bool(told.receipts))
        assert (stuck, channel.healthy) == (False, True)
    assert [each.recipient for each in server.taken] == ["someone0@shop.example"]


async def test_after_an_overdue_answer_letters_leave_again_and_none_twice() -> None:
    told, options = Told(), MailOptions(slow_after=0.6)
    async with MailServer(options) as server, a_channel(server.port, ONE, receipts=told) as channel:
        first = await channel.carry([to("slow"), *plain(3, start=2)], deadline=within(5))
        assert kinds(first) == ["Unknown", "Unsent", "Unsent", "Unsent"]
        await eventually(lambda: bool(told.receipts))
        assert kinds(await channel.carry(plain(3, start=2), deadline=within(5))) == ["Carried"] * 3
    assert sent_twice(server.taken) == {}
    assert len(server.taken) == 4


async def test_while_one_session_waits_the_others_work() -> None:
    told, options = Told(), MailOptions(slow_after=1.0)
    two = {"connections": "2", "timeout": "0.2"}
    async with MailServer(options) as server, a_channel(server.port, two, receipts=told) as channel:
        outcomes = await channel.carry([to("slow"), *plain(30, start=2)], deadline=within(5))
        assert kinds(outcomes) == ["Unknown", *["Carried"] * 30]
        assert channel.healthy
        await eventually(lambda: bool(told.receipts))
    assert sent_twice(server.taken) == {}


async def test_an_answer_is_not_waited_for_for_ever() -> None:
    told = Told()
    async with (
        MailServer() as server,
        a_channel(server.port, ONE, answer_timeout="0.6", receipts=told) as channel,
    ):
        assert isinstance(await one(channel, to("silent")), Unknown)
        assert not channel.healthy
        await eventually(lambda: channel.healthy)
        assert isinstance(await one(channel, to("someone", number=2)), Carried)
    assert told.receipts == []


async def test_closing_does_not_wait_for_an_overdue_answer() -> None:
    told = Told()
    async with MailServer(MailOptions(answer_after=30)) as server:
        async with a_channel(server.port, ONE, receipts=told) as channel:
            assert isinstance(await one(channel, to("someone")), Unknown)
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 1


async def test_a_store_that_is_away_is_told_again() -> None:
    told = Told(away=2)
    async with MailServer(SLOW) as server, a_channel(server.port, ONE, receipts=told) as channel:
        await one(channel, to("someone"))
        await eventually(lambda: bool(told.receipts))
    assert told.calls == 3
    assert [each.verdict for each in told.receipts] == [Verdict.ARRIVED]


@pytest.mark.parametrize(
    ("first", "second", "told_of"),
    [
        ("someone", "someone", (1, 2)),
        ("data550", "someone", (2,)),
        ("someone", "data450", (1,)),
        ("data550", "data450", ()),
    ],
)
async def test_of_two_attempts_under_way_only_an_arrival_is_told(
    first: str, second: str, told_of: Sequence[int]
) -> None:
    told = Told()
    two = {"connections": "2", "timeout": "0.2"}
    async with MailServer(SLOW) as server, a_channel(server.port, two, receipts=told) as channel:
        assert isinstance(await one(channel, to(first)), Unknown)
        # The second attempt leaves while the first one may yet arrive.
        assert isinstance(await one(channel, to(second, attempt=2, repeat=True)), Unknown)
        assert not channel.healthy
        await eventually(lambda: channel.healthy and len(told.receipts) == len(told_of))
        await asyncio.sleep(0.4)
    assert {(each.ref, each.verdict) for each in told.receipts} == {
        (f"{entry(1)}/{attempt}", Verdict.ARRIVED) for attempt in told_of
    }


async def test_a_call_that_is_cancelled_hears_of_what_left_as_a_receipt() -> None:
    told = Told()
    async with MailServer(SLOW) as server, a_channel(server.port, connections="1", receipts=told) as channel:
        carrying = asyncio.create_task(channel.carry(plain(2), deadline=within(5)))
        await eventually(lambda: len(server.taken) == 1)
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
        await eventually(lambda: bool(told.receipts))
    assert told.verdicts == [(f"{entry(0)}/1", Verdict.ARRIVED, "")]

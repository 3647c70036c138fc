"""The sandbox: the address decides."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from muster.channels.sandbox.channel import SandboxChannel, open_sandbox
from muster.domain.errors import BadInput
from muster.domain.letter import Letter
from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown, Unsent
from muster.domain.parcel import Parcel
from muster.domain.receipt import Receipt, Verdict
from muster.domain.reply import Reply

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOON = NOON + timedelta(seconds=30)


class StoppedClock:
    """It is always noon."""

    def now(self) -> datetime:
        return NOON


class Inbox:
    """Takes receipts, after refusing some calls."""

    def __init__(self, *, refuse: int = 0) -> None:
        self.receipts: list[Receipt] = []
        self.calls = 0
        self._news = asyncio.Condition()
        self._refuse = refuse

    async def __call__(self, receipts: Sequence[Receipt]) -> None:
        self.calls += 1
        if self._refuse:
            self._refuse -= 1
            raise ConnectionError
        async with self._news:
            self.receipts.extend(receipts)
            self._news.notify_all()

    async def until(self, count: int) -> Sequence[Receipt]:
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: len(self.receipts) >= count)
        return self.receipts


class Letterbox:
    """Takes replies, after refusing some calls."""

    def __init__(self, *, refuse: int = 0) -> None:
        self.replies: list[Reply] = []
        self._refuse = refuse

    async def __call__(self, replies: Sequence[Reply]) -> None:
        if self._refuse:
            self._refuse -= 1
            raise ConnectionError
        self.replies.extend(replies)


@asynccontextmanager
async def a_sandbox(
    inbox: Inbox | None = None, *, replies: Letterbox | None = None, **options: str
) -> AsyncIterator[SandboxChannel]:
    given = {"delay_ms": "10", "late_ms": "60"} | options
    channel = await open_sandbox(given, receipts=inbox or Inbox(), replies=replies, clock=StoppedClock())
    yield channel
    await channel.close()


def to(ending: str, *, text: str = "Hello", key: str = "key") -> Parcel:
    return Parcel(key, f"+3460000{ending}", text)


async def one(channel: SandboxChannel, parcel: Parcel) -> Outcome:
    (outcome,) = await channel.carry([parcel], deadline=SOON)
    return outcome


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("1234", [Verdict.ARRIVED]),
        ("9000", [Verdict.ARRIVED]),
        ("9001", [Verdict.ARRIVED]),
        ("9002", [Verdict.BOUNCED]),
        ("9003", [Verdict.EXPIRED]),
        ("9004", []),
        ("9014", [Verdict.ARRIVED, Verdict.ARRIVED]),
        ("9015", [Verdict.ON_ITS_WAY, Verdict.ARRIVED]),
        ("9016", [Verdict.ARRIVED]),
        ("9017", []),
    ],
)
async def test_what_is_carried_is_followed_by_the_news_its_address_asks_for(
    ending: str, expected: list[Verdict]
) -> None:
    inbox = Inbox()
    async with a_sandbox(inbox) as channel:
        outcome = await one(channel, to(ending))
        assert isinstance(outcome, Carried)
        assert outcome.confirmed == (ending == "9017")
    assert [(receipt.ref, receipt.verdict) for receipt in inbox.receipts] == [(outcome.refs[0], v) for v in expected]


@pytest.mark.parametrize(("ending", "code"), [("9008", "invalid_address"), ("9009", "opted_out"), ("9010", "blocked")])
async def test_some_addresses_are_refused(ending: str, code: str) -> None:
    async with a_sandbox() as channel:
        outcome = await one(channel, to(ending))
        assert isinstance(outcome, Refused)
        assert outcome.code == code


@pytest.mark.parametrize(("ending", "failure"), [("9005", Deferred), ("9006", Deferred), ("9013", Unsent)])
async def test_some_addresses_fail_first_and_pass_later(ending: str, failure: type[Outcome]) -> None:
    async with a_sandbox(fail_times="2") as channel:
        outcomes = [await one(channel, to(ending)) for _ in range(3)]
        assert [type(outcome) for outcome in outcomes] == [failure, failure, Carried]
        assert isinstance(await one(channel, to(ending, key="another")), failure)


async def test_one_address_is_deferred_for_ever() -> None:
    async with a_sandbox(fail_times="1") as channel:
        for _ in range(5):
            assert isinstance(await one(channel, to("9007")), Deferred)


async def test_a_lost_answer_may_still_be_settled_by_late_news() -> None:
    inbox = Inbox()
    async with a_sandbox(inbox) as channel:
        silent, settled = await channel.carry([to("9011"), to("9012")], deadline=SOON)
        assert isinstance(silent, Unknown)
        assert isinstance(settled, Unknown)
        assert silent.refs == ()
        assert [receipt.ref for receipt in await inbox.until(1)] == list(settled.refs)


async def test_late_news_comes_after_ordinary_news() -> None:
    inbox = Inbox()
    async with a_sandbox(inbox) as channel:
        late, ordinary = await channel.carry([to("9001"), to("9000")], deadline=SOON)
        assert isinstance(late, Carried)
        assert isinstance(ordinary, Carried)
        await inbox.until(2)
    assert [receipt.ref for receipt in inbox.receipts] == [*ordinary.refs, *late.refs]


async def test_early_news_is_there_before_the_answer() -> None:
    inbox = Inbox()
    async with a_sandbox(inbox) as channel:
        await one(channel, to("9016"))
        assert len(inbox.receipts) == 1


async def test_the_ending_of_an_e_mail_address_stands_before_the_at() -> None:
    async with a_sandbox() as channel:
        assert isinstance(await one(channel, Parcel("key", "ana+9008@example.com", "Hello")), Refused)
        assert isinstance(await one(channel, Parcel("key", "ana@example.9008", "Hello")), Carried)


async def test_a_long_text_is_several_segments_with_news_for_each() -> None:
    inbox = Inbox()
    async with a_sandbox(inbox) as channel:
        outcome = await one(channel, to("0000", text="x" * 307))
        assert isinstance(outcome, Carried)
        assert outcome.segments == len(outcome.refs) == 3
    assert [receipt.ref for receipt in inbox.receipts] == list(outcome.refs)


async def test_news_the_sink_does_not_take_is_told_again() -> None:
    inbox = Inbox(refuse=1)
    async with a_sandbox(inbox) as channel:
        await channel.carry([to("9000"), to("9001")], deadline=SOON)
        assert len(await inbox.until(2)) == 2


async def test_early_news_the_sink_does_not_take_is_told_later() -> None:
    inbox = Inbox(refuse=1)
    async with a_sandbox(inbox) as channel:
        assert isinstance(await one(channel, to("9016")), Carried)
        assert len(await inbox.until(1)) == 1


async def test_news_comes_in_batches() -> None:
    inbox = Inbox()
    async with a_sandbox(inbox) as channel:
        await channel.carry([to("0000", key=str(n)) for n in range(2_500)], deadline=SOON)
        await inbox.until(2_500)
    assert inbox.calls == 3


async def test_closing_tells_the_news_that_is_still_to_come() -> None:
    inbox = Inbox()
    async with a_sandbox(inbox, delay_ms="3600000") as channel:
        await one(channel, to("0000"))
    assert len(inbox.receipts) == 1


async def test_the_outbox_holds_the_last_messages_newest_first() -> None:
    async with a_sandbox(keep="2") as channel:
        await channel.carry([to("0001", text="one"), to("9002", text="two")], deadline=SOON)
        await channel.carry([Parcel("key", "+34600009008", "three", repeat=True)], deadline=SOON)
        messages = channel.outbox()
    assert [message.text for message in messages] == ["three", "two"]
    assert [message.behaviour for message in messages] == ["invalid", "bounced"]
    assert [message.outcome for message in messages] == ["Refused", "Carried"]
    assert [message.repeat for message in messages] == [True, False]


async def test_the_rate_is_kept_and_what_has_no_time_left_is_unsent() -> None:
    async with a_sandbox(rate="100") as channel:
        outcomes = await channel.carry(
            [to("0000", key=str(n)) for n in range(100)], deadline=NOON + timedelta(seconds=0.3)
        )
    carried = [type(outcome) for outcome in outcomes].count(Carried)
    assert 28 <= carried <= 30
    assert [type(outcome) for outcome in outcomes] == [Carried] * carried + [Unsent] * (100 - carried)


async def test_the_rate_is_shared_by_calls_at_once() -> None:
    loop = asyncio.get_running_loop()
    async with a_sandbox(rate="200") as channel:
        began = loop.time()
        await asyncio.gather(*(channel.carry([to("0000")] * 10, deadline=SOON) for _ in range(4)))
        assert loop.time() - began >= 0.19


async def test_every_wrong_option_is_named() -> None:
    with pytest.raises(BadInput) as caught:
        await open_sandbox({"delay_ms": "soon", "rate": "-1", "colour": "red"}, receipts=Inbox(), clock=StoppedClock())
    assert [fault.path for fault in caught.value.faults] == ["options.delay_ms", "options.rate", "options.colour"]


@pytest.mark.parametrize(
    ("ending", "texts"),
    [("9018", ["STOP"]), ("9019", ["STOP", "START"]), ("9020", ["Thank you"]), ("9000", []), ("9008", [])],
)
async def test_the_person_at_the_address_texts_back(ending: str, texts: list[str]) -> None:
    letterbox = Letterbox()
    async with a_sandbox(replies=letterbox) as channel:
        await one(channel, to(ending))
    assert [reply.text for reply in letterbox.replies] == texts
    assert {reply.sender for reply in letterbox.replies} <= {f"+3460000{ending}"}


async def test_a_reply_nobody_takes_is_told_again() -> None:
    letterbox = Letterbox(refuse=1)
    async with a_sandbox(replies=letterbox) as channel, asyncio.timeout(5):
        await one(channel, to("9018"))
        while not letterbox.replies:
            await asyncio.sleep(0.01)
    assert [reply.text for reply in letterbox.replies] == ["STOP"]


async def test_where_nobody_wants_replies_there_are_none() -> None:
    inbox = Inbox()
    async with a_sandbox(inbox) as channel:
        assert isinstance(await one(channel, to("9018")), Carried)
        assert len(await inbox.until(1)) == 1


LETTER = Letter(key="letter", subject="Hello", html="<p>Hello</p>", text="Hello " * 100)


def a_letter(local: str, *, attempt: int = 1) -> Parcel:
    return Parcel("key", f"{local}@example.com", "", attempt=attempt, letter=LETTER)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("ana", []),
        ("ana+9000", []),
        ("sandbox+9014", []),
        ("sandbox+9018", []),
        ("bounce.ana", [Verdict.GONE]),
        ("Bounce9008", [Verdict.GONE]),
        ("complaint", [Verdict.COMPLAINED]),
        ("ana+9002", []),
        ("sandbox+9002", [Verdict.RETURNED]),
        ("Sandbox.ana+9003", [Verdict.RETURNED]),
        ("sandbox.ana", []),
    ],
)
async def test_a_letter_counts_as_arrived_and_only_bad_news_follows(local: str, expected: list[Verdict]) -> None:
    inbox, letterbox = Inbox(), Letterbox()
    async with a_sandbox(inbox, replies=letterbox) as channel:
        assert await one(channel, a_letter(local, attempt=2)) == Carried(("key/2",), presumed=True)
    assert [(receipt.ref, receipt.verdict) for receipt in inbox.receipts] == [("key/2", v) for v in expected]
    assert letterbox.replies == []


@pytest.mark.parametrize(("local", "answer"), [("fail", Refused), ("failing.ben", Refused), ("sandbox9007", Deferred)])
async def test_a_letter_that_is_not_taken_says_so_at_once(local: str, answer: type[Outcome]) -> None:
    inbox = Inbox()
    async with a_sandbox(inbox) as channel:
        assert isinstance(await one(channel, a_letter(local)), answer)
    assert inbox.receipts == []


async def test_a_letter_whose_answer_was_lost_is_found_by_its_own_ref() -> None:
    inbox = Inbox()
    async with a_sandbox(inbox) as channel:
        outcome = await one(channel, a_letter("sandbox+9012"))
        assert isinstance(outcome, Unknown)
        assert outcome.refs == ("key/1",)
    assert [receipt.verdict for receipt in inbox.receipts] == [Verdict.ARRIVED]


async def test_a_letter_that_arrival_is_confirmed_of_is_not_presumed() -> None:
    async with a_sandbox() as channel:
        assert await one(channel, a_letter("sandbox+9017")) == Carried(("key/1",), confirmed=True)


async def test_the_outbox_holds_what_a_letter_says() -> None:
    async with a_sandbox() as channel:
        await one(channel, a_letter("ana"))
        (message,) = channel.outbox()
    assert (message.subject, message.text) == (LETTER.subject, LETTER.text)

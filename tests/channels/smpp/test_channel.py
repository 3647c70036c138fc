"""The channel against the simulated SMSC."""

import asyncio
from contextlib import suppress

import pytest

from muster.channels.smpp.pdu import Message
from muster.domain.errors import ChannelDown
from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown, Unsent
from muster.domain.receipt import Verdict
from muster.drill.smsc import IdStyle, ReceiptStyle, Said, Smsc, SmscOptions
from muster.telemetry.metrics import COUNTERS
from tests.channels.smpp.desk import Letterbox, Pigeonhole, a_channel, eventually, one, plain, to, within
from tests.fakes.tally import Tally


async def test_a_thousand_parcels_are_carried_and_their_receipts_come_back() -> None:
    sink = Pigeonhole()
    async with Smsc() as smsc, a_channel(smsc.port, sink) as channel:
        outcomes = await channel.carry(plain(1000), deadline=within(10))
        refs = {outcome.refs[0] for outcome in outcomes if isinstance(outcome, Carried)}
        receipts = await sink.until(1000)
    assert len(refs) == 1000
    assert {receipt.ref for receipt in receipts} == refs
    assert [one.text for one in smsc.taken] == [f"Message {n}" for n in range(1000)]
    assert sink.calls <= 10


@pytest.mark.parametrize(
    ("ending", "kind", "code"),
    [
        ("0001", Refused, "invalid_address"),
        ("0002", Deferred, "throttled"),
        ("0006", Deferred, "provider_error"),
        ("0007", Unknown, "connection_lost"),
        ("0008", Unknown, "answer_lost"),
        ("0014", Deferred, "queue_full"),
    ],
)
async def test_the_number_decides_the_outcome(ending: str, kind: type[Outcome], code: str) -> None:
    async with Smsc() as smsc, a_channel(smsc.port, response_timeout="0.3") as channel:
        outcome = await one(channel, to(ending))
    assert isinstance(outcome, kind)
    assert not isinstance(outcome, Carried)
    assert outcome.code == code


@pytest.mark.parametrize("ending", ["0002", "0006", "0014"])
async def test_what_fails_first_passes_later(ending: str) -> None:
    async with Smsc() as smsc, a_channel(smsc.port) as channel:
        assert isinstance(await one(channel, to(ending)), Deferred)
        assert isinstance(await one(channel, to(ending)), Carried)


@pytest.mark.parametrize(
    ("ending", "verdicts"),
    [
        ("0003", [Verdict.BOUNCED]),
        ("0005", [Verdict.ARRIVED]),
        ("0009", [Verdict.EXPIRED]),
        ("0010", [Verdict.ARRIVED]),
        ("0011", [Verdict.ARRIVED, Verdict.ARRIVED]),
        ("0012", [Verdict.BOUNCED]),
        ("0013", [Verdict.ON_ITS_WAY, Verdict.ARRIVED]),
    ],
)
@pytest.mark.parametrize("style", ReceiptStyle)
async def test_the_number_decides_the_receipts(ending: str, verdicts: list[Verdict], style: ReceiptStyle) -> None:
    sink = Pigeonhole()
    options = SmscOptions(receipt_style=style, receipt_after=0.02, late_after=0.1)
    async with Smsc(options) as smsc, a_channel(smsc.port, sink) as channel:
        outcome = await one(channel, to(ending))
        receipts = await sink.until(len(verdicts))
    assert isinstance(outcome, Carried)
    assert [receipt.verdict for receipt in receipts] == verdicts
    assert {receipt.ref for receipt in receipts} == set(outcome.refs)


async def test_a_receipt_spelled_otherwise_names_the_acknowledged_id_among_its_alternates() -> None:
    sink = Pigeonhole()
    async with Smsc(SmscOptions(id_style=IdStyle.MIXED)) as smsc, a_channel(smsc.port, sink) as channel:
        outcome = await one(channel, to("99"))
        receipt = (await sink.until(1))[0]
    assert isinstance(outcome, Carried)
    assert receipt.ref != outcome.refs[0]
    assert outcome.refs[0] in receipt.alternates


async def test_a_receipt_is_acknowledged_only_when_it_is_durable() -> None:
    sink = Pigeonhole(refuse=1)
    async with Smsc() as smsc, a_channel(smsc.port, sink) as channel:
        await one(channel, to("99"))
        await sink.until(1)
        await eventually(lambda: not smsc.receipts_waiting)
    assert sink.calls == 2


async def test_a_long_text_is_carried_in_segments_with_one_id_each() -> None:
    text = "Grüße € " * 60
    async with Smsc() as smsc, a_channel(smsc.port) as channel:
        outcome = await one(channel, to("99", text))
    assert isinstance(outcome, Carried)
    assert outcome.segments == len(outcome.refs) == 4
    assert [(part.part, part.total) for part in smsc.taken] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert "".join(part.text for part in smsc.taken) == text


async def test_a_long_text_that_is_throttled_half_way_is_finished_and_not_repeated() -> None:
    async with Smsc() as smsc, a_channel(smsc.port) as channel:
        outcome = await one(channel, to("0002", "x" * 200))
    assert isinstance(outcome, Carried)
    assert len(smsc.taken) == 2


async def test_without_receipts_what_is_taken_counts_as_arrived() -> None:
    async with Smsc() as smsc, a_channel(smsc.port, receipts="no") as channel:
        outcome = await one(channel, to("99"))
        assert not smsc.receipts_waiting
    assert isinstance(outcome, Carried)
    assert outcome.confirmed


async def test_no_number_at_all_is_refused_before_it_leaves() -> None:
    async with Smsc() as smsc, a_channel(smsc.port) as channel:
        outcomes = await channel.carry([to("x"), to("99")], deadline=within(5))
    assert isinstance(outcomes[0], Refused)
    assert isinstance(outcomes[1], Carried)
    assert len(smsc.arrivals) == 1


async def test_throttling_slows_the_account_down_until_all_have_passed() -> None:
    meter = Tally()
    async with Smsc(SmscOptions(rate=200)) as smsc, a_channel(smsc.port, meter=meter, window="20") as channel:
        left, carried, slowed = plain(260), 0, False
        while left:
            outcomes = await channel.carry(left, deadline=within(10))
            slowed = slowed or channel.rate_limit is not None
            left = [parcel for parcel, outcome in zip(left, outcomes, strict=True) if isinstance(outcome, Deferred)]
            carried += len(outcomes) - len(left)
    assert slowed
    assert carried == 260
    assert meter.counts["smpp_throttled"] < 130


async def test_a_rate_holds_over_all_binds() -> None:
    async with Smsc() as smsc, a_channel(smsc.port, binds="3", rate="100") as channel:
        outcomes = await channel.carry(plain(200), deadline=within(0.6))
    carried = sum(isinstance(outcome, Carried) for outcome in outcomes)
    assert 30 <= carried <= 75
    assert sum(isinstance(outcome, Unsent) for outcome in outcomes) == 200 - carried


async def test_at_the_deadline_what_left_is_unknown_and_what_waits_is_unsent() -> None:
    async with Smsc() as smsc, a_channel(smsc.port, window="10") as channel:
        await one(channel, to("99"))
        smsc.sessions[0].silent = True
        outcomes = await channel.carry(plain(25), deadline=within(0.2))
        assert channel.healthy
    assert [type(outcome) for outcome in outcomes] == [Unknown] * 10 + [Unsent] * 15


async def test_after_the_deadline_nothing_leaves() -> None:
    async with Smsc() as smsc, a_channel(smsc.port) as channel:
        outcomes = await channel.carry(plain(3), deadline=within(-1))
    assert [type(outcome) for outcome in outcomes] == [Unsent] * 3
    assert not smsc.arrivals


async def test_a_cut_connection_leaves_what_is_under_way_unknown_and_the_rest_unsent() -> None:
    async with Smsc() as smsc, a_channel(smsc.port, window="10") as channel:
        await one(channel, to("99"))
        smsc.sessions[0].silent = True
        async with asyncio.TaskGroup() as tasks:
            carrying = tasks.create_task(channel.carry(plain(25), deadline=within(10)))
            await eventually(lambda: len(smsc.arrivals) == 11)
            smsc.cut()
    assert [type(outcome) for outcome in carrying.result()] == [Unknown] * 10 + [Unsent] * 15


async def test_after_a_cut_the_channel_binds_again_and_gets_the_receipts_it_missed() -> None:
    sink = Pigeonhole()
    async with Smsc(SmscOptions(receipt_after=0.2)) as smsc, a_channel(smsc.port, sink) as channel:
        await one(channel, to("99"))
        smsc.cut()
        await eventually(lambda: not channel.healthy)
        assert isinstance(await one(channel, to("98")), Carried)
        await sink.until(2)


async def test_with_several_binds_a_lost_one_takes_only_its_own_messages_along() -> None:
    async with Smsc() as smsc, a_channel(smsc.port, binds="3", window="5") as channel:
        await eventually(lambda: len(smsc.sessions) == 3)
        smsc.sessions[0].silent = True
        async with asyncio.TaskGroup() as tasks:
            carrying = tasks.create_task(channel.carry(plain(100), deadline=within(10)))
            await eventually(lambda: len(smsc.taken) == 100)
            smsc.sessions[0].cut()
    kinds = [type(outcome) for outcome in carrying.result()]
    assert (kinds.count(Unknown), kinds.count(Carried)) == (5, 95)


async def test_split_binds_send_on_one_connection_and_hear_on_another() -> None:
    sink = Pigeonhole()
    async with Smsc() as smsc, a_channel(smsc.port, sink, mode="split") as channel:
        assert isinstance(await one(channel, to("99")), Carried)
        await sink.until(1)
        assert len(smsc.sessions) == 2


async def test_a_dead_peer_is_noticed_and_replaced() -> None:
    async with Smsc() as smsc, a_channel(smsc.port, enquire_link="0.1", response_timeout="0.2") as channel:
        await one(channel, to("99"))
        smsc.sessions[0].silent = True
        await eventually(lambda: bool(smsc.sessions) and smsc.sessions[-1].number > 1)
        assert isinstance(await one(channel, to("98")), Carried)


async def test_nobody_there_is_a_channel_down_with_its_reason() -> None:
    async with Smsc() as smsc:
        port = smsc.port
    async with a_channel(port, connect_timeout="0.3") as channel:
        with pytest.raises(ChannelDown):
            await one(channel, to("99"))
        assert not channel.healthy


async def test_a_wrong_password_is_said_so() -> None:
    async with Smsc(SmscOptions(password="other")) as smsc, a_channel(smsc.port, connect_timeout="0.3") as channel:  # noqa: S106
        with pytest.raises(ChannelDown, match="ESME_RINVPASWD"):
            await one(channel, to("99"))


async def test_a_cancelled_call_leaves_nothing_behind_that_could_still_go_out() -> None:
    async with Smsc() as smsc, a_channel(smsc.port, window="1") as channel:
        await one(channel, to("99"))
        smsc.sessions[0].silent = True
        carrying = asyncio.create_task(channel.carry(plain(10), deadline=within(10)))
        await eventually(lambda: len(smsc.arrivals) == 2)
        carrying.cancel()
        with suppress(asyncio.CancelledError):
            await carrying
        smsc.cut()
        await eventually(lambda: not channel.healthy)
        assert isinstance(await one(channel, to("98")), Carried)
    assert len(smsc.arrivals) == 3


async def test_what_a_person_sends_is_acknowledged_and_counted_where_nobody_wants_it() -> None:
    meter = Tally()
    async with Smsc() as smsc, a_channel(smsc.port, meter=meter) as channel:
        await one(channel, to("0004"))
        smsc.say("muster", Message(source="34600000001", destination="Muster", short_message=b"STOP"))
        await eventually(lambda: meter.counts["smpp_messages_received"] == 1)
        await eventually(lambda: smsc.sessions[0].room == smsc.options.window)
        assert smsc.receipts_waiting == 0


async def test_what_a_person_sends_is_answered_when_it_is_kept_and_not_before() -> None:
    letterbox = Letterbox()
    letterbox.open.clear()
    async with Smsc() as smsc, a_channel(smsc.port, replies=letterbox) as channel:
        await one(channel, to("0004"))
        smsc.hear(Said(sender="+34600000001", text="STOP", recipient="Muster"))
        await eventually(lambda: letterbox.calls == 1)
        assert smsc.sessions[0].room == smsc.options.window - 1
        letterbox.open.set()
        await eventually(lambda: smsc.sessions[0].room == smsc.options.window)
    assert [(reply.sender, reply.recipient, reply.text) for reply in letterbox.replies] == [
        ("+34600000001", "Muster", "STOP")
    ]


async def test_what_cannot_be_kept_is_told_again() -> None:
    letterbox, meter = Letterbox(refuse=1), Tally()
    async with Smsc() as smsc, a_channel(smsc.port, replies=letterbox, meter=meter) as channel:
        await one(channel, to("0004"))
        smsc.hear(Said(sender="+34600000001", text="STOP"))
        await eventually(lambda: letterbox.texts == ["STOP"])
    assert meter.counts["smpp_replies"] == meter.counts["smpp_replies_not_kept"] == 1
    assert meter.counts.keys() <= COUNTERS.keys()


async def test_a_part_of_a_longer_text_is_acknowledged_and_counted() -> None:
    letterbox, meter = Letterbox(), Tally()
    async with Smsc() as smsc, a_channel(smsc.port, replies=letterbox, meter=meter) as channel:
        await one(channel, to("0004"))
        smsc.hear(Said(sender="+34600000001", text="a" * 153 + "END"))
        smsc.hear(Said(sender="+34600000001", text="x" * 153 + "y" * 10))
        smsc.hear(Said(sender="+34600000001", text="Thank you"))
        await eventually(lambda: letterbox.texts == ["a" * 153 + "END", "Thank you"])
        await eventually(lambda: smsc.sessions[0].room == smsc.options.window)
    assert meter.counts["smpp_message_parts"] == 2


async def test_replies_and_receipts_of_many_do_not_wait_for_each_other() -> None:
    letterbox, sink = Letterbox(), Pigeonhole()
    letterbox.open.clear()
    async with Smsc() as smsc, a_channel(smsc.port, sink, replies=letterbox) as channel:
        await one(channel, to("0004"))
        for n in range(100):
            smsc.hear(Said(sender=f"+346000{n:05}", text="STOP"))
        await channel.carry(plain(100), deadline=within(10))
        await sink.until(100)
        assert letterbox.texts == []
        letterbox.open.set()
        await eventually(lambda: len(letterbox.texts) == 100)
        assert set(letterbox.texts) == {"STOP"}


async def test_closing_waits_for_what_is_under_way_and_says_goodbye() -> None:
    async with Smsc() as smsc:
        async with a_channel(smsc.port) as channel:
            await one(channel, to("99"))
            carrying = asyncio.create_task(channel.carry(plain(500), deadline=within(10)))
            await asyncio.sleep(0)
        assert all(isinstance(outcome, Carried) for outcome in await carrying)
        with pytest.raises(ChannelDown):
            await one(channel, to("98"))
        await eventually(lambda: not smsc.sessions)

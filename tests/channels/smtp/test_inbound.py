"""Mail that comes back, over real connections."""

import asyncio
import smtplib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

import pytest

from muster.channels.smtp.inbound import InboundMail, Listening, Protocols
from muster.channels.smtp.verp import read
from muster.domain.errors import Unavailable
from muster.domain.ids import ChannelId, TenantId
from muster.domain.receipt import Receipt, Verdict
from tests.channels.smtp.returned_mail import AWAY, ENTRY, KEY, a_complaint, a_dsn, a_return_path
from tests.fakes.clock import FakeClock
from tests.fakes.tally import Tally

HERE = "bounces.example.org"
Answer = TypeVar("Answer")


class Desk:
    """Takes receipts of every channel, after refusing some calls."""

    def __init__(self) -> None:
        self.taken: list[tuple[TenantId, ChannelId, Receipt]] = []
        self.refuse = 0
        self.wait = 0.0
        self.busy = asyncio.Event()

    def sink(self, tenant: TenantId, channel: ChannelId) -> Callable[[Sequence[Receipt]], Awaitable[None]]:
        async def take(receipts: Sequence[Receipt]) -> None:
            self.busy.set()
            await asyncio.sleep(self.wait)
            if self.refuse:
                self.refuse -= 1
                raise Unavailable
            self.taken += [(tenant, channel, receipt) for receipt in receipts]

        return take

    def told(self) -> list[tuple[str, Verdict]]:
        return [(receipt.ref, receipt.verdict) for _, _, receipt in self.taken]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def meter() -> Tally:
    return Tally()


@asynccontextmanager
async def listening(desk: Desk, meter: Tally | None = None, **limits: object) -> AsyncGenerator[InboundMail]:
    given = {"domains": frozenset({HERE})} | limits
    server = InboundMail(
        Listening(**given),  # type: ignore[arg-type]  # the limits a test names
        read=partial(read, KEY),
        sink_for=desk.sink,
        clock=FakeClock(),
        meter=meter or Tally(),
    )
    await server.listen()
    running = asyncio.create_task(server.run())
    try:
        yield server
    finally:
        server.stop()
        async with asyncio.timeout(10):
            await running


async def talk(server: InboundMail, conversation: Callable[[smtplib.SMTP], Answer]) -> Answer:
    """Let a client of the standard library speak, in a thread."""
    speaks = smtplib.LMTP if server.listening.protocol is Protocols.LMTP else smtplib.SMTP

    def speak() -> Answer:
        with speaks("127.0.0.1", server.port, timeout=5) as client:
            return conversation(client)

    return await asyncio.to_thread(speak)


def bring(content: bytes, *recipients: str) -> Callable[[smtplib.SMTP], object]:
    return lambda client: client.sendmail("", recipients, content)


def to(local: str | None = None, domain: str = HERE) -> str:
    return f"{local or a_return_path()}@{domain}"


BOTH = pytest.mark.parametrize("protocol", list(Protocols))


@BOTH
async def test_a_bounce_settles_the_entry_that_its_address_names(desk: Desk, protocol: Protocols) -> None:
    async with listening(desk, protocol=protocol) as server:
        await talk(server, bring(a_dsn(), to(a_return_path(tenant=7, channel=8, attempt=3))))
    ((tenant, channel, receipt),) = desk.taken
    assert (tenant, channel, receipt.ref) == (7, 8, f"{ENTRY}/3")
    assert receipt.verdict is Verdict.GONE
    assert receipt.code.startswith("550 5.1.1")


async def test_a_local_part_in_capitals_names_the_same_entry(desk: Desk) -> None:
    async with listening(desk) as server:
        await talk(server, bring(a_dsn(), to(a_return_path().upper(), HERE.upper())))
    assert desk.told() == [(f"{ENTRY}/1", Verdict.GONE)]


@pytest.mark.parametrize(
    "recipient",
    [
        "ana@example.org",
        to(domain="elsewhere.example"),
        to(a_return_path(key=b"another")),
        to("b-" + "a" * 52),
        "postmaster",
        "b-\N{LATIN SMALL LETTER A WITH DIAERESIS}@" + HERE,
    ],
)
async def test_an_address_that_we_did_not_sign_takes_no_mail(desk: Desk, recipient: str, meter: Tally) -> None:
    async with listening(desk, meter) as server:
        heard = await raw(server, f"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<{recipient}>\r\nDATA\r\nQUIT\r\n".encode())
    assert [line[:3] for line in heard.split(b"\r\n")] == [b"220", b"250", b"250", b"550", b"503", b"221", b""]
    assert meter.counts["mail_recipients_refused"] == 1


async def test_a_forged_recipient_among_good_ones_is_refused_alone(desk: Desk) -> None:
    async with listening(desk) as server:
        refused = await talk(server, bring(a_dsn(), to(), "nobody@" + HERE))
    assert refused == {"nobody@" + HERE: (550, b"5.1.1 no such address here")}
    assert len(desk.taken) == 1


async def test_a_bounce_for_several_recipients_tells_of_each(desk: Desk) -> None:
    paths = [a_return_path(attempt=attempt, tenant=attempt % 2) for attempt in range(1, 6)]
    async with listening(desk) as server:
        await talk(server, bring(a_dsn(status="5.2.2"), *(to(path) for path in paths)))
    assert sorted(desk.told()) == [(f"{ENTRY}/{attempt}", Verdict.RETURNED) for attempt in range(1, 6)]


async def test_a_complaint_may_be_sent_to_its_own_address(desk: Desk) -> None:
    async with listening(desk) as server:
        await talk(server, bring(a_complaint(returned=to()), "Complaints@" + HERE))
    assert desk.told() == [(f"{ENTRY}/1", Verdict.COMPLAINED)]


async def test_a_complaint_may_come_to_the_return_path(desk: Desk) -> None:
    async with listening(desk) as server:
        await talk(server, bring(a_complaint(), to()))
    assert desk.told() == [(f"{ENTRY}/1", Verdict.COMPLAINED)]


@pytest.mark.parametrize("content", [a_complaint(), a_complaint(returned=to(a_return_path(key=b"another"))), a_dsn()])
async def test_what_names_nobody_of_ours_is_taken_and_settles_nothing(desk: Desk, content: bytes) -> None:
    async with listening(desk) as server:
        await talk(server, bring(content, "complaints@" + HERE))
    assert desk.taken == []


async def test_an_answer_nobody_wrote_is_taken_and_settles_nothing(desk: Desk) -> None:
    async with listening(desk) as server:
        await talk(server, bring(AWAY, to()))
    assert desk.taken == []


@BOTH
async def test_what_cannot_be_kept_must_be_sent_again(desk: Desk, protocol: Protocols, meter: Tally) -> None:
    desk.refuse = 1
    async with listening(desk, meter, protocol=protocol) as server:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await talk(server, bring(a_dsn(), to()))
        assert refused.value.smtp_code == 451
        assert desk.taken == []
        await talk(server, bring(a_dsn(), to()))
    assert len(desk.taken) == 1
    assert meter.counts["mail_reports_not_kept"] == 1


async def raw(server: InboundMail, sent: bytes) -> bytes:
    """What comes back for `sent`, until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    with suppress(ConnectionError):
        await writer.drain()
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        finally:
            writer.close()


async def test_over_lmtp_each_recipient_gets_an_answer_of_its_own(desk: Desk) -> None:
    desk.refuse = 1
    first, second = a_return_path(channel=1), a_return_path(channel=2)
    said = f"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{to(first)}>\r\nRCPT TO:<{to(second)}>\r\nDATA\r\n".encode()
    async with listening(desk, protocol=Protocols.LMTP) as server:
        heard = await raw(server, said + a_dsn().replace(b"\n", b"\r\n") + b"\r\n.\r\nQUIT\r\n")
    assert [line[:3] for line in heard.split(b"\r\n")[-4:-1]] == [b"451", b"250", b"221"]
    assert [channel for _, channel, _ in desk.taken] == [2]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_message_that_is_too_large_is_refused(desk: Desk, *, announced: bool) -> None:
    async with listening(desk, size_bytes=100_000) as server:
        content = a_dsn() + b"x" * 70 * 1000 + b"\n" + b"y" * 60_000
        if announced:
            with pytest.raises(smtplib.SMTPSenderRefused) as early:
                await talk(server, bring(content, to()))
            assert early.value.smtp_code == 552
        else:
            said = b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<" + to().encode() + b">\r\nDATA\r\n"
            heard = await raw(server, said + content.replace(b"\n", b"\r\n") + b"\r\n.\r\nQUIT\r\n")
            assert [line[:3] for line in heard.split(b"\r\n")[-3:-1]] == [b"552", b"221"]
    assert desk.taken == []


async def test_who_never_stops_sending_is_cut_off(desk: Desk) -> None:
    said = b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<" + to().encode() + b">\r\nDATA\r\n"
    async with listening(desk, size_bytes=10_000) as server:
        with suppress(ConnectionError):
            assert b"\r\n552" in await raw(server, said + b"x" * 100 + b"\r\n" * 50_000)
    assert desk.taken == []


async def test_a_line_without_an_end_is_no_reason_to_lose_a_report(desk: Desk) -> None:
    said = b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<" + to().encode() + b">\r\nDATA\r\n"
    content = a_dsn().replace(b"\n", b"\r\n") + b"z" * 1_000_000
    async with listening(desk) as server:
        heard = await raw(server, said + content + b"\r\n.\r\nQUIT\r\n")
    assert b"\r\n250 2.0.0" in heard
    assert desk.told() == [(f"{ENTRY}/1", Verdict.GONE)]


async def test_a_lone_dot_ends_a_message_only_between_proper_line_ends(desk: Desk) -> None:
    said = b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<" + to().encode() + b">\r\nDATA\r\n"
    smuggled = b"Subject: x\r\n\r\nhello\n.\nMAIL FROM:<>\r\n.\n..\r\n"
    async with listening(desk) as server:
        heard = await raw(server, said + smuggled + b".\r\nQUIT\r\n")
    assert heard.count(b"\r\n250 2.0.0") == 1


async def test_who_says_nothing_is_hung_up_on(desk: Desk) -> None:
    async with listening(desk, patience=0.1) as server:
        assert (await raw(server, b"HELO x\r\n")).startswith(b"220")


async def test_who_sends_byte_by_byte_is_hung_up_on(desk: Desk) -> None:
    async with listening(desk, longest=0.2) as server:
        _reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        sent = 0
        with suppress(ConnectionError):
            # More than fit into the time that a connection has.
            while sent < 500 and not writer.is_closing():
                writer.write(b"N")
                await writer.drain()
                await asyncio.sleep(0.01)
                sent += 1
        writer.close()
    assert sent < 500


async def test_too_many_connections_are_turned_away_with_a_word(desk: Desk, meter: Tally) -> None:
    async with listening(desk, meter, connections=1) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await reader.readline()
        assert (await raw(server, b"")).startswith(b"421 4.3.2")
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.05)
        await talk(server, bring(a_dsn(), to()))
    assert len(desk.taken) == 1
    assert meter.counts["mail_connections_refused"] == 1


async def test_too_many_recipients_are_to_be_sent_later(desk: Desk) -> None:
    recipients = [to(a_return_path(attempt=1 + number % 255)) for number in range(101)]
    async with listening(desk) as server:
        refused = await talk(server, bring(a_dsn(), *recipients))
    assert refused == {recipients[100]: (452, b"4.5.3 too many recipients; send the rest later")}
    assert len(desk.taken) == 100


async def test_stopping_waits_for_the_message_under_way(desk: Desk) -> None:
    desk.wait = 0.3
    async with listening(desk) as server:
        sending = asyncio.create_task(talk(server, bring(a_dsn(), to())))
        await desk.busy.wait()
    with suppress(smtplib.SMTPServerDisconnected):
        await sending
    assert len(desk.taken) == 1


async def test_a_port_that_is_taken_is_said_so(desk: Desk) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Unavailable, match="cannot listen for mail"):
            async with listening(desk, port=other.getsockname()[1]):
                pass

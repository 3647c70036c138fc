"""The channel against the simulated mail server."""

import asyncio
import email
from contextlib import suppress
from datetime import timedelta
from email.policy import default
from itertools import pairwise

import pytest

from muster.channels.smtp import verp
from muster.domain.errors import ChannelDown
from muster.domain.letter import Enclosure, Letter
from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown, Unsent
from muster.drill.mail import MailOptions, MailServer
from muster.drill.mail.arrivals import sent_twice
from tests.channels.smtp.post_office import (
    RETURNS,
    Folder,
    a_channel,
    entry,
    eventually,
    kinds,
    one,
    plain,
    to,
    within,
)

PASSWORD = "s3cret"  # noqa: S105 - of nobody


async def test_a_thousand_letters_are_carried_each_once() -> None:
    async with MailServer() as server, a_channel(server.port) as channel:
        outcomes = await channel.carry(plain(1000), deadline=within(20))
    assert outcomes == [Carried((f"{entry(n)}/1",), presumed=True) for n in range(1000)]
    assert sorted(one.recipient for one in server.taken) == sorted(f"someone{n}@shop.example" for n in range(1000))
    assert server.connections == 4


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("local", "kind", "code"),
    [
        ("greylist", Deferred, "greylisted"),
        ("unknown", Refused, "unknown_mailbox"),
        ("full", Deferred, "mailbox_full"),
        ("spam", Refused, "policy_refused"),
        ("rcpt550", Refused, "mailbox_unavailable"),
        ("rcpt451-4-5", Deferred, "busy"),
        ("data452", Deferred, "system_full"),
        ("data554", Refused, "provider_refused"),
        ("silent", Unknown, "answer_lost"),
        ("dropkept", Unknown, "connection_lost"),
        ("droplost", Unknown, "connection_lost"),
        ("dropdata", Unknown, "connection_lost"),
        ("droprcpt", Unsent, "connection_lost"),
        ("closing", Deferred, "service_closing"),
        ("closingdot", Deferred, "service_closing"),
    ],
)
async def test_the_local_part_decides_the_outcome(
    local: str, kind: type[Outcome], code: str, *, pipelining: bool
) -> None:
    options = MailOptions(pipelining=pipelining)
    async with MailServer(options) as server, a_channel(server.port, timeout="0.3", connections="1") as channel:
        outcomes = await channel.carry([to(local), *plain(3, start=2)], deadline=within(5))
    assert isinstance(outcomes[0], kind)
    assert not isinstance(outcomes[0], Carried)
    assert outcomes[0].code == code
    assert all(isinstance(outcome, Carried) for outcome in outcomes[1:])
    assert sent_twice(server.taken) == {}


@pytest.mark.parametrize("local", ["dropkept", "droplost", "silent"])
async def test_what_may_have_left_is_unknown_with_the_ref_that_a_late_word_will_name(local: str) -> None:
    async with MailServer() as server, a_channel(server.port, timeout="0.2") as channel:
        outcome = await one(channel, to(local, attempt=3))
        await asyncio.sleep(0.1)
    assert isinstance(outcome, Unknown)
    assert outcome.refs == (f"{entry(1)}/3",)
    assert len(server.taken) == (0 if local == "droplost" else 1)


async def test_a_greylisted_recipient_passes_later() -> None:
    async with MailServer() as server, a_channel(server.port) as channel:
        first = await one(channel, to("greylist"))
        assert isinstance(first, Deferred)
        assert first.after is not None
        assert first.after >= timedelta(minutes=1)
        assert isinstance(await one(channel, to("greylist", attempt=2)), Carried)


@pytest.mark.parametrize("local", ["slow", "bytes"])
async def test_a_slow_answer_is_waited_for(local: str) -> None:
    async with MailServer(MailOptions(slow_after=0.3)) as server, a_channel(server.port) as channel:
        assert isinstance(await one(channel, to(local)), Carried)


async def test_a_server_that_answers_octet_by_octet_is_understood() -> None:
    options = MailOptions(byte_by_byte=0.001)
    async with MailServer(options) as server, a_channel(server.port) as channel:
        outcomes = await channel.carry(plain(5), deadline=within(10))
    assert kinds(outcomes) == ["Carried"] * 5


async def test_a_server_that_dribbles_for_ever_is_given_up() -> None:
    options = MailOptions(answer_after=0.0)
    async with MailServer(options) as server, a_channel(server.port, timeout="0.15") as channel:
        assert isinstance(await one(channel, to("bytes")), Unknown)
    assert len(server.taken) == 1


async def test_after_the_last_message_of_a_connection_comes_another_connection() -> None:
    options = MailOptions(messages_per_connection=3)
    async with MailServer(options) as server, a_channel(server.port, connections="1") as channel:
        outcomes = await channel.carry(plain(10), deadline=within(10))
    assert kinds(outcomes) == ["Carried"] * 10
    assert server.connections == 4


async def test_a_connection_is_left_after_as_many_messages_as_are_set() -> None:
    few = {"connections": "1", "messages_per_connection": "4"}
    async with MailServer() as server, a_channel(server.port, few) as channel:
        outcomes = await channel.carry(plain(10), deadline=within(10))
    assert kinds(outcomes) == ["Carried"] * 10
    assert server.connections == 3


async def test_a_server_that_allows_one_connection_gets_everything_over_it() -> None:
    options = MailOptions(connections=1)
    async with MailServer(options) as server, a_channel(server.port) as channel:
        outcomes = await channel.carry(plain(50), deadline=within(10))
    assert kinds(outcomes) == ["Carried"] * 50


async def test_no_server_is_a_channel_that_is_down() -> None:
    async with MailServer() as server:
        port = server.port
    async with a_channel(port) as channel:
        with pytest.raises(ChannelDown, match="cannot be reached"):
            await one(channel, to("anyone"))
        assert not channel.healthy
        await eventually(lambda: channel.healthy)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_letters_leave_over_tls_after_a_login(security: str) -> None:
    options = MailOptions(starttls=security == "starttls", tls=security == "tls", username="me", password=PASSWORD)
    async with MailServer(options) as server:
        more = {"security": security, "tls_ca": server.certificate, "username": "me", "password": PASSWORD}
        async with a_channel(server.port, more) as channel:
            outcomes = await channel.carry(plain(20), deadline=within(10))
    assert kinds(outcomes) == ["Carried"] * 20


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_nobody_vouches_for_is_refused_unless_it_may_be_any(security: str) -> None:
    options = MailOptions(starttls=security == "starttls", tls=security == "tls")
    async with MailServer(options) as server:
        async with a_channel(server.port, security=security) as channel:
            with pytest.raises(ChannelDown, match="protected"):
                await one(channel, to("anyone"))
        async with a_channel(server.port, security=security, verify="no") as channel:
            assert isinstance(await one(channel, to("anyone")), Carried)


async def test_without_starttls_nothing_is_told_to_a_server_that_should_have_it() -> None:
    async with MailServer() as server, a_channel(server.port, security="starttls") as channel:
        with pytest.raises(ChannelDown):
            await one(channel, to("anyone"))
    assert server.arrivals == ()


async def test_a_wrong_password_is_a_channel_that_is_down() -> None:
    options = MailOptions(username="me", password=PASSWORD)
    async with MailServer(options) as server, a_channel(server.port, {"username": "me", "password": "no"}) as channel:
        with pytest.raises(ChannelDown, match="password"):
            await one(channel, to("anyone"))


async def test_the_return_path_names_the_entry_and_the_attempt() -> None:
    async with MailServer() as server, a_channel(server.port, return_domain="bounces.muster.example") as channel:
        await one(channel, to("someone", number=5, attempt=2))
    local, _, domain = server.taken[0].sender.partition("@")
    returned = verp.read(RETURNS.key, local)
    assert domain == "bounces.muster.example"
    assert returned is not None
    assert (returned.tenant, returned.channel, returned.ref) == (7, 3, f"{entry(5)}/2")


async def test_without_a_return_domain_letters_return_to_the_sender() -> None:
    async with MailServer() as server, a_channel(server.port) as channel:
        await one(channel, to("someone"))
    assert server.taken[0].sender == "news@muster.example"


async def test_what_goes_with_a_letter_is_read_once_and_arrives() -> None:
    content = bytes(range(256)) * 1000
    enclosure = Enclosure(file_name="Größe.bin", content_type="image/png", size=len(content), key="a/1")
    letter = Letter(key="with-file", subject="s", html="h", text="t", enclosures=(enclosure,))
    folder = Folder({"a/1": content})
    parcels = [to(f"someone{n}", number=n, letter=letter) for n in range(20)]
    async with MailServer() as server, a_channel(server.port, files=folder) as channel:
        await channel.carry(parcels[:10], deadline=within(10))
        await channel.carry(parcels[10:], deadline=within(10))
    assert folder.reads == ["a/1"]
    assert len(server.taken) == 20
    file = next(iter(email.message_from_bytes(server.taken[7].content, policy=default).iter_attachments()))
    assert (file.get_content(), file.get_filename(), file.get_content_type()) == (content, "Größe.bin", "image/png")


async def test_a_connection_that_breaks_within_a_large_message_leaves_no_doubt() -> None:
    enclosure = Enclosure(file_name="x", content_type="image/png", size=1, key="k")
    letter = Letter(key="large", subject="s", html="h", text="t", enclosures=(enclosure,))
    async with MailServer() as server, a_channel(server.port, files=Folder({"k": b"x" * 6_000_000})) as channel:
        outcome = await one(channel, to("dropdata", letter=letter))
    assert isinstance(outcome, Deferred)
    assert outcome.code == "connection_lost"
    assert server.taken == ()


async def test_a_file_that_is_not_there_refuses_its_letter_only() -> None:
    enclosure = Enclosure(file_name="x", content_type="image/png", size=1, key="gone")
    letter = Letter(key="with-file", subject="s", html="h", text="t", enclosures=(enclosure,))
    async with MailServer() as server, a_channel(server.port) as channel:
        outcomes = await channel.carry([to("a", letter=letter), to("b", number=2)], deadline=within(10))
    assert isinstance(outcomes[0], Refused)
    assert outcomes[0].code == "attachment_missing"
    assert isinstance(outcomes[1], Carried)


async def test_lines_that_begin_with_dots_arrive_as_they_were() -> None:
    letter = Letter(key="dots", subject="s", html="h", text=".\n..\n.a\n" + "." * 200)
    async with MailServer() as server, a_channel(server.port) as channel:
        await channel.carry([to("a", letter=letter), to("b", number=2)], deadline=within(10))
    message = email.message_from_bytes(server.taken[0].content, policy=default)
    part = message.get_body(("plain",))
    assert part is not None
    assert part.get_content().replace("\r\n", "\n") == letter.text
    assert len(server.taken) == 2


async def test_at_the_deadline_what_left_is_unknown_and_what_did_not_is_unsent_and_never_leaves() -> None:
    async with MailServer() as server, a_channel(server.port, connections="1") as channel:
        outcomes = await channel.carry([to("silent"), *plain(5, start=2)], deadline=within(0.3))
        assert kinds(outcomes) == ["Unknown"] + ["Unsent"] * 5
        server.cut()
        assert isinstance(await one(channel, to("other", number=99)), Carried)
    assert [one.recipient for one in server.taken] == ["silent@shop.example", "other@shop.example"]


async def test_cancelling_a_call_keeps_what_has_not_left_from_leaving() -> None:
    options = MailOptions(answer_after=0.1)
    async with MailServer(options) as server, a_channel(server.port, connections="1") as channel:
        carrying = asyncio.create_task(channel.carry(plain(50), deadline=within(10)))
        await eventually(lambda: len(server.taken) >= 2)
        carrying.cancel()
        with suppress(asyncio.CancelledError):
            await carrying
        before = len(server.taken)
        await asyncio.sleep(0.3)
        assert len(server.taken) <= before + 1


async def test_a_lost_connection_leaves_at_most_one_letter_in_doubt() -> None:
    async with MailServer(MailOptions(answer_after=0.01)) as server, a_channel(server.port, connections="2") as channel:
        carrying = asyncio.create_task(channel.carry(plain(100), deadline=within(10)))
        await eventually(lambda: len(server.taken) >= 20)
        server.cut()
        outcomes = await carrying
    assert kinds(outcomes).count("Unknown") <= 2
    assert kinds(outcomes).count("Carried") >= 98
    assert sent_twice(server.taken) == {}
    assert len(server.taken) >= 98


async def test_a_domain_gets_no_more_than_its_rate_and_the_rest_comes_back() -> None:
    async with MailServer() as server, a_channel(server.port, per_domain_rate="10") as channel:
        slow = [to(f"a{n}@slow.example", number=n) for n in range(30)]
        outcomes = await channel.carry([*slow, to("b@quick.example", number=99)], deadline=within(1))
    unsent = [outcome for outcome in outcomes if isinstance(outcome, Unsent)]
    # The one whose turn is at the deadline itself may miss it.
    assert [outcome.code for outcome in unsent].count("too_late") <= 1
    late = [outcome for outcome in unsent if outcome.code != "too_late"]
    assert 10 <= kinds(outcomes).count("Carried") - 1 <= 13
    assert isinstance(outcomes[-1], Carried)
    assert {outcome.code for outcome in late} == {"domain_throttled"}
    waits = [outcome.after for outcome in late if outcome.after is not None]
    assert len(waits) == len(late)
    assert waits == sorted(waits)
    assert waits[0] >= timedelta(seconds=0.9)


async def test_a_domain_has_no_more_letters_under_way_than_it_may() -> None:
    options = MailOptions(answer_after=0.05)
    async with MailServer(options) as server, a_channel(server.port, per_domain_connections="1") as channel:
        parcels = [to(f"a{n}@slow.example", number=n) for n in range(5)]
        outcomes = await channel.carry(parcels, deadline=within(10))
    times = [arrival.time for arrival in server.taken]
    assert kinds(outcomes) == ["Carried"] * 5
    assert all(after - before >= 0.045 for before, after in pairwise(times))


async def test_a_rate_is_kept() -> None:
    async with MailServer() as server, a_channel(server.port, rate="50") as channel:
        began = asyncio.get_running_loop().time()
        outcomes = await channel.carry(plain(25), deadline=within(10))
        took = asyncio.get_running_loop().time() - began
    assert kinds(outcomes) == ["Carried"] * 25
    assert 0.3 <= took <= 2


async def test_a_server_that_never_reads_leaves_nothing_in_doubt_that_did_not_leave() -> None:
    stuck: list[asyncio.StreamWriter] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stuck.append(writer)
        writer.write(b"220 x\r\n")
        await reader.readline()
        writer.write(b"250-x\r\n250 PIPELINING\r\n")
        for _ in range(3):
            await reader.readline()
        writer.write(b"250 OK\r\n250 OK\r\n354 go\r\n")

    server = await asyncio.start_server(peer, "127.0.0.1", 0, limit=1024)
    content = b"x" * 40_000_000
    letter = Letter(
        key="huge", subject="s", html="h", text="t",
        enclosures=(Enclosure(file_name="x", content_type="image/png", size=len(content), key="k"),),
    )  # fmt: skip
    async with a_channel(server.sockets[0].getsockname()[1], files=Folder({"k": content})) as channel:
        outcome = await one(channel, to("someone", letter=letter), seconds=2)
    server.close()
    for writer in stuck:
        writer.transport.abort()
    assert isinstance(outcome, Unsent | Deferred)


async def test_a_peer_that_speaks_no_smtp_is_left() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        await reader.readline()
        writer.write(b"250-x\r\n250 PIPELINING\r\n")
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(peer, "127.0.0.1", 0)
    async with a_channel(server.sockets[0].getsockname()[1]) as channel:
        outcome = await one(channel, to("someone"), seconds=5)
    server.close()
    assert isinstance(outcome, Unsent)

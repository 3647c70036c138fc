"""Opening sessions at servers that say what no server should."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from muster.domain.errors import ChannelDown
from muster.domain.outcome import Carried
from muster.drill.mail import MailOptions, MailServer
from tests.channels.smtp.post_office import a_channel, eventually, one, to


@asynccontextmanager
async def a_server_that_offers(size: bytes) -> AsyncGenerator[int]:
    """The port of a server that takes everything, and says this of the size of messages."""
    writers: list[asyncio.StreamWriter] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(b"220 x\r\n")
        in_content = False
        while asked := await reader.readline():
            verb = asked[:4].upper()
            if in_content:
                in_content = asked != b".\r\n"
                writer.write(b"" if in_content else b"250 Taken\r\n")
            elif verb == b"EHLO":
                writer.write(b"250-x\r\n250 SIZE " + size + b"\r\n")
            elif verb == b"DATA":
                in_content = True
                writer.write(b"354 go\r\n")
            else:
                writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 OK\r\n")

    server = await asyncio.start_server(peer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


@pytest.mark.parametrize(
    "size", ["\u00b2".encode(), "\u0663".encode(), b"9" * 4400, b"9" * 480, b"-1", b"0", b"", b"1e9", b"100 200"]
)
async def test_a_size_that_is_no_number_is_no_limit(size: bytes) -> None:
    async with a_server_that_offers(size) as port, a_channel(port, connections="1") as channel:
        assert isinstance(await one(channel, to("someone"), seconds=5), Carried)


async def test_a_session_that_fails_for_a_reason_nobody_thought_of_is_a_failure_like_any_other() -> None:
    # Half a character: no check lets it in, and it cannot be written in any encoding.
    login = {"username": "me", "password": "\ud800", "connections": "1"}
    options = MailOptions(username="me", password="x")  # noqa: S106 - of nobody
    async with MailServer(options) as server, a_channel(server.port, login) as channel:
        for _ in range(2):
            with pytest.raises(ChannelDown, match="error of this program"):
                await one(channel, to("someone"), seconds=5)
            assert not channel.healthy
            await eventually(lambda: channel.healthy)
    assert server.connections == 2

"""The channel against an SMSC that nobody here wrote: the npm package `smpp`."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from muster.domain.errors import ChannelDown
from muster.domain.outcome import Carried, Deferred, Refused
from muster.domain.receipt import Verdict
from tests.channels.smpp.desk import Pigeonhole, a_channel, one, plain, to, within

PEERS = Path(__file__).parents[2] / "peers"


class Seen(msgspec.Struct):
    """One line the peer printed: a submit_sm it read, or the answer to a receipt."""

    to: str = ""
    source: str = msgspec.field(default="", name="from")
    text: str = ""
    coding: int = 0
    udh: list[str] | None = None
    answered: str = ""
    status: int = 0


@pytest.fixture(scope="session")
def installed() -> None:
    """The peer's packages, installed once."""
    if shutil.which("npm") is None:
        reason = "npm is not installed (`make test` installs it)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    subprocess.run([str(PEERS / "install")], check=True)  # noqa: S603 - our own script


@asynccontextmanager
async def the_peer() -> AsyncIterator[tuple[int, asyncio.StreamReader]]:
    """Its port and what it prints."""
    process = await asyncio.create_subprocess_exec("node", str(PEERS / "smsc.js"), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int((await process.stdout.readline()).split()[1]), process.stdout
    finally:
        process.terminate()
        await process.communicate()


async def seen(lines: asyncio.StreamReader) -> Seen:
    return msgspec.convert(json.loads(await lines.readline()), Seen)


@pytest.mark.usefixtures("installed")
async def test_a_session_with_a_foreign_smsc_carries_and_hears_of_arrival() -> None:
    sink = Pigeonhole()
    async with the_peer() as (port, lines), a_channel(port, sink) as channel:
        outcomes = await channel.carry(plain(50), deadline=within(10))
        receipts = await sink.until(50)
        first = await seen(lines)
    assert {outcome.refs[0] for outcome in outcomes if isinstance(outcome, Carried)} == {r.ref for r in receipts}
    assert {receipt.verdict for receipt in receipts} == {Verdict.ARRIVED}
    assert (first.to, first.source, first.text) == ("34600000099", "Muster", "Message 0")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("text", "coding"), [("Señor, 5 € [ok]", 0), ("Привет 😀", 8)])
async def test_a_foreign_smsc_reads_our_texts_as_they_were_written(text: str, coding: int) -> None:
    async with the_peer() as (port, lines), a_channel(port) as channel:
        await one(channel, to("99", text))
        found = await seen(lines)
    assert (found.text, found.coding) == (text, coding)


@pytest.mark.usefixtures("installed")
async def test_a_foreign_smsc_reads_our_segments() -> None:
    text = "0123456789" * 20
    async with the_peer() as (port, lines), a_channel(port, receipts="no") as channel:
        outcome = await one(channel, to("99", text))
        parts = [await seen(lines), await seen(lines)]
    assert isinstance(outcome, Carried)
    assert outcome.segments == 2
    assert "".join(part.text for part in parts) == text
    assert [part.udh[0][-4:] for part in parts if part.udh] == ["0201", "0202"]


@pytest.mark.usefixtures("installed")
async def test_a_foreign_smsc_refuses_and_throttles() -> None:
    async with the_peer() as (port, _), a_channel(port) as channel:
        outcomes = await channel.carry([to("1"), to("2")], deadline=within(5))
    assert isinstance(outcomes[0], Refused)
    assert isinstance(outcomes[1], Deferred)


@pytest.mark.usefixtures("installed")
async def test_a_foreign_smsc_refuses_a_wrong_password() -> None:
    async with the_peer() as (port, _), a_channel(port, password="wrong", connect_timeout="1") as channel:  # noqa: S106
        with pytest.raises(ChannelDown, match="ESME_RINVPASWD"):
            await one(channel, to("99"))

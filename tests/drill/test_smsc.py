"""The simulated SMSC: its log, its process, its answers to what it should not get."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from muster.channels.smpp.pdu import HEADER, Bind, Command, Frame, Message, pack, split, write_bind, write_message
from muster.drill.smsc import Smsc, SmscOptions
from muster.drill.smsc.arrivals import read_log, sent_twice
from muster.drill.smsc.behaviours import BY_ENDING
from muster.drill.smsc.people import listen
from muster.drill.stage import Stage, StageError
from tests.channels.smpp.desk import Letterbox, a_channel, eventually

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "smpp-channel.md"


class Caller:
    """The barest client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def at(cls, port: int, *, bound: bool = True) -> "Caller":
        caller = cls(*await asyncio.open_connection("127.0.0.1", port))
        if bound:
            await caller.ask(pack(Command.BIND_TRANSCEIVER, 1, write_bind(Bind(system_id="caller"))))
        return caller

    async def ask(self, pdu: bytes) -> Frame:
        self._writer.write(pdu)
        async with asyncio.timeout(5):
            head = await self._reader.readexactly(HEADER.size)
            body = await self._reader.readexactly(HEADER.unpack(head)[0] - HEADER.size)
        return split(head + body)[0][0]

    async def leave(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def submit(number: str, text: str, *, sequence: int = 2) -> bytes:
    return pack(Command.SUBMIT_SM, sequence, write_message(Message(destination=number, short_message=text.encode())))


async def test_the_log_tells_what_was_taken_twice(tmp_path: Path) -> None:
    log = tmp_path / "arrivals.jsonl"
    async with Smsc(SmscOptions(log=str(log))) as smsc:
        caller = await Caller.at(smsc.port)
        for number, text in (("34600", "a"), ("34600", "a"), ("34600", "b"), ("346000001", "a"), ("346000001", "a")):
            await caller.ask(submit(number, text))
        written = read_log(log)
        await caller.leave()
    assert len(written) == 5
    assert sent_twice(written) == {("34600", "a", 1): 2}


async def test_what_comes_before_a_bind_is_refused() -> None:
    async with Smsc() as smsc:
        caller = await Caller.at(smsc.port, bound=False)
        answer = await caller.ask(submit("34600", "a"))
        await caller.leave()
    assert (answer.command, answer.status) == (Command.SUBMIT_SM_RESP, 0x04)


async def test_an_unknown_command_gets_a_generic_nack() -> None:
    async with Smsc() as smsc:
        caller = await Caller.at(smsc.port)
        answer = await caller.ask(pack(0x00000099, 7))
        await caller.leave()
    assert (answer.command, answer.status, answer.sequence) == (Command.GENERIC_NACK, 0x03, 7)


async def test_too_many_in_a_second_are_throttled() -> None:
    async with Smsc(SmscOptions(rate=1)) as smsc:
        caller = await Caller.at(smsc.port)
        answers = [await caller.ask(submit("34600", str(n))) for n in range(4)]
        await caller.leave()
    assert 0x58 in {answer.status for answer in answers}


async def test_it_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "arrivals.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "muster.drill.smsc", "--port", "0", "--log", str(log), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    port = int((await process.stdout.readline()).split()[2])
    caller = await Caller.at(port)
    answer = await caller.ask(submit("34600", "a"))
    os.kill(process.pid, signal.SIGTERM)
    await process.communicate()
    await caller.leave()
    assert answer.status == 0
    assert [arrival.text for arrival in read_log(log)] == ["a"]
    assert process.returncode == 0


async def test_another_process_lets_a_person_text_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    letterbox = Letterbox()
    await stage.carrier()
    try:
        with pytest.raises(StageError):
            await stage.reply("+34600000001", "STOP")
        async with a_channel(stage.smsc_port, replies=letterbox) as channel:
            await eventually(lambda: channel.healthy)
            await stage.reply("+34600000001", "Arrêt")
            await eventually(lambda: letterbox.texts == ["Arrêt"])
    finally:
        await stage.close()
    assert letterbox.replies[0].sender == "+34600000001"


async def test_a_line_that_makes_no_sense_is_answered_with_what_is_wrong() -> None:
    async with Smsc() as smsc:
        control = await listen("127.0.0.1", 0, smsc.hear)
        reader, writer = await asyncio.open_connection("127.0.0.1", control.sockets[0].getsockname()[1])
        writer.write(b'{"sender": 1}\nSTOP\n{"sender": "34600", "text": "STOP"}\n')
        answers = [await reader.readline() for _ in range(3)]
        writer.close()
        control.close()
    assert [b"error" in answer for answer in answers] == [True, True, False]
    assert answers[2] == b'{"clients":0}\n'


def test_the_reference_page_lists_every_ending() -> None:
    page = REFERENCE.read_text()
    assert all(f"| …{ending} | {fate.name} |" in page for ending, fate in BY_ENDING.items())

"""The simulated mail server: its log, its process, its answers to what it should not get."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from muster.drill.mail import MailOptions, MailServer
from muster.drill.mail.arrivals import read_log, sent_twice
from muster.drill.mail.behaviours import BY_NAME, behaviour_of

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "smtp-channel.md"
MESSAGE = "Message-ID: <entry.1@x>\r\n\r\nHello\r\n.\r\n"


class Caller:
    """The barest client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def at(cls, port: int) -> "Caller":
        caller = cls(*await asyncio.open_connection("127.0.0.1", port))
        await caller.read()
        return caller

    async def ask(self, line: str) -> str:
        self._writer.write(line.encode() + b"\r\n")
        return await self.read()

    async def read(self) -> str:
        async with asyncio.timeout(5):
            while True:
                line = (await self._reader.readline()).decode()
                if line[3:4] != "-":
                    return line.strip()

    async def send(self, recipient: str, content: str = MESSAGE) -> list[str]:
        answers = [await self.ask("MAIL FROM:<a@b.example>"), await self.ask(f"RCPT TO:<{recipient}>")]
        answers.append(await self.ask("DATA"))
        if answers[-1].startswith("354"):
            self._writer.write(content.encode())
            answers.append(await self.read())
        return [answer[:3] for answer in answers]

    def close(self) -> None:
        self._writer.close()


async def test_what_it_takes_is_kept_as_it_was_sent() -> None:
    async with MailServer() as server:
        caller = await Caller.at(server.port)
        assert await caller.send("x@y.example", "Subject: s\r\n\r\n..a\r\n.\r\n") == ["250", "250", "354", "250"]
        caller.close()
    (arrival,) = server.taken
    assert (arrival.sender, arrival.recipient) == ("a@b.example", "x@y.example")
    assert arrival.content == b"Subject: s\r\n\r\n.a\r\n"


async def test_commands_that_come_together_are_answered_in_order() -> None:
    async with MailServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<unknown@y.example>\r\nDATA\r\nRSET\r\nQUIT\r\n")
        async with asyncio.timeout(5):
            answers = (await reader.read()).decode().splitlines()
        writer.close()
    codes = [line[:3] for line in answers if line[3:4] == " "]
    assert codes == ["220", "250", "250", "550", "554", "250", "221"]


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        (["DATA"], "503"),
        (["RCPT TO:<a@b.example>"], "503"),
        (["MAIL FROM:<a@b.example>", "MAIL FROM:<a@b.example>"], "503"),
        (["MAIL FROM:<a@b.example> SIZE=99999999"], "552"),
        (["NONSENSE"], "502"),
        (["HELO x"], "250"),
        (["x" * 5000], "500"),
    ],
)
async def test_what_is_out_of_place_is_refused(commands: list[str], answer: str) -> None:
    async with MailServer() as server:
        caller = await Caller.at(server.port)
        answers = [await caller.ask(command) for command in commands]
        caller.close()
    assert answers[-1][:3] == answer


async def test_greylisting_refuses_every_recipient_once() -> None:
    async with MailServer(MailOptions(greylisting=True)) as server:
        caller = await Caller.at(server.port)
        assert (await caller.send("x@y.example"))[1] == "450"
        await caller.ask("RSET")
        assert (await caller.send("x@y.example"))[1] == "250"
        caller.close()


async def test_a_login_is_insisted_on() -> None:
    async with MailServer(MailOptions(username="me", password="pw")) as server:  # noqa: S106 - nobody's
        caller = await Caller.at(server.port)
        assert (await caller.ask("MAIL FROM:<>"))[:3] == "530"
        assert (await caller.ask("AUTH PLAIN bm9ib2R5"))[:3] == "535"
        for line, answer in (("AUTH LOGIN", "334"), ("bWU=", "334"), ("cHc=", "235"), ("MAIL FROM:<>", "250")):
            assert (await caller.ask(line))[:3] == answer
        caller.close()


def test_the_reference_has_every_behaviour() -> None:
    page = REFERENCE.read_text(encoding="utf-8").partition("## The mail server to rehearse with")[2]
    named = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert named == list(BY_NAME)


@pytest.mark.parametrize(
    ("local", "rcpt", "dot"),
    [
        ("unknown+17", b"550 5.1.1", b""),
        ("rcpt450", b"450 As", b""),
        ("rcpt450-2-1", b"450 4.2.1", b""),
        ("data552-3-4.x", b"", b"552 5.3.4"),
        ("someone", b"", b""),
    ],
)
def test_the_local_part_chooses_the_answer(local: str, rcpt: bytes, dot: bytes) -> None:
    found = behaviour_of(local)
    assert found.at_rcpt.startswith(rcpt)
    assert found.at_dot.startswith(dot)
    assert bool(found.at_rcpt) == bool(rcpt)


async def test_as_a_process_it_writes_down_what_comes_before_it_answers(tmp_path: Path) -> None:
    log = tmp_path / "arrivals.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "muster.drill.mail", "--port", "0", "--log", str(log),
        stdout=asyncio.subprocess.PIPE, env={**os.environ},
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(20):
        words = (await process.stdout.readline()).split()
    assert words[0] == b"listening"
    caller = await Caller.at(int(words[2]))
    await caller.send("x@y.example")
    await caller.send("x@y.example")
    await caller.send("unknown@y.example")
    arrivals = read_log(log)
    caller.close()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert [(one.recipient, one.taken) for one in arrivals] == [
        ("x@y.example", True), ("x@y.example", True), ("unknown@y.example", False),
    ]  # fmt: skip
    assert sent_twice(arrivals) == {("x@y.example", "entry"): 2}


async def test_the_newest_message_to_each_recipient_stands_in_a_folder(tmp_path: Path) -> None:
    async with MailServer(MailOptions(folder=str(tmp_path / "mails"), keep=False)) as server:
        caller = await Caller.at(server.port)
        await caller.ask("EHLO here")
        for greeting in ("Hello", "..and again"):
            await caller.send("jo@x.example", f"Subject: s\r\n\r\n{greeting}\r\n.\r\n")
        await caller.send("../unknown@x.example")
        caller.close()

    assert _files(tmp_path / "mails") == {
        "jo@x.example.eml": b"Subject: s\r\n\r\n.and again\r\n",
        ".._unknown@x.example.eml": MESSAGE.removesuffix(".\r\n").encode(),
    }


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}

"""People who text back: what they send as deliver_sm, and a port by which another process lets them."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Sequence

import msgspec

from muster.channels.smpp.pdu import EsmClass, Message
from muster.channels.smpp.text import Style, segment

_INTERNATIONAL, _ALPHANUMERIC, _ISDN = 1, 5, 1


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One text of one person."""

    sender: str
    """The person's number."""
    text: str
    recipient: str = ""
    """The number or name it is sent to."""
    system_id: str | None = None
    """Which client it goes to; None: every client that has bound so far."""


def texted(said: Said, *, reference: int) -> Sequence[Message]:
    """The messages in which a phone sends it: one, or the parts of a long one."""
    cut = segment(said.text, reference=reference, style=Style())
    if cut is None:
        return ()
    named = not said.recipient.lstrip("+").isdecimal()
    return [
        Message(
            source=said.sender.lstrip("+"),
            source_ton=_INTERNATIONAL,
            source_npi=_ISDN,
            destination=said.recipient.lstrip("+"),
            destination_ton=_ALPHANUMERIC if named else _INTERNATIONAL,
            destination_npi=0 if named else _ISDN,
            esm_class=int(EsmClass.UDHI) if cut.headed else 0,
            data_coding=cut.data_coding,
            short_message=part,
        )
        for part in cut.parts
    ]


async def listen(host: str, port: int, hear: Callable[[Said], int]) -> asyncio.Server:
    """Listen for people's texts, one JSON line (`Said`) each.

    Each is answered by one line: `{"clients":N}`, how many clients will be told, or `{"error":"…"}`.
    """

    async def meet(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(_answer(line, hear) + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass  # Gone, or a line that has no end: there is nothing to say to it.
        finally:
            writer.close()

    return await asyncio.start_server(meet, host, port)


def _answer(line: bytes, hear: Callable[[Said], int]) -> bytes:
    try:
        said = msgspec.json.decode(line, type=Said)
    except msgspec.MsgspecError as problem:
        return msgspec.json.encode({"error": str(problem)})
    return msgspec.json.encode({"clients": hear(said)})

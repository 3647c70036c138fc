"""Reading what people send: a deliver_sm that is no receipt. Pure."""

from datetime import datetime

from muster.channels.smpp.pdu import EsmClass, Message, Tag
from muster.channels.smpp.text import UCS2, Alphabet, read, read_header
from muster.domain.reply import Reply

_INTERNATIONAL = 1
"""type_of_number (5.2.5) of a number with its country code."""
_FLASH_UCS2 = 0x18
"""data_coding of UCS-2 with a message class, as GSM 03.38 codes it and some SMSCs pass it on."""
_UDHI, _SAR_TOTAL = int(EsmClass.UDHI), int(Tag.SAR_TOTAL_SEGMENTS)


def read_reply(message: Message, *, received_at: datetime, alphabet: Alphabet = Alphabet.GSM7) -> Reply | None:
    """The text in `message`; None for a part of a longer one.

    A part is left out, not joined: nobody needs more than one segment for a single word, and the last few letters of a
    long text must not be taken for the whole of one.
    """
    octets = message.content
    total = message.tlvs.get(_SAR_TOTAL, b"\1")
    parts = total[0] if total else 1
    if message.esm_class & _UDHI:
        header, octets = read_header(octets)
        parts = header.total if header else parts
    if parts > 1:
        return None
    return Reply(
        sender=_number(message.source, message.source_ton),
        recipient=_number(message.destination, message.destination_ton),
        text=_text(octets, message.data_coding, alphabet),
        received_at=received_at,
    )


def _text(octets: bytes, data_coding: int, alphabet: Alphabet) -> str:
    if data_coding in {UCS2, _FLASH_UCS2}:
        return read(octets, UCS2).strip("\ufeff\0")
    # Some SMSCs end a text with a NUL as if it were a C string; in GSM 03.38 that reads as an @.
    return read(octets.rstrip(b"\0"), data_coding, alphabet)


def _number(address: str, kind: int) -> str:
    """The address with the plus sign of an international number, which type_of_number stands for on the wire."""
    return f"+{address}" if kind == _INTERNATIONAL and address.isdecimal() else address

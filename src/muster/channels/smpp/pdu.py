"""SMPP 3.4 protocol data units: bytes to values and back. Pure, and safe against hostile input.

Section numbers are those of the SMPP 3.4 specification, issue 1.2.
"""

import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum, IntFlag

import msgspec

from muster.domain.errors import MalformedBody

HEADER = struct.Struct(">IIII")
"""command_length, command_id, command_status, sequence_number (3.2)."""
HEADER_BYTES = HEADER.size
MAX_PDU_BYTES = 70_000
"""No legal PDU is longer: a message_payload of 64 KiB and every other field at its longest. A longer one is hostile."""
MAX_SEQUENCE = 0x7FFFFFFF
RESPONSE = 0x80000000
_TLV = struct.Struct(">HH")


class Command(IntEnum):
    """command_id (5.1.2.1); the answer to a command has RESPONSE set."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x00000002
    BIND_TRANSMITTER_RESP = 0x80000002
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    ALERT_NOTIFICATION = 0x00000102


class Tag(IntEnum):
    """The optional parameters we read or write (5.3.2)."""

    USER_MESSAGE_REFERENCE = 0x0204
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    RECEIPTED_MESSAGE_ID = 0x001E
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class EsmClass(IntFlag):
    """The bits of esm_class that matter here (5.2.12)."""

    RECEIPT = 0x04
    INTERMEDIATE = 0x20
    UDHI = 0x40


class MalformedPdu(MalformedBody):
    """The bytes are not what their header says. `status` is the command_status to answer with."""

    code = "malformed_pdu"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One PDU with its body unread."""

    command: int
    status: int
    sequence: int
    body: bytes = b""


class Bind(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The body of a bind of any kind (4.1.1). Texts are Latin-1 and cut to what the specification allows."""

    system_id: str
    password: str = ""
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The body that submit_sm and deliver_sm share (4.4.1, 4.6.1)."""

    source: str = ""
    source_ton: int = 0
    source_npi: int = 0
    destination: str = ""
    destination_ton: int = 0
    destination_npi: int = 0
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    registered_delivery: int = 0
    replace_if_present: int = 0
    data_coding: int = 0
    default_message: int = 0
    service_type: str = ""
    short_message: bytes = b""
    tlvs: Mapping[int, bytes] = {}

    @property
    def content(self) -> bytes:
        """What is said: short_message, or message_payload where that is used instead (5.3.2.32)."""
        return self.short_message or self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")


def pack(command: int, sequence: int, body: bytes = b"", *, status: int = 0) -> bytes:
    """One PDU, ready to write."""
    return HEADER.pack(HEADER_BYTES + len(body), command, status, sequence) + body


def split(data: bytes) -> tuple[Sequence[Frame], bytes]:
    """The whole PDUs at the head of `data`, and the rest that awaits more bytes.

    Raises MalformedPdu when a command_length is below 16 or above MAX_PDU_BYTES: the stream cannot be trusted again.
    """
    frames: list[Frame] = []
    at, size = 0, len(data)
    while size - at >= HEADER_BYTES:
        length, command, status, sequence = HEADER.unpack_from(data, at)
        check_length(length)
        if size - at < length:
            break
        frames.append(Frame(command, status, sequence, data[at + HEADER_BYTES : at + length]))
        at += length
    return frames, data[at:]


def check_length(length: int) -> None:
    """Raise MalformedPdu unless `length` can be a command_length."""
    if not HEADER_BYTES <= length <= MAX_PDU_BYTES:
        raise MalformedPdu("A PDU announces an impossible length.", 0x02)


def cstring(body: bytes) -> str:
    """The text before the first NUL, or all of it: the message_id in a submit_sm_resp (4.4.2)."""
    return body.partition(b"\0")[0].decode("latin-1")


def write_bind(bind: Bind) -> bytes:
    """The body of a bind."""
    return b"".join(
        (
            _text(bind.system_id, 15),
            _text(bind.password, 8),
            _text(bind.system_type, 12),
            bytes((bind.interface_version, bind.addr_ton, bind.addr_npi)),
            _text(bind.address_range, 40),
        )
    )


def read_bind(body: bytes) -> Bind:
    """The body of a bind. Raises MalformedPdu."""
    reader = _Reader(body)
    system_id, password, system_type = reader.text(), reader.text(), reader.text()
    version, ton, npi = reader.octets(3)
    return Bind(
        system_id=system_id,
        password=password,
        system_type=system_type,
        interface_version=version,
        addr_ton=ton,
        addr_npi=npi,
        address_range=reader.text(),
    )


def write_message(message: Message) -> bytes:
    """The body of a submit_sm or deliver_sm; at most 254 octets of short_message fit, use message_payload beyond."""
    if len(message.short_message) > 254:  # noqa: PLR2004 - sm_length (5.2.21)
        raise MalformedPdu("A short_message holds at most 254 octets.", 0x01)
    return b"".join(
        (
            _text(message.service_type, 5),
            bytes((message.source_ton, message.source_npi)),
            _text(message.source, 20),
            bytes((message.destination_ton, message.destination_npi)),
            _text(message.destination, 20),
            bytes((message.esm_class, message.protocol_id, message.priority)),
            _text(message.schedule, 16),
            _text(message.validity, 16),
            bytes(
                (
                    message.registered_delivery,
                    message.replace_if_present,
                    message.data_coding,
                    message.default_message,
                    len(message.short_message),
                )
            ),
            message.short_message,
            write_tlvs(message.tlvs),
        )
    )


def read_message(body: bytes) -> Message:
    """The body of a submit_sm or deliver_sm. Raises MalformedPdu.

    Written out by hand: it runs once for every receipt, and reading field by field takes twice as long.
    """
    try:
        service_end = body.index(0)
        source_end = body.index(0, service_end + 3)
        destination_end = body.index(0, source_end + 3)
        schedule_end = body.index(0, destination_end + 4)
        validity_end = body.index(0, schedule_end + 1)
        registered, replace, coding, default_message, length = body[validity_end + 1 : validity_end + 6]
    except ValueError:
        raise MalformedPdu("The PDU ends too early.", 0x02) from None
    start = validity_end + 6
    end = start + length
    if end > len(body):
        raise MalformedPdu("The short_message is shorter than it says.", 0x01)
    return Message(
        service_type=body[:service_end].decode("latin-1"),
        source_ton=body[service_end + 1],
        source_npi=body[service_end + 2],
        source=body[service_end + 3 : source_end].decode("latin-1"),
        destination_ton=body[source_end + 1],
        destination_npi=body[source_end + 2],
        destination=body[source_end + 3 : destination_end].decode("latin-1"),
        esm_class=body[destination_end + 1],
        protocol_id=body[destination_end + 2],
        priority=body[destination_end + 3],
        schedule=body[destination_end + 4 : schedule_end].decode("latin-1"),
        validity=body[schedule_end + 1 : validity_end].decode("latin-1"),
        registered_delivery=registered,
        replace_if_present=replace,
        data_coding=coding,
        default_message=default_message,
        short_message=body[start:end],
        tlvs=read_tlvs(body[end:]) if end < len(body) else {},
    )


def write_tlvs(tlvs: Mapping[int, bytes]) -> bytes:
    """Optional parameters as they stand behind a body."""
    return b"".join(_TLV.pack(tag, len(value)) + value for tag, value in tlvs.items())


def read_tlvs(data: bytes) -> Mapping[int, bytes]:
    """Optional parameters by tag; of a repeated tag the last. Raises MalformedPdu when one is cut short."""
    tlvs: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        if len(data) - at < _TLV.size:
            raise MalformedPdu("An optional parameter is cut short.", 0xC0)
        tag, length = _TLV.unpack_from(data, at)
        at += _TLV.size
        if len(data) - at < length:
            raise MalformedPdu("An optional parameter is shorter than it says.", 0xC2)
        tlvs[tag] = data[at : at + length]
        at += length
    return tlvs


def _text(value: str, most: int) -> bytes:
    """A C-octet string of at most `most` octets without its NUL; what Latin-1 lacks becomes a question mark."""
    return value.encode("latin-1", "replace").replace(b"\0", b"")[:most] + b"\0"


class _Reader:
    """Reads fields one after the other; every lack is a MalformedPdu."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def text(self) -> str:
        end = self._body.find(0, self._at)
        if end < 0:
            raise MalformedPdu("A text field has no end.", 0x02)
        value = self._body[self._at : end].decode("latin-1")
        self._at = end + 1
        return value

    def octets(self, count: int) -> bytes:
        value = self._body[self._at : self._at + count]
        if len(value) < count:
            raise MalformedPdu("The PDU ends too early.", 0x02)
        self._at += count
        return value

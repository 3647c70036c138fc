"""Receipts that wait for their time and for a session that takes them."""

import heapq
import itertools
import time
from collections import deque
from typing import Protocol

from muster.channels.smpp.pdu import EsmClass, Message, Tag
from muster.drill.smsc.options import ReceiptStyle

_STATES = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
}
_RECEIPT, _INTERMEDIATE = int(EsmClass.RECEIPT), int(EsmClass.INTERMEDIATE)
_ID_TAG = Tag.RECEIPTED_MESSAGE_ID.to_bytes(2, "big")
_STATE_TAG = Tag.MESSAGE_STATE.to_bytes(2, "big") + b"\0\1"
_ERROR_TAG = Tag.NETWORK_ERROR_CODE.to_bytes(2, "big") + b"\0\3\3"


class Receiver(Protocol):
    """A session that can take a deliver_sm."""

    @property
    def room(self) -> int:
        """How many more it takes before it answers some."""
        ...

    def deliver(self, bodies: list[bytes]) -> None:
        """Write them."""
        ...


class Mailbox:
    """What one system_id is to be told: kept until a session of it acknowledges, across reconnections."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, bytes]] = []
        self._ready: deque[bytes] = deque()
        self._order = itertools.count()
        self.receivers: list[Receiver] = []

    def put(self, body: bytes, *, at: float) -> None:
        """Tell `body` at the loop time `at`, or as soon afterwards as somebody listens."""
        heapq.heappush(self._due, (at, next(self._order), body))

    def put_back(self, bodies: list[bytes]) -> None:
        """These were sent and not acknowledged: they come first."""
        self._ready.extendleft(reversed(bodies))

    def deliver(self, *, now: float) -> None:
        """Hand out what is due."""
        while self._due and self._due[0][0] <= now:
            self._ready.append(heapq.heappop(self._due)[2])
        for receiver in self.receivers:
            if not self._ready:
                return
            room = min(receiver.room, len(self._ready))
            if room > 0:
                receiver.deliver([self._ready.popleft() for _ in range(room)])

    def __len__(self) -> int:
        return len(self._due) + len(self._ready)


def receipt(message_id: str, *, to: Message, state: str, error: int, style: ReceiptStyle) -> bytes:
    """The body of a deliver_sm that reports `state` of a message. Written by hand: one is made for every message."""
    ref, tlvs, text = message_id.encode(), b"", b""
    if style is not ReceiptStyle.TEXT:
        tlvs = _ID_TAG + (len(ref) + 1).to_bytes(2, "big") + ref + b"\0" + _STATE_TAG + bytes((_STATES[state],))
        if error:
            tlvs += _ERROR_TAG + error.to_bytes(2, "big")
    if style is not ReceiptStyle.TLV:
        stamp = time.strftime("%y%m%d%H%M", time.gmtime()).encode()
        text = b"id:%b sub:001 dlvrd:%03d submit date:%b done date:%b stat:%b err:%03d text:" % (
            ref, state == "DELIVRD", stamp, stamp, state.encode(), error,
        )  # fmt: skip
    return b"".join(
        (
            bytes((0, to.destination_ton, to.destination_npi)),
            to.destination.encode("latin-1"),
            bytes((0, to.source_ton, to.source_npi)),
            to.source.encode("latin-1"),
            bytes(
                (0, _INTERMEDIATE if state in {"ENROUTE", "ACCEPTD"} else _RECEIPT, 0, 0, 0, 0, 0, 0, 0, 0, len(text))
            ),
            text,
            tlvs,
        )
    )

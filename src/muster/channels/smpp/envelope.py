"""From a parcel to the bodies of its submit_sm. Pure; what is the same for every message is computed once."""

import zlib
from functools import lru_cache

from muster.channels.smpp.options import SmppOptions
from muster.channels.smpp.pdu import EsmClass
from muster.channels.smpp.text import Segments, Style, segment
from muster.domain.outcome import Refused
from muster.domain.parcel import Parcel

_MOST_DIGITS = 20
_ALPHANUMERIC, _INTERNATIONAL, _ISDN = 5, 1, 1


class Envelope:
    """Writes submit_sm bodies for one account."""

    def __init__(self, options: SmppOptions) -> None:
        self._style = Style(
            alphabet=options.alphabet,
            data_coding=options.data_coding,
            wide_reference=options.reference_bits == 16,  # noqa: PLR2004 - bits
        )
        sender = options.source_addr.removeprefix("+")
        ton, npi = _sender_kind(sender)
        self._head = b"".join(
            (
                options.service_type.encode("latin-1", "replace"),
                b"\0",
                bytes(
                    (
                        ton if options.source_ton is None else options.source_ton,
                        npi if options.source_npi is None else options.source_npi,
                    )
                ),
                sender.encode("latin-1", "replace"),
                b"\0",
                bytes((options.dest_ton, options.dest_npi)),
            )
        )
        registered = b"\1" if options.receipts else b"\0"

        def tail(coding: int, *, headed: bool) -> bytes:
            esm_class = EsmClass.UDHI if headed else 0
            return b"\0" + bytes((esm_class, 0, 0)) + b"\0\0" + registered + bytes((0, coding, 0))

        self._tail = lru_cache(maxsize=16)(tail)

    def pack(self, parcel: Parcel) -> list[bytes] | Refused:
        """The bodies of the parcel's segments, in order; Refused when no provider could take it."""
        number = parcel.address.removeprefix("+")
        if not (number.isdigit() and number.isascii() and len(number) <= _MOST_DIGITS):
            return Refused("invalid_address", "This is not a phone number.")
        segments = segment(parcel.text, reference=zlib.crc32(parcel.key.encode()), style=self._style)
        if segments is None:
            return Refused("text_too_long", "The text needs more than 255 segments.")
        head = self._head + number.encode() + self._tail(segments.data_coding, headed=segments.headed)
        return [head + _SIZES[len(part)] + part for part in segments.parts]

    def segments(self, text: str) -> Segments | None:
        """How `text` would be cut."""
        return segment(text, reference=0, style=self._style)


_SIZES = tuple(bytes((size,)) for size in range(256))


def _sender_kind(sender: str) -> tuple[int, int]:
    """Type of number and numbering plan for `sender`: an empty one is left to the provider."""
    if not sender:
        return 0, 0
    if sender.isdigit():
        return _INTERNATIONAL, _ISDN
    return _ALPHANUMERIC, 0

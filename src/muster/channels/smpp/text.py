"""Words to octets: GSM 03.38, UCS-2, and the cutting of long texts into segments. Pure.

A segment carries at most 140 octets over the air: 160 septets or 70 UCS-2 characters alone; with the user data header
of a concatenated message (3GPP TS 23.040, 9.2.3.24.1) 153 or 67, and one less of each where the reference has 16 bits.
"""

import codecs
from enum import StrEnum

import msgspec

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_ESCAPE = 0x1B
_ESCAPED = str.maketrans({char: "\x1b" + _BASIC[code] for char, code in _EXTENSION.items()})
_EXTENDED = {code: char for char, code in _EXTENSION.items()}
_ENCODING = codecs.charmap_build(_BASIC.ljust(256, "\ufffe"))
_ONE_SEPTET = bytes(ord(char) for char in _BASIC if char.isascii() and char != "\x1b")
"""The ASCII characters that GSM 03.38 has without an extension: most texts hold nothing else."""
_RECODED = bytes(_BASIC.index(chr(octet)) if octet in _ONE_SEPTET else octet for octet in range(256))
UCS2 = 0x08
"""data_coding of UTF-16BE (5.2.19)."""
MAX_SEGMENTS = 255


class Alphabet(StrEnum):
    """What the SMSC takes for its default alphabet."""

    GSM7 = "gsm7"
    """GSM 03.38, one septet an octet."""
    LATIN1 = "latin1"
    """ISO 8859-1; the SMSC recodes it, so only texts that GSM 03.38 has too are sent in it, counted in septets."""


class Segments(msgspec.Struct, frozen=True, gc=False):
    """A text ready to send: the octets of each short_message, header included where there is one."""

    parts: tuple[bytes, ...]
    data_coding: int
    headed: bool = False
    """Whether each part begins with a user data header (esm_class UDHI)."""


class Style(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How texts are written for one SMSC."""

    alphabet: Alphabet = Alphabet.GSM7
    data_coding: int = 0
    """What to announce for the default alphabet."""
    wide_reference: bool = False
    """Whether the reference of a concatenated message has 16 bits."""


def segment(text: str, *, reference: int, style: Style) -> Segments | None:
    """`text` cut into segments, as few as it can be; None when it needs more than 255.

    `reference` is the same in all segments of a text; its low 8 or 16 bits are used. A character outside the default
    alphabet makes the whole text UCS-2; one that UTF-16 cannot hold (a lone surrogate) becomes U+FFFD.
    """
    octets = _default(text, style.alphabet)
    if octets is not None:
        if len(octets) <= 160:  # noqa: PLR2004 - see the module's docstring
            return Segments((_spelled(octets, style.alphabet),), style.data_coding)
        room = 152 if style.wide_reference else 153
        pieces = [_spelled(piece, style.alphabet) for piece in _cut_septets(octets, room)]
        coding = style.data_coding
    else:
        octets = text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace").encode("utf-16-be")
        if len(octets) <= 140:  # noqa: PLR2004 - see the module's docstring
            return Segments((octets,), UCS2)
        pieces = _cut_utf16(octets, 132 if style.wide_reference else 134)
        coding = UCS2
    if len(pieces) > MAX_SEGMENTS:
        return None
    head = _header(reference, len(pieces), wide=style.wide_reference)
    return Segments(tuple(head + bytes((n,)) + piece for n, piece in enumerate(pieces, 1)), coding, headed=True)


def gsm7(text: str) -> bytes | None:
    """`text` in GSM 03.38, one septet an octet, an extension character as two; None when it has other characters."""
    if text.isascii():
        plain = text.encode()
        if not plain.translate(None, _ONE_SEPTET):
            return plain.translate(_RECODED)
    if "\x1b" in text:
        return None
    try:
        return codecs.charmap_encode(text.translate(_ESCAPED), "strict", _ENCODING)[0]
    except UnicodeEncodeError:
        return None


def from_gsm7(octets: bytes) -> str:
    """What `octets` say; an unknown extension reads as the character it stands on (3GPP TS 23.038, 6.2.1.1)."""
    if _ESCAPE not in octets:
        return "".join([_BASIC[octet & 0x7F] for octet in octets])
    out: list[str] = []
    escaped = False
    for octet in octets:
        if octet == _ESCAPE and not escaped:
            escaped = True
            continue
        out.append(_EXTENDED.get(octet, _BASIC[octet & 0x7F]) if escaped else _BASIC[octet & 0x7F])
        escaped = False
    return "".join(out)


def read(octets: bytes, data_coding: int, alphabet: Alphabet = Alphabet.GSM7) -> str:
    """What a short_message without its header says; what cannot be read becomes U+FFFD."""
    if data_coding == UCS2:
        return octets.decode("utf-16-be", "replace")
    if data_coding in {0x01, 0x03} or alphabet is Alphabet.LATIN1:
        return octets.decode("latin-1")
    return from_gsm7(octets)


class Header(msgspec.Struct, frozen=True, gc=False):
    """Which part of which concatenated message a segment is; `part` is 1-based."""

    reference: int
    total: int
    part: int


def read_header(short_message: bytes) -> tuple[Header | None, bytes]:
    """The concatenation header of a segment that has a user data header (None if it holds none), and the rest."""
    if not short_message:
        return None, b""
    length = short_message[0]
    header, rest = short_message[1 : 1 + length], short_message[1 + length :]
    at = 0
    while at + 2 <= len(header):
        kind, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        if kind in {0x00, 0x08} and len(value) == (3 if kind == 0 else 4):
            return Header(int.from_bytes(value[:-2], "big"), value[-2], value[-1]), rest
        at += 2 + size
    return None, rest


def _default(text: str, alphabet: Alphabet) -> bytes | None:
    septets = gsm7(text)
    if septets is None or alphabet is Alphabet.GSM7:
        return septets
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return None
    return septets


def _spelled(septets: bytes, alphabet: Alphabet) -> bytes:
    return septets if alphabet is Alphabet.GSM7 else from_gsm7(septets).encode("latin-1")


def _cut_septets(octets: bytes, room: int) -> list[bytes]:
    """Runs of at most `room`, never between an escape and what it escapes."""
    pieces: list[bytes] = []
    at = 0
    while at < len(octets):
        end = min(at + room, len(octets))
        if end < len(octets) and octets[end - 1] == _ESCAPE:
            end -= 1
        pieces.append(octets[at:end])
        at = end
    return pieces


def _cut_utf16(octets: bytes, room: int) -> list[bytes]:
    """Runs of at most `room` octets, never between the two halves of a surrogate pair."""
    pieces: list[bytes] = []
    at = 0
    while at < len(octets):
        end = min(at + room, len(octets))
        if end < len(octets) and 0xD8 <= octets[end - 2] <= 0xDB:  # noqa: PLR2004 - a high surrogate
            end -= 2
        pieces.append(octets[at:end])
        at = end
    return pieces


def _header(reference: int, total: int, *, wide: bool) -> bytes:
    """A user data header but for its last octet, the number of the part."""
    if wide:
        return bytes((6, 0x08, 4, reference >> 8 & 0xFF, reference & 0xFF, total))
    return bytes((5, 0x00, 3, reference & 0xFF, total))

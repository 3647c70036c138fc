"""JSON as the vendor's own clients and documents write it: with comments, trailing commas, a byte order mark. Pure.

What is lenient ends there. Numbers that fit nowhere, characters that no text may hold and towers of brackets are
refused, so that nobody further in has to expect them.
"""

import re
from decimal import Decimal, InvalidOperation

import msgspec

from muster.domain.errors import MalformedBody
from muster.surfaces.bodies import is_array, is_object
from muster.surfaces.record_batches.wire.problems import INVALID_JSON

DEEPEST = 64
"""Objects and arrays within each other."""
LARGEST_INTEGER = (1 << 63) - 1
LONGEST_NUMBER = 100
"""Characters of a number that is not a whole one."""
LARGEST_EXPONENT = 300
"""Of ten: a number is below 10^301, and not nearer to nought than 10^-300."""
_MARK = b"\xef\xbb\xbf"
LONGEST_ODD = 1 << 20
"""Bytes of a body that is read leniently, which people write by hand: it takes many times longer than strict JSON."""
_TOKEN = re.compile(
    # Every quantifier is possessive: nothing is looked at twice, so the time is that of reading the text once.
    rb'(?P<string>"(?:[^"\\]++|\\.)*+")'
    rb"|(?P<comment>//[^\r\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)"
    rb"|(?P<comma>,)"
    rb"|(?P<closing>[\]}])"
    rb'|(?P<other>[^"/,\]}]++)',
    re.DOTALL,
)
_OPENING = (b"[", b"{", b":")


def decode(raw: bytes) -> object:
    """The value that `raw` writes: numbers as int or Decimal; of two equal keys the last one counts.

    Raises MalformedBody.
    """
    text = raw.removeprefix(_MARK)
    try:
        value = _strictly(text)
    except MalformedBody:
        if len(text) > LONGEST_ODD:
            raise
        value = _strictly(strict(text))
    _check(value)
    return value


def strict(text: bytes) -> bytes:
    """`text` without comments and without commas that nothing follows. What else is wrong with it stays.

    Raises MalformedBody where a string or a comment does not end.
    """
    kept: list[bytes] = []
    comma, after_value, position = -1, False, 0
    for found in _TOKEN.finditer(text):
        kind, piece = found.lastgroup, found[0]
        if found.start() != position:
            break
        position = found.end()
        if kind == "comment" or (kind == "other" and piece.isspace()):
            kept.append(b" " if kind == "comment" else piece)
            continue
        if kind == "closing" and comma >= 0:
            kept[comma] = b" "
        # A comma after anything but a value is a fault, not a trailing comma.
        comma = len(kept) if kind == "comma" and after_value else -1
        after_value = kind != "comma" and not (kind == "other" and piece.rstrip().endswith(_OPENING))
        kept.append(piece)
    if position < len(text):
        raise MalformedBody(INVALID_JSON)
    return b"".join(kept)


def _strictly(text: bytes) -> object:
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation):
        raise MalformedBody(INVALID_JSON) from None


def _number(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(text[:LONGEST_NUMBER])
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(text)
    return number


_DECODER: msgspec.json.Decoder[object] = msgspec.json.Decoder(float_hook=_number)


def _check(value: object) -> None:
    """Raise MalformedBody for what is JSON and still too deep, too large or no text."""
    level: list[object] = [value]
    for _ in range(DEEPEST + 1):
        below: list[object] = []
        for one in level:
            if is_object(one):
                below.extend(one)
                below.extend(one.values())
            elif is_array(one):
                below.extend(one)
            elif not _fits(one):
                raise MalformedBody(INVALID_JSON)
        if not below:
            return
        level = below
    raise MalformedBody(INVALID_JSON)


def _fits(value: object) -> bool:
    if isinstance(value, str):
        return "\x00" not in value
    if isinstance(value, int):
        return -LARGEST_INTEGER <= value <= LARGEST_INTEGER
    return True

"""A raw query string in its parts, before anything of it is decoded."""

import re
from urllib.parse import unquote_to_bytes

from muster.domain.errors import BadInput
from muster.domain.fault import Fault

LONGEST = 32 * 1024
"""Bytes of a query string: a list of a thousand quoted ids fits."""
_MARK = re.compile(
    r"(?:'|%27).*?(?:'|%27)|(?:\"|%22).*?(?:\"|%22)|(?P<opens>\(|%28)|(?P<closes>\)|%29)|(?P<ends>&)", re.DOTALL
)


def split(raw: bytes) -> list[str]:
    """The parts between the ampersands that stand neither in quotes nor in parentheses, still percent-encoded.

    Empty parts are left out. Raises BadInput where it is too long.
    """
    if len(raw) > LONGEST:
        message = f"The query string has more than {LONGEST} bytes"
        raise BadInput(message, [Fault("query", "TOO_LONG", message)])
    text = raw.decode("latin-1")
    parts: list[str] = []
    depth, began = 0, 0
    for mark in _MARK.finditer(text):
        if mark["opens"]:
            depth += 1
        elif mark["closes"]:
            depth = max(0, depth - 1)
        elif mark["ends"] and not depth:
            parts.append(text[began : mark.start()])
            began = mark.end()
    parts.append(text[began:])
    return [part for part in parts if part]


def decode(part: str) -> str:
    """A part without percent-encoding; a plus sign stays one. Raises BadInput where it is not UTF-8."""
    try:
        return unquote_to_bytes(part.encode("latin-1")).decode()
    except UnicodeDecodeError:
        message = "The query string is not valid UTF-8"
        raise BadInput(message, [Fault("query", "INVALID_ENCODING", message)]) from None

"""Reading complaints: abuse reports in the format of feedback loops (ARF, RFC 5965). Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from muster.channels.smtp.incoming_parts import READ_BYTES, Incoming, read_fields

_REPORT: Final = "message/feedback-report"
_NO_COMPLAINT: Final = frozenset({"not-spam", "auth-failure", "dmarc"})
"""Reports in the same format that take a complaint back, or speak of signatures."""
_NOTHING: Final[Mapping[str, str]] = MappingProxyType[str, str]({})
_RETURN_PATH: Final = re.compile(rb"(?<![a-z0-9])b-[a-z2-7]{52}(?![a-z2-7])", re.IGNORECASE)
_MOST: Final = 16
_KIND_CHARACTERS: Final = 40


class Complaint(msgspec.Struct, frozen=True):
    """Somebody reported a message as unwanted."""

    kind: str
    """As the report calls it, such as `abuse`."""
    return_paths: tuple[str, ...]
    """What looks like a return path of ours (local parts, in lower case), the likeliest first; none is verified."""


def read_complaint(message: Incoming, content: bytes) -> Complaint | None:
    """The complaint in `message`; None when it is none. `content` is the same message as it came. Never raises."""
    part = message.first(_REPORT)
    if part is None:
        return None
    said = next(read_fields(part.text), _NOTHING)
    kind = said.get("feedback-type", "").lower()
    if kind in _NO_COMPLAINT:
        return None
    # Operators of feedback loops blacken what names the reader; our own return path mostly survives somewhere.
    places = [said.get("original-mail-from", "").encode(), *(one.body for one in message.parts), content[:READ_BYTES]]
    shown = "".join(char for char in kind if char.isprintable())[:_KIND_CHARACTERS]
    return Complaint(shown, tuple(dict.fromkeys(_return_paths(places)))[:_MOST])


def _return_paths(places: Sequence[bytes]) -> Iterator[str]:
    for place in places:
        for found, _ in zip(_RETURN_PATH.finditer(place), range(_MOST), strict=False):
            yield found[0].decode("ascii").lower()

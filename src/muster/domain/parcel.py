"""What a channel carries."""

from enum import StrEnum

import msgspec

from muster.domain.letter import Letter


class Medium(StrEnum):
    """In which form a message travels."""

    TEXT = "text"
    """A short text to a phone."""
    LETTER = "letter"
    """An e-mail."""
    RECORD = "record"
    """Nothing travels: a change to the server's own record store."""


class Parcel(msgspec.Struct, frozen=True, gc=False):
    """One message for one recipient, ready to hand over."""

    key: str
    """Names the entry for good: the same on every attempt, so a provider that deduplicates can."""
    address: str
    """E.164 digits with a leading plus for SMS; an e-mail address for letters."""
    text: str
    """What a short text says; empty for letters."""
    repeat: bool = False
    """True when an earlier attempt's outcome is unknown."""
    attempt: int = 1
    """Counted from 1: what left under another number is another copy."""
    name: str = ""
    """Whom the address belongs to, where that is known."""
    letter: Letter | None = None
    """What a letter says; the same object for a whole window."""
    opt_out: str = ""
    """The URL that takes its reader off the list with one POST (RFC 8058); empty: there is no opting out."""

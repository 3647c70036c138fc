"""What a channel carries."""

import msgspec


class Parcel(msgspec.Struct, frozen=True, gc=False):
    """One message for one recipient, ready to hand over."""

    key: str
    """Names the entry for good: the same on every attempt, so a provider that deduplicates can."""
    address: str
    """E.164 digits with a leading plus for SMS."""
    text: str
    repeat: bool = False
    """True when an earlier attempt's outcome is unknown."""

"""What a channel answers about one parcel. A parcel's own failure is a value, never an exception."""

from datetime import timedelta

import msgspec


class Carried(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Handed over. `refs` are the provider's own ids, one a segment, under which receipts will speak of it."""

    refs: tuple[str, ...]
    segments: int = 1
    confirmed: bool = False
    """True when the hand-over is itself the arrival and no receipt will follow."""
    presumed: bool = False
    """True when it counts as arrived as long as nothing else is heard: news comes only of what went wrong (e-mail)."""


class Deferred(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Not now. `after` is the least time to wait where the provider named one."""

    code: str
    detail: str = ""
    after: timedelta | None = None


class Refused(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The provider will never take it."""

    code: str
    detail: str = ""
    gone: bool = False
    """True when its address takes no message, and none should be sent there again (e-mail)."""


class Unknown(msgspec.Struct, frozen=True, tag=True, gc=False):
    """It left the machine and the answer was lost: it may have arrived, so it is never sent again blindly.

    `refs` are the ids of segments that were acknowledged before the answer was lost, of `segments` in all.
    """

    code: str
    detail: str = ""
    refs: tuple[str, ...] = ()
    segments: int = 1


class Unsent(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Nothing of it left the machine (the connection was gone, or time ran out first): safe to try again.

    `after` is the least time to wait, where more than a moment is known to be needed.
    """

    code: str
    detail: str = ""
    after: timedelta | None = None


Outcome = Carried | Deferred | Refused | Unknown | Unsent

"""What a provider tells later about something it took."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec


class Verdict(StrEnum):
    """What a receipt says."""

    ARRIVED = "arrived"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    RETURNED = "returned"
    """What counted as arrived came back, for a cause that may pass (a full mailbox, a server that stayed away)."""
    GONE = "gone"
    """It came back for good: its address takes no message, and none should be sent there again."""
    COMPLAINED = "complained"
    """Its recipient reported it as unwanted."""
    ON_ITS_WAY = "on_its_way"
    """An intermediate report: nothing to settle yet."""


GRAVITY: Mapping[Verdict, int] = MappingProxyType({Verdict.RETURNED: 1, Verdict.GONE: 2, Verdict.COMPLAINED: 3})
"""Of news that may come one after the other of the same message, which counts; of all others the first does (0)."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One receipt as a channel read it. It is stored before it is matched and before the provider is answered."""

    ref: str
    """The provider's id of the message, as it spells it in receipts."""
    verdict: Verdict
    code: str = ""
    """The provider's own word or number for the reason, such as `EXPIRED` or `err:034`."""
    alternates: tuple[str, ...] = ()
    """Other spellings under which the acknowledgement may have named the same id (hex, decimal, letter case)."""
    received_at: datetime

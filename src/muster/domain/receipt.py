"""What a provider tells later about something it took."""

from datetime import datetime
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What a receipt says."""

    ARRIVED = "arrived"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    ON_ITS_WAY = "on_its_way"
    """An intermediate report: nothing to settle yet."""


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

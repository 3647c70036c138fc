"""News of a message that an e-mail provider told by a webhook. The path and the names are ours: the vendor has none."""

from typing import Literal

import msgspec


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a message that was sent."""

    event: Literal["bounced", "complained", "failed"]
    reason: str | msgspec.UnsetType | None = msgspec.UNSET
    """The provider's words for it, in one line of at most 200 characters."""

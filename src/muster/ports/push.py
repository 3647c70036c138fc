"""Telling a customer's URL."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import msgspec


class PushResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiver made of it. `status` is the HTTP status, or None when there was no answer."""

    status: int | None
    detail: str = ""
    retry_after: timedelta | None = None
    """How long the receiver asked us to wait, where it said so; never negative, otherwise not bounded."""

    @property
    def taken(self) -> bool:
        """Whether the receiver has it (any 2xx)."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the 2xx class


class Push(Protocol):
    """Posts one signed message to one URL."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PushResult:
        """POST `body`; never raises for what the receiver or the network does.

        A URL that resolves to a forbidden range (design 5) answers `status=None` with the reason, and nothing is sent.
        """
        ...

    async def refusal(self, url: str) -> str | None:
        """Why nothing may be sent to `url`, as a sentence for its owner; None when it may (as far as is known now)."""
        ...

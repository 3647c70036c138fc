"""Telling a customer's URL, and in whose words."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec

from muster.domain.event import Event, EventType


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


class Style(Protocol):
    """Whose words an endpoint's messages use: ours, or those of a door. Pure."""

    @property
    def names(self) -> Mapping[str, Sequence[EventType]]:
        """Every event that an endpoint may ask for, by the style's own names of them."""
        ...

    @property
    def default(self) -> Sequence[EventType]:
        """What an endpoint that names no event is told; empty: everything, and what is added later too."""
        ...

    def wants(self, event: Event) -> bool:
        """Whether the style can tell this event."""
        ...

    def envelope(self, event: Event, message: str) -> bytes:
        """The body that tells an event it wants: the same bytes on every retry, as `message` is the same."""
        ...

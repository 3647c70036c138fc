"""What every kind of batch fulfils."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from muster.domain.entry import QueuedEntry
from muster.domain.ids import BatchId
from muster.domain.outcome import Refused
from muster.domain.parcel import Parcel
from muster.domain.template import Template


class BatchFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind needs to know of a batch to pack its entries."""

    id: BatchId
    template: Template | None
    link_base: str
    """Where links to this server begin, without a trailing slash."""
    link_key: bytes
    """The secret that link tokens are derived from (HMAC-SHA-256)."""


class Kind(Protocol):
    """One sort of batch. Pure: values in, values out."""

    @property
    def name(self) -> str:
        """How the store calls it."""
        ...

    def comparable(self, address: str) -> str:
        """`address` in the one form in which recipients are compared, for example E.164."""
        ...

    def pack(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Sequence[Parcel | Refused]:
        """One parcel an entry, in order; Refused for an entry that cannot be rendered."""
        ...

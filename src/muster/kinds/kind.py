"""What every kind of batch fulfils."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from muster.domain.contact import Audience
from muster.domain.entry import QueuedEntry
from muster.domain.ids import BatchId, BatchNumber, TenantId
from muster.domain.mailing import Mailing
from muster.domain.outcome import Refused
from muster.domain.parcel import Medium, Parcel
from muster.domain.template import Template
from muster.domain.workflow import NewWorkflow, WorkflowRef


class BatchFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind needs to know of a batch to pack its entries."""

    number: BatchNumber
    id: BatchId
    template: Template | None
    link_base: str
    """Where links to this server begin, without a trailing slash."""
    link_key: bytes
    """The secret that link tokens are derived from (HMAC-SHA-256)."""
    terms: "Terms"
    mailing: Mailing | None = None
    """What the batch's letters say; None for kinds without letters."""
    opt_out_base: str = ""
    """Where links that take their reader off a list begin, without a trailing slash; empty: there are none."""
    tenant: TenantId = TenantId(0)
    """Whose batch it is: such links name it."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How long workflows stand, and how often their customers are reminded, where nothing else was asked for."""

    expiry: timedelta = timedelta(hours=2160)
    remind: timedelta = timedelta(hours=24)
    """The time between two reminders."""
    quiet: timedelta = timedelta(hours=1)
    """No reminder is sent in this last part of a workflow's time."""


class Kind(Protocol):
    """One sort of batch. Pure: values in, values out."""

    @property
    def name(self) -> str:
        """How the store calls it."""
        ...

    @property
    def medium(self) -> Medium:
        """In which form its messages travel."""
        ...

    def comparable(self, address: str) -> str:
        """`address` in the one form in which recipients are compared, for example E.164."""
        ...

    def pack(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Sequence[Parcel | Refused]:
        """One parcel an entry, in order; Refused for an entry that cannot be rendered."""
        ...

    @property
    def opens_workflows(self) -> bool:
        """Whether an entry's message opens a workflow."""
        ...

    @property
    def stands_alone(self) -> bool:
        """Whether the workflow of an entry was kept with the batch, and so outlives a message that cannot be sent."""
        ...

    def audience(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Audience | None:
        """Whose wishes are asked at the last moment, beside the list of suppressions: one contact an entry, in order.

        None where that list is all there is.
        """
        ...

    def openings(self, batch: BatchFacts, entries: Sequence[QueuedEntry], *, at: datetime) -> Sequence[NewWorkflow]:
        """The workflows that the messages of `entries` open as they leave `at`: one each, or none at all."""
        ...

    def speaks_of(self, batch: BatchFacts, entry: QueuedEntry) -> WorkflowRef | None:
        """The workflow that must not be over for the entry's message to make sense; None where there is none."""
        ...

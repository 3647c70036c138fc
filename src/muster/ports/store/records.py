"""Keeping records, their relationships, date rules and audit history. Everything is set-based."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import msgspec

from muster.domain.ids import TenantId
from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import DateRule
from muster.domain.records.record import Gone, Link, Record
from muster.domain.records.search import GoneSearch, Search
from muster.domain.records.trace import Trace

Hit = TypeVar("Hit")


class Loaded(msgspec.Struct, frozen=True):
    """What was found. `busy` are records that another transaction did not let go of in time."""

    records: Mapping[RecordRef, Record]
    busy: frozenset[RecordRef] = frozenset()


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one unit of work changes, each thing once, as it stands in the end."""

    added: Sequence[Record] = ()
    changed: Sequence[Record] = ()
    removed: Sequence[Gone] = ()
    links_added: Sequence[Link] = ()
    links_removed: Sequence[Gone] = ()
    rules_put: Sequence[DateRule] = ()
    """New ones, and ones that are there, sources included."""
    rules_removed: Sequence[int] = ()
    traces: Sequence[Trace] = ()
    heads: Mapping[str, int] = {}
    """By counter (see `Records.heads`): the last number that is used now."""


class TraceFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a record's audit history."""

    by: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    with_workflow: bool = False
    char_types: frozenset[int] | None = None
    """Rows of related records of these char types are wanted too: those that are children of the record now."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The records of a char type with a text from `low` to `high`, both inclusive, in the field `label`."""

    char_type: int
    label: str
    low: str
    high: str


class Found(msgspec.Struct, Generic[Hit], frozen=True):
    """How many match in all, and the part asked for, in order."""

    total: int
    hits: Sequence[Hit]
    after: tuple[object, ...] | None
    """The sort keys of the last of `hits` (`Search.after`); None where there is none."""


class Records(Protocol):
    """The records of a tenant."""

    async def load(
        self, tenant: TenantId, refs: Collection[RecordRef], *, lock: bool = False, patience: timedelta = timedelta()
    ) -> Loaded:
        """Those of `refs` that there are.

        With `lock` nobody else can change them until the transaction ends; a record that is not to be had within
        `patience` (for all of them together) is `busy`, and not among `records`. Locks are taken in one order.
        """
        ...

    async def links(self, tenant: TenantId, numbers: Collection[int]) -> Sequence[Link]:
        """Those of the relationships that there are."""
        ...

    async def links_above(self, tenant: TenantId, refs: Collection[RecordRef]) -> Sequence[Link]:
        """All relationships with one of `refs` as their child."""
        ...

    async def links_below(self, tenant: TenantId, refs: Collection[RecordRef]) -> Sequence[Link]:
        """All relationships with one of `refs` as their parent."""
        ...

    async def links_between(self, tenant: TenantId, pairs: Collection[tuple[RecordRef, RecordRef]]) -> Sequence[Link]:
        """All relationships from a parent to a child that are among `pairs`, of any kind."""
        ...

    async def parent_counts(self, tenant: TenantId, refs: Collection[RecordRef]) -> Mapping[RecordRef, int]:
        """Of how many relationships each is the child; those with none may be left out."""
        ...

    async def rules_touching(self, tenant: TenantId, refs: Collection[RecordRef]) -> Sequence[DateRule]:
        """All date rules whose target, or one of whose sources, is a field of one of `refs`."""
        ...

    async def rules_in_reach(self, tenant: TenantId, refs: Collection[RecordRef]) -> Sequence[DateRule]:
        """As `rules_touching`, and the rules that touch the targets of those, and so on, in order of their numbers."""
        ...

    async def rules(self, tenant: TenantId, numbers: Collection[int]) -> Sequence[DateRule]:
        """Those of the date rules that there are."""
        ...

    async def made_by(self, tenant: TenantId, rows: Collection[int]) -> Sequence[Record]:
        """The amounts that amortizing these table rows made; nobody is kept from changing them."""
        ...

    async def made_counts(self, tenant: TenantId, rows: Collection[int]) -> Mapping[int, int]:
        """How many amounts amortizing each of these table rows made; those with none are left out."""
        ...

    async def span_count(self, tenant: TenantId, span: Span) -> int:
        """How many records are in the span."""
        ...

    async def in_span(
        self, tenant: TenantId, span: Span, *, after: tuple[str, int] | None = None, limit: int
    ) -> Sequence[tuple[str, Record]]:
        """Up to `limit` records of the span behind the text and the number `after`, each with its text, in that order.

        A record with several such texts comes with each of them.
        """
        ...

    async def heads(self, tenant: TenantId, counters: Collection[str]) -> Mapping[str, int]:
        """The last number given out by each counter (0: none), locked until the transaction ends.

        Counters: `record.<char type>`, `link`, `rule`, `source`, `trace`.
        """
        ...

    async def write(self, tenant: TenantId, writing: Writing) -> None:
        """Keep all of it, in a number of statements that does not depend on how much it is."""
        ...

    async def search(self, tenant: TenantId, search: Search) -> Found[Record]:
        """What matches. Raises BadInput for what cannot be compared."""
        ...

    async def search_links(self, tenant: TenantId, search: Search) -> Found[Link]:
        """As `search`, among relationships."""
        ...

    async def search_gone(self, tenant: TenantId, search: GoneSearch) -> Sequence[Gone]:
        """What was deleted, oldest first."""
        ...

    async def traces(
        self, tenant: TenantId, ref: RecordRef, where: TraceFilter, *, offset: int, limit: int
    ) -> tuple[int, Sequence[Trace]]:
        """How many rows of the audit history match, and a part of them, newest first."""
        ...

    async def trace(self, tenant: TenantId, number: int) -> Trace:
        """One row of the audit history. Raises NotFound."""
        ...

    async def locked_beside(
        self, tenant: TenantId, ref: RecordRef, locked: Collection[tuple[int, int, int]], *, offset: int, limit: int
    ) -> tuple[int, Sequence[tuple[Link, Record]]]:
        """Records related to `ref` that stand in one of `locked` (char type, template, status), and how.

        How many, and a part of them in order of the relationships' numbers.
        """
        ...

"""Records and their relationships."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

from muster.domain.records.char_types import RecordRef

Values = Mapping[str, object]
"""By label, in the canonical form of each data type, ready to be shown:

- texts, addresses, codes: str; dates: str `yyyy-MM-dd`; years, numbers, percentages, currency: int or Decimal;
- values of lists, and checkboxes: `{"id": int, "value": str}` and `"xref": str` where there is one;
- money: `{"locAmt": Decimal, "locCur": int, "locSym": str, "divAmt": Decimal | None, "divCur": int, "divSym": str}`:
  what it is worth in its own currency and in the company's, each by its ISO 4217 number and letters;
- fields with several values: a list of these. Empty values are left out.
"""


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """When, and by which user."""

    at: datetime
    by: int


class Flags(msgspec.Struct, frozen=True, gc=False):
    """What is known of a date beside its value."""

    estimated: bool = False
    blocked: bool = False
    """Date math leaves it alone."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One record as it stands."""

    ref: RecordRef
    template: int
    status: int
    title: str
    values: Values
    flags: Mapping[str, Flags] = MappingProxyType({})
    revision: int = 0
    origin: int | None = None
    """The number of the table row whose amortization made it; None: nobody but a person did."""
    created: Stamp
    updated: Stamp
    moved: Stamp
    """When its status last changed."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One relationship. `kind` 0 is the explicit one; others are parties (`Blueprint.parties`)."""

    number: int
    kind: int
    parent: RecordRef
    child: RecordRef
    sequence: int
    created: Stamp
    updated: Stamp


EXPLICIT = 0
IMPLICIT = 1


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a deleted record or relationship."""

    what: Record | Link
    at: Stamp


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A record with what people call its template, process and status."""

    record: Record
    template_name: str
    process: int
    process_name: str
    status_name: str
    parents: int
    """How many relationships it is the child of."""
    links: tuple["LinkView", ...] | None = None
    """Those relationships, where they were asked for."""


class End(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of the record at one end of a relationship."""

    template: int
    template_name: str
    process: int
    process_name: str
    status: int
    status_name: str


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship with the name of its kind; `parent` and `child` where they were asked for."""

    link: Link
    kind_name: str
    parent: End | None = None
    child: End | None = None

"""What can be asked of the record store, one thing at a time, and what comes of it."""

from enum import StrEnum

import msgspec

from muster.domain.records.char_types import RecordRef
from muster.domain.records.record import LinkView, Values, View


class Operation(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One entry of a batch. `reference` is the client's own word for it; `group` is where its result is told."""

    group: int
    """The char type it was asked under; 0: among the relationships."""
    reference: str | None = None


class Fetch(Operation, frozen=True, kw_only=True, tag="fetch"):
    """Read a record."""

    number: int


class FetchLink(Operation, frozen=True, kw_only=True, tag="fetch-link"):
    """Read a relationship."""

    number: int


class ParentAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A parent that a record is to have."""

    parent: RecordRef
    kind: int = 0


class Spare(msgspec.Struct, frozen=True, kw_only=True):
    """Relationships that replacing parents leaves alone: by char types and templates of their ends; empty: any."""

    parent_type: int | None = None
    parent_templates: tuple[int, ...] = ()
    child_type: int | None = None
    child_templates: tuple[int, ...] = ()


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a record is to become, as asked: nothing of it was checked. None: not mentioned."""

    title: str | None = None
    template: int | None = None
    values: Values = {}
    """By label, in any of the forms that are taken (specification A8.2). None, "" and [] clear a field."""
    flags: dict[str, dict[str, object]] = {}
    parents: tuple[ParentAsk, ...] | None = None
    replace_parents: bool = False
    spared: tuple[Spare, ...] = ()


class Create(Operation, frozen=True, kw_only=True, tag="create"):
    """Make a record of char type `group`."""

    draft: Draft


class Change(Operation, frozen=True, kw_only=True, tag="change"):
    """Change a record; what is not mentioned stays."""

    number: int
    draft: Draft


class Remove(Operation, frozen=True, kw_only=True, tag="remove"):
    """Delete a record."""

    number: int


class Relate(Operation, frozen=True, kw_only=True, tag="relate"):
    """Make a relationship."""

    parent: RecordRef
    child: RecordRef
    kind: int = 0


class Unrelate(Operation, frozen=True, kw_only=True, tag="unrelate"):
    """Delete a relationship."""

    number: int


class Dates(StrEnum):
    """Which dates the date math of a copy looks at (specification A6.6)."""

    DEFAULT = "default"
    ORIGINAL = "original"
    COPIED = "copied"


class Copy(Operation, frozen=True, kw_only=True, tag="copy"):
    """Copy a record, perhaps to another char type."""

    number: int
    title: str | None = None
    template: int | None = None
    to: int | None = None
    """The char type of the copy; None: that of the original."""
    values: Values = {}
    dates: Dates = Dates.DEFAULT
    links: tuple[int, ...] = ()
    all_links: bool = False
    parties: bool = True


class Act(Operation, frozen=True, kw_only=True, tag="act"):
    """Take a workflow action."""

    number: int
    action: int


class Amortize(Operation, frozen=True, kw_only=True, tag="amortize"):
    """Work out a table row's schedule and keep it as amounts."""

    number: int
    model: int


class Unusable(Operation, frozen=True, kw_only=True, tag="unusable"):
    """Something that cannot even be read."""

    number: int = 0
    writes: bool = True
    """Whether it was to change anything: then it is refused first to those who may not."""


AnyOperation = Fetch | FetchLink | Create | Change | Remove | Relate | Unrelate | Copy | Act | Amortize | Unusable


class Denial(StrEnum):
    """Why something was not done."""

    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    LINKS_NOT_ALLOWED = "links_not_allowed"
    """The caller may not relate records of these char types."""
    ACTION_NOT_AVAILABLE = "action_not_available"
    UNUSABLE = "unusable"
    FAULTY = "faulty"
    """`flaws` say why."""
    LOCKED = "locked"
    NOT_DELETABLE = "not_deletable"
    BAD_LINK = "bad_link"
    NOT_A_PARTY = "not_a_party"
    LINK_EXISTS = "link_exists"
    END_MISSING = "end_missing"
    """One or both records of a relationship are not there: `missing`."""
    BROKEN = "broken"


class Done(StrEnum):
    """What was done."""

    FOUND = "found"
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    ACTED = "acted"
    COPIED = "copied"
    AMORTIZED = "amortized"


class FlawKind(StrEnum):
    """Which rule a draft breaks."""

    UNKNOWN_FIELD = "unknown_field"
    REQUIRED = "required"
    BAD_VALUE = "bad_value"
    TOO_LONG = "too_long"
    NOT_MULTIPLE = "not_multiple"
    CALCULATED = "calculated"
    """Date math keeps the field."""
    NO_TEMPLATE = "no_template"
    BAD_TEMPLATE = "bad_template"
    NO_TITLE = "no_title"
    LONG_TITLE = "long_title"
    PARENT_MISSING = "parent_missing"
    BAD_PARENT = "bad_parent"
    NO_AMOUNT = "no_amount"
    NO_TERM_START = "no_term_start"
    NO_TERM_END = "no_term_end"
    BAD_TERM = "bad_term"
    """It ends before it begins, or is longer than can be worked out."""
    NO_RUNS = "no_runs"
    NO_REVENUE = "no_revenue"
    NO_AMOUNT_TEMPLATE = "no_amount_template"
    TOO_MANY_AMOUNTS = "too_many_amounts"
    """More than `limit` in one unit of work."""


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule."""

    kind: FlawKind
    label: str = ""
    """The field's label; the number of a template; the char type's path of a parent."""
    name: str = ""
    """The field's name for people; the number of a parent."""
    limit: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one operation: `done`, or else a `denial`."""

    group: int
    number: int
    """Of the record or relationship; 0 where making one failed."""
    done: Done | None = None
    denial: Denial | None = None
    reference: str | None = None
    record: View | None = None
    link: LinkView | None = None
    flaws: tuple[Flaw, ...] = ()
    locked: bool = False
    deletable: bool = False
    """Of the status the record stands in; both False for a new one."""
    action: int = 0
    status: int = 0
    missing: tuple[RecordRef, ...] = ()


class Denied(Exception):
    """Why the operation at hand is not done; caught where operations are performed, which makes the result of it."""

    def __init__(
        self,
        denial: Denial,
        *,
        flaws: tuple[Flaw, ...] = (),
        missing: tuple[RecordRef, ...] = (),
        action: int = 0,
        status: int = 0,
    ) -> None:
        super().__init__(denial.value)
        self.denial = denial
        self.flaws = flaws
        self.missing = missing
        self.action = action
        self.status = status

"""What is searched for among records and relationships (specification B1): a tree."""

from enum import StrEnum

import msgspec

MOST_ROWS = 100


class How(StrEnum):
    """How a field is held against values."""

    EQUALS = "eq"
    DIFFERS = "neq"
    CONTAINS = "contains"
    LACKS = "ncontains"
    OVER = "gt"
    FROM = "gte"
    UNDER = "lt"
    UP_TO = "lte"
    ANY = "eq_any"
    NONE = "eq_none"
    ALL = "eq_all"
    CONTAINS_ANY = "contains_any"
    CONTAINS_NONE = "contains_none"
    CONTAINS_ALL = "contains_all"


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """A field held against one or several values. `field` is a label or one of the fixed names of B1."""

    field: str
    test: How
    values: tuple[str | int | float | bool | None, ...]
    ignore_case: bool = False
    wild: bool = False
    """`*` in a value stands for anything."""
    below: bool = False
    """A value of a list stands for itself and for every value below it."""


class Between(msgspec.Struct, frozen=True, tag="between"):
    """A field between two values."""

    field: str
    low: str | int | float
    high: str | int | float
    with_low: bool = True
    with_high: bool = True
    ignore_case: bool = False


class Both(msgspec.Struct, frozen=True, tag="and"):
    """All of them hold."""

    nodes: tuple["Node", ...]


class Either(msgspec.Struct, frozen=True, tag="or"):
    """At least one of them holds."""

    nodes: tuple["Node", ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """It does not hold."""

    node: "Node"


class Linked(msgspec.Struct, frozen=True, tag="linked"):
    """The hit is the child (`as_child`) or the parent of a relationship for which `node` holds."""

    as_child: bool
    node: "Node"


class Related(msgspec.Struct, frozen=True, tag="related"):
    """The hit has a parent (`upwards`) or a child of the char type for which `node` holds."""

    upwards: bool
    char_type: int
    node: "Node"


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """A record of the char type for which `node` holds has, in `theirs`, the value that the hit has in `ours`."""

    char_type: int
    ours: str
    theirs: str
    node: "Node"


Node = Compare | Between | Both | Either | Not | Linked | Related | Joined


class Order(msgspec.Struct, frozen=True):
    """One sort key."""

    field: str
    descending: bool = False
    numeric: bool = False
    """Values of a label are sorted by their numbers, not as texts."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for in one char type (0: among relationships), and which part of it to give."""

    char_type: int
    keywords: str = ""
    node: Node | None = None
    start: int = 0
    rows: int = 10
    """At most MOST_ROWS."""
    order: tuple[Order, ...] = ()
    """By number where nothing is asked for; ties are broken by number."""
    after: tuple[object, ...] | None = None
    """Continue behind the hit with these sort keys, number last; then `start` is not looked at."""


class GoneSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which deleted records of a char type (0: relationships); every condition that is set must hold.

    Times are microseconds since the epoch, both ends inclusive.
    """

    char_type: int
    since: int
    until: int
    by: int | None = None
    number: int | None = None
    template: int | None = None
    status: int | None = None
    created: tuple[int | None, int | None, int | None] = (None, None, None)
    """From, until, by whom."""
    updated: tuple[int | None, int | None, int | None] = (None, None, None)
    moved: tuple[int | None, int | None, int | None] = (None, None, None)
    most: int = 10_000

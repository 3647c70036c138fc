"""What somebody asks of a list: conditions, order, and which part. Pure; a store turns it into its own language.

Fields are named as `ports.store` documents for each list; a name it does not know is a bug of the asker's.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

Value = str | int | bool | datetime | None


class Comparison(StrEnum):
    """How a field is compared. Texts are compared by code point; with None, only EQ and NE mean anything."""

    EQ = "="
    NE = "!="
    """True also where the field is None and the value is not."""
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="


class Compare(msgspec.Struct, frozen=True, tag=True):
    """A field against a value; EQ None: it has none."""

    field: str
    test: Comparison
    value: Value


class Among(msgspec.Struct, frozen=True, tag=True):
    """The field's value is one of these; never true where the field is None or the list is empty."""

    field: str
    values: tuple[Value, ...]


class Like(msgspec.Struct, frozen=True, tag=True):
    """A text field holds `words`; `%` and `_` in them mean themselves."""

    field: str
    words: str
    begins: bool
    """`words` stand at its beginning."""
    ends: bool
    """`words` stand at its end; with `begins`, they are all of it."""
    folds: bool
    """Whether letter case is ignored (beyond A to Z as far as the database can)."""


class Every(msgspec.Struct, frozen=True, tag=True):
    """All of the conditions hold; true when there are none."""

    of: tuple["Condition", ...]


class Either(msgspec.Struct, frozen=True, tag=True):
    """One of the conditions holds; false when there are none."""

    of: tuple["Condition", ...]


class Not(msgspec.Struct, frozen=True, tag=True):
    """The condition does not hold; where a field is None, comparing it holds not, so this is true."""

    of: "Condition"


class Holds(msgspec.Struct, frozen=True, tag=True):
    """A collection has an element that `where` holds for (None: any element). Fields are the element's own."""

    collection: str
    where: "Condition | None"
    throughout: bool = False
    """True: every element fulfils `where`; true for an empty collection."""


Condition = Compare | Among | Like | Every | Either | Not | Holds


class Order(msgspec.Struct, frozen=True):
    """One sort key. What has no value comes first when ascending, last when descending."""

    field: str
    descending: bool = False


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a list, in which order, and which part of them."""

    where: Condition | None = None
    order: tuple[Order, ...] = ()
    """After these, and without any: oldest first, then by number, so that pages never overlap."""
    offset: int = 0
    limit: int = 100


def both(first: Condition | None, second: Condition | None) -> Condition | None:
    """The two together; None where neither asks for anything."""
    if first is None or second is None:
        return first if second is None else second
    return Every((first, second))

"""What an RQL expression says, before anybody asked whether its fields exist."""

from enum import StrEnum

import msgspec


class Operator(StrEnum):
    """How a field is compared with a value."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    LIKE = "like"
    ILIKE = "ilike"


class Literal(msgspec.Struct, frozen=True):
    """A value as it was written, quotes removed; None for `null()`, nothing for `empty()`."""

    text: str | None

    @property
    def spelled(self) -> str:
        """How a sentence quotes it: its first hundred characters."""
        return "null()" if self.text is None else self.text[:100]


class Comparing(msgspec.Struct, frozen=True):
    """`eq(path,value)` and its kin, `path=value` included."""

    test: Operator
    path: str
    value: Literal


class Listed(msgspec.Struct, frozen=True):
    """`in(path,(value,…))` or, `outside`, `out(path,(value,…))`."""

    path: str
    values: tuple[Literal, ...]
    outside: bool


class All(msgspec.Struct, frozen=True):
    """`and(…,…)`, or expressions with a comma or an ampersand between them."""

    of: tuple["Expression", ...]


class Some(msgspec.Struct, frozen=True):
    """`or(…,…)`, or expressions with a semicolon or a bar between them."""

    of: tuple["Expression", ...]


class Negated(msgspec.Struct, frozen=True):
    """`not(…)`."""

    of: "Expression"


class Elements(msgspec.Struct, frozen=True):
    """`any(path)`, `any(path,…)` or, `throughout`, `all(path,…)`. Paths inside are an element's own."""

    path: str
    where: "Expression | None"
    throughout: bool


class Wrapped(msgspec.Struct, frozen=True):
    """`filter(path,value)`."""

    path: str
    value: Literal


Expression = Comparing | Listed | All | Some | Negated | Elements | Wrapped

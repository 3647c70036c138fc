"""Lists of values (specification B8)."""

import msgspec

ACTIVE, INACTIVE = "Active", "Inactive"


class ListName(msgspec.Struct, frozen=True, kw_only=True):
    """A list in the list of lists."""

    id: str
    name: str


class ListValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value. `status` is `Active` or `Inactive`."""

    id: int
    label: str
    xref: str | None
    status: str


class ValueList(msgspec.Struct, frozen=True, kw_only=True):
    """A list with its values."""

    id: str
    name: str
    values: list[ListValue]


class ValueBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a value is to be; what is not mentioned stays."""

    label: str | None = None
    """1 to 500 characters; required for a new one."""
    xref: str | None = None
    status: str | None = None

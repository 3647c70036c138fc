"""What one object of the door says of another."""

import msgspec


class Reference(msgspec.Struct, frozen=True):
    """A thing that is named in a request."""

    id: str


class Ref(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whatever has an id and perhaps a name: a token, a user group."""

    id: str
    name: str | None = None
    icon: str | None = None


class UserRef(Ref, frozen=True, kw_only=True, omit_defaults=True):
    """A user, as others show it; `email` inside contacts."""

    email: str | None = None


class Occurrence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change: when, by which token, for which account."""

    at: str
    by: Ref | None = None
    of: Ref | None = None


Audit = dict[str, Occurrence]
"""The latest occurrence of each change that ever happened."""


class Meta(msgspec.Struct, frozen=True):
    """What stands beside the fields of an object: which of them are left out of this answer."""

    omitted: list[str]


class AccountRef(Ref, frozen=True, kw_only=True, omit_defaults=True):
    """An account, as others show it."""

    type: str | None = None
    """`Client`, `Vendor` or `Operations`."""
    status: str | None = None
    """`Active`, `Enabled` or `Disabled`."""


class CategoryRef(Ref, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A category, as others show it."""

    status: str | None = None
    description: str | None = None
    short_description: str | None = None
    last_used: str | None = None


class Pagination(msgspec.Struct, frozen=True):
    """Which part of a list it is; exactly these three, a client of the vendor's fails at a fourth."""

    offset: int
    limit: int
    total: int


class PageMeta(msgspec.Struct, frozen=True):
    """What stands beside the rows of a list."""

    pagination: Pagination
    omitted: list[str]

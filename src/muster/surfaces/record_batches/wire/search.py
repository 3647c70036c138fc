"""Searches (specification B1, B2, B4)."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from muster.surfaces.record_batches.wire.entities import Entity
from muster.surfaces.record_batches.wire.relationships import Relationship

ANYWHERE = "$quoted"
"""Beside an operator: `[false]` makes `*` in its values stand for anything."""
IGNORE_CASE, BELOW, SORTED = "_istr", "_leafids", "_sort"
ENDINGS = (IGNORE_CASE, BELOW, SORTED)
"""What the name of a field may end with."""
START = "*"
"""The first `cursorToken`."""
DEFAULT_ROWS = 10
DEEPEST, MOST_NODES, MOST_JOINS = 20, 200, 3
"""How deep and how large a tree may be, and through how many relationships it may look."""
MOST_VALUES, MOST_PARTS = 1_000, 100
"""How many values one operator may be given; how many parts of texts."""
LONGEST_VALUE, MOST_STARS = 1_000, 16
LONGEST_KEYWORDS, MOST_WORDS = 500, 8
MOST_ORDERS = 5
LARGEST_START = 1_000_000_000
LONGEST_TOKEN = 8_192
MOST_FAULTS = 100


class SearchBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is searched for. Names of properties are read in any case; unknown ones are ignored."""

    keywords: str | None = None
    """Every word of it is in the title or in a value, in any letter case. Up to 8 words."""
    query: dict[str, Any] | None = None
    """An object with one operator, such as `{"$eq": ["status", "Greenlit"]}`; at most 200 of them, 20 deep."""
    parent_query: dict[str, dict[str, Any]] | None = None
    """By char type: what some parent of that char type is like."""
    child_query: dict[str, dict[str, Any]] | None = None
    start: int = 0
    rows: int = DEFAULT_ROWS
    """At most 100; more is cut to 100."""
    cursor_token: str | None = None
    """`*`, or what the part before came with; `start` is not looked at then."""
    sort_orders: list[str] = []
    """`"title asc"`, `"release_year desc"`; by id where there is none."""


class FoundEntities(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of what was found, and how much it is in all."""

    num_found: int
    entities: list[Entity]
    cursor_token: str | UnsetType = UNSET


class FoundRelationships(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of what was found, and how much it is in all."""

    num_found: int
    entities: list[Relationship]
    cursor_token: str | UnsetType = UNSET


class GoneBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which deleted records. Times are UTC, both ends included, `startDate` and `endDate` at most 30 days apart."""

    start_date: str
    end_date: str
    deleted_by_id: int | None = None
    char_type: int | None = None
    record_id: int | None = None
    template_id: int | None = None
    status_id: int | None = None
    created_start_date: str | None = None
    created_end_date: str | None = None
    created_by_id: int | None = None
    updated_start_date: str | None = None
    updated_end_date: str | None = None
    updated_by_id: int | None = None
    status_update_start_date: str | None = None
    status_update_end_date: str | None = None
    status_update_by_id: int | None = None


class GoneEntity(Entity, frozen=True, kw_only=True, rename="camel"):
    """A deleted record."""

    deleted_by_id: int
    deleted_date: str


class GoneRelationship(Relationship, frozen=True, kw_only=True, rename="camel"):
    """A deleted relationship."""

    deleted_by_id: int
    deleted_date: str

"""Fields that several lists have in common: those of the category and of the party that a thing belongs to."""

from collections.abc import Mapping

from muster.stores.directory_tables import categories, parties
from muster.stores.marks import marked_at
from muster.stores.shelves import Column

_C = categories.c
CATEGORY_FIELDS: Mapping[str, Column] = {
    **{
        name: Column(_C[name])
        for name in (
            "number",
            "name",
            "description",
            "short_description",
            "opt_out_allowed",
            "delete_allowed",
            "state",
            "note",
            "icon",
            "revision",
        )
    },
    "last_used": Column(_C.last_used, is_time=True),
    "created": Column(_C.created_at, is_time=True),
    "updated": Column(_C.updated_at, is_time=True),
    "published": Column(marked_at(_C.marks, "published"), is_time=True),
    "unpublished": Column(marked_at(_C.marks, "unpublished"), is_time=True),
}
"""What a query may name of a category."""

PARTY_FIELDS: Mapping[str, Column] = {name: Column(parties.c[name]) for name in ("number", "name", "kind", "status")}
"""What a query may name of the party that something belongs to."""


def under(name: str, fields: Mapping[str, Column]) -> Mapping[str, Column]:
    """`fields` as those of the thing called `name`: `<name>.<field>`."""
    return {f"{name}.{field}": column for field, column in fields.items()}

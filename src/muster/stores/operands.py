"""What columns are compared with: which values a database can hold at all, and lists of them."""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, ColumnElement, Double, Text, any_, column, false, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.stores.bulk import as_json, is_sqlite

FEW: Final = 16
"""Up to so many values are parameters of their own on SQLite, whose planner knows best how to use them."""
LEAST, MOST = -(1 << 63), (1 << 63) - 1
"""The whole numbers that a column holds."""
UNKEEPABLE: Final = re.compile(r"[\x00\ud800-\udfff]")
"""PostgreSQL keeps no NUL, and neither database half a surrogate pair."""

Kind = Text | Boolean | BigInteger | Double[float]


def is_keepable(value: str | int) -> bool:
    """Whether a row can hold the value."""
    return LEAST <= value <= MOST if isinstance(value, int) else UNKEEPABLE.search(value) is None


def among(  # noqa: PLR0917 - each as plain as the next
    connection: AsyncConnection, stands: ColumnElement[Any], values: Sequence[str | int | float], kind: Kind
) -> ColumnElement[bool]:
    """Whether what stands there is one of `values`, which are all of this kind and can be kept."""
    kept = list(dict.fromkeys(values))
    if not kept:
        return false()
    if len(kept) == 1:
        return stands == literal(kept[0], kind)
    if not is_sqlite(connection):
        return stands == any_(literal(kept, ARRAY(kind)))
    if len(kept) <= FEW:
        return stands.in_([literal(value, kind) for value in kept])
    listed = func.json_each(literal(as_json(kept), Text())).table_valued(column("value"))
    return stands.in_(select(listed.c.value))

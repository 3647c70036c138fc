"""A table's columns in statements that go past SQLAlchemy: how the drivers spell what SQLAlchemy's types stand for."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Table, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from muster.stores.bulk import is_sqlite
from muster.stores.moments import Moment, micros, moment


class Columns:
    """The columns of one table, in its order. `names` is what to SELECT for `read`."""

    def __init__(self, table: Table) -> None:
        self.names = ", ".join(column.name for column in table.c)
        self._readers = [(column.name, _reader(column.type)) for column in table.c]

    def read(self, row: Sequence[Any]) -> Mapping[str, Any]:
        """A row of `names` as SQLAlchemy would give it, by column."""
        return {
            name: value if value is None or reader is None else reader(value)
            for (name, reader), value in zip(self._readers, row, strict=True)
        }


def inserting(table: str, names: Sequence[str]) -> str:
    """SQL that inserts one row: each of the columns `names` has the value of the parameter of its name."""
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"


def spelled(connection: AsyncConnection, values: Mapping[str, object]) -> Mapping[str, object]:
    """`values` for a statement's parameters: times as the store keeps them, on SQLite a UUID as 32 hex digits."""
    embedded = is_sqlite(connection)
    return {name: _spelled(value, embedded=embedded) for name, value in values.items()}


def _spelled(value: object, *, embedded: bool) -> object:
    if isinstance(value, datetime):
        return micros(value)
    return value.hex if embedded and isinstance(value, UUID) else value


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], object] | None:
    if isinstance(kind, Moment):
        return moment
    if isinstance(kind, Uuid):
        return _uuid
    return bool if isinstance(kind, Boolean) else None


def _uuid(value: str | UUID) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)

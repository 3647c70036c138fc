"""Many rows in one statement: a JSON parameter read as a table, on both dialects; and statements kept ready to run."""

import sqlite3
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import Unavailable

_POSTGRES_TYPES = {"int": "bigint", "text": "text"}


def is_sqlite(connection: AsyncConnection) -> bool:
    """Whether the connection speaks SQLite's dialect."""
    return connection.dialect.name == "sqlite"


def as_json(rows: object) -> str:
    """The value of a parameter that `given` or `listed` reads."""
    return msgspec.json.encode(rows).decode()


class Both(NamedTuple):
    """A piece of SQL as each dialect spells it."""

    sqlite: str
    postgres: str


class Statement:
    """One statement on a hot path: `sql` with `:name` parameters, its `{parts}` filled in once for each dialect.

    On SQLite it goes to the driver itself, which costs a fifth of the way through SQLAlchemy. PostgreSQL keeps that
    way, because there SQLAlchemy begins the transaction with the first statement that it sees.
    """

    def __init__(self, sql: str, **parts: Both) -> None:
        self._sqlite = sql.format(**{name: part.sqlite for name, part in parts.items()})
        self._postgres = text(sql.format(**{name: part.postgres for name, part in parts.items()}))

    async def rows(self, connection: AsyncConnection, values: Mapping[str, object]) -> Sequence[Any]:
        """Run it; what it returns, which is nothing for a statement without SELECT or RETURNING.

        Parameters are what drivers take as they are: whole numbers, plain strings, None.
        """
        if is_sqlite(connection):
            try:
                return await self._embedded(driver_of(connection), self._sqlite, values)
            except sqlite3.Error as error:
                raise _named(error, self._sqlite) from error
        found = await connection.execute(self._postgres, values)
        return found.all() if found.returns_rows else ()

    async def _embedded(self, driver: Any, sql: str, values: Mapping[str, object]) -> Sequence[Any]:
        rows: Sequence[Any] = await driver.execute_fetchall(sql, values)
        return rows


class Brief(Statement):
    """A statement that finds a few rows by their keys. On SQLite that takes some 10 µs, and no change of threads."""

    async def _embedded(self, driver: Any, sql: str, values: Mapping[str, object]) -> Sequence[Any]:
        rows: Sequence[Any] = driver.here(sql, values)
        return rows


def _named(error: sqlite3.Error, statement: str) -> Exception:
    """The error as SQLAlchemy calls it, so that the store tells what passes from what does not in one place."""
    # Without the parameters: they hold people's addresses.
    return DBAPIError.instance(statement, None, error, sqlite3.Error)


def driver_of(connection: AsyncConnection) -> Any:
    """The driver's own connection."""
    # `AsyncConnection.get_raw_connection` gives the same, by way of a greenlet.
    return connection.sync_connection.connection.driver_connection  # type: ignore[union-attr]  # it was started


def rows_given(columns: Mapping[str, str], *, parameter: str = "rows") -> Both:
    """A FROM item with `columns` (name → `int` or `text`) over a JSON array of arrays in `:parameter`."""
    extracted = ", ".join(f"json_extract(value, '$[{i}]') AS {name}" for i, name in enumerate(columns))
    typed = ", ".join(
        f"(value ->> {i})::{_POSTGRES_TYPES[kind]} AS {name}" for i, (name, kind) in enumerate(columns.items())
    )
    return Both(
        f"(SELECT {extracted} FROM json_each(:{parameter}))",
        f"(SELECT {typed} FROM jsonb_array_elements(CAST(:{parameter} AS jsonb)) AS t(value))",
    )


def values_listed(kind: str, *, parameter: str) -> Both:
    """The right-hand side of `column IN …` over a JSON array of `int` or `text` in `:parameter`."""
    typed = f"value::{_POSTGRES_TYPES[kind]}"
    return Both(
        f"(SELECT value FROM json_each(:{parameter}))",
        f"(SELECT {typed} FROM jsonb_array_elements_text(CAST(:{parameter} AS jsonb)))",
    )


def given(connection: AsyncConnection, columns: Mapping[str, str], *, parameter: str = "rows") -> str:
    """`rows_given` for a statement that is made for one connection."""
    both = rows_given(columns, parameter=parameter)
    return both.sqlite if is_sqlite(connection) else both.postgres


def listed(connection: AsyncConnection, kind: str, *, parameter: str) -> str:
    """`values_listed` for a statement that is made for one connection."""
    both = values_listed(kind, parameter=parameter)
    return both.sqlite if is_sqlite(connection) else both.postgres


async def insert_many(
    connection: AsyncConnection,
    table: str,
    *,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    same: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Insert `rows`: COPY on PostgreSQL, executemany on SQLite, both on the driver itself inside the transaction.

    `same` are whole numbers that all rows have in common.
    """
    driver = driver_of(connection)
    names = (*columns, *same)
    if is_sqlite(connection):
        marks = ", ".join([*("?" * len(columns)), *(str(int(number)) for number in same.values())])
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
        try:
            await driver.executemany(statement, rows)
        except sqlite3.Error as error:
            raise _named(error, statement) from error
    else:
        common = tuple(same.values())
        try:
            await driver.copy_records_to_table(table, records=[row + common for row in rows], columns=names)
        except OSError as error:
            raise Unavailable(f"the store is away: {type(error).__name__}") from error

"""Many rows in one statement: a JSON parameter read as a table, on both dialects."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

_POSTGRES_TYPES = {"int": "bigint", "text": "text"}


def is_sqlite(connection: AsyncConnection) -> bool:
    """Whether the connection speaks SQLite's dialect."""
    return connection.dialect.name == "sqlite"


def as_json(rows: object) -> str:
    """The value of a parameter that `given` or `listed` reads."""
    return msgspec.json.encode(rows).decode()


def given(connection: AsyncConnection, columns: Mapping[str, str], *, parameter: str = "rows") -> str:
    """A FROM item with `columns` (name → `int` or `text`) over a JSON array of arrays in `:parameter`."""
    if is_sqlite(connection):
        picked = ", ".join(f"json_extract(value, '$[{i}]') AS {name}" for i, name in enumerate(columns))
        return f"(SELECT {picked} FROM json_each(:{parameter}))"
    picked = ", ".join(
        f"(value ->> {i})::{_POSTGRES_TYPES[kind]} AS {name}" for i, (name, kind) in enumerate(columns.items())
    )
    return f"(SELECT {picked} FROM jsonb_array_elements(CAST(:{parameter} AS jsonb)) AS t(value))"


def listed(connection: AsyncConnection, kind: str, *, parameter: str) -> str:
    """The right-hand side of `column IN …` over a JSON array of `int` or `text` in `:parameter`."""
    if is_sqlite(connection):
        return f"(SELECT value FROM json_each(:{parameter}))"
    return f"(SELECT value::{_POSTGRES_TYPES[kind]} FROM jsonb_array_elements_text(CAST(:{parameter} AS jsonb)))"


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
    driver: Any = (await connection.get_raw_connection()).driver_connection
    names = (*columns, *same)
    if is_sqlite(connection):
        marks = ", ".join([*("?" * len(columns)), *(str(int(number)) for number in same.values())])
        await driver.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
    else:
        common = tuple(same.values())
        await driver.copy_records_to_table(table, records=[row + common for row in rows], columns=names)

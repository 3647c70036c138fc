"""The reference of scenario 9: the very rows that batches of records left behind, inserted anew and committed.

One transaction a batch, equally durable, into tables and indexes like Muster's. Nothing is received, checked, worked
on or told, and the rows are at hand.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

import asyncpg

from benchmarks.even import PRAGMAS

Rows = Sequence[Sequence[Any]]
Batch = Mapping[str, Rows]
"""What one batch left in each table."""

GROWING: Mapping[str, str] = MappingProxyType(
    {
        "batches": "number",
        "entries": "batch",
        "chunks": "batch",
        "record_batches": "number",
        "records": "number",
        "record_values": "record",
        "record_traces": "number",
        "outbox": "sequence",
        "audit": "id",
    }
)
"""Every table that a batch leaves rows in, and the column whose numbers grow from batch to batch."""


class BareSqlite:
    """A file with tables like those of Muster's file `like`."""

    def __init__(self, file: Path, *, like: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        for pragma in PRAGMAS:
            self._connection.execute(pragma)
        self._like = like
        self._seen = dict.fromkeys(GROWING, 0)
        with closing(self._theirs()) as theirs:
            for table in GROWING:
                made = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC"
                for (statement,) in theirs.execute(made, (table,)):
                    self._connection.execute(statement)
        self.look(1)

    def _theirs(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._like}?mode=ro", uri=True)

    def look(self, batches: int) -> Sequence[Batch]:
        """What that many batches, all alike, left behind since the last look."""
        found: dict[str, Rows] = {}
        with closing(self._theirs()) as theirs:
            for table, column in GROWING.items():
                fresh = f"SELECT * FROM {table} WHERE {column} > ? ORDER BY {column}"  # noqa: S608 - our own words
                found[table] = theirs.execute(fresh, (self._seen[table],)).fetchall()
                last = f"SELECT coalesce(max({column}), 0) FROM {table}"  # noqa: S608 - our own words
                self._seen[table] = theirs.execute(last).fetchone()[0]
        return _apart(found, batches)

    async def take(self, batches: Sequence[Batch]) -> float:
        """Insert them, one after the other; the seconds it took."""
        began = time.perf_counter()
        for batch in batches:
            self._connection.execute("BEGIN IMMEDIATE")
            for table, rows in batch.items():
                if rows:
                    marks = ", ".join("?" * len(rows[0]))
                    self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - our own words
            self._connection.execute("COMMIT")
        return time.perf_counter() - began

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class BarePostgres:
    """Tables like Muster's in a schema beside them. Rows come by INSERT, or by COPY, which is for loading."""

    def __init__(self, connection: asyncpg.Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._seen = dict.fromkeys(GROWING, 0)

    @classmethod
    async def open(cls, url: str, schema: str) -> "BarePostgres":
        """Make the tables."""
        made = cls(await asyncpg.connect(url), schema)
        await made._connection.execute(f"CREATE SCHEMA {schema}")
        for table in GROWING:
            await made._connection.execute(f"CREATE TABLE {schema}.{table} (LIKE {table} INCLUDING ALL)")
        await made.look(1)
        return made

    async def look(self, batches: int) -> Sequence[Batch]:
        """What that many batches, all alike, left behind since the last look."""
        found: dict[str, Rows] = {}
        for table, column in GROWING.items():
            fresh = f"SELECT * FROM {table} WHERE {column} > $1 ORDER BY {column}"  # noqa: S608 - our own words
            found[table] = [tuple(row) for row in await self._connection.fetch(fresh, self._seen[table])]
            last = f"SELECT coalesce(max({column}), 0) FROM {table}"  # noqa: S608 - our own words
            self._seen[table] = await self._connection.fetchval(last)
        return _apart(found, batches)

    async def take(self, batches: Sequence[Batch], *, copied: bool = False) -> float:
        """Insert them, one after the other; the seconds it took."""
        began = time.perf_counter()
        for batch in batches:
            async with self._connection.transaction():
                for table, rows in batch.items():
                    if rows:
                        await self._put(table, rows, copied=copied)
        return time.perf_counter() - began

    async def _put(self, table: str, rows: Rows, *, copied: bool) -> None:
        if copied:
            await self._connection.copy_records_to_table(table, records=rows, schema_name=self._schema)
        else:
            # Prepared once, all rows sent without waiting in between.
            marks = ", ".join(f"${at}" for at in range(1, len(rows[0]) + 1))
            await self._connection.executemany(f"INSERT INTO {self._schema}.{table} VALUES ({marks})", rows)  # noqa: S608 - our own words

    async def close(self) -> None:
        """Let go of the connection."""
        await self._connection.close()


def _apart(found: Mapping[str, Rows], batches: int) -> Sequence[Batch]:
    """An equal part of each table's rows for each batch, in order."""
    return [
        {table: rows[len(rows) * i // batches : len(rows) * (i + 1) // batches] for table, rows in found.items()}
        for i in range(batches)
    ]

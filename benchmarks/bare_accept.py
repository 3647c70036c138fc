"""The reference of scenario 1: read the body, insert the rows, commit. Nothing is checked, nothing is turned into rows.

The rows are those that Muster made of the same body, so both insert the very same.
"""

import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import asyncpg

from benchmarks.even import NEW_COLUMNS, PRAGMAS

Row = tuple[object, ...]


class BareSqlite:
    """A file with a table like Muster's, and the rows of one of its batches."""

    def __init__(self, file: Path, *, like: Path, batch: int) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        for pragma in PRAGMAS:
            self._connection.execute(pragma)
        with closing(sqlite3.connect(f"file:{like}?mode=ro", uri=True)) as theirs:
            table = theirs.execute("SELECT sql FROM sqlite_master WHERE name = 'entries'").fetchone()[0]
            statement = f"SELECT {', '.join(NEW_COLUMNS)} FROM entries WHERE batch = ? ORDER BY position"  # noqa: S608 - our own words
            self.rows: Sequence[Row] = theirs.execute(statement, (batch,)).fetchall()
        self._connection.execute(table)

    def take(self, body: bytes, batch: int) -> float:
        """Take one body in as batch number `batch`; the seconds it took."""
        rows = [(batch, *row[1:]) for row in self.rows]
        marks = ", ".join("?" * len(NEW_COLUMNS))
        insert = f"INSERT INTO entries ({', '.join(NEW_COLUMNS)}) VALUES ({marks})"  # noqa: S608 - our own words
        began = time.perf_counter()
        json.loads(body)
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(insert, rows)
        self._connection.execute("COMMIT")
        return time.perf_counter() - began

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


async def take_postgres(url: str, body: bytes, rows: Sequence[Row], *, rounds: int) -> list[float]:
    """The same on PostgreSQL, by COPY into a table like Muster's: the seconds of each round."""
    connection = await asyncpg.connect(url)
    seconds: list[float] = []
    try:
        await connection.execute("CREATE TABLE bare_entries (LIKE entries INCLUDING ALL)")
        for batch in range(1, rounds + 1):
            records = [(batch, *row[1:]) for row in rows]
            began = time.perf_counter()
            json.loads(body)
            async with connection.transaction():
                await connection.copy_records_to_table("bare_entries", records=records, columns=NEW_COLUMNS)
            seconds.append(time.perf_counter() - began)
    finally:
        await connection.close()
    return seconds

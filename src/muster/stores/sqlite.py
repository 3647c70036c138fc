"""SQLite behind SQLAlchemy with one trip to the connection's thread for each statement.

SQLAlchemy asks aiosqlite four times for one statement (cursor, execute, fetch, close), and each time two threads hand
over to each other: about 0.1 ms apiece, more than most statements take. Here the thread does all four at once.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Self, TypeVar

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_T = TypeVar("_T")

READERS = 8
"""How many transactions read at a time in one process."""
_BUSY_SECONDS = 30
"""How long a writer waits for one of another process."""
_GLANCE_SECONDS = 0.1
"""How long a glance may block everything else, for example while another process opens the file for the first time."""

# FULL: a commit is on disk before it is answered, so a 2xx survives a power cut (design 3).
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA wal_autocheckpoint=4000",
)


def open_engine(url: str, *, writes: bool) -> AsyncEngine:
    """One engine on the file. Writers take the write lock at BEGIN, so two processes wait instead of failing late."""
    connect = partial(_connect, make_url(url).database or ":memory:")
    engine = _engine(url, connect, writes=writes, size=1 if writes else READERS)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def open_glances(url: str) -> AsyncEngine:
    """An engine for reading a few rows by their keys, in the event loop's own thread.

    Such a statement takes some 10 µs. Two threads that hand over to each other take ten times that when the
    interpreter is busy, as each waits for its lock. Readers never wait for a writer (WAL), so nothing here blocks.
    """
    # Without a BEGIN of its own: whoever glances begins and ends on the driver, past SQLAlchemy.
    return _engine(url, partial(_connect_here, make_url(url).database or ":memory:"), writes=False, size=1)


def _engine(
    url: str, connect: Callable[[], Awaitable[aiosqlite.Connection]], *, writes: bool, size: int
) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=size, max_overflow=0, async_creator=connect)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in _PRAGMAS if writes else (*_PRAGMAS, "PRAGMA query_only=ON"):
            cursor.execute(pragma)
        cursor.close()

    return engine


def _connect(path: str) -> Awaitable[aiosqlite.Connection]:
    connector = partial(sqlite3.connect, path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection = _Connection(connector, iter_chunk_size=64)
    connection.let_process_end()
    return connection


def _connect_here(path: str) -> Awaitable[aiosqlite.Connection]:
    connector = partial(sqlite3.connect, path, timeout=_GLANCE_SECONDS, isolation_level=None, check_same_thread=False)
    connection = _ConnectionHere(connector, iter_chunk_size=64)
    connection.let_process_end()
    return connection


class _Connection(aiosqlite.Connection):
    """Gives cursors that do a whole statement at once, and knows when there is nothing to roll back."""

    _clean = False
    """Whether nothing was asked of the connection since its last transaction ended. What was asked and cancelled
    counts as well: the thread does it all the same."""

    async def _execute(self, fn: Callable[..., _T], *args: object, **kwargs: object) -> _T:
        self._clean = False
        done: _T = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]  # aiosqlite's own
        return done

    async def commit(self) -> None:
        """End the transaction."""
        await super().commit()
        self._clean = True

    async def rollback(self) -> None:
        """End the transaction, if there may be one: the pool asks for this after each commit as well."""
        if not self._clean:
            await super().rollback()
            self._clean = True

    def let_process_end(self) -> None:
        """Not to be waited for by a process that ends without closing the store; SQLAlchemy does the same."""
        self._thread.daemon = True

    def cursor(self) -> "_Cursor":  # type: ignore[override]  # SQLAlchemy needs only what _Cursor has
        return _Cursor(self)

    async def at_once(self, call: Callable[..., _T], *arguments: object) -> _T:
        """Do `call(sqlite connection, *arguments)` in the connection's thread."""
        return await self._execute(call, self._conn, *arguments)

    def here(self, statement: str, parameters: Mapping[str, object]) -> list[Any]:
        """Run one statement in the caller's thread; its rows. For what takes some 10 µs (`open_glances` says why).

        A transaction has its connection to itself, so the other thread has nothing to do meanwhile; where it is still
        busy with what was cancelled, SQLite itself has one of them wait.
        """
        self._clean = False
        return self._conn.execute(statement, parameters).fetchall()


class _ConnectionHere(_Connection):
    """Does what it is asked at once; its thread only opens and closes it."""

    async def _execute(self, fn: Callable[..., _T], *args: object, **kwargs: object) -> _T:
        self._clean = False
        return fn(*args, **kwargs)


class _Cursor:
    """What SQLAlchemy needs of an aiosqlite cursor; the rows are here as soon as `execute` returns."""

    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Sequence[object] = ()) -> Self:
        """Run one statement and take all its rows."""
        done = await self._connection.at_once(_execute, statement, parameters)
        self.description, self.rowcount, self.lastrowid, self._rows = done
        return self

    async def executemany(self, statement: str, parameters: Iterable[Sequence[object]]) -> Self:
        """Run one statement for each set of parameters."""
        self.rowcount = await self._connection.at_once(_executemany, statement, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """The rows."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is held."""


def _execute(
    connection: sqlite3.Connection, statement: str, parameters: Sequence[object]
) -> tuple[Sequence[Any] | None, int, int | None, list[Any]]:
    cursor = connection.execute(statement, parameters)
    rows = cursor.fetchall() if cursor.description else []
    done = (cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    cursor.close()
    return done


def _executemany(connection: sqlite3.Connection, statement: str, parameters: Iterable[Sequence[object]]) -> int:
    cursor = connection.executemany(statement, parameters)
    count = cursor.rowcount
    cursor.close()
    return count

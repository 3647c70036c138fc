"""Fresh databases for tests: each is a copy of one that was migrated once."""

import asyncio
import shutil
from collections.abc import Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from muster.stores.migrations import migrate


class SqliteDatabases:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"

    def fresh(self, file: Path) -> str:
        """Put a migrated, empty database at `file`; its URL."""
        if not self._template.exists():
            _wait_for(migrate(_sqlite_url(self._template)))
        shutil.copy(self._template, file)
        return _sqlite_url(file)


class PostgresDatabases:
    """Copies of one migrated database on the server at `server` (`postgresql://…`). `close` removes the template."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._template = ""

    @contextmanager
    def fresh(self) -> Generator[str]:
        """A migrated, empty database, dropped at the end, whoever is still connected; its URL."""
        if not self._template:
            self._template = self._made()
        name = f"muster_test_{uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        try:
            yield self._url(name)
        finally:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        """Remove the template."""
        if self._template:
            self._run(f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)")

    def _made(self) -> str:
        name = f"muster_template_{uuid4().hex}"
        self._run(f"CREATE DATABASE {name}")
        _wait_for(migrate(self._url(name)))
        return name

    def _url(self, name: str) -> str:
        parts = urlsplit(self._server)
        return urlunsplit(parts._replace(scheme="postgresql+asyncpg", path=f"/{name}"))

    def _run(self, statement: str) -> None:
        _wait_for(_execute(self._server, statement))


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def _wait_for(work: Coroutine[None, None, None]) -> None:
    # On a thread of its own: the caller may be a fixture inside a test's running event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()

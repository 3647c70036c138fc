"""Bringing a database to the schema this version needs.

Alembic reads this folder; nothing here needs an `alembic.ini`. To write the next revision, change `tables.py`, add a
module to `versions/` whose `down_revision` is the present head, and run `tests/migrations`: they say what still
differs. There is no way down: a migration is undone by restoring a backup.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

_LOCK = 0x6D757374_6572
"""The advisory lock every migrating process takes: the bytes of the word muster."""
_PATIENCE = 120
"""Seconds to wait for another process that migrates the same SQLite file."""


def head() -> str:
    """The revision this version needs."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise RuntimeError("there are no migrations")
    return found


async def migrate(url: str) -> None:
    """Bring the database at `url` to `head()`; does nothing where it is there already.

    Everything happens in one transaction. Processes that start together wait for each other. The queue's tables on
    PostgreSQL are not ours: whoever calls this calls the queue's own installation too.
    """
    sqlite = make_url(url).get_backend_name() == "sqlite"
    engine = create_async_engine(url, poolclass=NullPool, connect_args={"timeout": _PATIENCE} if sqlite else {})
    try:
        async with engine.connect() as connection:
            await (_migrate_sqlite(connection) if sqlite else _migrate_postgres(connection))
    finally:
        await engine.dispose()


async def _migrate_sqlite(connection: AsyncConnection) -> None:
    # The pragma cannot run inside a transaction, and the write lock is taken before the first look at the schema.
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None  # noqa: S101 - a connection that is open has a driver
    await driver.execute("PRAGMA journal_mode=WAL")
    await connection.exec_driver_sql("BEGIN IMMEDIATE")
    await connection.run_sync(_upgrade)
    await connection.commit()


async def _migrate_postgres(connection: AsyncConnection) -> None:
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    await connection.run_sync(_upgrade)
    await connection.commit()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    # A percent sign would be read as a reference to another option.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config

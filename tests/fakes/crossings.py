"""Making transactions of a PostgreSQL store cross each other at a chosen place."""

import asyncio
from typing import Any

from sqlalchemy import text

from muster.ports.store.unit import Transaction
from muster.stores.database import SqlStore, SqlTransaction

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def lock(tx: Transaction, table: str) -> None:
    """Let nobody else read or write `table` until `tx` ends."""
    await _say(tx, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")


async def lock_rows(tx: Transaction, table: str) -> None:
    """Let nobody else write the rows of `table` until `tx` ends."""
    await _say(tx, f"SELECT FROM {table} FOR UPDATE")


async def _say(tx: Transaction, statement: str) -> None:
    assert isinstance(tx, SqlTransaction)
    # A transaction begins with the first statement that SQLAlchemy sees.
    await tx.accounts.across_tenants_all()
    driver: Any = tx.connection
    await driver.execute(statement)


async def until_waiting(store: SqlStore, many: int = 1) -> None:
    """Return when so many transactions wait for a lock."""
    async with asyncio.timeout(10):
        while True:
            async with store.writer.begin() as connection:
                if (await connection.execute(_WAITING)).scalar_one() >= many:
                    return
            await asyncio.sleep(0.01)

"""Everything a database holds, as text."""

from sqlalchemy import inspect, text

from muster.stores.database import SqlStore


async def dump(store: SqlStore) -> dict[str, list[str]]:
    """Every row of every table, each as its `repr`, by table."""
    async with store.writer.connect() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        found: dict[str, list[str]] = {}
        for table in tables:
            rows = await connection.execute(text(f'SELECT * FROM "{table}"'))  # noqa: S608 - names of our own tables
            found[table] = [repr(dict(row)) for row in rows.mappings()]
        return found

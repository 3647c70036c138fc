"""Keeping rows that may be there already."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.stores.bulk import is_sqlite


async def put(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Keep `rows`, each with the same columns, in place of what has their primary keys."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    new = sqlite.insert(table) if is_sqlite(connection) else postgresql.insert(table)
    changed = {name: new.excluded[name] for name in rows[0] if name not in key}
    statement = new.on_conflict_do_update(index_elements=key, set_=changed)
    # In one order for everyone, so that two that overlap do not lock each other out; of one key, the last row counts.
    last = {tuple(str(row[name]) for name in key): row for row in rows}
    await connection.execute(statement, [last[one] for one in sorted(last)])

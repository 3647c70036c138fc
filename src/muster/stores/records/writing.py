"""Writing what one unit of work changed, in a number of statements that does not depend on how much it is."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import Unavailable
from muster.domain.ids import TenantId
from muster.domain.records.date_rule import DateRule
from muster.domain.records.record import Gone, Link, Record
from muster.ports.store.records import Writing
from muster.stores.bulk import Both, Statement, as_json, insert_many, is_sqlite, rows_given
from muster.stores.records.counting import set_heads
from muster.stores.records.reaching import beside, removing
from muster.stores.records.rows import (
    GONE,
    LINK,
    RECORD,
    RULE,
    SOURCE,
    TRACE,
    Row,
    gone_row,
    link_row,
    record_row,
    rule_row,
    source_rows,
    trace_row,
)
from muster.stores.records.values import VALUE_COLUMNS, value_rows

_KEY = {"char_type": "v.char_type", "number": "v.number"}
_REFS = rows_given({"char_type": "int", "number": "int"}, parameter="refs")
_NUMBERS = rows_given({"number": "int"}, parameter="numbers")
_ROWS = rows_given(RECORD)

_CHANGE = Statement(
    f"UPDATE records SET {', '.join(f'{name} = v.{name}' for name in RECORD if name not in _KEY)} FROM {{those}}",
    those=Both(
        f"{_ROWS.sqlite} AS v"
        " WHERE records.tenant = :tenant AND records.char_type = v.char_type AND records.number = v.number",
        f"{_ROWS.postgres} AS v {beside('records', 'r', _KEY, columns='r.ctid').postgres} WHERE records.ctid = r.ctid",
    ),
)
_REMOVE = removing("records", _REFS, _KEY)
_OF_RECORD = {"char_type": "v.char_type", "record": "v.number"}
_VALUE_KEY = {"char_type": "int", "record": "int", "label": "text", "ordinal": "int"}
_VALUES = Statement(
    f"SELECT {', '.join(f'd.{name}' for name in VALUE_COLUMNS)} FROM {{refs}} AS v {{near}}",
    refs=_REFS,
    near=beside("record_values", "d", _OF_RECORD),
)
_REMOVE_VALUES = removing("record_values", _REFS, _OF_RECORD)
_REMOVE_STALE = removing("record_values", rows_given(_VALUE_KEY), {name: f"v.{name}" for name in _VALUE_KEY})
_REMOVE_LINKS = removing("record_links", _NUMBERS, {"number": "v.number"})
_RELATE = Statement(
    f"INSERT INTO record_links (tenant, {', '.join(LINK)})"
    f" SELECT CAST(:tenant AS BIGINT), {', '.join(LINK)} FROM {{rows}} AS v",
    rows=rows_given(LINK),
)
_REMOVE_RULES = removing("date_rules", _NUMBERS, {"number": "v.number"})
_REMOVE_SOURCES = removing("date_rule_sources", _NUMBERS, {"rule": "v.number"})


MANY: Final = 5_000
"""So many new records at once change what PostgreSQL should know of them; it finds out by itself a minute later."""


async def write(connection: AsyncConnection, tenant: TenantId, writing: Writing) -> None:
    """Keep all of it."""
    work = _Work(connection, tenant)
    # Before anything that goes past SQLAlchemy, which begins the transaction with the first statement that it sees.
    await set_heads(connection, tenant, writing.heads)
    # What is removed goes first: what is added may stand in its place.
    await work.remove(writing.removed, writing.links_removed)
    await work.put_rules(writing.rules_put, writing.rules_removed)
    await work.change(writing.changed)
    await work.add("records", tuple(RECORD), map(record_row, writing.added))
    await work.add("record_values", VALUE_COLUMNS, value_rows(writing.added))
    await work.relate(writing.links_added)
    await work.add("record_traces", tuple(TRACE), map(trace_row, writing.traces))
    if len(writing.added) >= MANY and not is_sqlite(connection):
        # Until then it would take them for a handful, and search them pair by pair.
        await connection.execute(text("ANALYZE records, record_values, record_links"))


class _Work:
    """One writing: where to, and whose."""

    def __init__(self, connection: AsyncConnection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    async def add(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert rows, if there are any."""
        if kept := list(rows):
            same = {"tenant": self._tenant}
            await insert_many(self._connection, table, columns=columns, rows=kept, same=same)

    async def _run(self, statement: Statement, **values: object) -> Sequence[Any]:
        return await statement.rows(
            self._connection, {"tenant": self._tenant, **{k: as_json(v) for k, v in values.items()}}
        )

    async def remove(self, records: Sequence[Gone], links: Sequence[Gone]) -> None:
        """Leave tombstones in place of what is removed."""
        if records:
            refs = [gone.what.ref for gone in records if isinstance(gone.what, Record)]
            await self._run(_REMOVE, refs=refs)
            await self._run(_REMOVE_VALUES, refs=refs)
            await self.add("records_gone", (*RECORD, *GONE), map(gone_row, records))
        if links:
            numbers = [[gone.what.number] for gone in links if isinstance(gone.what, Link)]
            await self._run(_REMOVE_LINKS, numbers=numbers)
            await self.add("record_links_gone", (*LINK, *GONE), map(gone_row, links))

    async def change(self, records: Sequence[Record]) -> None:
        """Change records, and those of their values that are not as they were.

        Most changes leave most values alone, and to read them costs a fraction of writing them and their indexes.
        """
        if not records:
            return
        await self._run(_CHANGE, rows=[record_row(record) for record in records])
        before = {tuple(row) for row in await self._run(_VALUES, refs=[record.ref for record in records])}
        after = list(value_rows(records))
        if stale := before.difference(after):
            await self._run(_REMOVE_STALE, rows=sorted(row[: len(_VALUE_KEY)] for row in stale))
        await self.add("record_values", VALUE_COLUMNS, (row for row in after if row not in before))

    async def relate(self, links: Sequence[Link]) -> None:
        """Add relationships. Raises Unavailable where somebody else was faster with one: it will be seen next time."""
        if not links:
            return
        try:
            await self._run(_RELATE, rows=[link_row(link) for link in links])
        except IntegrityError as error:
            raise Unavailable("somebody else relates the same records") from error

    async def put_rules(self, rules: Sequence[DateRule], removed: Sequence[int]) -> None:
        """Keep date rules, new or changed, each with its sources as they are now."""
        if numbers := [[number] for number in (*removed, *(rule.number for rule in rules))]:
            await self._run(_REMOVE_SOURCES, numbers=numbers)
            await self._run(_REMOVE_RULES, numbers=numbers)
        await self.add("date_rules", tuple(RULE), map(rule_row, rules))
        await self.add("date_rule_sources", tuple(SOURCE), (row for rule in rules for row in source_rows(rule)))

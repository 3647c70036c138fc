"""Records, their relationships, date rules and audit history."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.ids import TenantId
from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import DateRule, Source
from muster.domain.records.record import Gone, Link, Record
from muster.domain.records.search import GoneSearch, Search
from muster.domain.records.trace import Trace
from muster.ports.store.records import Found, Loaded, Span, TraceFilter, Writing
from muster.stores.bulk import Both, Statement, as_json, rows_given
from muster.stores.operands import MOST
from muster.stores.records import counting, gone, history, searching, spans
from muster.stores.records.locking import look, may_lock, take
from muster.stores.records.reaching import ByIndex, beside
from muster.stores.records.rows import LINK, RECORD, RULE, SOURCE, link_of, record_of, rule_of, source_of
from muster.stores.records.writing import write

_REF = {"char_type": "int", "number": "int"}
_REFS = rows_given(_REF, parameter="refs")
_EACH = rows_given({"number": "int"}, parameter="numbers")
_LINK = ", ".join(f"l.{name}" for name in LINK)
_ENDS = ("parent_type", "parent", "child_type", "child")
_ABOVE = {"child_type": "v.char_type", "child": "v.number"}
_BELOW = {"parent_type": "v.char_type", "parent": "v.number"}


def _linked(given: Both, key: Mapping[str, str], *, then: str = "") -> Statement:
    near = beside("record_links", "l", key, then=then)
    return Statement(f"SELECT {_LINK} FROM {{given}} AS v {{near}}", given=given, near=near)


_LINKS = _linked(_EACH, {"number": "v.number"})
_LINKS_ABOVE = _linked(_REFS, _ABOVE)
_LINKS_BELOW = _linked(_REFS, _BELOW)
_LINKS_BETWEEN = _linked(
    rows_given(dict.fromkeys(_ENDS, "int"), parameter="pairs"), {name: f"v.{name}" for name in _ENDS}, then="kind"
)
_COUNTS = Statement(
    "SELECT v.char_type, v.number, count(*) FROM {refs} AS v {near} GROUP BY v.char_type, v.number",
    refs=_REFS,
    near=beside("record_links", "l", _ABOVE, columns="1"),
)
_MADE = Statement(
    f"SELECT {', '.join(f'r.{name}' for name in RECORD)} FROM {{numbers}} AS v {{near}} ORDER BY r.char_type, r.number",
    numbers=_EACH,
    near=beside("records", "r", {"origin": "v.number"}),
)
_MADE_COUNTS = Statement(
    "SELECT v.number, count(*) FROM {numbers} AS v {near} GROUP BY v.number",
    numbers=_EACH,
    near=beside("records", "r", {"origin": "v.number"}, columns="1"),
)
_RULES = Statement(
    f"SELECT {', '.join(f'r.{name}' for name in RULE)} FROM {{numbers}} AS v {{near}} ORDER BY r.number",
    numbers=_EACH,
    near=beside("date_rules", "r", {"number": "v.number"}),
)
_TARGETS = beside("date_rules", "r", {"char_type": "v.char_type", "record": "v.number"})
_LOOKED_AT = beside("date_rule_sources", "s", {"char_type": "v.char_type", "record": "v.number"})
_WORKED_OUT = beside("date_rules", "r", {"number": "s.rule"})
_ONWARDS = Both(
    # One WHERE for both on SQLite, where it stands behind all of FROM.
    "CROSS JOIN date_rule_sources AS s CROSS JOIN date_rules AS r"
    " WHERE s.tenant = :tenant AND s.char_type = v.char_type AND s.record = v.number"
    " AND r.tenant = :tenant AND r.number = s.rule",
    f"{_LOOKED_AT.postgres} {_WORKED_OUT.postgres}",
)
_RULES_TOUCHING = Statement(
    "SELECT r.number FROM {refs} AS v {targets} UNION SELECT s.rule FROM {refs} AS v {sources}",
    refs=_REFS,
    targets=_TARGETS,
    sources=_LOOKED_AT,
)
_RULES_IN_REACH = Statement(
    "WITH RECURSIVE reached (char_type, number) AS ("
    "SELECT v.char_type, v.number FROM {refs} AS v UNION SELECT r.char_type, r.record FROM reached AS v {onwards})"
    " SELECT r.number FROM reached AS v {targets} UNION SELECT s.rule FROM reached AS v {sources}",
    refs=_REFS,
    onwards=_ONWARDS,
    targets=_TARGETS,
    sources=_LOOKED_AT,
)
_SOURCES = Statement(
    f"SELECT {', '.join(f's.{name}' for name in SOURCE)} FROM {{numbers}} AS v {{near}} ORDER BY s.rule, s.position",
    numbers=_EACH,
    near=beside("date_rule_sources", "s", {"rule": "v.number"}),
)


class RecordTable:
    """The records of a tenant; see ports.store.records."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._by_index = ByIndex(connection)

    async def load(
        self, tenant: TenantId, refs: Collection[RecordRef], *, lock: bool = False, patience: timedelta = timedelta()
    ) -> Loaded:
        """Those of `refs` that there are; with `lock` nobody else can change them until the transaction ends."""
        wanted = _keepable(refs)
        if not wanted:
            return Loaded({})
        await self._by_index.expect(wanted)
        busy = frozenset[RecordRef]()
        if lock and may_lock(self._connection):
            rows, busy = await take(self._connection, tenant, wanted, patience=patience)
        else:
            rows = await look(self._connection, tenant, wanted)
        return Loaded({record.ref: record for record in map(record_of, rows)}, busy)

    async def links(self, tenant: TenantId, numbers: Collection[int]) -> Sequence[Link]:
        """Those of the relationships that there are."""
        wanted = [number for number in dict.fromkeys(numbers) if 0 <= number <= MOST]
        given = as_json([[number] for number in wanted])
        return await self._links(_LINKS, {"tenant": tenant, "numbers": given}, wanted)

    async def links_above(self, tenant: TenantId, refs: Collection[RecordRef]) -> Sequence[Link]:
        """All relationships with one of `refs` as their child."""
        wanted = _keepable(refs)
        return await self._links(_LINKS_ABOVE, {"tenant": tenant, "refs": as_json(wanted)}, wanted)

    async def links_below(self, tenant: TenantId, refs: Collection[RecordRef]) -> Sequence[Link]:
        """All relationships with one of `refs` as their parent."""
        wanted = _keepable(refs)
        return await self._links(_LINKS_BELOW, {"tenant": tenant, "refs": as_json(wanted)}, wanted)

    async def links_between(self, tenant: TenantId, pairs: Collection[tuple[RecordRef, RecordRef]]) -> Sequence[Link]:
        """All relationships from a parent to a child that are among `pairs`, of any kind."""
        wanted = [
            (*parent, *child) for parent, child in dict.fromkeys(pairs) if _keepable((parent,)) and _keepable((child,))
        ]
        return await self._links(_LINKS_BETWEEN, {"tenant": tenant, "pairs": as_json(wanted)}, wanted)

    async def parent_counts(self, tenant: TenantId, refs: Collection[RecordRef]) -> Mapping[RecordRef, int]:
        """Of how many relationships each is the child; those with none are left out."""
        wanted = _keepable(refs)
        if not wanted:
            return {}
        await self._by_index.expect(wanted)
        rows = await _COUNTS.rows(self._connection, {"tenant": tenant, "refs": as_json(wanted)})
        return {RecordRef(row[0], row[1]): row[2] for row in rows}

    async def rules_touching(self, tenant: TenantId, refs: Collection[RecordRef]) -> Sequence[DateRule]:
        """All date rules whose target, or one of whose sources, is a field of one of `refs`."""
        return await self._rules(_RULES_TOUCHING, tenant, refs)

    async def rules_in_reach(self, tenant: TenantId, refs: Collection[RecordRef]) -> Sequence[DateRule]:
        """As `rules_touching`, and the rules that touch the targets of those, and so on."""
        return await self._rules(_RULES_IN_REACH, tenant, refs)

    async def _rules(self, which: Statement, tenant: TenantId, refs: Collection[RecordRef]) -> Sequence[DateRule]:
        wanted = _keepable(refs)
        if not wanted:
            return []
        await self._by_index.expect(wanted)
        rows = await which.rows(self._connection, {"tenant": tenant, "refs": as_json(wanted)})
        return await self.rules(tenant, [row[0] for row in rows])

    async def rules(self, tenant: TenantId, numbers: Collection[int]) -> Sequence[DateRule]:
        """Those of the date rules that there are, in order of their numbers."""
        wanted = [number for number in dict.fromkeys(numbers) if 0 <= number <= MOST]
        if not wanted:
            return []
        await self._by_index.expect(wanted)
        values = {"tenant": tenant, "numbers": as_json([[number] for number in wanted])}
        rules = await _RULES.rows(self._connection, values)
        sources: Mapping[int, list[Source]] = defaultdict(list)
        for row in await _SOURCES.rows(self._connection, values) if rules else ():
            sources[row[0]].append(source_of(row))
        return [rule_of(row, sources.get(row[0], ())) for row in rules]

    async def made_by(self, tenant: TenantId, rows: Collection[int]) -> Sequence[Record]:
        """The amounts that amortizing these table rows made."""
        wanted = [number for number in dict.fromkeys(rows) if 0 <= number <= MOST]
        if not wanted:
            return []
        await self._by_index.expect(wanted)
        given = as_json([[number] for number in wanted])
        found = await _MADE.rows(self._connection, {"tenant": tenant, "numbers": given})
        return [record_of(row) for row in found]

    async def made_counts(self, tenant: TenantId, rows: Collection[int]) -> Mapping[int, int]:
        """How many amounts amortizing each of these table rows made; those with none are left out."""
        wanted = [[number] for number in dict.fromkeys(rows) if 0 <= number <= MOST]
        if not wanted:
            return {}
        await self._by_index.expect(wanted)
        found = await _MADE_COUNTS.rows(self._connection, {"tenant": tenant, "numbers": as_json(wanted)})
        return {row[0]: row[1] for row in found}

    async def span_count(self, tenant: TenantId, span: Span) -> int:
        """How many records are in the span."""
        return await spans.count(self._connection, tenant, span)

    async def in_span(
        self, tenant: TenantId, span: Span, *, after: tuple[str, int] | None = None, limit: int
    ) -> Sequence[tuple[str, Record]]:
        """Up to `limit` records of the span, each with its text, in order of these and of their numbers."""
        await self._by_index.expect(range(limit))
        return await spans.page(self._connection, tenant, span, after=after, limit=limit)

    async def heads(self, tenant: TenantId, counters: Collection[str]) -> Mapping[str, int]:
        """The last number given out by each counter, locked until the transaction ends."""
        return await counting.heads(self._connection, tenant, counters)

    async def write(self, tenant: TenantId, writing: Writing) -> None:
        """Keep all of it, in a number of statements that does not depend on how much it is."""
        rules = (*writing.rules_put, *writing.rules_removed)
        await self._by_index.expect(max(writing.changed, writing.removed, writing.links_removed, rules, key=len))
        await write(self._connection, tenant, writing)

    async def search(self, tenant: TenantId, search: Search) -> Found[Record]:
        """What matches. Raises BadInput for what cannot be compared."""
        return await searching.search(self._connection, tenant, search)

    async def search_links(self, tenant: TenantId, search: Search) -> Found[Link]:
        """As `search`, among relationships."""
        return await searching.search_links(self._connection, tenant, search)

    async def search_gone(self, tenant: TenantId, search: GoneSearch) -> Sequence[Gone]:
        """What was deleted, oldest first."""
        return await gone.search_gone(self._connection, tenant, search)

    async def traces(
        self, tenant: TenantId, ref: RecordRef, where: TraceFilter, *, offset: int, limit: int
    ) -> tuple[int, Sequence[Trace]]:
        """How many rows of the audit history match, and a part of them, newest first."""
        return await history.traces(self._connection, tenant, ref, where, offset=offset, limit=limit)

    async def trace(self, tenant: TenantId, number: int) -> Trace:
        """One row of the audit history. Raises NotFound."""
        return await history.trace(self._connection, tenant, number)

    async def locked_beside(
        self, tenant: TenantId, ref: RecordRef, locked: Collection[tuple[int, int, int]], *, offset: int, limit: int
    ) -> tuple[int, Sequence[tuple[Link, Record]]]:
        """Records related to `ref` that stand in one of `locked` (char type, template, status), and how."""
        return await history.locked_beside(self._connection, tenant, ref, locked, offset=offset, limit=limit)

    async def _links(self, statement: Statement, values: Mapping[str, object], wanted: Sequence[Any]) -> Sequence[Link]:
        if not wanted:
            return []
        await self._by_index.expect(wanted)
        return [link_of(row) for row in await statement.rows(self._connection, values)]


def _keepable(refs: Iterable[RecordRef]) -> list[RecordRef]:
    """Each of `refs` once, without those whose numbers no record can have."""
    return [ref for ref in dict.fromkeys(refs) if 0 <= ref.number <= MOST and 0 <= ref.char_type <= MOST]

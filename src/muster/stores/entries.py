"""Entries, always many at a time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.entry import Entry, EntryState, NewEntry, QueuedEntry
from muster.domain.fault import Fault
from muster.domain.ids import BatchNumber, TenantId
from muster.ports.store.batches import Page
from muster.ports.store.entries import Applied, Change
from muster.stores.bulk import Statement, as_json, insert_many, is_sqlite, rows_given, values_listed
from muster.stores.moments import micros, moment
from muster.stores.tables import batches, count_column, entries

_NEW_COLUMNS = ("position", "state", "address", "payload")
_CHANGE_COLUMNS = {
    # With the whole primary key in the rows, SQLite looks each entry up; with the batch as a parameter of the
    # statement it would read all entries of the batch once for every row.
    "batch": "int",
    "position": "int",
    "before": "text",
    "after": "text",
    "reason": "text",
    "detail": "text",
    "due_at": "int",
    "segments": "int",
    "repeats": "int",
    "unsent": "int",
    "leaves": "int",
}
# sqlite3 binds a plain str several times faster than a member of a StrEnum.
_PLAIN = {state: state.value for state in EntryState}
# A look-up costs a tenth of a call of the enumeration.
_STATES = {state.value: state for state in EntryState}
# Proves in the statement itself that the batch is the tenant's own.
_OWN = "EXISTS (SELECT 1 FROM batches WHERE number = :batch AND tenant = :tenant)"
_QUEUED_COLUMNS = "position, state, address, payload, attempts, repeats"
_SPAN = "batch = :batch AND position >= :first AND position < :last"
_POSITIONS = values_listed("int", parameter="positions")

_DUE = Statement(
    f"SELECT {_QUEUED_COLUMNS} FROM entries WHERE {_SPAN}"
    f" AND (state = 'accepted' OR (state = 'held' AND due_at <= :now)) AND {_OWN} ORDER BY position LIMIT :limit"
)
_LEFT = Statement(
    f"SELECT {_QUEUED_COLUMNS} FROM entries WHERE {_SPAN} AND state = 'dispatching' AND {_OWN} ORDER BY position"
)
_NEXT_DUE = Statement(f"SELECT min(due_at) FROM entries WHERE {_SPAN} AND state = 'held' AND {_OWN}")
_INTENT = (
    "UPDATE entries SET state = 'dispatching', attempts = attempts + 1, due_at = NULL, reason = NULL, detail = NULL,"
    f" updated_at = :at WHERE batch = :batch AND {_OWN} AND position IN {{positions}}"
)
_INTEND = Statement(f"{_INTENT} AND state = 'accepted' RETURNING position", positions=_POSITIONS)
_INTEND_HELD = Statement(f"{_INTENT} AND state = 'held' RETURNING position", positions=_POSITIONS)
_STEP_SETS = (
    "UPDATE entries SET state = :after, reason = :reason, detail = :detail, due_at = :due_at,"
    " segments = segments + :segments, repeats = repeats + :repeats, attempts = attempts - :unsent, updated_at = :at"
)
_STEP_WHERE = f"WHERE batch = :batch AND state = :before AND {_OWN} AND position IN {{positions}} RETURNING position"
_STEP = Statement(f"{_STEP_SETS} {_STEP_WHERE}", positions=_POSITIONS)
_STEP_OUT = Statement(f"{_STEP_SETS}, left_at = :at {_STEP_WHERE}", positions=_POSITIONS)
_STEPS = Statement(
    "UPDATE entries SET state = v.after, reason = v.reason, detail = v.detail, due_at = v.due_at,"
    " segments = entries.segments + v.segments, repeats = entries.repeats + v.repeats,"
    " attempts = entries.attempts - v.unsent, updated_at = :at,"
    " left_at = CASE WHEN v.leaves = 1 THEN :at ELSE entries.left_at END FROM {rows} AS v"
    " WHERE entries.batch = v.batch AND entries.position = v.position AND entries.state = v.before"
    f" AND {_OWN} RETURNING entries.position",
    rows=rows_given(_CHANGE_COLUMNS),
)
_CANCELLED = "state = 'cancelled', due_at = NULL, reason = NULL, detail = NULL"
_CANCEL = tuple(
    (before, after, text(f"UPDATE entries SET {sets}, updated_at = :at WHERE {_SPAN} AND {which} AND {_OWN}"))
    for before, after, sets, which in (
        # It left once, and nobody knows whether it arrived: the reason for that stays.
        (EntryState.HELD, EntryState.UNKNOWN, "state = 'unknown', due_at = NULL", "state = 'held' AND repeats > 0"),
        (EntryState.HELD, EntryState.CANCELLED, _CANCELLED, "state = 'held'"),
        (EntryState.ACCEPTED, EntryState.CANCELLED, _CANCELLED, "state = 'accepted'"),
    )
)
_OUT = frozenset({EntryState.SENT, EntryState.DELIVERED, EntryState.UNDELIVERED, EntryState.UNKNOWN})
"""Whatever goes from `dispatching` to one of these was handed over, or may have been."""
_FEW = 8
"""Up to so many different steps, one statement for each is faster than one that takes every entry's from a row."""
_Step = tuple[EntryState, EntryState, str | None, str | None, datetime | None, int, bool, bool]
"""A change without its position: what most entries of a window have in common."""


class EntryTable:
    """The entries of a tenant's batches; see ports.store.entries."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, tenant: TenantId, batch: BatchNumber, entries: Sequence[NewEntry], *, at: datetime) -> None:
        """Keep new entries. The batch was added in this same transaction, so it is the tenant's own."""
        del tenant
        same = {"batch": batch, "updated_at": micros(at)}
        # Most entries have no fault: for them two columns less are bound, and time is lost in binding.
        sound = [(e.position, _PLAIN[e.state], e.address, e.payload) for e in entries if e.reason is None]
        await insert_many(self._connection, "entries", columns=_NEW_COLUMNS, rows=sound, same=same)
        if len(sound) < len(entries):
            odd = [
                (e.position, _PLAIN[e.state], e.address, e.payload, e.reason, e.faults)
                for e in entries
                if e.reason is not None
            ]
            columns = (*_NEW_COLUMNS, "reason", "faults")
            await insert_many(self._connection, "entries", columns=columns, rows=odd, same=same)

    async def find(
        self,
        tenant: TenantId,
        batch: BatchNumber,
        *,
        states: frozenset[EntryState] | None,
        order: Sequence[tuple[str, bool]],
        page: Page,
    ) -> tuple[int, Sequence[Entry]]:
        """How many match, and one page."""
        total = await self._count(tenant, batch, states)
        conditions = [entries.c.batch == batch]
        if states is not None:
            conditions.append(entries.c.state.in_([state.value for state in states]))
        if not total:
            return 0, []
        if states is None and not order:
            # Positions have no gaps, so the page's place is known: nothing before it needs to be read.
            conditions.append(entries.c.position >= min(page.offset, total))
            page = Page(0, page.limit)
        sortable = self._sortable()
        keys = [sortable[name].desc() if descending else sortable[name].asc() for name, descending in order]
        statement = (
            select(entries).where(*conditions).order_by(*keys, entries.c.position).limit(page.limit).offset(page.offset)
        )
        return total, [_entry(row) for row in await self._connection.execute(statement)]

    async def _count(self, tenant: TenantId, batch: BatchNumber, states: frozenset[EntryState] | None) -> int:
        """How many entries are in `states`, by the batch's own counts: counting a million anew takes too long."""
        columns = [batches.c[count_column(state)] for state in EntryState if states is None or state in states]
        statement = select(*columns).where(batches.c.number == batch, batches.c.tenant == tenant)
        row = (await self._connection.execute(statement)).one_or_none() if columns else None
        return sum(row) if row is not None else 0

    def _sortable(self) -> Mapping[str, ColumnElement[Any]]:
        if is_sqlite(self._connection):
            title: ColumnElement[Any] = func.json_extract(entries.c.payload, "$.title")
        else:
            title = func.jsonb_extract_path_text(func.to_jsonb(text("entries.payload::json")), "title")
        return {
            "position": entries.c.position,
            "state": entries.c.state,
            "address": entries.c.address,
            # An entry without one sorts first on both dialects, which disagree about NULL.
            "title": func.coalesce(title, ""),
        }

    async def due(
        self, tenant: TenantId, batch: BatchNumber, *, first: int, last: int, now: datetime, limit: int
    ) -> Sequence[QueuedEntry]:
        """Entries of positions [first, last) to dispatch now."""
        values = {"batch": batch, "tenant": tenant, "first": first, "last": last, "now": micros(now), "limit": limit}
        return [_queued(row) for row in await _DUE.rows(self._connection, values)]

    async def left_dispatching(
        self, tenant: TenantId, batch: BatchNumber, *, first: int, last: int
    ) -> Sequence[QueuedEntry]:
        """Entries of [first, last) with an intent and no result."""
        values = {"batch": batch, "tenant": tenant, "first": first, "last": last}
        return [_queued(row) for row in await _LEFT.rows(self._connection, values)]

    async def intend(self, tenant: TenantId, batch: BatchNumber, positions: Sequence[int], *, at: datetime) -> Applied:
        """Write the intent."""
        values = {"batch": batch, "tenant": tenant, "positions": as_json(positions), "at": micros(at)}
        done = [row[0] for row in await _INTEND.rows(self._connection, values)]
        deltas = Counter({EntryState.ACCEPTED: -len(done)})
        if len(done) < len(positions):
            again = [row[0] for row in await _INTEND_HELD.rows(self._connection, values)]
            deltas[EntryState.HELD] -= len(again)
            done += again
        deltas[EntryState.DISPATCHING] += len(done)
        return Applied(tuple(done), dict(deltas))

    async def change(self, tenant: TenantId, batch: BatchNumber, changes: Sequence[Change], *, at: datetime) -> Applied:
        """Apply what still applies of `changes`."""
        if not changes:
            return Applied((), {})
        alike: dict[_Step, list[int]] = {}
        for c in changes:
            step = (c.before, c.after, c.reason, c.detail, c.due_at, c.segments, c.repeat, c.unsent)
            alike.setdefault(step, []).append(c.position)
        if len(alike) > _FEW:
            return await self._change_each(tenant, batch, changes, at=at)
        moved: list[int] = []
        deltas: Counter[EntryState] = Counter()
        for step, positions in alike.items():
            values = {"batch": batch, "tenant": tenant, "positions": as_json(positions), "at": micros(at)}
            statement = _STEP_OUT if _leaves(step[0], step[1], repeat=step[6]) else _STEP
            done = await statement.rows(self._connection, {**values, **_kept(step)})
            moved += [row[0] for row in done]
            deltas[step[0]] -= len(done)
            deltas[step[1]] += len(done)
        return Applied(tuple(sorted(moved)), dict(deltas))

    async def _change_each(
        self, tenant: TenantId, batch: BatchNumber, changes: Sequence[Change], *, at: datetime
    ) -> Applied:
        """`change` for many different steps: one statement that takes each from a row of its own."""
        rows = [
            (
                batch,
                c.position,
                c.before,
                c.after,
                c.reason,
                c.detail,
                None if c.due_at is None else micros(c.due_at),
                c.segments,
                int(c.repeat),
                int(c.unsent),
                int(_leaves(c.before, c.after, repeat=c.repeat)),
            )
            for c in changes
        ]
        values = {"batch": batch, "tenant": tenant, "rows": as_json(rows), "at": micros(at)}
        moved = {row[0] for row in await _STEPS.rows(self._connection, values)}
        deltas: Counter[EntryState] = Counter()
        for change in changes:
            if change.position in moved:
                deltas[change.before] -= 1
                deltas[change.after] += 1
        return Applied(tuple(sorted(moved)), dict(deltas))

    async def cancel(self, tenant: TenantId, batch: BatchNumber, *, first: int, last: int, at: datetime) -> Applied:
        """Cancel what of [first, last) is accepted or held; what was held for a repeat becomes unknown."""
        deltas: Counter[EntryState] = Counter()
        values = {"batch": batch, "tenant": tenant, "first": first, "last": last, "at": micros(at)}
        for state, after, statement in _CANCEL:
            count = (await self._connection.execute(statement, values)).rowcount
            deltas[state] -= count
            deltas[after] += count
        return Applied((), dict(deltas))

    async def next_due(self, tenant: TenantId, batch: BatchNumber, *, first: int, last: int) -> datetime | None:
        """The earliest time an entry of [first, last) is held for."""
        values = {"batch": batch, "tenant": tenant, "first": first, "last": last}
        earliest = (await _NEXT_DUE.rows(self._connection, values))[0][0]
        return None if earliest is None else moment(earliest)

    async def across_tenants_overdue(
        self, *, sent_before: datetime, limit: int
    ) -> Sequence[tuple[TenantId, BatchNumber, int]]:
        """Entries sent before then that still wait for a receipt."""
        statement = (
            select(batches.c.tenant, entries.c.batch, entries.c.position)
            .join(batches, batches.c.number == entries.c.batch)
            .where(
                batches.c.n_sent > 0,
                batches.c.state.not_in(("completed", "failed", "cancelled")),
                entries.c.state == EntryState.SENT.value,
                entries.c.updated_at < micros(sent_before),
            )
            .order_by(entries.c.batch, entries.c.position)
            .limit(limit)
        )
        rows = await self._connection.execute(statement)
        return [(TenantId(row[0]), BatchNumber(row[1]), row[2]) for row in rows]


def _leaves(before: EntryState, after: EntryState, *, repeat: bool) -> bool:
    """Whether this step is the one in which an entry leaves the machine; it may have, where it is to be repeated."""
    return before is EntryState.DISPATCHING and (repeat or after in _OUT)


def _kept(step: _Step) -> Mapping[str, object]:
    """The step as parameters of `_STEP`."""
    before, after, reason, detail, due_at, segments, repeat, unsent = step
    return {
        "before": _PLAIN[before],
        "after": _PLAIN[after],
        "reason": reason,
        "detail": detail,
        "due_at": None if due_at is None else micros(due_at),
        "segments": segments,
        "repeats": int(repeat),
        "unsent": int(unsent),
    }


def _queued(row: Any) -> QueuedEntry:
    position, state, address, payload, attempts, repeats = row
    return QueuedEntry(position, _STATES[state], address, payload, attempts, repeats)


def _entry(row: Any) -> Entry:
    return Entry(
        position=row.position,
        state=EntryState(row.state),
        address=row.address,
        payload=row.payload,
        reason=row.reason,
        detail=row.detail,
        faults=msgspec.json.decode(row.faults, type=tuple[Fault, ...]) if row.faults else (),
        attempts=row.attempts,
        repeats=row.repeats,
        segments=row.segments,
        due_at=None if row.due_at is None else moment(row.due_at),
        left_at=None if row.left_at is None else moment(row.left_at),
        updated_at=moment(row.updated_at),
    )

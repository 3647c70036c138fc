"""Receipts: stored first, matched later."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.entry import EntryState
from muster.domain.ids import BatchNumber, ChannelId, TenantId, position_in, siblings
from muster.domain.receipt import GRAVITY, Receipt, Verdict
from muster.ports.store.receipts import Handover, Match, Passage
from muster.stores.bulk import Statement, as_json, insert_many, rows_given, values_listed
from muster.stores.moments import micros
from muster.stores.passages import IN_DOUBT, passages
from muster.stores.tables import batches, channels, receipts

_RECEIPT_COLUMNS = ("tenant", "channel", "ref", "alternates", "verdict", "code", "received_at", "state")
_HANDOVER_COLUMNS = ("channel", "ref", "batch", "position", "part", "parts", "handed_at")
# The whole primary key, so that SQLite looks each segment up instead of reading the channel's for every row.
_SEGMENT = {"channel": "int", "ref": "text", "batch": "int", "position": "int", "part": "int"}

_WAITING = Statement(
    "SELECT id, ref, alternates, verdict, code, received_at FROM receipts"
    " WHERE tenant = :tenant AND channel = :channel AND state = 'waiting'"
    # The newest first: what never matches must not keep the rest from being looked at.
    " ORDER BY id DESC LIMIT :limit"
)
_SEGMENTS = Statement(
    "SELECT ref, batch, position, part FROM handovers WHERE channel = :channel AND ref IN {refs} ORDER BY handed_at",
    refs=values_listed("text", parameter="refs"),
)
_GRAVITY = " ".join(f"WHEN '{verdict.value}' THEN {gravity}" for verdict, gravity in GRAVITY.items())
_NAMES_ENTRY: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9]{1,3}")
_SPANS_AT_ONCE: Final = 100
_IN_DOUBT = Statement(
    "SELECT v.ref, v.batch, v.position FROM {rows} AS v"
    " JOIN entries ON entries.batch = v.batch AND entries.position = v.position"
    # Not before its outcome is written: the hand-over may yet come with it.
    f" WHERE entries.state IN {IN_DOUBT} AND entries.attempts >= v.attempt",
    rows=rows_given({"ref": "text", "batch": "int", "position": "int", "attempt": "int"}),
)
_ADOPT = Statement(
    "INSERT INTO handovers (channel, ref, batch, position, part, parts, handed_at)"
    " SELECT channel, ref, batch, position, part, 1, handed_at FROM {rows} AS v"
    # The outcome, and the hand-over with it, may have been written since we looked for it.
    " WHERE true ON CONFLICT DO NOTHING",
    rows=rows_given({**_SEGMENT, "handed_at": "int"}),
)
_SETTLE = Statement(
    "UPDATE handovers SET verdict = v.verdict FROM {rows} AS v"
    " WHERE handovers.channel = v.channel AND handovers.ref = v.ref AND handovers.batch = v.batch"
    " AND handovers.position = v.position AND handovers.part = v.part"
    f" AND (handovers.verdict IS NULL OR v.gravity > CASE handovers.verdict {_GRAVITY} ELSE 0 END)"
    " RETURNING handovers.ref, handovers.batch, handovers.position, handovers.part",
    rows=rows_given({**_SEGMENT, "verdict": "text", "gravity": "int"}),
)
_MARK = Statement(
    "UPDATE receipts SET state = v.state, batch = v.batch, position = v.position FROM {rows} AS v"
    " WHERE receipts.id = v.id",
    rows=rows_given({"id": "int", "state": "text", "batch": "int", "position": "int"}),
)
_MATCHES = Statement(
    "SELECT v.ref, v.batch, v.position, v.part, entries.state, h.parts, CASE WHEN h.parts = 1 THEN 1 ELSE"
    " (SELECT count(DISTINCT sister.part) FROM handovers AS sister"
    "  WHERE sister.batch = v.batch AND sister.position = v.position"
    "  AND sister.parts > 1 AND sister.verdict = 'arrived') END, entries.address"
    " FROM {rows} AS v"
    " JOIN entries ON entries.batch = v.batch AND entries.position = v.position"
    " JOIN handovers AS h ON h.channel = v.channel AND h.ref = v.ref AND h.batch = v.batch"
    "  AND h.position = v.position AND h.part = v.part",
    rows=rows_given(_SEGMENT),
)


class _Segment(NamedTuple):
    """One handed-over segment, as `handovers` keys it."""

    ref: str
    batch: int
    position: int
    part: int


class _Waiting(NamedTuple):
    id: int
    ref: str
    alternates: Sequence[str]
    verdict: Verdict
    code: str
    received_at: int


class ReceiptTable:
    """Receipts of a tenant's channels; see ports.store.receipts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, tenant: TenantId, channel: ChannelId, receipts: Sequence[Receipt]) -> None:
        """Keep them, unmatched."""
        rows = [
            (tenant, channel, r.ref, as_json(r.alternates), r.verdict.value, r.code, micros(r.received_at), "waiting")
            for r in receipts
        ]
        await insert_many(self._connection, "receipts", columns=_RECEIPT_COLUMNS, rows=rows)

    async def hand_over(
        self, tenant: TenantId, channel: ChannelId, batch: BatchNumber, *, handovers: Sequence[Handover], at: datetime
    ) -> None:
        """Remember under which ids the provider will speak of these entries."""
        del tenant  # the channel is the tenant's own
        now = micros(at)
        rows = [(channel, h.ref, batch, h.position, h.part, h.parts, now) for h in handovers]
        await insert_many(self._connection, "handovers", columns=_HANDOVER_COLUMNS, rows=rows)

    async def passages(self, tenant: TenantId, entries: Sequence[tuple[BatchNumber, int]]) -> Sequence[Passage]:
        """Those of `entries` that left, or may have."""
        return await passages(self._connection, tenant, entries) if entries else ()

    async def match(self, tenant: TenantId, channel: ChannelId, *, limit: int) -> Sequence[Match]:
        """Match up to `limit` of the newest unmatched receipts."""
        # One matcher a channel at a time: two would take the same receipts and lock entries in different orders.
        own = await self._connection.execute(
            select(channels.c.id).where(channels.c.id == channel, channels.c.tenant == tenant).with_for_update()
        )
        if own.one_or_none() is None:
            return ()
        waiting = await self._waiting(tenant, channel, limit)
        segments = await self._segments(channel, waiting)
        segments |= await self._adopt(tenant, channel, [one for one in waiting if one.ref not in segments])
        paired = [(receipt, _fitting(receipt, segments)) for receipt in waiting]
        told = [(receipt, segment) for receipt, segment in paired if segment is not None]
        final = _final(told)
        settled = await self._settle(channel, final)
        await self._mark(told, {final[segment].id for segment in settled})
        return await self._matches(tenant, channel, {segment: final[segment] for segment in settled})

    async def _waiting(self, tenant: TenantId, channel: ChannelId, limit: int) -> Sequence[_Waiting]:
        rows = await _WAITING.rows(self._connection, {"tenant": tenant, "channel": channel, "limit": limit})
        found = [
            _Waiting(r[0], r[1], msgspec.json.decode(r[2], type=tuple[str, ...]), Verdict(r[3]), r[4], r[5])
            for r in rows
        ]
        found.reverse()
        return found

    async def _segments(self, channel: ChannelId, waiting: Sequence[_Waiting]) -> dict[str, _Segment]:
        """The segment last handed over under each ref the receipts may mean."""
        refs = {ref for receipt in waiting for ref in (receipt.ref, *receipt.alternates)}
        if not refs:
            return {}
        rows = await _SEGMENTS.rows(self._connection, {"channel": channel, "refs": as_json(list(refs))})
        return {row[0]: _Segment(*row) for row in rows}

    async def _adopt(self, tenant: TenantId, channel: ChannelId, strays: Sequence[_Waiting]) -> Mapping[str, _Segment]:
        """Write the hand-overs that a crash kept from being written, of e-mails that came back all the same."""
        named = {
            one.ref: one.received_at for one in strays if one.verdict in GRAVITY and _NAMES_ENTRY.fullmatch(one.ref)
        }
        if not named:
            return {}
        placed = await self._placed(tenant, named)
        rows = await _IN_DOUBT.rows(self._connection, {"rows": as_json(placed)}) if placed else ()
        segments = [_Segment(row[0], row[1], row[2], 0) for row in rows]
        handed = [(channel, *segment, named[segment.ref]) for segment in segments]
        if handed:
            await _ADOPT.rows(self._connection, {"rows": as_json(handed)})
        return {segment.ref: segment for segment in segments}

    async def _placed(self, tenant: TenantId, refs: Iterable[str]) -> Sequence[tuple[str, int, int, int]]:
        """Ref, batch, position and attempt of the refs that name an entry in a batch of the tenant."""
        entries = {ref: UUID(ref.partition("/")[0]) for ref in refs}
        spans = sorted({siblings(entry) for entry in entries.values()})
        found: list[tuple[int, UUID, int]] = []
        for first in range(0, len(spans), _SPANS_AT_ONCE):
            within = [and_(batches.c.id >= low, batches.c.id <= high) for low, high in spans[first:][:_SPANS_AT_ONCE]]
            statement = select(batches.c.number, batches.c.id, batches.c.total)
            rows = await self._connection.execute(statement.where(batches.c.tenant == tenant, or_(*within)))
            found += [(row[0], row[1], row[2]) for row in rows]
        return [
            (ref, number, position, int(ref.partition("/")[2]))
            for ref, entry in entries.items()
            for number, batch, total in found
            if (position := position_in(batch, entry)) is not None and position < total
        ]

    async def _settle(self, channel: ChannelId, final: Mapping[_Segment, _Waiting]) -> Sequence[_Segment]:
        """Write the verdicts of segments that have none yet, or a less grave one; which those were."""
        if not final:
            return ()
        rows = as_json(
            [
                (channel, *segment, receipt.verdict.value, GRAVITY.get(receipt.verdict, 0))
                for segment, receipt in final.items()
            ]
        )
        return [_Segment(*row) for row in await _SETTLE.rows(self._connection, {"rows": rows})]

    async def _mark(self, told: Iterable[tuple[_Waiting, _Segment]], settling: set[int]) -> None:
        """Note on each receipt what became of it."""
        rows: list[tuple[int, str, int, int]] = []
        for receipt, segment in told:
            last = receipt.verdict is not Verdict.ON_ITS_WAY and receipt.id not in settling
            rows.append((receipt.id, "duplicate" if last else "matched", segment.batch, segment.position))
        if not rows:
            return
        await _MARK.rows(self._connection, {"rows": as_json(rows)})

    async def _matches(
        self, tenant: TenantId, channel: ChannelId, settled: Mapping[_Segment, _Waiting]
    ) -> Sequence[Match]:
        """Each settled segment with where its entry stands and how its sister segments fared."""
        if not settled:
            return ()
        rows = await _MATCHES.rows(self._connection, {"rows": as_json([(channel, *s) for s in settled])})
        return [_match(tenant, row, settled) for row in rows]

    async def across_tenants_unmatched(self) -> Sequence[tuple[TenantId, ChannelId]]:
        """Channels that hold unmatched receipts."""
        rows = await self._connection.execute(
            select(receipts.c.tenant, receipts.c.channel).where(receipts.c.state == "waiting").distinct()
        )
        return [(TenantId(row[0]), ChannelId(row[1])) for row in rows]

    async def across_tenants_give_up(self, *, received_before: datetime) -> int:
        """Mark receipts that never found an entry."""
        given_up = await self._connection.execute(
            update(receipts)
            .where(receipts.c.state == "waiting", receipts.c.received_at < micros(received_before))
            .values(state="unmatched")
        )
        return given_up.rowcount


def _final(told: Sequence[tuple[_Waiting, _Segment]]) -> Mapping[_Segment, _Waiting]:
    """What is to be believed of each segment: the gravest, and of the equally grave the first."""
    final: dict[_Segment, _Waiting] = {}
    for receipt, segment in told:
        if receipt.verdict is Verdict.ON_ITS_WAY:
            continue
        known = final.get(segment)
        if known is None or GRAVITY.get(receipt.verdict, 0) > GRAVITY.get(known.verdict, 0):
            final[segment] = receipt
    return final


def _fitting(receipt: _Waiting, segments: Mapping[str, _Segment]) -> _Segment | None:
    """The segment the receipt speaks of: by its own spelling, else by the only alternate that fits."""
    if receipt.ref in segments:
        return segments[receipt.ref]
    fitting = {segments[ref] for ref in receipt.alternates if ref in segments}
    return fitting.pop() if len(fitting) == 1 else None


def _match(tenant: TenantId, row: Any, settled: Mapping[_Segment, _Waiting]) -> Match:
    receipt = settled[_Segment(*row[:4])]
    return Match(
        tenant=tenant,
        batch=BatchNumber(row[1]),
        position=row[2],
        state=EntryState(row[4]),
        verdict=receipt.verdict,
        code=receipt.code,
        parts=row[5],
        arrived=row[6],
        address=row[7],
    )

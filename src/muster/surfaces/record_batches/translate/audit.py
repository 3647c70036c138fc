"""The audit history of a record (specification B5)."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from muster.domain.errors import BadInput, NotFound
from muster.domain.records.trace import Deed, Trace
from muster.ports.store.records import TraceFilter
from muster.records.reading.finding import TraceView
from muster.surfaces.record_batches.translate.queries import LARGEST_ID, Query, lowered, read_page, read_span, read_user
from muster.surfaces.record_batches.translate.search_fields import Refusals, char_type_named
from muster.surfaces.record_batches.translate.times import spell_time
from muster.surfaces.record_batches.wire import audit as wire

_LABELS: Mapping[Deed, str] = MappingProxyType(
    {Deed.DELETED: wire.DELETED, Deed.ADDED: wire.ADDED, Deed.CHANGED: wire.CHANGED, Deed.MOVED: wire.ACTED}
)
_HEX = re.compile(r"\s*(?:0[xX])?([0-9a-fA-F]{1,20})\s*", re.ASCII)


class AuditAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a record's audit history."""

    where: TraceFilter
    offset: int
    limit: int


def read_history(query: Query) -> AuditAsked:
    """What the query asks for. Names are read in any case. Raises BadInput with every fault."""
    given = lowered(query)
    refusals = Refusals()
    page = read_page(given, usual=wire.DEFAULT_ROWS, most=wire.MOST_ROWS, refusals=refusals)
    since, until = read_span(given, refusals)
    where = TraceFilter(
        by=read_user(given, refusals),
        since=since,
        until=until,
        with_workflow=_flag(given, "showWorkflow", refusals),
        char_types=_char_types(given, refusals),
    )
    if refusals.faults:
        raise BadInput("The query is not valid.", refusals.faults)
    return AuditAsked(where=where, offset=page.offset, limit=page.limit)


def read_sequence(query: Query) -> int:
    """The number of the row that a query names. Raises BadInput, NotFound."""
    given = {name.lower(): value for name, value in query.items()}
    said = given.get("sequence") or given.get("auditid") or ""
    found = _HEX.fullmatch(said)
    if found is None:
        refusals = Refusals()
        refusals.note("sequence", "must be the sequence of an entry of the audit history")
        raise BadInput("The query is not valid.", refusals.faults)
    number = int(found[1], 16)
    if number > LARGEST_ID:
        raise NotFound
    return number


def render_history(total: int, traces: Sequence[TraceView]) -> wire.AuditHistory:
    """A part of the history."""
    return wire.AuditHistory(total_count=total, entries=[_entry(one) for one in traces])


def render_trace(trace: Trace) -> wire.AuditDetail:
    """What a row changed."""
    return wire.AuditDetail(
        changed_field=trace.field or None,
        old_value=trace.old,
        new_value=trace.new,
        audit_date=spell_time(trace.stamp.at),
    )


def _entry(view: TraceView) -> wire.AuditEntry:
    trace = view.trace
    return wire.AuditEntry(
        is_header=not trace.field,
        audit_id=_spelled(trace.operation),
        sequence=_spelled(trace.number),
        operation_id=trace.deed.value,
        operation_label=_LABELS[trace.deed],
        char_type_id=trace.ref.char_type,
        record_id=trace.ref.number,
        title=trace.title,
        template_id=trace.template,
        template_name=view.template_name,
        user_id=trace.stamp.by,
        user_name=view.user_name,
        audit_date=spell_time(trace.stamp.at),
        changed_field=trace.field or None,
    )


def _spelled(number: int) -> str:
    return f"0x{number:0{wire.DIGITS}x}"


def _flag(given: Query, name: str, refusals: Refusals) -> bool:
    said = given.get(name.lower(), "").lower()
    if said not in {"", "true", "false"}:
        refusals.note(name, "must be true or false")
    return said == "true"


def _char_types(given: Query, refusals: Refusals) -> frozenset[int] | None:
    said = [one.strip() for one in given.get("chartypeids", "").split(",") if one.strip()]
    if not said:
        return None
    known = [char_type_named(one) for one in said]
    if None in known:
        refusals.note("charTypeIds", "must be ids of char types, with commas between them")
    return frozenset(one for one in known if one)

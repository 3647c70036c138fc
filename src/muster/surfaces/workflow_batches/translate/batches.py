"""Batches and entries: from our states and counts to the vendor's words."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from muster.domain.batch import Batch, BatchState
from muster.domain.entry import Entry, EntryState
from muster.domain.fault import Fault
from muster.domain.ids import BatchId, TemplateId, TemplateVersionId, entry_id
from muster.domain.progress import awaiting
from muster.domain.workflow import ENDS
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.entries import OF_ENTRY, Draft
from muster.ports.store.batches import BatchFilter
from muster.surfaces.workflow_batches.translate.fields import INVALID_VALUE, Faults, actor, moment
from muster.surfaces.workflow_batches.wire import BatchDetail, EntryStatus, FieldFault


class Status(StrEnum):
    """Where a batch, or an entry, stands in the vendor's words."""

    NEW = "NEW"
    QUEUED = "QUEUED"
    COMPLETED = "COMPLETED"
    INVALID = "INVALID"
    CANCELLING = "CANCELLING"
    FAILED = "FAILED"


_B, _E = BatchState, EntryState
_NOT_BEGUN = frozenset({_B.DRAFT, _B.SCHEDULED})
_CALLED_OFF = frozenset({_B.CANCELLING, _B.CANCELLED})
_BEGUN = frozenset(BatchState) - _NOT_BEGUN - _CALLED_OFF

ENTRY_STATES: Mapping[Status, frozenset[EntryState]] = MappingProxyType(
    {
        Status.NEW: frozenset(),
        Status.QUEUED: frozenset({_E.ACCEPTED, _E.HELD, _E.DISPATCHING}),
        Status.COMPLETED: frozenset({_E.SENT, _E.DELIVERED, _E.COMPLAINED, _E.UNDELIVERED, _E.UNKNOWN, _E.APPLIED}),
        Status.INVALID: frozenset({_E.REJECTED}),
        Status.CANCELLING: frozenset({_E.CANCELLED}),
        Status.FAILED: frozenset({_E.FAILED, _E.SUPPRESSED, _E.EXPIRED, _E.DUPLICATE}),
    }
)
"""Which of our states each status of an entry stands for: every one of them exactly once."""
_STATUS_OF = {state: status for status, states in ENTRY_STATES.items() for state in states}
_FAILED = (_E.FAILED, _E.SUPPRESSED, _E.DUPLICATE)
_HANDED_OVER = tuple(ENTRY_STATES[Status.COMPLETED])

_SENTENCES: Mapping[EntryState, str] = MappingProxyType(
    {
        _E.FAILED: "The message could not be handed over",
        _E.SUPPRESSED: "The customer has opted out of messages: nothing was sent",
        _E.DUPLICATE: "The customer is in this batch already: nothing was sent twice",
        _E.EXPIRED: "The message could not be handed over in time",
        _E.UNDELIVERED: "The message was handed over and did not reach the customer",
        _E.CANCELLED: "The batch was cancelled before the message was sent",
    }
)
_STATUSES = {status.value: status for status in Status}
_FIELDS = {"hours": "expiryInHours", "memo": "customerMemo"}
_draft = msgspec.json.Decoder(Draft)


_OURS = frozenset({NAME})
_BEGUN_BATCHES = BatchFilter(kinds=_OURS, states=_BEGUN, called_off=False)
_DONE = msgspec.structs.replace(_BEGUN_BATCHES, awaiting=False)
FILTERS: Mapping[Status, BatchFilter] = MappingProxyType(
    {
        Status.NEW: BatchFilter(kinds=_OURS, states=_NOT_BEGUN, called_off=False),
        Status.QUEUED: msgspec.structs.replace(_BEGUN_BATCHES, awaiting=True),
        Status.COMPLETED: msgspec.structs.replace(_DONE, carried=True),
        Status.INVALID: msgspec.structs.replace(_DONE, carried=False, failed=False),
        Status.CANCELLING: BatchFilter(kinds=_OURS, called_off=True),
        Status.FAILED: msgspec.structs.replace(_DONE, carried=False, failed=True),
    }
)
"""Which batches `status_of` gives each status, as the store is asked: change both together."""


def status_of(batch: Batch) -> Status:
    """Where the batch stands. `FILTERS` says the same to the store: change both together."""
    counts = batch.counts
    if batch.withdrawn_at is not None or batch.state in _CALLED_OFF:
        return Status.CANCELLING
    if batch.state in _NOT_BEGUN:
        return Status.NEW
    return Status.QUEUED if awaiting(counts) else _outcome(counts)


def _outcome(counts: Mapping[EntryState, int]) -> Status:
    if made(counts):
        return Status.COMPLETED
    return Status.FAILED if _sum(counts, (*_FAILED, _E.EXPIRED)) else Status.INVALID


def read_status(value: str | None, faults: Faults) -> Status | None:
    """The status a query names, if it names one."""
    status = None if value is None else _STATUSES.get(value)
    if value is not None and status is None:
        faults.add("status", INVALID_VALUE, f"must be one of {', '.join(Status)}")
    return status


def read_filter(status: str | None, template: str | None, version: str | None, *, search: str | None) -> BatchFilter:
    """Which batches a query asks for. Raises BadInput with every fault."""
    faults = Faults()
    wanted = read_status(status, faults)
    identity, version_id = faults.a_uuid(template, "templateId"), faults.a_uuid(version, "templateVersionId")
    faults.refuse()
    return msgspec.structs.replace(
        FILTERS[wanted] if wanted else BatchFilter(kinds=_OURS),
        template=None if identity is None else TemplateId(identity),
        template_version=None if version_id is None else TemplateVersionId(version_id),
        text=(search or "").replace("\x00", ""),
    )


def read_entry_filter(status: str | None) -> frozenset[EntryState] | None:
    """Which entries a query asks for, by state; None: all. Raises BadInput."""
    faults = Faults()
    wanted = read_status(status, faults)
    faults.refuse()
    return None if wanted is None else ENTRY_STATES[wanted]


def batch_detail(batch: Batch) -> BatchDetail:
    """The batch as the vendor shows it. The seven counts add up to the total once nothing is awaited."""
    counts, requests = batch.counts, _requests(batch)
    return BatchDetail(
        id=str(batch.id),
        status=status_of(batch),
        template_id=_text(batch.template),
        template_version_id=_text(batch.template_version),
        template_version=batch.template_number,
        template_display_name=batch.template_title,
        active_requests_count=requests.active,
        cancelled_requests_count=_sum(counts, (_E.CANCELLED,)) + requests.cancelled,
        completed_requests_count=requests.completed,
        declined_requests_count=requests.declined,
        expired_requests_count=_sum(counts, (_E.EXPIRED,)) + requests.expired,
        failed_requests_count=_sum(counts, _FAILED),
        rejected_requests_count=_sum(counts, (_E.REJECTED,)),
        total_requests_count=batch.total,
        created_by=actor(batch.created_by),
        created_at=moment(batch.created_at),
        updated_by=actor(batch.updated_by),
        updated_at=moment(batch.updated_at),
    )


class _Requests(NamedTuple):
    """How many of the requests that were handed over stand where."""

    active: int
    completed: int
    declined: int
    cancelled: int
    expired: int


def _requests(batch: Batch) -> _Requests:
    """Every request that was handed over is active until it ends, and ended with its batch when that was withdrawn."""
    completed, declined, cancelled, expired = (batch.ended.get(end, 0) for end in ENDS)
    # A customer may be done before the carrier has answered that it took the message: then one is ended, not yet sent.
    active = max(0, made(batch.counts) - completed - declined - cancelled - expired)
    if batch.withdrawn_at is not None:
        active, cancelled = 0, cancelled + active
    return _Requests(active, completed, declined, cancelled, expired)


def entry_status(batch: BatchId, entry: Entry) -> EntryStatus:
    """One entry as the vendor shows it."""
    status = _STATUS_OF[entry.state]
    title = _draft.decode(entry.payload).title
    return EntryStatus(
        position=entry.position,
        title=title if isinstance(title, str) else None,
        id=str(entry_id(batch, entry.position)) if status is Status.COMPLETED else None,
        status=status,
        phone_number=entry.address or None,
        error_code=_error_code(entry.state),
        error_message=_error_message(entry),
        field_errors=[_field_fault(fault) for fault in entry.faults],
    )


def _error_code(state: EntryState) -> str | None:
    if state is _E.REJECTED:
        return "VALIDATION_ERROR"
    return "NOTIFICATION_FAILED" if state is _E.UNDELIVERED or _STATUS_OF[state] is Status.FAILED else None


def _error_message(entry: Entry) -> str | None:
    if entry.state is _E.REJECTED:
        fields = ", ".join(dict.fromkeys(_field_name(fault) for fault in entry.faults))
        return f"Not valid: {fields}" if fields else "Not valid"
    sentence = _SENTENCES.get(entry.state)
    return sentence and ": ".join(part for part in (sentence, entry.detail or entry.reason) if part)


def _field_fault(fault: Fault) -> FieldFault:
    return FieldFault(field_name=_field_name(fault), field_category=fault.part, code=fault.code, message=fault.message)


def _field_name(fault: Fault) -> str:
    # `memo` is also a parameter, with that very name.
    return _FIELDS.get(fault.path, fault.path) if fault.part == OF_ENTRY else fault.path


def made(counts: Mapping[EntryState, int]) -> int:
    """How many requests were made: entries whose message was handed over."""
    return _sum(counts, _HANDED_OVER)


def _sum(counts: Mapping[EntryState, int], states: tuple[EntryState, ...]) -> int:
    return sum(counts.get(state, 0) for state in states)


def _text(value: object) -> str | None:
    return None if value is None else str(value)

"""Batches and entries: from our states and counts to the vendor's words."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.batch import Batch, BatchState
from muster.domain.entry import Entry, EntryState
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.ids import BatchId, PrincipalId, TemplateId, TemplateVersionId, entry_id
from muster.domain.progress import awaiting
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.entries import OF_ENTRY, Draft
from muster.ports.store.batches import BatchFilter
from muster.surfaces.workflow_batches.translate.fields import Faults, moment
from muster.surfaces.workflow_batches.wire import Actor, BatchDetail, EntryStatus, FieldFault


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
        Status.COMPLETED: frozenset({_E.SENT, _E.DELIVERED, _E.UNDELIVERED, _E.UNKNOWN, _E.APPLIED}),
        Status.INVALID: frozenset({_E.REJECTED}),
        Status.CANCELLING: frozenset({_E.CANCELLED}),
        Status.FAILED: frozenset({_E.FAILED, _E.SUPPRESSED, _E.EXPIRED, _E.DUPLICATE}),
    }
)
"""Which of our states each status of an entry stands for: every one of them exactly once."""
_STATUS_OF = {state: status for status, states in ENTRY_STATES.items() for state in states}
_FAILED = (_E.FAILED, _E.SUPPRESSED, _E.DUPLICATE)
_ACTIVE = tuple(ENTRY_STATES[Status.COMPLETED])

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
_FIELDS = {"hours": "expiryInHours", "memo": "customerMemo"}
_draft = msgspec.json.Decoder(Draft)


_BEGUN_BATCHES = BatchFilter(kind=NAME, states=_BEGUN, called_off=False)
_DONE = msgspec.structs.replace(_BEGUN_BATCHES, awaiting=False)
FILTERS: Mapping[Status, BatchFilter] = MappingProxyType(
    {
        Status.NEW: BatchFilter(kind=NAME, states=_NOT_BEGUN, called_off=False),
        Status.QUEUED: msgspec.structs.replace(_BEGUN_BATCHES, awaiting=True),
        Status.COMPLETED: msgspec.structs.replace(_DONE, carried=True),
        Status.INVALID: msgspec.structs.replace(_DONE, carried=False, failed=False),
        Status.CANCELLING: BatchFilter(kind=NAME, called_off=True),
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


def read_status(value: str | None) -> Status | None:
    """The status a query names, if it names one. Raises BadInput."""
    if value is None:
        return None
    try:
        return Status(value)
    except ValueError:
        message = f"must be one of {', '.join(Status)}"
        raise BadInput("The query is not valid", [Fault("status", "INVALID_VALUE", message)]) from None


def read_filter(status: str | None, template: str | None, version: str | None, *, search: str | None) -> BatchFilter:
    """Which batches a query asks for. Raises BadInput."""
    wanted = read_status(status)
    faults = Faults()
    identity, version_id = faults.a_uuid(template, "templateId"), faults.a_uuid(version, "templateVersionId")
    faults.refuse()
    return msgspec.structs.replace(
        FILTERS[wanted] if wanted else BatchFilter(kind=NAME),
        template=None if identity is None else TemplateId(identity),
        template_version=None if version_id is None else TemplateVersionId(version_id),
        text=(search or "").replace("\x00", ""),
    )


def batch_detail(batch: Batch) -> BatchDetail:
    """The batch as the vendor shows it. The seven counts add up to the total once nothing is awaited."""
    counts = batch.counts
    active, cancelled = _sum(counts, _ACTIVE), _sum(counts, (_E.CANCELLED,))
    # Links that were taken back are dead: their requests are cancelled, whatever became of the message.
    if status_of(batch) is Status.CANCELLING and batch.withdrawn_at is not None:
        active, cancelled = 0, active + cancelled
    return BatchDetail(
        id=str(batch.id),
        status=status_of(batch),
        template_id=_text(batch.template),
        template_version_id=_text(batch.template_version),
        template_version=batch.template_number,
        template_display_name=batch.template_title,
        active_requests_count=active,
        cancelled_requests_count=cancelled,
        completed_requests_count=0,
        declined_requests_count=0,
        expired_requests_count=_sum(counts, (_E.EXPIRED,)),
        failed_requests_count=_sum(counts, _FAILED),
        rejected_requests_count=_sum(counts, (_E.REJECTED,)),
        total_requests_count=batch.total,
        created_by=_actor(batch.created_by),
        created_at=moment(batch.created_at),
        updated_by=_actor(batch.updated_by),
        updated_at=moment(batch.updated_at),
    )


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
    return _sum(counts, _ACTIVE)


def _sum(counts: Mapping[EntryState, int], states: tuple[EntryState, ...]) -> int:
    return sum(counts.get(state, 0) for state in states)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _actor(principal: PrincipalId | None) -> Actor:
    # The nil id is the operator at the command line: no service account, so for this door the system itself.
    if principal is None or not principal.int:
        return Actor(id="", type="internal")
    return Actor(id=str(principal), type="service-account")

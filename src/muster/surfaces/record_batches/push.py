"""Our events in the vendor's change messages. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from muster.domain.event import Event, EventType
from muster.domain.ids import TenantId
from muster.domain.records.batch import RecordBatchEnd
from muster.domain.records.char_types import RELATIONSHIP
from muster.kinds.record_batches.kind import NAME as KIND
from muster.lookup.record_batches import RecordBatchState
from muster.surfaces.record_batches import push_wire as wire
from muster.surfaces.record_batches.translate.results import STATES, path_name
from muster.surfaces.record_batches.translate.times import spell_time

NAME = "record-batches"
"""The style's name: the door's."""
# Part of every id that was ever sent: a repeat must be known by it, so it never changes.
_IDS = UUID("0c3e54a1-1f7d-5c0b-8e46-2a97d3b1f6c8")
# Subscribers take the last part, or look for the char type at its end. There is no cloud account behind it.
_TOPIC = "arn:aws:sns:local:000000000000:prd-rtl-div{tenant}-v4-{about}"
_ENDS = (EventType.BATCH_COMPLETED, EventType.BATCH_FAILED, EventType.BATCH_CANCELLED)
_RECORDS: Mapping[EventType, str] = MappingProxyType(
    {
        EventType.RECORD_CREATED: wire.CREATED,
        EventType.RECORD_UPDATED: wire.UPDATED,
        EventType.RECORD_DELETED: wire.DELETED,
        EventType.RECORD_ACTED: wire.ACTED,
    }
)
_LINKS: Mapping[EventType, str] = MappingProxyType(
    {EventType.RELATIONSHIP_CREATED: wire.CREATED, EventType.RELATIONSHIP_DELETED: wire.DELETED}
)
_BY_END: Mapping[RecordBatchEnd, RecordBatchState] = MappingProxyType(
    {
        RecordBatchEnd.COMPLETE: RecordBatchState.COMPLETE,
        RecordBatchEnd.CANCELLED: RecordBatchState.CANCELLED,
        RecordBatchEnd.ERRORED: RecordBatchState.ERRORED,
    }
)


_Attributes = Mapping[str, str | int | None]


class _Mark(msgspec.Struct, frozen=True):
    at: datetime
    by: int


class _Entity(msgspec.Struct, frozen=True):
    char_type: int
    record: int
    template: int | None = None
    template_name: str | None = None
    process: int | None = None
    process_name: str | None = None
    status: int | None = None
    status_name: str | None = None


class _RecordBody(_Entity, frozen=True, kw_only=True):
    created: _Mark
    updated: _Mark
    moved: _Mark
    root: _Entity | None = None
    executed_action: int | None = None
    executed: _Mark | None = None
    deleted: _Mark | None = None


class _LinkBody(msgspec.Struct, frozen=True, kw_only=True):
    relationship: int
    kind: int
    kind_name: str | None
    parent: _Entity
    child: _Entity
    created: _Mark
    updated: _Mark
    deleted: _Mark | None = None


class _BatchBody(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    total: int
    number: int | None = None
    method: str = ""
    outcome: RecordBatchEnd | None = None


class _TestBody(msgspec.Struct, frozen=True):
    endpoint_id: str


class _Told(NamedTuple):
    """A message, and what is written on its envelope. `about`: the end of the topic's name."""

    about: str
    subject: str
    message: wire.AnyMessage
    attributes: _Attributes


_record = msgspec.json.Decoder(_RecordBody)
_link = msgspec.json.Decoder(_LinkBody)
_batch = msgspec.json.Decoder(_BatchBody)
_test = msgspec.json.Decoder(_TestBody)


class RecordBatchesStyle:
    """Fulfils ports.push.Style: each change of a record or relationship; where it is asked for, the end of a batch."""

    names: Mapping[str, Sequence[EventType]] = MappingProxyType(
        {
            wire.CREATED: (EventType.RECORD_CREATED, EventType.RELATIONSHIP_CREATED),
            wire.UPDATED: (EventType.RECORD_UPDATED,),
            wire.DELETED: (EventType.RECORD_DELETED, EventType.RELATIONSHIP_DELETED),
            wire.ACTED: (EventType.RECORD_ACTED,),
            wire.BATCH_ENDED: _ENDS,
        }
    )
    default: Sequence[EventType] = (*_RECORDS, *_LINKS)

    def wants(self, event: Event) -> bool:
        """Whether there is a message for it: of batches, only for those that came in by this door."""
        if event.type in _ENDS:
            body = _batch.decode(event.body)
            return body.kind == KIND and body.number is not None
        return event.type in self.default or event.type is EventType.ENDPOINT_TESTED

    def envelope(self, event: Event, message: str) -> bytes:
        """The notification; its id is a UUID made from ours, the same on every retry."""
        told = _told(event)
        return msgspec.json.encode(
            wire.Notification(
                message_id=str(uuid5(_IDS, message)),
                topic_arn=_topic(event.tenant, told.about),
                subject=told.subject,
                message=msgspec.json.encode(told.message).decode(),
                timestamp=spell_time(event.created_at),
                message_attributes={
                    name: wire.Attribute(wire.NUMBER if isinstance(value, int) else wire.TEXT, str(value))
                    for name, value in told.attributes.items()
                    if value is not None
                },
            )
        )


def _topic(tenant: TenantId, about: str) -> str:
    return _TOPIC.format(tenant=tenant, about=about)


def _told(event: Event) -> _Told:
    if event.type in _RECORDS:
        return _of_record(_RECORDS[event.type], _record.decode(event.body))
    if event.type in _LINKS:
        return _of_link(_LINKS[event.type], _link.decode(event.body))
    if event.type in _ENDS:
        return _of_batch(event.type, _batch.decode(event.body))
    tested = wire.TestMessage(action=wire.ENDPOINT_TESTED, endpoint_id=_test.decode(event.body).endpoint_id)
    return _Told("test", "ENDPOINT TESTED", tested, {"action": wire.ENDPOINT_TESTED})


def _of_record(action: str, body: _RecordBody) -> _Told:
    message = wire.EntityMessage(
        action=action,
        message_group_id=body.char_type,
        root_entity=UNSET if body.root is None else _entity(body.root),
        entity=_entity(body),
        created_by_id=body.created.by,
        created_date=spell_time(body.created.at),
        last_updated_by_id=UNSET if body.deleted else body.updated.by,
        last_updated_date=UNSET if body.deleted else spell_time(body.updated.at),
        executed_action_id=UNSET if body.executed_action is None else body.executed_action,
        action_executed_by_id=_who(body.executed),
        action_executed_date=_when(body.executed),
        deleted_by_id=_who(body.deleted),
        deleted_date=_when(body.deleted),
        status_updated_by_id=body.moved.by,
        status_updated_date=spell_time(body.moved.at),
    )
    by = body.deleted or body.executed or body.updated
    attributes: _Attributes = {
        "action": action,
        "charTypeID": body.char_type,
        "templateID": body.template,
        "statusID": body.status,
        "userID": by.by,
    }
    return _Told(_ct(body.char_type), _subject(path_name(body.char_type), body.record, action), message, attributes)


def _of_link(action: str, body: _LinkBody) -> _Told:
    message = wire.RelationshipMessage(
        action=action,
        message_group_id=RELATIONSHIP,
        parent_entity=_entity(body.parent),
        entity_id=body.relationship,
        child_entity=_entity(body.child),
        relationship_type=wire.RelationshipType(relationship_type_id=body.kind, relationship_type_name=body.kind_name),
        created_by_id=body.created.by,
        created_date=spell_time(body.created.at),
        last_updated_by_id=UNSET if body.deleted else body.updated.by,
        last_updated_date=UNSET if body.deleted else spell_time(body.updated.at),
        deleted_by_id=_who(body.deleted),
        deleted_date=_when(body.deleted),
    )
    by = body.deleted or body.created
    attributes: _Attributes = {"action": action, "charTypeID": RELATIONSHIP, "userID": by.by}
    return _Told(_ct(RELATIONSHIP), _subject("relationship", body.relationship, action), message, attributes)


def _of_batch(happened: EventType, body: _BatchBody) -> _Told:
    number = body.number or 0
    status = STATES[_state(happened, body.outcome)]
    message = wire.BatchMessage(
        action=wire.BATCH_ENDED, batch_id=number, batch_status=status, method=body.method, total=body.total
    )
    attributes: _Attributes = {"action": wire.BATCH_ENDED, "batchID": number, "batchStatus": status}
    return _Told("batch", _subject("batch", number, status), message, attributes)


def _state(happened: EventType, outcome: RecordBatchEnd | None) -> RecordBatchState:
    """How the door shows it. One that the record store never came to was called off, or broke."""
    if outcome is not None:
        return _BY_END[outcome]
    return RecordBatchState.CANCELLED if happened is EventType.BATCH_CANCELLED else RecordBatchState.ERRORED


def _entity(body: _Entity) -> wire.Entity:
    if body.template is None or body.status is None:
        return wire.Entity(entity_id=body.record, char_type_id=body.char_type)
    return wire.Entity(
        entity_id=body.record,
        char_type_id=body.char_type,
        template=wire.Template(
            template_id=body.template,
            template_name=body.template_name,
            process_id=body.process,
            process_name=body.process_name,
        ),
        status=wire.Status(status_id=body.status, status_name=body.status_name),
    )


def _who(mark: _Mark | None) -> int | UnsetType:
    return UNSET if mark is None else mark.by


def _when(mark: _Mark | None) -> str | UnsetType:
    return UNSET if mark is None else spell_time(mark.at)


def _ct(char_type: int) -> str:
    return f"ct{char_type}"


def _subject(what: str, number: int, happened: str) -> str:
    return f"{what} #{number} {happened}".upper()

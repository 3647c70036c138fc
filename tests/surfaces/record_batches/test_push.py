"""Our events in the vendor's change messages."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.event import Event, EventType
from muster.domain.ids import BatchId, TenantId
from muster.events.outbox import batch_event, endpoint_tested
from muster.events.standard import askable
from muster.kinds.record_batches.kind import NAME
from muster.surfaces.record_batches.push import RecordBatchesStyle

NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
STYLE = RecordBatchesStyle()
MARK = {"at": "2026-03-02T08:00:00Z", "by": 7}
FILM = {
    "char_type": 1,
    "record": 32,
    "template": 21,
    "template_name": "Series",
    "process": 5,
    "process_name": "Available",
    "status": 0,
    "status_name": None,
}
RIGHT = {**FILM, "char_type": 3, "record": 4, "template": 12}
Message = dict[str, Any]
"""What a receiver reads."""


def an_event(type_: EventType, **body: object) -> Event:
    """An event as the outbox holds it."""
    return Event(sequence=1, tenant=TenantId(165), type=type_, batch=None, body=json.dumps(body), created_at=NOW)


def a_change(type_: EventType, **body: object) -> Event:
    """A film changed, or what `body` says."""
    return an_event(type_, **{"action": "x", **FILM, "created": MARK, "updated": MARK, "moved": MARK, **body})


def a_batch_end(type_: EventType = EventType.BATCH_COMPLETED, kind: str = NAME, **more: str | int | None) -> Event:
    """A batch of two ended."""
    counts = {EntryState.APPLIED: 2}
    told = batch_event(type_, BatchId(UUID(int=1)), kind=kind, state=BatchState.COMPLETED, counts=counts, more=more)
    return Event(sequence=1, tenant=TenantId(165), type=type_, batch=None, body=told.body, created_at=NOW)


def notified(event: Event, message: str = "msg_a") -> Message:
    """The notification."""
    found: Message = json.loads(STYLE.envelope(event, message))
    return found


def told(event: Event) -> Message:
    """The message in the notification."""
    found: Message = json.loads(notified(event)["Message"])
    return found


def test_a_record_made_is_told_as_the_vendors_topics_tell_it() -> None:
    notification = notified(a_change(EventType.RECORD_CREATED))

    assert notification["Type"] == "Notification"
    assert notification["TopicArn"].rpartition(":")[2] == "prd-rtl-div165-v4-ct1"
    assert notification["Subject"] == "CATALOG-ITEM #32 CREATED"
    assert notification["Timestamp"] == "2026-03-02T09:00:00.123Z"
    assert notification["MessageAttributes"] == {
        "action": {"Type": "String", "Value": "created"},
        "charTypeID": {"Type": "Number", "Value": "1"},
        "templateID": {"Type": "Number", "Value": "21"},
        "statusID": {"Type": "Number", "Value": "0"},
        "userID": {"Type": "Number", "Value": "7"},
    }
    assert json.loads(notification["Message"]) == {
        "action": "created",
        "messageGroupId": 1,
        "entity": {
            "entityId": 32,
            "charTypeId": 1,
            "template": {"templateId": 21, "templateName": "Series", "processId": 5, "processName": "Available"},
            "status": {"statusId": 0, "statusName": None},
        },
        "createdById": 7,
        "createdDate": "2026-03-02T08:00:00.000Z",
        "lastUpdatedById": 7,
        "lastUpdatedDate": "2026-03-02T08:00:00.000Z",
        "statusUpdatedById": 7,
        "statusUpdatedDate": "2026-03-02T08:00:00.000Z",
    }


def test_a_record_deleted_is_told_with_who_did_it_instead_of_its_last_update() -> None:
    event = a_change(EventType.RECORD_DELETED, deleted={"at": "2026-03-02T09:00:00Z", "by": 9})

    message = told(event)

    assert (message["action"], message["deletedById"]) == ("deleted", 9)
    assert message["deletedDate"] == "2026-03-02T09:00:00.000Z"
    assert not {name for name in message if name.startswith("lastUpdated")}
    assert notified(event)["MessageAttributes"]["userID"]["Value"] == "9"


def test_an_action_is_told_with_its_id_and_who_took_it() -> None:
    event = a_change(EventType.RECORD_ACTED, executed_action=16, executed={"at": "2026-03-02T09:00:00Z", "by": 9})

    message = told(event)

    assert (message["action"], message["executedActionId"]) == ("action-executed", 16)
    assert (message["actionExecutedById"], message["actionExecutedDate"]) == (9, "2026-03-02T09:00:00.000Z")
    assert notified(event)["Subject"] == "CATALOG-ITEM #32 ACTION-EXECUTED"


def test_a_component_is_told_with_the_module_it_belongs_to() -> None:
    event = a_change(EventType.RECORD_UPDATED, **RIGHT, root=FILM)

    assert told(event)["rootEntity"]["entityId"] == 32
    assert (told(event)["entity"]["charTypeId"], told(event)["messageGroupId"]) == (3, 3)
    assert notified(event)["TopicArn"].endswith("-v4-ct3")


def test_a_relationship_is_told_with_both_ends_and_what_is_not_known_of_them_left_out() -> None:
    gone = {"char_type": 2, "record": 5}
    body = {"relationship": 7, "kind": 1, "kind_name": "Counterparty", "parent": FILM, "child": gone}

    event = an_event(EventType.RELATIONSHIP_DELETED, **body, created=MARK, updated=MARK, deleted=MARK)

    message = told(event)
    assert (message["entityId"], message["parentEntity"]["entityId"]) == (7, 32)
    assert message["childEntity"] == {"entityId": 5, "charTypeId": 2}
    assert message["relationshipType"] == {"relationshipTypeId": 1, "relationshipTypeName": "Counterparty"}
    assert notified(event)["Subject"] == "RELATIONSHIP #7 DELETED"


@pytest.mark.parametrize(
    ("type_", "outcome", "status"),
    [
        (EventType.BATCH_COMPLETED, "complete", "Complete"),
        (EventType.BATCH_FAILED, "cancelled", "Cancelled"),
        (EventType.BATCH_FAILED, "errored", "Errored"),
        (EventType.BATCH_CANCELLED, None, "Cancelled"),
        (EventType.BATCH_FAILED, None, "Errored"),
    ],
)
def test_the_end_of_a_batch_has_the_number_and_the_status_that_the_door_shows(
    type_: EventType, outcome: str | None, status: str
) -> None:
    event = a_batch_end(type_, number=12, method="POST", outcome=outcome)

    assert told(event) == {
        "action": "batch-ended",
        "batchId": 12,
        "batchStatus": status,
        "method": "POST",
        "total": 2,
    }
    assert notified(event)["Subject"] == f"BATCH #12 {status.upper()}"


def test_the_id_is_a_uuid_of_the_message_and_the_body_the_same_on_every_retry() -> None:
    event = a_change(EventType.RECORD_CREATED)

    assert STYLE.envelope(event, "msg_a") == STYLE.envelope(event, "msg_a")
    assert UUID(notified(event)["MessageId"]).version == 5
    assert notified(event)["MessageId"] != notified(event, "msg_b")["MessageId"]


def test_batches_of_other_doors_are_not_told() -> None:
    assert STYLE.wants(a_batch_end(number=1, method="POST", outcome="complete"))
    assert not STYLE.wants(a_batch_end(kind="workflow_batches"))


def test_an_endpoint_that_names_nothing_is_told_of_every_change_and_of_no_batch() -> None:
    changes = {one for one in EventType if one.value.startswith(("record:", "relationship:"))}

    assert set(STYLE.default) == changes
    assert set(STYLE.names["batch-ended"]).isdisjoint(STYLE.default)
    assert {one for several in askable(STYLE).values() for one in several} > changes


def test_a_test_is_told_with_the_endpoint_it_is_for() -> None:
    made = endpoint_tested(UUID(int=3))
    event = an_event(made.type, **json.loads(made.body))

    assert STYLE.wants(event)
    assert told(event) == {"action": "endpoint-tested", "endpointId": str(UUID(int=3))}

"""Further texts about a workflow."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from muster.domain.entry import EntryState, QueuedEntry
from muster.domain.ids import BatchId, BatchNumber, WorkflowId, entry_id
from muster.domain.outcome import Refused
from muster.domain.parcel import Parcel
from muster.domain.workflow import NoticeOrigin, WorkflowRef
from muster.kinds.kind import BatchFacts, Terms
from muster.kinds.workflow_batches import NOTICES, WorkflowBatches, WorkflowNotices
from muster.kinds.workflow_batches.definition import write
from muster.kinds.workflow_batches.notices import About, notice_entry
from tests.kinds.workflow_batches.samples import EVERYTHING, a_template

KIND = WorkflowNotices()
FIRST, LATER = (BatchId(UUID(f"5b0e2f7{n}-0000-4000-8000-000000000000")) for n in "ab")
PAYLOAD = '{"title":"secret title","memo":"Hi Jo,","parameters":{"introductoryMessage":"look here:"}}'


def facts(batch: BatchId, *, template: bool = False) -> BatchFacts:
    return BatchFacts(
        number=BatchNumber(9),
        id=batch,
        template=a_template(EVERYTHING) if template else None,
        link_base="https://m.test/l",
        link_key=b"secret",
        terms=Terms(),
    )


def a_notice(origin: NoticeOrigin, *, payload: str = PAYLOAD) -> QueuedEntry:
    about = About(
        ref=WorkflowRef(BatchNumber(7), 3),
        workflow=WorkflowId(entry_id(FIRST, 3)),
        origin=origin,
        address="1 647 555 0100",
        payload=payload,
        definition=write(EVERYTHING),
    )
    entry = notice_entry(1, about)
    return QueuedEntry(entry.position, entry.state, entry.address, entry.payload, 0, 0)


def text_of(entry: QueuedEntry) -> str:
    (packed,) = KIND.pack(facts(LATER), [entry])
    assert isinstance(packed, Parcel)
    assert (packed.key, packed.address) == (str(entry_id(LATER, 1)), "+16475550100")
    assert "secret title" not in packed.text
    return packed.text


@pytest.mark.parametrize("payload", [PAYLOAD, '{"title":"t"}', '{"title":"t","memo":""}'])
def test_what_is_sent_again_is_the_first_text(payload: str) -> None:
    first = QueuedEntry(3, EntryState.DISPATCHING, "+16475550100", payload, 0, 0)
    (packed,) = WorkflowBatches().pack(facts(FIRST, template=True), [first])
    assert isinstance(packed, Parcel)

    assert text_of(a_notice(NoticeOrigin.MANUAL, payload=payload)) == packed.text
    assert text_of(a_notice(NoticeOrigin.REMINDER, payload=payload)) == f"Reminder: {packed.text}"


def test_the_last_text_has_no_link() -> None:
    assert text_of(a_notice(NoticeOrigin.EXPIRY)) == "Your link has expired: Hi Jo,"
    assert text_of(a_notice(NoticeOrigin.EXPIRY, payload='{"title":"t","memo":""}')) == "Your link has expired."


def test_only_the_last_text_speaks_of_nothing_that_must_stand() -> None:
    spoken_of = {origin: KIND.speaks_of(facts(LATER), a_notice(origin)) for origin in NoticeOrigin}

    workflow = WorkflowRef(BatchNumber(7), 3)
    assert spoken_of == dict.fromkeys(NoticeOrigin, workflow) | {NoticeOrigin.EXPIRY: None}


def test_notices_open_nothing() -> None:
    assert (KIND.name, KIND.opens_workflows, KIND.stands_alone) == (NOTICES, False, False)
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert KIND.openings(facts(LATER), [a_notice(NoticeOrigin.MANUAL)], at=at) == ()


def test_what_cannot_be_read_is_refused() -> None:
    broken = QueuedEntry(0, EntryState.DISPATCHING, "+16475550100", "", 0, 0)

    assert [type(one) for one in KIND.pack(facts(LATER), [broken, a_notice(NoticeOrigin.MANUAL)])] == [Refused, Parcel]
    assert KIND.speaks_of(facts(LATER), broken) is None
    with pytest.raises(msgspec.MsgspecError):
        a_notice(NoticeOrigin.MANUAL, payload="{")

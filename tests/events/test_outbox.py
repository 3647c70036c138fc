"""What an event says."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.event import EventType
from muster.domain.ids import BatchId
from muster.events.outbox import batch_event, entries_event, workflow_event
from muster.kinds.workflow_batches.courses import StepStatus
from muster.ports.store.entries import Change
from tests.events.builders import a_step, a_workflow

BATCH = BatchId(UUID(int=1))


def a_change(position: int, after: EntryState = EntryState.SENT, reason: str | None = None) -> Change:
    return Change(position, EntryState.DISPATCHING, after, reason, detail="to +34600000000")


class Run(msgspec.Struct):
    """One state and reason, and who came to it."""

    state: str
    reason: str | None
    positions: list[tuple[int, int]]


class Told(msgspec.Struct):
    """The body of an entries event."""

    batch_id: UUID
    kind: str
    changes: list[Run]


def test_a_batch_event_names_the_counts_that_are_not_zero() -> None:
    counts = {EntryState.SENT: 2, EntryState.FAILED: 0, EntryState.REJECTED: 1}

    event = batch_event(EventType.BATCH_STARTED, BATCH, kind="sample", state=BatchState.RUNNING, counts=counts)

    assert msgspec.json.decode(event.body) == {
        "batch_id": str(BATCH),
        "kind": "sample",
        "state": "running",
        "total": 3,
        "counts": {"sent": 2, "rejected": 1},
    }


def test_a_window_that_went_well_is_one_run() -> None:
    event = entries_event(BATCH, kind="sample", changes=[a_change(n) for n in range(200)])

    assert msgspec.json.decode(event.body)["changes"] == [{"state": "sent", "reason": None, "positions": [[0, 199]]}]


def test_no_detail_leaves_with_an_event() -> None:
    assert "+34" not in entries_event(BATCH, kind="sample", changes=[a_change(3)]).body


@given(
    st.dictionaries(
        st.integers(0, 300), st.tuples(st.sampled_from(EntryState), st.sampled_from([None, "opted_out"])), min_size=1
    )
)
def test_the_runs_hold_every_change_once(window: dict[int, tuple[EntryState, str | None]]) -> None:
    changes = [a_change(position, state, reason) for position, (state, reason) in window.items()]

    told = msgspec.json.decode(entries_event(BatchId(uuid4()), kind="sample", changes=changes).body, type=Told)

    spread = [
        (position, (run.state, run.reason))
        for run in told.changes
        for first, last in run.positions
        for position in range(first, last + 1)
    ]
    assert len(spread) == len(window)
    assert dict(spread) == window


def test_a_workflow_event_tells_the_step_with_its_neighbours_and_nothing_of_the_customer() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    workflow = a_workflow(batch=BATCH, at=at)
    steps = [
        a_step("notification", "Notification", StepStatus.COMPLETED, at=at),
        a_step("customer-account", "Customer account", StepStatus.ACTIVE),
    ]

    event = workflow_event(workflow, steps, current=1, status=StepStatus.FAILED)

    assert (event.type, event.batch) == (EventType.WORKFLOW_UPDATED, BATCH)
    body = msgspec.json.decode(event.body, type=dict[str, dict[str, str | None] | str | None])
    assert (body["workflow_id"], body["next_step"]) == (str(workflow.id), None)
    assert [_status(body[f"{place}_step"]) for place in ("previous", "current")] == ["completed", "failed"]
    for private in (workflow.address, workflow.customer_name, workflow.email):
        assert private not in event.body


def _status(step: dict[str, str | None] | str | None) -> str | None:
    assert isinstance(step, dict)
    return step["status"]

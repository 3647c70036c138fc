"""The counts of a batch: always of what there is, and never more or less."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.workflow import ENDS, WorkflowState
from muster.surfaces.workflow_batches.translate.batches import ENTRY_STATES, Status, batch_detail
from muster.surfaces.workflow_batches.wire import BatchDetail
from tests.fakes.batch import a_batch
from tests.fakes.clock import START

_E, _W = EntryState, WorkflowState
_SOME = st.integers(0, 5)
_COUNTS = st.fixed_dictionaries(dict.fromkeys(EntryState, _SOME))
_ENDED = st.fixed_dictionaries(dict.fromkeys(ENDS, _SOME))


def seven(detail: BatchDetail) -> tuple[int, ...]:
    return (
        detail.active_requests_count,
        detail.completed_requests_count,
        detail.declined_requests_count,
        detail.cancelled_requests_count,
        detail.expired_requests_count,
        detail.failed_requests_count,
        detail.rejected_requests_count,
    )


@pytest.mark.parametrize(
    ("withdrawn_at", "expected"),
    [(None, (3, 2, 1, 6, 1, 1, 1)), (START, (0, 2, 1, 9, 1, 1, 1))],
    ids=["stands", "gone"],
)
def test_what_was_handed_over_and_has_not_ended_is_active(withdrawn_at: object, expected: tuple[int, ...]) -> None:
    counts = {_E.SENT: 4, _E.DELIVERED: 4, _E.UNDELIVERED: 1, _E.CANCELLED: 4, _E.REJECTED: 1, _E.FAILED: 1}
    ended = {_W.COMPLETED: 2, _W.DECLINED: 1, _W.CANCELLED: 2, _W.EXPIRED: 1}

    detail = batch_detail(a_batch(BatchState.COMPLETED, counts, ended=ended, withdrawn_at=withdrawn_at))

    assert seven(detail) == expected


@given(_COUNTS, _ENDED, st.sampled_from([None, START]))
def test_the_seven_counts_add_up_to_what_does_not_wait(
    counts: dict[EntryState, int], ended: dict[WorkflowState, int], withdrawn_at: datetime | None
) -> None:
    handed_over = sum(counts[state] for state in ENTRY_STATES[Status.COMPLETED])
    waiting = sum(counts[state] for state in ENTRY_STATES[Status.QUEUED])
    batch = a_batch(BatchState.COMPLETED, counts, ended=ended, withdrawn_at=withdrawn_at)

    detail = batch_detail(batch)

    ahead = max(0, sum(ended.values()) - handed_over)
    assert sum(seven(detail)) == batch.total - waiting + ahead
    assert min(seven(detail)) >= 0

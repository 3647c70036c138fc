"""When there is nothing more to watch for."""

from muster.cli.watching import is_over
from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from tests.fakes.batch import a_batch


def test_a_batch_that_is_being_cancelled_is_over_when_nothing_has_still_to_be_dispatched() -> None:
    batch = a_batch(BatchState.CANCELLING, {EntryState.SENT: 1, EntryState.CANCELLED: 2})
    assert is_over(batch, to_the_end=False)
    assert not is_over(batch, to_the_end=True)


def test_a_batch_with_an_entry_to_dispatch_is_not_over() -> None:
    batch = a_batch(BatchState.CANCELLING, {EntryState.DISPATCHING: 1, EntryState.CANCELLED: 2})
    assert not is_over(batch, to_the_end=False)


def test_a_batch_that_has_ended_is_over() -> None:
    batch = a_batch(BatchState.COMPLETED, {EntryState.DELIVERED: 1})
    assert is_over(batch, to_the_end=True)

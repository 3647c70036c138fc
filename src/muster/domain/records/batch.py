"""How a batch of record operations ends (specification A5.1, A5.2)."""

from collections.abc import Sequence
from enum import StrEnum

from muster.domain.records.operation import Denial, Result


class RecordBatchEnd(StrEnum):
    """How it ended."""

    COMPLETE = "complete"
    """It ran to its end; single operations may have been denied."""
    CANCELLED = "cancelled"
    """Nothing was changed, because something could not be done and all of it was wanted or nothing."""
    ERRORED = "errored"
    """The same, and something was wrong in itself; or the server could not do its work."""


_CIRCUMSTANCES = frozenset(
    {
        Denial.NOT_FOUND,
        Denial.NOT_ALLOWED,
        Denial.LINKS_NOT_ALLOWED,
        Denial.ACTION_NOT_AVAILABLE,
        Denial.LOCKED,
        Denial.NOT_DELETABLE,
        Denial.LINK_EXISTS,
        Denial.END_MISSING,
    }
)
"""What lies in the state of things; every other denial means that the operation itself is wrong."""


def end_of(results: Sequence[Result], *, whole: bool) -> RecordBatchEnd:
    """How a batch with these results ends. `whole`: all of it was wanted, or nothing."""
    denials = {result.denial for result in results if result.denial is not None}
    if not whole or not denials:
        return RecordBatchEnd.COMPLETE
    return RecordBatchEnd.CANCELLED if denials <= _CIRCUMSTANCES else RecordBatchEnd.ERRORED

"""How much is handed over at once. Pure."""

import math
from datetime import timedelta

import msgspec

from muster.domain.chunk import WINDOW_SIZE


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The times that keep one chunk from holding up the others."""

    slice: timedelta = timedelta(seconds=1)
    """How long a chunk runs before it goes back to the end of the queue."""
    window: timedelta = timedelta(seconds=0.1)
    """How long a window of a channel with a rate should take."""
    carry: timedelta = timedelta(seconds=30)
    """How long a window may take; what is unanswered then is unknown."""
    lease: timedelta = timedelta(seconds=90)
    """How long a silent worker keeps its chunk; longer than `carry`, so that only a dead or stuck one loses it."""
    rest: timedelta = timedelta(seconds=5)
    """How long a chunk waits for a channel that is down."""


def window_size(rate: float | None, *, pace: Pace) -> int:
    """How many entries go into one window: what a channel of `rate` a second takes in `pace.window`, 200 at most.

    Every entry of a window is in doubt when the process dies, so a slow channel gets small ones.
    """
    if rate is None:
        return WINDOW_SIZE
    return max(1, min(WINDOW_SIZE, math.ceil(rate * pace.window.total_seconds())))

"""Spreading parcels over time."""

from collections.abc import Callable


class Pace:
    """Shares out `rate` starts a second among all who ask, in the order they ask; None for no limit.

    `monotonic` tells seconds that never go back. Time nobody used is not saved up.
    """

    def __init__(self, rate: float | None, monotonic: Callable[[], float]) -> None:
        self._each = 0.0 if rate is None else 1 / rate
        self._monotonic = monotonic
        self._free_at = monotonic()

    def book(self, wanted: int, *, within: float) -> tuple[int, float]:
        """Book up to `wanted` starts within so many seconds: how many, and how long the last has to wait."""
        now = self._monotonic()
        begin = max(now, self._free_at)
        if self._each == 0.0:
            return (wanted, 0.0) if within > 0 else (0, 0.0)
        possible = min(wanted, max(0, int((now + within - begin) / self._each)))
        self._free_at = begin + possible * self._each
        return possible, self._free_at - now if possible else 0.0

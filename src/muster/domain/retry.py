"""When to try again."""

from datetime import timedelta

import msgspec


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Waits between attempts: `steps[n]` after attempt n+1; when they are used up the entry fails."""

    steps: tuple[timedelta, ...]

    def next_delay(self, attempts: int, *, at_least: timedelta | None = None) -> timedelta | None:
        """How long to wait after `attempts` (≥ 1) tries, or None when no further try is allowed."""
        if attempts < 1 or attempts > len(self.steps):
            return None
        wait = self.steps[attempts - 1]
        return max(wait, at_least) if at_least is not None else wait


DEFAULT_RETRY = RetryPolicy(
    steps=tuple(timedelta(seconds=s) for s in (1, 5, 25, 120, 600, 1800, 3600, 7200)),
)
"""Eight retries over about four hours: outlasts a carrier's ordinary outage."""


class UnknownPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with an entry whose outcome was lost."""

    prefer_arrival: bool = False
    """False (`prefer_once`): leave it unknown. True (`prefer_arrival`): send it again, marked as a repeat."""
    most_repeats: int = 1

    def repeats(self, already: int) -> bool:
        """Whether an entry repeated `already` times may be sent again."""
        return self.prefer_arrival and already < self.most_repeats

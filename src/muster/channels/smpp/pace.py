"""How fast an account may be used: a token bucket that yields when the provider throttles. Pure; time is handed in."""

_DECREASE = 0.5
_RECOVERY = 0.05
"""What is added a second while recovering, as a part of the rate at which the provider throttled."""
_BURST_SECONDS = 0.1
_SLOWEST = 1.0


class Pace:
    """Segments a second over all binds of an account.

    Throttling halves the rate at most once a second; each second without adds a twentieth back, until the ceiling. With
    no ceiling the limit is dropped at twice the rate that was throttled.
    """

    def __init__(self, ceiling: float | None, *, now: float) -> None:
        self._ceiling = ceiling
        self._limit = ceiling
        self._tokens = 0.0
        self._filled_at = now
        self._slowed_at: float | None = None
        self._raised_at = now
        self._step = 0.0
        self._target = 0.0
        self._second_at = now
        self._taken = 0
        self._before = 0
        if ceiling is not None:
            self._tokens = self._most(ceiling)

    @property
    def limit(self) -> float | None:
        """Segments a second now; None for no limit."""
        return self._limit

    def take(self, wanted: int, *, now: float) -> int:
        """How many of `wanted` may leave at once; they count as gone."""
        self._recover(now)
        granted = wanted
        if self._limit is not None:
            self._fill(self._limit, now=now)
            granted = min(wanted, int(self._tokens))
            self._tokens -= granted
        if now - self._second_at >= 1:
            self._before = self._taken if now - self._second_at < 2 else 0  # noqa: PLR2004 - the second just past
            self._second_at, self._taken = now, 0
        self._taken += granted
        return granted

    def give_back(self, unused: int) -> None:
        """Some of what was granted did not leave."""
        self._tokens += unused
        self._taken -= unused

    def wait(self) -> float:
        """Seconds until the next one may leave."""
        if self._limit is None:
            return 0.0
        return max(0.0, (1 - self._tokens) / self._limit)

    def throttled(self, *, now: float) -> None:
        """The provider wants it slower. What was under way at that moment is throttled too and counts once."""
        if self._slowed_at is not None and now - self._slowed_at < 1:
            return
        # Providers count by the second: what a second held is the rate, however short the burst was.
        rate = self._limit if self._limit is not None else float(max(self._taken, self._before))
        self._slowed_at = self._raised_at = self._filled_at = now
        self._limit = max(_SLOWEST, rate * _DECREASE)
        self._step = max(_SLOWEST, rate * _RECOVERY)
        self._target = self._ceiling if self._ceiling is not None else max(rate * 2, self._limit + self._step)
        self._tokens = 0.0

    def _recover(self, now: float) -> None:
        if self._slowed_at is None or self._limit is None:
            return
        seconds = int(now - self._raised_at)
        if seconds:
            self._raised_at += seconds
            self._limit += self._step * seconds
            if self._limit >= self._target:
                self._limit, self._slowed_at = self._ceiling, None

    def _fill(self, limit: float, *, now: float) -> None:
        self._tokens = min(self._most(limit), self._tokens + (now - self._filled_at) * limit)
        self._filled_at = now

    @staticmethod
    def _most(limit: float) -> float:
        return max(1.0, limit * _BURST_SECONDS)

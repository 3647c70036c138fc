"""When a message that a receiver did not take is sent again. Pure."""

from datetime import datetime, timedelta

import msgspec

from muster.ports.push import PushResult
from muster.ports.store.endpoints import Endpoint

_GONE = 410
_TOO_MANY = 429
_SERVER_ERROR = 500
_DAY_SECONDS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How patient we are. Attempt n+1 follows attempt n after `steps[n-1]`, give or take `jitter` of it."""

    steps: tuple[timedelta, ...] = tuple(timedelta(seconds=seconds) for seconds in _DAY_SECONDS)
    """Eleven attempts over a little less than 24 hours."""
    jitter: float = 0.1
    longest_wait: timedelta = timedelta(hours=8)
    """How far a receiver's `Retry-After` is followed."""
    most_pause: timedelta = timedelta(minutes=1)
    """How long a receiver that is down is left alone before its next message is tried."""
    patience: timedelta = timedelta(days=5)
    """An endpoint that took nothing for so long is switched off."""

    def wait(self, attempts: int, answer: PushResult, *, chance: float) -> timedelta | None:
        """How long until the next try after `attempts` (≥ 1); None to give up. `chance` is in [0, 1)."""
        if attempts > len(self.steps):
            return None
        spread = 1 + self.jitter * (2 * chance - 1)
        step = self.steps[attempts - 1] * spread
        return max(step, self._asked_for(answer))

    def pause(self, answer: PushResult) -> timedelta:
        """How long to leave the whole endpoint alone at most: nothing when it refused this one message only."""
        if answer.status is not None and answer.status != _TOO_MANY and answer.status < _SERVER_ERROR:
            return timedelta()
        return max(self.most_pause, self._asked_for(answer))

    def _asked_for(self, answer: PushResult) -> timedelta:
        return min(answer.retry_after or timedelta(), self.longest_wait)

    def verdict(self, endpoint: Endpoint, answer: PushResult, *, at: datetime) -> str | None:
        """Why the endpoint is switched off now, as a sentence for its owner; None when it is not."""
        if answer.status == _GONE:
            return "the receiver answered 410 Gone"
        since = endpoint.failing_since
        if since is None or at - since < self.patience:
            return None
        return f"nothing was taken since {since:%Y-%m-%d %H:%M} UTC; last: {answer.detail}"

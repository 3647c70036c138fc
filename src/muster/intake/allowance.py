"""How often somebody may call: a bucket of tokens for each name."""

from collections.abc import Callable

from muster.domain.errors import RateLimited

MOST_NAMES = 100_000
"""Buckets kept at once. A bucket that has filled up again is the same as none, so those are let go first."""


class Allowance:
    """`burst` calls at once, and `rate_per_s` a second after that, for each name on its own. For one process."""

    def __init__(self, rate_per_s: float, burst: float, monotonic: Callable[[], float]) -> None:
        """`monotonic` gives seconds that never run backwards."""
        self._rate = rate_per_s
        self._burst = burst
        self._monotonic = monotonic
        self._full_at: dict[str, float] = {}

    def take(self, token: str, cost: float = 1) -> None:
        """Use up `cost` of what `token` may do. Raises RateLimited with the seconds to wait."""
        now = self._monotonic()
        full_at = self._after(token, cost, now)
        if len(self._full_at) >= MOST_NAMES:
            self._forget_full(now)
        self._full_at[token] = full_at

    def check(self, token: str, cost: float = 1) -> None:
        """Raise RateLimited where `take` would, and use up nothing."""
        self._after(token, cost, self._monotonic())

    def _after(self, token: str, cost: float, now: float) -> float:
        """When the bucket will be full again once `cost` is taken: the one number that tells all of it."""
        full_at = max(self._full_at.get(token, now), now) + cost / self._rate
        wait = full_at - now - self._burst / self._rate
        if wait > 0:
            raise RateLimited("Too many calls", retry_after=wait)
        return full_at

    def _forget_full(self, now: float) -> None:
        self._full_at = {name: at for name, at in self._full_at.items() if at > now}
        while len(self._full_at) >= MOST_NAMES:
            del self._full_at[next(iter(self._full_at))]

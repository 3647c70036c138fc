"""What waits to leave, and when it may: by the rate of the account, and by the domain it goes to. Pure."""

import heapq
import itertools
from collections import Counter, deque
from typing import Generic, TypeVar

_BURST_SECONDS = 0.1
"""How far ahead of an even pace letters may leave."""
_REMEMBERED = 10_000
"""Domains whose last turn is remembered before those that are over are forgotten."""


T = TypeVar("T")


class Turns:
    """Gives out turns at an even pace, to each name by itself."""

    def __init__(self, rate: float) -> None:
        self.step = 1 / rate
        """Seconds between two turns of one name."""
        self._next: dict[str, float] = {}

    def ahead(self, name: str, *, now: float) -> float:
        """When the next turn of `name` is; it is not given out yet."""
        return max(now, self._next.get(name, now) - _BURST_SECONDS)

    def give(self, name: str, *, now: float) -> None:
        """The next turn of `name` is given out."""
        if len(self._next) > _REMEMBERED:
            self._next = {one: at for one, at in self._next.items() if at > now}
        self._next[name] = max(now, self._next.get(name, now)) + self.step


class Throttle(Generic[T]):
    """The queue of a channel. `at_once` is the most that may be under way to one domain."""

    def __init__(
        self, *, rate: float | None = None, per_domain_rate: float | None = None, at_once: int | None = None
    ) -> None:
        self._all = Turns(rate) if rate is not None else None
        self._each = Turns(per_domain_rate) if per_domain_rate is not None else None
        self._at_once = at_once
        self._ready: deque[tuple[str, T]] = deque()
        self._due: list[tuple[float, int, str, T]] = []
        self._order = itertools.count()
        self._parked: dict[str, deque[T]] = {}
        self._under_way: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many could leave now, as far as rates go."""
        return len(self._ready)

    def put(self, domain: str, one: T, *, now: float, until: float) -> float | None:
        """Take it in; or, where its turn would come after `until`, leave it and tell the seconds until that turn."""
        at = now
        if self._all is not None:
            at = self._all.ahead("", now=now)
        if self._each is not None:
            at = max(at, self._each.ahead(domain, now=now))
        if at > until:
            return at - now
        if self._all is not None:
            self._all.give("", now=now)
        if self._each is not None:
            self._each.give(domain, now=now)
        if at <= now:
            self._ready.append((domain, one))
        else:
            heapq.heappush(self._due, (at, next(self._order), domain, one))
        return None

    def step(self) -> float:
        """Seconds between two turns of one domain, or of the account where that is more; 0 without rates."""
        return max((turns.step for turns in (self._all, self._each) if turns is not None), default=0.0)

    def put_back(self, domain: str, one: T) -> None:
        """It did not leave after all: it is the first again. `done` was called for it."""
        self._ready.appendleft((domain, one))

    def take(self, *, now: float) -> T | None:
        """The next that may leave; it counts as under way until `done`."""
        if self._due:
            self.ripen(now=now)
        if self._at_once is None:
            return self._ready.popleft()[1] if self._ready else None
        while self._ready:
            domain, one = self._ready.popleft()
            if self._under_way[domain] < self._at_once:
                self._under_way[domain] += 1
                return one
            self._parked.setdefault(domain, deque()).append(one)
        return None

    def ripen(self, *, now: float) -> None:
        """What is due by `now` may leave."""
        while self._due and self._due[0][0] <= now:
            _, _, domain, one = heapq.heappop(self._due)
            self._ready.append((domain, one))

    def done(self, domain: str) -> None:
        """One that was taken is no longer under way."""
        if self._at_once is None:
            return
        self._under_way[domain] -= 1
        if self._under_way[domain] <= 0:
            del self._under_way[domain]
        parked = self._parked.get(domain)
        if parked:
            self._ready.appendleft((domain, parked.popleft()))
            if not parked:
                del self._parked[domain]

    @property
    def due(self) -> float | None:
        """When the next one is that may not leave yet; None when there is none."""
        return self._due[0][0] if self._due else None

    def clear(self) -> list[T]:
        """Everything that waits, taken out."""
        found = [one for _, one in self._ready] + [one for *_, one in self._due]
        found += [one for parked in self._parked.values() for one in parked]
        self._ready.clear()
        self._due.clear()
        self._parked.clear()
        return found

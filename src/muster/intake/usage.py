"""How much somebody has called: in this minute, and on this day."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from muster.domain.errors import RateLimited, Unavailable
from muster.domain.ids import TenantId
from muster.ports.clock import Clock
from muster.ports.store.directory import Counter
from muster.ports.store.unit import Store

log = structlog.get_logger()

SPAN = 10**10
"""How many numbers of the counter belong to one day: more than anybody can call."""
LARGEST_BLOCK = 100
"""Calls that a process takes from the counter at once. What a process that dies has not used of it, is lost."""
BLOCKS_A_DAY = 1000
"""A block is at most this part of what the day allows, so that little is lost where little is allowed."""
KNOWN_FOR = timedelta(seconds=5)
"""How old the knowledge of what other processes have taken may be."""
MOST_NAMES = 100_000
_OFTEN = "Too many calls"
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


class _Today:
    """What is known of one tenant's calls on one day."""

    def __init__(self, day: int) -> None:
        self.day = day
        self.taken = 0
        """By all processes, with what they have not used yet."""
        self.left = 0
        """Of what this process has taken."""
        self.known_at: datetime | None = None
        self.filling: asyncio.Task[None] | None = None
        """Takes the next block while there is still something left of this one."""


class Usage:
    """Counts the calls of each tenant on each day (UTC), durably, and with few writes. One for each process."""

    def __init__(self, store: Store, clock: Clock, most: int) -> None:
        """`most`: calls of one tenant on one day, at least 1."""
        self._store = store
        self._clock = clock
        self.most = most
        self._block = max(1, min(LARGEST_BLOCK, most // BLOCKS_A_DAY))
        self._days: dict[TenantId, _Today] = {}
        self._counting = asyncio.Lock()

    async def take(self, tenant: TenantId) -> None:
        """Count one call. Raises RateLimited once the day's calls are used up, with the seconds until the next day.

        The next block is taken beside the calls while half of this one is left, so that nobody waits for the store.
        """
        today = self._today(tenant)
        if not today.left and today.taken < self.most:
            async with self._counting:
                today = self._today(tenant)
                if not today.left and today.taken < self.most:
                    await self._count(tenant, today, self._block)
        if not today.left:
            raise RateLimited(_OFTEN, retry_after=_until_next(self._clock.now(), _DAY))
        today.left -= 1
        if today.left == self._block // 2 and today.left and today.taken < self.most and today.filling is None:
            today.filling = asyncio.create_task(self._fill(tenant, today))

    async def _fill(self, tenant: TenantId, today: _Today) -> None:
        try:
            async with self._counting:
                await self._count(tenant, today, self._block)
        except Unavailable:
            # Whoever finds nothing left tries again.
            log.warning("calls_not_counted", tenant=tenant)
        finally:
            today.filling = None

    async def remaining(self, tenant: TenantId) -> int:
        """How many calls the tenant has left today."""
        async with self._counting:
            today = self._today(tenant)
            if today.known_at is None or self._clock.now() - today.known_at >= KNOWN_FOR:
                await self._count(tenant, today, 0)
        return max(0, self.most - today.taken + today.left)

    def _today(self, tenant: TenantId) -> _Today:
        day = self._clock.now().astimezone(UTC).toordinal()
        known = self._days.get(tenant)
        if known is None or known.day != day:
            known = self._days[tenant] = _Today(day)
        return known

    async def _count(self, tenant: TenantId, today: _Today, calls: int) -> None:
        """Take `calls` of the day from the counter, whose numbers begin anew each day, far above the day before's."""
        begin = today.day * SPAN
        async with self._store.begin() as tx:
            await tx.directory.reserve(tenant, Counter.RECORD_CALL, begin)
            before = await tx.directory.next(tenant, Counter.RECORD_CALL, calls) - 1 - begin
        today.taken = before + calls
        today.left += max(0, min(calls, self.most - before))
        today.known_at = self._clock.now()


class PerMinute:
    """So many calls in each minute of the clock, for each name on its own; then none until it ends. For one process."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._minute = datetime.min.replace(tzinfo=UTC)
        self._counts: dict[str, int] = {}

    def take(self, name: str) -> None:
        """Count one call. Raises RateLimited with the seconds until the next minute."""
        now = self._clock.now()
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        count = self._counts.pop(name, 0)
        if len(self._counts) >= MOST_NAMES:
            del self._counts[next(iter(self._counts))]
        # Put back at the end: those that were silent longest are let go first.
        self._counts[name] = min(count + 1, self._most)
        if count >= self._most:
            raise RateLimited(_OFTEN, retry_after=_until_next(now, _MINUTE))


def _until_next(now: datetime, span: timedelta) -> float:
    """Seconds until the next whole `span` of UTC begins."""
    return (span - (now - datetime.min.replace(tzinfo=UTC)) % span).total_seconds()

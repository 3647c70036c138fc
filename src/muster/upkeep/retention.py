"""What is no longer needed."""

from datetime import datetime, timedelta

from muster.ports.clock import Clock
from muster.ports.store.unit import Store

EVENTS_KEPT = timedelta(days=30)
"""How far back events can be replayed."""
AT_ONCE = 5_000
"""The most events forgotten, and the most workflows put away, in one round."""


class Retention:
    """Forgets expired tokens, idempotency keys, events told long ago, old results; puts away ended workflows."""

    def __init__(
        self, store: Store, clock: Clock, *, archive: timedelta | None = None, results: timedelta | None = None
    ) -> None:
        """`archive`: how long after its end a workflow is put away, its customer's answers deleted. None: never.

        `results`: how long the results of record batches are kept. None: for ever.
        """
        self._store = store
        self._clock = clock
        self._archive = archive
        self._results = results

    async def run_once(self) -> int:
        """Forget and put away what is no longer needed; how many rows."""
        now = self._clock.now()
        async with self._store.begin() as tx:
            keys = await tx.batches.across_tenants_forget_keys(now=now)
            tokens = await tx.accounts.across_tenants_drop_expired(now=now)
            events = await tx.outbox.across_tenants_forget(made_before=now - EVENTS_KEPT, limit=AT_ONCE)
            results = 0
            if self._results is not None:
                ended_before = now - self._results
                results = await tx.record_batches.across_tenants_forget(ended_before=ended_before, limit=AT_ONCE)
        return keys + tokens + events + results + await self._put_away()

    async def _put_away(self) -> int:
        """In a transaction of its own for each round: after a long pause there may be many."""
        if self._archive is None:
            return 0
        ended_before = self._clock.now() - self._archive
        total = count = await self._put_some_away(ended_before)
        while count == AT_ONCE:
            count = await self._put_some_away(ended_before)
            total += count
        return total

    async def _put_some_away(self, ended_before: datetime) -> int:
        async with self._store.begin() as tx:
            return await tx.workflows.across_tenants_archive(ended_before=ended_before, limit=AT_ONCE)

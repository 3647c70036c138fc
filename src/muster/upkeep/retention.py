"""What is no longer needed."""

from datetime import timedelta

from muster.ports.clock import Clock
from muster.ports.store.unit import Store

EVENTS_KEPT = timedelta(days=30)
"""How far back events can be replayed."""
AT_ONCE = 5_000
"""The most events forgotten in one round."""


class Retention:
    """Forgets expired tokens, idempotency keys, and events that were told long ago."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run_once(self) -> int:
        """Forget what has expired; how many rows."""
        now = self._clock.now()
        async with self._store.begin() as tx:
            keys = await tx.batches.across_tenants_forget_keys(now=now)
            tokens = await tx.accounts.across_tenants_drop_expired(now=now)
            events = await tx.outbox.across_tenants_forget(made_before=now - EVENTS_KEPT, limit=AT_ONCE)
            return keys + tokens + events

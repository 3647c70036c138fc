"""What is no longer needed."""

from muster.ports.clock import Clock
from muster.ports.store.unit import Store


class Retention:
    """Forgets expired tokens and idempotency keys."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run_once(self) -> int:
        """Forget what has expired; how many rows."""
        now = self._clock.now()
        async with self._store.begin() as tx:
            keys = await tx.batches.across_tenants_forget_keys(now=now)
            return keys + await tx.accounts.across_tenants_drop_expired(now=now)

"""Payments whose end nobody knows: undecided ones, and those whose process died between the order and its result."""

import asyncio

from muster.ports.clock import Clock
from muster.ports.payments import Payments
from muster.ports.store.unit import Store
from muster.settle.courses import Courses
from muster.settle.payments import LEASE, PaymentDesk

AT_ONCE = 20
"""The most orders asked about at the same time."""


class PaymentsChore:
    """Asks the executor again, under the same key. Any number of processes may do it: each order is given to one."""

    def __init__(self, store: Store, payments: Payments, clock: Clock) -> None:
        self._store = store
        self._desk = PaymentDesk(store, payments, clock, courses=Courses())
        self._clock = clock

    async def run_once(self) -> int:
        """Ask about every order that is due; how many."""
        now = self._clock.now()
        async with self._store.begin() as tx:
            due = await tx.workflows.across_tenants_paying(now=now, until=now + LEASE, limit=AT_ONCE)
        asked = await asyncio.gather(*(self._desk.carry_on(workflow) for workflow in due), return_exceptions=True)
        for error in asked:
            if error is not None:
                raise error
        return len(due)

"""Payments whose end nobody knows: undecided ones, and those whose process died between the order and its result."""

import asyncio

import msgspec
import structlog

from muster.domain.errors import NotFound
from muster.domain.workflow import Workflow
from muster.ports.clock import Clock
from muster.ports.payments import Payments
from muster.ports.store.unit import Store
from muster.settle.courses import Courses
from muster.settle.payments import LEASE, PaymentDesk

log = structlog.get_logger()

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
        async with self._store.read() as tx:
            # As for deadlines: a look must not take the write lock.
            if not await tx.workflows.across_tenants_any_paying(now=now):
                return 0
        async with self._store.begin() as tx:
            due = await tx.workflows.across_tenants_paying(now=now, until=now + LEASE, limit=AT_ONCE)
        asked = await asyncio.gather(*(self._ask(workflow) for workflow in due), return_exceptions=True)
        for error in asked:
            if error is not None:
                raise error
        return len(due)

    async def _ask(self, workflow: Workflow) -> None:
        """Ask about one. What cannot be read is told and left: it must neither stop the others nor end the process."""
        try:
            await self._desk.carry_on(workflow)
        except (NotFound, LookupError, ValueError, msgspec.MsgspecError) as error:
            log.warning("payment_unreadable", workflow=str(workflow.id), error=type(error).__name__)

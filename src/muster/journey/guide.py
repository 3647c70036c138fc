"""What a customer does with a link."""

from collections.abc import Mapping, Sequence
from typing import Final

from muster.domain.fault import Fault
from muster.journey.answering import ACCOUNT_CODES, Answering
from muster.journey.finding import Finder
from muster.journey.visit import Standing, Visit
from muster.kinds.workflow_batches.journey import DeclineReason
from muster.kinds.workflow_batches.kind import WorkflowBatches
from muster.ports.clock import Clock
from muster.ports.payments import Payments
from muster.ports.store.suppressions import Suppression
from muster.ports.store.unit import Store
from muster.settle.courses import Courses
from muster.settle.payments import PaymentDesk

__all__ = ["ACCOUNT_CODES", "Guide", "Standing", "Visit"]

SOURCE: Final = "link"
"""Where a suppression comes from that a customer asked for on the page."""
_OWN: Final = frozenset({SOURCE, "reply"})
"""The first word of the sources that are the customer's own wish."""


class Guide:
    """Answers one customer."""

    def __init__(self, store: Store, payments: Payments, clock: Clock) -> None:
        courses = Courses()
        self._store = store
        self._clock = clock
        self._comparable = WorkflowBatches().comparable
        self._finder = Finder(store, clock, courses, comparable=self._comparable)
        self._answering = Answering(store, payments, clock, desk=PaymentDesk(store, payments, clock, courses=courses))

    async def find(self, token: str) -> Visit | None:
        """What stands behind a link; None for a token nobody was given. Changes nothing: a mere look (or a robot's)."""
        return await self._finder.find(token)

    async def answer(self, visit: Visit, step: int, form: Mapping[str, str]) -> Sequence[Fault]:
        """Take the form for `step`. Faults when something is wrong with it; empty when it was taken.

        Idempotent: a form for a step that is done (sent twice, or from an old page) is taken and changes nothing.
        Two at once: one wins, the other is taken and changes nothing.
        """
        if visit.standing is not Standing.ASKING or visit.ask is None or step != visit.workflow.step:
            return ()
        return await self._answering.answer(visit, visit.ask, form)

    async def decline(self, visit: Visit, reason: DeclineReason) -> None:
        """The customer will not. Idempotent; nothing happens to a workflow that is over or paying."""
        if visit.standing is Standing.ASKING:
            await self._answering.decline(visit, reason)

    async def opt_out(self, visit: Visit) -> None:
        """Send this customer nothing more on behalf of this account."""
        tenant, now = visit.workflow.tenant, self._clock.now()
        address = self._comparable(visit.workflow.address)
        async with self._store.begin() as tx:
            wanted = [Suppression(address=address, source=SOURCE, created_at=now)]
            if await tx.suppressions.add(tenant, wanted):
                await tx.outbox.audit(tenant, None, "suppression:add", subject=SOURCE, detail="1 new of 1", at=now)

    async def opt_in(self, visit: Visit) -> None:
        """Take it back. What the business listed itself stays: it may not be the customer's to lift."""
        tenant, now = visit.workflow.tenant, self._clock.now()
        address = self._comparable(visit.workflow.address)
        async with self._store.begin() as tx:
            source = (await tx.suppressions.among(tenant, [address])).get(address, "")
            if source.partition(" ")[0] in _OWN and await tx.suppressions.remove(tenant, [address]):
                await tx.outbox.audit(tenant, None, "suppression:remove", subject=SOURCE, detail="1 of 1", at=now)

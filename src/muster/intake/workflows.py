"""Single workflows: creating, cancelling, texting again, giving more time."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from muster.domain.entry import NewEntry, QueuedEntry
from muster.domain.errors import Unavailable, WrongState
from muster.domain.ids import TemplateId, WorkflowId, entry_id
from muster.domain.template import Template
from muster.domain.tenant import Principal
from muster.domain.workflow import NewWorkflow, NoticeOrigin, Workflow, WorkflowEvent, WorkflowState
from muster.intake.control import Control
from muster.intake.submit import Keeping, Submission, Submit
from muster.kinds.kind import BatchFacts, Kind, Terms
from muster.kinds.workflow_batches.kind import next_notice
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.ports.store.workflows import NewNotice

_TRIES: Final = 5
"""A customer's step, a reminder or a longer time may come between; hardly ever several of them."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A single workflow as a door hands it over."""

    title: str
    template: TemplateId | str | None
    """By id, or by exact name; None for one that brings its own steps."""
    template_kind: str
    entry: Callable[[Template | None], NewEntry]
    """Makes its entry, accepted and at position 0, once the template is known; raises BadInput."""


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What workflows are made with."""

    submit: Submit
    control: Control
    kind: Kind
    """The kind of the batch of one that a single workflow is."""
    link_key: bytes
    """The secret that link tokens are derived from."""
    terms: Terms = Terms()


class WorkflowControl:
    """What a tenant may do to one workflow. Workflows of batches are the same things as single ones."""

    def __init__(self, store: Store, clock: Clock, means: Means) -> None:
        self._store = store
        self._clock = clock
        self._means = means

    async def create(self, who: Principal, order: Order) -> WorkflowId:
        """Keep a workflow whose message is to be sent at once: a batch of one entry.

        Raises NotFound (the template), TemplateNotActive, and BadInput from the order; nothing is kept then.
        """

        def entries(template: Template | None) -> Sequence[NewEntry]:
            return [order.entry(template)]

        made = await self._means.submit(
            who,
            Submission(
                kind=self._means.kind.name,
                title=order.title,
                template=order.template,
                template_kind=order.template_kind,
                entries=entries,
                workflows=self._openings,
            ),
        )
        return WorkflowId(entry_id(made.batch, 0))

    async def cancel(self, who: Principal, workflow: WorkflowId) -> None:
        """End it; its link dies, and a message that waits is not sent. One that is cancelled already is left so.

        Raises NotFound; WrongState for another end, and while a payment is under way: the money may have moved.
        """
        for _ in range(_TRIES):
            async with self._store.begin() as tx:
                found = await tx.workflows.get(who.tenant, workflow)
                if WorkflowState.CANCELLED in {found.state, found.ended_as} or await self._cancel(tx, who, found):
                    return
        raise Unavailable("The workflow is changing at this moment: try again")

    async def resend(self, who: Principal, workflow: WorkflowId) -> None:
        """Text the customer once more. Raises NotFound; WrongState unless active, and when they have opted out."""
        async with self._store.begin() as tx:
            found = await tx.workflows.get(who.tenant, workflow)
            self._insist_on_active(found)
            address = self._means.kind.comparable(found.address)
            unwanted = await tx.suppressions.among(who.tenant, [address])
            if address in unwanted:
                raise WrongState(f"The customer has opted out ({unwanted[address]}): they are not texted")
            notice = NewNotice(ref=found.ref, origin=NoticeOrigin.MANUAL, by=who.id)
            await tx.workflows.add_notices(who.tenant, [notice], at=self._clock.now())
            await self._audit(tx, who, found, verb="resend")

    async def extend(self, who: Principal, workflow: WorkflowId, *, hours: int) -> None:
        """Let it stand `hours` (from 1) from now, and remind the customer accordingly.

        Raises NotFound; WrongState unless active.
        """
        async with self._store.begin() as tx:
            found = await tx.workflows.get(who.tenant, workflow)
            self._insist_on_active(found)
            now = self._clock.now()
            expires_at = now + timedelta(hours=hours)
            notice_at = next_notice(now, expires_at, self._means.terms)
            if not await tx.workflows.extend(found, expires_at=expires_at, notice_at=notice_at, at=now):
                raise WrongState("The workflow is not active any more")
            await self._audit(tx, who, found, verb="extend", detail=f"{hours} h")

    def _openings(self, keeping: Keeping) -> Sequence[NewWorkflow]:
        means = self._means
        facts = BatchFacts(
            number=keeping.number,
            id=keeping.id,
            template=keeping.template,
            # No message is packed here, so nobody needs the whole link.
            link_base="",
            link_key=means.link_key,
            terms=means.terms,
        )
        queued = [QueuedEntry(e.position, e.state, e.address, e.payload, 0, 0) for e in keeping.entries]
        return means.kind.openings(facts, queued, at=keeping.at)

    async def _cancel(self, tx: Transaction, who: Principal, found: Workflow) -> bool:
        """End what is open; False when it has changed since it was read."""
        if found.payment is not None:
            raise WrongState("The customer's payment is under way: wait for its end")
        match found.state:
            case WorkflowState.CREATED:
                # Its batch holds nothing else, and would send the message.
                batch = await tx.batches.get(who.tenant, found.batch)
                await self._means.control.call_off(tx, who, batch, withdraw=True)
            case WorkflowState.ACTIVE:
                if await tx.workflows.end(found, WorkflowEvent.CANCELLED, at=self._clock.now()) is None:
                    return False
            case _:
                raise WrongState(f"The workflow is {found.state.value}: it cannot be cancelled")
        await self._audit(tx, who, found, verb="cancel")
        return True

    def _insist_on_active(self, found: Workflow) -> None:
        """Its time counts to the second, whether upkeep has ended it already or not."""
        if found.state is not WorkflowState.ACTIVE:
            raise WrongState(f"The workflow is {found.state.value}: only an active one allows this")
        if found.expires_at <= self._clock.now():
            raise WrongState("The workflow's time is over")

    async def _audit(self, tx: Transaction, who: Principal, found: Workflow, *, verb: str, detail: str = "") -> None:
        at = self._clock.now()
        await tx.outbox.audit(who.tenant, who.id, f"workflow:{verb}", subject=str(found.id), detail=detail, at=at)

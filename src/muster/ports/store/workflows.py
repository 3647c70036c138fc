"""Keeping workflows, and the texts sent about them.

A batch counts its workflows by end (`Batch.ended`); every function here moves those counts in the same transaction.
Whatever changes an end locks the batch's row before the workflow's, so that nobody waits in a ring.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.ids import BatchId, BatchNumber, ChannelId, PrincipalId, TemplateId, TenantId, WorkflowId
from muster.domain.workflow import (
    NewWorkflow,
    Notice,
    NoticeOrigin,
    PaymentState,
    Workflow,
    WorkflowEvent,
    WorkflowRef,
    WorkflowState,
)
from muster.ports.store.batches import Page


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer's step changes. What is None stays as it is."""

    step: int
    answers: str
    customer_name: str | None = None
    email: str | None = None
    payment: PaymentState | None = None
    """None: no payment is under way (any more)."""
    payment_at: datetime | None = None


class WorkflowFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which workflows; every condition that is set must hold."""

    state: WorkflowState | None = None
    template: TemplateId | None = None
    batch: BatchId | None = None
    text: str = ""
    """Case-insensitive part of the id, the customer's name, e-mail or phone number."""


class DueWorkflow(msgspec.Struct, frozen=True):
    """A workflow whose time has come: for a reminder, or for its end."""

    tenant: TenantId
    ref: WorkflowRef
    address: str
    """The customer's phone number, as submitted."""
    expires_at: datetime
    notice_at: datetime | None


class NewNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is to be sent about a workflow."""

    ref: WorkflowRef
    origin: NoticeOrigin
    by: PrincipalId | None


class WaitingNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A text that no message was made for yet, with what the message needs."""

    tenant: TenantId
    ref: WorkflowRef
    serial: int
    workflow: WorkflowId
    channel: ChannelId | None
    origin: NoticeOrigin
    address: str
    payload: str
    """The payload of the workflow's own entry."""
    definition: str | None
    """The definition of its template's version; None without a template."""


class Workflows(Protocol):
    """The workflows of a tenant."""

    async def add(self, tenant: TenantId, batch: BatchNumber, workflow: NewWorkflow, *, at: datetime) -> None:
        """Keep a workflow whose message waits, as `created`."""
        ...

    async def open(
        self, tenant: TenantId, batch: BatchNumber, workflows: Sequence[NewWorkflow], *, at: datetime
    ) -> None:
        """The messages leave: keep the workflows as `active`, created `at`; set-based.

        One that stands already (`created`, or `active` and sent again) becomes `active` with the new times; one that
        has ended is left alone. In a batch that was withdrawn meanwhile they are kept as `cancelled`, and counted so.
        The caller holds the batch's row locked.
        """
        ...

    async def void(self, tenant: TenantId, batch: BatchNumber, positions: Sequence[int], *, at: datetime) -> None:
        """Their messages never left: the workflows never were. Those that had ended are counted no more."""
        ...

    async def postpone(self, tenant: TenantId, batch: BatchNumber, positions: Sequence[int], *, at: datetime) -> None:
        """Their messages will be tried again: `active` becomes `created`."""
        ...

    async def call_off(self, tenant: TenantId, batch: BatchNumber, positions: Sequence[int], *, at: datetime) -> None:
        """Their messages will never leave: what is open becomes `cancelled`, and is counted so."""
        ...

    async def over(self, tenant: TenantId, refs: Sequence[WorkflowRef]) -> frozenset[WorkflowRef]:
        """Which of them stand in an end, or in a batch that was withdrawn."""
        ...

    async def get(self, tenant: TenantId, workflow: WorkflowId) -> Workflow:
        """The workflow; raises NotFound."""
        ...

    async def across_tenants_by_token(self, token_hash: bytes) -> Workflow | None:
        """The workflow whose link holds the token: who owns it is what the token tells."""
        ...

    async def across_tenants_at(self, ref: WorkflowRef) -> Workflow | None:
        """The workflow with this key."""
        ...

    async def find(
        self, tenant: TenantId, where: WorkflowFilter, *, order: Sequence[tuple[str, bool]], page: Page
    ) -> tuple[int, Sequence[Workflow]]:
        """How many match, and one page. `order` is (field, descending) over `created_at expires_at state title`.

        Ties are broken by batch and position, newest batch first.
        """
        ...

    async def advance(self, workflow: Workflow, advance: Advance, *, at: datetime) -> bool:
        """Change an active workflow if it is still at the revision of `workflow`; False when somebody was faster."""
        ...

    async def end(
        self,
        workflow: Workflow,
        event: WorkflowEvent,
        *,
        at: datetime,
        advance: Advance | None = None,
        reason: str | None = None,
    ) -> WorkflowState | None:
        """Move it to an end by `event` if the table allows and it is still at the revision of `workflow`.

        None when it is not. The count of its batch moves with it; no reminder and no payment follows. `reason` is kept
        as the decline reason.
        """
        ...

    async def close_payment(self, workflow: Workflow) -> None:
        """The order of a workflow that is over was seen through: nobody is asked about it any more."""
        ...

    async def extend(
        self, workflow: Workflow, *, expires_at: datetime, notice_at: datetime | None, at: datetime
    ) -> bool:
        """Give an active workflow a new end and next reminder; False when it is not active any more."""
        ...

    async def cancel_all(self, tenant: TenantId, batch: BatchNumber, *, at: datetime) -> int:
        """Cancel every open workflow of the batch, whose row the caller holds locked; how many.

        An order that is with the executor is not forgotten: `across_tenants_paying` still gives it out.
        """
        ...

    async def across_tenants_any_due(self, *, now: datetime) -> bool:
        """Whether the reminder or end of a workflow is due. Nearly every look of upkeep finds nothing to write."""
        ...

    async def across_tenants_due(self, *, now: datetime, limit: int) -> Sequence[DueWorkflow]:
        """Active workflows whose reminder or end is due, earliest first; none whose payment is under way.

        None whose message is just leaving. On PostgreSQL they are locked until the transaction ends, and those that
        another transaction holds are left out.
        """
        ...

    async def across_tenants_expire(self, refs: Sequence[WorkflowRef], *, now: datetime) -> Sequence[Workflow]:
        """Move those that are due and active to `expired`, each batch's count with them; which."""
        ...

    async def across_tenants_remind(
        self, due: Sequence[tuple[WorkflowRef, datetime | None]], *, now: datetime
    ) -> frozenset[WorkflowRef]:
        """Set the next reminder of those that are active and whose reminder is due; which."""
        ...

    async def across_tenants_any_paying(self, *, now: datetime) -> bool:
        """Whether an executor is to be asked now."""
        ...

    async def across_tenants_paying(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Workflow]:
        """Workflows whose executor is to be asked (again) now; nobody else is given them before `until`.

        Among them those of batches that were cancelled while the order was under way.
        """
        ...

    async def across_tenants_archive(self, *, ended_before: datetime, limit: int) -> int:
        """Put away what ended before then, its answers with it; how many. Not while a payment is under way."""
        ...

    async def add_notices(self, tenant: TenantId, notices: Sequence[NewNotice], *, at: datetime) -> None:
        """Note texts to be sent, each under the next serial of its workflow (the first text has 0)."""
        ...

    async def notices(self, tenant: TenantId, workflow: WorkflowId) -> Sequence[Notice]:
        """Every text about the workflow by serial, the first one included once it left; raises NotFound."""
        ...

    async def across_tenants_any_waiting_notices(self) -> bool:
        """Whether there are notices that no message was made for."""
        ...

    async def across_tenants_waiting_notices(self, *, limit: int) -> Sequence[WaitingNotice]:
        """Notices that no message was made for, oldest first; locked, and locked ones left out, as `due`."""
        ...

    async def across_tenants_noticed(self, notices: Sequence[tuple[WorkflowRef, int]], *, batch: BatchNumber) -> None:
        """Note that the messages of these notices (key and serial) are the entries of `batch`, in this order."""
        ...

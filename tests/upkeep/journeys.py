"""Workflows in the store, as they stand when their messages have left."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import count
from uuid import UUID, uuid4

import msgspec

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState, NewEntry
from muster.domain.event import Event, EventType
from muster.domain.ids import (
    BatchId,
    BatchNumber,
    ChannelId,
    TemplateId,
    TemplateVersionId,
    TenantId,
    WorkflowId,
    entry_id,
)
from muster.domain.template import Template, TemplateState
from muster.domain.workflow import NewWorkflow, NoticeOrigin, Workflow, WorkflowState
from muster.kinds.kind import Terms
from muster.kinds.workflow_batches.definition import Definition, StepSetting, write
from muster.kinds.workflow_batches.kind import next_notice
from muster.ports.clock import Clock
from muster.ports.store.batches import NewBatch
from muster.ports.store.unit import Store, Transaction
from muster.ports.store.workflows import WaitingNotice
from muster.settle.courses import Courses
from muster.upkeep.deadlines import Deadlines
from tests.fakes.clock import START

TERMS = Terms()
REFUND = Definition(steps=(StepSetting(name="notification"), StepSetting(name="customer-account")), memo="Your refund")
FIRST_ASKED = 1
"""The step at hand of a workflow that has just begun."""

_tokens = count()


class Journeys:
    """Workflows of one tenant, and what becomes of them."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId, *, channel: ChannelId | None = None) -> None:
        self.store = store
        self.clock = clock
        self.tenant = tenant
        self.channel = channel

    def deadlines(self, store: Store | None = None, clock: Clock | None = None) -> Deadlines:
        """The chore, as one process has it."""
        return Deadlines(store or self.store, clock or self.clock, TERMS, courses=Courses())

    async def begin(self, numbers: int | Sequence[str] = 1, *, hours: float = 72, payload: str | None = None) -> UUID:
        """A batch whose messages have just left: one workflow a number, standing for so many hours. The batch's id."""
        addresses = [f"+3460000{n:05}" for n in range(numbers)] if isinstance(numbers, int) else list(numbers)
        at = self.clock.now()
        expires_at = at + timedelta(hours=hours)
        stored = payload or msgspec.json.encode({"title": "Refund", "parameters": {"phoneNumber": "x"}}).decode()
        async with self.store.begin() as tx:
            batch = await self._batch(tx, len(addresses))
            number = (await tx.batches.get(self.tenant, batch)).number
            entries = [NewEntry(n, EntryState.SENT, address, stored) for n, address in enumerate(addresses)]
            await tx.entries.add(self.tenant, number, entries, at=at)
            opened = [
                NewWorkflow(n, _token(), FIRST_ASKED, expires_at, next_notice(at, expires_at, TERMS))
                for n in range(len(addresses))
            ]
            await tx.workflows.open(self.tenant, number, opened, at=at)
        return batch

    async def _batch(self, tx: Transaction, size: int) -> BatchId:
        template = a_template()
        await tx.templates.add(self.tenant, template)
        batch = NewBatch(
            id=BatchId(uuid4()),
            kind="workflow_batches",
            state=BatchState.RUNNING,
            title="",
            total=size,
            counts={EntryState.SENT: size},
            channel=self.channel,
            template=template.id,
            template_version=template.version_id,
            template_number=1,
            template_title="",
            idempotency_key=str(uuid4()),
            created_by=None,
            created_at=START,
        )
        await tx.batches.add(self.tenant, batch)
        return batch.id

    async def number(self, batch: UUID) -> BatchNumber:
        """The batch's key in the store."""
        async with self.store.read() as tx:
            return (await tx.batches.get(self.tenant, BatchId(batch))).number

    async def workflow(self, batch: UUID, position: int = 0) -> Workflow:
        """The workflow as it stands."""
        async with self.store.read() as tx:
            return await tx.workflows.get(self.tenant, WorkflowId(entry_id(batch, position)))

    async def expired(self, batch: UUID) -> int:
        """How many workflows of the batch it counts as expired."""
        async with self.store.read() as tx:
            return (await tx.batches.get(self.tenant, BatchId(batch))).ended[WorkflowState.EXPIRED]

    async def texts(self, batch: UUID, position: int = 0) -> list[NoticeOrigin]:
        """What its customer was texted for, by serial."""
        async with self.store.read() as tx:
            history = await tx.workflows.notices(self.tenant, WorkflowId(entry_id(batch, position)))
        return [notice.origin for notice in history]

    async def waiting(self) -> Sequence[WaitingNotice]:
        """Texts that no message was made for."""
        async with self.store.begin() as tx:
            return await tx.workflows.across_tenants_waiting_notices(limit=100_000)

    async def told(self) -> Sequence[Event]:
        """Every announcement about a workflow."""
        async with self.store.read() as tx:
            events = await tx.outbox.between(
                self.tenant, since=START - timedelta(days=1), until=START + timedelta(days=1000), limit=100_000
            )
        return [event for event in events if event.type is EventType.WORKFLOW_UPDATED]


def _token() -> bytes:
    return sha256(str(next(_tokens)).encode()).digest()


def a_template() -> Template:
    """A template of a name of its own."""
    return Template(
        id=TemplateId(uuid4()),
        version_id=TemplateVersionId(uuid4()),
        version=1,
        kind="workflow_batches",
        name=str(uuid4()),
        display_name="Refund",
        description="",
        definition=write(REFUND),
        state=TemplateState.ACTIVE,
        created_by=None,
        created_at=START,
        updated_at=START,
    )

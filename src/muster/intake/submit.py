"""The only door for batches."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from muster.domain.batch import BatchEvent, BatchState
from muster.domain.chunk import CHUNK_SIZE, CHUNKS_IN_QUEUE, ChunkRef
from muster.domain.entry import EntryState, NewEntry
from muster.domain.errors import NotFound, TemplateNotActive
from muster.domain.event import EventType
from muster.domain.ids import BatchId, BatchNumber, ChannelId, PrincipalId, TemplateId, TenantId, entry_id
from muster.domain.progress import ending
from muster.domain.template import Template, TemplateState
from muster.domain.tenant import Principal
from muster.domain.workflow import NewWorkflow
from muster.events.outbox import batch_event
from muster.intake.keys import Claim, recall, take
from muster.ports.clock import Clock
from muster.ports.meter import Meter
from muster.ports.queue import Queue
from muster.ports.store.batches import NewBatch
from muster.ports.store.unit import Store, Transaction


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """A batch while it is being kept: what the workflows that are kept with it are made from."""

    number: BatchNumber
    id: BatchId
    template: Template | None
    entries: Sequence[NewEntry]
    at: datetime


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as a door hands it over."""

    kind: str
    title: str
    template: TemplateId | str | None
    """By id, or by exact name; None for kinds without templates."""
    entries: Callable[[Template | None], Sequence[NewEntry]]
    """Makes the entries, in order of position, once the template is known."""
    idempotency_key: str | None = None
    """None: one is made."""
    scope: str | None = None
    """Keys of one scope (one operation of one door) are compared with each other; None: no key is remembered."""
    fingerprint: bytes = b""
    """Equal for two requests exactly when they ask for the same."""
    channel: ChannelId | None = None
    template_kind: str | None = None
    """The kind its template is made for, where that is not the batch's own."""
    workflows: Callable[[Keeping], Sequence[NewWorkflow]] | None = None
    """Makes the workflows that are kept with the batch, their messages still to be sent; None: there are none."""


class Submitted(msgspec.Struct, frozen=True):
    """The answer: durable, whatever happens next."""

    batch: BatchId
    idempotency_key: str
    replayed: bool


class Submit:
    """Takes a batch in: idempotency first, then the template, then everything in one transaction."""

    def __init__(self, store: Store, queue: Queue, clock: Clock, *, meter: Meter, new_uuid: Callable[[], UUID]) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._meter = meter
        self._new_uuid = new_uuid

    async def __call__(self, who: Principal, submission: Submission) -> Submitted:
        """Keep the batch, its entries, its first jobs and its key together.

        Raises IdempotencyConflict, NotFound (the template) and TemplateNotActive; nothing is kept then.
        """
        earlier, template = await self._look(who, submission)
        if earlier is not None:
            return earlier
        entries = submission.entries(template)
        batch = self._batch(who, submission, template=template, entries=entries)
        async with self._store.begin() as tx:
            earlier = await _take(tx, who, submission, batch=batch)
            if earlier is None:
                number = await self.keep(tx, who.tenant, batch=batch, entries=entries, by=who.id)
                if submission.workflows is not None:
                    keeping = Keeping(
                        number=number, id=batch.id, template=template, entries=entries, at=batch.created_at
                    )
                    await _keep_workflows(tx, who, keeping, workflows=submission.workflows(keeping))
        if earlier is not None:
            return earlier
        self.count(batch)
        return Submitted(batch.id, batch.idempotency_key, replayed=False)

    def count(self, batch: NewBatch) -> None:
        """Measure that the batch was kept, once that is durable."""
        took = self._clock.now() - batch.created_at
        self._meter.count("batches_submitted", kind=batch.kind)
        self._meter.count("entries_submitted", batch.total, kind=batch.kind)
        self._meter.observe("submit_seconds", took.total_seconds(), kind=batch.kind)

    async def _look(self, who: Principal, submission: Submission) -> tuple[Submitted | None, Template | None]:
        """The answer to the earlier use of the key, or else the template."""
        async with self._store.read() as tx:
            if submission.idempotency_key is not None and submission.scope is not None:
                claim = _claim(who, submission.scope, submission.idempotency_key, fingerprint=submission.fingerprint)
                answer = await recall(tx, claim, now=self._clock.now())
                if answer is not None:
                    return _replay(answer, claim), None
            return None, await _template(tx, who, submission)

    def _batch(
        self, who: Principal, submission: Submission, *, template: Template | None, entries: Sequence[NewEntry]
    ) -> NewBatch:
        counts = Counter(entry.state for entry in entries)
        ended = ending({state: counts[state] for state in EntryState})
        states = {None: BatchState.QUEUED, BatchEvent.ENDED: BatchState.COMPLETED, BatchEvent.FAILED: BatchState.FAILED}
        return NewBatch(
            id=BatchId(self._new_uuid()),
            kind=submission.kind,
            state=states[ended],
            title=submission.title,
            total=len(entries),
            counts=counts,
            channel=submission.channel,
            template=template.id if template else None,
            template_version=template.version_id if template else None,
            template_number=template.version if template else None,
            template_title=template.display_name if template else "",
            idempotency_key=submission.idempotency_key or str(self._new_uuid()),
            created_by=who.id,
            created_at=self._clock.now(),
        )

    async def keep(
        self, tx: Transaction, tenant: TenantId, *, batch: NewBatch, entries: Sequence[NewEntry], by: PrincipalId | None
    ) -> BatchNumber:
        """Keep the batch, its entries and its first jobs as part of `tx`, and announce it; its number."""
        at = batch.created_at
        number = await tx.batches.add(tenant, batch)
        await tx.entries.add(tenant, number, entries, at=at)
        if batch.state is BatchState.QUEUED:
            await self._start(tx, tenant, number)
        happened = [EventType.BATCH_SUBMITTED]
        if batch.state is not BatchState.QUEUED:
            happened.append(EventType.BATCH_FAILED if batch.state is BatchState.FAILED else EventType.BATCH_COMPLETED)
        news = [batch_event(one, batch.id, kind=batch.kind, state=batch.state, counts=batch.counts) for one in happened]
        await tx.outbox.add(tenant, news, at=at)
        await tx.outbox.audit(tenant, by, "batch:submit", subject=str(batch.id), detail=batch.kind, at=at)
        return number

    async def _start(self, tx: Transaction, tenant: TenantId, number: BatchNumber) -> None:
        """Put the first few chunks in the queue; each that ends brings the next."""
        jobs: list[ChunkRef] = []
        for _ in range(CHUNKS_IN_QUEUE):
            chunk = await tx.chunks.open_next(tenant, number, size=CHUNK_SIZE)
            if chunk is None:
                break
            jobs.append(chunk)
        await self._queue.enqueue(tx, jobs)


async def _take(tx: Transaction, who: Principal, submission: Submission, *, batch: NewBatch) -> Submitted | None:
    """Take the batch's idempotency key, if there is one to take; the earlier answer where somebody was faster."""
    if submission.scope is None:
        return None
    claim = _claim(who, submission.scope, batch.idempotency_key, fingerprint=submission.fingerprint)
    answer = await take(tx, claim, answer=str(batch.id), now=batch.created_at)
    return None if answer is None else _replay(answer, claim)


def _claim(who: Principal, scope: str, key: str, *, fingerprint: bytes) -> Claim:
    return Claim(tenant=who.tenant, scope=scope, key=key, fingerprint=fingerprint)


async def _keep_workflows(
    tx: Transaction, who: Principal, keeping: Keeping, *, workflows: Sequence[NewWorkflow]
) -> None:
    for workflow in workflows:
        await tx.workflows.add(who.tenant, keeping.number, workflow, at=keeping.at)
        subject = str(entry_id(keeping.id, workflow.position))
        await tx.outbox.audit(who.tenant, who.id, "workflow:create", subject=subject, detail="", at=keeping.at)


def _replay(answer: str, claim: Claim) -> Submitted:
    return Submitted(BatchId(UUID(answer)), claim.key, replayed=True)


async def _template(tx: Transaction, who: Principal, submission: Submission) -> Template | None:
    kind = submission.template_kind or submission.kind
    match submission.template:
        case None:
            return None
        case str(name):
            template = await tx.templates.named(who.tenant, kind, name)
        case identity:
            template = await tx.templates.get(who.tenant, identity)
            if template.kind != kind:
                raise NotFound("no such template")
    if template.state is not TemplateState.ACTIVE:
        raise TemplateNotActive(f"the template is {template.state.value}, only an active one may be used")
    return template

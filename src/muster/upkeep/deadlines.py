"""Workflows whose time has come: for a reminder, or for their end."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog

from muster.domain.errors import NotFound
from muster.domain.event import NewEvent
from muster.domain.ids import TenantId
from muster.domain.workflow import NoticeOrigin, Workflow, WorkflowRef
from muster.events.outbox import workflow_event
from muster.kinds.kind import Terms
from muster.kinds.workflow_batches.journey import StepStatus, read_answers, step_views
from muster.kinds.workflow_batches.kind import next_notice
from muster.kinds.workflow_batches.messages import comparable
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.ports.store.workflows import DueWorkflow, NewNotice
from muster.settle.courses import Courses

log = structlog.get_logger()

AT_ONCE: Final = 500
"""The most workflows of one transaction."""

_Texted = tuple[TenantId, WorkflowRef, str]
"""Who is to be texted about what: tenant, workflow, phone number."""


class Deadlines:
    """Reminds customers, ends what ran out of time, and notes the texts that go with it.

    What is due is what the store says, so nothing depends on this process having been there: after a pause a reminder
    is sent once, however often it was missed, and an end that has passed brings the last text and no reminder. The new
    state, the text and the announcement are one transaction, so nothing happens twice. Any number of processes may do
    it at once.
    """

    def __init__(self, store: Store, clock: Clock, terms: Terms, *, courses: Courses) -> None:
        self._store = store
        self._clock = clock
        self._terms = terms
        self._courses = courses

    async def run_once(self) -> int:
        """Do all that is due; how many workflows were ended or reminded of."""
        found, done = await self._round()
        total = done
        # A round that changed nothing would find the same again.
        while found == AT_ONCE and done:
            found, done = await self._round()
            total += done
        return total

    async def _round(self) -> tuple[int, int]:
        """One transaction that writes: how many workflows were due, and how many of them were changed."""
        now = self._clock.now()
        async with self._store.read() as tx:
            # Nearly every look finds nothing, and a look must not take the one write lock of SQLite.
            if not await tx.workflows.across_tenants_any_due(now=now):
                return 0, 0
        async with self._store.begin() as tx:
            due = await tx.workflows.across_tenants_due(now=now, limit=AT_ONCE)
            over = [each.ref for each in due if each.expires_at <= now]
            ended = await self._end(tx, over, now=now) if over else 0
            waiting = [each for each in due if each.expires_at > now]
            reminded = await self._remind(tx, waiting, now=now) if waiting else 0
        if ended or reminded:
            log.info("deadlines_met", ended=ended, reminded=reminded)
        return len(due), ended + reminded

    async def _end(self, tx: Transaction, over: Sequence[WorkflowRef], *, now: datetime) -> int:
        ended = await tx.workflows.across_tenants_expire(over, now=now)
        texted = [(each.tenant, each.ref, each.address) for each in ended]
        await self._text(tx, texted, NoticeOrigin.EXPIRY, at=now)
        news: dict[TenantId, list[NewEvent]] = defaultdict(list)
        for workflow in ended:
            event = await self._event(tx, workflow)
            if event is not None:
                news[workflow.tenant].append(event)
        for tenant, events in sorted(news.items()):
            await tx.outbox.add(tenant, events, at=now)
        return len(ended)

    async def _remind(self, tx: Transaction, waiting: Sequence[DueWorkflow], *, now: datetime) -> int:
        following = [(each.ref, next_notice(now, each.expires_at, self._terms)) for each in waiting]
        moved = await tx.workflows.across_tenants_remind(following, now=now)
        # A reminder that was missed is not made up for in the last, quiet part.
        texted = [
            (each.tenant, each.ref, each.address)
            for each in waiting
            if each.ref in moved and now <= each.expires_at - self._terms.quiet
        ]
        await self._text(tx, texted, NoticeOrigin.REMINDER, at=now)
        return len(moved)

    async def _text(self, tx: Transaction, texted: Iterable[_Texted], origin: NoticeOrigin, *, at: datetime) -> None:
        """Note a text for each of them whose customer has not opted out."""
        numbers: dict[TenantId, dict[WorkflowRef, str]] = defaultdict(dict)
        for tenant, ref, address in texted:
            numbers[tenant][ref] = comparable(address)
        for tenant, of_tenant in sorted(numbers.items()):
            unwanted = await tx.suppressions.among(tenant, list(set(of_tenant.values())))
            notices = [
                NewNotice(ref=ref, origin=origin, by=None)
                for ref, number in of_tenant.items()
                if number not in unwanted
            ]
            if notices:
                await tx.workflows.add_notices(tenant, notices, at=at)

    async def _event(self, tx: Transaction, workflow: Workflow) -> NewEvent | None:
        """The step at hand failed. None for what cannot be read: one such workflow must not keep all others alive."""
        try:
            course = await self._courses.of(tx, workflow)
            answers = read_answers(workflow.answers)
        except (NotFound, msgspec.MsgspecError) as error:
            log.warning("workflow_unreadable", workflow=str(workflow.id), error=type(error).__name__)
            return None
        views = step_views(course, answers, workflow=workflow.id, step=workflow.step, declined=False)
        if not views:
            return None
        # Past the last step stands the yes that a course without questions asks for: it is told as the last one.
        return workflow_event(workflow, views, current=min(workflow.step, len(views) - 1), status=StepStatus.FAILED)

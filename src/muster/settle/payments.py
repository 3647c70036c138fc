"""Payments that are under way: the executor is asked, and what it says is written. Exactly once, whoever asks."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from muster.domain.errors import Unavailable
from muster.domain.workflow import OPEN, PaymentState, Workflow
from muster.kinds.workflow_batches.journey import (
    Course,
    StepStatus,
    account_of,
    order_of,
    read_answers,
    with_decline,
    with_payment,
    write_answers,
)
from muster.ports.clock import Clock
from muster.ports.payments import Declined, MoneyOrder, Moved, Payments, Pending
from muster.ports.store.customers import CustomerAccount
from muster.ports.store.unit import Store, Transaction
from muster.ports.store.workflows import Advance
from muster.settle.courses import Courses
from muster.settle.steps import Done, tell_step, write_step

log = structlog.get_logger()

DEADLINE: Final = timedelta(seconds=10)
"""How long one question to the executor may take; a customer may be waiting for it."""
LEASE: Final = timedelta(seconds=60)
"""For how long nobody else asks: longer than the deadline."""
_SOONEST: Final = timedelta(seconds=3)
_LATEST: Final = timedelta(hours=1)
_PART: Final = 10
"""An undecided order is asked about again after this part of the time it has waited."""
_TRIES: Final = 3
"""How often a result is written anew when the workflow changed meanwhile; after that upkeep asks again."""

Result = Moved | Declined | Pending | None
"""What the executor said; None: nothing."""


class PaymentDesk:
    """Sees payments through that were ordered."""

    def __init__(self, store: Store, payments: Payments, clock: Clock, *, courses: Courses) -> None:
        self._store = store
        self._payments = payments
        self._clock = clock
        self._courses = courses

    async def carry_on(self, workflow: Workflow) -> None:
        """Ask the executor about the order that is under way, and write what it says.

        May be repeated at any time and by anybody: the order's key stays, so the money moves once, and a result is
        written against the revision it belongs to. An executor that says nothing is asked again by upkeep.
        """
        async with self._store.read() as tx:
            course = await self._courses.of(tx, workflow)
            order = await _money_order(tx, workflow, course)
        result = await self._ask(order)
        for _ in range(_TRIES):
            at = self._clock.now()
            async with self._store.begin() as tx:
                if await _write(tx, workflow, course, result=result, at=at):
                    return
                found = await tx.workflows.get(workflow.tenant, workflow.id)
                if not _is_same_order(found, workflow) or found.state not in OPEN:
                    await _tell_late(tx, found, workflow, result=result, at=at)
                    if isinstance(result, Moved | Declined) and found.payment is not None:
                        await tx.workflows.close_payment(found)
                    return
            workflow = found

    async def _ask(self, order: MoneyOrder) -> Result:
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                return await self._payments.move(order)
        except (Unavailable, OSError) as error:  # TimeoutError is an OSError
            log.warning("executor_away", order=order.key, error=type(error).__name__)
            return None


async def account_at_hand(tx: Transaction, workflow: Workflow, course: Course) -> CustomerAccount | None:
    """The customer's account as the register has it; None while there is none, or for one only the business knows."""
    account = account_of(course, read_answers(workflow.answers), workflow.id)
    return None if account is None else await tx.customers.account(workflow.tenant, account)


async def _money_order(tx: Transaction, workflow: Workflow, course: Course) -> MoneyOrder:
    order = order_of(course, read_answers(workflow.answers), workflow.id)
    if order is None:
        raise ValueError(f"workflow {workflow.id} pays, but its course moves no money")
    known = await tx.customers.account(workflow.tenant, order.account)
    account = known.token if known else str(order.account)
    return msgspec.convert({**msgspec.structs.asdict(order), "account": account}, MoneyOrder)


async def _write(tx: Transaction, workflow: Workflow, course: Course, *, result: Result, at: datetime) -> bool:
    """Write what became of the order that is under way; False when the workflow has changed since it was read."""
    answers = read_answers(workflow.answers)
    match result:
        case Moved(reference=reference):
            done = Done(answers=with_payment(answers, workflow.step, reference=reference, at=at))
            return await write_step(tx, workflow, course, done=done, at=at)
        case Declined(code=code):
            return await _decline(tx, workflow, course, code=code, at=at)
        case Pending() | None:
            # Without an answer it stays what it was: the order may have arrived or not.
            state = workflow.payment if result is None else PaymentState.PENDING
            later = at + _wait(workflow, at)
            waiting = Advance(step=workflow.step, answers=workflow.answers, payment=state, payment_at=later)
            return await tx.workflows.advance(workflow, waiting, at=at)


async def _decline(tx: Transaction, workflow: Workflow, course: Course, *, code: str, at: datetime) -> bool:
    """The customer decides again: at the account where the steps ask for one, else at the payment."""
    names = [setting.name for setting in course.steps]
    back = names.index("financial-account") if "financial-account" in names else workflow.step
    answers = write_answers(with_decline(read_answers(workflow.answers), workflow.step, code=code, at=at))
    written = await tx.workflows.advance(workflow, Advance(step=back, answers=answers), at=at)
    if written:
        stands = msgspec.structs.replace(workflow, step=back, answers=answers)
        await tell_step(tx, stands, course, told=(workflow.step, StepStatus.FAILED), at=at)
    return written


def _wait(workflow: Workflow, at: datetime) -> timedelta:
    """How long until the executor is asked again: ever longer, the longer the order is undecided."""
    ordered = read_answers(workflow.answers).records.get(workflow.step)
    waited = at - (ordered.at if ordered is not None else workflow.updated_at)
    return min(max(waited / _PART, _SOONEST), _LATEST)


def _is_same_order(found: Workflow, ordered: Workflow) -> bool:
    """Whether the order is still under way."""
    same = read_answers(found.answers).tries == read_answers(ordered.answers).tries
    return found.payment is not None and same and found.step == ordered.step


async def _tell_late(tx: Transaction, found: Workflow, ordered: Workflow, *, result: Result, at: datetime) -> None:
    """Note money that moved although the workflow was ended meanwhile; what somebody else has written is not late."""
    if not isinstance(result, Moved):
        return
    record = read_answers(found.answers).records.get(ordered.step)
    if record is not None and record.data.get("reference") == result.reference:
        return
    log.warning("money_moved_late", workflow=str(found.id), reference=result.reference)
    detail = f"moved as {result.reference} while the workflow came to {found.state.value}"
    await tx.outbox.audit(found.tenant, None, "payment:late", subject=str(found.id), detail=detail, at=at)

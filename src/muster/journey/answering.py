"""Taking what a customer answers. Numbers of cards and accounts go to the executor and nowhere else."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import structlog

from muster.domain.errors import Unavailable
from muster.domain.fault import Fault
from muster.domain.workflow import PaymentState, Workflow, WorkflowEvent
from muster.journey.register import keep_customer, known_of
from muster.journey.visit import Visit
from muster.journey.writing import Writer
from muster.kinds.workflow_batches.journey import (
    Answer,
    Answers,
    Ask,
    AskKind,
    DeclineReason,
    StepStatus,
    account_id,
    answered,
    customer_of,
    is_late,
    is_refusal,
    read_form,
    with_account,
    with_order,
    write_answers,
)
from muster.ports.clock import Clock
from muster.ports.payments import BankAccount, Card, Declined, Kept, Payments
from muster.ports.store.customers import CustomerAccount
from muster.ports.store.unit import Store, Transaction
from muster.ports.store.workflows import Advance
from muster.settle.payments import DEADLINE, LEASE, PaymentDesk
from muster.settle.steps import tell_step, write_step

log = structlog.get_logger()

ACCOUNT_DECLINED: Final = "account_declined"
EXECUTOR_AWAY: Final = "executor_away"
ACCOUNT_CODES = (ACCOUNT_DECLINED, "card_expired", EXECUTOR_AWAY)
"""What the executor may find wrong with an account, beside the faults of its form; at the path `number`."""


class Answering:
    """Takes forms that are in order, one step at a time."""

    def __init__(self, store: Store, payments: Payments, clock: Clock, *, desk: PaymentDesk) -> None:
        self._writer = Writer(store, clock)
        self._payments = payments
        self._clock = clock
        self._desk = desk

    async def answer(self, visit: Visit, ask: Ask, form: Mapping[str, str]) -> Sequence[Fault]:
        """Take the form for what is asked; the faults it has, else nothing."""
        if is_late(ask, form):
            return ()
        answer, faults = read_form(ask, form, today=self._clock.now().date())
        if answer is None:
            return faults
        match ask.kind:
            case AskKind.CARD | AskKind.BANK:
                return await self._keep(visit, ask, answer)
            case AskKind.PAYMENT:
                await self._pay(visit, ask)
            case AskKind.DOCUMENT if is_refusal(ask, answer):
                refused = answered(visit.answers, ask, answer, workflow=visit.workflow.id, at=self._clock.now())
                await self.decline(visit, DeclineReason.OTHER, answers=refused)
            case AskKind.CUSTOMER | AskKind.PROFILE | AskKind.DOCUMENT | AskKind.CONFIRMATION:
                await self._take(visit, ask, answer)
        return ()

    async def decline(self, visit: Visit, reason: DeclineReason, *, answers: Answers | None = None) -> None:
        """End it because the customer will not; with `answers` where a refusal belongs to them."""
        said = write_answers(visit.answers if answers is None else answers)

        async def change(tx: Transaction, workflow: Workflow) -> bool:
            at = self._clock.now()
            last = Advance(step=workflow.step, answers=said)
            event = WorkflowEvent.DECLINED
            if await tx.workflows.end(workflow, event, at=at, advance=last, reason=reason.value) is None:
                return False
            stands = msgspec.structs.replace(workflow, answers=said)
            await tell_step(tx, stands, visit.course, told=(workflow.step, StepStatus.DECLINED), at=at)
            return True

        await self._writer.write(visit, change)

    async def _take(self, visit: Visit, ask: Ask, answer: Answer) -> None:
        async def change(tx: Transaction, workflow: Workflow) -> bool:
            at = self._clock.now()
            said = answered(visit.answers, ask, answer, workflow=workflow.id, at=at)
            done = await known_of(tx, workflow, visit.course, said=said, newly=(ask, answer))
            if not await write_step(tx, workflow, visit.course, done=done, at=at):
                return False
            await keep_customer(tx, workflow, visit.course, answers=said, newly=(ask, answer), at=at)
            return True

        await self._writer.write(visit, change)

    async def _keep(self, visit: Visit, ask: Ask, answer: Answer) -> Sequence[Fault]:
        """Hand the account to the executor, outside of any transaction; then keep what stands for it."""
        kept = await self._ask_to_keep(ask, answer)
        if isinstance(kept, str):
            return [Fault("number", kept, f"number: {kept}")]

        async def change(tx: Transaction, workflow: Workflow) -> bool:
            at = self._clock.now()
            said = with_account(visit.answers, ask.step, workflow=workflow.id, label=kept.label, at=at)
            done = await known_of(tx, workflow, visit.course, said=said)
            if not await write_step(tx, workflow, visit.course, done=done, at=at):
                return False
            account = CustomerAccount(
                id=account_id(workflow.id),
                customer=customer_of(visit.course, said, workflow.id),
                subtype=ask.facts["subtype"],
                label=kept.label,
                token=kept.token,
            )
            await tx.customers.put_account(workflow.tenant, account, at=at)
            return True

        await self._writer.write(visit, change)
        return ()

    async def _ask_to_keep(self, ask: Ask, answer: Answer) -> Kept | str:
        """What stands for the account now, or one of ACCOUNT_CODES."""
        details = _details(ask, answer)
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                result = await self._payments.keep(details)
        except (Unavailable, OSError) as error:  # TimeoutError is an OSError
            log.warning("executor_away", error=type(error).__name__)
            return EXECUTOR_AWAY
        if isinstance(result, Declined):
            return result.code if result.code in ACCOUNT_CODES else ACCOUNT_DECLINED
        return result

    async def _pay(self, visit: Visit, ask: Ask) -> None:
        """Make the order durable, then ask the executor. Whatever happens between the two, upkeep sees it through."""

        async def change(tx: Transaction, workflow: Workflow) -> bool:
            at = self._clock.now()
            done = await known_of(tx, workflow, visit.course, said=with_order(visit.answers, ask.step, at=at))
            intended = Advance(
                step=workflow.step,
                answers=write_answers(done.answers),
                customer_name=done.customer_name,
                email=done.email,
                payment=PaymentState.INTENDED,
                payment_at=at + LEASE,
            )
            return await tx.workflows.advance(workflow, intended, at=at)

        ordered = await self._writer.write(visit, change)
        if ordered is not None:
            await self._desk.carry_on(ordered)


def _details(ask: Ask, answer: Answer) -> Card | BankAccount:
    values = answer.values
    if ask.kind is AskKind.CARD:
        return Card(number=values["number"], expires=values["expires"], holder=values["holder"])
    return BankAccount(
        routing=values["routing"], number=values["number"], subtype=ask.facts["subtype"], holder=values["holder"]
    )

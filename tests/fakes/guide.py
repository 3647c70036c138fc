"""A guide that remembers everything itself: real courses, real forms, no store and no executor."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec

from muster.domain.fault import Fault
from muster.domain.ids import BatchId, BatchNumber, TenantId, WorkflowId
from muster.domain.workflow import Workflow, WorkflowRef, WorkflowState
from muster.journey.guide import Guide, Standing, Visit
from muster.kinds.workflow_batches.definition import StepSetting
from muster.kinds.workflow_batches.journey import (
    Answer,
    Answers,
    AskKind,
    Course,
    DeclineReason,
    answered,
    ask_of,
    first_step,
    full_name,
    is_late,
    is_refusal,
    read_form,
    step_after,
    with_account,
    with_decline,
    with_order,
    with_payment,
)
from muster.ports.clock import Clock

REFUND_MEMO = "Your deposit for 12 Harbour Street comes back to you.\nThank you for staying with us."


def a_course(*steps: StepSetting, memo: str = REFUND_MEMO, **parameters: object) -> Course:
    """A course of a text and `steps`."""
    return Course(
        title="INTERNAL-4711", memo=memo, steps=(StepSetting(name="notification"), *steps), parameters=parameters
    )


CUSTOMER = StepSetting(name="customer-account")
PROFILE = StepSetting(
    name="enhance-profile",
    user={"personalInfo": ["salutation", "dateOfBirth"], "addresses": ["MAILING"], "phoneNumber": ["WORK"]},
)
ACCOUNT = StepSetting(name="financial-account")
DOCUMENTS = StepSetting(
    name="document-acceptance",
    user={
        "documents": [
            {"documentId": "ebt-communication-consent", "documentGroup": "bank-accounts"},
            {"documentId": "house-rules", "documentGroup": "tenants"},
        ]
    },
)
MONEY = StepSetting(name="move-money")
EVERYTHING = a_course(
    CUSTOMER,
    PROFILE,
    ACCOUNT,
    DOCUMENTS,
    MONEY,
    financialAccountSubType="DEBIT",
    transactionType="SEND",
    amount="1250.5",
    currency="USD",
    solution="push-to-card",
    priority="IMMEDIATE",
)
"""Every step that asks the customer."""


class FakeGuide(Guide):
    """Keeps each workflow under its token. `changes` counts what was changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._visits: dict[str, Visit] = {}
        self.changes = 0
        self.declined_for: DeclineReason | None = None

    def open(self, course: Course = EVERYTHING, *, token: str = "A" * 24, account: str = "Harbour Rentals") -> str:
        """Begin a workflow; its token."""
        workflow = _workflow(account, first_step(course), self._clock)
        self._put(
            token,
            Visit(
                workflow=workflow,
                course=course,
                answers=Answers(),
                standing=Standing.ASKING,
                ask=None,
                opted_out=False,
                customer_name="",
            ),
        )
        return token

    def change(self, token: str, **changes: object) -> None:
        """Have something happen to the workflow behind `token`."""
        self._put(token, msgspec.structs.replace(self._visits[token], **changes))

    def visit(self, token: str) -> Visit:
        """What stands behind `token`, for a test to look at."""
        return self._visits[token]

    async def find(self, token: str) -> Visit | None:
        """What stands behind a link."""
        return self._visits.get(token)

    async def answer(self, visit: Visit, step: int, form: Mapping[str, str]) -> Sequence[Fault]:
        """Take a form."""
        token, stands = self._now(visit)
        ask = stands.ask
        if ask is None or step != ask.step or is_late(ask, form):
            return ()
        answer, faults = read_form(ask, form, today=self._clock.now().date())
        if answer is None:
            return faults
        self.changes += 1
        if is_refusal(ask, answer):
            self.change(token, standing=Standing.DECLINED)
        elif ask.kind is AskKind.PAYMENT:
            self.change(token, standing=Standing.PAYING, answers=with_order(stands.answers, step, at=self._clock.now()))
        else:
            self._take(token, stands, answer)
        return ()

    def paid(self, token: str, *, declined: str | None = None) -> None:
        """Have the executor decide."""
        visit, at = self._visits[token], self._clock.now()
        step = visit.workflow.step
        if declined is None:
            answers = with_payment(visit.answers, step, reference="m-1", at=at)
            self.change(token, standing=Standing.COMPLETED, answers=answers)
        else:
            answers = with_decline(visit.answers, step, code=declined, at=at)
            self.change(token, standing=Standing.ASKING, answers=answers)

    async def decline(self, visit: Visit, reason: DeclineReason) -> None:
        """Decline."""
        token, stands = self._now(visit)
        if stands.standing is Standing.ASKING:
            self.changes += 1
            self.declined_for = reason
            self.change(token, standing=Standing.DECLINED)

    async def opt_out(self, visit: Visit) -> None:
        """Stop messages."""
        self.changes += 1
        self.change(self._now(visit)[0], opted_out=True)

    async def opt_in(self, visit: Visit) -> None:
        """Allow messages again."""
        self.changes += 1
        self.change(self._now(visit)[0], opted_out=False)

    def _take(self, token: str, stands: Visit, answer: Answer) -> None:
        ask, workflow, at = stands.ask, stands.workflow, self._clock.now()
        assert ask is not None
        if ask.kind in {AskKind.CARD, AskKind.BANK}:
            label = f"Card ending in {answer.values['number'][-4:]}"
            answers = with_account(stands.answers, ask.step, workflow=workflow.id, label=label, at=at)
        else:
            answers = answered(stands.answers, ask, answer, workflow=workflow.id, at=at)
        step = step_after(stands.course, answers, ask.step)
        over = ask.kind is AskKind.CONFIRMATION or step >= len(stands.course.steps)
        self.change(
            token,
            answers=answers,
            workflow=msgspec.structs.replace(workflow, step=step),
            standing=Standing.COMPLETED if over else Standing.ASKING,
            customer_name=full_name(answer) if ask.kind is AskKind.CUSTOMER else stands.customer_name,
        )

    def _now(self, visit: Visit) -> tuple[str, Visit]:
        return next((t, v) for t, v in self._visits.items() if v.workflow.id == visit.workflow.id)

    def _put(self, token: str, visit: Visit) -> None:
        asking = visit.standing is Standing.ASKING
        ask = ask_of(visit.course, visit.answers, visit.workflow.step) if asking else None
        self._visits[token] = msgspec.structs.replace(visit, ask=ask)


def _workflow(account: str, step: int, clock: Clock) -> Workflow:
    return Workflow(
        id=WorkflowId(uuid4()),
        ref=WorkflowRef(BatchNumber(1), 0),
        tenant=TenantId(1),
        account=account,
        kind="workflow_batches",
        batch=BatchId(UUID(int=1)),
        channel=None,
        template=None,
        template_version=None,
        state=WorkflowState.ACTIVE,
        ended_as=None,
        address="+16475550100",
        payload="",
        step=step,
        answers="",
        customer_name="",
        email="",
        decline_reason=None,
        payment=None,
        payment_at=None,
        created_by=None,
        created_at=clock.now(),
        updated_at=clock.now(),
        expires_at=clock.now() + timedelta(days=90),
        notice_at=None,
        ended_at=None,
        revision=1,
    )

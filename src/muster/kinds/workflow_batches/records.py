"""From what a customer answered to what is kept of it, and to the payment it asks for."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from muster.domain.ids import WorkflowId
from muster.kinds.workflow_batches.courses import (
    Answers,
    Course,
    Record,
    StepStatus,
    account_id,
    account_of,
    customer_id,
    index_of,
)
from muster.kinds.workflow_batches.forms import Answer, Ask, AskKind, is_refusal, priority_of, responses_to, sum_of


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The movement of money that a course asks for; what the executor needs beside it is in the tenant's register."""

    key: str
    """The same for one try, however often it is asked for; another one for the next try."""
    account: UUID
    """The customer's account, in the register or known to the business alone."""
    business_account: str
    direction: str
    amount: str
    """A decimal with two places."""
    currency: str
    solution: str
    priority: str | None = None
    description: str | None = None
    memo: str | None = None
    reason: str | None = None


def answered(answers: Answers, ask: Ask, answer: Answer, *, workflow: WorkflowId, at: datetime) -> Answers:
    """`answers` with what the customer said to `ask`: a CUSTOMER, PROFILE or DOCUMENT.

    The others are kept when the executor has spoken (`with_account`, `with_payment`); nothing of them is kept here,
    and nothing is of a CONFIRMATION.
    """
    match ask.kind:
        case AskKind.CUSTOMER:
            said: dict[str, object] = {"customer": str(customer_id(workflow)), **answer.values}
            return _with(answers, ask.step, Record(status=StepStatus.COMPLETED, at=at, data=said))
        case AskKind.PROFILE:
            grouped = _grouped(answer.values)
            return _with(answers, ask.step, Record(status=StepStatus.COMPLETED, at=at, data={"answers": grouped}))
        case AskKind.DOCUMENT:
            return _with(answers, ask.step, _document(answers, ask, answer, at=at))
        case AskKind.CARD | AskKind.BANK | AskKind.PAYMENT | AskKind.CONFIRMATION:
            return answers


def with_account(answers: Answers, step: int, *, workflow: WorkflowId, label: str, at: datetime) -> Answers:
    """`answers` once the executor keeps the account that `step` asked for; `label` is safe to show."""
    made: dict[str, object] = {"account": str(account_id(workflow)), "label": label}
    # What was declined was another account's: nothing is known of this one yet.
    fresh = msgspec.structs.replace(answers, declined_code=None)
    return _with(fresh, step, Record(status=StepStatus.COMPLETED, at=at, data=made))


def with_order(answers: Answers, step: int, *, at: datetime) -> Answers:
    """`answers` as they must be durable before the executor is asked to move money: one more try."""
    tried = msgspec.structs.replace(answers, tries=answers.tries + 1, declined_code=None)
    return _with(tried, step, Record(status=StepStatus.ACTIVE, at=at))


def with_payment(answers: Answers, step: int, *, reference: str, at: datetime) -> Answers:
    """`answers` once the money is on its way."""
    return _with(answers, step, Record(status=StepStatus.COMPLETED, at=at, data={"reference": reference}))


def with_decline(answers: Answers, step: int, *, code: str, at: datetime) -> Answers:
    """`answers` when the executor declined the payment: the customer is asked again and told `code`."""
    declined = msgspec.structs.replace(answers, declined_code=code)
    return _with(declined, step, Record(status=StepStatus.ACTIVE, at=at))


def order_of(course: Course, answers: Answers, workflow: WorkflowId) -> Order | None:
    """The order of the try that `answers` are at (see `with_order`); None where the course moves no money."""
    account = account_of(course, answers, workflow)
    if index_of(course, "move-money") is None or account is None:
        return None
    given = course.parameters
    priority = priority_of(given)
    return Order(
        key=f"{workflow}.{answers.tries}",
        account=account,
        business_account=str(given["baFinancialAccountId"]),
        direction=str(given["transactionType"]),
        amount=sum_of(given["amount"]),
        currency=str(given["currency"]),
        solution=str(given["solution"]),
        priority=None if priority is None else str(priority),
        description=_text(given, "description"),
        memo=_text(given, "memo"),
        reason=_text(given, "paymentReasonId"),
    )


def full_name(answer: Answer) -> str:
    """The customer's name, from the answer to a CUSTOMER."""
    return f"{answer.values['first_name']} {answer.values['last_name']}"


def profile_of(answer: Answer) -> str:
    """What the register keeps of the answer to a PROFILE, as JSON."""
    return msgspec.json.encode(_grouped(answer.values)).decode()


def _with(answers: Answers, step: int, record: Record) -> Answers:
    return msgspec.structs.replace(answers, records={**answers.records, step: record})


def _document(answers: Answers, ask: Ask, answer: Answer, *, at: datetime) -> Record:
    refused = is_refusal(ask, answer)
    response: dict[str, object] = {
        "documentId": ask.facts["document_id"],
        "documentGroup": ask.facts["document_group"],
        "accepted": not refused,
        "respondedAt": at.isoformat(),
    }
    responses = [*responses_to(answers, ask.step), response]
    done = len(responses) >= int(ask.facts["total"])
    status = StepStatus.COMPLETED if done else StepStatus.ACTIVE
    return Record(status=StepStatus.DECLINED if refused else status, at=at, data={"documents": responses})


def _grouped(values: Mapping[str, str]) -> dict[str, object]:
    """The values of a form with those of a group together: `{"mailing": {"city": …}, "salutation": …}`."""
    grouped: dict[str, object] = {}
    groups: dict[str, dict[str, str]] = {}
    for path, value in values.items():
        group, _, name = path.rpartition(".")
        if group:
            grouped[group] = groups.setdefault(group, {})
            groups[group][name] = value
        else:
            grouped[name] = value
    return grouped


def _text(given: Mapping[str, object], name: str) -> str | None:
    value = given.get(name)
    return None if value is None else str(value)

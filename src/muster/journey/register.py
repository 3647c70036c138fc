"""A customer and the tenant's register: who they are, and what they said of themselves."""

from datetime import datetime
from uuid import UUID

import msgspec

from muster.domain.ids import CustomerId
from muster.domain.workflow import Workflow
from muster.kinds.workflow_batches.journey import (
    Answer,
    Answers,
    Ask,
    AskKind,
    Course,
    customer_id,
    customer_of,
    full_name,
    profile_of,
)
from muster.ports.store.customers import Customer
from muster.ports.store.unit import Transaction
from muster.settle.steps import Done


async def registered(tx: Transaction, workflow: Workflow, course: Course) -> Customer | None:
    """The customer whom the request names, as the register has them; None where it names none, or a stranger."""
    wanted = course.parameters.get("customerId")
    return None if wanted is None else await tx.customers.get(workflow.tenant, CustomerId(UUID(str(wanted))))


def name_of(customer: Customer) -> str:
    """How a customer is called."""
    return f"{customer.first_name} {customer.last_name}".strip()


async def known_of(
    tx: Transaction,
    workflow: Workflow,
    course: Course,
    *,
    said: Answers,
    newly: tuple[Ask, Answer] | None = None,
) -> Done:
    """What the customer did, with the name and e-mail that the workflow is to show from now on.

    They come from the answer itself, or from the register when the request names somebody whom it has.
    """
    if newly is not None and newly[0].kind is AskKind.CUSTOMER:
        answer = newly[1]
        return Done(answers=said, customer_name=full_name(answer), email=answer.values["email"])
    found = None if workflow.customer_name else await registered(tx, workflow, course)
    if found is None:
        return Done(answers=said)
    return Done(answers=said, customer_name=name_of(found), email=found.email)


async def keep_customer(
    tx: Transaction,
    workflow: Workflow,
    course: Course,
    *,
    answers: Answers,
    newly: tuple[Ask, Answer],
    at: datetime,
) -> None:
    """Write what the customer said of themselves into the register; nothing for any other answer."""
    ask, answer = newly
    if ask.kind is AskKind.CUSTOMER:
        values = answer.values
        customer = Customer(
            id=customer_id(workflow.id),
            first_name=values["first_name"],
            last_name=values["last_name"],
            email=values["email"],
            phone=workflow.address,
        )
        await tx.customers.put(workflow.tenant, customer, at=at)
    elif ask.kind is AskKind.PROFILE:
        wanted = customer_of(course, answers, workflow.id)
        if wanted is not None:
            customer = await tx.customers.get(workflow.tenant, wanted) or _stranger(wanted, workflow.address)
            profile = _merged(customer.profile, profile_of(answer))
            await tx.customers.put(workflow.tenant, msgspec.structs.replace(customer, profile=profile), at=at)


def _stranger(customer: CustomerId, phone: str) -> Customer:
    """Somebody whom only the business knows by name."""
    return Customer(id=customer, first_name="", last_name="", email="", phone=phone)


def _merged(profile: str, said: str) -> str:
    """A profile with what was said now; what was said before and not asked for again stays."""
    before = msgspec.json.decode(profile, type=dict[str, object]) if profile else {}
    return msgspec.json.encode({**before, **msgspec.json.decode(said, type=dict[str, object])}).decode()

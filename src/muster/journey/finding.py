"""From a link to what stands behind it. Changes nothing, and costs one statement or two."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from muster.domain.workflow import Workflow
from muster.journey.register import name_of, registered
from muster.journey.visit import Standing, Visit, standing_of
from muster.kinds.workflow_batches.journey import AskKind, Course, ask_of, read_answers
from muster.kinds.workflow_batches.messages import token_hash
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.settle.courses import Courses
from muster.settle.payments import account_at_hand

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{24}")
"""144 bits in base64url (RFC 4648, section 5), which need no padding."""


class Finder:
    """Finds workflows by the tokens in their links. `comparable` brings an address into the form of suppressions."""

    def __init__(self, store: Store, clock: Clock, courses: Courses, *, comparable: Callable[[str], str]) -> None:
        self._store = store
        self._clock = clock
        self._courses = courses
        self._comparable = comparable

    async def find(self, token: str) -> Visit | None:
        """What stands behind the link with `token`; None for one that nobody was given."""
        if not _TOKEN.fullmatch(token):
            return None
        async with self._store.glance() as tx:
            workflow = await tx.workflows.across_tenants_by_token(token_hash(token))
            return None if workflow is None else await self._visit(tx, workflow)

    async def _visit(self, tx: Transaction, workflow: Workflow) -> Visit:
        course = await self._courses.of(tx, workflow)
        answers = read_answers(workflow.answers)
        standing = standing_of(workflow, self._clock.now())
        ask = ask_of(course, answers, workflow.step) if standing is Standing.ASKING else None
        if ask is not None and ask.kind is AskKind.PAYMENT:
            account = await account_at_hand(tx, workflow, course)
            label = {"account": account.label} if account is not None else {}
            ask = msgspec.structs.replace(ask, facts={**ask.facts, **label})
        address = self._comparable(workflow.address)
        return Visit(
            workflow=workflow,
            course=course,
            answers=answers,
            standing=standing,
            ask=ask,
            opted_out=address in await tx.suppressions.among(workflow.tenant, [address]),
            customer_name=workflow.customer_name or await _name_of(tx, workflow, course),
        )


async def _name_of(tx: Transaction, workflow: Workflow, course: Course) -> str:
    customer = await registered(tx, workflow, course)
    return name_of(customer) if customer is not None else ""

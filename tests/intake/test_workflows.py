"""What may be done to one workflow, at whatever moment it comes."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.errors import NotFound, WrongState
from muster.domain.ids import PrincipalId, WorkflowId
from muster.domain.tenant import Principal, Role
from muster.domain.workflow import NoticeOrigin, PaymentState, Workflow, WorkflowState
from muster.intake.control import Control
from muster.intake.submit import Submit
from muster.intake.workflows import Means, Order, WorkflowControl
from muster.kinds.workflow_batches import WorkflowBatches
from muster.kinds.workflow_batches.entries import Draft
from muster.kinds.workflow_batches.kind import NAME, SINGLE
from muster.kinds.workflow_batches.requests import Paths, plain
from muster.ports.store.suppressions import Suppression
from muster.ports.store.workflows import Advance
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.customers import COMPARABLE, Customers, Link, some_customers
from tests.fakes.step_queue import StepQueue
from tests.fakes.tally import Tally

STEPS = [{"name": "notification"}, {"name": "customer-account"}]


class Office:
    """One tenant with workflows of both sorts, and what may be done to them."""

    def __init__(self, customers: Customers) -> None:
        self.customers = customers
        self.store, self.clock = customers.store, customers.clock
        self.who = Principal(id=PrincipalId(uuid4()), tenant=customers.tenant, role=Role.OWNER)
        queue = StepQueue()
        submit = Submit(self.store, queue, self.clock, meter=Tally(), new_uuid=uuid4)
        self.batches = Control(self.store, queue, self.clock)
        means = Means(submit=submit, control=self.batches, kind=WorkflowBatches(SINGLE), link_key=b"key")
        self.control = WorkflowControl(self.store, self.clock, means)

    async def single(self) -> WorkflowId:
        """A single workflow whose text waits."""
        draft = Draft("t", 2, None, {"phoneNumber": COMPARABLE})
        order = Order(
            title="t", template=None, template_kind=NAME, entry=lambda _: plain(draft, STEPS, Paths(input="input"))
        )
        return await self.control.create(self.who, order)

    async def found(self, workflow: WorkflowId) -> Workflow:
        """The workflow as it stands."""
        async with self.store.read() as tx:
            return await tx.workflows.get(self.who.tenant, workflow)

    async def pay(self, link: Link) -> None:
        """Let a payment be under way."""
        found = await self.found(link.workflow)
        paying = Advance(step=found.step, answers="", payment=PaymentState.PENDING, payment_at=self.clock.now())
        async with self.store.begin() as tx:
            assert await tx.workflows.advance(found, paying, at=self.clock.now())


@pytest.fixture
async def office(store: SqlStore, clock: FakeClock) -> Office:
    return Office(await some_customers(store, clock))


async def test_a_single_workflow_is_kept_with_its_batch_of_one(office: Office) -> None:
    found = await office.found(await office.single())

    assert (found.state, found.kind, found.created_by) == (WorkflowState.CREATED, SINGLE, office.who.id)
    assert (found.address, found.step, found.template) == (COMPARABLE, 1, None)
    assert found.expires_at == office.clock.now() + timedelta(hours=2)
    async with office.store.read() as tx:
        batch = await tx.batches.get(office.who.tenant, found.batch)
    assert (batch.state, batch.total, batch.counts[EntryState.ACCEPTED]) == (BatchState.QUEUED, 1, 1)


async def test_cancelling_what_waits_cancels_its_batch_with_it(office: Office) -> None:
    workflow = await office.single()

    for _ in range(2):
        await office.control.cancel(office.who, workflow)

    found = await office.found(workflow)
    assert found.state is WorkflowState.CANCELLED
    async with office.store.read() as tx:
        batch = await tx.batches.get(office.who.tenant, found.batch)
    assert (batch.state, batch.withdrawn_at) == (BatchState.CANCELLING, office.clock.now())
    assert batch.ended[WorkflowState.CANCELLED] == 1


async def test_of_many_who_cancel_and_extend_at_once_nobody_breaks_the_counts(office: Office) -> None:
    link = await office.customers.begin()

    answers = await asyncio.gather(
        *(office.control.cancel(office.who, link.workflow) for _ in range(4)),
        *(office.control.extend(office.who, link.workflow, hours=5) for _ in range(4)),
        *(office.batches.cancel(office.who, link.batch.id, withdraw=True) for _ in range(2)),
        return_exceptions=True,
    )

    assert all(isinstance(one, WrongState) for one in answers if isinstance(one, BaseException))
    assert (await office.found(link.workflow)).state is WorkflowState.CANCELLED
    assert (await office.customers.batch(link)).ended[WorkflowState.CANCELLED] == 1


async def test_a_workflow_is_not_cancelled_while_its_payment_is_under_way(office: Office) -> None:
    link = await office.customers.begin()
    await office.pay(link)

    with pytest.raises(WrongState, match="payment"):
        await office.control.cancel(office.who, link.workflow)

    assert (await office.found(link.workflow)).state is WorkflowState.ACTIVE


async def test_a_text_that_is_asked_for_is_noted_with_who_asked(office: Office) -> None:
    link = await office.customers.begin()

    await office.control.resend(office.who, link.workflow)

    async with office.store.read() as tx:
        *_, notice = await tx.workflows.notices(office.who.tenant, link.workflow)
    assert (notice.serial, notice.origin, notice.by) == (1, NoticeOrigin.MANUAL, office.who.id)


async def test_whoever_has_opted_out_is_not_texted_again(office: Office) -> None:
    link = await office.customers.begin()
    async with office.store.begin() as tx:
        wish = Suppression(address=COMPARABLE, source="reply", created_at=office.clock.now())
        await tx.suppressions.add(office.who.tenant, [wish])

    with pytest.raises(WrongState, match="opted out"):
        await office.control.resend(office.who, link.workflow)


async def test_more_time_moves_the_end_and_the_next_reminder(office: Office) -> None:
    link = await office.customers.begin(hours=2)
    now = office.clock.now()

    await office.control.extend(office.who, link.workflow, hours=72)
    found = await office.found(link.workflow)
    await office.control.extend(office.who, link.workflow, hours=2)
    shortened = await office.found(link.workflow)

    assert (found.expires_at, found.notice_at) == (now + timedelta(hours=72), now + timedelta(hours=24))
    assert (shortened.expires_at, shortened.notice_at) == (now + timedelta(hours=2), None)


async def test_a_workflow_whose_time_is_over_gets_no_more(office: Office) -> None:
    link = await office.customers.begin(hours=2)
    office.clock.advance(timedelta(hours=2))

    with pytest.raises(WrongState):
        await office.control.extend(office.who, link.workflow, hours=1)
    with pytest.raises(WrongState):
        await office.control.resend(office.who, link.workflow)


async def test_another_tenants_workflow_is_not_found(office: Office) -> None:
    link = await office.customers.begin()
    stranger = Office(await some_customers(office.store, office.clock, "stranger"))

    for act in (
        stranger.control.cancel(stranger.who, link.workflow),
        stranger.control.resend(stranger.who, link.workflow),
        stranger.control.extend(stranger.who, link.workflow, hours=1),
    ):
        with pytest.raises(NotFound):
            await act

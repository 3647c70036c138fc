"""Customers with links: workflows as dispatching leaves them, and shorthands for what their owners do."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec

from muster.domain.batch import Batch, BatchState
from muster.domain.entry import EntryState, NewEntry
from muster.domain.event import Event, EventType
from muster.domain.fault import Fault
from muster.domain.ids import BatchId, TemplateId, TemplateVersionId, TenantId, WorkflowId, entry_id
from muster.domain.template import Template, TemplateState
from muster.domain.workflow import NewWorkflow, Workflow
from muster.journey.guide import Guide, Visit
from muster.kinds.workflow_batches.definition import Definition, StepSetting, write
from muster.kinds.workflow_batches.journey import first_step
from muster.kinds.workflow_batches.kind import link_token
from muster.kinds.workflow_batches.messages import token_hash
from muster.ports.store.batches import NewBatch
from muster.stores.database import SqlStore
from muster.upkeep.payments import PaymentsChore
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_payments import ScriptedPayments

KEY = b"a key for links"
PHONE = "+1 (647) 555-0100"
COMPARABLE = "+16475550100"

NOTIFICATION = StepSetting(name="notification")
CUSTOMER = StepSetting(name="customer-account")
KNOWN_CUSTOMER = StepSetting(name="lookup-profile")
PROFILE = StepSetting(
    name="enhance-profile",
    user={"personalInfo": ["salutation", "dateOfBirth"], "addresses": ["MAILING"], "phoneNumber": ["WORK"]},
)
CARD = StepSetting(name="financial-account", preset={"financialAccountSubType": "DEBIT"})
BANK = StepSetting(name="financial-account", preset={"financialAccountSubType": "CHECKING"})
KNOWN_ACCOUNT = StepSetting(name="lookup-financial-account")
DOCUMENTS = StepSetting(
    name="document-acceptance",
    user={
        "documents": [
            {"documentId": "ebt-communication-consent", "documentGroup": "bank-accounts"},
            {"documentId": "fncl-privacy-policy", "documentGroup": "rocket-financial"},
        ]
    },
)
PAYMENT = StepSetting(
    name="move-money",
    preset={"transactionType": "SEND", "solution": "ach", "currency": "USD", "priority": "SAME_DAY"},
)
EVERY_STEP = (NOTIFICATION, CUSTOMER, PROFILE, BANK, DOCUMENTS, PAYMENT)
BY_CARD = (NOTIFICATION, CUSTOMER, CARD, PAYMENT)
BOTH_KNOWN = (NOTIFICATION, KNOWN_CUSTOMER, KNOWN_ACCOUNT, PAYMENT)
ONLY_A_YES = (NOTIFICATION, KNOWN_CUSTOMER)

CUSTOMER_FORM = {"first_name": "Ana", "last_name": "Lee", "email": "ana@example.com"}
PROFILE_FORM = {
    "salutation": "Dr",
    "date_of_birth": "1980-02-29",
    "mailing.line1": "1 Main Street",
    "mailing.city": "Springfield",
    "mailing.region": "IL",
    "mailing.postal_code": "62701",
    "mailing.country": "US",
    "work.phone": "+1 217 555 0100",
}
YES = {"accepted": "yes"}


def card_form(number: str = "4242 4242 4242 4242") -> dict[str, str]:
    """The form of a card."""
    return {"number": number, "expires": "2030-01", "holder": "Ana Lee"}


def bank_form(number: str = "000123456789") -> dict[str, str]:
    """The form of a bank account."""
    return {"routing": "110000000", "number": number, "holder": "Ana Lee"}


class Link(NamedTuple):
    """A workflow that was begun."""

    token: str
    workflow: WorkflowId
    batch: Batch


class Customers:
    """One tenant, its executor, and a guide for whoever opens a link."""

    def __init__(self, store: SqlStore, clock: FakeClock, tenant: TenantId) -> None:
        self.store = store
        self.clock = clock
        self.tenant = tenant
        self.payments = ScriptedPayments(clock)
        self.guide = Guide(store, self.payments, clock)
        self.chore = PaymentsChore(store, self.payments, clock)

    async def begin(
        self,
        steps: Sequence[StepSetting] = EVERY_STEP,
        *,
        hours: int = 48,
        phone: str = PHONE,
        **parameters: object,
    ) -> Link:
        """A workflow of its own batch whose message has left, with a template of `steps`."""
        made_from = Definition(steps=tuple(steps), memo="Your refund")
        now = self.clock.now()
        template = _template(made_from, now)
        if any(step.name == "move-money" for step in steps):
            parameters = {"baFinancialAccountId": str(UUID(int=7)), "amount": "12.5", **parameters}
        payload = {"title": "Refund of March", "parameters": {"phoneNumber": phone, **parameters}}
        batch_id = BatchId(uuid4())
        token = link_token(KEY, entry_id(batch_id, 0))
        opening = NewWorkflow(0, token_hash(token), first_step(made_from), now + timedelta(hours=hours), None)
        async with self.store.begin() as tx:
            await tx.templates.add(self.tenant, template)
            number = await tx.batches.add(self.tenant, _batch(batch_id, template, now))
            entry = NewEntry(0, EntryState.SENT, phone, msgspec.json.encode(payload).decode())
            await tx.entries.add(self.tenant, number, [entry], at=now)
            batch = await tx.batches.get(self.tenant, batch_id)
            await tx.workflows.open(self.tenant, number, [opening], at=now)
        return Link(token, WorkflowId(entry_id(batch_id, 0)), batch)

    async def find(self, link: Link) -> Visit:
        """What stands behind the link."""
        visit = await self.guide.find(link.token)
        assert visit is not None
        return visit

    async def answer(self, link: Link, *forms: Mapping[str, str]) -> Sequence[Fault]:
        """Answer what is asked, form after form; the faults of the last one."""
        faults: Sequence[Fault] = ()
        for form in forms:
            visit = await self.find(link)
            faults = await self.guide.answer(visit, visit.workflow.step, form)
        return faults

    async def workflow(self, link: Link) -> Workflow:
        """The workflow as it stands."""
        async with self.store.read() as tx:
            return await tx.workflows.get(self.tenant, link.workflow)

    async def batch(self, link: Link) -> Batch:
        """Its batch as it stands."""
        async with self.store.read() as tx:
            return await tx.batches.get(self.tenant, link.batch.id)

    async def told(self, link: Link) -> list[tuple[str, str]]:
        """The steps that were announced, in order: name and status."""
        async with self.store.read() as tx:
            events = await tx.outbox.between(
                self.tenant,
                since=self.clock.now() - timedelta(days=365),
                until=self.clock.now() + timedelta(seconds=1),
                limit=1000,
            )
        bodies = [msgspec.json.decode(event.body) for event in events if _is_of(event, link)]
        return [(body["current_step"]["name"], body["current_step"]["status"]) for body in bodies]

    async def wait(self, **parts: float) -> int:
        """Let time pass and do the chore; how many orders it asked about."""
        self.clock.advance(timedelta(**parts))
        return await self.chore.run_once()


async def some_customers(store: SqlStore, clock: FakeClock, name: str = "acme") -> Customers:
    """A tenant that has customers."""
    async with store.begin() as tx:
        tenant = await tx.accounts.across_tenants_add(account_id=uuid4(), name=name, at=clock.now())
    return Customers(store, clock, tenant)


def _is_of(event: Event, link: Link) -> bool:
    return event.type is EventType.WORKFLOW_UPDATED and event.batch == link.batch.id


def _template(made_from: Definition, at: datetime) -> Template:
    return Template(
        id=TemplateId(uuid4()),
        version_id=TemplateVersionId(uuid4()),
        version=1,
        kind="workflow_batches",
        name=str(uuid4()),
        display_name="Refund",
        description="",
        definition=write(made_from),
        state=TemplateState.ACTIVE,
        created_by=None,
        created_at=at,
        updated_at=at,
    )


def _batch(batch: BatchId, template: Template, at: datetime) -> NewBatch:
    return NewBatch(
        id=batch,
        kind="workflow_batches",
        state=BatchState.COMPLETED,
        title="Refunds",
        total=1,
        counts={EntryState.SENT: 1},
        channel=None,
        template=template.id,
        template_version=template.version_id,
        template_number=1,
        template_title=template.display_name,
        idempotency_key=str(batch),
        created_by=None,
        created_at=at,
    )

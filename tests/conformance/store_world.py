"""A small world inside a store: tenants, batches and entries that the conformance tests begin with."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TypeVar
from uuid import uuid4

import msgspec

from muster.domain.batch import Batch, BatchState
from muster.domain.category import Category
from muster.domain.contact import Contact
from muster.domain.directory import Party, PartyKind
from muster.domain.entry import EntryState, NewEntry
from muster.domain.ids import (
    BatchId,
    CategoryNumber,
    ChannelId,
    ContactNumber,
    PartyNumber,
    PrincipalId,
    SubscriberNumber,
    TemplateId,
    TemplateVersionId,
    TenantId,
    TokenNumber,
    WorkflowId,
    entry_id,
)
from muster.domain.mark import Mark
from muster.domain.subscriber import Subscriber
from muster.domain.template import Template, TemplateState
from muster.domain.workflow import NewWorkflow, Workflow, WorkflowRef, WorkflowState
from muster.ports.store.batches import NewBatch
from muster.ports.store.unit import Store, Transaction

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def after(**parts: float) -> datetime:
    """Some time after noon: `after(seconds=5)`."""
    return NOON + timedelta(**parts)


class _ChangedMind(Exception):
    """Ends a transaction early."""


@asynccontextmanager
async def given_up(store: Store) -> AsyncIterator[Transaction]:
    """A transaction whose block raises at its end."""
    with suppress(_ChangedMind):
        async with store.begin() as tx:
            yield tx
            raise _ChangedMind


async def a_tenant(store: Store, name: str = "acme") -> TenantId:
    async with store.begin() as tx:
        return await tx.accounts.across_tenants_add(account_id=uuid4(), name=name, at=NOON)


async def a_channel(store: Store, tenant: TenantId, kind: str = "sandbox") -> ChannelId:
    async with store.begin() as tx:
        return await tx.channels.add(tenant, kind, {"password": "swordfish"}, at=NOON)


def an_entry(position: int, state: EntryState = EntryState.ACCEPTED, **fields: str | None) -> NewEntry:
    given: dict[str, str | None] = {"address": f"+49151{position:07}", "payload": "{}", **fields}
    return msgspec.convert({"position": position, "state": state, **given}, NewEntry)


def a_new_batch(states: Sequence[EntryState] = (EntryState.ACCEPTED,) * 3, **fields: object) -> NewBatch:
    """A batch whose counts fit entries in `states`; `fields` overrides any field."""
    given: dict[str, object] = {
        "id": BatchId(uuid4()),
        "kind": "workflow_batches",
        "state": BatchState.QUEUED,
        "title": "Refunds of March",
        "total": len(states),
        "counts": dict(Counter(states)),
        "channel": None,
        "template": TemplateId(uuid4()),
        "template_version": TemplateVersionId(uuid4()),
        "template_number": 1,
        "template_title": "Refund",
        "idempotency_key": "order-0001",
        "created_by": PrincipalId(uuid4()),
        "created_at": NOON,
        **fields,
    }
    return NewBatch(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


async def keep(tx: Transaction, tenant: TenantId, batch: NewBatch, *, states: Sequence[EntryState] = ()) -> Batch:
    """Keep `batch` with one entry in each of `states`."""
    number = await tx.batches.add(tenant, batch)
    await tx.entries.add(tenant, number, [an_entry(i, state) for i, state in enumerate(states)], at=NOON)
    return await tx.batches.get(tenant, batch.id)


async def a_batch(
    store: Store, tenant: TenantId, states: Sequence[EntryState] = (EntryState.ACCEPTED,) * 3, **fields: object
) -> Batch:
    """A stored batch with one entry in each of `states`."""
    async with store.begin() as tx:
        return await keep(tx, tenant, a_new_batch(states, **fields), states=states)


def a_template(name: str = "Refund", **fields: object) -> Template:
    given: dict[str, object] = {
        "id": TemplateId(uuid4()),
        "version_id": TemplateVersionId(uuid4()),
        "version": 1,
        "kind": "workflow_batches",
        "name": name,
        "display_name": f"{name} for customers",
        "description": "",
        "definition": "{}",
        "state": TemplateState.ACTIVE,
        "created_by": None,
        "created_at": NOON,
        "updated_at": NOON,
        **fields,
    }
    return Template(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


def a_token_hash(batch: Batch, position: int) -> bytes:
    """What the store keeps of the token in the link of that workflow."""
    return sha256(entry_id(batch.id, position).bytes).digest()


def a_new_workflow(batch: Batch, position: int, **fields: object) -> NewWorkflow:
    """A workflow that ends in two days, its next reminder after one; `fields` overrides any field."""
    given: dict[str, object] = {
        "position": position,
        "token_hash": a_token_hash(batch, position),
        "step": 1,
        "expires_at": after(days=2),
        "notice_at": after(days=1),
        **fields,
    }
    return NewWorkflow(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


async def opened(
    store: Store, tenant: TenantId, count: int = 1, *, batch: Batch | None = None, **fields: object
) -> Batch:
    """A batch whose `count` messages were sent at noon, an active workflow for each; `fields` are the workflows'."""
    batch = batch or await a_batch(store, tenant, (EntryState.SENT,) * count, state=BatchState.COMPLETED)
    async with store.begin() as tx:
        new = [a_new_workflow(batch, position, **fields) for position in range(count)]
        await tx.workflows.open(tenant, batch.number, new, at=NOON)
    return batch


async def the_workflow(store: Store, batch: Batch, position: int = 0) -> Workflow:
    """The workflow as it stands now."""
    async with store.read() as tx:
        return await tx.workflows.get(batch.tenant, WorkflowId(entry_id(batch.id, position)))


def ref_of(batch: Batch, position: int = 0) -> WorkflowRef:
    return WorkflowRef(batch.number, position)


async def ended_of(store: Store, batch: Batch) -> dict[WorkflowState, int]:
    """The batch's counts of ended workflows that are not zero; proves that they are what the rows say."""
    async with store.read() as tx:
        assert await tx.batches.across_tenants_broken(limit=9) == []
        ended = (await tx.batches.get(batch.tenant, batch.id)).ended
    return {state: n for state, n in ended.items() if n}


def a_mark(**parts: float) -> Mark:
    """Something that token 1 did for party 1, some time after noon."""
    return Mark(after(**parts), TokenNumber(1), PartyNumber(1))


def a_party(number: int = 1, **fields: object) -> Party:
    given: dict[str, object] = {
        "number": PartyNumber(number),
        "kind": PartyKind.CLIENT,
        "name": f"Party {number}",
        "marks": {"created": a_mark()},
        **fields,
    }
    return Party(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


def a_category(number: int = 1, **fields: object) -> Category:
    given: dict[str, object] = {
        "number": CategoryNumber(number),
        "name": f"Category {number}",
        "marks": {"created": a_mark(), "updated": a_mark()},
        **fields,
    }
    return Category(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


def a_subscriber(number: int = 1, **fields: object) -> Subscriber:
    given: dict[str, object] = {
        "number": SubscriberNumber(number),
        "party": PartyNumber(1),
        "category": CategoryNumber(1),
        "marks": {"created": a_mark(), "updated": a_mark()},
        **fields,
    }
    return Subscriber(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


def a_contact(number: int = 1, **fields: object) -> Contact:
    """Somebody whose key is the address in small letters."""
    given: dict[str, object] = {
        "number": ContactNumber(number),
        "email": f"Reader{number}@x.example",
        "marks": {"created": a_mark(), "updated": a_mark()},
        **fields,
    }
    return Contact(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


def keyed(*contacts: Contact) -> list[tuple[str, Contact]]:
    """Each with its key."""
    return [(contact.email.lower(), contact) for contact in contacts]


Changed = TypeVar("Changed", Party, Category, Subscriber, Contact)


def changed(thing: Changed, **fields: object) -> Changed:
    """The next revision of `thing`."""
    return msgspec.structs.replace(thing, revision=thing.revision + 1, **fields)

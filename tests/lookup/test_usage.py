"""How often a template was used."""

from datetime import timedelta
from uuid import uuid4

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.ids import BatchId, TemplateId, TemplateVersionId, TenantId
from muster.domain.workflow import NewWorkflow
from muster.lookup.batches import BatchLookup, Usage
from muster.ports.store.batches import BatchFilter, NewBatch, Page
from muster.ports.store.unit import Store
from muster.stores.database import SqlStore
from tests.conformance.store_world import a_template
from tests.fakes.clock import START

_E = EntryState


async def a_tenant(store: Store) -> TenantId:
    async with store.begin() as tx:
        return await tx.accounts.across_tenants_add(account_id=uuid4(), name="acme", at=START)


async def keep(
    store: Store,
    tenant: TenantId,
    counts: dict[EntryState, int],
    *,
    kind: str,
    of: tuple[TemplateId, TemplateVersionId],
) -> None:
    batch = NewBatch(
        id=BatchId(uuid4()),
        kind=kind,
        state=BatchState.RUNNING,
        title="",
        total=sum(counts.values()),
        counts=counts,
        channel=None,
        template=of[0],
        template_version=of[1],
        template_number=1,
        template_title="",
        idempotency_key=str(uuid4()),
        created_by=None,
        created_at=START,
    )
    async with store.begin() as tx:
        await tx.batches.add(tenant, batch)


async def test_workflows_of_batches_and_single_ones_are_counted_together(store: SqlStore) -> None:
    tenant, template = await a_tenant(store), a_template()
    first, second = template.version_id, TemplateVersionId(uuid4())
    async with store.begin() as tx:
        await tx.templates.add(tenant, template)
    await keep(store, tenant, {_E.SENT: 3, _E.ACCEPTED: 2, _E.REJECTED: 1}, kind="many", of=(template.id, first))
    await keep(store, tenant, {_E.DELIVERED: 1}, kind="one", of=(template.id, second))
    await keep(store, tenant, {_E.ACCEPTED: 1}, kind="one", of=(template.id, second))
    await keep(store, tenant, {_E.SENT: 9}, kind="other", of=(template.id, second))

    found = await BatchLookup(store).usage(tenant, [template.id], kind="many", single="one")

    assert found == {
        (template.id, first): Usage(workflows=3, active=3, last_used_at=START),
        (template.id, second): Usage(workflows=2, active=1, last_used_at=START),
        (template.id, None): Usage(workflows=5, active=4, last_used_at=START),
    }


async def test_what_has_ended_is_not_active_and_stays_counted(store: SqlStore) -> None:
    tenant, template = await a_tenant(store), a_template()
    async with store.begin() as tx:
        await tx.templates.add(tenant, template)
    await keep(store, tenant, {_E.SENT: 2}, kind="many", of=(template.id, template.version_id))
    async with store.begin() as tx:
        (batch,) = (await tx.batches.find(tenant, BatchFilter(), order=(), page=Page(0, 9)))[1]
        opened = [NewWorkflow(n, bytes([n]) * 32, 1, START + timedelta(hours=1), None) for n in range(2)]
        await tx.workflows.open(tenant, batch.number, opened, at=START)
        await tx.workflows.cancel_all(tenant, batch.number, at=START)

    found = await BatchLookup(store).usage(tenant, [template.id], kind="many", single="one")

    assert found[template.id, None] == Usage(workflows=2, active=0, last_used_at=START)


async def test_a_template_that_was_never_used_is_not_there(store: SqlStore) -> None:
    tenant = await a_tenant(store)

    assert await BatchLookup(store).usage(tenant, [TemplateId(uuid4())], kind="many", single="one") == {}

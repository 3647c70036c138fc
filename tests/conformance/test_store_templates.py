"""Keeping templates and their versions."""

import asyncio
from uuid import uuid4

import msgspec
import pytest

from muster.domain.errors import Conflict, NameTaken, NotFound
from muster.domain.ids import TemplateId, TemplateVersionId, TenantId
from muster.domain.template import Template, TemplateState
from muster.ports.store.batches import Page
from muster.ports.store.unit import Store
from tests.conformance.store_world import NOON, a_template, a_tenant, after

ALL = Page(0, 100)


async def _keep(store: Store, tenant: TenantId, *templates: Template) -> None:
    async with store.begin() as tx:
        for template in templates:
            await tx.templates.add(tenant, template)


def _next(template: Template, **fields: object) -> Template:
    given = {
        "version_id": TemplateVersionId(uuid4()),
        "version": template.version + 1,
        "updated_at": after(days=template.version),
        **fields,
    }
    return msgspec.structs.replace(template, **given)


async def _delete(store: Store, tenant: TenantId, template: Template) -> None:
    async with store.begin() as tx:
        assert await tx.templates.move(
            tenant, template.id, TemplateState.DELETED, expected=TemplateState.ACTIVE, at=NOON, by=None
        )


async def test_a_template_is_found_by_id_by_name_and_by_version(store: Store) -> None:
    tenant, template = await a_tenant(store), a_template()
    await _keep(store, tenant, template)
    async with store.read() as tx:
        assert await tx.templates.get(tenant, template.id) == template
        assert await tx.templates.named(tenant, template.kind, "Refund") == template
        assert await tx.templates.version(tenant, template.id, template.version_id) == template


@pytest.mark.parametrize("name", ["refund", "Refund ", "", "%", "'; DROP TABLE templates; --", "<b>Refund</b>"])
async def test_a_name_must_be_exactly_the_same(store: Store, name: str) -> None:
    tenant = await a_tenant(store)
    await _keep(store, tenant, a_template())
    async with store.read() as tx:
        with pytest.raises(NotFound):
            await tx.templates.named(tenant, "workflow_batches", name)


async def test_a_new_version_is_the_current_one_and_the_old_one_stays(store: Store) -> None:
    tenant, first = await a_tenant(store), a_template()
    second = _next(first, display_name="Refunds, friendlier", definition='{"steps": []}')
    await _keep(store, tenant, first)
    async with store.begin() as tx:
        await tx.templates.add_version(tenant, second)
    async with store.read() as tx:
        assert await tx.templates.get(tenant, first.id) == second
        assert await tx.templates.named(tenant, first.kind, first.name) == second
        old = await tx.templates.version(tenant, first.id, first.version_id)
        assert (old.version, old.display_name, old.definition) == (1, first.display_name, first.definition)


async def test_of_two_next_versions_made_at_once_one_is_refused(store: Store) -> None:
    tenant, first = await a_tenant(store), a_template()
    await _keep(store, tenant, first)

    async def advance() -> bool:
        try:
            async with store.begin() as tx:
                await tx.templates.add_version(tenant, _next(first))
        except Conflict:
            return False
        return True

    assert sorted(await asyncio.gather(advance(), advance())) == [False, True]


async def test_a_version_of_no_template_or_of_a_deleted_one_is_not_found(store: Store) -> None:
    tenant, template = await a_tenant(store), a_template()
    await _keep(store, tenant, template)
    await _delete(store, tenant, template)
    async with store.begin() as tx:
        with pytest.raises(NotFound):
            await tx.templates.add_version(tenant, _next(template))
        with pytest.raises(NotFound):
            await tx.templates.add_version(tenant, _next(a_template("Nothing")))
        with pytest.raises(NotFound):
            await tx.templates.version(tenant, template.id, TemplateVersionId(uuid4()))


async def test_a_name_is_taken_once_per_kind_and_tenant_and_the_transaction_goes_on(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    await _keep(store, ours, a_template("Refund"))
    async with store.begin() as tx:
        with pytest.raises(NameTaken):
            await tx.templates.add(ours, a_template("Refund"))
        await tx.templates.add(ours, a_template("Refund", kind="campaigns"))
        await tx.templates.add(theirs, a_template("Refund"))


async def test_the_name_of_a_deleted_template_is_free_and_the_template_is_still_found_by_id(store: Store) -> None:
    tenant, old, new = await a_tenant(store), a_template(), a_template()
    await _keep(store, tenant, old)
    await _delete(store, tenant, old)
    async with store.read() as tx:
        with pytest.raises(NotFound):
            await tx.templates.named(tenant, old.kind, old.name)
        assert (await tx.templates.get(tenant, old.id)).state is TemplateState.DELETED
    await _keep(store, tenant, new)
    async with store.read() as tx:
        assert (await tx.templates.named(tenant, old.kind, old.name)).id == new.id


async def test_a_template_moves_only_from_the_expected_state(store: Store) -> None:
    tenant, template = await a_tenant(store), a_template()
    await _keep(store, tenant, template)
    active, suspended = TemplateState.ACTIVE, TemplateState.SUSPENDED
    async with store.begin() as tx:
        move = tx.templates.move
        assert not await move(tenant, template.id, active, expected=suspended, at=after(hours=1), by=None)
        assert await move(tenant, template.id, suspended, expected=active, at=after(hours=2), by=None)
        assert not await move(tenant, template.id, suspended, expected=active, at=after(hours=3), by=None)
        assert not await move(tenant, TemplateId(uuid4()), suspended, expected=active, at=NOON, by=None)
    async with store.read() as tx:
        kept = await tx.templates.get(tenant, template.id)
        assert (kept.state, kept.updated_at) == (suspended, after(hours=2))


async def test_a_list_is_newest_first_paged_and_without_the_deleted_ones(store: Store) -> None:
    tenant = await a_tenant(store)
    made = [a_template(f"T{n}", created_at=after(hours=n)) for n in range(5)]
    await _keep(store, tenant, *made, a_template("Elsewhere", kind="campaigns"))
    await _delete(store, tenant, made[3])
    async with store.begin() as tx:
        await tx.templates.add_version(tenant, _next(made[0]))
    async with store.read() as tx:
        total, page = await tx.templates.find(tenant, "workflow_batches", state=None, text="", page=Page(1, 2))
        assert (total, [t.name for t in page]) == (4, ["T2", "T1"])
        total, page = await tx.templates.find(tenant, "workflow_batches", state=None, text="", page=Page(3, 9))
        assert (total, [(t.name, t.version) for t in page]) == (4, [("T0", 2)])
        gone = await tx.templates.find(tenant, "workflow_batches", state=TemplateState.DELETED, text="", page=ALL)
        assert [t.name for t in gone[1]] == ["T3"]


async def test_a_list_is_narrowed_by_a_part_of_the_name_the_title_or_the_id(store: Store) -> None:
    tenant = await a_tenant(store)
    refund, percent = a_template("Refund"), a_template("Off", display_name="100% off_er")
    await _keep(store, tenant, refund, percent)
    async with store.read() as tx:

        async def found(text: str) -> list[str]:
            _, page = await tx.templates.find(tenant, "workflow_batches", state=None, text=text, page=ALL)
            return sorted(t.name for t in page)

        assert await found("EFUN") == ["Refund"]
        assert await found("customers") == ["Refund"]
        assert await found("0%") == ["Off"]
        assert await found("f_e") == ["Off"]
        assert await found("%") == ["Off"]
        assert await found(str(refund.id)) == ["Refund"]
        assert await found("nothing of it") == []
        assert await found("-") == []

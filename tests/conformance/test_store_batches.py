"""Keeping batches."""

import asyncio
from collections.abc import Mapping
from uuid import uuid4

import pytest

from muster.domain.batch import Batch, BatchEvent, BatchState
from muster.domain.entry import EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import BatchId, BatchNumber, PrincipalId, TemplateId, TemplateVersionId, TenantId
from muster.domain.workflow import ENDS, WorkflowEvent, WorkflowState
from muster.ports.store.batches import BatchFilter, BatchOrder, Page, TemplateUsage
from muster.ports.store.unit import Store
from tests.conformance.store_world import (
    NOON,
    a_batch,
    a_new_batch,
    a_tenant,
    after,
    keep,
    opened,
    the_workflow,
)

ALL = Page(0, 100)
E, S = EntryState, BatchState


async def _titles(
    store: Store, tenant: TenantId, where: BatchFilter, *, order: tuple[BatchOrder, ...] = (BatchOrder("total"),)
) -> list[str]:
    async with store.read() as tx:
        total, page = await tx.batches.find(tenant, where, order=order, page=ALL)
    assert total == len(page)
    return [batch.title for batch in page]


async def _current(store: Store, tenant: TenantId, batch: Batch) -> Batch:
    async with store.read() as tx:
        return await tx.batches.get_numbered(tenant, batch.number)


async def test_a_batch_comes_back_as_it_was_given(store: Store) -> None:
    tenant = await a_tenant(store)
    states = (E.ACCEPTED, E.ACCEPTED, E.REJECTED)
    new = a_new_batch(states, title="Ä “title” with marks \\ %_ 💌")
    async with store.begin() as tx:
        kept = await keep(tx, tenant, new, states=states)
    for field in new.__struct_fields__:
        if field != "counts":
            assert getattr(kept, field) == getattr(new, field), field
    assert kept.counts == {state: {E.ACCEPTED: 2, E.REJECTED: 1}.get(state, 0) for state in E}
    assert (kept.tenant, kept.updated_by, kept.updated_at) == (tenant, new.created_by, new.created_at)
    assert (kept.started_at, kept.finished_at, kept.withdrawn_at) == (None, None, None)
    assert await _current(store, tenant, kept) == kept
    async with store.read() as tx:
        assert await tx.batches.get(tenant, kept.id) == kept
        assert await tx.batches.find(tenant, BatchFilter(), order=(), page=ALL) == (1, [kept])


async def test_a_batch_that_begins_ended_is_finished_when_it_was_made(store: Store) -> None:
    tenant = await a_tenant(store)
    kept = await a_batch(store, tenant, (E.REJECTED,), state=S.FAILED)
    assert kept.finished_at == kept.created_at


async def test_an_unknown_batch_is_not_found(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        with pytest.raises(NotFound):
            await tx.batches.get(tenant, BatchId(uuid4()))
        with pytest.raises(NotFound):
            await tx.batches.get_numbered(tenant, BatchNumber(77))
        with pytest.raises(NotFound):
            await tx.batches.apply(tenant, BatchNumber(77), BatchEvent.STARTED, at=NOON)
        with pytest.raises(NotFound):
            await tx.batches.move_counts(tenant, BatchNumber(77), {}, at=NOON)


async def test_a_batch_moves_by_its_table_and_remembers_when_and_by_whom(store: Store) -> None:
    tenant, who = await a_tenant(store), PrincipalId(uuid4())
    batch = await a_batch(store, tenant)
    async with store.begin() as tx:
        apply = tx.batches.apply
        assert await apply(tenant, batch.number, BatchEvent.RESUMED, at=NOON) is None
        assert await apply(tenant, batch.number, BatchEvent.STARTED, at=after(seconds=1)) is S.RUNNING
        assert await apply(tenant, batch.number, BatchEvent.STARTED, at=after(seconds=2)) is None
        assert await apply(tenant, batch.number, BatchEvent.PAUSED, at=after(seconds=3), by=who) is S.PAUSED
    paused = await _current(store, tenant, batch)
    assert (paused.state, paused.started_at, paused.updated_at, paused.updated_by, paused.finished_at) == (
        S.PAUSED, after(seconds=1), after(seconds=3), who, None,
    )  # fmt: skip
    async with store.begin() as tx:
        assert await tx.batches.apply(tenant, batch.number, BatchEvent.CANCELLED, at=after(hours=1)) is S.CANCELLING
        assert await tx.batches.apply(tenant, batch.number, BatchEvent.ENDED, at=after(hours=2)) is S.CANCELLED
        assert await tx.batches.apply(tenant, batch.number, BatchEvent.ENDED, at=after(hours=3)) is None
    ended = await _current(store, tenant, batch)
    assert (ended.state, ended.started_at, ended.finished_at) == (S.CANCELLED, after(seconds=1), after(hours=2))


async def test_of_many_that_move_a_batch_at_once_one_does(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant)

    async def start() -> BatchState | None:
        async with store.begin() as tx:
            moved = await tx.batches.apply(tenant, batch.number, BatchEvent.STARTED, at=NOON)
            await asyncio.sleep(0.02)
        return moved

    assert sorted(await asyncio.gather(*(start() for _ in range(4))), key=str) == [None, None, None, S.RUNNING]


async def test_what_was_handed_over_is_taken_back_once(store: Store) -> None:
    tenant, who = await a_tenant(store), PrincipalId(uuid4())
    batch = await a_batch(store, tenant)
    async with store.begin() as tx:
        assert await tx.batches.withdraw(tenant, batch.number, at=after(hours=1), by=who)
        assert not await tx.batches.withdraw(tenant, batch.number, at=after(hours=2), by=None)
    withdrawn = await _current(store, tenant, batch)
    assert (withdrawn.withdrawn_at, withdrawn.updated_by) == (after(hours=1), who)


async def test_counts_move_and_tell_where_the_batch_stands(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant)
    async with store.begin() as tx:
        standing = await tx.batches.move_counts(
            tenant, batch.number, {E.ACCEPTED: -2, E.SENT: 1, E.FAILED: 1, E.HELD: 0}, at=after(seconds=4)
        )
        assert standing.state is S.QUEUED
        assert {state: n for state, n in standing.counts.items() if n} == {E.ACCEPTED: 1, E.SENT: 1, E.FAILED: 1}
        assert (await tx.batches.move_counts(tenant, batch.number, {}, at=after(hours=9))).counts == standing.counts
    moved = await _current(store, tenant, batch)
    assert (moved.counts, moved.updated_at) == (standing.counts, after(seconds=4))


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (BatchFilter(), ["waiting", "sent", "wasted", "done"]),
        (BatchFilter(kinds=frozenset({"campaigns"})), ["done"]),
        (BatchFilter(states=frozenset({S.QUEUED})), ["waiting", "wasted"]),
        (BatchFilter(states=frozenset()), []),
        (BatchFilter(awaiting=True), ["waiting", "sent"]),
        (BatchFilter(awaiting=False), ["wasted", "done"]),
        (BatchFilter(carried=True), ["sent", "done"]),
        (BatchFilter(carried=False), ["waiting", "wasted"]),
        (BatchFilter(failed=True), ["wasted"]),
        (BatchFilter(failed=False), ["waiting", "sent", "done"]),
        (BatchFilter(carried=True, awaiting=True), ["sent"]),
        (BatchFilter(withdrawn=True), ["sent"]),
        (BatchFilter(withdrawn=False), ["waiting", "wasted", "done"]),
        (BatchFilter(text="WAIT"), ["waiting"]),
        (BatchFilter(text="onus_%"), ["done"]),
        (BatchFilter(text="%"), ["done"]),
        (BatchFilter(text="no such thing"), []),
        (BatchFilter(text="-"), []),
    ],
)
async def test_batches_are_narrowed_by_what_is_asked(store: Store, where: BatchFilter, found: list[str]) -> None:
    tenant = await a_tenant(store)
    await a_batch(store, tenant, (E.HELD,), title="waiting")
    sent = await a_batch(store, tenant, (E.SENT, E.DISPATCHING), title="sent", state=S.RUNNING)
    await a_batch(store, tenant, (E.SUPPRESSED, E.EXPIRED, E.REJECTED), title="wasted")
    await a_batch(
        store, tenant, (E.DELIVERED,) * 4, title="done", state=S.COMPLETED, kind="campaigns", template_title="Bonus_%"
    )
    async with store.begin() as tx:
        await tx.batches.withdraw(tenant, sent.number, at=NOON, by=None)
    assert await _titles(store, tenant, where) == found


async def test_batches_are_found_by_template_by_version_and_by_id(store: Store) -> None:
    tenant = await a_tenant(store)
    first = await a_batch(store, tenant, title="first")
    second = await a_batch(store, tenant, title="second", template=first.template)
    assert await _titles(store, tenant, BatchFilter(template=first.template)) == ["second", "first"]
    assert await _titles(store, tenant, BatchFilter(template_version=second.template_version)) == ["second"]
    assert await _titles(store, tenant, BatchFilter(text=str(first.id).upper())) == ["first"]
    assert await _titles(store, tenant, BatchFilter(text=str(first.id)[4:23])) == ["first"]


async def test_words_beyond_a_to_z_are_found_as_they_were_written(store: Store) -> None:
    tenant = await a_tenant(store)
    await a_batch(store, tenant, title="Ärzte im März 💌")
    for words in ("Ärzte", "ärzte"[1:].upper(), "MäRZ", "💌"):
        assert await _titles(store, tenant, BatchFilter(text=words)) == ["Ärzte im März 💌"], words


@pytest.mark.parametrize(
    ("field", "ascending"),
    [
        ("created_at", "cab"),
        ("updated_at", "cab"),
        ("state", "bca"),
        ("template_title", "bac"),
        ("total", "acb"),
    ],
)
async def test_batches_are_put_in_the_order_that_is_asked(store: Store, field: str, ascending: str) -> None:
    tenant = await a_tenant(store)
    await a_batch(
        store, tenant, (E.HELD,), title="a", template_title="beta", created_at=after(hours=2), state=S.RUNNING
    )
    await a_batch(
        store, tenant, (E.SENT,) * 3, title="b", template_title="alpha", created_at=after(hours=3), state=S.CANCELLING
    )
    await a_batch(
        store, tenant, (E.SENT,) * 2, title="c", template_title="gamma", created_at=after(hours=1), state=S.PAUSED
    )
    assert await _titles(store, tenant, BatchFilter(), order=(BatchOrder(field),)) == [*ascending]
    assert await _titles(store, tenant, BatchFilter(), order=(BatchOrder(field, descending=True),)) == [
        *ascending[::-1]
    ]


async def test_equals_stand_newest_first_and_pages_cut_the_list(store: Store) -> None:
    tenant = await a_tenant(store)
    for title in "abcde":
        await a_batch(store, tenant, title=title)
    assert await _titles(store, tenant, BatchFilter(), order=(BatchOrder("state"),)) == [*"edcba"]
    async with store.read() as tx:
        total, page = await tx.batches.find(tenant, BatchFilter(), order=(BatchOrder("state"),), page=Page(1, 2))
        assert (total, [batch.title for batch in page]) == (5, ["d", "c"])
        total, page = await tx.batches.find(tenant, BatchFilter(), order=(), page=Page(9, 2))
        assert (total, list(page)) == (5, [])


def _some(counts: Mapping[EntryState, int] | Mapping[WorkflowState, int]) -> dict[str, int]:
    return {state.value: n for state, n in counts.items() if n}


async def test_what_was_made_from_a_template_is_summed_by_version(store: Store) -> None:
    tenant = await a_tenant(store)
    template, first, second = TemplateId(uuid4()), TemplateVersionId(uuid4()), TemplateVersionId(uuid4())
    old = {"template": template, "template_version": first}
    stands = await a_batch(store, tenant, (E.SENT, E.DELIVERED, E.REJECTED), **old)
    gone = await a_batch(store, tenant, (E.SENT, E.FAILED), created_at=after(hours=1), **old)
    await a_batch(store, tenant, (E.HELD,), template=template, template_version=second, created_at=after(hours=2))
    await opened(store, tenant, 2, batch=stands)
    workflow = await the_workflow(store, stands)
    async with store.begin() as tx:
        await tx.workflows.end(workflow, WorkflowEvent.DECLINED, at=NOON)
        await tx.batches.withdraw(tenant, gone.number, at=NOON, by=None)
        found = {usage.version: usage for usage in await tx.batches.usage(tenant, ["workflow_batches"], [template])}
    assert set(found) == {first, second}
    usage = found[first]
    assert (usage.template, usage.last_used_at, found[second].last_used_at) == (
        template,
        after(hours=1),
        after(hours=2),
    )
    assert (_some(usage.counts), _some(usage.ended), _some(usage.withdrawn)) == (
        {"sent": 1, "delivered": 1, "rejected": 1}, {"declined": 1}, {"sent": 1, "failed": 1},
    )  # fmt: skip
    assert (_some(found[second].counts), set(usage.counts), set(usage.ended)) == ({"held": 1}, set(E), set(ENDS))


async def test_usage_is_of_the_templates_and_kinds_that_are_asked_for(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    batch = await a_batch(store, ours)
    assert batch.template is not None

    async def usage(tenant: TenantId, kinds: list[str], templates: list[TemplateId]) -> list[TemplateUsage]:
        async with store.read() as tx:
            return list(await tx.batches.usage(tenant, kinds, templates))

    assert len(await usage(ours, [batch.kind, "workflows"], [batch.template, TemplateId(uuid4())])) == 1
    assert await usage(theirs, [batch.kind], [batch.template]) == []
    assert await usage(ours, ["workflows"], [batch.template]) == []
    assert await usage(ours, [batch.kind], [TemplateId(uuid4())]) == []
    assert await usage(ours, [], [batch.template]) == await usage(ours, [batch.kind], []) == []

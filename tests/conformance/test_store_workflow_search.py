"""Finding workflows: narrowed, sorted, paged, newest first."""

from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import text

from muster.domain.batch import Batch
from muster.domain.entry import EntryState
from muster.domain.ids import BatchId, TemplateId, TenantId, entry_id
from muster.domain.workflow import NewWorkflow, WorkflowEvent, WorkflowState
from muster.ports.store.batches import Page
from muster.ports.store.unit import Store
from muster.ports.store.workflows import Advance, WorkflowFilter
from muster.stores.database import SqlStore
from tests.conformance.store_world import (
    NOON,
    a_batch,
    a_new_batch,
    a_new_workflow,
    a_tenant,
    after,
    an_entry,
    opened,
    the_workflow,
)

ALL = Page(0, 100)
NEWEST = (("created_at", True),)
E, S = EntryState, WorkflowState
Order = tuple[tuple[str, bool], ...]


async def _found(
    store: Store, tenant: TenantId, where: WorkflowFilter, *, order: Order = NEWEST, page: Page = ALL
) -> list[str]:
    """The titles of what is found."""
    async with store.read() as tx:
        total, found = await tx.workflows.find(tenant, where, order=order, page=page)
    assert total == len(found) or page is not ALL
    return [msgspec.json.decode(workflow.payload).get("title", "") for workflow in found]


async def _titled(store: Store, tenant: TenantId, *titles: str, hours: int = 0, **fields: str) -> Batch:
    """A batch with an active workflow for each title, opened `hours` after noon; `fields` are the entries'."""
    new = a_new_batch((E.SENT,) * len(titles))
    async with store.begin() as tx:
        number = await tx.batches.add(tenant, new)
        payloads = [f'{{"title":"{title}"}}' for title in titles]
        entries = [an_entry(n, E.SENT, **{"payload": payload, **fields}) for n, payload in enumerate(payloads)]
        await tx.entries.add(tenant, number, entries, at=NOON)
        batch = await tx.batches.get(tenant, new.id)
        await tx.workflows.open(tenant, number, _in_turn(batch, len(titles)), at=after(hours=hours))
    return batch


def _in_turn(batch: Batch, count: int) -> list[NewWorkflow]:
    """Workflows of which the later ones end earlier."""
    return [a_new_workflow(batch, n, expires_at=after(days=9 - n)) for n in range(count)]


async def test_the_newest_batch_stands_first_and_in_it_the_first_entry(store: Store) -> None:
    tenant = await a_tenant(store)
    await _titled(store, tenant, "late", hours=5)
    await _titled(store, tenant, "a", "b", "c", hours=1)
    await _titled(store, tenant, "d", "e", hours=1)
    await _titled(store, tenant, "early")
    everything = ["late", "d", "e", "a", "b", "c", "early"]
    assert await _found(store, tenant, WorkflowFilter()) == everything
    for offset in range(8):
        cut = await _found(store, tenant, WorkflowFilter(), page=Page(offset, 3))
        assert cut == everything[offset : offset + 3]


async def test_a_count_tells_of_all_pages(store: Store) -> None:
    tenant = await a_tenant(store)
    await opened(store, tenant, 5)
    async with store.read() as tx:
        total, page = await tx.workflows.find(tenant, WorkflowFilter(), order=NEWEST, page=Page(4, 2))
        assert (total, len(page)) == (5, 1)
        total, page = await tx.workflows.find(tenant, WorkflowFilter(), order=(), page=Page(9, 2))
        assert (total, list(page)) == (5, [])


@pytest.mark.parametrize(
    ("field", "either_way"),
    [
        # Two were created together: the first entry stands first either way.
        ("created_at", ("cab", "abc")),
        ("expires_at", ("bac", "cab")),
        ("state", ("acb", "bca")),
        ("title", ("abc", "cba")),
    ],
)
async def test_workflows_are_put_in_the_order_that_is_asked(
    store: Store, field: str, either_way: tuple[str, str]
) -> None:
    tenant = await a_tenant(store)
    batch = await _titled(store, tenant, "a", "b", hours=2)
    older = await _titled(store, tenant, "c", hours=1)
    ended = await the_workflow(store, batch, 1)
    async with store.begin() as tx:
        await tx.workflows.end(ended, WorkflowEvent.EXPIRED, at=NOON)
        await tx.workflows.extend(
            await tx.workflows.get(tenant, (await the_workflow(store, older)).id),
            expires_at=after(days=99), notice_at=None, at=NOON,
        )  # fmt: skip
        await tx.batches.withdraw(tenant, older.number, at=NOON, by=None)
    assert await _found(store, tenant, WorkflowFilter(), order=((field, False),)) == [*either_way[0]]
    assert await _found(store, tenant, WorkflowFilter(), order=((field, True),)) == [*either_way[1]]


async def test_what_has_no_title_sorts_before_what_has_one(store: Store) -> None:
    tenant = await a_tenant(store)
    await _titled(store, tenant, "a")
    await opened(store, tenant)
    assert await _found(store, tenant, WorkflowFilter(), order=(("title", False),)) == ["", "a"]


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (S.ACTIVE, ["active"]),
        (S.CREATED, ["waiting"]),
        (S.COMPLETED, ["done"]),
        (S.CANCELLED, ["called off", "taken back"]),
        (S.EXPIRED, []),
        (None, ["active", "done", "called off", "waiting", "taken back"]),
    ],
)
async def test_workflows_are_found_by_the_state_they_show(
    store: Store, state: WorkflowState | None, found: list[str]
) -> None:
    tenant = await a_tenant(store)
    gone = await _titled(store, tenant, "taken back")
    batch = await _titled(store, tenant, "active", "done", "called off", "waiting", hours=1)
    done = await the_workflow(store, batch, 1)
    async with store.begin() as tx:
        await tx.batches.withdraw(tenant, gone.number, at=NOON, by=None)
        await tx.workflows.end(done, WorkflowEvent.COMPLETED, at=NOON)
        await tx.workflows.call_off(tenant, batch.number, [2], at=NOON)
        await tx.workflows.postpone(tenant, batch.number, [3], at=NOON)
    assert await _found(store, tenant, WorkflowFilter(state=state)) == found


async def test_workflows_are_found_by_template_and_by_batch(store: Store) -> None:
    tenant = await a_tenant(store)
    first, second = await _titled(store, tenant, "first"), await _titled(store, tenant, "second")
    assert await _found(store, tenant, WorkflowFilter(template=first.template)) == ["first"]
    assert await _found(store, tenant, WorkflowFilter(batch=second.id)) == ["second"]
    assert await _found(store, tenant, WorkflowFilter(batch=second.id, template=first.template)) == []
    assert await _found(store, tenant, WorkflowFilter(batch=BatchId(uuid4()))) == []
    assert await _found(store, tenant, WorkflowFilter(template=TemplateId(uuid4()))) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("o'hara", ["zoë"]),
        ("O'HARA", ["zoë"]),
        ("@X.example", ["zoë"]),
        ("+1 (647) 555", ["zoë"]),
        ("647-555.0100", ["zoë"]),
        ("6475550", ["zoë"]),
        ("490 151", ["ann"]),
        ("(0)151", ["ann"]),
        ("_", []),
        ("%", []),
        ("nobody", []),
        ("+", ["zoë", "ann"]),
    ],
)
async def test_a_customer_is_found_by_name_e_mail_and_number(store: Store, words: str, found: list[str]) -> None:
    tenant = await a_tenant(store)
    await _titled(store, tenant, "ann", address="+49 (0)151/2 34")
    batch = await _titled(store, tenant, "zoë", address="+16475550100")
    loaded = await the_workflow(store, batch)
    said = Advance(step=2, answers="", customer_name="Zoë O'Hara", email="zoe@x.example")
    async with store.begin() as tx:
        assert await tx.workflows.advance(loaded, said, at=NOON)
    async with store.read() as tx:
        _, page = await tx.workflows.find(tenant, WorkflowFilter(text=words), order=NEWEST, page=ALL)
    digits = words.lower().replace("-", "")
    by_words = [w for w in page if not digits or digits not in w.id.hex]
    assert [msgspec.json.decode(workflow.payload)["title"] for workflow in by_words] == found


@pytest.mark.parametrize("batch_id", ["7f" * 12 + "ffffffff", "0123456789abcdef" * 2, "ab" * 12 + "00000000"])
async def test_a_workflow_is_found_by_its_id_and_by_parts_of_it(store: Store, batch_id: str) -> None:
    tenant, position = await a_tenant(store), 11
    batch = await a_batch(store, tenant, (E.SENT,) * 12, id=BatchId(_uuid(batch_id)))
    await opened(store, tenant, 12, batch=batch)
    wanted = entry_id(batch.id, position)
    async with store.read() as tx:
        for words in (str(wanted), str(wanted).upper(), wanted.hex, str(wanted)[19:], wanted.hex[-9:]):
            _, found = await tx.workflows.find(tenant, WorkflowFilter(text=words), order=NEWEST, page=ALL)
            assert [workflow.id for workflow in found] == [wanted], words
        _, found = await tx.workflows.find(tenant, WorkflowFilter(text=str(batch.id)[:23]), order=NEWEST, page=ALL)
        assert len(found) == 12
        assert await tx.workflows.find(tenant, WorkflowFilter(text=str(uuid4())), order=NEWEST, page=ALL) == (0, [])


def _uuid(digits: str) -> BatchId:
    return BatchId(UUID(digits))


async def test_a_tenant_finds_only_its_own(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    await _titled(store, ours, "ours")
    batch = await _titled(store, theirs, "theirs")
    assert await _found(store, ours, WorkflowFilter()) == ["ours"]
    for words in ("+49", str(batch.id)[:8], str(entry_id(batch.id, 0))):
        assert "theirs" not in await _found(store, ours, WorkflowFilter(text=words))
    assert await _found(store, ours, WorkflowFilter(batch=batch.id)) == []
    assert await _found(store, ours, WorkflowFilter(template=batch.template)) == []


async def test_the_newest_page_is_read_from_an_index(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    await opened(store, tenant, 3)
    newest = (
        "SELECT batch, position FROM workflows WHERE tenant = 1 ORDER BY created_at DESC, batch DESC, position LIMIT 2"
    )
    async with store.writer.begin() as connection:
        if connection.dialect.name == "sqlite":
            plan = (await connection.execute(text(f"EXPLAIN QUERY PLAN {newest}"))).all()
        else:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = (await connection.execute(text(f"EXPLAIN {newest}"))).all()
    assert "ix_workflows_tenant_created_at" in str(plan)

"""Keeping categories, and how their messages fare."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest

from muster.domain.category import Category, CategoryState, Statistics, Tally
from muster.domain.entry import EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import CategoryNumber, ContactNumber, MailingNumber, PartyNumber, TenantId, message_number
from muster.domain.query import Among, Compare, Comparison, Condition, Order, Query
from muster.ports.store.categories import Windows
from muster.ports.store.mailings import NewMailing
from muster.ports.store.unit import Store
from tests.conformance.store_world import a_batch, a_category, a_mark, a_tenant, after, changed

GOODS, NEWS = CategoryNumber(1), CategoryNumber(2)
SINCE = Windows(today=after(hours=-12), week=after(hours=-12), month=after(hours=-36))
S = EntryState


async def kept(store: Store, tenant: TenantId, *categories: Category) -> None:
    async with store.begin() as tx:
        for category in categories:
            await tx.categories.add(tenant, category)


async def found(store: Store, tenant: TenantId, where: Condition | None = None, **fields: object) -> list[int]:
    """The numbers of the categories that match."""
    query = Query(where=where, **fields)  # type: ignore[arg-type]  # any field by name
    async with store.read() as tx:
        total, page = await tx.categories.find(tenant, query)
        assert [category.number for category in page] == list(await tx.categories.numbers(tenant, query, most=100))
    assert total == len(page)
    return [category.number for category in page]


async def test_a_category_comes_back_as_it_was_given(store: Store) -> None:
    tenant = await a_tenant(store)
    full = a_category(
        6,
        name="Zoë's 'Orders'",
        description="What becomes of them",
        short_description="orders",
        opt_out_allowed=False,
        delete_allowed=False,
        state=CategoryState.UNPUBLISHED,
        note="for now",
        icon="/orders.svg",
        last_used=after(days=-1),
        marks={"created": a_mark(), "updated": a_mark(hours=1), "unpublished": a_mark(hours=1)},
        revision=3,
    )
    await kept(store, tenant, full, a_category(7))
    async with store.read() as tx:
        assert await tx.categories.get(tenant, 6) == full
        assert await tx.categories.several(tenant, [7, 99]) == [a_category(7)]


async def test_only_the_next_revision_is_kept(store: Store) -> None:
    tenant = await a_tenant(store)
    await kept(store, tenant, a_category(1))
    renamed = changed(a_category(1), name="Goods", marks={"created": a_mark(), "updated": a_mark(hours=1)})
    async with store.begin() as tx:
        assert await tx.categories.change(tenant, renamed)
        assert not await tx.categories.change(tenant, changed(a_category(1), name="too late"))
        assert not await tx.categories.change(tenant, changed(a_category(9)))
        assert await tx.categories.get(tenant, 1) == renamed


async def test_of_two_who_change_it_at_once_one_comes_too_late(store: Store) -> None:
    tenant = await a_tenant(store)
    await kept(store, tenant, a_category(1))

    async def change(name: str) -> bool:
        async with store.begin() as tx:
            return await tx.categories.change(tenant, changed(a_category(1), name=name))

    assert sorted(await asyncio.gather(change("mine"), change("yours"))) == [False, True]


async def test_a_deleted_category_is_never_found_again(store: Store) -> None:
    tenant = await a_tenant(store)
    await kept(store, tenant, a_category(1), a_category(2))
    gone = changed(a_category(1), state=CategoryState.DELETED)
    async with store.begin() as tx:
        assert await tx.categories.change(tenant, gone)
        assert not await tx.categories.change(tenant, changed(gone, state=CategoryState.PUBLISHED))
        with pytest.raises(NotFound):
            await tx.categories.get(tenant, 1)
        with pytest.raises(NotFound):
            await tx.categories.use(tenant, GOODS, at=after())
        assert await tx.categories.several(tenant, [1]) == []
    assert await found(store, tenant) == [2]


async def test_using_a_category_notes_when_and_is_no_change_of_it(store: Store) -> None:
    tenant = await a_tenant(store)
    await kept(store, tenant, a_category(1))
    async with store.begin() as tx:
        used = await tx.categories.use(tenant, GOODS, at=after(minutes=2))
        assert (used.last_used, used.revision) == (after(minutes=2), 1)
        assert (await tx.categories.use(tenant, GOODS, at=after(minutes=1))).last_used == after(minutes=2)
        # Whoever read it before keeps their change, and the use is not forgotten.
        assert await tx.categories.change(tenant, changed(a_category(1), name="Goods"))
        assert (await tx.categories.get(tenant, 1)).last_used == after(minutes=2)


async def test_a_category_that_is_used_does_not_change_before_the_use_is_kept(store: Store) -> None:
    tenant = await a_tenant(store)
    await kept(store, tenant, a_category(1))
    order: list[str] = []

    async def unpublish() -> None:
        async with store.begin() as tx:
            await tx.categories.change(tenant, changed(a_category(1), state=CategoryState.UNPUBLISHED))
        order.append("unpublished")

    async with asyncio.TaskGroup() as tasks, store.begin() as tx:
        used = await tx.categories.use(tenant, GOODS, at=after())
        tasks.create_task(unpublish())
        # Time enough to pass, if nothing held it.
        await asyncio.sleep(0.2)
        order.append("used")
    assert used.state is CategoryState.PUBLISHED
    assert order == ["used", "unpublished"]


async def test_categories_are_found_by_every_field(store: Store) -> None:
    tenant = await a_tenant(store)
    marks = {"created": a_mark(hours=-1), "updated": a_mark(hours=2), "unpublished": a_mark(hours=2)}
    odd = a_category(
        2, opt_out_allowed=False, state=CategoryState.UNPUBLISHED, note="why", last_used=after(), marks=marks
    )
    await kept(store, tenant, a_category(1), odd)
    equal: dict[str, object] = {
        "number": 2,
        "name": "Category 2",
        "opt_out_allowed": False,
        "state": "unpublished",
        "note": "why",
        "last_used": after(),
        "created": after(hours=-1),
        "updated": after(hours=2),
        "unpublished": after(hours=2),
    }
    for field, value in equal.items():
        assert await found(store, tenant, Compare(field, Comparison.EQ, value)) == [2], field  # type: ignore[arg-type]  # its own sort
    assert await found(store, tenant, Compare("unpublished", Comparison.EQ, None)) == [1]
    assert await found(store, tenant, Compare("published", Comparison.GT, after(days=-9))) == []
    assert await found(store, tenant, Among("number", (2, 3))) == [2]
    assert await found(store, tenant) == [2, 1]
    assert await found(store, tenant, order=(Order("name"),)) == [1, 2]


async def mailed(store: Store, tenant: TenantId, number: int, *, states: Sequence[EntryState], at: datetime) -> None:
    """A mailing of that time whose messages stand in `states`."""
    batch = await a_batch(store, tenant, states, kind="notifications", created_at=at)
    mailing = NewMailing(
        number=MailingNumber(number),
        batch=batch.number,
        category=GOODS,
        party=PartyNumber(1),
        subject="s",
        body="b",
        made_by=None,
        made_for=None,
        created_at=at,
    )
    messages = [(message_number(number, position), ContactNumber(position + 1)) for position in range(len(states))]
    async with store.begin() as tx:
        await tx.mailings.add(tenant, mailing, messages=messages, attachments=[])


async def test_statistics_count_messages_by_where_they_stand_in_each_window(store: Store) -> None:
    tenant = await a_tenant(store)
    waiting = (S.ACCEPTED, S.HELD, S.DISPATCHING)
    ends = (S.SENT, S.DELIVERED, S.UNDELIVERED, S.COMPLAINED, S.SUPPRESSED, S.EXPIRED, S.FAILED, S.UNKNOWN, S.REJECTED)
    await mailed(store, tenant, 1, states=(*waiting, *ends), at=after())
    await mailed(store, tenant, 2, states=(S.DELIVERED, S.CANCELLED, S.DUPLICATE), at=after(hours=-12))
    await mailed(store, tenant, 3, states=(S.APPLIED, S.FAILED), at=after(hours=-13))
    await mailed(store, tenant, 4, states=(S.SENT,) * 4, at=after(hours=-37))
    today = Tally(sent=3, bounced=1, complained=1, discarded=4, failed=3)
    month = Tally(sent=4, bounced=1, complained=1, discarded=4, failed=4)
    async with store.read() as tx:
        assert await tx.categories.statistics(tenant, [GOODS, NEWS], since=SINCE) == {
            GOODS: Statistics(today=today, week=today, month=month),
            NEWS: Statistics(),
        }


async def test_a_week_that_began_before_its_month_is_counted_whole(store: Store) -> None:
    tenant = await a_tenant(store)
    await mailed(store, tenant, 1, states=(S.SENT,), at=after(days=-3))
    since = Windows(today=after(), week=after(days=-4), month=after(days=-1))
    async with store.read() as tx:
        told = (await tx.categories.statistics(tenant, [GOODS], since=since))[GOODS]
        assert told == Statistics(week=Tally(sent=1))


async def test_another_tenants_categories_are_not_there(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    await kept(store, ours, a_category(1))
    await mailed(store, ours, 1, states=(S.SENT,), at=after())
    assert await found(store, theirs) == []
    async with store.begin() as tx:
        assert not await tx.categories.change(theirs, changed(a_category(1)))
        with pytest.raises(NotFound):
            await tx.categories.get(theirs, 1)
        with pytest.raises(NotFound):
            await tx.categories.use(theirs, GOODS, at=after())
        assert await tx.categories.statistics(theirs, [GOODS], since=SINCE) == {GOODS: Statistics()}
        await tx.categories.add(theirs, a_category(1, name="theirs"))
        assert (await tx.categories.get(ours, 1)).name == "Category 1"

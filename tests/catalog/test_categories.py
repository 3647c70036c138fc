"""What messages are about."""

import asyncio
from datetime import timedelta

import pytest

from muster.catalog.categories import CategoryCatalog, CategoryChange, CategoryWish
from muster.domain.category import Category, CategoryState
from muster.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from muster.domain.fault import Fault
from muster.domain.ids import CategoryNumber
from muster.domain.mark import Mark
from muster.stores.database import SqlStore
from tests.catalog.directory import Town, a_town, faults_of, reading_only
from tests.fakes.clock import FakeClock

LATER = timedelta(minutes=5)


@pytest.fixture
async def town(store: SqlStore, clock: FakeClock) -> Town:
    return await a_town(store, clock)


@pytest.fixture
def catalog(store: SqlStore, clock: FakeClock) -> CategoryCatalog:
    return CategoryCatalog(store, clock)


@pytest.fixture
async def orders(catalog: CategoryCatalog, town: Town) -> Category:
    return await catalog.add(town.operator, CategoryWish(name="Orders", description="What became of them"))


async def kept(town: Town, number: CategoryNumber) -> Category:
    async with town.store.read() as tx:
        return await tx.categories.get(town.tenant, number)


async def test_a_new_category_is_published_and_every_party_takes_part(town: Town, orders: Category) -> None:
    found = await kept(town, orders.number)

    assert found == orders
    assert (found.state, found.opt_out_allowed, found.revision) == (CategoryState.PUBLISHED, True, 1)
    assert set(found.marks) == {"created", "updated", "published"}
    parties = {town.operator.party.number, town.vendor.party.number, town.client.party.number}
    assert {one.party for one in await town.subscribers()} == parties


async def test_every_fault_of_a_category_is_told_at_once(catalog: CategoryCatalog, town: Town) -> None:
    wish = CategoryWish(name="two\r\nlines", description="x" * 2001, note="x" * 2001)

    with pytest.raises(BadInput) as refused:
        await catalog.add(town.operator, wish, faults=[Fault("chatty", "ODD", "is odd")])

    assert faults_of(refused.value) == {
        "chatty": "ODD",
        "name": "NOT_ONE_LINE",
        "description": "TOO_LONG",
        "note": "TOO_LONG",
    }
    assert not await town.subscribers()


@pytest.mark.parametrize(("name", "code"), [("", "REQUIRED"), ("  ", "REQUIRED"), ("x" * 201, "TOO_LONG")])
async def test_a_name_has_1_to_200_characters(*, catalog: CategoryCatalog, town: Town, name: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        await catalog.add(town.operator, CategoryWish(name=name))

    assert faults_of(refused.value) == {"name": code}


async def test_only_what_is_named_is_changed(
    *, catalog: CategoryCatalog, town: Town, orders: Category, clock: FakeClock
) -> None:
    at = clock.advance(LATER)

    await catalog.change(town.operator, orders.number, CategoryChange(opt_out_allowed=False, description=None))

    found = await kept(town, orders.number)
    assert (found.name, found.description, found.opt_out_allowed, found.revision) == ("Orders", None, False, 2)
    assert found.marks["updated"] == Mark(at, town.operator.token.number, town.operator.party.number)
    assert found.marks["created"] == orders.marks["created"]


async def test_a_change_that_breaks_a_rule_changes_nothing(
    catalog: CategoryCatalog, town: Town, orders: Category
) -> None:
    with pytest.raises(BadInput):
        await catalog.change(town.operator, orders.number, CategoryChange(name="", note="why"))

    assert await kept(town, orders.number) == orders


async def test_publishing_twice_is_refused_and_the_note_is_kept(
    *, catalog: CategoryCatalog, town: Town, orders: Category, clock: FakeClock
) -> None:
    with pytest.raises(WrongState):
        await catalog.publish(town.operator, orders.number)

    at = clock.advance(LATER)
    gone = await catalog.unpublish(town.operator, orders.number, note="too chatty")
    assert (gone.state, gone.note, gone.marks["unpublished"].at) == (CategoryState.UNPUBLISHED, "too chatty", at)
    with pytest.raises(WrongState):
        await catalog.unpublish(town.operator, orders.number)
    back = await catalog.publish(town.operator, orders.number)
    assert (back.state, back.note, back.revision) == (CategoryState.PUBLISHED, "too chatty", 3)


async def test_deleting_a_category_takes_its_subscribers_along(
    catalog: CategoryCatalog, town: Town, orders: Category
) -> None:
    other = await catalog.add(town.operator, CategoryWish(name="Invoices"))

    await catalog.delete(town.operator, orders.number)

    with pytest.raises(NotFound):
        await kept(town, orders.number)
    assert {one.category for one in await town.subscribers()} == {other.number}
    with pytest.raises(NotFound):
        await catalog.delete(town.operator, orders.number)


async def test_a_category_that_must_not_be_deleted_stays(catalog: CategoryCatalog, town: Town) -> None:
    made = await catalog.add(town.operator, CategoryWish(name="Security", delete_allowed=False))

    with pytest.raises(WrongState):
        await catalog.delete(town.operator, made.number)

    assert await kept(town, made.number) == made


async def test_of_two_changes_at_once_none_is_lost_silently(
    catalog: CategoryCatalog, town: Town, orders: Category
) -> None:
    told = await asyncio.gather(
        *(catalog.change(town.operator, orders.number, CategoryChange(note=f"{at}")) for at in range(4)),
        return_exceptions=True,
    )

    done = [one for one in told if isinstance(one, Category)]
    assert all(isinstance(one, Category | Conflict) for one in told)
    assert (await kept(town, orders.number)).revision == 1 + len(done)


async def test_only_the_operating_party_may_change_categories(
    catalog: CategoryCatalog, town: Town, orders: Category
) -> None:
    for acting in (town.vendor, town.client, reading_only(town.operator)):
        with pytest.raises(NotAllowed):
            await catalog.add(acting, CategoryWish(name="Mine"))
        with pytest.raises(NotAllowed):
            await catalog.change(acting, orders.number, CategoryChange(name="Mine"))
        with pytest.raises(NotAllowed):
            await catalog.unpublish(acting, orders.number)
        with pytest.raises(NotAllowed):
            await catalog.delete(acting, orders.number)


async def test_every_change_of_a_category_is_in_the_audit_log(
    catalog: CategoryCatalog, town: Town, orders: Category
) -> None:
    await catalog.change(town.operator, orders.number, CategoryChange(note="n"))
    await catalog.unpublish(town.operator, orders.number)
    await catalog.publish(town.operator, orders.number)
    await catalog.delete(town.operator, orders.number)

    actions = ["add", "update", "unpublished", "published", "delete"]
    assert (await town.noted())[-5:] == [f"category:{action}" for action in actions]

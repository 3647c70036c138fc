"""Deleting records with everything that hangs on them."""

from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, DEAL, RIGHT, TABLE, RecordRef
from muster.domain.records.operation import Act, Denial, Done, Operation, Remove, Unrelate
from muster.domain.records.record import Link, Record
from muster.domain.records.search import GoneSearch
from muster.domain.records.trace import Deed
from muster.domain.tenant import Role
from tests.records.house import House

LOCK, KEEP = 2, 3
"""Actions."""


def remove(ref: RecordRef) -> Remove:
    return Remove(group=ref.char_type, number=ref.number)


def act(ref: RecordRef, action: int) -> Operation:
    return Act(group=ref.char_type, number=ref.number, action=action)


async def gone(house: House, char_type: int) -> set[object]:
    async with house.store.read() as tx:
        found = await tx.records.search_gone(house.tenant, GoneSearch(char_type=char_type, since=0, until=2**60))
    return {one.what.ref if isinstance(one.what, Record) else one.what.number for one in found}


async def test_a_record_is_deleted_once(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    first, again = await house.do(remove(film), remove(film))
    assert (first.done, first.record, again.denial) == (Done.DELETED, None, Denial.NOT_FOUND)
    assert await house.get(film) is None
    assert await gone(house, CATALOG_ITEM) == {film}
    assert [row.deed for row in await house.traces(film)] == [Deed.ADDED, Deed.DELETED]


async def test_components_that_belong_to_nothing_else_go_as_well(house: House) -> None:
    deal, film = await house.have(DEAL), await house.have(CATALOG_ITEM)
    own, shared, row, below = [await house.have(kind) for kind in (RIGHT, RIGHT, TABLE, RIGHT)]
    for parent, child in ((deal, own), (deal, shared), (film, shared), (deal, row), (row, below), (deal, below)):
        await house.link(parent, child)
    (removed,) = await house.do(remove(deal))
    assert removed.done is Done.DELETED
    assert [await house.get(ref) is not None for ref in (deal, own, shared, row, below)] == [False, False, True] + [
        False
    ] * 2
    async with house.store.read() as tx:
        left: list[Link] = list(await tx.records.links_above(house.tenant, [own, shared, row, below]))
    assert [(link.parent, link.child) for link in left] == [(film, shared)]
    assert await gone(house, 0) == {1, 2, 4, 5, 6}


async def test_modules_are_never_deleted_along_with_others(house: House) -> None:
    deal, person = await house.have(DEAL), await house.have(CONTACT)
    await house.link(deal, person, 2)
    await house.do(remove(deal))
    assert await house.get(person) is not None


async def test_a_status_can_forbid_deleting(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    await house.do(act(film, KEEP))
    (refused,) = await house.do(remove(film))
    assert (refused.denial, refused.deletable) == (Denial.NOT_DELETABLE, False)


async def test_nothing_is_deleted_on_which_a_locked_record_depends(house: House) -> None:
    deal, right, person = await house.have(DEAL), await house.have(RIGHT), await house.have(CONTACT)
    await house.link(deal, right)
    number = await house.link(deal, person, 2)
    await house.do(act(right, LOCK))
    await house.do(act(deal, LOCK))
    for ref in (deal, person):
        (refused,) = await house.do(remove(ref))
        assert refused.denial is Denial.NOT_DELETABLE
    parted, removed = await house.do(Unrelate(group=0, number=number), remove(person))
    assert (parted.denial, removed.denial) == (None, None)


async def test_who_may_not_write_it_does_not_delete_it(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    for role in (Role.VIEWER, Role.CLERK):
        (refused,) = await house.do(remove(film), acting=house.as_(role))
        assert refused.denial is Denial.NOT_ALLOWED


async def test_unless_all_are_deleted_none_is(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    first, again = await house.do(remove(film), remove(film), whole=True)
    assert (first.denial, again.denial) == (None, Denial.NOT_FOUND)
    assert await house.get(film) is not None


async def test_a_hundred_deletions_take_as_many_statements_as_one(house: House, statements: list[str]) -> None:
    deals = [await house.have(DEAL) for _ in range(12)]
    for deal in deals:
        await house.link(deal, await house.have(RIGHT))
    statements.clear()
    await house.do(remove(deals[0]))
    one = sum(" outbox " not in sql for sql in statements)
    statements.clear()
    await house.do(*map(remove, deals[1:]))
    assert sum(" outbox " not in sql for sql in statements) == one

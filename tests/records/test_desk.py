"""The desk: operations one at a time, and what happens when several want the same."""

import asyncio
from datetime import timedelta

import pytest

from muster.domain.errors import Unavailable
from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, RecordRef
from muster.domain.records.operation import Change, Denial, Done, Draft, Fetch, Relate, Remove, Result, Unrelate
from muster.records.desk import RecordDesk
from tests.fakes.clock import FakeClock
from tests.fakes.flaky_store import FlakyStore
from tests.records.house import House, create


async def test_one_operation_is_durable_when_it_is_answered(house: House) -> None:
    made = await house.desk.one(house.acting, create(CONTACT, "x", last_name="y"))
    found = await house.desk.one(house.acting, Fetch(group=CONTACT, number=made.number))
    assert (made.done, found.done) == (Done.CREATED, Done.FOUND)
    assert found.record == made.record


async def test_one_that_is_denied_changes_nothing(house: House) -> None:
    refused = await house.desk.one(house.acting, create(CONTACT, "x"))
    assert refused.denial is Denial.FAULTY
    assert await house.told() == []


async def test_a_conflict_that_passes_is_tried_again(house: House, clock: FakeClock) -> None:
    flaky = FlakyStore(house.store)
    flaky.away = 3
    made = await RecordDesk(flaky, clock).one(house.acting, create(CONTACT, "x", last_name="y"))
    assert made.number == 1
    assert len(await house.told()) == 1


async def test_a_conflict_that_stays_is_reported(house: House, clock: FakeClock) -> None:
    flaky = FlakyStore(house.store)
    flaky.away = 99
    with pytest.raises(Unavailable):
        await RecordDesk(flaky, clock).one(house.acting, create(CONTACT, "x", last_name="y"))
    assert await house.told() == []


async def test_what_may_have_been_kept_is_not_done_twice(house: House, clock: FakeClock) -> None:
    flaky = FlakyStore(house.store)
    flaky.lost_commits = 1
    with pytest.raises(Unavailable):
        await RecordDesk(flaky, clock).one(house.acting, create(CONTACT, "x", last_name="y"))
    assert len(await house.told()) == 1


async def test_many_at_once_never_share_a_number(house: House) -> None:
    made = await asyncio.gather(*(house.desk.one(house.acting, create(CONTACT, "x", last_name="y")) for _ in range(10)))
    assert sorted(one.number for one in made) == list(range(1, 11))


async def test_two_that_delete_the_same_find_it_once(house: House) -> None:
    a, b = await house.have(CATALOG_ITEM), await house.have(CATALOG_ITEM)
    number = await house.link(a, b)
    parted = await asyncio.gather(*(house.desk.one(house.acting, Unrelate(group=0, number=number)) for _ in range(3)))
    removed = await asyncio.gather(
        *(house.desk.one(house.acting, Remove(group=CATALOG_ITEM, number=a.number)) for _ in range(3))
    )
    for results in (parted, removed):
        denials = [one.denial for one in results if one.denial is not None]
        assert denials == [Denial.NOT_FOUND] * 2


async def test_those_who_close_a_circle_from_both_sides_do_not_both_succeed(house: House) -> None:
    a, b, c, d = [await house.have(CATALOG_ITEM, title) for title in "abcd"]
    await house.link(a, b)
    await house.link(c, d)
    results = await asyncio.gather(_relate(house, b, c), _relate(house, d, a))
    assert {one.denial for one in results} == {None, Denial.BAD_LINK}


async def test_the_same_relationship_made_by_two_at_once_is_made_once(house: House) -> None:
    a, b = await house.have(CATALOG_ITEM), await house.have(CATALOG_ITEM)
    results = await asyncio.gather(_relate(house, a, b), _relate(house, a, b))
    assert {one.denial for one in results} == {None, Denial.LINK_EXISTS}


async def test_changes_of_one_record_at_once_lose_nothing(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    drafts = [Draft(values={label: value}) for label, value in (("code", "A"), ("release_year", 1999), ("notes", "n"))]
    await asyncio.gather(
        *(house.desk.one(house.acting, Change(group=CATALOG_ITEM, number=film.number, draft=one)) for one in drafts)
    )
    record = await house.get(film)
    assert record is not None
    assert record.values == {"code": "A", "release_year": 1999, "notes": ["n"]}


async def _relate(house: House, parent: RecordRef, child: RecordRef) -> Result:
    return await house.desk.one(house.acting, Relate(group=0, parent=parent, child=child))


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_record_that_somebody_else_holds_too_long_is_locked(house: House, clock: FakeClock) -> None:
    film, other = await house.have(CATALOG_ITEM), await house.have(CATALOG_ITEM)
    hurried = RecordDesk(house.store, clock, patience=timedelta(milliseconds=200))
    async with house.store.begin() as holder:
        await holder.records.load(house.tenant, [film], lock=True, patience=timedelta(seconds=1))
        changes = [Change(group=CATALOG_ITEM, number=ref.number, draft=Draft(title="x")) for ref in (film, other)]
        async with house.store.begin() as tx:
            done = await hurried.apply(tx, house.acting, changes, whole=False, at=clock.now())
    assert [one.denial for one in done.results] == [Denial.LOCKED, None]

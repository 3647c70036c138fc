"""Setting up a record store from a file: all of it under the file's own numbers, or nothing."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

import msgspec
import pytest

from muster.domain.errors import BadInput, Conflict
from muster.domain.event import EventType
from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, DEAL, RecordRef
from muster.domain.records.operation import Act, Change, Draft, Remove
from muster.domain.tenant import Role
from muster.records.desk import RecordDesk
from muster.records.seeding.planting import NOBODY, Planter
from muster.records.seeding.reading import read_seeds
from muster.records.seeding.samples import SAMPLES, sample
from muster.records.seeding.sowing import Planted
from muster.records.work.scene import Acting
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.records.house import House, create
from tests.records.seed_files import BLUEPRINT, ROWS

SMALL = BLUEPRINT + ROWS
FILM, DEAL_2, PERSON = RecordRef(CATALOG_ITEM, 1001), RecordRef(DEAL, 2), RecordRef(CONTACT, 7)


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> House:
    """A record store without a blueprint."""
    async with store.begin() as tx:
        tenant = await tx.accounts.across_tenants_add(account_id=uuid4(), name=uuid4().hex, at=clock.now())
    return House(store, clock, tenant)


async def plant(house: House, text: str = SMALL, *, rehearse: bool = False) -> Planted:
    return await Planter(house.store, house.clock).plant(
        house.tenant, read_seeds(text.encode(), form="toml"), rehearse=rehearse
    )


async def refused(house: House, rows: str) -> Mapping[str, str]:
    with pytest.raises(BadInput) as error:
        await plant(house, BLUEPRINT + rows)
    assert "nothing of it was" in error.value.message
    return {fault.path: fault.code for fault in error.value.faults}


async def test_everything_is_made_under_the_numbers_of_the_file(house: House) -> None:
    planted = await plant(house)
    assert planted == Planted(
        made={"blueprint": 1, "rates": 1, "periods": 1, "records": 3, "relationships": 2, "date rules": 1}, kept={}
    )
    film = await house.get(FILM)
    assert film is not None
    assert (film.title, film.status, film.created.by) == ("The Harbour", 2, NOBODY)
    assert film.values["release"] == "2024-03-29"
    assert msgspec.to_builtins(film.values["budget"])["divAmt"] == "11.55"
    async with house.store.read() as tx:
        links = await tx.records.links(house.tenant, [40, 41])
        assert [(one.parent, one.child, one.kind) for one in links] == [(DEAL_2, FILM, 0), (FILM, PERSON, 9)]
    told = [kind for kind, _ in await house.told()]
    assert (told.count(EventType.RECORD_CREATED), told.count(EventType.RELATIONSHIP_CREATED)) == (3, 2)


async def test_what_is_made_later_gets_higher_numbers(house: House) -> None:
    await plant(house)
    assert (await house.have(CATALOG_ITEM)).number == 1002
    assert await house.link(DEAL_2, await house.have(CATALOG_ITEM)) == 42


async def test_a_second_time_nothing_changes(house: House) -> None:
    made = (await plant(house)).made
    before = (await house.get(FILM), await house.traces(FILM), await house.told())
    assert await plant(house) == Planted(made={}, kept=made)
    assert (await house.get(FILM), await house.traces(FILM), await house.told()) == before


async def test_what_was_changed_or_deleted_meanwhile_stays_so(house: House) -> None:
    text = BLUEPRINT + ROWS.replace('status = "Locked"\n', "")
    await plant(house, text)
    changed = Change(group=CATALOG_ITEM, number=1001, draft=Draft(title="Another"))
    done = await house.do(changed, Remove(group=CONTACT, number=7))
    assert [one.denial for one in done] == [None, None]
    assert (await plant(house, text)).made == {}
    film = await house.get(FILM)
    assert film is not None
    assert (film.title, await house.get(PERSON)) == ("Another", None)


async def test_a_rehearsal_keeps_nothing(house: House) -> None:
    rehearsed = await plant(house, rehearse=True)
    async with house.store.read() as tx:
        assert await tx.record_settings.blueprint_version(house.tenant) == 0
        assert await tx.record_settings.rates(house.tenant) == []
    assert await house.get(FILM) is None
    assert await plant(house) == rehearsed


class Broken(FakeClock):
    """A clock that stops for good once everything is written."""

    def now(self) -> datetime:
        """The moment, once."""
        if self.asked:
            raise OSError
        self.asked = True
        return super().now()

    asked = False


async def test_what_breaks_off_at_the_last_moment_leaves_nothing_behind(house: House) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - whatever it is
        await Planter(house.store, Broken()).plant(house.tenant, read_seeds(SMALL.encode(), form="toml"))
    async with house.store.read() as tx:
        assert await tx.record_settings.blueprint_version(house.tenant) == 0
        assert await tx.record_settings.periods(house.tenant) == []
    assert (await house.get(FILM), await house.told()) == (None, [])
    assert (await plant(house)).made["records"] == 3


async def test_of_several_who_load_a_file_at_once_one_makes_everything(house: House) -> None:
    planted = await asyncio.gather(*(plant(house) for _ in range(3)))
    made = [one.made for one in planted if one.made]
    assert (len(made), made[0]["records"]) == (1, 3)
    assert all(one.kept == made[0] for one in planted if not one.made)


async def test_a_number_that_somebody_takes_at_the_same_moment_is_not_overwritten(house: House) -> None:
    await plant(house, BLUEPRINT)
    file = BLUEPRINT + '[[records]]\ntype = "contact"\nid = 1\ntitle = "Ours"\n'
    planted, _ = await asyncio.gather(plant(house, file), house.have(CONTACT), return_exceptions=True)
    there = await house.get(RecordRef(CONTACT, 1))
    assert there is not None
    if not isinstance(planted, Conflict):
        assert isinstance(planted, Planted)
        assert (there.title == "Ours") == bool(planted.made)


async def test_a_file_may_be_continued(house: House) -> None:
    await plant(house)
    more = '[[records]]\ntype = "catalog-item"\nid = 5\ntitle = "Second"\n'
    assert (await plant(house, SMALL + more)).made == {"records": 1}
    assert (await house.have(CATALOG_ITEM)).number == 1002


async def test_every_fault_is_told_with_its_place_and_nothing_is_kept(house: House) -> None:
    rows = (
        ROWS
        + """
[[records]]
type = "catalog-item"
id = 5
values = { genre = "Opera", code = "12345", premiere = 2024-01-01T00:00:00Z, more = [1, [2]] }
[[records]]
type = "deal"
id = 3
title = "No start"
[[relationships]]
id = 49
parent = "deal/3"
child = "catalog-item/5"
[[relationships]]
id = 50
parent = "deal/2"
child = "contact/7"
[[relationships]]
id = 51
parent = "deal/2"
child = "catalog-item/999"
[[date_rules]]
target = "deal/2 budget"
sources = [{ of = "deal/2 start" }]
"""
    )
    assert await refused(house, rows) == {
        "records[catalog-item/5]": "no_title",
        "records[catalog-item/5].values.genre": "bad_value",
        "records[catalog-item/5].values.code": "too_long",
        "records[catalog-item/5].values.more": "unknown_field",
        "records[deal/3].values.start": "required",
        "relationships[50]": "bad_link",
        "relationships[51]": "missing_record",
        "date_rules[#2]": "not_a_date",
    }
    assert await house.get(DEAL_2) is None


async def test_what_is_there_already_and_differs_is_a_fault(house: House) -> None:
    await plant(house)
    rows = '[[relationships]]\nid = 41\nparent = "deal/2"\nchild = "catalog-item/1001"\n'
    assert await refused(house, rows) == {"relationships[41]": "conflict"}
    rows = '[[relationships]]\nid = 60\nparent = "deal/2"\nchild = "catalog-item/1001"\n'
    assert await refused(house, rows) == {"relationships[60]": "conflict"}


async def test_a_period_must_not_have_days_of_one_that_is_there(house: House) -> None:
    await plant(house)
    rows = "[[periods]]\nyear = 2023\nperiod = 13\nstart = 2023-12-31\nend = 2024-01-01\n"
    with pytest.raises(BadInput) as error:
        await plant(house, BLUEPRINT + rows)
    (fault,) = error.value.faults
    assert (fault.path, fault.code) == ("periods[#1]", "overlapping")
    assert "period 1 of 2024 (2024-01-01 to 2024-01-31)" in fault.message


async def test_circles_are_refused(house: House) -> None:
    rows = """
[[records]]
type = "catalog-item"
id = 1
title = "One"
[[records]]
type = "catalog-item"
id = 2
title = "Two"
[[relationships]]
id = 1
parent = "catalog-item/1"
child = "catalog-item/2"
[[relationships]]
id = 2
parent = "catalog-item/2"
child = "catalog-item/1"
[[date_rules]]
target = "catalog-item/1 premiere"
sources = [{ of = "catalog-item/1 release" }]
[[date_rules]]
target = "catalog-item/1 release"
sources = [{ of = "catalog-item/1 premiere" }]
"""
    assert await refused(house, rows) == {"relationships[2]": "bad_link", "date_rules": "circle"}


async def test_values_that_lists_got_meanwhile_stay_in_them(house: House) -> None:
    await plant(house)
    added = SMALL.replace('"War"]', '"War", "Western"]')
    assert (await plant(house, added)).made == {"blueprint": 1}
    assert (await plant(house)).made == {}


async def test_a_configuration_whose_templates_are_in_use_is_not_taken_away(house: House) -> None:
    await plant(house)
    with pytest.raises(BadInput) as error:
        await plant(house, 'blueprint = { company_currency = "EUR" }')
    assert {fault.code for fault in error.value.faults} == {"in_use"}


async def test_another_tenant_has_its_own(house: House, store: SqlStore, clock: FakeClock) -> None:
    await plant(house)
    async with store.begin() as tx:
        other = await tx.accounts.across_tenants_add(account_id=uuid4(), name=uuid4().hex, at=clock.now())
    neighbour = House(store, clock, other)
    assert (await plant(neighbour)).made == (await plant(house)).kept


async def test_what_is_loaded_can_be_worked_with(house: House) -> None:
    await plant(house, BLUEPRINT + ROWS.replace('status = "Locked"\n', ""))
    desk = RecordDesk(house.store, house.clock)
    acting = Acting(tenant=house.tenant, user=1, role=Role.OWNER)
    assert (await desk.one(acting, Act(group=CATALOG_ITEM, number=1001, action=2))).denial is None
    assert (await desk.one(acting, create(CATALOG_ITEM, "Another"))).number == 1002


async def test_what_a_field_takes_is_said(house: House) -> None:
    values = 'values = { genre = "Opera", budget = { locAmt = 1, locCur = "EURO" } }'
    with pytest.raises(BadInput) as error:
        await plant(house, f'{BLUEPRINT}[[records]]\ntype = "catalog-item"\nid = 1\ntitle = "T"\n{values}\n')
    said = {fault.path.rpartition(".")[2]: fault.message for fault in error.value.faults}
    assert said == {"genre": "is not in its list", "budget": "is nothing that a field of the type `money` takes"}


async def test_values_no_store_takes_are_faults(house: House) -> None:
    rows = '[[records]]\ntype = "catalog-item"\nid = 1\ntitle = "T"\nvalues = { code = "\\u0000", budget = 1e400 }\n'
    assert set(await refused(house, rows)) == {
        "records[catalog-item/1].values.code",
        "records[catalog-item/1].values.budget",
    }


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_sample_is_sound(house: House, name: str) -> None:
    planted = await plant(house, sample(name).decode())
    assert (planted.kept, planted.made["records"] > 60) == ({}, True)

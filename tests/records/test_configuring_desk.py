"""Bringing a blueprint into force over records that are there."""

import msgspec
import pytest

from muster.domain.errors import BadInput
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import CATALOG_ITEM, CONTACT
from muster.domain.records.operation import Act
from muster.domain.records.process import Process
from muster.records.configuring.blueprint import BlueprintDesk, Changes
from tests.records.house import BLUEPRINT, LOCKED, PROCESS, House


@pytest.fixture
def desk(house: House) -> BlueprintDesk:
    return BlueprintDesk(house.store, house.clock)


def without(char_type: int) -> Blueprint:
    kept = tuple(one for one in BLUEPRINT.templates if one.char_type != char_type)
    return msgspec.structs.replace(BLUEPRINT, templates=kept)


async def test_what_changes_is_told_and_in_force(house: House, desk: BlueprintDesk) -> None:
    changes = await desk.configure(house.tenant, without(CONTACT), None)
    assert changes == Changes(removed=("template contact/1 Person",))
    shown = await desk.show(house.tenant)
    assert (shown.version, shown) == (2, msgspec.structs.replace(without(CONTACT), version=2))


async def test_the_same_again_changes_nothing(house: House, desk: BlueprintDesk) -> None:
    assert await desk.configure(house.tenant, BLUEPRINT, None) == Changes()
    assert (await desk.show(house.tenant)).version == 1


async def test_a_template_in_use_goes_only_by_force(house: House, desk: BlueprintDesk) -> None:
    film = await house.have(CATALOG_ITEM)
    with pytest.raises(BadInput) as refused:
        await desk.configure(house.tenant, without(CATALOG_ITEM), None)
    (fault,) = refused.value.faults
    assert (fault.path, fault.message) == ("template catalog-item/1 Feature", "1 record has this template")
    assert (await desk.show(house.tenant)).version == 1
    await desk.configure(house.tenant, without(CATALOG_ITEM), None, force=True)
    assert (await desk.show(house.tenant)).version == 2
    assert await house.get(film) is not None


async def test_a_status_in_use_goes_only_by_force(house: House, desk: BlueprintDesk) -> None:
    film = await house.have(CATALOG_ITEM)
    await house.do(Act(group=CATALOG_ITEM, number=film.number, action=2))
    open_, _, kept = PROCESS.statuses
    less = Process(id=4, name="Titles", statuses=(open_, kept), actions=PROCESS.actions[::2])
    with pytest.raises(BadInput) as refused:
        await desk.configure(house.tenant, msgspec.structs.replace(BLUEPRINT, processes=(less,)), None)
    assert [fault.path for fault in refused.value.faults] == [
        f"template catalog-item/1 Feature, status {LOCKED} Locked"
    ]


async def test_a_value_that_vanishes_from_a_list_stays_there_inactive(house: House, desk: BlueprintDesk) -> None:
    (genre,) = BLUEPRINT.lists
    less = msgspec.structs.replace(BLUEPRINT, lists=(msgspec.structs.replace(genre, options=genre.options[:1]),))
    assert await desk.configure(house.tenant, less, None) == Changes(changed=("list 1 Genre",))
    (now,) = (await desk.show(house.tenant)).lists
    assert [(one.label, one.active) for one in now.options] == [("Drama", True), ("War", False)]
    assert await desk.configure(house.tenant, less, None) == Changes()
    await desk.configure(house.tenant, less, None, force=True)
    assert (await desk.show(house.tenant)).lists == less.lists

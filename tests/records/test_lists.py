"""Lists of values, changed one value at a time."""

import pytest

from muster.domain.errors import BadInput, NameTaken, NotAllowed
from muster.domain.tenant import Role
from muster.records.configuring.lists import LONGEST, ListDesk, NoSuchList, NoSuchValue, Wish
from muster.records.work.blueprints import Blueprints
from tests.records.house import House


@pytest.fixture
def desk(house: House) -> ListDesk:
    return ListDesk(Blueprints(house.store))


async def test_a_value_that_is_added_can_be_chosen_at_once(house: House, desk: ListDesk) -> None:
    made = await desk.add(house.acting, "G", Wish(label=" Western ", xref="W"))
    assert [(one.id, one.label) for one in made.options] == [(1, "Drama"), (2, "War"), (3, "Western")]
    record = await house.get(await house.have(1, genre=["Western"]))
    assert record is not None
    assert record.values["genre"] == [{"id": 3, "value": "Western", "xref": "W"}]


async def test_what_is_not_mentioned_stays_and_an_empty_xref_goes(house: House, desk: ListDesk) -> None:
    await desk.change(house.acting, "g", 2, wish=Wish(xref="WAR"))
    changed = await desk.change(house.acting, "g", 2, wish=Wish(label="Battle"))
    assert (changed.by_id[2].label, changed.by_id[2].xref) == ("Battle", "WAR")
    assert (await desk.change(house.acting, "g", 2, wish=Wish(xref=""))).by_id[2].xref is None


async def test_a_value_that_is_removed_stays_inactive(house: House, desk: ListDesk) -> None:
    removed = await desk.remove(house.acting, "g", 2)
    assert not removed.by_id[2].active
    assert (await desk.get(house.tenant, "g")).by_id[2].label == "War"


@pytest.mark.parametrize("label", ["Drama", "drama", " DRAMA "])
async def test_no_two_values_are_called_the_same(house: House, desk: ListDesk, label: str) -> None:
    with pytest.raises(NameTaken):
        await desk.add(house.acting, "g", Wish(label=label))
    with pytest.raises(NameTaken):
        await desk.change(house.acting, "g", 2, wish=Wish(label=label))
    assert (await desk.change(house.acting, "g", 1, wish=Wish(label=label))).by_id[1].label == label.strip()


@pytest.mark.parametrize("wish", [Wish(), Wish(label=" "), Wish(label="x" * (LONGEST + 1))])
async def test_a_value_needs_a_label_that_is_neither_empty_nor_endless(
    house: House, desk: ListDesk, wish: Wish
) -> None:
    with pytest.raises(BadInput):
        await desk.add(house.acting, "g", wish)


async def test_what_is_not_there_is_told_apart(house: House, desk: ListDesk) -> None:
    with pytest.raises(NoSuchList):
        await desk.get(house.tenant, "x")
    with pytest.raises(NoSuchList):
        await desk.add(house.acting, "x", Wish(label="A"))
    with pytest.raises(NoSuchValue):
        await desk.remove(house.acting, "g", 99)


async def test_who_may_only_read_changes_no_list(house: House, desk: ListDesk) -> None:
    with pytest.raises(NotAllowed):
        await desk.add(house.as_(Role.VIEWER), "g", Wish(label="A"))
    assert [one.name for one in await desk.all(house.tenant)] == ["Genre"]

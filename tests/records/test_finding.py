"""Reading records and relationships, and what people call what they look for."""

from datetime import timedelta

import msgspec
import pytest

from muster.domain.errors import NotFound
from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, DEAL, RIGHT, RecordRef
from muster.domain.records.operation import Act, Change, Draft, FlawKind, Remove
from muster.domain.records.record import LinkView, View
from muster.domain.records.search import Compare, GoneSearch, How, Linked, Node, Not, Search
from muster.domain.records.template import Option, PickList
from muster.ports.store.records import TraceFilter
from muster.records.reading.finding import RecordFinder
from muster.records.work.blueprints import Blueprints
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.records.house import BLUEPRINT, LOCKED, House, open_house

FICTION, DRAMA, COURT, WAR = 1, 2, 3, 4
GENRES = PickList(
    id=1,
    guid="g",
    name="Genre",
    options=(
        Option(id=FICTION, label="Fiction", children=(DRAMA, WAR)),
        Option(id=DRAMA, label="Drama", children=(COURT,)),
        Option(id=COURT, label="Courtroom", children=(DRAMA,)),
        Option(id=WAR, label="War"),
    ),
)
"""Whoever made the list let drama and courtroom each stand above the other."""


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> House:
    opened = await open_house(store, clock)
    async with store.begin() as tx:
        changed = msgspec.structs.replace(BLUEPRINT, version=2, lists=(GENRES,))
        assert await tx.record_settings.put_blueprint(opened.tenant, changed, replaces=1)
    return opened


@pytest.fixture
def finder(house: House) -> RecordFinder:
    return RecordFinder(house.store, Blueprints(house.store))


async def found(finder: RecordFinder, house: House, node: Node, char_type: int = CATALOG_ITEM) -> list[str]:  # noqa: PLR0917 - a question, and to whom
    hits = (await finder.search(house.tenant, Search(char_type=char_type, node=node))).hits
    return [one.record.title for one in hits]


# --- One by one --------------------------------------------------------------------------------------------------


async def test_a_record_is_shown_with_its_parents_in_order(house: House, finder: RecordFinder) -> None:
    right, deal, other = await house.have(RIGHT), await house.have(DEAL), await house.have(DEAL)
    first, second = await house.link(other, right), await house.link(deal, right)

    view = await finder.entity(house.tenant, right)
    alone = await finder.entity(house.tenant, right, links=False)

    assert view.links is not None
    assert [one.link.number for one in view.links] == [first, second]
    assert [one.parent and one.parent.template_name for one in view.links] == ["License", "License"]
    assert (view.parents, alone.parents, alone.links) == (2, 2, None)
    assert view.status_name == "Open"


async def test_what_is_not_there_is_not_found(house: House, finder: RecordFinder, store: SqlStore) -> None:
    film = await house.have(CATALOG_ITEM)
    stranger = await open_house(store, house.clock)

    for tenant, ref in ((house.tenant, RecordRef(CATALOG_ITEM, 99)), (stranger.tenant, film)):
        with pytest.raises(NotFound):
            await finder.entity(tenant, ref)
        with pytest.raises(NotFound):
            await finder.flaws(tenant, ref)
        with pytest.raises(NotFound):
            await finder.delete_check(tenant, ref, offset=0, limit=10)
    with pytest.raises(NotFound):
        await finder.link(house.tenant, 99)


async def test_flaws_are_those_of_the_template_as_it_is_now(house: House, finder: RecordFinder) -> None:
    film = await house.have(CATALOG_ITEM, code="ABC")
    shorter = msgspec.structs.replace(
        BLUEPRINT.templates[0],
        fields=tuple(
            msgspec.structs.replace(one, max_length=2) if one.label == "code" else one
            for one in BLUEPRINT.templates[0].fields
        ),
    )
    async with house.store.begin() as tx:
        changed = msgspec.structs.replace(BLUEPRINT, version=3, templates=(shorter, *BLUEPRINT.templates[1:]))
        assert await tx.record_settings.put_blueprint(house.tenant, changed, replaces=2)

    health = await finder.flaws(house.tenant, film)

    assert [(one.kind, one.label) for one in health.flaws] == [(FlawKind.TOO_LONG, "code")]
    assert health.blocking == health.flaws


async def test_what_keeps_a_record_from_being_deleted_is_told(house: House, finder: RecordFinder) -> None:
    deal, right = await house.have(DEAL), await house.have(RIGHT, "Locked right")
    await house.link(deal, right)
    await house.do(Act(group=RIGHT, number=right.number, action=2))

    check = await finder.delete_check(house.tenant, deal, offset=0, limit=10)

    assert (check.total, check.status.deletable) == (1, True)
    ((beside),) = check.beside
    assert (beside.view.record.title, beside.above) == ("Locked right", False)
    assert (await finder.delete_check(house.tenant, right, offset=0, limit=10)).status.id == LOCKED


# --- Names and values ---------------------------------------------------------------------------------------------


async def test_a_value_stands_for_those_below_it(house: House, finder: RecordFinder) -> None:
    for title, genre in (("a", "Fiction"), ("b", "Drama"), ("c", "Courtroom"), ("d", "War"), ("e", None)):
        await house.have(CATALOG_ITEM, title, genre=genre)

    def below(test: How, *values: str | int) -> Compare:
        return Compare("genre", test, values, below=True)

    assert await found(finder, house, below(How.EQUALS, "War")) == ["d"]
    assert await found(finder, house, below(How.EQUALS, WAR)) == ["d"]
    assert await found(finder, house, below(How.EQUALS, "Drama")) == ["b", "c"]
    assert await found(finder, house, below(How.EQUALS, "Courtroom")) == ["b", "c"]
    assert await found(finder, house, below(How.EQUALS, FICTION)) == ["a", "b", "c", "d"]
    assert await found(finder, house, below(How.ANY, "War", "Nothing")) == ["d"]
    assert await found(finder, house, below(How.DIFFERS, "Fiction")) == ["e"]
    assert await found(finder, house, Compare("genre", How.EQUALS, ("Fiction",))) == ["a"]


async def test_every_value_asked_for_may_be_met_by_one_below_it(house: House, finder: RecordFinder) -> None:
    await house.have(CATALOG_ITEM, "both", genre=["Drama", "War"])
    await house.have(CATALOG_ITEM, "one", genre=["War"])

    assert await found(finder, house, Compare("genre", How.ALL, ("War", "Drama"), below=True)) == ["both"]


async def test_templates_and_statuses_are_known_by_name(house: House, finder: RecordFinder) -> None:
    film = await house.have(CATALOG_ITEM, "locked")
    await house.have(CATALOG_ITEM, "open")
    await house.do(Act(group=CATALOG_ITEM, number=film.number, action=2))

    assert await found(finder, house, Compare("status", How.EQUALS, ("Locked",))) == ["locked"]
    assert await found(finder, house, Compare("status", How.DIFFERS, ("Locked",))) == ["open"]
    assert await found(finder, house, Compare("status", How.CONTAINS, ("OCK",), ignore_case=True)) == ["locked"]
    assert await found(finder, house, Compare("status", How.EQUALS, ("L*d",), wild=True)) == ["locked"]
    assert await found(finder, house, Not(Compare("template", How.EQUALS, ("Feature",)))) == []
    assert await found(finder, house, Compare("template", How.EQUALS, ("Person",))) == []


async def test_names_within_a_relationship_are_left_to_the_store(house: House, finder: RecordFinder) -> None:
    deal, right = await house.have(DEAL), await house.have(RIGHT, "R")
    number = await house.link(deal, right)

    above = Linked(as_child=True, node=Compare("relrecid", How.EQUALS, (number,)))

    assert await found(finder, house, above, RIGHT) == ["R"]
    links = await finder.search_links(house.tenant, Search(char_type=0, node=Compare("relrecid", How.ANY, (number,))))
    assert [one.child and one.child.template_name for one in links.hits] == ["Rights In"]


# --- What was ----------------------------------------------------------------------------------------------------


async def test_what_was_deleted_is_shown_as_it_was(house: House, finder: RecordFinder) -> None:
    deal, right = await house.have(DEAL, "Gone"), await house.have(RIGHT)
    await house.link(deal, right)
    await house.do(Remove(group=DEAL, number=deal.number))
    at = int(house.clock.now().timestamp() * 1_000_000)

    (gone,) = await finder.gone(house.tenant, GoneSearch(char_type=DEAL, since=at - 1, until=at + 1))
    (link,) = await finder.gone(house.tenant, GoneSearch(char_type=0, since=at - 1, until=at + 1))

    assert isinstance(gone.what, View)
    assert (gone.what.record.title, gone.what.template_name, gone.at.by) == ("Gone", "License", 7)
    assert isinstance(link.what, LinkView)
    assert link.what.parent is None


async def test_a_row_of_the_history_is_told_of_its_record_and_of_those_above_it(
    house: House, finder: RecordFinder
) -> None:
    deal, right, stranger = await house.have(DEAL), await house.have(RIGHT), await house.have(CONTACT)
    await house.link(deal, right)
    house.clock.advance(timedelta(seconds=1))
    await house.do(Change(group=RIGHT, number=right.number, draft=Draft(values={"territory": "France"})))

    total, rows = await finder.traces(house.tenant, right, TraceFilter(), offset=0, limit=1)

    assert total == 2
    assert (rows[0].trace.field, rows[0].trace.new, rows[0].template_name) == ("Place", "France", "Rights In")
    number = rows[0].trace.number
    for ref in (right, deal):
        assert (await finder.trace(house.tenant, ref, number)).new == "France"
    with pytest.raises(NotFound):
        await finder.trace(house.tenant, stranger, number)

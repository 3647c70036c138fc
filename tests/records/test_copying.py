"""Copying records."""

from collections.abc import Sequence

import msgspec
import pytest

from muster.domain.records.char_types import AMOUNT, CATALOG_ITEM, CONTACT, DEAL, RIGHT, TABLE, RecordRef
from muster.domain.records.date_rule import Recalculation, RuleState, Spot
from muster.domain.records.operation import (
    Act,
    Amortize,
    Change,
    Copy,
    Create,
    Dates,
    Denial,
    Done,
    Draft,
    FlawKind,
    Result,
)
from muster.domain.records.record import Link, Record
from muster.domain.tenant import Role
from muster.records.entities import copying
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.records.dates_world import END, SIGNED, START, DatesWorld, open_world
from tests.records.house import House


@pytest.fixture
async def world(store: SqlStore, clock: FakeClock) -> DatesWorld:
    return await open_world(store, clock)


@pytest.fixture
def home(world: DatesWorld) -> House:
    return world.house


async def copied(home: House, ref: RecordRef, **parts: object) -> RecordRef:
    """The copy of a record, which must succeed."""
    result = await tried(home, ref, **parts)
    assert result.denial is None, result
    to = parts.get("to")
    return RecordRef(to if isinstance(to, int) else ref.char_type, result.number)


async def tried(home: House, ref: RecordRef, **parts: object) -> Result:
    return (await home.do(msgspec.structs.replace(Copy(group=ref.char_type, number=ref.number), **parts)))[0]


async def links(home: House, ref: RecordRef) -> Sequence[Link]:
    async with home.store.read() as tx:
        found = [*await tx.records.links_above(home.tenant, [ref]), *await tx.records.links_below(home.tenant, [ref])]
    return sorted(found, key=lambda link: link.number)


async def stored(home: House, ref: RecordRef) -> Record:
    record = await home.get(ref)
    assert record is not None
    return record


async def test_case_28_a_copy_is_the_same_under_another_number(home: House) -> None:
    person, deal = await home.have(CONTACT, "John", first_name="John", department="Sales"), await home.have(DEAL)
    number = await home.link(deal, person)
    result = await tried(home, person, title="New", template=1, links=(number,))
    assert (result.done, result.number != person.number, result.group) == (Done.COPIED, True, CONTACT)
    copy = await stored(home, RecordRef(CONTACT, result.number))
    original = await stored(home, person)
    assert (copy.title, copy.values, copy.status) == ("New", original.values, original.status)
    (link,) = await links(home, copy.ref)
    assert (link.parent, link.child, link.kind, link.number != number) == (deal, copy.ref, 0, True)
    assert result.record is not None
    assert result.record.parents == 1


async def test_the_title_and_the_status_are_those_of_the_original(home: House) -> None:
    film = await home.have(CATALOG_ITEM, "Film", release_year=2026)
    await home.do(Act(group=CATALOG_ITEM, number=film.number, action=19))
    copy = await stored(home, await copied(home, film))
    assert (copy.title, copy.status, copy.values) == ("Film", 19, {"release_year": 2026})
    assert copy.created.by == home.acting.user


async def test_values_of_the_call_override_those_of_the_original(home: House) -> None:
    film = await home.have(CATALOG_ITEM, "Film", release_year=2026, notes=["a"])
    copy = await stored(home, await copied(home, film, values={"release_year": "2027", "notes": None}))
    assert copy.values == {"release_year": 2027}


async def test_what_is_wrong_with_a_copy_is_told_like_that_of_a_new_record(home: House) -> None:
    film = await home.have(CATALOG_ITEM)
    result = await tried(home, film, title="x" * 501, values={"release_year": "20x6", "fake": 1})
    assert (result.denial, result.number) == (Denial.FAULTY, film.number)
    assert [flaw.kind for flaw in result.flaws] == [FlawKind.LONG_TITLE, FlawKind.BAD_VALUE, FlawKind.UNKNOWN_FIELD]


async def test_fields_that_are_not_copied_stay_empty(home: House) -> None:
    draft = Draft(title="T", template=2, values={"code": "c", "note": "private", "source": "s"})
    (made,) = await home.do(Create(group=CATALOG_ITEM, draft=draft))
    copy = await stored(home, await copied(home, RecordRef(CATALOG_ITEM, made.number)))
    assert copy.values == {"code": "c", "source": "s"}


async def test_another_template_needs_another_char_type(home: House) -> None:
    film = await home.have(CATALOG_ITEM)
    for template, label in ((2, "2"), (999, "999")):
        result = await tried(home, film, template=template)
        assert [(flaw.kind, flaw.label) for flaw in result.flaws] == [(FlawKind.BAD_TEMPLATE, label)]
    assert [flaw.kind for flaw in (await tried(home, film, to=DEAL)).flaws] == [FlawKind.NO_TEMPLATE]
    assert [flaw.kind for flaw in (await tried(home, film, to=DEAL, template=77)).flaws] == [FlawKind.BAD_TEMPLATE]
    assert (await tried(home, film, to=9, template=1)).denial is Denial.UNUSABLE
    result = await tried(home, film, template=2, title="")
    assert [flaw.kind for flaw in result.flaws] == [FlawKind.BAD_TEMPLATE, FlawKind.NO_TITLE]


async def test_case_29_a_copy_to_another_char_type_keeps_the_fields_they_share(home: House) -> None:
    film = await home.have(CATALOG_ITEM, "Film", release_year=2026, notes=["a", "b"])
    result = await tried(home, film, to=DEAL, template=12, title="D")
    assert (result.group, result.done) == (CATALOG_ITEM, Done.COPIED)
    deal = await stored(home, RecordRef(DEAL, result.number))
    assert (deal.title, deal.values, deal.status) == ("D", {"notes": ["a", "b"]}, 1)


async def test_a_copy_to_another_char_type_takes_its_original_s_place_in_relationships(home: House) -> None:
    person, deal = await home.have(CONTACT), await home.have(DEAL)
    number = await home.link(deal, person)
    await home.link(deal, person, kind=2)
    copy = await copied(home, person, to=DEAL, template=12, links=(number,))
    assert [(link.parent, link.child, link.kind) for link in await links(home, copy)] == [(deal, copy, 0)]


async def test_relationships_must_be_the_original_s_own(home: House) -> None:
    deal, other, right = await home.have(DEAL), await home.have(DEAL), await home.have(RIGHT)
    number = await home.link(other, right)
    for wrong in (number, 999):
        assert (await tried(home, deal, links=(wrong,))).denial is Denial.BAD_LINK


async def test_components_are_copied_and_modules_are_linked(home: House) -> None:
    deal, right, row = await home.have(DEAL), await home.have(RIGHT, "R"), await home.have(TABLE, "Row")
    film, parent = await home.have(CATALOG_ITEM), await home.have(CATALOG_ITEM)
    for above, below in ((deal, right), (right, row), (deal, film), (parent, deal), (film, right)):
        await home.link(above, below)
    copy = await copied(home, deal, all_links=True)
    found = {(link.parent, link.child) for link in await links(home, copy)}
    new_right = RecordRef(RIGHT, right.number + 1)
    assert found == {(copy, new_right), (copy, film), (parent, copy)}
    new_row = RecordRef(TABLE, row.number + 1)
    assert {(link.parent, link.child) for link in await links(home, new_right)} == {
        (copy, new_right),
        (new_right, new_row),
    }
    assert (await stored(home, new_row)).title == "Row"


async def test_only_the_relationships_asked_for_are_repeated(home: House) -> None:
    deal, one, two = await home.have(DEAL), await home.have(RIGHT), await home.have(RIGHT)
    first = await home.link(deal, one)
    await home.link(deal, two)
    copy = await copied(home, deal, links=(first, first))
    assert len(await links(home, copy)) == 1
    assert await links(home, await copied(home, deal)) == []


async def test_circles_among_components_are_copied_once(home: House) -> None:
    deal, right, row = await home.have(DEAL), await home.have(RIGHT), await home.have(TABLE)
    for above, below in ((deal, right), (right, row), (row, right), (deal, row)):
        await home.link(above, below)
    copy = await copied(home, deal, all_links=True)
    new_right, new_row = RecordRef(RIGHT, right.number + 1), RecordRef(TABLE, row.number + 1)
    assert {(link.parent, link.child) for link in await links(home, new_right)} == {
        (copy, new_right),
        (new_right, new_row),
        (new_row, new_right),
    }
    assert await home.get(RecordRef(RIGHT, right.number + 2)) is None


async def test_case_32_parties_take_part_in_the_copy_unless_it_is_said_otherwise(home: House) -> None:
    deal, first, second = await home.have(DEAL), await home.have(CONTACT), await home.have(CONTACT)
    await home.link(deal, first, kind=2)
    number = await home.link(deal, second, kind=9)
    with_parties = await copied(home, deal, links=(number,))
    assert {(link.child, link.kind) for link in await links(home, with_parties)} == {(first, 2), (second, 9)}
    assert await links(home, await copied(home, deal, parties=False, all_links=True)) == []


async def test_what_amortization_made_of_a_row_is_not_copied(home: House) -> None:
    row = await home.have(TABLE, "Row", amount={"locAmt": 100, "locSym": "USD"}, term_start="2024-01-10")
    await home.link(row, await home.have(TABLE, "Below"))
    (amortized,) = await home.do(Amortize(group=TABLE, number=row.number, model=77))
    assert amortized.denial is None, amortized
    copy = await copied(home, row, all_links=True)
    assert [link.child.char_type for link in await links(home, copy)] == [TABLE]
    assert await home.get(RecordRef(AMOUNT, 5)) is None


@pytest.mark.parametrize(
    ("dates", "copies_looked_at"),
    [(Dates.DEFAULT, {"deal"}), (Dates.ORIGINAL, set[str]()), (Dates.COPIED, {"deal", "right"})],
)
async def test_case_30_which_dates_the_copies_look_at(
    world: DatesWorld, dates: Dates, copies_looked_at: set[str]
) -> None:
    deal = await world.deal(contract_term_start="2024-01-01", contract_date="2024-02-02")
    right = await world.house.have(RIGHT, "R")
    number = await world.house.link(deal, right)
    await world.rule(Spot(deal, END), Spot(deal, START))
    await world.rule(Spot(right, "actual_term_start"), Spot(deal, SIGNED))
    copy = await copied(world.house, deal, links=(number,), dates=dates)
    (of_deal,) = await world.rules_of(copy)
    (of_right,) = await world.rules_of(RecordRef(RIGHT, right.number + 1))
    assert of_deal.sources[0].spot == Spot(copy if "deal" in copies_looked_at else deal, START)
    assert of_right.sources[0].spot == Spot(copy if "right" in copies_looked_at else deal, SIGNED)
    assert {rule.state for rule in (of_deal, of_right)} == {RuleState.CALCULATED}


async def test_dates_of_a_copy_are_worked_out_anew(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-01")
    await world.rule(Spot(deal, END), Spot(deal, START), recalculation=Recalculation.ARCHIVE)
    copy = await copied(world.house, deal, values={START: "2025-05-05"})
    assert await world.shown(Spot(copy, END)) == "2025-05-05"
    await world.write(copy, contract_term_start="2026-01-01")
    assert await world.shown(Spot(copy, END)) == "2025-05-05"
    assert await world.shown(Spot(deal, END)) == "2024-01-01"


async def test_a_hard_date_of_a_copy_cannot_be_given(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-01")
    await world.rule(Spot(deal, END), Spot(deal, START))
    result = await tried(world.house, deal, values={END: "2030-01-01"})
    assert [(flaw.kind, flaw.label) for flaw in result.flaws] == [(FlawKind.CALCULATED, END)]


async def test_calculations_go_where_their_fields_do_not(world: DatesWorld) -> None:
    deal = await world.deal(contract_term_start="2024-01-01")
    await world.rule(Spot(deal, END), Spot(deal, START))
    copy = await copied(world.house, deal, to=CATALOG_ITEM, template=1)
    assert await world.rules_of(copy) == []


async def test_a_copy_that_fails_leaves_nothing(home: House) -> None:
    deal, right = await home.have(DEAL), await home.have(RIGHT)
    await home.link(deal, right)
    told = await home.told()
    results = await home.do(
        Copy(group=DEAL, number=deal.number, all_links=True, values={"fake": 1}),
        Copy(group=DEAL, number=999),
    )
    assert [result.denial for result in results] == [Denial.FAULTY, Denial.NOT_FOUND]
    assert await home.told() == told
    assert await home.get(RecordRef(RIGHT, right.number + 1)) is None


async def test_who_may_only_read_copies_nothing(home: House) -> None:
    deal = await home.have(DEAL)
    (result,) = await home.do(Copy(group=DEAL, number=deal.number), acting=home.as_(Role.VIEWER))
    assert result.denial is Denial.NOT_ALLOWED


async def test_of_a_copy_that_fails_nothing_is_told_of_where_its_original_stands(home: House) -> None:
    film = await home.have(CATALOG_ITEM)
    result = await tried(home, film, values={"fake": 1})
    assert (result.denial, result.locked, result.deletable) == (Denial.FAULTY, False, False)


async def test_a_value_that_is_no_longer_active_is_copied(home: House) -> None:
    film = await home.have(CATALOG_ITEM, genre="Drama")
    record = await stored(home, film)
    async with home.store.begin() as tx:
        blueprint = await tx.record_settings.blueprint(home.tenant)
        retired = [
            msgspec.structs.replace(one, options=tuple(msgspec.structs.replace(o, active=False) for o in one.options))
            for one in blueprint.lists
        ]
        changed = msgspec.structs.replace(blueprint, version=3, lists=tuple(retired))
        assert await tx.record_settings.put_blueprint(home.tenant, changed, replaces=2)
    assert (await stored(home, await copied(home, film))).values == record.values


async def test_a_copy_of_many_components_takes_few_statements(home: House, statements: list[str]) -> None:
    deal = await home.have(DEAL)
    for _ in range(30):
        await home.link(deal, await home.have(RIGHT))
    statements.clear()
    copy = await copied(home, deal, all_links=True)
    # Events are put into the outbox one by one.
    assert len([sent for sent in statements if "INTO outbox" not in sent]) < 20
    assert len(await links(home, copy)) == 30


async def test_too_many_components_are_not_copied(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MOST_COPIES", 3)
    deal = await home.have(DEAL)
    for _ in range(3):
        await home.link(deal, await home.have(RIGHT))
    assert (await tried(home, deal, all_links=True)).denial is Denial.UNUSABLE
    assert (await tried(home, deal)).done is Done.COPIED


async def test_several_copies_of_one_record_in_one_batch(home: House) -> None:
    deal = await home.have(DEAL, "D", contract_date="2024-01-01")
    await home.link(deal, await home.have(RIGHT))
    results = await home.do(*(Copy(group=DEAL, number=deal.number, all_links=True) for _ in range(3)))
    assert [result.denial for result in results] == [None] * 3
    assert len({result.number for result in results}) == 3
    async with home.store.read() as tx:
        loaded = await tx.records.load(home.tenant, [RecordRef(RIGHT, number) for number in range(1, 9)])
    assert len(loaded.records) == 4


async def test_an_original_can_be_copied_while_somebody_changes_it(home: House) -> None:
    deal = await home.have(DEAL, "D")
    await home.do(
        Change(group=DEAL, number=deal.number, draft=Draft(title="E")), Act(group=DEAL, number=deal.number, action=2)
    )
    assert (await stored(home, await copied(home, deal))).title == "E"

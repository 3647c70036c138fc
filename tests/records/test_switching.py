"""Switching records to other templates: what goes along, what is lost, and who may."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from muster.domain.errors import Unavailable
from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, DEAL, RIGHT, TABLE, RecordRef
from muster.domain.records.date_rule import DateRule, RuleState, Source, Spot
from muster.domain.records.operation import Act, Denial, Denied, FlawKind
from muster.domain.records.process import Action, Process, Status
from muster.domain.records.template import DataType, Field, Option, Pairing, PickList, Template
from muster.domain.tenant import Role
from muster.ports.store.records import Writing
from muster.records.entities.switching import Cost, Switch, TemplateSwitch
from muster.records.work.blueprints import Blueprints
from tests.fakes.flaky_store import FlakyStore
from tests.records.house import BLUEPRINT, LOCKED, House

SERIES, SPECIAL, LEASE = 2, 3, 13
_TEMPLATES = (
    Template(
        char_type=CATALOG_ITEM,
        id=SERIES,
        name="Series",
        process=5,
        fields=(
            Field(label="code", name="Code", max_length=4),
            Field(label="notes", name="Notes"),
            Field(label="genre", name="Genre", pick_list=2, multiple=True),
            Field(label="release_year", name="Release year"),
            Field(label="budget", name="Budget", data_type=DataType.MONEY),
            Field(label="episodes", name="Episodes", data_type=DataType.NUMBER, required=True),
        ),
        parents=(Pairing(char_type=DEAL, template=12),),
    ),
    Template(
        char_type=CATALOG_ITEM,
        id=SPECIAL,
        name="Special",
        process=4,
        fields=(Field(label="premiere", name="Premiere", data_type=DataType.DATE),),
    ),
    Template(
        char_type=DEAL,
        id=LEASE,
        name="Lease",
        process=4,
        fields=(),
        children=(Pairing(char_type=TABLE, template=30),),
    ),
)
_SHOWS = Process(
    id=5,
    name="Shows",
    statuses=(Status(id=11, name="Piloting"),),
    actions=(Action(id=1, name="Begin", initial=True, status=11),),
)
_OTHER_GENRES = PickList(id=2, guid="h", name="Shows", options=(Option(id=9, label="War"), Option(id=1, label="Soap")))


@pytest.fixture
async def switching(house: House) -> TemplateSwitch:
    more = msgspec.structs.replace(
        BLUEPRINT,
        version=2,
        templates=(*BLUEPRINT.templates, *_TEMPLATES),
        processes=(*BLUEPRINT.processes, _SHOWS),
        lists=(*BLUEPRINT.lists, _OTHER_GENRES),
    )
    async with house.store.begin() as tx:
        assert await tx.record_settings.put_blueprint(house.tenant, more, replaces=1)
    return TemplateSwitch(house.store, house.clock, Blueprints(house.store))


async def switched(house: House, switching: TemplateSwitch, ref: RecordRef, *, template: int) -> Cost:
    return await switching.switch(house.acting, Switch(ref=ref, template=template))


async def labels_told(house: House, ref: RecordRef) -> Sequence[str]:
    return [trace.field for trace in await house.traces(ref)]


@pytest.mark.usefixtures("switching")
async def test_a_conflict_that_passes_is_tried_again(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    flaky = FlakyStore(house.store)
    flaky.away = 3

    await TemplateSwitch(flaky, house.clock, Blueprints(house.store)).switch(
        house.acting, Switch(ref=film, template=SPECIAL)
    )

    record = await house.get(film)
    assert record is not None
    assert record.template == SPECIAL


@pytest.mark.usefixtures("switching")
async def test_a_switch_whose_answer_was_lost_is_not_made_again(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    flaky = FlakyStore(house.store)
    flaky.lost_commits = 1

    with pytest.raises(Unavailable):
        await TemplateSwitch(flaky, house.clock, Blueprints(house.store)).switch(
            house.acting, Switch(ref=film, template=SPECIAL)
        )

    record = await house.get(film)
    assert record is not None
    assert record.template == SPECIAL
    assert flaky.lost_commits == 0


@pytest.mark.usefixtures("switching")
async def test_a_record_that_is_taken_is_waited_for_only_so_long(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    impatient = TemplateSwitch(house.store, house.clock, Blueprints(house.store), patience=timedelta(milliseconds=50))
    async with house.store.begin() as tx:
        await tx.records.load(house.tenant, [film], lock=True, patience=timedelta(seconds=1))
        waiting = asyncio.ensure_future(impatient.switch(house.acting, Switch(ref=film, template=SPECIAL)))
        await asyncio.wait([waiting], timeout=1)
        given_up = waiting.done()

    if given_up:
        with pytest.raises(Denied) as denied:
            await waiting
        assert denied.value.denial is Denial.LOCKED
    else:
        # With one writer at a time, whoever writes waits for the other as a whole.
        await waiting


async def test_values_that_fit_go_along_and_the_others_are_listed(house: House, switching: TemplateSwitch) -> None:
    ref = await house.have(
        CATALOG_ITEM, code="ABCD", notes=["one", "two"], pin="1234", budget={"locAmt": 1, "locSym": "USD"}
    )
    cost = await switched(house, switching, ref, template=SERIES)
    record = await house.get(ref)
    assert record is not None
    assert (record.template, set(record.values)) == (SERIES, {"code", "budget"})
    assert set(cost.dropped) == {"notes", "pin"}
    assert cost.required == ("episodes",)


async def test_a_value_that_is_too_long_or_of_another_type_is_dropped(house: House, switching: TemplateSwitch) -> None:
    ref = await house.have(CATALOG_ITEM, code="ABCDE", release_year=1979)
    assert set((await switched(house, switching, ref, template=SERIES)).dropped) == {"code", "release_year"}


async def test_a_value_of_another_list_has_to_be_in_the_new_one(house: House, switching: TemplateSwitch) -> None:
    war, drama = await house.have(CATALOG_ITEM, genre=["War"]), await house.have(CATALOG_ITEM, genre=["Drama"])
    assert (await switched(house, switching, war, template=SERIES)).dropped == ()
    assert (await switched(house, switching, drama, template=SERIES)).dropped == ("genre",)
    record = await house.get(war)
    assert record is not None
    assert record.values["genre"] == [{"id": 9, "value": "War"}]


async def test_another_process_begins_anew_and_the_same_one_goes_on(house: House, switching: TemplateSwitch) -> None:
    one, other = await house.have(CATALOG_ITEM), await house.have(CATALOG_ITEM)
    await house.do(Act(group=CATALOG_ITEM, number=other.number, action=3))
    await switched(house, switching, one, template=SERIES)
    await switched(house, switching, other, template=SPECIAL)
    stored = [await house.get(ref) for ref in (one, other)]
    assert [record.status for record in stored if record] == [11, 3]
    assert "Status" in await labels_told(house, one)
    assert "Status" not in await labels_told(house, other)


async def test_relationships_that_the_new_template_does_not_allow_are_lost(
    house: House, switching: TemplateSwitch
) -> None:
    deal, row = await house.have(DEAL), await house.have(TABLE)
    right, person = await house.have(RIGHT), await house.have(CONTACT)
    await house.link(deal, row)
    lost, party = await house.link(deal, right), await house.link(deal, person, kind=2)
    cost = await switched(house, switching, deal, template=LEASE)
    assert [(char_type, view.link.number) for char_type, view in cost.links] == [(RIGHT, lost)]
    assert cost.parties == ()
    async with house.store.read() as tx:
        left = await tx.records.links_below(house.tenant, [deal])
    assert {link.child for link in left} == {row, person}
    assert party in {link.number for link in left}


async def test_a_check_says_the_same_and_changes_nothing(house: House, switching: TemplateSwitch) -> None:
    deal, right = await house.have(DEAL), await house.have(RIGHT)
    await house.link(deal, right)
    before = await house.get(deal)
    foreseen = await switching.check(house.acting, Switch(ref=deal, template=LEASE))
    assert await house.get(deal) == before
    assert await switched(house, switching, deal, template=LEASE) == foreseen


async def test_date_math_of_a_field_that_is_gone_goes(house: House, switching: TemplateSwitch) -> None:
    ref, other = await house.have(CATALOG_ITEM, premiere="2024-01-01"), await house.have(CATALOG_ITEM)
    source = Source(number=1, spot=Spot(other, "premiere"))
    rule = DateRule(number=1, target=Spot(ref, "premiere"), sources=(source,), state=RuleState.PENDING)
    async with house.store.begin() as tx:
        await tx.records.write(house.tenant, Writing(rules_put=[rule]))
    await switched(house, switching, ref, template=SERIES)
    async with house.store.read() as tx:
        assert await tx.records.rules(house.tenant, [1]) == []


async def test_the_title_can_change_with_it_and_both_are_told(house: House, switching: TemplateSwitch) -> None:
    ref = await house.have(CATALOG_ITEM, "Old")
    await switching.switch(house.acting, Switch(ref=ref, template=SPECIAL, before=1, title="New"))
    record = await house.get(ref)
    assert record is not None
    assert record.title == "New"
    assert {"Title", "Template"} <= set(await labels_told(house, ref))
    assert (await house.told())[-1][0] == "record:updated"


@pytest.mark.parametrize(
    ("switch", "flaw"),
    [
        (Switch(ref=RecordRef(CATALOG_ITEM, 1), template=99), FlawKind.BAD_TEMPLATE),
        (Switch(ref=RecordRef(CATALOG_ITEM, 1), template=1), FlawKind.BAD_TEMPLATE),
        (Switch(ref=RecordRef(CATALOG_ITEM, 1), template=2, before=3), FlawKind.BAD_TEMPLATE),
        (Switch(ref=RecordRef(CATALOG_ITEM, 1), template=2, title=" "), FlawKind.NO_TITLE),
    ],
)
async def test_what_cannot_be_is_refused(
    *, house: House, switching: TemplateSwitch, switch: Switch, flaw: FlawKind
) -> None:
    await house.have(CATALOG_ITEM)
    with pytest.raises(Denied) as denied:
        await switching.check(house.acting, switch)
    assert [one.kind for one in denied.value.flaws] == [flaw]


async def test_a_record_that_is_missing_locked_or_not_to_be_written_is_not_switched(
    house: House, switching: TemplateSwitch
) -> None:
    ref = await house.have(CATALOG_ITEM)
    missing = Switch(ref=RecordRef(CATALOG_ITEM, 99), template=SERIES)
    with pytest.raises(Denied) as denied:
        await switching.switch(house.acting, missing)
    assert denied.value.denial is Denial.NOT_FOUND
    with pytest.raises(Denied) as denied:
        await switching.switch(house.as_(Role.CLERK), Switch(ref=ref, template=SERIES))
    assert denied.value.denial is Denial.NOT_ALLOWED
    await house.do(Act(group=CATALOG_ITEM, number=ref.number, action=LOCKED))
    with pytest.raises(Denied) as denied:
        await switched(house, switching, ref, template=SERIES)
    assert denied.value.denial is Denial.LOCKED

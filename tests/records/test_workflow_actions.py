"""Workflow actions: offered by a status, to some roles, on sound records; what they change and set off."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import msgspec
import pytest

from muster.domain.records.blueprint import Blueprint, WorkRole
from muster.domain.records.char_types import CATALOG_ITEM, DEAL, RecordRef
from muster.domain.records.money import Rate
from muster.domain.records.operation import Act, Change, Denial, Done, Draft, Result
from muster.domain.records.process import Action, Chained, Process, Status
from muster.domain.records.record import Record
from muster.domain.records.template import DataType, Field, Template
from muster.domain.records.trace import Deed
from muster.domain.tenant import Role
from tests.records.house import House, create

DRAFT, REVIEW, DONE = 1, 2, 3
GO, CHECK, SIGN, NOTE, AROUND, MONEY, CHAIN, STRANGE, INNER = range(1, 10)
PROCESS = Process(
    id=4,
    name="P",
    statuses=(
        Status(id=DRAFT, name="Draft", actions=(GO, CHECK, NOTE, AROUND, MONEY, CHAIN, STRANGE, 77)),
        Status(id=REVIEW, name="Review", actions=(SIGN, AROUND), locked=True),
        Status(id=DONE, name="Done"),
    ),
    actions=(
        Action(id=GO, name="Go", status=REVIEW),
        Action(id=CHECK, name="Check", status=REVIEW, roles=(1,)),
        Action(id=SIGN, name="Sign", status=DONE, roles=(1,)),
        Action(id=NOTE, name="Note"),
        Action(id=AROUND, name="Around", chained=(Chained(process=4, action=AROUND), Chained(process=4, action=GO))),
        Action(id=MONEY, name="Money", converts=True),
        Action(
            id=CHAIN,
            name="Chain",
            status=REVIEW,
            chained=(Chained(process=4, action=GO), Chained(process=4, action=SIGN)),
        ),
        Action(id=STRANGE, name="Strange", chained=(Chained(process=9, action=GO),)),
        Action(id=INNER, name="Inner", status=DONE),
    ),
)
DEALS = Template(
    char_type=DEAL,
    id=12,
    name="Deal",
    process=4,
    fields=(
        Field(label="fee", name="Fee", data_type=DataType.MONEY),
        Field(label="signed", name="Signed", data_type=DataType.DATE, indicator=12),
        Field(label="code", name="Code"),
    ),
)
BLUEPRINT = Blueprint(
    version=2,
    templates=(DEALS, Template(char_type=CATALOG_ITEM, id=1, name="Film")),
    processes=(PROCESS,),
    roles=(WorkRole(id=1, name="Signers", roles=(Role.OWNER,)),),
)


async def put(house: House, blueprint: Blueprint) -> None:
    async with house.store.begin() as tx:
        replaces = await tx.record_settings.blueprint_version(house.tenant)
        blueprint = msgspec.structs.replace(blueprint, version=replaces + 1)
        assert await tx.record_settings.put_blueprint(house.tenant, blueprint, replaces=replaces)


@pytest.fixture
async def office(house: House) -> House:
    await put(house, BLUEPRINT)
    return house


async def act(office: House, ref: RecordRef, action: int, *, role: Role = Role.OWNER) -> Result:
    office.clock.advance(timedelta(minutes=1))
    (result,) = await office.do(Act(group=ref.char_type, number=ref.number, action=action), acting=office.as_(role))
    return result


async def stored(office: House, ref: RecordRef) -> Record:
    record = await office.get(ref)
    assert record is not None
    return record


async def test_an_action_leads_to_its_status_and_is_told_and_noted(office: House) -> None:
    deal = await office.have(DEAL)
    before = await stored(office, deal)
    result = await act(office, deal, GO)
    assert (result.done, result.record is not None and result.record.status_name) == (Done.ACTED, "Review")
    after = await stored(office, deal)
    assert (after.status, after.moved.at > before.moved.at, after.updated) == (REVIEW, True, before.updated)
    moved = [row for row in await office.traces(deal) if row.deed is Deed.MOVED]
    assert [(row.field, row.old, row.new) for row in moved] == [("Go", "Draft", "Review")]
    assert [kind for kind, _ in await office.told()].count("record:acted") == 1


@pytest.mark.parametrize("action", [SIGN, INNER, 77, 4711, -1])
async def test_what_the_status_does_not_offer_is_not_available(office: House, action: int) -> None:
    deal = await office.have(DEAL)
    result = await act(office, deal, action)
    assert (result.denial, result.action, result.status) == (Denial.ACTION_NOT_AVAILABLE, action, DRAFT)
    assert (await stored(office, deal)).status == DRAFT


async def test_an_action_is_for_the_roles_it_names(office: House) -> None:
    deal = await office.have(DEAL)
    assert (await act(office, deal, CHECK, role=Role.CLERK)).denial is Denial.NOT_ALLOWED
    assert (await act(office, deal, CHECK, role=Role.OWNER)).done is Done.ACTED


async def test_who_may_only_read_takes_no_action(office: House) -> None:
    deal = await office.have(DEAL)
    assert (await act(office, deal, GO, role=Role.VIEWER)).denial is Denial.NOT_ALLOWED
    assert (await act(office, RecordRef(DEAL, 999), GO, role=Role.VIEWER)).denial is Denial.NOT_ALLOWED
    assert (await act(office, RecordRef(DEAL, 999), GO)).denial is Denial.NOT_FOUND


async def test_a_locked_record_can_be_moved(office: House) -> None:
    deal = await office.have(DEAL)
    await act(office, deal, GO)
    assert (await act(office, deal, SIGN)).done is Done.ACTED


async def test_an_action_without_a_status_leaves_the_record_where_it_is(office: House) -> None:
    deal = await office.have(DEAL)
    before = await stored(office, deal)
    assert (await act(office, deal, NOTE)).done is Done.ACTED
    assert await stored(office, deal) == before


async def test_a_record_that_no_longer_fits_its_template_cannot_be_moved(office: House) -> None:
    deal = await office.have(DEAL, code="x")
    needing = msgspec.structs.replace(DEALS, fields=(*DEALS.fields, Field(label="new", name="New", required=True)))
    await put(office, msgspec.structs.replace(BLUEPRINT, templates=(needing,)))
    assert (await act(office, deal, GO)).denial is Denial.UNUSABLE
    await office.do(Change(group=DEAL, number=deal.number, draft=Draft(values={"new": "y"})))
    assert (await act(office, deal, GO)).done is Done.ACTED


async def test_a_value_that_the_template_has_no_place_for_stops_nothing(office: House) -> None:
    deal = await office.have(DEAL, code="x")
    await put(office, msgspec.structs.replace(BLUEPRINT, templates=(msgspec.structs.replace(DEALS, fields=()),)))
    assert (await act(office, deal, GO)).done is Done.ACTED


async def test_chained_actions_follow_and_those_that_are_not_available_are_passed_over(office: House) -> None:
    deal = await office.have(DEAL)
    await act(office, deal, CHAIN)  # to Review, where Go is not offered, but Sign is
    assert (await stored(office, deal)).status == DONE
    moved = [row.field for row in await office.traces(deal) if row.deed is Deed.MOVED]
    assert moved == ["Chain", "Sign"]


async def test_a_chained_action_is_not_for_everybody_either(office: House) -> None:
    deal = await office.have(DEAL)
    await act(office, deal, CHAIN, role=Role.CLERK)
    assert (await stored(office, deal)).status == REVIEW


async def test_a_circle_of_actions_ends(office: House) -> None:
    deal = await office.have(DEAL)
    await act(office, deal, AROUND)
    assert (await stored(office, deal)).status == REVIEW


async def test_an_action_chained_to_another_process_is_passed_over(office: House) -> None:
    deal = await office.have(DEAL)
    assert (await act(office, deal, STRANGE)).done is Done.ACTED
    assert (await stored(office, deal)).status == DRAFT


async def test_converting_works_amounts_out_by_the_rate_of_today_or_of_the_record(office: House) -> None:
    deal = await office.have(DEAL, fee={"locAmt": 10, "locSym": "EUR"})
    old = await office.have(DEAL, fee={"locAmt": 10, "locSym": "EUR"}, signed="2020-06-01")
    async with office.store.begin() as tx:
        for rate, since in (("1.5", date(2020, 1, 1)), ("2", date(2026, 1, 1))):
            made = Rate(id=uuid4(), company="USD", transaction="EUR", rate=Decimal(rate), since=since)
            await tx.record_settings.put_rate(office.tenant, made)
    assert (await act(office, deal, MONEY)).done is (await act(office, old, MONEY)).done is Done.ACTED
    worth = [(await stored(office, ref)).values["fee"]["divAmt"] for ref in (deal, old)]  # type: ignore[index]  # money
    assert worth == [20, 15]
    changed = [row.field for row in await office.traces(deal) if row.deed is not Deed.ADDED]
    assert changed == ["Money", "Fee"]


async def test_a_record_without_a_process_offers_nothing(office: House) -> None:
    film = RecordRef(CATALOG_ITEM, (await office.do(create(CATALOG_ITEM, "Film")))[0].number)
    result = await act(office, film, 1)
    assert (result.denial, result.status) == (Denial.ACTION_NOT_AVAILABLE, 1)


async def test_what_a_whole_batch_could_not_do_is_undone(office: House) -> None:
    deal = await office.have(DEAL)
    before = await stored(office, deal)
    acts = [Act(group=DEAL, number=deal.number, action=action) for action in (GO, 4711)]
    done, refused = await office.do(*acts, whole=True)
    assert (done.denial, refused.denial) == (None, Denial.ACTION_NOT_AVAILABLE)
    assert await stored(office, deal) == before

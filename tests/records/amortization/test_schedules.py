"""Posting schedules: what rows say about themselves, and how it is kept."""

import asyncio
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from muster.domain.document import is_table
from muster.domain.records.amortization import Setup
from muster.domain.records.blueprint import Ban, Blueprint
from muster.domain.records.char_types import AMOUNT, CATALOG_ITEM, DEAL, TABLE, RecordRef
from muster.domain.records.date_rule import Choosing, Spot
from muster.domain.records.operation import (
    Amortize,
    Create,
    Denial,
    Done,
    Draft,
    Flaw,
    FlawKind,
    ParentAsk,
    Remove,
    Unrelate,
)
from muster.domain.records.record import Record
from muster.domain.records.template import DataType, Field, Template
from muster.domain.tenant import Role
from muster.records.amortization import dated, posting
from muster.records.amortization.desk import AmortizationDesk
from muster.records.amortization.inputs import told_by
from muster.records.amortization.posting import TO_DATE, shaped
from muster.records.dates.desk import DateDesk, RuleDraft, SourceDraft
from muster.records.work.blueprints import Blueprints
from muster.records.work.workspace import Workspace
from tests.records.amortization.world import (
    CONFORMANCE,
    FEBRUARY,
    FORECAST,
    FOUR_MONTHS,
    STRAIGHT,
    YEAR,
    amortize,
    close,
    configure,
    made_by,
    rows_of,
)
from tests.records.house import House


async def test_many_rows_take_no_more_statements_than_one(house: House, statements: list[str]) -> None:
    async def sent(rows: list[int]) -> int:
        statements.clear()
        assert {result.done for result in await amortize(house, *rows)} == {Done.AMORTIZED}
        return len([one for one in statements if "INTO outbox" not in one])

    one, hundred = await rows_of(house, 1), await rows_of(house, 100)

    assert await sent(hundred) <= await sent(one) + 3
    assert await sent(hundred) <= await sent(one) + 3
    assert len(await made_by(house, hundred[-1])) == 4


async def test_what_is_posted_belongs_to_its_row_and_goes_with_it(house: House) -> None:
    (row,) = await rows_of(house, 1)
    item = await house.have(CATALOG_ITEM)
    await house.link(item, RecordRef(TABLE, row))

    await amortize(house, row)
    roots = [body["root"] for _, body in await house.told() if body.get("char_type") == AMOUNT]
    await house.do(Remove(group=TABLE, number=row))

    named = [(root["char_type"], root["record"]) for root in roots if is_table(root)]
    assert named == [(CATALOG_ITEM, item.number)] * 4
    assert await made_by(house, row) == []


async def test_an_amount_taken_from_its_row_is_replaced_all_the_same(house: House) -> None:
    (row,) = await rows_of(house, 1)
    await amortize(house, row)
    async with house.store.read() as tx:
        (link,) = await tx.records.links_above(house.tenant, [(await made_by(house, row))[0].ref])
    await house.do(Unrelate(group=0, number=link.number))

    await amortize(house, row)

    assert len(await made_by(house, row)) == 4


async def test_who_may_not_write_rows_amortizes_none(house: House) -> None:
    (row,) = await rows_of(house, 1)
    banned = msgspec.structs.replace(CONFORMANCE, bans=(Ban(char_type=AMOUNT, roles=(Role.CLERK,)),))
    await configure(house, banned, replaces=2)

    for role in (Role.VIEWER, Role.CLERK):
        (result,) = await amortize(house, row, role=role)
        assert result.denial is Denial.NOT_ALLOWED
    assert await made_by(house, row) == []


async def test_without_a_template_for_amounts_nothing_is_posted(house: House) -> None:
    (row,) = await rows_of(house, 1)
    await configure(house, msgspec.structs.replace(CONFORMANCE, amortization=Setup(template=999)), replaces=2)

    (result,) = await amortize(house, row)

    assert result.flaws == (Flaw(kind=FlawKind.NO_AMOUNT_TEMPLATE),)


async def test_revenues_of_the_row_are_forecast_by(house: House) -> None:
    (row,) = await rows_of(house, 1, revenues=["2024-03 5 20", "2024-06 5.00"])

    (result,) = await amortize(house, row, model=FORECAST)

    assert result.done is Done.AMORTIZED
    amounts = [one.values["amortized_amount"] for one in await made_by(house, row)]
    assert [amount["locAmt"] for amount in amounts if isinstance(amount, dict)] == [25, 25]


@pytest.mark.parametrize(
    "told", ["2024-13 5", "0000-01 5", "2024-01", "2024-01 five", "2024-01 5 1e400", "2024-01 NaN"]
)
async def test_a_revenue_that_cannot_be_read_is_named(house: House, told: str) -> None:
    (row,) = await rows_of(house, 1, revenues=[told])

    (result,) = await amortize(house, row, model=FORECAST)

    assert result.flaws == (Flaw(kind=FlawKind.BAD_VALUE, label="revenues"),)


async def test_a_longest_title_leaves_room_for_the_month(house: House) -> None:
    values = {"amount": {"locAmt": 100, "locSym": "USD"}, **YEAR}
    (made,) = await house.do(Create(group=TABLE, draft=Draft(title="x" * 500, template=30, values=values)))

    await amortize(house, made.number)

    titles = [one.title for one in await made_by(house, made.number)]
    assert {len(title) for title in titles} == {500}
    assert titles[0].endswith(" 2024-01")


async def test_a_row_amortized_and_made_in_one_batch_is_one_schedule(house: House) -> None:
    (row,) = await rows_of(house, 1)
    draft = Draft(template=1, values={}, parents=(ParentAsk(parent=RecordRef(TABLE, row)),))

    results = await house.do(
        Create(group=AMOUNT, draft=draft),
        Amortize(group=TABLE, number=row, model=FOUR_MONTHS),
        Amortize(group=TABLE, number=row, model=FOUR_MONTHS),
    )

    assert [result.denial for result in results] == [None] * 3
    assert len(await made_by(house, row)) == 4


# --- Dates -------------------------------------------------------------------------------------------------------


async def test_a_date_that_looks_at_an_amount_does_without_it_once_that_is_replaced(house: House) -> None:
    (row,) = await rows_of(house, 1)
    deal = await house.have(DEAL)
    await amortize(house, row)
    january, february, *_ = [Spot(one.ref, "transaction_date") for one in await made_by(house, row)]
    rule = RuleDraft(
        target=Spot(deal, "contract_date"),
        choosing=Choosing.EARLIEST,
        sources=(SourceDraft(spot=january), SourceDraft(spot=february)),
    )
    await DateDesk(house.store, house.clock, Blueprints(house.store)).add(house.acting, rule)
    before = await house.get(deal)
    await close(house, FEBRUARY)

    await amortize(house, row)

    after = await house.get(deal)
    assert before is not None
    assert after is not None
    assert before.values["contract_date"] == "2024-01-31"
    assert after.values["contract_date"] == "2024-02-29"


# --- Many at once ------------------------------------------------------------------------------------------------


async def test_a_batch_makes_only_so_many_amounts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "MOST_AMOUNTS", 9)
    first, second, third = await rows_of(house, 3)

    results = await amortize(house, first, second, third)

    assert [result.denial for result in results] == [None, None, Denial.FAULTY]
    assert results[-1].flaws == (Flaw(kind=FlawKind.TOO_MANY_AMOUNTS, limit=9),)
    assert await made_by(house, third) == []


async def test_a_batch_replaces_only_so_many_amounts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third, fresh = await rows_of(house, 4)
    await amortize(house, first, second, third)
    before = await made_by(house, third)
    monkeypatch.setattr(posting, "MOST_AMOUNTS", 11)

    results = await amortize(house, first, second, third, fresh)
    later = await amortize(house, third)

    assert [result.denial for result in results] == [None, None, Denial.FAULTY, Denial.FAULTY]
    assert {result.flaws for result in results[2:]} == {(Flaw(kind=FlawKind.TOO_MANY_AMOUNTS, limit=11),)}
    assert later[0].done is Done.AMORTIZED
    assert {one.ref for one in before}.isdisjoint(one.ref for one in await made_by(house, third))


async def test_a_long_journal_is_read_in_large_parts_and_counted_once(
    house: House, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dated, "AT_ONCE", 5)
    await amortize(house, *await rows_of(house, 3))
    desk = AmortizationDesk(house.store, house.clock, Blueprints(house.store))
    statements.clear()

    journal = await desk.journal(house.tenant, date(2024, 1, 1), date(2024, 12, 31))

    assert [line.day for line in journal.lines] == sorted(line.day for line in journal.lines)
    assert len(journal.lines) == 2 * 3 * 4
    of_values = [one for one in statements if "record_values" in one]
    # On SQLite they go to the driver itself.
    assert len(of_values) in {0, 1 + 3}


async def test_others_have_their_turn_while_a_long_schedule_is_made(house: House) -> None:
    century = {"term_start": "2001-01-01", "term_end": "2100-12-31"}
    (row,) = await rows_of(house, 1, **century)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with house.store.begin() as tx:
        workspace = Workspace(tx, await house.desk.scene(tx, house.acting, house.clock.now()))
        operation = Amortize(group=TABLE, number=row, model=STRAIGHT)
        await posting.AMORTIZE.gather(workspace, [operation])
        assert posting.AMORTIZE.finish is not None
        await posting.AMORTIZE.finish(workspace, [operation])
        counting = asyncio.create_task(count())
        # Nothing is waited for here but the pauses.
        await posting.do(workspace, operation)
        counting.cancel()

    assert turns > 2


# --- What a row says ---------------------------------------------------------------------------------------------

PLAIN = Template(
    char_type=TABLE,
    id=31,
    name="Payment",
    fields=(
        Field(label="fee", name="Fee", data_type=DataType.NUMBER),
        Field(label="cur", name="Currency", indicator=8),
        Field(label="term_start", name="Start", data_type=DataType.DATE),
        Field(label=TO_DATE, name="To date", data_type=DataType.NUMBER),
    ),
)
SMALL = Blueprint(templates=(PLAIN,), company_currency="CHF")


def a_record(house_stamp: Record, **values: object) -> Record:
    return msgspec.structs.replace(house_stamp, template=31, values=values)


async def test_fields_are_found_by_their_labels_where_none_has_the_indicator(house: House) -> None:
    (row,) = await rows_of(house, 1)
    record = await house.get(RecordRef(TABLE, row))
    assert record is not None

    told = told_by(SMALL, a_record(record, fee=Decimal("12.50"), term_start="2024-01-10"), ())
    named = told_by(SMALL, a_record(record, fee=3, cur="EUR"), ())

    assert (told.cost.amount, told.currency) == (Decimal("12.50"), "CHF")
    assert told.cost.start is not None
    assert (named.cost.amount, named.currency, named.cost.start) == (Decimal(3), "EUR", None)


def test_only_fields_of_the_template_are_filled() -> None:
    assert shaped(PLAIN, {TO_DATE: Decimal(5), "balance": Decimal(5)}, "CHF") == {TO_DATE: Decimal(5)}

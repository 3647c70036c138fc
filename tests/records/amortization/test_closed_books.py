"""What a schedule says, and what becomes of it once books are closed."""

from muster.domain.records.char_types import TABLE
from muster.domain.records.operation import (
    Change,
    Denial,
    Draft,
)
from muster.records.amortization.desk import AmortizationDesk
from muster.records.work.blueprints import Blueprints
from tests.records.amortization.world import (
    FOUR_MONTHS,
    JANUARY,
    STRAIGHT,
    amortize,
    charged,
    close,
    made_by,
    rows_of,
)
from tests.records.house import House


async def test_what_was_posted_before_the_books_were_closed_stands(house: House) -> None:
    (row,) = await rows_of(house, 1)
    await amortize(house, row)
    before = {one.ref.number for one in await made_by(house, row)}
    await close(house, JANUARY)
    draft = Draft(values={"amount": {"locAmt": 200, "locSym": "USD"}})
    await house.do(Change(group=TABLE, number=row, draft=draft))

    (result,) = await amortize(house, row)

    assert result.record is not None
    assert result.record.record.values["balance"]["locAmt"] == 0  # type: ignore[index]  # money is a table
    assert await charged(house, row) == [
        ("2024-01-31", 60),
        ("2024-02-29", 100),
        ("2024-03-31", 30),
        ("2024-04-30", 10),
    ]
    assert len(before & {one.ref.number for one in await made_by(house, row)}) == 1


async def test_running_again_after_closing_changes_nothing(house: House) -> None:
    (row,) = await rows_of(house, 1)
    await amortize(house, row)
    posted = await charged(house, row)
    await close(house, JANUARY)

    for _ in range(2):
        await amortize(house, row)
        assert await charged(house, row) == posted


async def test_closed_books_in_another_currency_are_not_netted(house: House) -> None:
    (row,) = await rows_of(house, 1)
    await amortize(house, row)
    await close(house, JANUARY)
    draft = Draft(values={"amount": {"locAmt": 100, "locSym": "EUR"}})
    await house.do(Change(group=TABLE, number=row, draft=draft))

    (result,) = await amortize(house, row)

    assert result.denial is Denial.LOCKED
    assert len(await made_by(house, row)) == 4


async def test_a_preview_takes_what_stands_into_account(house: House) -> None:
    (row,) = await rows_of(house, 1)
    await amortize(house, row)
    await close(house, JANUARY)
    desk = AmortizationDesk(house.store, house.clock, Blueprints(house.store))

    preview = await desk.preview(house.tenant, row, FOUR_MONTHS)
    posted = await desk.schedule(house.tenant, row)

    assert [one.charge.amount for one in preview.postings] == [20, 15, 5]
    assert posted.cost == posted.total == 100


# --- What is told ------------------------------------------------------------------------------------------------


async def test_a_schedule_names_the_model_that_it_was_last_worked_out_by(house: House) -> None:
    (row,) = await rows_of(house, 1)
    await amortize(house, row)
    await close(house, JANUARY)
    await amortize(house, row, model=STRAIGHT)

    schedule = await AmortizationDesk(house.store, house.clock, Blueprints(house.store)).schedule(house.tenant, row)

    assert schedule.postings[0].charge.date == JANUARY.end
    assert schedule.model == "Straight line"


async def test_a_row_that_nothing_was_posted_for_says_so(house: House) -> None:
    (row,) = await rows_of(house, 1)

    schedule = await AmortizationDesk(house.store, house.clock, Blueprints(house.store)).schedule(house.tenant, row)

    assert (schedule.postings, schedule.posted) == ((), False)

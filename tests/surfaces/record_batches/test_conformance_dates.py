"""The conformance cases about date math and money."""

from tests.surfaces.record_batches.house import Api, Row, texts
from tests.surfaces.record_batches.stock import ending, entries, faults

END = "contract_term_end"


def source(deal: int, label: str, **shift: object) -> Row:
    return {"entityTypeId": 4, "id": deal, "tagLabel": label, **shift}


def end_of(deal: int, *sources: Row, **options: object) -> Row:
    """A calculation of the end of a deal's term."""
    target = {"childEntityTypeId": 4, "childId": deal, "childTagLabel": END}
    return {**target, "parentCalcs": list(sources), **options}


async def the_end(api: Api, deal: int) -> object:
    return (await api.get(f"/deal/{deal}"))["characteristics"].get(END)


async def test_the_earliest_of_two_dates_follows_them_through_batches(stocked: Api) -> None:
    """Case 38."""
    calculation = end_of(
        618,
        source(620, "contract_date", dayQuantity=15, dayUnit="DAYS", isPriorTo=True, sortOrder=0),
        source(621, "contract_term_start", dayQuantity=15, dayUnit="DAYS", isPriorTo=False, sortOrder=1),
        type="EARLIESTOF",
        recalcOption="OPEN",
    )

    assert type(await stocked.post("/date-math", calculation)) is int
    at_first = await the_end(stocked, 618)
    changes = {"4": [{"id": 621, "characteristics": {"contract_term_start": "2024-04-01"}}]}
    batch = await stocked.ran("PUT", changes)

    assert at_first == "2024-02-16"
    assert ending(batch, 4) == ("Complete", [(200, "Updated.")])
    assert await the_end(stocked, 618) == "2024-03-05"


async def test_fifteen_business_days_after_a_friday_are_three_weeks(idle_stock: Api) -> None:
    """Case 39."""
    await idle_stock.put("/deal/621", {"characteristics": {"contract_term_start": "2024-03-01"}})
    start = source(621, "contract_term_start", dayQuantity=15, dayUnit="BusinessDays")

    await idle_stock.post("/date-math", end_of(618, start))

    assert await the_end(idle_stock, 618) == "2024-03-22"


async def test_money_is_converted_by_the_server_and_by_nobody_else(stocked: Api) -> None:
    """Case 47."""

    def deal(**fee: object) -> Row:
        return {"title": "D", "template": {"templateId": 12}, "characteristics": {"license_fee": fee}}

    differing = {"locAmt": 10, "locSym": "EUR", "divAmt": 5, "divSym": "USD"}
    batch = await stocked.ran("POST", {"4": [deal(**differing), deal(locAmt=10, locSym="EUR")]})

    refused, made = entries(batch, 4)
    assert texts([refused, made])[0][0] == 400
    assert faults(refused) == {"CharDataValidation": ["Invalid value found for license_fee."]}
    assert texts([made]) == [(200, "Created.")]
    fee = made["record"]["characteristics"]["license_fee"]
    assert (fee["locAmt"], fee["locSym"], fee["divAmt"], fee["divSym"]) == (10, "EUR", 12.5, "USD")

"""The conformance cases about amortization."""

from tests.surfaces.record_batches.house import Api, Row
from tests.surfaces.record_batches.stock import WHOLE, ending, entries, faults, only_missing

METHOD = "CALCULATE-AMORTIZATION"
CURVE = 77
FOUR = [("2024-01-31", 6000), ("2024-02-29", 2000), ("2024-03-31", 1500), ("2024-04-30", 500)]


async def amounts(api: Api) -> list[Row]:
    """The characteristics of the amounts below the row, period by period."""
    body = {"parentQuery": {"5": {"$eq": ["recordid", 200]}}, "rows": 100}
    found = (await api.post("/amount/search", body))["entities"]
    return sorted((one["characteristics"] for one in found), key=lambda one: int(one["period_number"]))


def charges(found: list[Row]) -> list[tuple[str, float]]:
    return [(one["transaction_date"], one["amortized_amount"]["locAmt"]) for one in found]


async def amortized(api: Api, *rows: int, **options: object) -> Row:
    return await api.ran(METHOD, {"5": [{"id": row} for row in rows]}, amortizationModelId=CURVE, **options)


async def test_a_row_is_charged_over_the_periods_of_the_model(stocked: Api) -> None:
    """Case 33."""
    batch = await amortized(stocked, 200)

    assert ending(batch, 5) == ("Complete", [(200, "Amortization Calculated.")])
    assert entries(batch, 5)[0]["record"]["id"] == 200
    found = await amounts(stocked)
    assert charges(found) == FOUR
    assert found[-1]["closing_balance"]["locAmt"] == 0


async def test_a_row_that_is_charged_again_is_charged_once(stocked: Api) -> None:
    """Case 34."""
    await amortized(stocked, 200)
    batch = await amortized(stocked, 200)

    assert batch["batchStatus"] == "Complete"
    assert charges(await amounts(stocked)) == FOUR


async def test_a_missing_row_cancels_a_batch_that_is_wanted_whole(stocked: Api) -> None:
    """Case 35."""
    batch = await amortized(stocked, 200, 999, batchOptions=WHOLE)

    assert batch["batchStatus"] == "Cancelled"
    assert batch["batchResults"] == only_missing(999, 5)
    assert await amounts(stocked) == []


async def test_a_model_and_rows_are_needed(idle_stock: Api) -> None:
    """Case 36."""
    rows = {"5": [{"id": 200}]}
    answers = [
        await idle_stock.submit(METHOD, rows),
        await idle_stock.submit(METHOD, rows, amortizationModelId=12345),
        await idle_stock.submit(METHOD, {"1": [{"id": 100}]}, amortizationModelId=CURVE),
    ]

    assert [(answer.status_code, answer.json()["message"]) for answer in answers] == [
        (400, "AmortizationModelId is required."),
        (400, "Amortization model 12345 does not exist."),
        (400, "Amortization can only be calculated for table records."),
    ]


async def test_a_row_needs_an_amount(stocked: Api) -> None:
    """Case 37."""
    batch = await amortized(stocked, 201)

    (entry,) = entries(batch, 5)
    assert (batch["batchStatus"], entry["code"]) == ("Complete", 400)
    assert faults(entry) == {"AmortizationValidation": ["Amount is required for amortization."]}

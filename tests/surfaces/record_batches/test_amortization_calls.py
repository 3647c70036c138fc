"""Amortization over HTTP: batches that post schedules, and the calls that show them."""

import csv
import io
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.surfaces.record_batches.house import Api, Row

CURVE, TWELVE, STRAIGHT, DAILY, PER_RUN = 77, 78, 79, 80, 81
SVG = "{http://www.w3.org/2000/svg}"


async def a_row(api: Api, parents: list[Row] | None = None, **given: object) -> int:
    """A new allocation of 10,000.00 USD over the year 2024; None leaves a characteristic out."""
    told: dict[str, object] = {
        "amount": {"locAmt": 10000, "locSym": "USD"},
        "term_start": "2024-01-10",
        "term_end": "2024-12-31",
        **given,
    }
    body = {
        "title": "Allocation",
        "template": {"templateId": 30},
        "characteristics": {label: value for label, value in told.items() if value is not None},
        "parentRelationship": parents or [],
    }
    number: int = await api.post("/table", body)
    return number


async def amortized(api: Api, *rows: int, model: int = CURVE, **options: object) -> Row:
    """A batch that amortizes these rows, once it has ended."""
    records = {"5": [{"id": row} for row in rows]}
    return await api.ran("CALCULATE-AMORTIZATION", records, amortizationModelId=model, **options)


async def schedule(api: Api, row: int) -> list[tuple[str, float]]:
    """Days and charges of what is posted for a row."""
    told = await api.get(f"/amortization/schedule/{row}")
    return [(one["transactionDate"], one["amortizedAmount"]) for one in told["charges"]]


async def amounts_of(api: Api, row: int) -> list[Row]:
    """The amounts below a row, as clients search for them."""
    query = {"parentQuery": {"5": {"$eq": ["recordid", row]}}, "rows": 100}
    found: list[Row] = (await api.post("/amount/search", query))["entities"]
    return found


def outcome(batch: Row, at: int = 0) -> Row:
    """One entry of a batch's results."""
    entry: Row = batch["batchResults"]["records"]["5"][at]
    return entry


FOUR = [("2024-01-31", 6000), ("2024-02-29", 2000), ("2024-03-31", 1500), ("2024-04-30", 500)]


async def test_a_schedule_is_posted_as_amounts(api: Api) -> None:
    row = await a_row(api)

    batch = await amortized(api, row)

    assert batch["batchStatus"] == "Complete"
    assert (outcome(batch)["code"], outcome(batch)["message"]) == (200, "Amortization Calculated.")
    assert await schedule(api, row) == FOUR
    told = await api.get(f"/amortization/schedule/{row}")
    first = await api.get(f"/amount/{told['charges'][0]['amountId']}")
    assert first["title"] == "Allocation 2024-01"
    assert first["characteristics"]["amortized_amount"]["locAmt"] == 6000
    assert first["characteristics"]["amortized_amount"]["locSym"] == "USD"
    assert first["characteristics"]["period_number"] == 1
    assert first["characteristics"]["period_count"] == 4
    assert first["characteristics"]["split"] == 60
    assert first["characteristics"]["transaction_date"] == "2024-01-31"
    assert first["characteristics"]["closing_balance"]["locAmt"] == 4000
    assert first["characteristics"]["amortization_model"] == "Four months"
    assert [link["parentRecordId"] for link in first["parentRelationship"]] == [row]


async def test_the_row_is_told_how_much_of_it_is_amortized(api: Api) -> None:
    # It is the 2nd of March 2026: what falls on the ends of January and February is over.
    row = await a_row(api, term_start="2026-01-10", term_end="2026-12-31")

    record = outcome(await amortized(api, row))["record"]

    assert record["characteristics"]["amortization_model"] == "Four months"
    assert record["characteristics"]["amortized_to_date"]["locAmt"] == 8000
    assert record["characteristics"]["balance"]["locAmt"] == 2000


async def test_amortizing_again_replaces_what_was_posted(api: Api) -> None:
    row = await a_row(api)

    await amortized(api, row)
    await amortized(api, row)
    assert await schedule(api, row) == FOUR

    await amortized(api, row, row, model=TWELVE)
    assert len(await schedule(api, row)) == 12


async def test_clients_find_the_schedule_by_searching_amounts(api: Api) -> None:
    row, other = await a_row(api), await a_row(api)
    await amortized(api, row, other)

    assert len(await amounts_of(api, row)) == 4


async def test_amounts_of_people_are_left_alone(api: Api) -> None:
    row = await a_row(api)
    body = {
        "title": "By hand",
        "template": {"templateId": 1},
        "characteristics": {"transaction_date": "2024-01-31", "amortized_amount": {"locAmt": 1, "locSym": "USD"}},
        "parentRelationship": [{"parentCharTypeId": 5, "parentRecordId": row}],
    }
    by_hand = await api.post("/amount", body)

    await amortized(api, row)
    await amortized(api, row)

    assert (await api.get(f"/amount/{by_hand}"))["title"] == "By hand"
    assert await schedule(api, row) == FOUR


async def test_one_amount_that_is_locked_keeps_the_whole_schedule(api: Api) -> None:
    row, free = await a_row(api), await a_row(api)
    await amortized(api, row, free)
    posted = (await api.get(f"/amortization/schedule/{row}"))["charges"][1]["amountId"]
    await api.put(f"/amount/{posted}/execute-workflow-action/2")

    batch = await amortized(api, row, free, model=TWELVE)

    assert batch["batchStatus"] == "Complete"
    assert (outcome(batch)["code"], outcome(batch)["message"]) == (409, "Record Locked.")
    assert await schedule(api, row) == FOUR
    assert len(await schedule(api, free)) == 12


async def test_all_or_nothing_leaves_nothing(api: Api) -> None:
    row = await a_row(api)

    batch = await amortized(api, row, 999_999, batchOptions={"cancelIfRecordFails": True})

    assert batch["batchStatus"] == "Cancelled"
    entries = batch["batchResults"]["records"]["5"]
    assert [(entry["code"], entry["id"]) for entry in entries] == [(404, 999_999)]
    assert await schedule(api, row) == []


@pytest.mark.parametrize(
    ("given", "model", "text"),
    [
        ({"amount": None}, CURVE, "Amount is required for amortization."),
        ({"term_start": None, "term_end": None}, CURVE, "Term start is required for amortization."),
        ({"term_end": None}, STRAIGHT, "Term end is required for amortization."),
        ({}, PER_RUN, "Runs are required for amortization."),
        ({"term_end": "2500-01-01"}, STRAIGHT, "Term is invalid for amortization."),
    ],
)
async def test_what_is_missing_is_named(*, api: Api, given: Row, model: int, text: str) -> None:
    row = await a_row(api, **given)

    entry = outcome(await amortized(api, row, model=model))

    assert entry["code"] == 400
    assert '"AmortizationValidation"' in entry["message"]
    assert text in entry["message"]


async def test_a_row_without_a_term_takes_that_of_the_rights_around_it(api: Api) -> None:
    item = await api.post("/catalog-item", {"title": "Film", "template": {"templateId": 1}})
    deal = await api.post("/deal", {"title": "Deal", "template": {"templateId": 12}})
    around = [{"parentCharTypeId": 1, "parentRecordId": item}, {"parentCharTypeId": 4, "parentRecordId": deal}]
    for start, end, parents in (
        ("2024-03-05", "2024-04-30", around),
        ("2024-02-10", "2024-03-31", around),
        ("2020-01-01", "2030-01-01", around[:1]),
    ):
        body = {
            "title": "Right",
            "template": {"templateId": 1},
            "characteristics": {"actual_term_start": start, "actual_term_end": end},
            "parentRelationship": parents,
        }
        await api.post("/right", body)
    row = await a_row(api, around, term_start=None, term_end=None)

    await amortized(api, row, model=STRAIGHT)

    assert await schedule(api, row) == [("2024-02-29", 3333.33), ("2024-03-31", 3333.33), ("2024-04-30", 3333.34)]


async def test_runs_of_the_row_are_charged(api: Api) -> None:
    row = await a_row(api, run_dates=["2024-02-01", "2024-02-02T20:00", "2024-05-01"])

    await amortized(api, row, model=PER_RUN)

    assert await schedule(api, row) == [("2024-02-29", 5000), ("2024-05-31", 2500)]


async def test_a_run_that_cannot_be_read_is_named(api: Api) -> None:
    row = await a_row(api, run_dates=["2024-02-01", "soon"])

    entry = outcome(await amortized(api, row, model=PER_RUN))

    assert entry["code"] == 400
    assert "Invalid value found for run_dates." in entry["message"]


async def test_closed_periods_are_caught_up_with(api: Api) -> None:
    row = await a_row(api)
    for month, end in ((1, "2024-01-31"), (2, "2024-02-29")):
        body = {"year": 2024, "period": month, "startDate": f"2024-0{month}-01", "endDate": end}
        period = await api.post("/financial-periods", body)
        await api.put(f"/financial-periods/{period['id']}/close")

    await amortized(api, row)

    assert await schedule(api, row) == [("2024-03-31", 9500), ("2024-04-30", 500)]


async def test_a_hundred_rows_go_in_one_batch(api: Api) -> None:
    rows = [await a_row(api) for _ in range(20)]

    batch = await amortized(api, *rows, model=TWELVE)

    assert {entry["code"] for entry in batch["batchResults"]["records"]["5"]} == {200}
    assert len(await schedule(api, rows[-1])) == 12


# --- Showing -----------------------------------------------------------------------------------------------------


async def test_models_are_shown(idle_api: Api) -> None:
    models = await idle_api.get("/amortization/list")

    four = next(one for one in models if one["id"] == CURVE)
    assert [period["split"] for period in four["periods"]] == [60, 20, 15, 5]
    assert await idle_api.get(f"/amortization/model/{CURVE}") == four
    assert await idle_api.get("/amortization/model/12345", 404) == {
        "message": "Resource Not Found",
        "code": "not_found",
    }
    await idle_api.get("/amortization/model/abc", 404)


async def test_a_preview_posts_nothing(idle_api: Api) -> None:
    row = await a_row(idle_api)

    told = await idle_api.get(f"/amortization/preview/{row}?modelId={CURVE}")

    assert [(one["transactionDate"], one["amortizedAmount"]) for one in told["charges"]] == FOUR
    assert not told["posted"]
    assert told["total"] == told["cost"] == 10000
    assert await schedule(idle_api, row) == []


async def test_a_preview_says_why_there_can_be_none(idle_api: Api) -> None:
    row = await a_row(idle_api, amount=None)

    refused = await idle_api.get(f"/amortization/preview/{row}?modelId={CURVE}", 400)

    assert "Amount is required for amortization." in refused["message"]
    await idle_api.get(f"/amortization/preview/{row}", 400)
    await idle_api.get(f"/amortization/preview/{row}?modelId=x", 400)
    await idle_api.get(f"/amortization/preview/{row}?modelId=12345", 404)
    await idle_api.get(f"/amortization/preview/999999?modelId={CURVE}", 404)
    await idle_api.get("/amortization/schedule/999999", 404)
    await idle_api.get("/amortization/schedule/99999999999999999999999", 404)


async def test_a_schedule_as_csv_is_safe_in_a_spreadsheet(api: Api) -> None:
    row = await a_row(api, amount={"locAmt": -100, "locSym": "USD"})
    await api.put(f"/table/{row}", {"title": "=HYPERLINK(1)"})
    await amortized(api, row)

    answer = await api.http.get(f"/v4/amortization/schedule/{row}", headers={"Accept": "text/csv"})

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert rows[0]["title"] == "'=HYPERLINK(1) 2024-01"
    assert [one["amortizedAmount"] for one in rows] == ["-60.00", "-20.00", "-15.00", "-5.00"]


async def test_a_schedule_as_a_picture_tells_itself_to_those_who_cannot_see(api: Api) -> None:
    row = await a_row(api)
    await api.put(f"/table/{row}", {"title": "<script>alert(1)</script> & more"})
    await amortized(api, row)

    answer = await api.http.get(f"/v4/amortization/schedule/{row}?format=svg")

    picture = ET.fromstring(answer.text)  # noqa: S314 - of our own making
    assert answer.headers["content-type"] == "image/svg+xml"
    assert picture.findtext(f"{SVG}title") == "Amortization of <script>alert(1)</script> & more"
    assert "come to 10,000.00 USD" in (picture.findtext(f"{SVG}desc") or "")
    assert not list(picture.iter(f"{SVG}script"))
    assert len([bar for bar in picture.iter(f"{SVG}rect") if bar.find(f"{SVG}title") is not None]) == 4


async def test_no_amount_of_a_picture_is_written_over_its_headings(api: Api) -> None:
    row = await a_row(api)
    await amortized(api, row)

    picture = ET.fromstring((await api.http.get(f"/v4/amortization/schedule/{row}?format=svg")).text)  # noqa: S314

    words = {text.text: text for text in picture.iter(f"{SVG}text")}
    heading, highest = words["Charge of the month (USD)"], words["6,000.00"]
    assert float(highest.attrib["y"]) - int(highest.attrib["font-size"]) > float(heading.attrib["y"]) + 3


async def test_nothing_posted_is_a_picture_too(idle_api: Api) -> None:
    row = await a_row(idle_api)

    answer = await idle_api.http.get(f"/v4/amortization/schedule/{row}?format=svg")

    assert "Nothing is charged." in answer.text
    assert (await idle_api.http.get(f"/v4/amortization/schedule/{row}?format=pdf")).status_code == 400


async def journal(api: Api, start: str, end: str) -> Row:
    told: Row = await api.get(f"/amortization/journal?start={start}&end={end}")
    return told


async def test_the_journal_balances(api: Api) -> None:
    cost, credit = await a_row(api), await a_row(api, amount={"locAmt": -100, "locSym": "USD"})
    euros = await a_row(api, amount={"locAmt": 50, "locSym": "EUR"})
    await amortized(api, cost, credit, euros)

    told = await journal(api, "2024-01-01", "2024-02-29")

    assert told["totals"] == [
        {"currency": "EUR", "debit": 40, "credit": 40},
        {"currency": "USD", "debit": 8080, "credit": 8080},
    ]
    assert len(told["lines"]) == 12
    assert {line["date"] for line in told["lines"]} == {"2024-01-31", "2024-02-29"}
    back = [line for line in told["lines"] if line["rowId"] == credit]
    assert [(line["account"], line["debit"], line["credit"]) for line in back[:2]] == [
        ("Accumulated amortization", 60, 0),
        ("Amortization expense", 0, 60),
    ]


async def test_the_journal_as_csv(api: Api) -> None:
    await amortized(api, await a_row(api))

    answer = await api.http.get("/v4/amortization/journal?start=2024-01-01&end=2024-12-31&format=csv")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 8
    assert (rows[0]["account"], rows[0]["debit"], rows[0]["credit"]) == ("Amortization expense", "6000.00", "0.00")


@pytest.mark.parametrize(
    "query", ["", "start=2024-01-01", "start=2024-01-01&end=soon", "start=2024-02-01&end=2024-01-01"]
)
async def test_a_journal_needs_two_days(idle_api: Api, query: str) -> None:
    await idle_api.get(f"/amortization/journal?{query}", 400)


async def test_a_schedule_of_another_tenant_is_not_there(api: Api) -> None:
    row = await a_row(api)
    await amortized(api, row)
    other = await api.house.rent("Other")

    async with await api.house.plain(other) as http:
        assert (await http.get(f"/v4/amortization/schedule/{row}")).status_code == 404
        told: Any = (await http.get("/v4/amortization/journal?start=2024-01-01&end=2024-12-31")).json()
        assert told["lines"] == []


async def test_what_is_amortized_is_told_by_the_day(api: Api) -> None:
    row = await a_row(api, term_start="2026-03-01", term_end="2026-12-31")
    await amortized(api, row)

    api.house.clock.advance(timedelta(minutes=30))
    record = outcome(await amortized(api, row))["record"]

    assert record["characteristics"]["amortized_to_date"]["locAmt"] == 0
    assert record["characteristics"]["balance"]["locAmt"] == 10000

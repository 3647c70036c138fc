"""Date math over HTTP, and what copies make of it."""

from typing import cast

import pytest

from muster.catalog.accounts import NewAccount
from muster.domain.tenant import Role
from tests.surfaces.record_batches.house import Api, House, Row, texts

START, END, SIGNED = "contract_term_start", "contract_term_end", "contract_date"


UNREADABLE: list[Row] = [
    {"type": "Sometimes"},
    {"type": 9},
    {"type": []},
    {"recalcOption": 0},
    {"conditionOption": "x" * 100_000},
    {"dateOption": True},
    {"compareToDate": "2024-02-30"},
    {"compareToDate": 20240101},
    {"childEntityTypeId": 6},
    {"childEntityTypeId": None},
    {"childId": "x"},
    {"childId": 1e300},
    {"childTagLabel": "a\u0000b"},
    {"childTagLabel": "fake"},
    {"childTagLabel": {}},
    {"parentCalcs": None},
    {"parentCalcs": {}},
    {"parentCalcs": [1]},
    {"parentCalcs": [{}] * 101},
]


async def a_deal(api: Api, title: str = "Deal", **values: object) -> int:
    body = {"title": title, "template": {"templateId": 12}, "characteristics": values}
    number: int = await api.post("/deal", body)
    return number


async def shown(api: Api, deal: int, label: str) -> object:
    return (await api.get(f"/deal/{deal}"))["characteristics"].get(label)


def date_math(child: int, *parents: Row, label: str = END, **parts: object) -> Row:
    return {"childEntityTypeId": 4, "childId": child, "childTagLabel": label, "parentCalcs": list(parents), **parts}


def parent(deal: int, label: str = START, **parts: object) -> Row:
    return {"entityTypeId": 4, "id": deal, "tagLabel": label, **parts}


async def test_case_38_the_vendor_s_example_is_calculated_and_follows_a_batch(api: Api) -> None:
    target = await a_deal(api)
    signed, started = await a_deal(api, contract_date="2024-03-20"), await a_deal(api, contract_term_start="2024-02-01")
    body = date_math(
        target,
        parent(signed, SIGNED, dayQuantity=15, dayUnit="DAYS", isPriorTo=True, sortOrder=0),
        parent(started, dayQuantity=15, dayUnit="DAYS", isPriorTo=False, sortOrder=1),
        type="EARLIESTOF",
        recalcOption="OPEN",
    )
    assert isinstance(await api.post("/date-math", body), int)
    assert await shown(api, target, END) == "2024-02-16"
    batch = await api.ran("PUT", {"4": [{"id": started, "characteristics": {START: "2024-04-01"}}]})
    assert batch["batchStatus"] == "Complete"
    assert await shown(api, target, END) == "2024-03-05"


async def test_case_39_business_days(idle_api: Api) -> None:
    deal = await a_deal(idle_api, contract_term_start="2024-03-01")
    await idle_api.post("/date-math", date_math(deal, parent(deal, dayQuantity=15, dayUnit="BusinessDays")))
    assert await shown(idle_api, deal, END) == "2024-03-22"


async def test_date_math_is_read_as_documented(idle_api: Api) -> None:
    deal = await a_deal(idle_api, "DealTest84", contract_term_start="2024-01-01")
    body = date_math(
        deal,
        parent(deal, dayQuantity="15", sortOrder=2),
        parent(deal, SIGNED, yearQuantity=1, monthQuantity=2, isPriorTo=True, sortOrder=1),
        type="Latest Of",
        compareToDate="2018-01-27T08:00:00.000Z",
        dateOption=1,
        recalcOption=3,
        conditionOption="asap",
    )
    number = await idle_api.post("/date-math", body)
    (found,) = await idle_api.get(f"/deal/{deal}/date-math")
    first, second = found.pop("parentCalcs")
    assert found == {
        "result": "Contract term end latest of 1/27/2018, 1 year and 2 months before Contract date"
        " and 15 days after Contract term start, on the first of the month.",
        "dateMathCalcId": number,
        "isCalculated": True,
        "compareToDate": "2018-01-27T00:00:00.000Z",
        "dateOption": "FirstOfTheMonth",
        "recalcOption": "Open",
        "conditionOption": "ASAP",
        "childCharacteristic": {
            "type": "Latest Of",
            "entityTitle": "DealTest84",
            "entityTypeId": 4,
            "id": deal,
            "tagLabel": END,
            "label": "Contract term end",
            "characteristicId": 3,
        },
    }
    assert (first["dayQuantity"], first["dayUnit"], first["isPriorTo"], first["sortOrder"]) == (15, "Days", False, 2)
    assert (second["yearQuantity"], second["monthQuantity"], second["isPriorTo"]) == (1, 2, True)
    assert second["label"] == "Contract date"
    assert second["dateMathRelId"] > first["dateMathRelId"] > 0


async def test_defaults_are_those_of_the_vendor(idle_api: Api) -> None:
    deal = await a_deal(idle_api)
    await idle_api.post("/date-math", date_math(deal, parent(deal)))
    (found,) = await idle_api.get(f"/deal/{deal}/date-math")
    assert found["result"] == "Contract term end equals Contract term start."
    assert found["childCharacteristic"]["type"] == "Equals"
    assert (found["recalcOption"], found["conditionOption"], found["dateOption"]) == ("Hard", "ASAP", "None")
    assert (found["isCalculated"], found["compareToDate"]) == (False, None)


async def test_a_calculation_is_changed_in_every_part(idle_api: Api) -> None:
    deal = await a_deal(idle_api, contract_term_start="2024-01-10", contract_date="2024-05-20")
    number = await idle_api.post("/date-math", date_math(deal, parent(deal)))
    (found,) = await idle_api.get(f"/deal/{deal}/date-math")
    source = found["parentCalcs"][0]["dateMathRelId"]
    change = {
        "dateMathCalcId": number,
        "type": "LATESTOF",
        "createParentCalcs": [parent(deal, SIGNED)],
        "updateParentCalcs": [{"dateMathRelId": source, "monthQuantity": 6}],
    }
    assert await idle_api.put("/date-math", change) == {"message": "Date math updated successfully."}
    assert await shown(idle_api, deal, END) == "2024-07-10"
    change = {"dateMathCalcId": str(number), "deleteParentCalcs": [source], "compareToDate": "12/31/2024"}
    await idle_api.put("/date-math", change)
    assert await shown(idle_api, deal, END) == "2024-12-31"
    await idle_api.put("/date-math", {"dateMathCalcId": number, "compareToDate": ""})
    assert await shown(idle_api, deal, END) == "2024-05-20"


async def test_what_is_not_there_cannot_be_changed_or_deleted(idle_api: Api) -> None:
    deal = await a_deal(idle_api)
    number = await idle_api.post("/date-math", date_math(deal, parent(deal)))
    sentence = "We encountered an error while attempting to update date math."
    for change in ({"dateMathCalcId": 999}, {"dateMathCalcId": number, "deleteParentCalcs": [999]}):
        assert (await idle_api.put("/date-math", change, status=500))["message"] == sentence
    assert (await idle_api.delete("/date-math/999", status=404))["message"] == "Resource Not Found"
    await idle_api.delete("/date-math/x", status=404)
    await idle_api.get("/deal/999/date-math", status=404)
    await idle_api.get("/nothing/1/date-math", status=404)
    assert await idle_api.delete(f"/date-math/{number}") is True
    assert await idle_api.get(f"/deal/{deal}/date-math") == []


async def test_a_circle_is_refused(idle_api: Api) -> None:
    deal = await a_deal(idle_api)
    for source in (END,):
        problem = await idle_api.post("/date-math", date_math(deal, parent(deal, source)), status=400)
        assert problem["message"] == "Date math cannot reference itself."


async def test_a_hard_date_is_not_written_by_hand(api: Api) -> None:
    deal = await a_deal(api, contract_term_start="2024-01-10")
    await api.post("/date-math", date_math(deal, parent(deal)))
    batch = await api.ran("PUT", {"4": [{"id": deal, "characteristics": {END: "2030-01-01"}}]})
    (entry,) = batch["batchResults"]["records"]["4"]
    assert entry["code"] == 400
    assert f"{END} is calculated by date math." in entry["message"]


@pytest.mark.parametrize("wrong", UNREADABLE)
async def test_what_cannot_be_read_is_refused(idle_api: Api, wrong: Row) -> None:
    deal = await a_deal(idle_api)
    await idle_api.post("/date-math", {**date_math(deal, parent(deal)), **wrong}, status=400)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dayQuantity": -1},
        {"dayQuantity": 10**30},
        {"yearQuantity": 1.5},
        {"monthQuantity": "many"},
        {"weekQuantity": True},
        {"dayUnit": "Fortnights"},
        {"isPriorTo": "maybe"},
        {"sortOrder": 2**40},
        {"tagLabel": ""},
        {"id": None},
    ],
)
async def test_a_source_that_cannot_be_read_is_refused(idle_api: Api, wrong: Row) -> None:
    deal = await a_deal(idle_api)
    await idle_api.post("/date-math", date_math(deal, parent(deal, **wrong)), status=400)


async def test_the_largest_shift_gives_no_date_and_no_error(idle_api: Api) -> None:
    deal = await a_deal(idle_api, contract_term_start="2024-01-10")
    for unit in range(1, 6):
        await idle_api.post("/date-math", date_math(deal, parent(deal, dayQuantity=10_000_000, dayUnit=unit)))
        assert await shown(idle_api, deal, END) is None


async def test_records_of_other_tenants_cannot_be_looked_at(house: House, idle_api: Api) -> None:
    other: NewAccount = await house.rent("Other")
    deal = await a_deal(idle_api)
    theirs = await a_deal(idle_api)
    async with await house.plain(other) as http:
        stranger = Api(house, other, http)
        mine = await a_deal(stranger)
        assert mine == deal
        await stranger.post("/date-math", date_math(mine, parent(theirs)), status=404)
        number = await idle_api.post("/date-math", date_math(deal, parent(deal)))
        await stranger.delete(f"/date-math/{number}", status=404)
        await stranger.put("/date-math", {"dateMathCalcId": number}, status=500)


async def test_who_may_only_read_reads_date_math_and_changes_none(house: House) -> None:
    account = await house.rent("Readers", Role.VIEWER)
    async with await house.plain(account) as http:
        reader = Api(house, account, http)
        await reader.get("/deal/1/date-math", status=404)
        await reader.post("/date-math", date_math(1, parent(1)), status=404)


async def copied(api: Api, deal: int, **parts: object) -> Row:
    batch = await api.ran("COPY", {"4": [{"id": deal, **parts}]})
    (entry,) = batch["batchResults"]["records"]["4"]
    return cast("Row", entry)


async def test_case_31_an_unknown_option_for_dates_makes_the_entry_unusable(api: Api) -> None:
    deal = await a_deal(api)
    assert texts([await copied(api, deal, dateMathOption="Sometimes")]) == [(400, "Invalid Record.")]


@pytest.mark.parametrize(
    ("option", "expected"),
    [("Default", "copy"), ("OriginalRecord", "original"), ("copied record", "copy"), (None, "copy")],
)
async def test_case_30_the_copy_s_date_math_looks_where_it_was_told_to(
    api: Api, option: str | None, expected: str
) -> None:
    deal = await a_deal(api, contract_term_start="2024-01-01")
    await api.post("/date-math", date_math(deal, parent(deal, yearQuantity=1)))
    entry = await copied(api, deal, dateMathOption=option, title="D")
    assert texts([entry]) == [(200, "Copied.")]
    assert (entry["record"]["title"], entry["record"]["characteristics"][END]) == ("D", "2025-01-01")
    (found,) = await api.get(f"/deal/{entry['id']}/date-math")
    assert found["parentCalcs"][0]["id"] == {"copy": entry["id"], "original": deal}[expected]

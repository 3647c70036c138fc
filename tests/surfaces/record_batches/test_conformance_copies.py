"""The conformance cases about workflow, relationships and copies."""

import pytest

from tests.surfaces.record_batches.house import Api, Row, texts
from tests.surfaces.record_batches.stock import MISSING, WHOLE, ending, entries, only_missing, title_of

GREENLIT = {"statusId": 16, "statusName": "Greenlit"}
NONE: list[Row] = []


async def links(api: Api, **ends: int) -> list[tuple[int, int, int, int, int]]:
    """The relationships of which the ends are these: type, parent, child."""
    conditions = [{"$eq": [name, value]} for name, value in ends.items()]
    found = await api.post("/relationship/search", {"query": {"$and": conditions}, "rows": 100})
    return [
        (
            one["relationshipType"]["relationshipTypeId"],
            one["parentCharTypeId"],
            one["parentRecordId"],
            one["childCharTypeId"],
            one["childRecordId"],
        )
        for one in found["entities"]
    ]


async def copied(api: Api, char_type: int, **asked: object) -> Row:
    """The entry of the one record that is copied, which must succeed."""
    batch = await api.ran("COPY", {str(char_type): [asked]})
    assert ending(batch, char_type) == ("Complete", [(200, "Copied.")])
    return entries(batch, char_type)[0]


# --- Workflow ----------------------------------------------------------------------------------------------------


async def test_an_action_takes_a_record_to_its_status(stocked: Api) -> None:
    """Case 22."""
    before = await stocked.get("/catalog-item/100")

    batch = await stocked.ran("EXECUTE-WORKFLOW", {"1": [{"id": 100, "actionId": 16}]})

    assert ending(batch, 1) == ("Complete", [(200, "Action Executed.")])
    record = entries(batch, 1)[0]["record"]
    assert record["status"] == GREENLIT
    assert record["statusUpdatedDate"] > before["statusUpdatedDate"]


async def test_an_action_that_is_not_available_is_told_with_the_status(stocked: Api) -> None:
    """Case 23."""
    batch = await stocked.ran("EXECUTE-WORKFLOW", {"1": [{"id": 5, "actionId": 95}]})

    assert ending(batch, 1) == ("Complete", [(403, "Action 95 not available to be taken from status 16")])


async def test_an_action_that_is_not_available_cancels_a_batch_that_is_wanted_whole(stocked: Api) -> None:
    """Case 24."""
    before = await stocked.get("/catalog-item/100")
    asked = {"1": [{"id": 100, "actionId": 16}, {"id": 5, "actionId": 16}]}

    batch = await stocked.ran("EXECUTE-WORKFLOW", asked, batchOptions=WHOLE)

    assert ending(batch, 1) == ("Cancelled", [(403, "Action 16 not available to be taken from status 16")])
    assert await stocked.get("/catalog-item/100") == before


# --- Relationships -----------------------------------------------------------------------------------------------


async def test_relationships_are_deleted_beside_others_that_are_missing(stocked: Api) -> None:
    """Case 21."""
    batch = await stocked.ran("DELETE", relationships=[{"id": 44809801}, {"id": 55489923}])

    assert batch["batchStatus"] == "Complete"
    assert texts(batch["batchResults"]["relationships"]) == [(200, "Deleted."), MISSING]
    assert [entry["id"] for entry in batch["batchResults"]["relationships"]] == [44809801, 55489923]
    await stocked.get("/relationship/44809801", 404)
    assert await title_of(stocked, "/right/201") == "Another right of the samples"


async def test_relationships_are_of_the_default_type(stocked: Api) -> None:
    """Case 25."""
    asked = [
        {"parentCharTypeId": 4, "parentRecordId": 4156, "childCharTypeId": 3, "childRecordId": right}
        for right in (131262, 131604, 1324213)
    ]

    batch = await stocked.ran("POST", relationships=asked)

    assert batch["batchStatus"] == "Complete"
    made = batch["batchResults"]["relationships"]
    assert texts(made) == [(200, "Created.")] * 3
    assert len({entry["id"] for entry in made}) == 3
    for sent, entry in zip(asked, made, strict=True):
        link = entry["relationship"]
        assert link["relationshipType"] == {"relationshipTypeId": 0, "relationshipTypeName": "Default"}
        assert sent.items() <= link.items()


async def test_a_missing_end_is_told_among_the_records(stocked: Api) -> None:
    """Case 26."""
    asked = {"parentCharTypeId": 4, "parentRecordId": 4958, "childCharTypeId": 1, "childRecordId": 9999999}

    batch = await stocked.ran("POST", relationships=[asked])

    assert batch["batchStatus"] == "Complete"
    assert batch["batchResults"] == only_missing(9999999)


# --- Copies ------------------------------------------------------------------------------------------------------


async def test_a_copy_is_the_same_under_another_number(stocked: Api) -> None:
    """Case 28."""
    before = await stocked.get("/contact/402")

    entry = await copied(
        stocked, 2, id=402, title="T", template={"templateId": 1}, copyRelationships=[{"id": 971252653}]
    )

    assert entry["id"] not in {0, 402}
    after = await stocked.get(f"/contact/{entry['id']}")
    assert after["title"] == "T"
    assert (after["status"], after["characteristics"]) == (before["status"], before["characteristics"])
    assert await links(stocked, childchartypeid=2, childrecordid=entry["id"]) == [(0, 4, 4123, 2, entry["id"])]
    assert await links(stocked, childchartypeid=2, childrecordid=402) == [(0, 4, 4123, 2, 402)]


async def test_a_copy_to_another_char_type_keeps_the_fields_they_share(stocked: Api) -> None:
    """Case 29."""
    entry = await copied(
        stocked,
        1,
        id=100,
        charTypeId=4,
        template={"templateId": 12},
        title="D",
        characteristics={},
        copyRelationships=NONE,
    )

    deal = await stocked.get(f"/deal/{entry['id']}")
    assert (deal["title"], deal["status"]) == ("D", {"statusId": 1, "statusName": "Draft"})
    assert deal["characteristics"] == {"notes": ["one", "two"]}
    assert deal["template"]["templateId"] == 12


async def looked_at(api: Api, path: str) -> int:
    """The record that the only calculated date of a record is worked out from."""
    (rule,) = await api.get(f"{path}/date-math")
    (source,) = rule["parentCalcs"]
    number: int = source["id"]
    return number


@pytest.mark.parametrize(
    ("option", "of_deal", "of_right"),
    [("Default", "copy", "original"), ("OriginalRecord", "original", "original"), ("CopiedRecord", "copy", "copy")],
)
async def test_date_math_of_copies_looks_where_it_was_told_to(
    *, stocked: Api, option: str, of_deal: str, of_right: str
) -> None:
    """Case 30."""
    entry = await copied(stocked, 4, id=700, dateMathOption=option, copyRelationships=[{"id": 702}])

    ((_, _, _, _, right),) = await links(stocked, parentchartypeid=4, parentrecordid=entry["id"])
    assert right != 701
    number = {"copy": entry["id"], "original": 700}
    assert await looked_at(stocked, f"/deal/{entry['id']}") == number[of_deal]
    assert await looked_at(stocked, f"/right/{right}") == number[of_right]
    assert (await stocked.get(f"/right/{right}"))["characteristics"]["actual_term_start"] == "2024-01-05"
    assert entry["record"]["characteristics"]["contract_term_end"] == "2025-02-01"


async def test_an_option_for_dates_that_there_is_not_makes_the_entry_unusable(stocked: Api) -> None:
    """Case 31."""
    batch = await stocked.ran("COPY", {"4": [{"id": 700, "dateMathOption": "Sometimes"}]})

    assert ending(batch, 4) == ("Complete", [(400, "Invalid Record.")])


async def test_parties_are_left_behind_on_request(stocked: Api) -> None:
    """Case 32."""
    without = await copied(stocked, 1, id=101, copyParties=False)
    with_them = await copied(stocked, 1, id=101)

    assert await links(stocked, parentchartypeid=1, parentrecordid=without["id"]) == []
    assert sorted(await links(stocked, parentchartypeid=1, parentrecordid=with_them["id"])) == [
        (2, 1, with_them["id"], 2, 404),
        (9, 1, with_them["id"], 2, 403),
    ]

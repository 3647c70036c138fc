"""The audit history of a record."""

import pytest

from tests.surfaces.record_batches.house import Api
from tests.surfaces.record_batches.test_search import film


async def test_what_happened_to_a_record_is_told_newest_first(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha", release_year=1999)
    await idle_api.put(f"/catalog-item/{number}", {"characteristics": {"release_year": 2001}})
    history = await idle_api.get(f"/catalog-item/{number}/audit-history")
    entries = history["entries"]
    assert history["totalCount"] == len(entries)
    assert (entries[0]["operationId"], entries[0]["operationLabel"]) == (4, "Changed")
    assert (entries[-1]["operationId"], entries[-1]["operationLabel"]) == (2, "Added")
    assert entries[0]["templateName"] == "Feature"
    changed = next(one for one in entries if one["changedField"])
    assert len(changed["sequence"]) == len("0x") + 20
    detail = await idle_api.get(f"/catalog-item/{number}/audit-history-detail?sequence={changed['sequence']}")
    assert (detail["oldValue"], detail["newValue"]) == ("1999", "2001")
    assert detail["changedField"] == changed["changedField"]


async def test_workflow_is_told_when_asked_for(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha")
    await idle_api.put(f"/catalog-item/{number}/execute-workflow-action/16")
    plain = await idle_api.get(f"/catalog-item/{number}/audit-history")
    full = await idle_api.get(f"/catalog-item/{number}/audit-history?showWorkflow=TRUE&rows=1&page=1")
    assert full["totalCount"] > plain["totalCount"]
    assert full["entries"][0]["operationLabel"] == "Action Executed"


async def test_windows_and_users_narrow(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha")
    for query, found in [("userId=99", 0), ("startDate=2000-01-01&endDate=2000-02-01", 0), ("charTypeIds=1,4", 1)]:
        history = await idle_api.get(f"/catalog-item/{number}/audit-history?{query}")
        assert (history["totalCount"] > 0) is bool(found)


@pytest.mark.parametrize("query", ["page=0", "rows=x", "startDate=x", "showWorkflow=x", "charTypeIds=x", "userId=-1"])
async def test_queries_that_make_no_sense_are_refused(idle_api: Api, query: str) -> None:
    number = await film(idle_api, "Alpha")
    refused = await idle_api.get(f"/catalog-item/{number}/audit-history?{query}", 400)
    assert f"{query.partition('=')[0]}:" in refused["message"]


async def test_what_is_not_there_is_not_found(idle_api: Api) -> None:
    number = await film(idle_api, "Alpha")
    other = await film(idle_api, "Beta")
    theirs = (await idle_api.get(f"/catalog-item/{other}/audit-history"))["entries"][0]["sequence"]
    await idle_api.get("/catalog-item/99/audit-history", 404)
    for sequence in (theirs, "0xffffffffffffffffffff", "0x77"):
        await idle_api.get(f"/catalog-item/{number}/audit-history-detail?sequence={sequence}", 404)
    await idle_api.get(f"/catalog-item/{number}/audit-history-detail?sequence=zz", 400)

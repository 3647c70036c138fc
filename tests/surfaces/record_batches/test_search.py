"""Searching over HTTP: operators, paging, joins, and what is refused."""

from typing import Any

import pytest

from tests.surfaces.record_batches.house import Api, House

Row = dict[str, Any]
"""A JSON object."""


async def film(api: Api, title: str, **values: object) -> int:
    body = {"title": title, "template": {"templateId": 1}, "characteristics": values}
    number: int = await api.post("/catalog-item", body)
    return number


async def deal(api: Api, title: str, *films: int) -> int:
    number: int = await api.post("/deal", {"title": title, "template": {"templateId": 12}})
    for child in films:
        ends = {"parentCharTypeId": 4, "parentRecordId": number, "childCharTypeId": 1, "childRecordId": child}
        await api.post("/relationship", ends)
    return number


async def titles(api: Api, query: object = None, **more: object) -> list[str]:
    found = await api.post("/catalog-item/search", {"query": query, **more})
    return [entity["title"] for entity in found["entities"]]


async def three_films(api: Api) -> tuple[int, int, int]:
    return (
        await film(api, "Alpha", release_year=1999, genre=["Drama", "Comedy"], notes=["a quiet film"]),
        await film(api, "Beta", release_year=2005, genre=["Comedy"], notes=["A LOUD FILM"]),
        await film(api, "Gamma 100%", release_year=2010),
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"$eq": ["release_year", 1999]}, ["Alpha"]),
        ({"$eq": ["release_year", "1999"]}, ["Alpha"]),
        ({"$neq": ["release_year", 1999]}, ["Beta", "Gamma 100%"]),
        ({"$contains": ["title", "amm"]}, ["Gamma 100%"]),
        ({"$ncontains": ["title", "a%"]}, ["Alpha", "Beta", "Gamma 100%"]),
        ({"$contains": ["title_istr", "ALPHA"]}, ["Alpha"]),
        ({"$gt": ["release_year", 1999]}, ["Beta", "Gamma 100%"]),
        ({"$gte": ["release_year", 1999.0]}, ["Alpha", "Beta", "Gamma 100%"]),
        ({"$lt": ["release_year", 2005]}, ["Alpha"]),
        ({"$lte": ["release_year", 2005]}, ["Alpha", "Beta"]),
        ({"$range": ["release_year", 1999, 2010, False]}, ["Beta", "Gamma 100%"]),
        ({"$range": ["release_year", 1999, 2010, True, False]}, ["Alpha", "Beta"]),
        ({"$eq_any": ["release_year", [1999, "2010"]]}, ["Alpha", "Gamma 100%"]),
        ({"$eq_none": ["genre", ["Drama"]]}, ["Beta", "Gamma 100%"]),
        ({"$eq_all": ["genre", ["Drama", "Comedy"]]}, ["Alpha"]),
        ({"$eq": ["genre", None]}, ["Gamma 100%"]),
        ({"$contains_any": ["notes", ["quiet", "LOUD"]]}, ["Alpha", "Beta"]),
        ({"$contains_none": ["notes", ["quiet"]]}, ["Beta", "Gamma 100%"]),
        ({"$contains_all": ["notes_istr", ["loud", "Film"]]}, ["Beta"]),
        ({"$eq": ["title", "*a"], "$quoted": [False]}, ["Alpha", "Beta"]),
        ({"$eq": ["title", "*a"]}, []),
        ({"$eq": ["status", "Development"]}, ["Alpha", "Beta", "Gamma 100%"]),
        ({"$neq": ["statusid", "1"]}, []),
        ({"$eq": ["template", "Feature"]}, ["Alpha", "Beta", "Gamma 100%"]),
        ({"$contains": ["template_istr", "FEAT"]}, ["Alpha", "Beta", "Gamma 100%"]),
        ({"$gt": ["created", "2001-01-01"]}, ["Alpha", "Beta", "Gamma 100%"]),
        ({"$lt": ["last_updated", "2001-01-01T00:00:00Z"]}, []),
        ({"$and": [{"$gt": ["release_year", 1990]}, {"$not": [{"$eq": ["genre", "Drama"]}]}]}, ["Beta", "Gamma 100%"]),
        ({"$or": [{"$eq": ["recordid", 0]}, {"$EQ": ["genre", "Drama"]}]}, ["Alpha"]),
    ],
)
async def test_every_operator_finds_what_it_says(idle_api: Api, query: Row, expected: list[str]) -> None:
    await three_films(idle_api)
    assert await titles(idle_api, query) == expected


async def test_values_of_lists_are_found_by_id_and_label(idle_api: Api) -> None:
    await three_films(idle_api)
    fields = await idle_api.get("/catalog-item-templates/1/genre")
    drama = next(one["id"] for one in fields["listOfValues"] if one["label"] == "Drama")
    for value in (drama, str(drama), "Drama"):
        assert await titles(idle_api, {"$eq": ["genre", value]}) == ["Alpha"]


async def test_keywords_are_all_found_somewhere(idle_api: Api) -> None:
    await three_films(idle_api)
    assert await titles(idle_api, keywords="film") == ["Alpha", "Beta"]
    assert await titles(idle_api, keywords="FILM alpha") == ["Alpha"]
    assert await titles(idle_api, keywords="film gamma") == []


async def test_parts_orders_and_totals(idle_api: Api) -> None:
    await three_films(idle_api)
    body: Row = {"sortOrders": ["release_year desc"], "start": 1, "rows": "1"}
    found = await idle_api.post("/catalog-item/search/", body)
    assert (found["numFound"], [one["title"] for one in found["entities"]]) == (3, ["Beta"])
    assert "cursorToken" not in found
    assert await titles(idle_api, sortOrders=["title_sort desc"], rows=1000) == ["Gamma 100%", "Beta", "Alpha"]
    assert await titles(idle_api, rows=0) == []


async def test_a_token_continues_where_the_part_before_ended(idle_api: Api) -> None:
    await three_films(idle_api)
    body: Row = {"sortOrders": ["genre asc", "title desc"], "rows": 1, "cursorToken": "*"}
    seen: list[str] = []
    for _ in range(4):
        found = await idle_api.post("/catalog-item/search", body)
        assert found["numFound"] == 3
        seen += [one["title"] for one in found["entities"]]
        body["cursorToken"] = found["cursorToken"]
    assert sorted(seen) == ["Alpha", "Beta", "Gamma 100%"]
    assert seen[0] == "Gamma 100%"


async def test_relationships_lead_from_one_record_to_another(idle_api: Api) -> None:
    alpha, beta, _ = await three_films(idle_api)
    number = await deal(idle_api, "License A", alpha)
    await deal(idle_api, "License B", beta)
    by_title = {"$eq": ["title", "License A"]}
    ends = {"$and": [{"$eq": ["parentchartypeid", 4]}, {"$eq": ["parentrecordid", number]}]}
    assert await titles(idle_api, parentQuery={"4": by_title}) == ["Alpha"]
    assert await titles(idle_api, {"$join_parent_entity": [4, by_title]}) == ["Alpha"]
    assert await titles(idle_api, {"$join_parent_rel": [ends]}) == ["Alpha"]
    assert await titles(idle_api, {"$join": [0, "childrecordid", "recordid", ends]}) == ["Alpha"]
    assert await titles(idle_api, {"$not": [{"$join_parent_rel": [ends]}]}) == ["Beta", "Gamma 100%"]
    of_hit = {"$join_parent_rel": [{"$and": [{"$eq": ["relind", 0]}, {"$eq": ["genre", "Drama"]}]}]}
    assert await titles(idle_api, of_hit) == ["Alpha"]
    deals = await idle_api.post("/deal/search", {"childQuery": {"1": {"$eq": ["genre", "Drama"]}}})
    assert [one["id"] for one in deals["entities"]] == [number]


async def test_relationships_are_searched_by_their_ends(idle_api: Api) -> None:
    alpha, beta, _ = await three_films(idle_api)
    number = await deal(idle_api, "License", alpha, beta)
    body = {"query": {"$eq": ["parentrecordid", number]}, "sortOrders": ["created desc", "relrecid desc"]}
    found = await idle_api.post("/relationship/search", body)
    assert found["numFound"] == 2
    assert [one["childRecordId"] for one in found["entities"]] == [beta, alpha]
    assert found["entities"][0]["childTemplate"]["templateName"] == "Feature"
    named = await idle_api.post(
        "/relationship/search", {"query": {"$join_child_entity": [1, {"$eq": ["title", "Beta"]}]}}
    )
    assert [one["childRecordId"] for one in named["entities"]] == [beta]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"query": []}, "query:"),
        ({"query": {"$eq": ["title", "x"], "$neq": ["title", "y"]}}, "query:"),
        ({"query": {"$like": ["title", "x"]}}, "query.$like:"),
        ({"query": {"$eq": ["title"]}}, "query.$eq:"),
        ({"query": {"$eq": "title"}}, "query.$eq:"),
        ({"query": {"$eq": ["no_field", 1]}}, "query.$eq[0]:"),
        ({"query": {"$eq": [5, 1]}}, "query.$eq[0]:"),
        ({"query": {"$eq": ["recordid", "five"]}}, "query.$eq[1]:"),
        ({"query": {"$eq": ["recordid", 5.5]}}, "query.$eq[1]:"),
        ({"query": {"$eq": ["release_year", "20x6"]}}, "query.$eq[1]:"),
        ({"query": {"$eq": ["created", "yesterday"]}}, "query.$eq[1]:"),
        ({"query": {"$eq": ["title", {"a": 1}]}}, "query.$eq[1]:"),
        ({"query": {"$contains": ["recordid", 5]}}, "query.$contains:"),
        ({"query": {"$eq_any": ["title", []]}}, "query.$eq_any[1]:"),
        ({"query": {"$eq_any": ["title", ["x"] * 1001]}}, "query.$eq_any[1]:"),
        ({"query": {"$range": ["release_year", 1]}}, "query.$range:"),
        ({"query": {"$and": []}}, "query.$and:"),
        ({"query": {"$not": [{}, {}]}}, "query.$not:"),
        ({"query": {"$eq": ["title", "x"], "$quoted": "no"}}, "query.$quoted:"),
        ({"query": {"$join_parent_entity": [99, {"$eq": ["title", "x"]}]}}, "query.$join_parent_entity[0]:"),
        ({"query": {"$join": [0, "title", "recordid", {"$eq": ["relind", 0]}]}}, "query.$join[1]:"),
        ({"query": {"$join_parent_rel": [{"$eq": ["nothing", 0]}]}}, "query.$join_parent_rel[0].$eq[0]:"),
        ({"parentQuery": {"x": {"$eq": ["title", "x"]}}}, "parentQuery.x:"),
        ({"parentQuery": [1]}, "parentQuery:"),
        ({"start": -1}, "start:"),
        ({"rows": "many"}, "rows:"),
        ({"sortOrders": ["title upwards"]}, "sortOrders[0]:"),
        ({"sortOrders": [5]}, "sortOrders[0]:"),
        ({"sortOrders": ["nothing asc"]}, "sortOrders[0]:"),
        ({"cursorToken": "broken!"}, "cursorToken:"),
        ({"cursorToken": "WzEsWzFdXQ=="}, "cursorToken:"),
        ({"cursorToken": 7}, "cursorToken:"),
        ({"keywords": 7}, "keywords:"),
        ({"keywords": "a b c d e f g h i"}, "keywords:"),
        ({"query": {"$eq": ["title", "*" * 17]}}, "query.$eq[1]:"),
    ],
)
async def test_what_is_wrong_is_named_with_its_place(idle_api: Api, body: Row, where: str) -> None:
    refused = await idle_api.post("/catalog-item/search", body, 400)
    assert f"\n{where}" in refused["message"]


async def test_every_fault_is_named_at_once(idle_api: Api) -> None:
    nodes = [{"$eq": ["nothing", 1]}, {"$eq": ["recordid", "x"]}, {"$what": []}]
    refused = await idle_api.post("/catalog-item/search", {"query": {"$and": nodes}, "rows": -1}, 400)
    assert refused["message"].count("\n") == 4


async def test_trees_that_are_too_large_are_refused(idle_api: Api) -> None:
    leaf: Row = {"$eq": ["title", "x"]}
    deep = leaf
    for _ in range(20):
        deep = {"$not": [deep]}
    joined = leaf
    for at in range(4):
        joined = {"$join_parent_entity": [1 if at % 2 else 4, joined]}
    for query in (deep, joined, {"$or": [leaf] * 200}):
        assert "must not" in (await idle_api.post("/catalog-item/search", {"query": query}, 400))["message"]


async def test_names_may_hold_what_they_like(idle_api: Api) -> None:
    for evil in ("'; DROP TABLE records; --", "\\", "%", 'a"b', "\U0001f3ac"):
        assert await titles(idle_api, {"$eq": ["title", evil]}) == []
        refused = await idle_api.post("/catalog-item/search", {"query": {"$eq": [evil, "x"]}}, 400)
        assert "is not a field" in refused["message"]


async def test_other_tenants_records_are_never_found(house: House, idle_api: Api) -> None:
    await three_films(idle_api)
    other = await house.rent("Other")
    async with await house.plain(other) as http:
        theirs = Api(house, other, http)
        assert await titles(theirs) == []
        assert (await theirs.post("/relationship/search", {}))["numFound"] == 0


async def test_what_is_known_of_dates_is_told_when_asked_for(idle_api: Api) -> None:
    await film(idle_api, "Alpha")
    found = await idle_api.post("/catalog-item/search?extendedData=true", {})
    assert found["entities"][0]["characteristicsExtended"] == {}
    assert (await idle_api.post("/nothing/search", {}, 404))["message"] == "Resource Not Found"

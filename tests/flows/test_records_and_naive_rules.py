"""Random batches against a server and against the plainest reading of the rules: no difference may be seen."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.domain.tenant import Role
from muster.records.configuring.blueprint import BlueprintDesk, read_blueprint
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.naive_records import BLUEPRINT, PATHS, Json, NaiveRecords
from tests.surfaces.record_batches.house import Api, House

_NUMBERS = st.integers(1, 5)
_TYPES = st.sampled_from([1, 2, 3])
_LABELS = {1: ["code", "year", "genre", "fixed", "city"], 2: ["city", "code"], 3: ["note", "city", "year"]}
_GENRE = st.sampled_from(["Drama", "Comedy", "Nope", {"id": 13}, {"id": 99}, {"xref": "DRA"}, {"value": "Horror"}])
_RAW: dict[str, st.SearchStrategy[Any]] = {
    "code": st.sampled_from(["A", "ABCDE", "ABCDEF", "", None]),
    "year": st.sampled_from([1999, "2024", "20x6", 999, None]),
    "genre": _GENRE | st.lists(_GENRE, max_size=2, unique_by=json.dumps),
    "fixed": st.sampled_from(["as made", "otherwise"]),
    "city": st.sampled_from(["Oslo", "Rome", "", None]),
    "note": st.just("n"),
}
_TITLES = st.sampled_from(["One", "Two", "", "x" * 501])


@st.composite
def _content(draw: st.DrawFn, char_type: int, *, likely: bool) -> Json:
    """Values; mostly good ones where they must be for the record to be of use afterwards."""
    labels = draw(st.lists(st.sampled_from(_LABELS[char_type]), max_size=3, unique=True))
    values = {label: draw(_RAW[label]) for label in labels}
    if likely and char_type == 1 and draw(st.integers(0, 3)):
        values["code"] = "OK"
    return values


@st.composite
def _created(draw: st.DrawFn, char_type: int) -> Json:
    one: Json = {"characteristics": draw(_content(char_type, likely=True))}
    if draw(st.integers(0, 9)):
        one["template"] = {"templateId": 1 if draw(st.integers(0, 7)) else 8}
    if draw(st.integers(0, 7)):
        one["title"] = "One" if draw(st.integers(0, 4)) else draw(_TITLES)
    if draw(st.booleans()):
        one["referenceId"] = draw(st.sampled_from(["a", "b"]))
    return one


@st.composite
def _updated(draw: st.DrawFn, char_type: int) -> Json:
    one: Json = {"id": draw(_NUMBERS)} if draw(st.integers(0, 9)) else {}
    if draw(st.booleans()):
        one["title"] = draw(_TITLES)
    if draw(st.booleans()):
        one["characteristics"] = draw(_content(char_type, likely=False))
    if draw(st.integers(0, 5)) == 0:
        one["template"] = {"templateId": draw(st.sampled_from([1, 8]))}
    return one


@st.composite
def _acted(draw: st.DrawFn, _char_type: int) -> Json:
    one: Json = {"id": draw(_NUMBERS)}
    if draw(st.integers(0, 9)):
        one["actionId"] = draw(st.sampled_from([1, 2, 3, 5, 95]))
    return one


@st.composite
def _related(draw: st.DrawFn) -> Json:
    one: Json = {
        "parentCharTypeId": draw(_TYPES),
        "parentRecordId": draw(_NUMBERS),
        "childCharTypeId": draw(_TYPES),
        "childRecordId": draw(_NUMBERS),
    }
    if draw(st.integers(0, 4)) == 0:
        one["relationshipType"] = {"relationshipTypeId": draw(st.sampled_from([0, 9, 77]))}
    return one


@st.composite
def _named(draw: st.DrawFn, _char_type: int = 0) -> Json:
    return {"id": draw(_NUMBERS)} if draw(st.integers(0, 19)) else {}


_ENTRY = {"GET": _named, "POST": _created, "PUT": _updated, "DELETE": _named, "EXECUTE-WORKFLOW": _acted}
_METHODS = st.sampled_from(["POST", "POST", "POST", "PUT", "DELETE", "EXECUTE-WORKFLOW", "EXECUTE-WORKFLOW", "GET"])


@st.composite
def _batch(draw: st.DrawFn) -> Json:
    method = draw(_METHODS)
    records: Json = {}
    for char_type in draw(st.lists(_TYPES, max_size=3, unique=True)):
        entry = _ENTRY[method](char_type)  # type: ignore[operator]  # one of five strategies
        records[str(char_type)] = draw(st.lists(entry, min_size=1, max_size=4))
    body: Json = {"method": method, "records": records}
    if method in {"GET", "POST", "DELETE"} and (not records or draw(st.booleans())):
        entry = _related() if method == "POST" else _named()
        body["relationships"] = draw(st.lists(entry, min_size=1, max_size=5))
    elif not records:
        body["records"] = {"1": [draw(_ENTRY[method](1))]}  # type: ignore[operator]  # one of five strategies
    if draw(st.booleans()):
        body["batchOptions"] = {"cancelIfRecordFails": True}
    return body


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> AsyncIterator[House]:
    """A server that works on batches."""
    made = House(store, clock)
    made.start()
    yield made
    await made.stop()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(batches=st.lists(_batch(), min_size=3, max_size=9))
async def test_random_batches_end_as_the_rules_say(house: House, batches: list[Json]) -> None:
    house.examples = getattr(house, "examples", 0) + 1  # type: ignore[attr-defined]  # each example gets a tenant
    account = await house.accounts.add(f"Tenant {house.examples}", Role.OWNER)  # type: ignore[attr-defined]
    blueprint = read_blueprint(BLUEPRINT.encode(), form="toml")
    await BlueprintDesk(house.store, house.clock).configure(account.tenant, blueprint, account.principal)
    naive = NaiveRecords()
    async with await house.plain(account) as http:
        api = Api(house, account, http)
        for body in batches:
            expected = naive.batch(body)
            method, records = body["method"], body["records"]
            rest = {name: value for name, value in body.items() if name not in {"method", "records"}}
            told = await api.ran(method, records, **rest)
            assert _seen(told) == _expected(expected), body
        assert await _everything(api) == _kept(naive)


def _seen(told: Json) -> Json:
    """What the server told, in the words of the naive rules."""
    results = told["batchResults"]
    return {
        "status": told["batchStatus"],
        "records": {
            key: [_entry(one, "record", _record) for one in some] for key, some in results["records"].items() if some
        },
        "relationships": [_entry(one, "relationship", _link) for one in results["relationships"]],
    }


def _expected(naive: Json) -> Json:
    def plain(what: Any) -> Any:
        return what

    results = naive["batchResults"]
    return {
        "status": naive["batchStatus"],
        "records": {key: [_entry(one, "record", plain) for one in some] for key, some in results["records"].items()},
        "relationships": [_entry(one, "relationship", plain) for one in results["relationships"]],
    }


def _entry(one: Json, key: str, read: Any) -> Json:
    entry = {**one, "message": _message(one["message"])}
    return {**entry, key: read(one[key])} if key in one else entry


def _message(text: str) -> Any:
    """A validation object as what it says; which of its texts comes first, nobody has said."""
    if not text.startswith("{"):
        return text
    told = json.loads(text)
    return {**told, "Errors": {one["Key"]: sorted(one["Value"]) for one in told["Errors"]}}


def _record(entity: Json) -> Json:
    return {
        "title": entity["title"],
        "status": entity["status"]["statusId"],
        "characteristics": entity["characteristics"],
        "parentRelationshipCount": entity["parentRelationshipCount"],
    }


def _link(link: Json) -> Json:
    return {
        "parent": (link["parentCharTypeId"], link["parentRecordId"]),
        "child": (link["childCharTypeId"], link["childRecordId"]),
        "type": link["relationshipType"]["relationshipTypeId"],
    }


async def _everything(api: Api) -> Json:
    """Every record and relationship there is, by search."""
    body = {"rows": 100}
    records = {}
    for char_type, path in PATHS.items():
        found = await api.post(f"/{path}/search", body)
        assert found["numFound"] == len(found["entities"])
        records |= {(char_type, one["id"]): _record(one) for one in found["entities"]}
    links = await api.post("/relationship/search", body)
    return {"records": records, "links": {one["id"]: _link(one) for one in links["entities"]}}


def _kept(naive: NaiveRecords) -> Json:
    counts = {key: sum(link["child"] == key for link in naive.links.values()) for key in naive.records}
    return {
        "records": {key: {**one, "parentRelationshipCount": counts[key]} for key, one in naive.records.items()},
        "links": naive.links,
    }

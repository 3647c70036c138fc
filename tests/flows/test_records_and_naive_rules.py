"""Random batches against a server and against the plainest reading of the rules: no difference may be seen."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.catalog.accounts import NewAccount
from muster.domain.tenant import Role
from muster.records.configuring.blueprint import BlueprintDesk, read_blueprint
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.naive_records import NaiveRecords
from tests.fakes.naive_values import BLUEPRINT, PATHS, Json
from tests.surfaces.record_batches.house import Api, House

Reading = Callable[[Json], Json]
Who = Literal["owner", "reader"]
Strategy = st.SearchStrategy[Any]
"""Draws JSON."""
_FIRST = 4
"""Of how many records of each type there is talk from the start."""
_NUMBERS = st.integers(1, _FIRST + 2)
_TYPES = st.sampled_from([1, 2, 3])
_LABELS = {1: ["code", "year", "genre", "fixed", "city"], 2: ["city", "code"], 3: ["note", "city", "year"]}
_GENRE = st.sampled_from(["Drama", "Comedy", "Nope", {"id": 13}, {"id": 99}, {"xref": "DRA"}, {"value": "Horror"}])
_RAW: Mapping[str, Strategy] = {
    "code": st.sampled_from(["A", "ABCDE", "ABCDEF", "", None]),
    "year": st.sampled_from([1999, "2024", "20x6", 999, None]),
    "genre": _GENRE | st.lists(_GENRE, max_size=2, unique_by=json.dumps),
    "fixed": st.sampled_from(["as made", "otherwise"]),
    "city": st.sampled_from(["Oslo", "Rome", "", None]),
    "note": st.just("n"),
}
_TITLES = st.sampled_from(["One", "Two", "", "x" * 501])
_KINDS = st.sampled_from([0, 0, 0, 9, 9, 77])


def _rarely(draw: st.DrawFn, one_in: int) -> bool:
    # Shrinks to the common case.
    return draw(st.integers(0, one_in - 1)) == one_in - 1


# --- Entries -----------------------------------------------------------------------------------------------------


@st.composite
def _content(draw: st.DrawFn, char_type: int, *, likely: bool) -> Json:
    """Values; mostly good ones where they must be for the record to be of use afterwards."""
    labels = draw(st.lists(st.sampled_from(_LABELS[char_type]), max_size=3, unique=True))
    values = {label: draw(_RAW[label]) for label in labels}
    return {**values, "code": "OK"} if likely and char_type == 1 and not _rarely(draw, 4) else values


@st.composite
def _good(draw: st.DrawFn, char_type: int) -> Json:
    """A record that can be made."""
    known = {1: {"code": "OK", "year": 1999, "genre": ["Drama"], "fixed": "as made"}, 2: {"city": "Oslo"}}
    values = known.get(char_type, {"note": "n", "city": "Rome"})
    return {"title": draw(st.sampled_from(["One", "Two"])), "template": {"templateId": 1}, "characteristics": values}


@st.composite
def _created(draw: st.DrawFn, char_type: int) -> Json:
    one: Json = {"characteristics": draw(_content(char_type, likely=True))}
    if not _rarely(draw, 10):
        one["template"] = {"templateId": 8 if _rarely(draw, 8) else 1}
    if not _rarely(draw, 8):
        one["title"] = draw(_TITLES) if _rarely(draw, 5) else "One"
    if draw(st.booleans()):
        one["referenceId"] = draw(st.sampled_from(["a", "b"]))
    return one


@st.composite
def _updated(draw: st.DrawFn, char_type: int) -> Json:
    one: Json = draw(_named())
    if draw(st.booleans()):
        one["title"] = draw(_TITLES)
    if draw(st.booleans()):
        one["characteristics"] = draw(_content(char_type, likely=False))
    if _rarely(draw, 6):
        one["template"] = {"templateId": draw(st.sampled_from([1, 8]))}
    return one


@st.composite
def _acted(draw: st.DrawFn, _char_type: int) -> Json:
    action = {} if _rarely(draw, 10) else {"actionId": draw(st.sampled_from([1, 2, 3, 5, 95]))}
    return {"id": draw(_NUMBERS)} | action


@st.composite
def _copied(draw: st.DrawFn, char_type: int) -> Json:
    one: Json = draw(_named())
    to = draw(_TYPES) if _rarely(draw, 4) else char_type
    if to != char_type or _rarely(draw, 6):
        one["charTypeId"] = to
    if to != char_type or draw(st.booleans()):
        one["template"] = {"templateId": 8 if _rarely(draw, 10) else 1}
    if draw(st.booleans()):
        one["title"] = draw(_TITLES)
    if draw(st.booleans()):
        one["characteristics"] = draw(_content(to, likely=True))
    if not _rarely(draw, 4):
        listed = st.lists(_link_number().map(lambda number: {"id": number}), max_size=2)
        one["copyRelationships"] = draw(st.booleans() | listed)
    if _rarely(draw, 4):
        one["copyParties"] = False
    return one


def _link_number() -> st.SearchStrategy[int]:
    return st.integers(1, 9)


@st.composite
def _related(draw: st.DrawFn) -> Json:
    one: Json = {
        "parentCharTypeId": draw(_TYPES),
        "parentRecordId": draw(_NUMBERS),
        "childCharTypeId": draw(_TYPES),
        "childRecordId": draw(_NUMBERS),
    }
    kind = draw(_KINDS)
    if kind == 9 and not _rarely(draw, 6):
        one["childCharTypeId"] = 2
    return one | ({"relationshipType": {"relationshipTypeId": kind}} if kind else {})


@st.composite
def _named(draw: st.DrawFn, _char_type: int = 0) -> Json:
    return {} if _rarely(draw, 20) else {"id": draw(_NUMBERS)}


# --- Batches -----------------------------------------------------------------------------------------------------

_ENTRY: Mapping[str, Callable[[int], Strategy]] = {
    "GET": _named,
    "POST": _created,
    "PUT": _updated,
    "DELETE": _named,
    "EXECUTE-WORKFLOW": _acted,
    "COPY": _copied,
}
_METHODS = st.sampled_from(["COPY", "COPY", "COPY", "EXECUTE-WORKFLOW", "PUT", "DELETE", "DELETE", "POST", "GET"])


@st.composite
def _founding(draw: st.DrawFn) -> Json:
    """The batch that makes what all others are about."""
    records: Json = {}
    for char_type in PATHS:
        records[str(char_type)] = [
            draw(_created(char_type) if _rarely(draw, 8) else _good(char_type)) for _ in range(_FIRST)
        ]
    return {"method": "POST", "records": records, "relationships": draw(st.lists(_related(), min_size=4, max_size=12))}


@st.composite
def _batch(draw: st.DrawFn) -> Json:
    method = draw(_METHODS)
    records: Json = {}
    for char_type in draw(st.lists(_TYPES, max_size=3, unique=True)):
        records[str(char_type)] = draw(st.lists(_ENTRY[method](char_type), min_size=1, max_size=3))
    body: Json = {"method": method, "records": records}
    if method in {"GET", "POST", "DELETE"} and (not records or draw(st.booleans())):
        link = _related() if method == "POST" else st.fixed_dictionaries({"id": _link_number()})
        body["relationships"] = draw(st.lists(link, min_size=1, max_size=4))
    elif not records:
        body["records"] = {"1": [draw(_ENTRY[method](1))]}
    if draw(st.booleans()):
        body["batchOptions"] = {"cancelIfRecordFails": True}
    return body


_WHO = st.sampled_from(["owner"] * 7 + ["reader"])


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> AsyncIterator[House]:
    """A server that works on batches."""
    made = House(store, clock)
    made.start()
    yield made
    await made.stop()


class _Tenants:
    """Gives each example a tenant of its own."""

    made = 0

    async def one(self, house: House) -> NewAccount:
        self.made += 1
        account = await house.accounts.add(f"Tenant {self.made}", Role.OWNER)
        blueprint = read_blueprint(BLUEPRINT.encode(), form="toml")
        await BlueprintDesk(house.store, house.clock).configure(account.tenant, blueprint, account.principal)
        return account


@pytest.fixture
def tenants() -> _Tenants:
    """Where examples get their tenants."""
    return _Tenants()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(founding=_founding(), batches=st.lists(st.tuples(_WHO, _batch()), min_size=2, max_size=6))
async def test_random_batches_end_as_the_rules_say(
    *, house: House, tenants: _Tenants, founding: Json, batches: list[tuple[Who, Json]]
) -> None:
    account = await tenants.one(house)
    reader = await house.accounts.add_principal(str(account.tenant), "reader", Role.VIEWER)
    naive = NaiveRecords()
    async with AsyncExitStack() as clients:
        apis = {
            name: Api(house, one, await clients.enter_async_context(await house.plain(one)))
            for name, one in (("owner", account), ("reader", reader))
        }
        for who, body in [("owner", founding), *batches]:
            expected = naive.batch(body, reads_only=who == "reader")
            told = await apis[who].ran(**body)
            assert _seen(told) == _expected(expected), body
        assert await _everything(apis["owner"]) == _kept(naive)


# --- What is held against each other -----------------------------------------------------------------------------


def _seen(told: Json) -> Json:
    """What the server told, in the words of the naive rules."""
    return _told(told, _record, _link)


def _expected(naive: Json) -> Json:
    return _told(naive, dict, dict)


def _told(batch: Json, record: Reading, link: Reading) -> Json:
    results = batch["batchResults"]
    return {
        "status": batch["batchStatus"],
        "records": {
            key: [_entry(one, "record", record) for one in some] for key, some in results["records"].items() if some
        },
        "relationships": [_entry(one, "relationship", link) for one in results["relationships"]],
    }


def _entry(one: Json, key: str, read: Reading) -> Json:
    entry = {**one, "message": _message(one["message"])}
    return {**entry, key: read(one[key])} if key in one else entry


def _message(text: str) -> object:
    """A validation object as what it says; which of its texts comes first, nobody has said."""
    if not text.startswith("{"):
        return text
    verdict = json.loads(text)
    return {**verdict, "Errors": {one["Key"]: sorted(one["Value"]) for one in verdict["Errors"]}}


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
    records: Json = {}
    for char_type, path in PATHS.items():
        records |= {f"{char_type}/{one['id']}": _record(one) for one in await _all(api, f"/{path}/search")}
    links = await _all(api, "/relationship/search")
    return {"records": records, "links": {one["id"]: _link(one) for one in links}}


async def _all(api: Api, path: str) -> Sequence[Json]:
    found = await api.post(path, {"rows": 100})
    assert found["numFound"] == len(found["entities"])
    entities: list[Json] = found["entities"]
    return entities


def _kept(naive: NaiveRecords) -> Json:
    counts = {key: sum(link["child"] == key for link in naive.links.values()) for key in naive.records}
    records = {
        f"{char_type}/{number}": {**one, "parentRelationshipCount": counts[char_type, number]}
        for (char_type, number), one in naive.records.items()
    }
    return {"records": records, "links": naive.links}

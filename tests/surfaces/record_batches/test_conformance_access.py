"""The conformance cases about who is let in, and about the calls for one record."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx

from muster.catalog.sessions import NewSession
from muster.domain.tenant import Role
from tests.surfaces.record_batches.house import EXCHANGE, Api, House, Row
from tests.surfaces.record_batches.signing import signed
from tests.surfaces.record_batches.stock import count, ending

CALLS = [
    ("GET", "/v4/catalog-item/100", b""),
    ("GET", "/v4/batch/1", b""),
    ("POST", "/v4/batch", b'{"method": "GET", "records": {"1": [{"id": 100}]}}'),
    ("POST", "/v4/contact/search", b'{"rows": 5}'),
    ("DELETE", "/v4/catalog-item/101", b""),
]
"""Some of the calls."""


async def answers(
    api: Api, session: NewSession | None, *, key: str | None = None, spoilt: str = ""
) -> Sequence[httpx.Response]:
    """What a client that signs with this session is answered, by all calls; with none it signs nothing."""
    found: list[httpx.Response] = []
    for method, path, body in CALLS:
        headers = {"x-api-key": key or api.account.api_key}
        if session is not None:
            request = signed(
                session.secret_key + spoilt,
                method,
                f"http://muster.example{path}",
                at=api.house.clock.now(),
                data=body,
                headers=[*headers.items(), ("content-type", "application/json")],
                access_key=session.access_key,
                token=session.token,
            )
            headers = dict(request.headers)
        async with api.house.client() as http:
            found.append(await http.request(method, path, content=body, headers=headers))
    return found


async def refused(api: Api, session: NewSession | None, *, key: str | None = None, spoilt: str = "") -> tuple[int, str]:
    """The status and the message that all calls are refused with alike."""
    told = {(one.status_code, one.json()["message"]) for one in await answers(api, session, key=key, spoilt=spoilt)}
    (only,) = told
    return only


async def test_calls_without_good_credentials_are_refused(house: House, idle_stock: Api) -> None:
    """Case 40. Every request is signed by botocore; those of the last line are as they should be."""
    session = await house.log_in(idle_stock.account)
    old = await house.log_in(idle_stock.account)

    assert await refused(idle_stock, None) == (401, "Missing Authentication Token")
    assert await refused(idle_stock, session, spoilt="x") == (401, "Unauthorized")
    assert await refused(idle_stock, session, key="unknown") == (403, "Forbidden")
    house.clock.advance(timedelta(hours=1))
    assert await refused(idle_stock, old) == (401, "The security token included in the request is expired")
    fresh = await answers(idle_stock, await house.log_in(idle_stock.account))
    assert [one.status_code for one in fresh] == [200, 404, 202, 200, 200]


async def test_temporary_credentials_are_good_for_an_hour(house: House, idle_stock: Api) -> None:
    """Case 41."""
    account = idle_stock.account

    async def exchanged(secret: str) -> httpx.Response:
        async with house.client({"x-api-key": account.api_key}) as http:
            return await http.post(EXCHANGE, json={"accessKey": account.access_key, "secretKey": secret})

    wrong, right = await exchanged("wrong"), await exchanged(account.secret_key)

    assert (wrong.status_code, wrong.content) == (401, b"")
    assert right.status_code == 200
    assert set(right.json()) == {"accessKey", "secretKey", "sessionToken", "expiration"}
    assert datetime.fromisoformat(right.json()["expiration"]) == house.clock.now() + timedelta(hours=1)


async def test_batches_that_are_not_there_or_not_mine_are_not_found(house: House, idle_stock: Api) -> None:
    """Case 42."""
    async with await house.plain(await house.rent("Other")) as http:
        theirs = (await http.post("/v4/batch", json={"method": "GET", "records": {"1": [{"id": 1}]}})).json()

    for number in (1, "abc", theirs["batchId"]):
        assert (await idle_stock.get(f"/batch/{number}", 404))["message"] == "Resource Not Found"


async def test_who_may_only_read_reads_and_writes_nothing(house: House, stocked: Api) -> None:
    """Case 43."""
    reader = await house.accounts.add_principal(str(stocked.account.tenant), "reader", Role.VIEWER)
    contacts = await count(stocked, "contact")
    person = {"title": "x", "template": {"templateId": 1}}

    async with await house.plain(reader) as http:
        api = Api(house, reader, http)
        read = await api.ran("GET", {"1": [{"id": 100}]})
        written = await api.ran("POST", {"2": [person, person]})

    assert ending(read, 1) == ("Complete", [(200, "Found.")])
    assert ending(written, 2) == ("Complete", [(403, "Access Denied.")] * 2)
    assert await count(stocked, "contact") == contacts


def as_the_vendors_client_writes_it(entity: Row) -> Row:
    """An entity read into typed objects and written again: their own names, and null for what was not there.

    The labels of characteristics are keys of a dictionary, and stay as they are; so do the objects below them.
    """
    absent = ("characteristicsExtended", "comments", "parentRelationship", "relationshipUpdateRules")
    known = dict.fromkeys(absent) | entity
    return {_pascal(name): value if name == "characteristics" else _typed(value) for name, value in known.items()}


def _typed(value: object) -> object:
    match value:
        case dict():
            return {_pascal(str(name)): _typed(part) for name, part in value.items()}
        case list():
            return [_typed(one) for one in value]
        case _:
            return value


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]


async def test_the_whole_entity_sent_back_in_pascal_case_loses_nothing(idle_stock: Api) -> None:
    """Case 44."""
    await idle_stock.post(
        "/relationship",
        {"parentCharTypeId": 4, "parentRecordId": 4156, "childCharTypeId": 1, "childRecordId": 100},
    )
    before = await idle_stock.get("/catalog-item/100")
    body = as_the_vendors_client_writes_it(before)
    assert body["Template"]["TemplateId"] == 1
    assert body["ParentRelationship"][0]["ParentRecordId"] == 4156

    unchanged = await idle_stock.put("/catalog-item/100", body)
    assert await idle_stock.get("/catalog-item/100") == before
    renamed = await idle_stock.put("/catalog-item/100", body | {"Title": "Renamed"})

    assert (unchanged["title"], renamed["title"]) == (before["title"], "Renamed")
    after = await idle_stock.get("/catalog-item/100")
    assert {**after, "title": before["title"], "lastUpdatedDate": before["lastUpdatedDate"]} == {
        **before,
        "lastUpdatedById": after["lastUpdatedById"],
    }


async def test_a_contact_is_created_and_deleted_by_calls_of_its_own(idle_stock: Api) -> None:
    """Case 45."""
    body = {"title": "x", "template": {"templateId": 1}, "characteristics": {"first_name": "John"}}

    created = await idle_stock.http.post("/v4/contact", json=body)

    assert created.status_code == 200
    assert created.headers["content-type"].split(";")[0] == "application/json"
    number = created.json()
    assert type(number) is int
    deleted = await idle_stock.http.delete(f"/v4/contact/{number}")
    assert (deleted.status_code, deleted.json()) == (200, True)
    assert (await idle_stock.get(f"/contact/{number}", 404))["message"] == "Resource Not Found"

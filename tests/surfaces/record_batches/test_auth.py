"""Who is let in: temporary credentials, signatures, company keys."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import httpx
import pytest
import uvicorn
from litestar.handlers import HTTPRouteHandler

from muster.catalog.accounts import NewAccount
from muster.catalog.sessions import NewSession
from muster.domain.tenant import Role
from muster.stores.database import SqlStore
from muster.surfaces.record_batches.routes import HANDLERS
from tests.fakes.clock import FakeClock
from tests.surfaces.record_batches.house import EXCHANGE, MOST_BYTES, Api, House, Ways
from tests.surfaces.record_batches.signing import signed

WRONG = "Unauthorized"


async def exchanged(house: House, account: NewAccount, **changes: object) -> httpx.Response:
    """What asking for temporary credentials is answered."""
    body = {"accessKey": account.access_key, "secretKey": account.secret_key} | changes
    async with house.client({"x-api-key": account.api_key}) as http:
        return await http.post(EXCHANGE, json=body)


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and message; every answer has a request id."""
    assert len(answer.headers["x-ris-request-id"]) == 36
    return answer.status_code, answer.json().get("message", "")


# --- Temporary credentials ---------------------------------------------------------------------------------------


async def test_a_key_pair_gets_another_one_that_is_good_for_an_hour(
    house: House, account: NewAccount, clock: FakeClock
) -> None:
    answer = await exchanged(house, account)

    assert answer.status_code == 200
    made = answer.json()
    assert set(made) == {"accessKey", "secretKey", "sessionToken", "expiration"}
    assert made["accessKey"] != account.access_key
    assert made["expiration"].endswith("+00:00")
    assert datetime.fromisoformat(made["expiration"]) == clock.now() + timedelta(hours=1)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-ris-request-id"]


async def test_a_wrong_key_or_secret_is_answered_with_nothing(house: House, account: NewAccount) -> None:
    for changes in ({"secretKey": "wrong"}, {"accessKey": "wrong"}, {"accessKey": "\x7f"}):
        answer = await exchanged(house, account, **changes)

        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["x-ris-request-id"]


async def test_keys_of_different_companies_do_not_combine(house: House, account: NewAccount) -> None:
    other = await house.rent("Other")

    answer = await exchanged(house, other, accessKey=account.access_key, secretKey=account.secret_key)

    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("missing", ["accessKey", "secretKey"])
async def test_both_keys_are_needed(house: House, account: NewAccount, missing: str) -> None:
    for nothing in (None, "", 5, ["x"]):
        answer = await exchanged(house, account, **{missing: nothing})
        assert told(answer) == (400, f"{missing} is required.")


async def test_credentials_are_asked_for_with_a_json_object(house: House, account: NewAccount) -> None:
    bodies = (b"", b"{", b"[]", b'"x"', b'{"accessKey": "\\u0000", "secretKey": "x"}', b"\xff")
    async with house.client({"x-api-key": account.api_key}) as http:
        for body in bodies:
            assert told(await http.post(EXCHANGE, content=body)) == (400, "Invalid JSON in request body.")


async def test_names_of_properties_are_read_in_any_case(house: House, account: NewAccount) -> None:
    pair = {"AccessKey": account.access_key, "SECRETKEY": account.secret_key}
    async with house.client({"x-api-key": account.api_key}) as http:
        assert (await http.post(EXCHANGE, json=pair)).status_code == 200


async def test_the_company_key_is_needed_for_credentials(house: House, account: NewAccount) -> None:
    pair = {"accessKey": account.access_key, "secretKey": account.secret_key}
    async with house.client() as http:
        for key in ("", "unknown", "\x7f", "x" * 500):
            assert told(await http.post(EXCHANGE, json=pair, headers={"x-api-key": key})) == (403, "Forbidden")
        assert told(await http.post(EXCHANGE, json=pair)) == (403, "Forbidden")


async def test_who_is_nobody_yet_may_not_send_much(house: House, account: NewAccount) -> None:
    answer = await exchanged(house, account, secretKey="x" * 20_000)

    assert answer.status_code == 413


# --- Signed requests ---------------------------------------------------------------------------------------------


async def test_a_signed_call_is_let_in(signed_api: Api) -> None:
    answer = await signed_api.http.get("/v4/limits", headers={"Content-Type": "application/json"})

    assert answer.status_code == 200
    assert answer.headers["x-ris-request-id"]


async def test_the_whole_way_is_open_with_nothing_but_what_the_door_told(house: House, account: NewAccount) -> None:
    made = (await exchanged(house, account)).json()
    credentials = {"access_key": made["accessKey"], "token": made["sessionToken"]}
    request = signed(
        made["secretKey"],
        "POST",
        "http://muster.example/v4/batch",
        at=house.clock.now(),
        data=b'{"method": "GET", "records": {"1": [{"id": 5}]}}',
        headers=[("x-api-key", account.api_key), ("content-type", "application/json")],
        **credentials,
    )

    async with house.client() as http:
        answer = await http.post("/v4/batch", content=request.body, headers=dict(request.headers))

    assert (answer.status_code, answer.json()["batchStatus"]) == (202, "Created")


async def test_the_signature_may_come_under_either_name(house: House, account: NewAccount) -> None:
    headers = await a_signature(house, account)
    assert (await asked(house, headers)).status_code == 200

    headers["Authentication"] = headers.pop("Authorization")
    assert (await asked(house, headers)).status_code == 200


async def test_without_credentials_nobody_is_let_in(house: House, account: NewAccount) -> None:
    for headers in ({}, {"Authorization": ""}, {"Authentication": " "}, {"x-amz-security-token": "x"}):
        answer = await asked(house, {"x-api-key": account.api_key, **headers})
        assert told(answer) == (401, "Missing Authentication Token")


async def test_other_credentials_are_none(house: House, account: NewAccount) -> None:
    others = ("Bearer x", "Basic eDp5", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a", "x" * 10_000)
    for header in others:
        for name in ("Authorization", "Authentication"):
            answer = await asked(house, {"x-api-key": account.api_key, name: header})
            assert told(answer) == (401, WRONG)


async def test_a_wrong_signature_is_refused(house: House, account: NewAccount) -> None:
    headers = await a_signature(house, account)

    for name, value in {
        "Authorization": headers["Authorization"][:-1] + ("1" if headers["Authorization"].endswith("0") else "0"),
        "x-api-key": f"{account.api_key}x",
        "X-Amz-Security-Token": f"{headers['X-Amz-Security-Token']}x",
        "X-Amz-Date": "20260302T090001Z",
        "host": "elsewhere.example",
    }.items():
        assert told(await asked(house, headers | {name: value})) == (401, WRONG)
    assert (await asked(house, headers)).status_code == 200


async def test_the_token_belongs_to_the_key(house: House, account: NewAccount) -> None:
    first, second = await house.log_in(account), await house.log_in(account)

    for token in (second.token, None, ""):
        headers = await a_signature(house, account, session=first, token=token)
        assert told(await asked(house, headers)) == (401, WRONG)


async def test_a_key_that_nobody_holds_is_refused_like_a_wrong_signature(house: House, account: NewAccount) -> None:
    headers = await a_signature(house, account, access_key="unknown")
    permanent = await a_signature(house, account, access_key=account.access_key, secret_key=account.secret_key)

    assert told(await asked(house, headers)) == (401, WRONG)
    assert told(await asked(house, permanent)) == (401, WRONG)


async def test_two_signatures_are_none(house: House, account: NewAccount) -> None:
    headers = await a_signature(house, account)
    async with house.client() as http:
        answer = await http.get("/v4/limits", headers=[*headers.items(), ("Authorization", headers["Authorization"])])

    assert told(answer) == (401, WRONG)


async def test_a_session_ends_after_an_hour(house: House, account: NewAccount, clock: FakeClock) -> None:
    session = await house.log_in(account)

    clock.advance(timedelta(minutes=59, seconds=59))
    assert (await asked(house, await a_signature(house, account, session=session))).status_code == 200
    clock.advance(timedelta(seconds=1))
    answer = await asked(house, await a_signature(house, account, session=session))
    assert told(answer) == (401, "The security token included in the request is expired")
    wrong = await a_signature(house, account, session=session, secret_key="x" * 43)
    assert told(await asked(house, wrong)) == (401, WRONG)


async def test_a_call_is_not_believed_a_second_time_after_five_minutes(
    house: House, account: NewAccount, clock: FakeClock
) -> None:
    headers = await a_signature(house, account)

    clock.advance(timedelta(minutes=5))
    assert (await asked(house, headers)).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert told(await asked(house, headers)) == (401, WRONG)


async def test_a_wrong_company_key_is_forbidden(house: House, account: NewAccount) -> None:
    session = await house.log_in(account)

    for key in ("unknown", "", None):
        headers = await a_signature(house, account, session=session, api_key=key)
        assert told(await asked(house, headers)) == (403, "Forbidden")


async def test_the_key_of_another_company_opens_nothing(house: House, account: NewAccount) -> None:
    other = await house.rent("Other")

    headers = await a_signature(house, account, api_key=other.api_key)

    assert told(await asked(house, headers)) == (401, WRONG)


async def test_every_key_of_a_company_is_good(house: House, account: NewAccount) -> None:
    second = await house.accounts.add_principal(str(account.tenant), "second", Role.VIEWER)

    headers = await a_signature(house, account, api_key=second.api_key)

    assert (await asked(house, headers)).status_code == 200


async def test_a_body_that_is_too_large_is_refused_in_words(signed_api: Api) -> None:
    answer = await signed_api.http.post("/v4/batch", content=b" " * (MOST_BYTES + 1))

    assert told(answer)[0] == 413


async def test_a_body_that_is_too_large_gets_nobody_further(house: House, account: NewAccount) -> None:
    async with house.client(await a_signature(house, account, access_key="unknown")) as http:
        answer = await http.post("/v4/batch", content=b" " * (MOST_BYTES + 1))

    assert told(answer)[0] in {401, 413}


# --- The plain way -----------------------------------------------------------------------------------------------


async def test_a_token_alone_is_enough_where_the_operator_says_so(house: House, account: NewAccount) -> None:
    session = await house.log_in(account)
    headers = {"x-api-key": account.api_key, "Authentication": session.token}

    assert (await asked(house, headers)).status_code == 200
    assert told(await asked(house, headers | {"x-api-key": "unknown"})) == (403, "Forbidden")
    assert told(await asked(house, headers | {"Authentication": f"{session.token}x"})) == (401, WRONG)
    del headers["Authentication"]
    assert told(await asked(house, headers | {"Authorization": session.token})) == (401, WRONG)


async def test_a_token_alone_ends_with_its_session(house: House, account: NewAccount, clock: FakeClock) -> None:
    session = await house.log_in(account)

    clock.advance(timedelta(hours=1))

    answer = await asked(house, {"x-api-key": account.api_key, "Authentication": session.token})
    assert told(answer) == (401, "The security token included in the request is expired")


async def test_a_token_alone_is_nothing_where_the_operator_does_not(store: SqlStore, clock: FakeClock) -> None:
    house = House(store, clock, Ways(plain=False))
    account = await house.rent()
    session = await house.log_in(account)

    assert told(await asked(house, {"x-api-key": account.api_key, "Authentication": session.token})) == (401, WRONG)
    assert (await asked(house, await a_signature(house, account, session=session))).status_code == 200


# --- The whole door ----------------------------------------------------------------------------------------------


async def test_no_path_is_open_but_the_one_for_credentials(house: House) -> None:
    handlers = cast("tuple[HTTPRouteHandler, ...]", HANDLERS)
    calls = [(method, path) for handler in handlers for path in handler.paths for method in handler.http_methods]
    async with house.client() as http:
        answers = {
            (method, path): await http.request(method, path.replace("{", "").replace(":str}", "").replace(":int}", ""))
            for method, path in calls
        }

    refused = {call for call, answer in answers.items() if answer.status_code == 401}
    assert {path for _, path in set(answers) - refused} == {EXCHANGE}
    assert all(answer.headers["x-ris-request-id"] for answer in answers.values())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v4", 404), ("GET", "/v4/", 404), ("GET", "/v4/a/b/c/d/e/f/g", 404), ("PATCH", "/v4/limits", 405)],
)
async def test_unknown_paths_and_verbs_have_a_number_too(*, idle_api: Api, method: str, path: str, status: int) -> None:
    answer = await idle_api.http.request(method, path)

    expected = {404: "Resource Not Found", 405: "Method Not Allowed"}
    assert told(answer) == (status, expected[status])


# --- As it stands on the wire ------------------------------------------------------------------------------------


async def test_what_is_signed_is_what_a_server_receives(house: House, account: NewAccount) -> None:
    targets = (
        "/v4/batch/a%20b%C3%BC~",
        "/v4/batch/%2e%2e",
        "/v4/batch/a+b%2Bc",
        "/v4/batch/%61*(1)!,;=:@&$'",
        "/v4/batch/1?b=2&a=1&a=0&c&=d&%7e=~&x=%2f/?",
        "/v4/batch/1?q=a+b%20c%2B&&",
    )
    async with served(house) as port:
        for target in targets:
            headers = await a_signature(house, account, url=f"http://127.0.0.1:{port}{target}")

            assert await sent(port, target, headers) == 404
            assert await sent(port, f"{target}x", headers) == 401


async def a_signature(
    house: House,
    account: NewAccount,
    *,
    session: NewSession | None = None,
    url: str = "http://muster.example/v4/limits",
    api_key: str | None = "its own",
    **changes: str | None,
) -> dict[str, str]:
    """The headers of a signed GET."""
    session = session or await house.log_in(account)
    key = account.api_key if api_key == "its own" else api_key
    secret = changes.pop("secret_key", None) or session.secret_key
    credentials: dict[str, Any] = {"access_key": session.access_key, "token": session.token} | changes
    request = signed(
        secret,
        "GET",
        url,
        at=house.clock.now(),
        headers=[] if key is None else [("x-api-key", key)],
        **credentials,
    )
    return dict(request.headers)


async def asked(house: House, headers: dict[str, str]) -> httpx.Response:
    """What a GET with these headers is answered."""
    async with house.client() as http:
        return await http.get("/v4/limits", headers=headers)


@asynccontextmanager
async def served(house: House) -> AsyncGenerator[int]:
    """A real server on a port of this machine."""
    server = uvicorn.Server(uvicorn.Config(cast("Any", house.app), port=0, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def sent(port: int, target: str, headers: dict[str, str]) -> int:
    """The status that a GET of exactly this target is answered with."""
    lines = [f"GET {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return int(answer.split()[1])

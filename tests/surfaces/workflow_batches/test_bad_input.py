"""What hostile, broken or careless clients send: each gets the documented error and leaves nothing behind."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from muster.stores.database import SqlStore
from muster.surfaces.bodies import Limits
from muster.surfaces.workflow_batches import wire
from tests.fakes.clock import FakeClock
from tests.surfaces.workflow_batches.house import OK, REFUND, Api, House, a_batch, codes, entry, faults

SAMPLES = Path(__file__).parent / "samples"
AS_JSON = {"Content-Type": "application/json"}


async def send(api: Api, body: bytes) -> httpx.Response:
    return await api.http.post(wire.BATCHES, content=body, headers=AS_JSON)


async def refused(api: Api, body: bytes) -> str:
    """The message with which the body is refused as malformed, and nothing is kept."""
    answer = await send(api, body)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "MALFORMED_JSON"), answer.text
    assert await api.total() == 0
    message: str = answer.json()["message"]
    return message


async def test_the_published_sample_works_once_its_spaces_and_its_missing_brace_are_mended(api: Api) -> None:
    published = (SAMPLES / "create_batch.json").read_text()
    spaced = published.replace("\u00a0", " ")

    told = await refused(api, published.encode())
    assert "no-break space (U+00A0) at line 2, column 1;" in told
    assert "at its end it still lacks }" in told
    assert (await refused(api, spaced.encode())).endswith("It ends too early: at its end it still lacks }.")
    answer = await send(api, spaced.encode() + b"}")

    assert answer.status_code == 201
    assert answer.json()["idempotencyKey"] == "27a36bda-1aa6-6582-12ac-c3f287a33c7a"
    batch = await api.settled(answer.json()["batchId"])
    assert (batch["status"], batch["activeRequestsCount"]) == ("COMPLETED", 2)
    texts = dict(api.house.channels.texts)
    assert texts["+16471234567"].startswith("Hi John Doe, this is a refund for your recent order. ")
    assert "https://example.test/l/" in texts["+15551231234"]


async def test_a_no_break_space_between_tokens_is_pointed_at(api: Api) -> None:
    body = '{\n  "header":\u00a0{}}'.encode()

    assert "no-break space (U+00A0) at line 2, column 12" in await refused(api, body)


async def test_a_no_break_space_inside_a_text_is_fine(api: Api) -> None:
    batch_id = await api.accepted(entry(OK, title="a\u00a0b"))

    assert (await api.entries(batch_id))[0]["title"] == "a\u00a0b"


@pytest.mark.parametrize("key", ["header", "useTemplate", "requestsInBatch", "title", "phoneNumber"])
@pytest.mark.parametrize("colon", [":", " :", "\t:"])
async def test_a_key_that_stands_twice_is_named(api: Api, key: str, colon: str) -> None:
    body = json.dumps(a_batch(entry(OK))).replace(f'"{key}":', f'"{key}"{colon} 1, "{key}":')

    assert f'The key "{key}" stands twice' in await refused(api, body.encode())


async def test_texts_full_of_colons_and_quotes_are_no_keys(api: Api) -> None:
    tricky = 'a":b \\":c : d\\u0022: "title":'

    batch_id = await api.accepted(entry(OK, title=tricky), entry(OK, title="x :y"))

    assert [row["title"] for row in await api.entries(batch_id)] == [tricky, "x :y"]


@pytest.mark.parametrize("nesting", ['{"header":', "["], ids=["objects", "arrays"])
async def test_a_hundred_thousand_levels_are_too_deep(api: Api, nesting: str) -> None:
    closing = {"[": "]", "{": "}"}[nesting[0]]

    message = await refused(api, (nesting * 100_000 + "1" + closing * 100_000).encode())

    assert "nested too deeply" in message


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1e400}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": "\xff\xfe"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\u0000"}',
        b"\xef\xbb\xbf{}",
        b"'{}'",
        b"null",
        b'"text"',
        b"{} {}",
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "unfinished',
    ],
    ids=lambda body: body[:20].decode(errors="replace"),
)
async def test_what_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    await refused(api, body)


async def test_bytes_that_are_no_utf_8_are_pointed_at(api: Api) -> None:
    assert "Byte 7 is not valid UTF-8" in await refused(api, b'{"a": "\xff"}')


@pytest.mark.parametrize("number", ["1" * 30, "-1e300", "0.1"])
async def test_odd_numbers_where_an_integer_belongs_are_refused(api: Api, number: str) -> None:
    body = json.dumps(a_batch(entry(OK))).replace('"requestsInBatch": 1', f'"requestsInBatch": {number}')

    answer = await send(api, body.encode())

    assert answer.status_code == 400
    assert [path for path, _ in codes(answer)] == ["header.requestsInBatch"]


async def test_numbers_where_text_belongs_reject_the_entry_only(api: Api) -> None:
    batch_id = await api.accepted(
        entry(OK, title=1), entry({"phoneNumber": 16475550100}), entry([]), entry(OK, customerMemo=2.5), entry(OK)
    )

    rows = await api.entries(batch_id)

    assert [row["status"] == "INVALID" for row in rows] == [True, True, True, True, False]
    assert [row["phoneNumber"] for row in rows] == ["+16475550100", None, None, "+16475550100", "+16475550100"]
    assert {code for row in rows for _, code in faults(row)} == {"INVALID_TYPE"}


async def test_every_fault_of_a_request_is_named_at_once(api: Api) -> None:
    answer = await api.http.post(
        wire.BATCHES, json={"header": {"requestsInBatch": "2", "idempotencyKey": 1}, "payload": {"batchEntries": [1]}}
    )

    assert set(codes(answer)) == {
        ("header.useTemplate", "REQUIRED"),
        ("header.requestsInBatch", "INVALID_TYPE"),
        ("header.idempotencyKey", "INVALID_TYPE"),
        ("payload.batchEntries[0]", "INVALID_TYPE"),
    }


async def test_a_body_of_forty_megabytes_is_too_large(api: Api) -> None:
    answer = await send(api, b" " * 40_000_000)

    assert (answer.status_code, answer.json()["errorCode"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_that_never_ends_is_cut_off(store: SqlStore, clock: FakeClock) -> None:
    house = House(store, clock, limits=Limits(body_bytes=1000, body_seconds=0.05))
    account = await house.account()
    sent = 0

    async def receive() -> dict[str, object]:
        nonlocal sent
        sent += 1
        return {"type": "http.request", "body": b" " * 100, "more_body": True}

    status = await raw_call(house, account.token, receive)

    assert status == 413
    assert sent < 100


async def test_a_body_that_stops_half_way_leaves_nothing_behind(idle_api: Api) -> None:
    half = json.dumps(a_batch(entry(OK))).encode()[:40]
    pieces: list[dict[str, object]] = [
        {"type": "http.request", "body": half, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        return pieces.pop(0)

    assert await raw_call(idle_api.house, idle_api.account.token, receive) == 408
    assert await idle_api.total() == 0


async def test_a_body_that_drips_is_answered_in_the_doors_words(store: SqlStore, clock: FakeClock) -> None:
    house = House(store, clock, limits=Limits(body_seconds=0.05))
    account = await house.account()

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    assert await raw_call(house, account.token, receive) == 408


async def raw_call(house: House, token: str, receive: object) -> int:
    """POST to the collection of batches below HTTP, where a client can misbehave; the status."""
    statuses: list[int] = []

    async def send_back(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(int(str(message["status"])))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": wire.BATCHES,
        "raw_path": wire.BATCHES.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    await house.app(scope, receive, send_back)  # type: ignore[arg-type]
    return statuses[0]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/json; charset=latin-1", None])
async def test_only_json_in_utf_8_is_taken(api: Api, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}

    answer = await api.http.post(wire.BATCHES, content=b"{}", headers=headers)

    assert (answer.status_code, answer.json()["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_compressed_bodies_are_not_taken(api: Api) -> None:
    answer = await api.http.post(wire.BATCHES, content=b"{}", headers={**AS_JSON, "Content-Encoding": "gzip"})

    assert answer.status_code == 415


@pytest.mark.parametrize("name", ["'; DROP TABLE batches; --", '<script>alert("x")</script>', "%", "Refund\u0007"])
async def test_a_strange_template_name_is_just_a_name(api: Api, name: str) -> None:
    unknown = await api.submit(entry(OK), useTemplate={"templateName": name})
    await api.template(name, REFUND)

    batch = await api.batch(await api.accepted(entry(OK), useTemplate={"templateName": name}))

    assert unknown.status_code == 404
    assert batch["templateDisplayName"] == name
    found = (await api.http.get(wire.TEMPLATES, params={"search": name})).json()
    assert [one["name"] for one in found["content"]] == [name]


async def test_headers_that_are_no_credential_are_refused(api: Api) -> None:
    for header in ("", "Bearer", "Bearer ", "Basic abc", f"Bearer {'x' * 10_000}", "Bearer a b"):
        async with api.house.client(None) as client:
            answer = await client.get(wire.BATCHES, headers={"Authorization": header})
        assert (answer.status_code, answer.json()["errorCode"]) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic YWJj", "Bearer x", "Basic /w=="])
async def test_an_exchange_without_a_basic_pair_is_refused(api: Api, header: str) -> None:
    async with api.house.client(None) as client:
        answer = await client.post(wire.EXCHANGE, headers={"Authorization": header})

    assert (answer.status_code, answer.json()["errorCode"]) == (401, "UNAUTHORIZED")


async def test_too_many_calls_are_told_when_to_come_back(store: SqlStore, clock: FakeClock) -> None:
    house = House(store, clock, burst=2)
    account = await house.account()

    async with house.client(account.token) as client:
        answers = [await client.get(f"{wire.BATCHES}/{uuid4()}") for _ in range(30)]

    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited
    assert limited[0].json()["errorCode"] == "RATE_LIMITED"
    assert int(limited[0].headers["Retry-After"]) >= 1


async def test_the_key_may_come_in_a_header_and_the_body_wins(api: Api) -> None:
    body = a_batch(entry(OK))
    in_header = {"Idempotency-Key": "from-header"}

    alone = await api.http.post(wire.BATCHES, json=body, headers=in_header)
    both = await api.http.post(wire.BATCHES, json=a_batch(entry(OK), idempotencyKey="from-body"), headers=in_header)
    short = await api.http.post(wire.BATCHES, json=body, headers={"Idempotency-Key": "short"})

    assert alone.json()["idempotencyKey"] == "from-header"
    assert both.json()["idempotencyKey"] == "from-body"
    assert codes(short) == [("Idempotency-Key", "LENGTH_OUT_OF_RANGE")]

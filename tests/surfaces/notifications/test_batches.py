"""Batches, attachments and messages beyond the conformance cases."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

import httpx
import msgspec
import pytest
import uvicorn

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.errors import Unavailable
from muster.domain.letter import Enclosure
from muster.lookup.shelves import ShelfLookup
from muster.ports.store.unit import Transaction
from muster.surfaces.notifications.translate.batches import BATCH_STATES
from muster.surfaces.notifications.translate.downloads import LIFETIME, headers_of, make_link, read_link
from muster.surfaces.notifications.translate.messages import MESSAGE_STATES
from muster.surfaces.notifications.wire.paths import BATCHES, MESSAGES, PREFIX
from tests.fakes.clock import START
from tests.fakes.flaky_store import FlakyStore
from tests.surfaces.notifications.house import Api, House, a_batch, to

JSON = "application/json"
KEY = b"k" * 32
BOOKS = "US-SCU-111111"
NOT_CONTACTS = {"contacts[0]", "contacts[1].id", "contacts[2].email", "contacts[3]"}
REPORT = Enclosure(file_name="réport.pdf", content_type="application/pdf", size=6, key="attachments/1/x/1")


def test_every_state_has_one_status() -> None:
    assert sorted(state for states in BATCH_STATES.values() for state in states) == sorted(BatchState)
    assert sorted(state for states in MESSAGE_STATES.values() for state in states) == sorted(EntryState)


def test_a_link_is_good_for_five_minutes_and_under_its_key() -> None:
    link = make_link(KEY, REPORT, now=START)
    found = read_link(KEY, link, now=START + LIFETIME * 0.99)
    assert found is not None
    assert (found.key, found.file_name, found.content_type) == (REPORT.key, REPORT.file_name, REPORT.content_type)
    assert read_link(KEY, link, now=START + LIFETIME) is None
    assert read_link(b"another", link, now=START) is None
    for forged in ("", "A", "AAAA", link[:-1], link + "A", link + "=", f"!{link}", "é" + link, "=" * 9, "A" * 100_000):
        assert read_link(KEY, forged, now=START) is None


@pytest.mark.parametrize(
    "name", ['a"; filename="b.exe', "a\r\nSet-Cookie: x=y", "a\x00b", "../../etc/passwd", "a\u2028b"]
)
def test_a_file_name_stays_in_its_header(name: str) -> None:
    file = read_link(KEY, make_link(KEY, msgspec.structs.replace(REPORT, file_name=name), now=START), now=START)
    assert file is not None
    disposition = headers_of(file)["Content-Disposition"]
    plain, encoded = disposition.removeprefix('attachment; filename="').split("\"; filename*=UTF-8''")
    assert not set(plain) & set('"\\/\r\n\0')
    assert encoded.isascii()
    assert not set(encoded) & set('"\\/\r\n\0; ')


async def test_what_is_not_known_is_ignored_and_null_is_as_good_as_absent(idle_api: Api) -> None:
    batch = await idle_api.accepted(
        contacts=[{"id": "CTT-0000-0001", "email": None, "name": "Ann", "externalId": 1}],
        externalId="x",
        audit={"created": 5},
    )
    assert "externalId" not in batch
    answer = await idle_api.http.post(BATCHES, json={**a_batch(), "account": None, "buyer": None})
    assert answer.status_code == 201
    assert None not in answer.json().values()


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"category": "NTC-0000-0006"}, {"category"}),
        ({"category": {"id": 6}}, {"category.id"}),
        ({"category": {"id": "6"}, "subject": 5, "body": []}, {"category.id", "subject", "body"}),
        ({"contacts": {}}, {"contacts"}),
        ({"contacts": ["x", {"id": 5}, {"email": 5}, None]}, NOT_CONTACTS),
        ({"contacts": to("a@example.com\r\nBcc: b@example.com")}, {"contacts[0].email"}),
        ({"contacts": to("a" * 400 + "@example.com")}, {"contacts[0].email"}),
        ({"contacts": [{"id": "CTT-0000-0001", "email": "ola@example.com"}]}, {"contacts[0].email"}),
        ({"account": {"id": "ACC-9999-9999"}}, {"account.id"}),
        ({"account": []}, {"account"}),
        ({"buyer": {"id": "BUY-9999-9999"}}, {"buyer.id"}),
        ({"buyer": {"externalIds": {"erpCustomerId": "nobody's"}}}, {"buyer.externalIds.erpCustomerId"}),
        ({"buyer": {"externalIds": 5}}, {"buyer.externalIds"}),
        ({"subject": "a\tb\x1b[31m"}, {"subject"}),
    ],
)
async def test_every_fault_has_its_path(idle_api: Api, fields: dict[str, object], paths: set[str]) -> None:
    problem = await idle_api.refused(**fields)
    assert set(problem["errors"]) == paths
    assert await idle_api.total("/batches") == 0


@pytest.mark.parametrize(
    "buyer", [{"id": "BUY-0000-0001"}, {"externalIds": {"erpCustomerId": BOOKS}}, {"erpCustomerId": BOOKS}]
)
async def test_a_buyer_is_named_in_three_ways(idle_api: Api, buyer: dict[str, object]) -> None:
    batch = await idle_api.accepted(contacts=None, account={"id": "ACC-0000-0003"}, buyer=buyer)
    assert "buyer" not in batch
    assert [message["contact"]["id"] for message in await idle_api.messages(batch["id"])] == ["CTT-0000-0005"]


@pytest.mark.parametrize(
    "body",
    [b"{" * 5, b'{"a":' * 100_000, b"[" * 100_000, b'{"subject":"a","subject":"b"}', b'{"a":"\\u0000"}', b'"x"', b""],
    ids=len,
)
async def test_what_is_no_sound_json_is_refused(idle_api: Api, body: bytes) -> None:
    answer = await idle_api.http.post(BATCHES, content=body, headers={"Content-Type": JSON})
    assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")


async def test_an_attachment_of_a_hundred_megabytes_is_refused_in_words(idle_api: Api) -> None:
    answer = await idle_api.form(attachment=("big.bin", bytes(100_000_000), "application/octet-stream"))
    assert answer.status_code == 400
    assert await idle_api.total("/batches") == 0


async def test_a_form_may_hold_several_files_and_old_names(idle_api: Api) -> None:
    parts = [
        ("_attachment_data", (None, json.dumps(a_batch()).encode(), JSON)),
        ("first", ("a.txt", b"1", "text/plain; charset=utf-8")),
        ("second", ("b.bin", b"22", "application/octet-stream")),
        ("none", ("", b"", "application/octet-stream")),
    ]
    batch = (await idle_api.http.post(BATCHES, files=parts)).json()
    assert [(one["fileName"], one["fileSize"], one["contentType"]) for one in batch["attachments"]] == [
        ("a.txt", 1, "text/plain"),
        ("b.bin", 2, "application/octet-stream"),
    ]


@pytest.mark.parametrize("name", ["a%0D%0ABcc: x.png", "virus.exe", "a/b.png", "x" * 256])
async def test_a_file_with_a_bad_name_is_refused(idle_api: Api, name: str) -> None:
    answer = await idle_api.form(attachment=(name, b"1", "image/png"))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["attachment[0]"])


async def test_the_same_form_again_under_one_key_makes_one_batch(idle_api: Api) -> None:
    idle_api.http.headers["Idempotency-Key"] = "k1"
    first, again = [await idle_api.form(attachment=("a.txt", b"1", "text/plain")) for _ in range(2)]
    assert first.json() == again.json()
    other = await idle_api.form(attachment=("a.txt", b"2", "text/plain"))
    assert (first.status_code, other.status_code) == (201, 409)
    idle_api.http.headers["Idempotency-Key"] = "k" * 256
    assert list((await idle_api.refused())["errors"]) == ["Idempotency-Key"]


async def test_trying_a_batch_out_keeps_nothing(idle_api: Api) -> None:
    body = a_batch(contacts=[*to("new@example.com"), {"id": "CTT-0000-0002"}, {"id": "CTT-0000-0003"}])
    answer = await idle_api.http.post(f"{BATCHES}?dryRun=true", json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json() == {
        "recipients": 3,
        "discarded": {
            "contactBlocked": 1,
            "optedOut": 1,
            "subscriberDisabled": 0,
            "suppressed": 0,
            "total": 2,
        },
    }
    assert await idle_api.total("/batches") == 0


async def test_another_tenants_batches_and_contacts_are_not_there(house: House, idle_api: Api) -> None:
    batch, attachment = await idle_api.accepted(), await idle_api.attached()
    other = await house.rent("Other")
    async with house.client(other.account.token) as stranger:
        assert (await stranger.get(f"{BATCHES}/{batch['id']}")).status_code == 404
        assert (await stranger.get(attachment["href"])).status_code == 404
        assert (await stranger.get(MESSAGES)).json()["data"] == []
    new = (await idle_api.accepted(contacts=to("mine@example.com")))["id"]
    (message,) = await idle_api.messages(new)
    async with house.client(other.account.token) as stranger:
        refused = await stranger.post(BATCHES, json=a_batch(contacts=[{"id": message["contact"]["id"]}]))
    assert list(refused.json()["errors"]) == ["contacts[0].id"]


async def test_vendors_and_clients_see_what_is_theirs(idle_api: Api) -> None:
    ours = await idle_api.accepted(account={"id": "ACC-0000-0003"})
    theirs = (await idle_api.vendor.post(BATCHES, json=a_batch())).json()
    assert theirs["account"]["id"] == "ACC-0000-0002"
    seen = (await idle_api.vendor.get(BATCHES)).json()["data"]
    assert [batch["id"] for batch in seen] == [theirs["id"]]
    assert (await idle_api.vendor.get(f"{BATCHES}/{ours['id']}")).status_code == 404
    messages = (await idle_api.client.get(MESSAGES)).json()["data"]
    assert [message["batch"]["id"] for message in messages] == [ours["id"]]


async def test_a_message_has_what_its_batch_says(idle_api: Api) -> None:
    answer = await idle_api.form(attachment=("a.txt", b"1", "text/plain"))
    batch = answer.json()
    (row,) = await idle_api.messages(batch["id"], select="audit,attachments")
    message = await idle_api.get(f"/messages/{row['id']}?select=attachments,audit")
    assert message.pop("$meta") == {"omitted": []}
    assert message == row
    assert message["contact"] == {
        "id": "CTT-0000-0001",
        "name": "Ann",
        "email": "ann@example.com",
        "status": "Active",
    }
    assert (message["batch"], message["status"]) == ({"id": batch["id"]}, "Queued")
    assert (message["subject"], message["body"]) == ("Hello", "<b>Hello</b>")
    assert message["attachments"] == batch["attachments"]
    assert message["audit"].keys() == {"created", "queued", "updated"}
    await idle_api.get("/messages/MSG-000-000-000-000", 404)


async def test_a_body_comes_back_to_the_letter(idle_api: Api) -> None:
    body = '<script>alert("\u2028")</script>\r\n\t<b onclick=x>Zoë</b>'
    batch = await idle_api.accepted(body=body)
    assert (await idle_api.get(f"/batches/{batch['id']}"))["body"] == body


class Forgetful(FlakyStore):
    """Cannot be read."""

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        raise Unavailable("the store is away")


async def test_a_batch_that_was_kept_is_answered_so_even_when_it_cannot_be_read(house: House, idle_api: Api) -> None:
    shelves = ShelfLookup(Forgetful(house.store), house.clock)
    house.app = house.application(msgspec.structs.replace(house.door, shelves=shelves))
    async with house.client(idle_api.rented.account.token) as client:
        answer = await client.post(BATCHES, json=a_batch())
    assert answer.status_code == 201
    found = await idle_api.get(answer.headers["location"].removeprefix(PREFIX))
    assert (found["id"], found["subject"]) == (answer.json()["id"], answer.json()["subject"])


async def test_a_client_fetches_what_came_with_its_messages(idle_api: Api) -> None:
    for account, status in (("ACC-0000-0003", 200), ("ACC-0000-0002", 404)):
        answer = await idle_api.form(attachment=("a.txt", b"1", "text/plain"), account={"id": account})
        (attachment,) = answer.json()["attachments"]
        found = await idle_api.client.get(attachment["href"], headers={"Accept": JSON})
        assert found.status_code == status


async def test_far_too_large_a_body_is_answered_and_not_cut_off(house: House, idle_api: Api) -> None:
    async with served(house) as address:
        headers = {"Authorization": f"Bearer {idle_api.rented.account.token}"}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
            for size in (30_000_001, 100_000_000):
                answer = await client.post(BATCHES, files={"attachment": ("big.bin", bytes(size), "x/y")})
                assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")


@asynccontextmanager
async def served(house: House) -> AsyncIterator[str]:
    """The address of the house while it is served over a socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(cast("Any", house.app), log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()

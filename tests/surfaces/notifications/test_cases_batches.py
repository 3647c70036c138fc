"""The conformance cases of the door about batches: numbers 1 to 29 and 48 to 50 of its specification."""

import asyncio
import re
from datetime import timedelta

import pytest

from muster.intake.allowance import Allowance
from muster.surfaces.notifications.wire.paths import BATCHES, PREFIX
from tests.surfaces.notifications.house import Api, House, a_batch, to

BATCH_ID = re.compile(r"^MST(-\d{4}){3}$")
MANY = [f"{number}.user@example.com" for number in range(10_000)]
EMPTY = dict.fromkeys(("sent", "bounced", "complained", "discarded", "failed", "total"), 0)


async def test_1_a_batch_of_json(idle_api: Api) -> None:
    answer = await idle_api.submit()
    batch = answer.json()
    assert answer.status_code == 201
    assert BATCH_ID.match(batch["id"])
    assert answer.headers["location"] == f"{BATCHES}/{batch['id']}"
    assert batch["category"]["id"] == "NTC-0000-0006"
    assert batch["category"]["statistics"] == {"today": EMPTY, "week": EMPTY, "month": EMPTY}
    assert batch["account"]["id"] == "ACC-0000-0001"
    assert (batch["attachments"], batch["$meta"]["omitted"]) == ([], [])
    assert (batch["revision"], batch["status"]) == (1, "Queued")
    assert (batch["subject"], batch["body"]) == ("Hello", "<b>Hello</b>")
    made = batch["audit"]["created"]
    assert made["by"]["id"] == "TKN-0000-0001"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made["at"])


async def test_2_the_same_as_a_form_without_a_file(idle_api: Api) -> None:
    by_json = (await idle_api.submit()).json()
    answer = await idle_api.form()
    by_form = answer.json()
    assert answer.status_code == 201
    assert by_form.keys() == by_json.keys()
    assert by_form["category"]["id"] == by_json["category"]["id"]


async def test_3_a_file_with_a_name_beyond_ascii(idle_api: Api) -> None:
    batch = (await idle_api.form(attachment=("réport.pdf", b"%PDF-1", "application/pdf"))).json()
    (attachment,) = batch["attachments"]
    assert re.match(r"^ATT(-\d{4}){3}$", attachment.pop("id"))
    assert attachment.pop("href").startswith(f"{BATCHES}/{batch['id']}/attachments/ATT-")
    assert attachment == {
        "name": "réport.pdf",
        "fileName": "réport.pdf",
        "fileSize": 6,
        "contentType": "application/pdf",
    }


async def test_4_reading_a_batch_leaves_out_what_has_to_be_selected(idle_api: Api) -> None:
    made = await idle_api.accepted()
    batch = await idle_api.get(f"/batches/{made['id']}")
    assert "attachments" not in batch
    assert {"attachments", "audit"} <= set(batch["$meta"]["omitted"])


async def test_5_selecting_brings_it(idle_api: Api) -> None:
    made = await idle_api.accepted()
    batch = await idle_api.get(f"/batches/{made['id']}?select=attachments%2C%2Bcategory.statistics")
    assert batch["attachments"] == []
    assert batch["category"]["statistics"]["today"]["total"] == 0
    assert "attachments" not in batch["$meta"]["omitted"]


async def test_6_what_is_known_of_an_attachment(idle_api: Api) -> None:
    attachment = await idle_api.attached()
    answer = await idle_api.http.get(attachment["href"], headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer.json() == attachment


async def test_7_the_content_of_an_attachment(idle_api: Api) -> None:
    attachment = await idle_api.attached("réport.pdf")
    moved = await idle_api.http.get(attachment["href"], headers={"Accept": "*/*"})
    assert (moved.status_code, moved.content) == (301, b"")
    assert moved.headers["cache-control"] == "no-store"
    # Whoever holds the link needs no token.
    async with idle_api.house.client(None) as stranger:
        answer = await stranger.get(moved.headers["location"])
        assert (answer.status_code, answer.content) == (200, b"%PDF-1")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith('attachment; filename="réport.pdf"; filename*=UTF-8')
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        idle_api.house.clock.advance(timedelta(seconds=301))
        assert (await stranger.get(moved.headers["location"])).status_code == 404
        forged = moved.headers["location"][:-2] + "AA"
        assert (await stranger.get(forged)).status_code == 404


async def test_8_an_attachment_of_another_batch(idle_api: Api) -> None:
    attachment, other = await idle_api.attached(), await idle_api.accepted()
    problem = await idle_api.get(f"/batches/{other['id']}/attachments/{attachment['id']}", 404)
    assert problem["title"] == "Not Found"
    await idle_api.get(f"/batches/nonsense/attachments/{attachment['id']}", 404)


async def test_9_an_unknown_category(idle_api: Api) -> None:
    problem = await idle_api.refused(category={"id": "NTC-9999-9999"})
    assert problem["errors"] == {"category.id": ["Category with id 'NTC-9999-9999' not found"]}
    assert await idle_api.total("/batches") == 0


async def test_10_an_unpublished_category(idle_api: Api) -> None:
    problem = await idle_api.refused(category={"id": "NTC-0000-0007"})
    assert problem["detail"] == "Category with id 'NTC-0000-0007' is not published"
    assert await idle_api.total("/batches") == 0


@pytest.mark.parametrize(
    ("fields", "path"),
    [({"category": None}, "category.id"), ({"subject": None}, "subject"), ({"subject": "a\nb"}, "subject")],
)
async def test_11_what_has_to_be_there(idle_api: Api, fields: dict[str, object], path: str) -> None:
    problem = await idle_api.refused(**fields)
    assert list(problem["errors"]) == [path]


async def test_12_who_opted_out_gets_none(api: Api) -> None:
    batch = await api.accepted(contacts=[{"id": "CTT-0000-0002"}])
    assert await api.statuses(batch["id"]) == ["Discarded"]
    assert (await api.today("NTC-0000-0006"))["discarded"] == 1


async def test_13_of_a_mandatory_category_they_do(api: Api) -> None:
    batch = await api.accepted(contacts=[{"id": "CTT-0000-0002"}], category={"id": "NTC-0000-0008"})
    assert await api.statuses(batch["id"]) == ["Sent"]


async def test_14_who_is_blocked_has_a_message_that_is_not_sent(api: Api) -> None:
    batch = await api.accepted(contacts=[{"id": "CTT-0000-0003"}])
    assert await api.statuses(batch["id"]) == ["Discarded"]


async def test_15_a_message_that_comes_back(api: Api) -> None:
    batch = await api.accepted(contacts=to("bounce+1@example.com"))
    message = await api.ended(batch["id"], "Bounced")
    assert message["audit"]["bounced"]["at"]
    assert message["audit"]["sent"]["at"]
    contact = await api.get(f"/contacts/{message['contact']['id']}")
    assert (contact["status"], contact["blockedReason"]) == ("Blocked", "Bounced")
    today = await api.today("NTC-0000-0006")
    assert (today["bounced"], today["sent"]) == (1, 0)


@pytest.mark.parametrize(
    ("address", "status"), [("complaint@example.com", "Complained"), ("fail@example.com", "Failed")]
)
async def test_16_a_complaint_and_a_failure(api: Api, address: str, status: str) -> None:
    batch = await api.accepted(contacts=to(address))
    message = await api.ended(batch["id"], status)
    assert message["audit"][status.lower()]["at"]


async def test_17_one_address_in_two_spellings(api: Api) -> None:
    before = await api.total("/contacts")
    batch = await api.accepted(contacts=to("New@Example.com", "new@example.com"))
    assert await api.statuses(batch["id"]) == ["Sent"]
    assert await api.total("/contacts") == before + 1


async def test_18_every_bad_contact_is_named(idle_api: Api) -> None:
    contacts = [{}, {"email": "nope"}, {"id": "CTT-9999-9999"}, {"id": "CTT-0000-0001"}]
    problem = await idle_api.refused(contacts=contacts)
    assert set(problem["errors"]) == {"contacts[0]", "contacts[1].email", "contacts[2].id"}
    assert problem["errors"]["contacts[2].id"] == ["Contact with id 'CTT-9999-9999' not found"]
    assert await idle_api.total("/messages") == 0


async def test_19_nobody_to_send_it_to(idle_api: Api) -> None:
    assert list((await idle_api.refused(contacts=None))["errors"]) == ["contacts"]


async def test_20_everybody_of_an_account(idle_api: Api) -> None:
    batch = await idle_api.accepted(contacts=None, account={"id": "ACC-0000-0003"})
    assert batch["account"]["id"] == "ACC-0000-0003"
    found = [message["contact"]["id"] for message in await idle_api.messages(batch["id"])]
    assert found == ["CTT-0000-0004", "CTT-0000-0005"]
    assert await idle_api.total(f"/messages?eq(batch.id,'{batch['id']}')") == 2


async def test_21_ten_thousand_addresses(api: Api) -> None:
    batch = await api.accepted(contacts=to(*MANY))
    assert await api.total(f"/messages?eq(batch.id,'{batch['id']}')") == 10_000
    assert (await api.completed(batch["id"]))["status"] == "Completed"
    assert await api.total(f"/messages?eq(batch.id,'{batch['id']}')&eq(status,Sent)") == 10_000


async def test_22_one_more_than_that(idle_api: Api) -> None:
    problem = await idle_api.refused(contacts=to(*("a@example.com" for _ in range(10_001))))
    assert list(problem["errors"]) == ["contacts"]


async def test_23_a_body_that_is_one_byte_too_large(idle_api: Api) -> None:
    answer = await idle_api.form(attachment=("big.bin", bytes(30_000_001), "application/octet-stream"))
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (400, 400)
    assert "30000000 bytes" in problem["detail"]


@pytest.mark.parametrize("part", [None, b"{", b"[]", b'{"a":1,"a":2}', b'{"subject":"\\ud800"}', b'{"a":"\\u0000"}'])
async def test_24_a_form_without_a_sound_batch(idle_api: Api, part: bytes | None) -> None:
    parts: dict[str, tuple[str | None, bytes, str]] = {"attachment": ("logo.png", b"PNG", "image/png")}
    if part is not None:
        parts["batch"] = (None, part, "application/json")
    answer = await idle_api.http.post(BATCHES, files=parts)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["batch"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "application/json; charset=utf-16"])
async def test_25_another_media_type(idle_api: Api, content_type: str) -> None:
    answer = await idle_api.http.post(BATCHES, content=b"{}", headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["title"]) == (415, "Unsupported Media Type")


async def test_26_no_token_that_is_good(house: House, idle_api: Api) -> None:
    for token in (None, "wrong", "idt:TKN-0000-0001:wrong"):
        async with house.client(token) as stranger:
            answer = await stranger.get(BATCHES)
        assert (answer.status_code, answer.json()["status"]) == (401, 401)
    await idle_api.disable_vendor()
    assert (await idle_api.vendor.get(BATCHES)).status_code == 401


async def test_27_a_clients_token(idle_api: Api) -> None:
    assert (await idle_api.client.post(BATCHES, json=a_batch())).status_code == 403
    assert (await idle_api.client.get(BATCHES)).status_code == 403
    assert (await idle_api.vendor.post(BATCHES, json=a_batch())).status_code == 201


async def test_28_an_account_that_takes_no_part(api: Api) -> None:
    (subscriber,) = await api.rows("/subscribers?eq(account.id,'ACC-0000-0003')&eq(category.id,'NTC-0000-0006')")
    answer = await api.http.post(f"{PREFIX}/subscribers/{subscriber['id']}/disable")
    assert answer.status_code == 200
    batch = await api.accepted(account={"id": "ACC-0000-0003"})
    assert await api.statuses(batch["id"]) == ["Discarded"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_29_a_batch_is_never_changed(idle_api: Api, method: str) -> None:
    batch = await idle_api.accepted()
    answer = await idle_api.http.request(method, f"{BATCHES}/{batch['id']}", json={})
    assert (answer.status_code, answer.json()["status"]) == (405, 405)
    assert "GET" in answer.headers["allow"]


async def test_48_too_many_calls_are_told_when_to_come_back(idle_api: Api) -> None:
    passed = 0.0
    house = House(
        idle_api.house.store, idle_api.house.clock, idle_api.house.files, calls=Allowance(1, 1, lambda: passed)
    )
    async with house.client(idle_api.rented.account.token) as client:
        assert (await client.get(BATCHES)).status_code == 200
        for _ in range(2):
            early = await client.post(BATCHES, json=a_batch())
            assert (early.status_code, early.headers["retry-after"]) == (429, "1")
        passed += 1
        assert (await client.post(BATCHES, json=a_batch())).status_code == 201
    assert await idle_api.total("/batches") == 1


async def test_49_two_requests_with_one_key(idle_api: Api) -> None:
    first, again = [
        await idle_api.http.post(BATCHES, json=a_batch(), headers={"Idempotency-Key": "k1"}) for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert await idle_api.total("/batches") == 1
    other = await idle_api.http.post(BATCHES, json=a_batch(subject="x"), headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["title"]) == (409, "Conflict")


async def test_50_a_server_that_is_killed_goes_on_where_it_was(house: House, idle_api: Api) -> None:
    batch = await idle_api.accepted(contacts=to(*MANY))
    house.start()
    async with asyncio.timeout(60):
        while not house.addresses:
            await asyncio.sleep(0.01)
    await house.kill()
    again = House(house.store, house.clock, house.files)
    again.channels = house.channels
    await again.refill()
    again.start()
    await idle_api.completed(batch["id"])
    await again.stop()
    assert len(house.addresses) == len(set(house.addresses))
    query = f"eq(batch.id,'{batch['id']}')&in(status,('Sent','Failed'))"
    assert await idle_api.total(f"/messages?{query}") == 10_000


async def test_47_two_thousand_and_one_recipients_of_a_buyer(idle_api: Api) -> None:
    await idle_api.hire(2_000)
    made: list[str] = []
    told: list[str] = []
    offset, total = 0, 1
    # As the vendor's older client does it: page by page, each page's rows handed on as they came.
    while offset < total:
        query = f"select=id,-email,-name,-status,-user&filter(group.buyers.id,BUY-0000-0001)&limit=1000&offset={offset}"
        page = await idle_api.get(f"/accounts/ACC-0000-0003/categories/NTC-0000-0006/contacts?{query}")
        total = page["$meta"]["pagination"]["total"]
        batch = await idle_api.accepted(contacts=page["data"], account={"id": "ACC-0000-0003"})
        made.append(batch["id"])
        told += [contact["id"] for contact in page["data"]]
        offset += 1000
    assert len(told) == len(set(told)) == 2_001
    assert [await idle_api.total(f"/messages?eq(batch.id,'{one}')") for one in made] == [1000, 1000, 1]

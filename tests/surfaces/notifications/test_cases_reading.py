"""Conformance cases 30 to 38 of the door's specification: lists, conditions, orders, parts, streams."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.surfaces.notifications.house import Api, to

Row = dict[str, Any]
STREAM = {"MPT-Streaming": "true"}


def ids(rows: list[Row]) -> list[str]:
    return [row["id"] for row in rows]


async def test_case_30_a_batch_is_found_by_its_id_quoted_or_not(idle_api: Api) -> None:
    wanted = (await idle_api.accepted())["id"]
    await idle_api.accepted()

    quoted = await idle_api.rows(f"/batches?limit=100&offset=0&eq(id,'{wanted}')")
    bare = await idle_api.rows(f"/batches?limit=100&offset=0&eq(id,{wanted})")

    assert ids(quoted) == ids(bare) == [wanted]


async def test_case_31_nested_conditions_and_an_order(api: Api) -> None:
    first = await api.accepted(subject="Order", contacts=to("a@example.com", "fail@example.com", "bounce@example.com"))
    other = await api.accepted(subject="Now IT'S ME again", contacts=to("a@example.com", "bounce@example.com"))
    for batch in (first, other):
        await api.completed(batch["id"])
    await api.house.receipts_told()
    condition = "or(in(status,('Sent','Failed')),not(ilike(subject,%22*it%27s%20me*%22)))"

    async def found(batch: Row) -> list[str]:
        rows = await api.rows(
            f"/messages?and(eq(batch.id,'{batch['id']}'),{condition})&order=-audit.created.at&select=audit"
        )
        times = [row["audit"]["created"]["at"] for row in rows]
        assert times == sorted(times, reverse=True)
        return sorted(row["status"] for row in rows)

    assert await found(first) == ["Bounced", "Failed", "Sent"]
    assert await found(other) in (["Sent"], [])


async def test_case_32_who_opted_out_of_a_category(idle_api: Api) -> None:
    assert ids(await idle_api.rows("/contacts?any(optOuts,eq(id,'NTC-0000-0006'))")) == ["CTT-0000-0002"]
    assert await idle_api.rows("/contacts?any(optOuts,eq(id,'NTC-0000-0007'))") == []
    assert ids(await idle_api.rows("/contacts?any(optOuts)")) == ["CTT-0000-0002"]


async def test_case_33_contacts_without_a_user(idle_api: Api) -> None:
    without = await idle_api.rows("/contacts?eq(user,null())")
    others = await idle_api.rows("/contacts?ne(user,null())")

    assert ids(without) == ["CTT-0000-0001", "CTT-0000-0002", "CTT-0000-0003"]
    assert all("user" not in row for row in without)
    assert all(row["user"]["id"] == row["userId"] for row in others)
    assert len(others) == 2


@pytest.mark.parametrize(
    ("query", "key", "text"),
    [
        ("foo(id,1)", "foo", "Unknown expression group."),
        ("eq(nope,1)", "nope", "Invalid property path."),
        ("rql=eq(id,1)", "rql", "Invalid equals shortcut expression"),
        ("gt(audit.created.at,abc)", "audit.created.at", "Cannot convert value: 'abc'."),
    ],
)
async def test_case_34_what_is_wrong_with_a_condition_is_said(
    *, idle_api: Api, query: str, key: str, text: str
) -> None:
    problem = await idle_api.get(f"/batches?{query}", 400)

    assert problem["errors"] == {key: [text]}
    assert problem["detail"] == text
    assert problem["title"] == "Bad Request"


async def test_case_35_unknown_names_in_a_selection_are_ignored(idle_api: Api) -> None:
    assert await idle_api.get("/subscribers?select=-config") == await idle_api.get("/subscribers")


async def test_case_36_limits(idle_api: Api) -> None:
    nothing = await idle_api.get("/contacts?limit=0")
    everything = await idle_api.get("/contacts?limit=5000")

    assert nothing["data"] == []
    assert nothing["$meta"]["pagination"] == {"offset": 0, "limit": 0, "total": 5}
    assert everything["$meta"]["pagination"]["limit"] == 1000
    assert (await idle_api.get("/contacts?limit=-1", 400))["errors"].keys() == {"limit"}
    assert await idle_api.rows("/contacts?offset=99") == []


async def test_case_37_pages_of_two_show_everything_once_in_order(idle_api: Api) -> None:
    made = [(await idle_api.accepted())["id"] for _ in range(5)]

    pages = [await idle_api.rows(f"/batches?limit=2&offset={offset}") for offset in (0, 2, 4)]

    assert [one for page in pages for one in ids(page)] == made


async def test_a_page_of_many_batches_is_read_in_parts_and_none_is_lost(idle_api: Api) -> None:
    made = [(await idle_api.accepted())["id"] for _ in range(205)]

    assert ids(await idle_api.rows("/batches?limit=203&offset=1")) == made[1:204]


@pytest.mark.parametrize("shelf", ["batches", "messages", "categories", "contacts", "subscribers"])
async def test_case_38_every_list_streams_in_both_formats(idle_api: Api, shelf: str) -> None:
    await idle_api.accepted(contacts=to("a@example.com", "b@example.com"))
    page = await idle_api.rows(f"/{shelf}?limit=1000")
    path = f"/public/v1/notifications/{shelf}"

    lines = await idle_api.http.get(path, headers={**STREAM, "Accept": "application/jsonl"})
    whole = await idle_api.http.get(f"{path}?limit=-1", headers={**STREAM, "Accept": "application/json"})

    for answer, media_type in ((lines, "application/jsonl"), (whole, "application/json")):
        assert answer.headers["mpt-streaming"] == "true"
        assert answer.headers["mpt-item-count"] == str(len(page))
        assert answer.headers["content-type"].partition(";")[0] == media_type
    assert [json.loads(line) for line in lines.text.splitlines()] == page
    assert whole.json()["data"] == page


async def test_the_recipients_of_an_account_and_a_category_are_a_list_too(idle_api: Api) -> None:
    path = "/accounts/ACC-0000-0003/categories/NTC-0000-0006/contacts"
    sdk = "select=id,-email,-name,-status,-user&filter(group.buyers.id,BUY-0000-0001)&limit=1000&offset=0"

    everybody, buyers = await idle_api.rows(path), await idle_api.rows(f"{path}?{sdk}")
    stream = await idle_api.http.get(f"/public/v1/notifications{path}", headers=STREAM)

    assert ids(everybody) == ["CTT-0000-0004", "CTT-0000-0005"]
    assert ids(buyers) == ["CTT-0000-0005"]
    assert not buyers[0].keys() & {"email", "name", "status", "user"}
    assert [json.loads(line) for line in stream.text.splitlines()] == everybody
    assert await idle_api.rows(f"{path}?filter(group.buyers.id,BUY-9999-9999)") == []


# Every path that may be named, with a value of its sort: a path that the store did not know would be a fault of ours.
PATHS = {
    "batches": "id status subject body revision category category.id category.name category.status category.lastUsed "
    "category.optOutAllowed category.audit.published.at account account.id account.type account.name account.status "
    "audit.created.at audit.updated.at audit.created.by.id audit.created.of.id",
    "messages": "id status subject body revision batch batch.id contact contact.id contact.email contact.name "
    "contact.status category.id category.shortDescription account.id account.name audit.created.at audit.updated.at "
    "audit.queued.at audit.sent.at audit.bounced.at audit.complained.at audit.failed.at audit.discarded.at "
    "audit.created.of.id",
    "categories": "id name description shortDescription optOutAllowed deleteAllowed status note icon lastUsed revision "
    "audit.created.at audit.updated.at audit.published.at audit.unpublished.at",
    "contacts": "id email name status blockedReason user user.id userId user.name user.email revision audit.created.at "
    "audit.updated.at audit.activated.at audit.blocked.at",
    "subscribers": "id name status note revision category.id category.note account.id account.type audit.created.at "
    "audit.updated.at audit.activated.at audit.disabled.at",
}
VALUES = ("null()", "'2026-01-08T06:31:30.827Z'", "7*")
CALLS = ("eq", "ne", "gt", "le", "like", "ilike", "in", "out")


@pytest.mark.parametrize("shelf", sorted(PATHS))
async def test_whatever_is_compared_with_whatever_nothing_breaks(idle_api: Api, shelf: str) -> None:
    await idle_api.accepted()
    for path in PATHS[shelf].split():
        answers = [
            await idle_api.http.get(f"/public/v1/notifications/{shelf}?{call}({path},{value})&limit=1")
            for call in CALLS
            for value in VALUES
        ]
        assert {answer.status_code for answer in answers} <= {200, 400}, path
        assert any(answer.status_code == 200 for answer in answers), path
        assert all(set(answer.json().get("errors", {})) <= {path} for answer in answers)


@pytest.mark.parametrize("shelf", sorted(PATHS))
async def test_every_plain_path_sorts_a_list(idle_api: Api, shelf: str) -> None:
    await idle_api.accepted()
    unsorted = {"batches": {"status"}, "messages": {"status"}}.get(shelf, set())
    things = {"category", "account", "batch", "contact", "user"}

    for path in set(PATHS[shelf].split()) - unsorted - things:
        up, down = [await idle_api.rows(f"/{shelf}?limit=1000&order={sign}{path}") for sign in ("+", "-")]
        assert sorted(ids(up)) == sorted(ids(down)), path


@pytest.mark.parametrize(
    ("shelf", "condition", "count"),
    [
        ("batches", "any(attachments,and(gt(fileSize,3),like(fileName,a*)))", 0),
        ("batches", "all(attachments,eq(id,ATT-0000-0000-0001))", 1),
        ("messages", "any(attachments,eq(name,x))", 0),
        ("subscribers", "any(recipients.users,eq(id,'USR-0000-0001'))", 1),
        ("subscribers", "any(recipients.userGroups,eq(name,Buyers))", 1),
        ("subscribers", "eq(status,Active),eq(account.type,Client),in(category.id,(NTC-0000-0006,NTC-0000-0008))", 2),
        ("contacts", "out(status,(Blocked))", 4),
        ("contacts", "eq(blockedReason,Bounced)|eq(email,ann@example.com)", 2),
        ("contacts", "like(id,CTT-0000-*)", 5),
        ("contacts", "ilike(email,*EXAMPLE.COM)", 3),
        ("categories", "status=Published&optOutAllowed=false", 1),
    ],
)
async def test_conditions_find_what_they_say(*, idle_api: Api, shelf: str, condition: str, count: int) -> None:
    await idle_api.accepted()

    assert await idle_api.total(f"/{shelf}?{condition}") == count
    assert await idle_api.total(f"/{shelf}?{quote(condition)}") == count


async def test_a_time_that_was_shown_finds_its_row(idle_api: Api) -> None:
    batch = await idle_api.accepted()
    shown = batch["audit"]["created"]["at"]

    assert await idle_api.total(f"/batches?eq(audit.created.at,'{shown}')") == 1
    assert await idle_api.total(f"/batches?gt(audit.created.at,'{shown}')") == 0

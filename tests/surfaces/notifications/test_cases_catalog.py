"""What a tenant prepares, through the door: the conformance cases 39 to 46, and what stands beside them."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from muster.surfaces.notifications.wire import categories, contacts, subscribers
from muster.surfaces.notifications.wire.paths import ACCOUNTS, CATEGORIES, CONTACTS, PREFIX, SUBSCRIBERS
from tests.surfaces.notifications.house import Api, Row

OPEN, CLOSED, MANDATORY = (f"{CATEGORIES}/NTC-0000-000{number}" for number in (6, 7, 8))
ANN, OLA, BO, PIA, QUY = (f"{CONTACTS}/CTT-0000-000{number}" for number in range(1, 6))
STRANGE = "application/xml"

Answer = httpx.Response


def problem(answer: Answer, status: int, *, detail: str = "") -> Row:
    """The problem that the answer is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    told: Row = answer.json()
    assert told["status"] == status
    assert detail in told["detail"]
    return told


def told(answer: Answer, status: int = 200) -> Row:
    """The object that the answer is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    found: Row = answer.json()
    return found


async def subscriber(api: Api, account: str = "ACC-0000-0003", category: str = "NTC-0000-0006") -> Row:
    rows = await api.rows(f"/subscribers?select=recipients&eq(account.id,'{account}')&eq(category.id,'{category}')")
    assert len(rows) == 1
    return rows[0]


async def test_39_a_new_category_is_published_and_unknown_members_are_ignored(idle_api: Api) -> None:
    wish = {"name": "News", "description": "What is new", "externalId": "x"}

    made = told(await idle_api.http.post(CATEGORIES, json=wish), 201)

    assert (made["name"], made["description"], made["status"]) == ("News", "What is new", "Published")
    assert (made["optOutAllowed"], made["deleteAllowed"], made["revision"]) == (True, True, 1)
    assert "externalId" not in made
    assert made["audit"]["created"]["by"] == {"id": "TKN-0000-0001", "name": "operations token"}
    assert made["audit"]["created"]["of"]["id"] == "ACC-0000-0001"
    assert made["$meta"]["omitted"] == ["statistics"]
    assert await idle_api.total(f"/subscribers?eq(category.id,'{made['id']}')") == 3


async def test_40_publishing_needs_no_body_and_is_refused_the_second_time(idle_api: Api) -> None:
    published = told(await idle_api.http.post(f"{CLOSED}/publish"))
    assert (published["status"], "published" in published["audit"]) == ("Published", True)

    problem(await idle_api.http.post(f"{CLOSED}/publish"), 400, detail="published already")

    gone = told(await idle_api.http.post(f"{CLOSED}/unpublish", json={"note": "too chatty"}))
    assert (gone["status"], gone["note"], "unpublished" in gone["audit"]) == ("Unpublished", "too chatty", True)
    assert told(await idle_api.http.post(f"{CLOSED}/publish"))["note"] == "too chatty"
    problem(await idle_api.http.post(f"{CATEGORIES}/NTC-9999-9999/publish"), 404)


async def test_41_a_category_is_deleted_with_its_subscribers_where_that_is_allowed(idle_api: Api) -> None:
    problem(await idle_api.http.delete(MANDATORY), 400, detail="must not be deleted")

    answer = await idle_api.http.delete(OPEN)

    assert (answer.status_code, answer.content) == (204, b"")
    problem(await idle_api.http.get(OPEN), 404, detail="Category with id 'NTC-0000-0006' not found")
    problem(await idle_api.http.delete(OPEN), 404)
    assert await idle_api.total("/subscribers?eq(category.id,'NTC-0000-0006')") == 0


async def test_42_a_contact_is_blocked_once_and_unblocked_once(idle_api: Api) -> None:
    assert told(await idle_api.http.post(f"{ANN}/block"))["status"] == "Blocked"
    problem(await idle_api.http.post(f"{ANN}/block"), 400, detail="blocked already")

    back = told(await idle_api.http.post(f"{ANN}/unblock"))

    assert (back["status"], {"blocked", "activated"} <= set(back["audit"])) == ("Active", True)
    problem(await idle_api.http.post(f"{ANN}/unblock"), 400, detail="active already")
    text = "Contact with id 'CON-0000-0000-0000' not found"
    problem(await idle_api.http.post(f"{CONTACTS}/CON-0000-0000-0000/block"), 400, detail=text)


async def test_43_nobody_opts_out_of_a_mandatory_or_an_unknown_category(idle_api: Api) -> None:
    wanted = [{"id": "NTC-0000-0006"}, {"id": "NTC-0000-0008"}, {"id": "NTC-9999-9999"}, {"id": "nonsense"}, {}]

    refused = problem(await idle_api.http.put(ANN, json={"optOuts": wanted}), 400)

    assert refused["errors"] == {
        "optOuts[1].id": ["is a category that nobody may opt out of"],
        "optOuts[2].id": ["Category with id 'NTC-9999-9999' not found"],
        "optOuts[3].id": ["Category with id 'nonsense' not found"],
        "optOuts[4]": ['must be an object with a string "id"'],
    }


async def test_opt_outs_take_the_place_of_those_before(idle_api: Api) -> None:
    other = told(await idle_api.http.post(CATEGORIES, json={"name": "News"}), 201)["id"]

    told(await idle_api.http.put(OLA, json={"optOuts": [{"id": other}], "firstName": "Ola", "lastName": "Li"}))

    found = told(await idle_api.http.get(f"{OLA}?select=optOuts"))
    assert [(one["id"], one["name"]) for one in found["optOuts"]] == [(other, "News")]
    assert found["name"] == "Ola"
    assert await idle_api.total("/contacts?any(optOuts,eq(id,'NTC-0000-0006'))") == 0


async def test_44_an_address_belongs_to_one_contact_whatever_its_letter_case(idle_api: Api) -> None:
    refused = problem(await idle_api.http.post(CONTACTS, json={"email": "ANN@Example.COM", "name": "x"}), 400)

    assert list(refused["errors"]) == ["email"]
    # The vendor's client prints no more than this.
    assert refused["detail"] == "The field email is the address of another contact"


@pytest.mark.parametrize(("path", "new"), [(CONTACTS, {"email": "new@example.com"}), (CATEGORIES, {"name": "New"})])
async def test_what_was_made_is_where_its_answer_says(idle_api: Api, path: str, new: dict[str, str]) -> None:
    answer = await idle_api.http.post(path, json=new)

    found = told(await idle_api.http.get(answer.headers["location"]))

    assert found["id"] == told(answer, 201)["id"]


async def test_45_an_action_on_an_unknown_subscriber_is_a_bad_request(idle_api: Api) -> None:
    text = "Subscriber with id 'NTS-0000-0000-0000' not found"

    for action in ("enable", "disable"):
        answer = await idle_api.http.post(f"{SUBSCRIBERS}/NTS-0000-0000-0000/{action}")
        assert problem(answer, 400, detail=text)["title"] == "Bad Request"


async def test_46_an_unknown_subscriber_is_not_found(idle_api: Api) -> None:
    assert problem(await idle_api.http.get(f"{SUBSCRIBERS}/NTS-0000-0000-0000"), 404)["title"] == "Not Found"


@pytest.mark.parametrize(
    "path", [f"{CATEGORIES}/NCT-000-000-000", f"{CONTACTS}/CON-0000-0000-0000", f"{SUBSCRIBERS}/{'N' * 5000}"]
)
async def test_a_malformed_id_is_an_unknown_one(idle_api: Api, path: str) -> None:
    problem(await idle_api.http.get(path), 404)
    body: dict[str, object] = {}
    problem(await idle_api.http.put(path, json=body), 404)


async def test_a_category_is_changed_with_201_and_only_where_something_is_said(idle_api: Api) -> None:
    change = {"name": None, "description": None, "note": "why", "optOutAllowed": False, "shortDescription": "brief"}

    changed = told(await idle_api.http.put(OPEN, json=change), 201)

    assert (changed["name"], changed["note"], changed["optOutAllowed"], changed["revision"]) == (
        "Orders",
        "why",
        False,
        2,
    )
    assert changed["shortDescription"] == "brief"
    assert "description" not in changed


async def test_every_fault_of_a_category_is_named_at_once(idle_api: Api) -> None:
    wish = {"description": 7, "optOutAllowed": "yes", "note": "x" * 2001, "shortDescription": "x" * 2001}

    refused = problem(await idle_api.http.post(CATEGORIES, json=wish), 400)

    assert refused["detail"] == "One or more validation errors occurred."
    assert set(refused["errors"]) == {"name", "description", "optOutAllowed", "note", "shortDescription"}
    assert await idle_api.total("/categories") == 3


async def test_every_fault_of_a_contact_is_named_at_once(idle_api: Api) -> None:
    wish = {"email": 7, "name": "Ann\r\nBcc: all@example.com", "optOuts": {"id": "NTC-0000-0006"}}

    refused = problem(await idle_api.http.post(CONTACTS, json=wish), 400)

    assert set(refused["errors"]) == {"email", "name", "optOuts"}
    assert problem(await idle_api.http.post(CONTACTS, json={"name": "Nobody"}), 400)["errors"].keys() == {"email"}
    assert await idle_api.total("/contacts") == 5


async def test_a_new_contact_is_active_and_keeps_what_else_was_said(idle_api: Api) -> None:
    wish = {"email": "new@example.com", "name": "New", "chat": True, "directories": [{"id": "DIR-1"}]}

    made = told(await idle_api.http.post(CONTACTS, json=wish), 201)

    assert (made["status"], made["email"], made["name"]) == ("Active", "new@example.com", "New")
    assert {"user", "userId", "chat", "blockedReason"}.isdisjoint(made)


async def test_a_deleted_contact_is_gone_and_its_address_is_free(idle_api: Api) -> None:
    assert (await idle_api.http.delete(ANN)).status_code == 204

    problem(await idle_api.http.get(ANN), 404)
    problem(await idle_api.http.delete(ANN), 404)
    told(await idle_api.http.post(CONTACTS, json={"email": "ann@example.com"}), 201)


async def test_a_contact_shows_its_user_and_why_it_is_blocked(idle_api: Api) -> None:
    pia, bo = await idle_api.get("/contacts/CTT-0000-0004"), await idle_api.get("/contacts/CTT-0000-0003")

    assert (pia["userId"], pia["user"]["name"], pia["user"]["email"]) == ("USR-0000-0001", "Pia", "pia@client.example")
    assert (bo["status"], bo["blockedReason"]) == ("Blocked", "Bounced")
    assert pia["$meta"]["omitted"] == ["optOuts", "audit"]


async def test_a_subscriber_is_given_recipients_and_a_note(idle_api: Api) -> None:
    before = await subscriber(idle_api)
    assert (before["name"], before["status"], before["account"]["id"]) == ("Orders", "Active", "ACC-0000-0003")
    wanted = {"recipients": {"users": [{"id": "USR-0000-0001"}], "userGroups": [{"id": "UGR-0000-0001"}]}, "note": "n"}

    changed = told(await idle_api.client.put(f"{SUBSCRIBERS}/{before['id']}", json=wanted))

    assert (changed["note"], changed["revision"]) == ("n", 2)
    after = await subscriber(idle_api)
    assert after["recipients"] == {
        "users": [{"id": "USR-0000-0001", "name": "Pia"}],
        "userGroups": [{"id": "UGR-0000-0001", "name": "Buyers"}],
    }


async def test_every_recipient_there_is_not_is_named(idle_api: Api) -> None:
    path = f"{SUBSCRIBERS}/{(await subscriber(idle_api))['id']}"
    wanted = {"users": [{"id": "USR-0000-0001"}, {"id": "USR-0000-0077"}, 5], "userGroups": [{"id": "UGR-9"}]}

    refused = problem(await idle_api.http.put(path, json={"recipients": wanted}), 400)

    assert refused["errors"] == {
        "recipients.users[1].id": ["User with id 'USR-0000-0077' not found"],
        "recipients.users[2]": ['must be an object with a string "id"'],
        "recipients.userGroups[0].id": ["User group with id 'UGR-9' not found"],
    }
    problem(await idle_api.http.put(path, json={"recipients": []}), 400)


async def test_a_subscriber_is_switched_off_and_on(idle_api: Api) -> None:
    path = f"{SUBSCRIBERS}/{(await subscriber(idle_api))['id']}"

    off = told(await idle_api.client.post(f"{path}/disable", json={"note": "quiet please"}))
    assert (off["status"], off["note"], "disabled" in off["audit"]) == ("Disabled", "quiet please", True)
    on = told(await idle_api.client.post(f"{path}/enable"))
    assert (on["status"], on["note"]) == ("Active", "quiet please")


async def test_recipients_are_found_through_users_groups_and_buyers(idle_api: Api) -> None:
    path = f"{SUBSCRIBERS}/{(await subscriber(idle_api))['id']}"
    wanted = {"users": [{"id": "USR-0000-0001"}], "userGroups": [{"id": "UGR-0000-0001"}]}
    told(await idle_api.http.put(path, json={"recipients": wanted}))
    whom = "/accounts/ACC-0000-0003/categories/NTC-0000-0006/contacts"

    assert [row["id"] for row in await idle_api.rows(whom)] == ["CTT-0000-0004", "CTT-0000-0005"]
    asked = f"{whom}?select=id,-email,-name,-status,-user&filter(group.buyers.id,BUY-0000-0001)&limit=1000&offset=0"
    rows = await idle_api.rows(asked)
    assert [row["id"] for row in rows] == ["CTT-0000-0005"]
    assert {"email", "name", "status", "user"}.isdisjoint(rows[0])
    told(await idle_api.http.post(f"{path}/disable"))
    assert await idle_api.rows(whom) == []


async def test_recipients_of_an_unknown_account_or_category_are_a_bad_request(idle_api: Api) -> None:
    answer = await idle_api.http.get(f"{ACCOUNTS}/ACC-0000-0099/categories/NTC-1/contacts")

    assert problem(answer, 400)["errors"] == {
        "account.id": ["Account with id 'ACC-0000-0099' not found"],
        "category.id": ["Category with id 'NTC-1' not found"],
    }
    answer = await idle_api.http.get(f"{ACCOUNTS}/ACC-0000-0099/categories/NTC-0000-0006/contacts")
    problem(answer, 400, detail="Account with id 'ACC-0000-0099' not found")


async def test_what_is_not_offered_is_refused_as_a_method(idle_api: Api) -> None:
    one = f"{SUBSCRIBERS}/{(await subscriber(idle_api))['id']}"

    for answer, allowed in (
        (await idle_api.http.post(SUBSCRIBERS, json={}), {"GET"}),
        (await idle_api.http.delete(one), {"GET", "PUT"}),
        (await idle_api.http.post(one, json={}), {"GET", "PUT"}),
    ):
        problem(answer, 405)
        assert allowed <= {name.strip() for name in answer.headers["allow"].split(",")}


@pytest.mark.parametrize(
    "path", ["templates", "templates/1/activate", "templates/1/variants/2", "footers", "footers/1", "webhooks/1/enable"]
)
async def test_what_the_vendor_has_besides_is_answered_with_501(idle_api: Api, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        problem(await idle_api.http.request(method, f"{PREFIX}/{path}"), 501)
    async with idle_api.house.client(None) as nobody:
        problem(await nobody.get(f"{PREFIX}/{path}"), 401)


async def test_the_description_of_the_door_is_where_the_vendor_has_it(idle_api: Api) -> None:
    answer = await idle_api.http.get(f"{PREFIX}/openapi.json")

    assert (answer.status_code, answer.headers["location"]) == (302, "/openapi/notifications.json")


async def test_bodies_are_json_under_any_of_its_names(idle_api: Api) -> None:
    for name in ("application/json", "text/json", "application/merge-patch+json; charset=utf-8"):
        answer = await idle_api.http.put(OPEN, content=b'{"note":"n"}', headers={"Content-Type": name})
        told(answer, 201)
    answer = await idle_api.http.put(OPEN, content=b'{"note":"n"}', headers={"Content-Type": STRANGE})
    problem(answer, 415)
    problem(await idle_api.http.put(OPEN, content=b"{", headers={"Content-Type": "application/json"}), 400)
    problem(await idle_api.http.post(f"{OPEN}/unpublish", content=b"{}", headers={"Content-Type": STRANGE}), 415)
    problem(await idle_api.http.post(f"{OPEN}/unpublish", json={"note": 5}), 400)


OPERATIONS_ONLY = (
    ("POST", CATEGORIES),
    ("PUT", OPEN),
    ("DELETE", OPEN),
    ("POST", f"{OPEN}/publish"),
    ("POST", f"{OPEN}/unpublish"),
    ("POST", CONTACTS),
    ("DELETE", ANN),
    ("POST", f"{ANN}/block"),
    ("POST", f"{BO}/unblock"),
)


@pytest.mark.parametrize(("method", "path"), OPERATIONS_ONLY)
async def test_what_only_operations_may_do_is_forbidden_to_others(idle_api: Api, method: str, path: str) -> None:
    for http in (idle_api.vendor, idle_api.client):
        problem(await http.request(method, path, json={"name": "x", "email": "x@example.com"}), 403)


async def test_clients_and_vendors_see_only_published_categories(idle_api: Api) -> None:
    for http in (idle_api.vendor, idle_api.client):
        found = told(await http.get(CATEGORIES))
        assert [one["id"] for one in found["data"]] == ["NTC-0000-0006", "NTC-0000-0008"]
        problem(await http.get(CLOSED), 404)


async def test_an_account_sees_and_changes_only_its_own_subscribers(idle_api: Api) -> None:
    theirs = f"{SUBSCRIBERS}/{(await subscriber(idle_api, account='ACC-0000-0002'))['id']}"

    assert {one["account"]["id"] for one in told(await idle_api.client.get(SUBSCRIBERS))["data"]} == {"ACC-0000-0003"}
    problem(await idle_api.client.get(theirs), 404)
    problem(await idle_api.client.put(theirs, json={"note": "mine"}), 404)
    problem(await idle_api.client.post(f"{theirs}/disable"), 400, detail="not found")


async def test_a_client_changes_the_contacts_of_its_own_users_only(idle_api: Api) -> None:
    changed = told(await idle_api.client.put(PIA, json={"optOuts": [{"id": "NTC-0000-0006"}]}))

    assert changed["audit"]["updated"]["of"]["id"] == "ACC-0000-0003"
    problem(await idle_api.client.put(ANN, json={"name": "Mine"}), 403)
    problem(await idle_api.vendor.put(PIA, json={"name": "Mine"}), 403)


async def test_a_client_may_not_ask_for_an_accounts_recipients(idle_api: Api) -> None:
    whom = f"{ACCOUNTS}/ACC-0000-0003/categories/NTC-0000-0006/contacts"

    problem(await idle_api.client.get(whom), 403)
    told(await idle_api.vendor.get(whom))


async def test_of_changes_at_once_each_is_made_or_refused_as_a_clash(idle_api: Api) -> None:
    answers = await asyncio.gather(*(idle_api.http.put(OPEN, json={"note": str(at)}) for at in range(6)))

    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert (await idle_api.get("/categories/NTC-0000-0006"))["revision"] == 1 + len(made)


async def test_objects_are_as_they_are_described(idle_api: Api) -> None:
    shapes: list[tuple[str, Any]] = [
        ("/categories?select=statistics,audit,note", categories.Categories),
        ("/contacts?select=optOuts,audit", contacts.Contacts),
        ("/subscribers?select=recipients,audit", subscribers.Subscribers),
    ]
    for path, shape in shapes:
        page = await idle_api.get(path)
        assert page["data"]
        described = msgspec.to_builtins(msgspec.convert(page, shape))
        assert described == page

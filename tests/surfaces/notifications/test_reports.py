"""News of messages that comes by HTTP."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from muster.domain.directory import PartyKind
from muster.domain.entry import EntryState
from muster.domain.ids import BatchId
from muster.domain.receipt import Verdict
from muster.ports.store.batches import Page
from muster.surfaces.notifications.translate.reports import VERDICTS
from muster.surfaces.notifications.wire.paths import MESSAGE_EVENTS, OWN_PREFIX
from tests.surfaces.notifications.house import Api, Row, to

JO = "jo@example.com"
UNKNOWN = "sandbox9011@example.com"
"""The answer to its hand-over is lost, and with it under which id it left."""


async def tell(client: httpx.AsyncClient, message: str, *, status: int = 200, **told: object) -> Row:
    """Report on the message; the answer."""
    answer = await client.post(MESSAGE_EVENTS.replace("{message_id:str}", message), json=told)
    assert answer.status_code == status, answer.text
    found: Row = answer.json()
    return found


async def sent(api: Api, address: str = JO) -> str:
    """The id of a message that was sent."""
    batch = await api.accepted(contacts=to(address))
    message: str = (await api.ended(batch["id"], "Sent"))["id"]
    return message


async def stands(api: Api, message: str) -> tuple[str, str, str | None]:
    """The statuses of the message and its contact, and why that is blocked."""
    found = await api.get(f"/messages/{message}")
    contact = await api.get(f"/contacts/{found['contact']['id']}")
    return found["status"], contact["status"], contact.get("blockedReason")


async def listed(api: Api, address: str = JO) -> str | None:
    """Why the address is on the tenant's list of whom not to reach."""
    async with api.house.store.read() as tx:
        return (await tx.suppressions.among(api.rented.tenant, [address])).get(address)


async def noted(url: str) -> list[tuple[str, str]]:
    """Subject and detail of what the audit log says of reports."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        said = text("SELECT subject, detail FROM audit WHERE action = 'message:report' ORDER BY id")
        found = [(str(row[0]), str(row[1])) for row in await connection.execute(said)]
    await engine.dispose()
    return found


@pytest.mark.parametrize(
    ("event", "expected", "source"),
    [
        ("bounced", ("Bounced", "Blocked", "Bounced"), "bounced"),
        ("complained", ("Complained", "Blocked", "Complained"), "complained"),
        ("failed", ("Bounced", "Active", None), None),
    ],
)
async def test_news_moves_the_message_and_may_silence_its_address(
    api: Api, *, event: str, expected: tuple[str, str, str | None], source: str | None
) -> None:
    message = await sent(api)
    told = await tell(api.http, message, event=event, reason="550 5.1.1 no such user")
    assert (told["status"], told["audit"][expected[0].lower()]["at"]) == (expected[0], told["audit"]["updated"]["at"])
    assert told == await api.get(f"/messages/{message}?select=audit")
    assert await stands(api, message) == expected
    assert await listed(api) == source


async def test_the_reason_stands_beside_the_entry_and_the_origin_beside_the_address(api: Api) -> None:
    message = await sent(api)
    await tell(api.http, message, event="bounced", reason="550 5.1.1 no such user")
    async with api.house.store.read() as tx:
        suppression = await tx.suppressions.get(api.rented.tenant, JO)
        batch = await tx.batches.get(api.rented.tenant, BatchId(UUID(suppression.origin.partition("/")[0])))
        _, (entry,) = await tx.entries.find(
            api.rented.tenant, batch.number, states=None, order=[("position", False)], page=Page(0, 9)
        )
    assert suppression.origin == f"{batch.id}/0"
    assert (entry.state, entry.reason) == (EntryState.UNDELIVERED, "bounced")
    assert entry.detail == "the provider reported 550 5.1.1 no such user"


@pytest.mark.parametrize("event", VERDICTS)
async def test_the_same_told_twice_changes_nothing(api: Api, database_url: str, event: str) -> None:
    message = await sent(api)
    first = await tell(api.http, message, event=event)
    before = await stands(api, message)
    api.house.clock.advance(timedelta(minutes=1))
    assert await tell(api.http, message, event=event, reason="once more") == first
    assert await stands(api, message) == before
    assert [detail for _, detail in await noted(database_url)] == [VERDICTS[event].value]


async def test_told_at_the_same_moment_it_counts_once(api: Api, database_url: str) -> None:
    message = await sent(api)
    answers = await asyncio.gather(*(tell(api.http, message, event="bounced") for _ in range(8)))
    assert {answer["status"] for answer in answers} == {"Bounced"}
    assert len(await noted(database_url)) == 1
    assert (await api.today("NTC-0000-0006"))["bounced"] == 1


async def test_what_nobody_knows_the_outcome_of_takes_news(api: Api) -> None:
    batch = await api.accepted(contacts=to(UNKNOWN))
    message = (await api.ended(batch["id"], "Failed"))["id"]
    await tell(api.http, message, event="bounced")
    assert await stands(api, message) == ("Bounced", "Blocked", "Bounced")


async def test_what_came_back_may_turn_out_to_be_gone_for_good(api: Api) -> None:
    message = await sent(api)
    await tell(api.http, message, event="failed")
    await tell(api.http, message, event="bounced")
    assert await stands(api, message) == ("Bounced", "Blocked", "Bounced")
    assert await listed(api) == "bounced"


async def test_a_complaint_after_a_bounce_is_kept_and_the_message_stays_bounced(api: Api, database_url: str) -> None:
    message = await sent(api)
    await tell(api.http, message, event="bounced")
    await tell(api.http, message, event="complained")
    assert await stands(api, message) == ("Bounced", "Blocked", "Bounced")
    assert [detail for _, detail in await noted(database_url)] == [Verdict.GONE, Verdict.COMPLAINED]


async def test_a_bounce_after_a_complaint_changes_nothing(api: Api, database_url: str) -> None:
    message = await sent(api)
    await tell(api.http, message, event="complained")
    await tell(api.http, message, event="bounced")
    assert await stands(api, message) == ("Complained", "Blocked", "Complained")
    assert len(await noted(database_url)) == 1


async def test_the_same_by_mail_and_by_http_counts_once(api: Api, database_url: str) -> None:
    batch = await api.accepted(contacts=to("bounce+7@example.com"))
    message = (await api.ended(batch["id"], "Bounced"))["id"]
    assert (await tell(api.http, message, event="bounced"))["status"] == "Bounced"
    assert await noted(database_url) == []
    assert (await api.today("NTC-0000-0006"))["bounced"] == 1


async def test_what_still_waits_has_no_news(idle_api: Api, database_url: str) -> None:
    batch = await idle_api.accepted(contacts=to(JO))
    (message,) = await idle_api.messages(batch["id"])
    problem = await tell(idle_api.http, message["id"], status=400, event="bounced")
    assert problem["detail"] == "The message was not sent, so there can be no news of it"
    assert await stands(idle_api, message["id"]) == ("Queued", "Active", None)
    assert (await listed(idle_api), await noted(database_url)) == (None, [])


@pytest.mark.parametrize(
    ("contact", "status"), [({"id": "CTT-0000-0002"}, "Discarded"), ({"email": "fail@example.com"}, "Failed")]
)
async def test_nor_has_what_was_never_sent(api: Api, contact: Row, status: str) -> None:
    batch = await api.accepted(contacts=[contact])
    message = await api.ended(batch["id"], status)
    await tell(api.http, message["id"], status=400, event="complained")
    assert (await api.get(f"/messages/{message['id']}"))["status"] == status


@pytest.mark.parametrize("told", [{}, {"event": "opened"}, {"event": None}, {"event": 7}, {"event": "Bounced"}])
async def test_an_event_that_nobody_knows_is_named(idle_api: Api, told: Row) -> None:
    problem = await tell(idle_api.http, "MSG-0000-0000-0001-0000", status=400, **told)
    assert list(problem["errors"]) == ["event"]


@pytest.mark.parametrize("reason", ["x" * 201, "two\nlines", "a bell\7", 5])
async def test_so_is_a_reason_that_is_not_one_short_line(idle_api: Api, reason: object) -> None:
    problem = await tell(idle_api.http, "MSG-0000-0000-0001-0000", status=400, event="no", reason=reason)
    assert set(problem["errors"]) == {"event", "reason"}


@pytest.mark.parametrize("message", ["MSG-0000-0000-0001-0000", "MSG-9999-9999-9999-9999", "CTT-0000-0001", "nonsense"])
async def test_there_is_no_such_message(idle_api: Api, message: str) -> None:
    problem = await tell(idle_api.http, message, status=404, event="bounced")
    assert problem["detail"] == f"Message with id '{message}' not found"


async def test_only_the_operator_may_tell(api: Api) -> None:
    message = await sent(api)
    for client in (api.vendor, api.client):
        await tell(client, message, status=403, event="bounced")
    async with api.house.client(None) as nobody:
        await tell(nobody, message, status=401, event="bounced")
    assert await stands(api, message) == ("Sent", "Active", None)


async def test_another_tenant_has_no_such_message(api: Api) -> None:
    message = await sent(api)
    stranger = await api.house.rent("Stranger")
    async with api.house.client(stranger.tokens[PartyKind.OPERATIONS]) as client:
        await tell(client, message, status=404, event="bounced")
    assert await stands(api, message) == ("Sent", "Active", None)


async def test_what_is_not_there_is_told_in_the_doors_words(idle_api: Api) -> None:
    for method, path, status in (("GET", "/messages/MSG-0000-0000-0001-0000/events", 405), ("POST", "/messages", 404)):
        answer = await idle_api.http.request(method, f"{OWN_PREFIX}{path}")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"

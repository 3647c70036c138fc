"""The vendor's own programs against a running server: they know nothing of Muster, and everything must fit.

Both are written for Python 3.12. On 3.11 their syntax, and nothing else of them, is read as tests/peers/newer_python.py
tells; on later versions they run as they are.
"""

# ruff: noqa: ANN401 - the programs are loaded while the tests run, so nothing is known of their types

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from muster.app.settings import load
from muster.app.wiring import opened
from muster.domain.directory import PartyKind
from muster.domain.tenant import Role
from muster.drill.stage import Stage
from tests.fakes.marketplace import furnish, hire
from tests.peers.programs import imported, why_not

pytestmark = pytest.mark.slow
PDF = ("réport.pdf", b"%PDF-1", "application/pdf")
MANY = 2_001
"""How many people of the client's a buyer has: the older program sends to a thousand at a time."""


class Office(msgspec.Struct, frozen=True):
    """A running server, and the operator's token."""

    url: str
    token: str
    stage: Stage


@asynccontextmanager
async def an_office(folder: Path, settings: Mapping[str, str], *, people: int = 2) -> AsyncIterator[Office]:
    """Start it with the organisations, categories and contacts of the conformance cases."""
    stage = Stage(folder, settings=settings)
    async with opened(load(environment={}, flags={"data": folder / "data"})) as core:
        made = await core.accounts.add("Marketplace")
        vendor = await core.accounts.add_principal("Marketplace", "vendor", Role.OWNER)
        await core.channels.add(made.tenant, "sandbox", {})
        principals = {PartyKind.OPERATIONS: made.principal, PartyKind.VENDOR: vendor.principal}
        async with core.store.begin() as tx:
            await furnish(tx, made.tenant, core.clock, principals=principals)
            await hire(tx, made.tenant, people - 1)
    await stage.serve()
    try:
        yield Office(stage.url, made.token, stage)
    finally:
        await stage.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One server for all tests here."""
    if reason := why_not():
        pytest.skip(reason)
    async with an_office(tmp_path_factory.mktemp("office"), {}, people=MANY) as made:
        yield made


@pytest.fixture(scope="module")
def program() -> ModuleType:
    """The vendor's client."""
    return imported("mpt_api_client")


@pytest.fixture
def door(office: Office, program: ModuleType) -> Iterator[Any]:
    """Our door as the client shows it."""
    with a_door(program, office) as opened_door:
        yield opened_door


@contextmanager
def a_door(program: ModuleType, office: Office) -> Iterator[Any]:
    authentication = program.BearerTokenAuthentication(office.token)
    client = program.MPTClient.from_config(authentication=authentication, base_url=office.url)
    with client.http_client.httpx_client:
        yield client.notifications


def a_batch(**fields: object) -> dict[str, object]:
    """What the client is given to create a batch."""
    return {
        "category": {"id": "NTC-0000-0006"},
        "subject": "Hello",
        "body": "<b>Hello</b>",
        "contacts": [{"id": "CTT-0000-0001"}],
        **fields,
    }


def test_it_creates_a_batch_without_a_file(door: Any) -> None:
    batch = door.batches.create(a_batch())
    assert batch.id.startswith("MST-")
    assert batch.category.id == "NTC-0000-0006"
    assert batch.account.id == "ACC-0000-0001"
    assert batch.to_dict()["attachments"] == []


def test_it_creates_a_batch_with_a_file_and_gets_the_file_back(door: Any) -> None:
    batch = door.batches.create(a_batch(), file=PDF)
    (attachment,) = batch.attachments
    assert (attachment.file_name, attachment.file_size, attachment.content_type) == ("réport.pdf", 6, "application/pdf")
    assert door.batches.get_attachment(batch.id, attachment.id).file_name == "réport.pdf"
    file = door.batches.download_attachment(batch.id, attachment.id)
    assert (file.file_contents, file.content_type) == (b"%PDF-1", "application/pdf")
    assert door.batches.get(batch.id, select=["attachments"]).attachments[0].id == attachment.id


def test_it_pages_through_a_list_and_streams_it_in_both_formats(door: Any, program: ModuleType) -> None:
    subject = f"Five of a kind {secrets.token_hex(4)}"
    made = [door.batches.create(a_batch(subject=subject)).id for _ in range(5)]
    five = door.batches.filter(program.RQLQuery(subject=subject))
    assert [one.id for one in five.iterate(batch_size=2)] == made
    assert [one.id for one in five.order_by("-id").iterate(batch_size=2)] == made[::-1]
    assert five.fetch_page(limit=2).meta.pagination.total == 5
    formats = imported("mpt_api_client.http.mixins.streaming_mixin").StreamFormat
    for form in (formats.JSONL, formats.JSON):
        assert [one.id for one in five.stream(stream_format=form)] == made
    people = list(door.contacts.stream())
    assert len(people) == door.contacts.fetch_page(limit=1).meta.pagination.total > MANY


def test_it_follows_the_messages_of_a_batch(door: Any, program: ModuleType) -> None:
    query = program.RQLQuery
    opted_out = {"id": "CTT-0000-0002"}
    batch = door.batches.create(a_batch(contacts=[{"email": "it's@example.com"}, opted_out], subject='Say "it\'s"'))
    own = query(batch__id=batch.id)
    while door.messages.filter(own & query(status="Queued")).fetch_page(limit=0).meta.pagination.total:
        pass
    told = door.messages.filter(own).select("contact", "-body").iterate()
    assert sorted((one.contact.email, one.status) for one in told) == [
        ("it's@example.com", "Sent"),
        ("ola@example.com", "Discarded"),
    ]
    either = own & (query(status__in=("Sent", "Failed")) | query(subject__like="*nothing*"))
    (sent,) = door.messages.filter(either & query(contact__email__ilike="*IT'S*")).iterate()
    assert door.messages.get(sent.id).status == "Sent"
    assert door.batches.get(batch.id).status == "Completed"
    later = query(audit__created__at__gt="2020-01-01T00:00:00+00:00")
    assert door.batches.filter(query(id=batch.id) & later).fetch_one().id == batch.id
    assert [one.id for one in door.contacts.filter(query(id="NTC-0000-0008").any("optOuts")).iterate()] == [
        "CTT-0000-0002"
    ]


def test_it_manages_categories_contacts_and_subscribers(door: Any) -> None:
    category = door.categories.create({"name": "Offers", "description": "d", "externalId": "x"})
    assert (category.status, category.opt_out_allowed) == ("Published", True)
    assert door.categories.unpublish(category.id, {"note": "for now"}).status == "Unpublished"
    assert door.categories.publish(category.id).status == "Published"
    assert door.categories.update(category.id, {"description": "e"}).description == "e"

    email = f"New{secrets.token_hex(4)}@example.com"
    contact = door.contacts.create({"email": email, "name": "New", "firstName": "N"})
    door.contacts.update(contact.id, {"optOuts": [{"id": category.id}]})
    assert [one.id for one in door.contacts.get(contact.id, select=["optOuts"]).opt_outs] == [category.id]
    assert [door.contacts.block(contact.id).status, door.contacts.unblock(contact.id).status] == ["Blocked", "Active"]
    door.contacts.delete(contact.id)

    subscriber = next(iter(door.subscribers.select("-config").iterate()))
    assert door.subscribers.disable(subscriber.id).status == "Disabled"
    assert door.subscribers.enable(subscriber.id, {"note": "again"}).status == "Active"
    door.categories.delete(category.id)


def test_it_shows_who_is_to_hear_of_a_category(door: Any) -> None:
    found = door.accounts("ACC-0000-0003", "NTC-0000-0006").fetch_page(limit=3)
    assert found.meta.pagination.total == MANY + 1
    assert len(found) == 3


def test_it_prints_errors_as_its_users_know_them(door: Any, program: ModuleType) -> None:
    nobody = "NTS-0000-0000-0000"
    error = program.exceptions.MPTAPIError
    with pytest.raises(error, match=f"400 Bad Request - Subscriber with id '{nobody}' not found"):
        door.subscribers.enable(nobody)
    with pytest.raises(error, match="404 Not Found"):
        door.subscribers.get(nobody)
    with pytest.raises(error, match=r"400 Bad Request - .*\(00-[0-9a-f]{32}-[0-9a-f]{16}-00\)"):
        door.batches.create(a_batch(category={"id": "NTC-9999-9999"}))


async def test_it_waits_when_it_is_told_to(tmp_path: Path, program: ModuleType) -> None:
    """One call uses up what a credential may do at once; the next one is told to come back."""
    slowly = {"MUSTER_RATE_PER_SECOND": "0.5", "MUSTER_RATE_BURST": "1"}
    async with an_office(tmp_path, slowly) as office:
        await asyncio.to_thread(call_twice, program, office)
        log = (tmp_path / "server.log").read_text()
        assert log.count('"status": 429') >= 1
        assert log.count('"status": 201') == 1
        assert [one["total"] for one in (await office.stage.run("batch", "list", "--all"))["batches"]] == [1]


def call_twice(program: ModuleType, office: Office) -> None:
    with a_door(program, office) as door:
        door.categories.fetch_page(limit=1)
        assert door.batches.create(a_batch()).id


def test_the_older_program_notifies_everybody_of_a_buyer(office: Office, door: Any, program: ModuleType) -> None:
    subject = f"To everybody {secrets.token_hex(4)}"
    client = imported("mpt_extension_sdk.mpt_http.base").MPTClient(office.url, office.token)
    notify = imported("mpt_extension_sdk.mpt_http.mpt").notify
    with client:
        notify(client, "NTC-0000-0006", "ACC-0000-0003", "BUY-0000-0001", subject, "<b>Hello</b>")
    query = program.RQLQuery
    batches = [one.id for one in door.batches.filter(query(subject=subject)).iterate()]
    told = [messages_of(door, program, batch) for batch in batches]
    assert sorted(map(len, told)) == [1, 1000, 1000]
    assert len(set().union(*told)) == MANY


def messages_of(door: Any, program: ModuleType, batch: str) -> set[str]:
    return {one.contact.id for one in door.messages.filter(program.RQLQuery(batch__id=batch)).stream()}

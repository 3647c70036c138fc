"""Files of fixtures: what they set up, and what is wrong with them."""

import asyncio
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from muster.catalog.fixtures.loading import FixtureLoader, Loaded
from muster.catalog.fixtures.reading import read_fixture
from muster.catalog.fixtures.samples import sample
from muster.catalog.fixtures.shape import Section
from muster.catalog.parties import PartyDesk
from muster.domain.batch import BatchState
from muster.domain.contact import ContactState
from muster.domain.directory import PartyKind, TokenState
from muster.domain.document import parse
from muster.domain.entry import EntryState
from muster.domain.errors import BadInput, NotAuthenticated, NotFound
from muster.domain.ids import TenantId
from muster.domain.query import Query
from muster.domain.subscriber import SubscriberState
from muster.domain.tenant import Role
from muster.files.folder import FolderFiles
from muster.ports.store.directory import Counter
from muster.stores.database import SqlStore
from tests.catalog.directory import a_desk, an_account, believed, who
from tests.conformance.store_world import a_tenant, changed
from tests.fakes.clock import FakeClock

E = EntryState
ANOTHER = "idt:TKN-0000-0003:other"
SENT = "2026-01-08T06:31:30Z"
SMALL: Mapping[str, Any] = {
    "accounts": [{"id": "ACC-0000-0001", "type": "Operations", "name": "Shop"}],
    "tokens": [{"id": "TKN-0000-0003", "account": "ACC-0000-0001", "token": "idt:TKN-0000-0003:secret"}],
    "categories": [{"id": "NTC-0000-0006", "name": "Orders"}],
    "contacts": [{"id": "CTT-0158-9018", "email": "Ada@Example.com", "optOuts": ["NTC-0000-0006"]}],
    "subscribers": [{"id": "NTS-0000-0000-0009", "account": "ACC-0000-0001", "category": "NTC-0000-0006"}],
    "batches": [
        {
            "id": "MST-3638-2460-4825",
            "category": "NTC-0000-0006",
            "account": "ACC-0000-0001",
            "createdBy": "TKN-0000-0003",
            "subject": "Hello",
            "body": "<b>Hello</b>",
            "created": SENT,
            "attachments": [{"id": "ATT-7183-1965-7758", "fileName": "a.txt", "text": "abc"}],
            "messages": [{"id": "MSG-0000-6215-1019-0139", "contact": "CTT-0158-9018", "status": "Sent"}],
        }
    ],
}


class Loading:
    """Files loaded into one store."""

    def __init__(self, store: SqlStore, files: FolderFiles, clock: FakeClock) -> None:
        self.files = files
        self._clock = clock
        self._loader = FixtureLoader(store, files, clock, new_uuid=uuid4)

    async def load(self, tenant: TenantId, content: Mapping[str, object]) -> Loaded:
        return await self._loader.load(tenant, read_fixture(content, now=self._clock.now()))

    async def rehearse(self, tenant: TenantId, content: Mapping[str, object]) -> Loaded:
        return await self._loader.rehearse(tenant, read_fixture(content, now=self._clock.now()))

    async def faults(self, tenant: TenantId, content: Mapping[str, object]) -> dict[str, str]:
        """The codes by their paths."""
        with pytest.raises(BadInput) as refused:
            await self.load(tenant, content)
        return {fault.path: fault.code for fault in refused.value.faults}


@pytest.fixture
def files(tmp_path: Path) -> FolderFiles:
    return FolderFiles(tmp_path / "files")


@pytest.fixture
def loading(store: SqlStore, files: FolderFiles, clock: FakeClock) -> Loading:
    return Loading(store, files, clock)


def small(section: str = "accounts", at: int = 0, **changes: object) -> dict[str, Any]:
    """The small file with changes to one of its things; None takes a field away."""
    content: dict[str, Any] = deepcopy(dict(SMALL))
    content[section][at].update(changes)
    for name, value in changes.items():
        if value is None:
            del content[section][at][name]
    return content


def the_sample() -> dict[str, object]:
    return parse(sample("seed-notifications"), "toml")


async def test_a_sample_sets_up_everything_under_its_own_numbers(
    store: SqlStore, clock: FakeClock, loading: Loading
) -> None:
    account = await an_account(store, clock)
    loaded = await loading.load(account.tenant, the_sample())

    assert dict(loaded.made) == dict(zip(Section, (3, 2, 2, 1, 4, 4, 5, 2, 2), strict=True))
    async with store.read() as tx:
        assert [c.number for c in (await tx.categories.find(account.tenant, Query()))[1]] == [2, 6, 7, 8]
        contacts = {int(c.number): c for c in (await tx.contacts.find(account.tenant, Query()))[1]}
        subscribers = (await tx.subscribers.find(account.tenant, Query()))[1]
        (group,) = await tx.directory.groups(account.tenant, [1])
    assert (contacts[2].opt_outs, contacts[3].state) == ((6, 8), ContactState.BLOCKED)
    assert contacts[11].person == 1
    assert {(s.party, s.category) for s in subscribers} == {(p, c) for p in (11, 12, 13) for c in (2, 6, 7, 8)}
    assert {int(s.number): s.state for s in subscribers}[2] is SubscriberState.DISABLED
    assert (group.people, group.buyers) == ((2,), (2,))


async def test_tokens_are_shown_once_and_open_the_door_for_their_parties(
    store: SqlStore, clock: FakeClock, loading: Loading
) -> None:
    account = await an_account(store, clock)
    tokens = {int(one.number): one for one in (await loading.load(account.tenant, the_sample())).tokens}

    kinds = {}
    for number in (11, 12, 13):
        acting = await a_desk(store, clock).acting(await believed(store, clock, tokens[number].text))
        kinds[acting.token.number] = (acting.party.kind, acting.who.role)
        assert tokens[number].text.startswith(f"idt:TKN-0000-00{number}:")

    assert kinds == {
        11: (PartyKind.OPERATIONS, Role.MANAGER),
        12: (PartyKind.VENDOR, Role.PARTY),
        13: (PartyKind.CLIENT, Role.PARTY),
    }
    assert tokens[14].state is TokenState.DISABLED
    with pytest.raises(NotAuthenticated):
        await believed(store, clock, tokens[14].text)


async def test_the_tenants_own_service_account_acts_for_the_party_of_the_file_that_operates(
    store: SqlStore, clock: FakeClock, loading: Loading
) -> None:
    account = await an_account(store, clock)
    await loading.load(account.tenant, the_sample())
    assert (await PartyDesk(store, clock, uuid4).acting(who(account))).party.number == 11


async def test_batches_are_history_and_every_message_stands_where_the_file_has_it(
    store: SqlStore, loading: Loading
) -> None:
    tenant = await a_tenant(store)
    await loading.load(tenant, the_sample())

    async with store.read() as tx:
        past, waiting = (await tx.mailings.find(tenant, Query()))[1]
        messages = (await tx.messages.find(tenant, Query()))[1]
        batch = await tx.batches.get(tenant, past.batch_id)
        assert await tx.batches.across_tenants_broken(limit=9) == []
        assert await tx.chunks.across_tenants_queued(limit=9) == []
        assert await tx.chunks.across_tenants_uncut(limit=9) == []
        assert not await tx.outbox.across_tenants_any_untold()
    assert (past.state, waiting.state) == (BatchState.COMPLETED, BatchState.PAUSED)
    assert (past.made_by, past.made_for) == (12, 12)
    assert [m.number for m in messages] == [10000, 10001, 10002, 10003, 10004, 20000]
    states = [E.DELIVERED, E.SUPPRESSED, E.UNDELIVERED, E.COMPLAINED, E.FAILED, E.ACCEPTED]
    assert [m.state for m in messages] == states
    bounced = messages[2]
    assert (str(bounced.left_at), str(bounced.updated_at)) == ("2026-01-08 06:31:32+00:00", "2026-01-08 06:33:05+00:00")
    assert (bounced.reason, messages[0].left_at == messages[0].updated_at) == ("mailbox_unknown", True)
    assert (str(batch.finished_at), batch.total) == ("2026-01-09 11:20:00+00:00", 5)


async def test_attachments_stand_in_the_file_store(store: SqlStore, loading: Loading) -> None:
    tenant = await a_tenant(store)
    await loading.load(tenant, SMALL)
    async with store.read() as tx:
        (mailing,) = (await tx.mailings.find(tenant, Query()))[1]
    (attachment,) = mailing.attachments
    assert (attachment.number, attachment.name, attachment.enclosure.size) == (7183_1965_7758, "a.txt", 3)
    assert await loading.files.get(attachment.enclosure.key) == b"abc"


async def test_the_same_file_again_changes_nothing_and_says_so(store: SqlStore, loading: Loading) -> None:
    for name, content in (("acme", the_sample()), ("other", SMALL)):
        tenant = await a_tenant(store, name)
        first = await loading.load(tenant, content)
        async with store.read() as tx:
            before = (await tx.subscribers.find(tenant, Query()))[1]
        again = await loading.load(tenant, content)
        async with store.read() as tx:
            assert (await tx.subscribers.find(tenant, Query()))[1] == before
        assert (set(again.made.values()), again.kept, again.tokens) == ({0}, first.made, ())


async def test_two_at_once_load_a_file_once(store: SqlStore, loading: Loading) -> None:
    tenant = await a_tenant(store)
    loaded = await asyncio.gather(*(loading.load(tenant, SMALL) for _ in range(4)))
    assert sum(one.made[Section.BATCHES] for one in loaded) == 1
    async with store.read() as tx:
        assert (await tx.mailings.find(tenant, Query()))[0] == 1


async def test_numbers_to_come_are_beyond_those_of_the_file(store: SqlStore, loading: Loading) -> None:
    tenant = await a_tenant(store)
    await loading.load(tenant, SMALL)
    async with store.begin() as tx:
        taken = {counter: await tx.directory.next(tenant, counter) for counter in Counter}
    assert taken[Counter.CONTACT] == 158_9019
    assert taken[Counter.MAILING] == 3638_2460_4826
    assert taken[Counter.ATTACHMENT] == 7183_1965_7759
    assert (taken[Counter.PARTY], taken[Counter.BUYER]) == (2, 1)
    assert taken[Counter.SUBSCRIBER] > 9


async def test_a_mailing_to_come_never_gets_the_number_of_a_message_of_the_file(
    store: SqlStore, loading: Loading
) -> None:
    tenant = await a_tenant(store)
    content = small("batches", id="MST-0000-0000-0001")
    await loading.load(tenant, content)
    async with store.begin() as tx:
        assert await tx.directory.next(tenant, Counter.MAILING) > 6215_1019


CONFLICTS: Sequence[tuple[str, dict[str, object]]] = [
    ("accounts[0]", small(name="Another")),
    ("accounts[0]", small(details={"website": "https://x.example"})),
    ("accounts[0]", small(created=SENT)),
    ("tokens[0]", small("tokens", token=ANOTHER)),
    ("tokens[0]", small("tokens", status="Disabled")),
    ("categories[0]", small("categories", optOutAllowed=False)),
    ("contacts[0]", small("contacts", email="bea@example.com")),
    ("contacts[0]", small("contacts", optOuts=[])),
    ("contacts[0].email", small("contacts", id="CTT-0000-0002", optOuts=[])),
    ("subscribers[0]", small("subscribers", note="why")),
    ("batches[0]", small("batches", body="other")),
    ("batches[0]", small("batches", created="2026-01-09T06:31:30Z")),
    ("batches[0]", small("batches", messages=[])),
    ("batches[0]", small("batches", attachments=[])),
]


@pytest.mark.parametrize("conflict", CONFLICTS, ids=range(len(CONFLICTS)))
async def test_what_contradicts_what_is_there_is_refused(
    store: SqlStore, loading: Loading, conflict: tuple[str, dict[str, object]]
) -> None:
    path, content = conflict
    tenant = await a_tenant(store)
    await loading.load(tenant, small("subscribers", note="because"))
    faults = await loading.faults(tenant, {"subscribers": [], **content})
    assert faults[path] in {"conflict", "taken"}


async def test_the_content_of_an_attachment_is_compared_too(store: SqlStore, loading: Loading) -> None:
    tenant = await a_tenant(store)
    await loading.load(tenant, SMALL)
    other = [{"id": "ATT-7183-1965-7758", "fileName": "a.txt", "text": "xyz"}]
    assert await loading.faults(tenant, small("batches", attachments=other)) == {
        "batches[0].attachments[0]": "conflict"
    }


async def test_a_number_that_was_something_deleted_is_not_given_again(store: SqlStore, loading: Loading) -> None:
    tenant = await a_tenant(store)
    await loading.load(tenant, {"contacts": [{"id": "CTT-0000-0001", "email": "ada@example.com"}]})
    async with store.begin() as tx:
        (contact,) = await tx.contacts.several(tenant, [1])
        assert await tx.contacts.change(tenant, contact.email, changed(contact, state=ContactState.DELETED))
    refused = await loading.faults(tenant, {"contacts": [{"id": "CTT-0000-0001", "email": "bea@example.com"}]})
    assert refused == {"contacts[0]": "used"}


async def test_a_subscriber_that_was_opened_unasked_makes_way(store: SqlStore, loading: Loading) -> None:
    tenant = await a_tenant(store)
    rest = {name: SMALL[name] for name in ("accounts", "categories")}
    await loading.load(tenant, rest)
    await loading.load(tenant, SMALL)
    async with store.read() as tx:
        assert [one.number for one in (await tx.subscribers.find(tenant, Query()))[1]] == [9]


async def test_a_tenants_file_touches_nobody_elses(store: SqlStore, loading: Loading) -> None:
    ours, theirs = await a_tenant(store), await a_tenant(store, "theirs")
    await loading.load(theirs, SMALL)

    only_named = {"contacts": [{"id": "CTT-0000-0001", "email": "a@example.com", "optOuts": ["NTC-0000-0006"]}]}
    assert await loading.faults(ours, only_named) == {"contacts[0].optOuts[0]": "unknown_id"}
    assert await loading.faults(ours, SMALL) == {"tokens[0].token": "taken"}
    own = small("tokens", token=None)
    assert (await loading.load(ours, own)).made[Section.BATCHES] == 1
    async with store.read() as tx:
        assert (await tx.contacts.find(theirs, Query()))[0] == 1
        with pytest.raises(NotFound):
            await tx.contacts.get(ours, 1)


async def test_where_anything_is_wrong_nothing_is_kept(store: SqlStore, loading: Loading, tmp_path: Path) -> None:
    other, tenant = await a_tenant(store, "other"), await a_tenant(store)
    await loading.load(other, {name: SMALL[name] for name in ("accounts", "tokens")})
    # Found only while it is kept: after its attachment was put away.
    await loading.faults(tenant, SMALL)
    async with store.read() as tx:
        assert await tx.directory.every_party(tenant) == []
    assert [file for file in (tmp_path / "files").rglob("*") if file.is_file()] == []


async def test_a_rehearsal_tells_what_would_be_made_and_keeps_nothing(store: SqlStore, loading: Loading) -> None:
    tenant = await a_tenant(store)
    rehearsed = await loading.rehearse(tenant, the_sample())
    assert rehearsed.made[Section.CONTACTS] == 5
    async with store.read() as tx:
        assert (await tx.contacts.find(tenant, Query()))[0] == 0


async def test_nothing_may_lie_in_the_future(store: SqlStore, clock: FakeClock, loading: Loading) -> None:
    tenant = await a_tenant(store)
    later = (clock.now() + timedelta(seconds=1)).isoformat()
    assert await loading.faults(tenant, small(created=later)) == {"accounts[0].created": "in_future"}

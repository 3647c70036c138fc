"""The only door for mailings."""

import asyncio
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from muster.catalog.accounts import Accounts
from muster.domain.batch import BatchState
from muster.domain.category import CategoryState
from muster.domain.contact import Barred
from muster.domain.directory import Acting, PartyKind
from muster.domain.entry import EntryState
from muster.domain.errors import BadInput, IdempotencyConflict, Unavailable
from muster.domain.fault import Fault
from muster.domain.ids import MailingNumber, TenantId
from muster.domain.mailing import Mailing
from muster.domain.query import Compare, Comparison, Query
from muster.domain.subscriber import SubscriberState
from muster.domain.tenant import Principal, Role
from muster.files.folder import FolderFiles
from muster.intake.keys import KEY_LIFETIME
from muster.intake.mailing_orders import Addressee, Limits, Order, Upload
from muster.intake.mailings import MailingDesk
from muster.ports.store.batches import Page
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.marketplace import ANN, BO, CLIENT, CLOSED, OLA, OPEN, OPERATOR, PIA, QUY, VENDOR, furnish
from tests.fakes.world import World


class Office:
    """A tenant with all that the conformance cases of the door need, and the desk."""

    def __init__(self, world: World, folder: Path, acting: Acting) -> None:
        self.world = world
        self.folder = folder
        self.files = files = FolderFiles(folder)
        self.acting = acting
        self.desk = self.a_desk(files)

    def a_desk(self, files: FolderFiles, limits: Limits | None = None) -> MailingDesk:
        world = self.world
        limits = limits or Limits()
        return MailingDesk(world.store, world.submit, files, clock=world.clock, new_uuid=uuid4, limits=limits)

    def filed(self) -> list[str]:
        """The names of all files in the file store."""
        return [one.name for one in self.folder.rglob("*") if one.is_file()]

    @property
    def tenant(self) -> TenantId:
        return self.acting.who.tenant

    async def submit(self, order: Order) -> Mailing:
        taken = await self.desk.submit(self.acting, order)
        return await self.mailing(taken.mailing)

    async def mailing(self, number: MailingNumber) -> Mailing:
        async with self.world.store.read() as tx:
            return await tx.mailings.get(self.tenant, number)

    async def recipients(self, mailing: Mailing) -> list[tuple[int, str]]:
        """Number and address of everybody it goes to, by position."""
        async with self.world.store.read() as tx:
            where = Compare("mailing", Comparison.EQ, mailing.number)
            _, found = await tx.messages.find(self.tenant, Query(where=where, limit=20_000))
            order = [message.contact for message in found]
            contacts = {one.number: one.email for one in await tx.contacts.several(self.tenant, order)}
        return [(number, contacts[number]) for number in order]

    async def refusals(self, order: Order) -> dict[str, str]:
        """Path and code of every fault of an order that must be refused; nothing of it may be kept."""
        with pytest.raises(BadInput) as refused:
            await self.desk.submit(self.acting, order)
        assert await self.total() == 0
        return {fault.path: fault.code for fault in refused.value.faults}

    async def total(self) -> int:
        async with self.world.store.read() as tx:
            return (await tx.mailings.find(self.tenant, Query(limit=0)))[0]

    async def contacts(self) -> int:
        async with self.world.store.read() as tx:
            return (await tx.contacts.find(self.tenant, Query(limit=0)))[0]


@pytest.fixture
async def office(store: SqlStore, clock: FakeClock, tmp_path: Path) -> Office:
    world = World(store, clock)
    account = await Accounts(store, clock, uuid4, seal=lambda secret: secret).add("Acme")
    async with store.begin() as tx:
        await tx.channels.add(account.tenant, "sandbox", {}, at=clock.now())
        await furnish(tx, account.tenant, clock, principals={PartyKind.OPERATIONS: account.principal})
        token = await tx.directory.token_of(account.tenant, account.principal)
        (party,) = await tx.directory.parties(account.tenant, [OPERATOR])
    assert token is not None
    who = Principal(id=account.principal, tenant=account.tenant, role=Role.OWNER)
    world.who = who
    return Office(world, tmp_path / "files", Acting(who=who, token=token, party=party))


def an_order(*addressees: Addressee | str | int, **fields: object) -> Order:
    """An order to Ann unless `addressees` say otherwise: numbers of contacts, or addresses."""
    named = [
        one if isinstance(one, Addressee) else Addressee(number=one) if isinstance(one, int) else Addressee(email=one)
        for one in addressees or (ANN,)
    ]
    order = Order(category=OPEN, subject="Hello", body="<b>Hello</b>", addressees=named, fingerprint=b"one")
    return msgspec.structs.replace(order, **fields)


def a_file(name: str = "logo.png", content: bytes = b"PNG", content_type: str = "image/png") -> Upload:
    return Upload(name=name, file_name=name, content_type=content_type, content=content)


async def test_a_mailing_is_durable_whole_and_queued(office: Office) -> None:
    mailing = await office.submit(an_order(ANN, "New@example.com"))
    assert (mailing.subject, mailing.body, mailing.category) == ("Hello", "<b>Hello</b>", OPEN)
    assert (mailing.party, mailing.made_for) == (OPERATOR, OPERATOR)
    assert mailing.made_by == office.acting.token.number
    assert mailing.state is BatchState.QUEUED
    found = await office.recipients(mailing)
    assert [email for _, email in found] == ["ann@example.com", "New@example.com"]
    async with office.world.store.read() as tx:
        batch = await tx.batches.get_numbered(office.tenant, mailing.batch)
        _, entries = await tx.entries.find(office.tenant, batch.number, states=None, order=(), page=Page(0, 9))
    assert (batch.kind, batch.total, batch.counts[EntryState.ACCEPTED]) == ("notifications", 2, 2)
    assert entries[0].payload == '{"contact":1,"name":"Ann"}'
    await office.world.check_laws_of(batch.id)


async def test_whoever_is_named_twice_gets_one_message(office: Office) -> None:
    mailing = await office.submit(an_order("a@example.com", ANN, "A@Example.com", "ANN@example.com", ANN))
    assert [email for _, email in await office.recipients(mailing)] == ["a@example.com", "ann@example.com"]


async def test_an_address_that_is_new_becomes_a_contact_once(office: Office) -> None:
    before = await office.contacts()
    first = await office.submit(an_order("new@example.com"))
    second = await office.submit(an_order("NEW@example.com"))
    assert await office.recipients(first) == await office.recipients(second)
    assert await office.contacts() == before + 1


async def test_two_mailings_at_once_make_one_contact_of_one_address(office: Office) -> None:
    before = await office.contacts()
    made = await asyncio.gather(*(office.submit(an_order("x@example.com", "y@example.com")) for _ in range(4)))
    found = [await office.recipients(one) for one in made]
    assert all(one == found[0] for one in found)
    assert await office.contacts() == before + 2


async def test_somebody_blocked_or_opted_out_gets_a_message_that_will_be_discarded(office: Office) -> None:
    mailing = await office.submit(an_order(OLA, BO))
    assert [number for number, _ in await office.recipients(mailing)] == [OLA, BO]


async def test_every_fault_is_named_at_once(office: Office) -> None:
    people = [Addressee(), Addressee(email="nope"), Addressee(number=999), Addressee(number=ANN, email="b@example.com")]
    order = an_order(*people, ANN, category=999, subject="a\r\nBcc: x", body=None, party=0, buyer=77)
    assert await office.refusals(order) == {
        "category.id": "NOT_FOUND",
        "subject": "NOT_ONE_LINE",
        "body": "REQUIRED",
        "account.id": "NOT_FOUND",
        "buyer.id": "NOT_FOUND",
        "contacts[0]": "REQUIRED",
        "contacts[1].email": "INVALID_EMAIL",
        "contacts[2].id": "NOT_FOUND",
        "contacts[3].email": "MISMATCH",
    }


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"category": CLOSED}, {"category.id": "NOT_PUBLISHED"}),
        ({"category": None, "subject": None}, {"category.id": "REQUIRED", "subject": "REQUIRED"}),
        ({"subject": "x" * 501}, {"subject": "TOO_LONG"}),
        ({"body": "x" * 1_000_001}, {"body": "TOO_LONG"}),
        ({"body": "<div>" * 5_000}, {"body": "TOO_TANGLED"}),
        ({"subject": "a\x85b"}, {"subject": "NOT_ONE_LINE"}),
        ({"subject": "a\u2028b"}, {"subject": "NOT_ONE_LINE"}),
        ({"addressees": None}, {"contacts": "REQUIRED"}),
        ({"addressees": [Addressee()] * 10_001}, {"contacts": "TOO_MANY"}),
        ({"erp_customer": "nobody's"}, {"buyer.erp_customer": "NOT_FOUND"}),
        ({"buyer": 1, "erp_customer": "another"}, {"buyer.erp_customer": "MISMATCH"}),
        ({"uploads": [a_file()] * 11}, {"attachment": "TOO_MANY"}),
        ({"uploads": [a_file("a.txt"), a_file("b.EXE. ")]}, {"attachment[1]": "REFUSED_EXTENSION"}),
        ({"uploads": [a_file("a\r\nb.png")]}, {"attachment[0]": "INVALID_NAME"}),
        ({"uploads": [a_file("../a.png")]}, {"attachment[0]": "INVALID_NAME"}),
        ({"uploads": [a_file("gnp\u202e.exe.png")]}, {"attachment[0]": "INVALID_NAME"}),
        ({"uploads": [a_file(content_type="text/html\r\nX: y")]}, {"attachment[0]": "REFUSED_MEDIA_TYPE"}),
    ],
    ids=str,
)
async def test_what_breaks_a_rule_is_refused(office: Office, fields: dict[str, object], faults: dict[str, str]) -> None:
    assert await office.refusals(an_order(**fields)) == faults


async def test_what_the_door_could_not_read_is_not_judged_again(office: Office) -> None:
    unreadable = [Fault(path, "NOT_READABLE", "must be a string") for path in ("subject", "contacts[0].email")]
    order = an_order(Addressee(), subject=None, faults=unreadable)
    assert await office.refusals(order) == {"subject": "NOT_READABLE", "contacts[0].email": "NOT_READABLE"}


async def test_without_names_it_goes_to_whoever_is_to_hear_of_the_category(office: Office) -> None:
    mailing = await office.submit(an_order(addressees=[], party=CLIENT))
    assert mailing.party == CLIENT
    assert [number for number, _ in await office.recipients(mailing)] == [PIA, QUY]


async def test_a_buyer_narrows_that_down_to_those_who_look_after_it(office: Office) -> None:
    by_number = await office.submit(an_order(addressees=None, party=CLIENT, buyer=1))
    by_books = await office.submit(an_order(addressees=None, erp_customer="US-SCU-111111"))
    assert [number for number, _ in await office.recipients(by_number)] == [QUY]
    assert [number for number, _ in await office.recipients(by_books)] == [QUY]


async def test_where_nobody_is_to_hear_of_it_the_mailing_is_over_at_once(office: Office) -> None:
    mailing = await office.submit(an_order(addressees=None, party=VENDOR))
    assert mailing.state is BatchState.COMPLETED
    assert await office.recipients(mailing) == []


async def test_the_same_request_again_gets_the_same_mailing(office: Office) -> None:
    order = an_order("new@example.com", idempotency_key="k1", uploads=[a_file()])
    first = await office.desk.submit(office.acting, order)
    again = await office.desk.submit(office.acting, order)
    assert (again.mailing, again.replayed) == (first.mailing, True)
    assert await office.total() == 1


async def test_the_same_request_sent_at_once_makes_one_mailing(office: Office) -> None:
    order = an_order("new@example.com", idempotency_key="k1", uploads=[a_file()])
    taken = await asyncio.gather(*(office.desk.submit(office.acting, order) for _ in range(4)))
    assert len({one.mailing for one in taken}) == 1
    assert sorted(one.replayed for one in taken) == [False, True, True, True]
    assert await office.total() == 1
    assert len(office.filed()) == 1


async def test_a_key_is_refused_for_another_request_until_a_day_is_over(office: Office) -> None:
    first = await office.submit(an_order(idempotency_key="k1"))
    other = an_order(idempotency_key="k1", fingerprint=b"two")
    with pytest.raises(IdempotencyConflict):
        await office.desk.submit(office.acting, other)
    office.world.clock.advance(KEY_LIFETIME)
    assert (await office.submit(other)).number != first.number


async def test_attachments_are_kept_with_it(office: Office) -> None:
    mailing = await office.submit(an_order(uploads=[a_file(), a_file("réport.pdf", b"%PDF-1", "application/pdf")]))
    logo, report = mailing.attachments
    assert (report.name, report.enclosure.file_name, report.enclosure.size) == ("réport.pdf", "réport.pdf", 6)
    assert report.enclosure.content_type == "application/pdf"
    assert logo.number != report.number
    assert await office.files.get(report.enclosure.key) == b"%PDF-1"


class Meddling(FolderFiles):
    """Unpublishes the category between the look at an order and its being kept."""

    def __init__(self, folder: Path, office: Office) -> None:
        super().__init__(folder)
        self._office = office

    async def put(self, key: str, content: bytes) -> None:
        await super().put(key, content)
        async with self._office.world.store.begin() as tx:
            (category,) = await tx.categories.several(self._office.tenant, [OPEN])
            closed = msgspec.structs.replace(category, state=CategoryState.UNPUBLISHED, revision=category.revision + 1)
            assert await tx.categories.change(self._office.tenant, closed)


async def test_what_is_not_kept_after_all_leaves_no_files(office: Office) -> None:
    office.desk = office.a_desk(Meddling(office.folder, office))
    assert await office.refusals(an_order(uploads=[a_file()])) == {"category.id": "NOT_PUBLISHED"}
    assert office.filed() == []


async def test_files_stay_where_nobody_can_tell_whether_the_mailing_was_kept(office: Office) -> None:
    flaky = FlakyStore(office.world.store)
    flaky.lost_commits = 1
    world = office.world
    desk = MailingDesk(flaky, world.submit, office.files, clock=world.clock, new_uuid=uuid4)
    with pytest.raises(Unavailable):
        await desk.submit(office.acting, an_order(uploads=[a_file()]))
    assert (await office.total(), len(office.filed())) == (1, 1)


async def test_a_file_that_is_too_large_for_a_setting_is_refused(office: Office) -> None:
    limits = Limits(attachments=1, attachment_bytes=3, media_types=frozenset({"image/*"}))
    office.desk = office.a_desk(office.files, limits)
    assert await office.refusals(an_order(uploads=[a_file(content=b"1234")])) == {"attachment[0]": "TOO_LARGE"}
    text = a_file("a.txt", b"", "text/plain")
    assert await office.refusals(an_order(uploads=[text])) == {"attachment[0]": "REFUSED_MEDIA_TYPE"}
    assert (await office.submit(an_order(uploads=[a_file()]))).attachments


async def test_ten_thousand_addresses_of_which_a_thousand_come_twice(office: Office) -> None:
    addresses = [f"user{number}@example.com" for number in range(9_000)]
    again = [address.upper() for address in addresses[:1_000]]
    mailing = await office.submit(an_order(*addresses, *again))
    found = await office.recipients(mailing)
    assert [email for _, email in found] == addresses


async def test_a_rehearsal_keeps_nothing_and_tells_what_would_happen(office: Office) -> None:
    await office.world.opt_out("sup@example.com")
    before = await office.contacts()
    forecast = await office.desk.rehearse(
        office.acting, an_order(ANN, OLA, BO, "new@example.com", "sup@example.com", uploads=[a_file()])
    )
    assert forecast.total == 5
    assert forecast.barred == {Barred.BLOCKED: 1, Barred.OPTED_OUT: 1}
    assert forecast.suppressed == 1
    assert (await office.total(), await office.contacts()) == (0, before)
    assert office.filed() == []


async def test_another_tenants_contacts_and_accounts_are_not_there(office: Office) -> None:
    other = await Accounts(office.world.store, office.world.clock, uuid4, seal=lambda secret: secret).add("Other")
    stranger = msgspec.structs.replace(
        office.acting, who=Principal(id=other.principal, tenant=other.tenant, role=Role.OWNER)
    )
    with pytest.raises(BadInput) as refused:
        await office.desk.submit(stranger, an_order(ANN, party=CLIENT))
    assert [fault.path for fault in refused.value.faults] == ["category.id", "account.id", "contacts[0].id"]


async def test_a_rehearsal_for_a_party_that_takes_no_part_bars_strangers_too(office: Office) -> None:
    async with office.world.store.begin() as tx:
        (subscriber,) = await tx.subscribers.several(office.tenant, [50])
        off = msgspec.structs.replace(subscriber, state=SubscriberState.DISABLED, revision=subscriber.revision + 1)
        assert await tx.subscribers.change(office.tenant, off)
    forecast = await office.desk.rehearse(office.acting, an_order(ANN, "new@example.com", party=CLIENT))
    assert forecast.barred == {Barred.SWITCHED_OFF: 2}

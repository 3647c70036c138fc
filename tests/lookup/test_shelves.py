"""What a party sees of a tenant's lists, and what comes with the rows."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import Engine, event

from muster.catalog.accounts import Accounts
from muster.domain.category import Tally
from muster.domain.directory import Acting, PartyKind
from muster.domain.entry import EntryState
from muster.domain.errors import BadInput, NotFound
from muster.domain.ids import (
    AttachmentNumber,
    BuyerNumber,
    CategoryNumber,
    MailingNumber,
    PartyNumber,
    PrincipalId,
    TenantId,
)
from muster.domain.mark import Mark
from muster.domain.query import Compare, Comparison, Order, Query
from muster.domain.subscriber import Subscriber, SubscriberState
from muster.domain.tenant import Principal, Role
from muster.lookup.shelves import Found, Row, ShelfLookup, ShelfName, Wants
from muster.stores.database import SqlStore
from tests.conformance.mailing_world import a_mailing, an_attachment
from tests.fakes.clock import START, FakeClock
from tests.fakes.marketplace import (
    ANN,
    BO,
    CLIENT,
    CLOSED,
    MANDATORY,
    OLA,
    OPEN,
    OPERATOR,
    PARTIES,
    PIA,
    QUY,
    VENDOR,
    furnish,
)

_S = ShelfName
OURS, VENDORS, CLIENTS = 1, 2, 3
"""Mailings: by the operator for itself; by the vendor for the client; by the operator for the client."""
_DONE = (EntryState.DELIVERED,)


class Library:
    """A tenant's lists, and those who ask."""

    def __init__(self, store: SqlStore, clock: FakeClock, acting: dict[PartyKind, Acting]) -> None:
        self.store = store
        self.clock = clock
        self.shelves = ShelfLookup(store, clock)
        self.acting = acting
        self.operator = acting[PartyKind.OPERATIONS]
        self.tenant = self.operator.who.tenant

    async def seen(self, kind: PartyKind, shelf: ShelfName) -> list[int]:
        """The numbers of all rows; asked for in three ways, with the same answer."""
        acting = self.acting[kind]
        found = await self.shelves.find(acting, shelf, Query())
        numbers = numbers_of(found)
        assert found.total == len(numbers)
        assert list(await self.shelves.numbers(acting, shelf, Query(), most=100)) == numbers
        every = await self.shelves.numbers(self.operator, shelf, Query(), most=100)
        assert numbers_of(await self.shelves.several(acting, shelf, every)) == numbers
        return numbers


def numbers_of(found: Found) -> list[int]:
    return [row.number for row in found.rows]


@pytest.fixture
async def library(store: SqlStore, clock: FakeClock) -> Library:
    account = await Accounts(store, clock, uuid4, seal=lambda secret: secret).add("Acme")
    tenant = account.tenant
    principals = {kind: PrincipalId(uuid4()) for kind in PARTIES}
    async with store.begin() as tx:
        for kind, principal in principals.items():
            await tx.accounts.add_principal(tenant, principal, str(kind), role=Role.OWNER, at=START)
        await furnish(tx, tenant, clock, principals=principals)
    files = [an_attachment(1, VENDORS)]
    for number, category, party, maker in (
        (OURS, OPEN, OPERATOR, OPERATOR),
        (VENDORS, OPEN, CLIENT, VENDOR),
        (CLIENTS, MANDATORY, CLIENT, OPERATOR),
    ):
        await a_mailing(
            store,
            tenant,
            number,
            states=_DONE,
            at=START,
            attachments=files if number == VENDORS else (),
            category=category,
            party=party,
            made_for=maker,
            made_by=maker,
        )
    return Library(
        store,
        clock,
        {kind: await an_acting(store, tenant, kind=kind, principal=one) for kind, one in principals.items()},
    )


async def an_acting(store: SqlStore, tenant: TenantId, *, kind: PartyKind, principal: PrincipalId) -> Acting:
    async with store.read() as tx:
        token = await tx.directory.token_of(tenant, principal)
        (party,) = await tx.directory.parties(tenant, [PARTIES[kind]])
    assert token is not None
    return Acting(who=Principal(id=principal, tenant=tenant, role=Role.OWNER), token=token, party=party)


def message_of(mailing: int) -> int:
    return mailing * 10_000


@pytest.mark.parametrize(
    ("kind", "shelf", "seen"),
    [
        (PartyKind.OPERATIONS, _S.MAILINGS, [OURS, VENDORS, CLIENTS]),
        (PartyKind.VENDOR, _S.MAILINGS, [VENDORS]),
        (PartyKind.OPERATIONS, _S.MESSAGES, [message_of(one) for one in (OURS, VENDORS, CLIENTS)]),
        (PartyKind.VENDOR, _S.MESSAGES, []),
        (PartyKind.CLIENT, _S.MESSAGES, [message_of(VENDORS), message_of(CLIENTS)]),
        (PartyKind.OPERATIONS, _S.CATEGORIES, [OPEN, CLOSED, MANDATORY]),
        (PartyKind.VENDOR, _S.CATEGORIES, [OPEN, MANDATORY]),
        (PartyKind.CLIENT, _S.CATEGORIES, [OPEN, MANDATORY]),
        (PartyKind.CLIENT, _S.CONTACTS, [ANN, OLA, BO, PIA, QUY]),
    ],
)
async def test_a_party_sees_its_part_of_a_list(
    *, library: Library, kind: PartyKind, shelf: ShelfName, seen: list[int]
) -> None:
    assert await library.seen(kind, shelf) == seen


async def test_a_party_sees_its_own_subscribers(library: Library) -> None:
    assert len(await library.seen(PartyKind.OPERATIONS, _S.SUBSCRIBERS)) == 9
    found = await library.shelves.find(library.acting[PartyKind.CLIENT], _S.SUBSCRIBERS, Query())
    assert {row.party for row in found.rows if isinstance(row, Subscriber)} == {CLIENT}
    assert found.total == 3


async def test_a_query_cannot_widen_what_is_seen(library: Library) -> None:
    query = Query(where=Compare("made_for", Comparison.EQ, OPERATOR))
    assert (await library.shelves.find(library.acting[PartyKind.VENDOR], _S.MAILINGS, query)).total == 0


async def test_one_row_is_found_by_number_only_by_those_who_may_see_it(library: Library) -> None:
    found = await library.shelves.get(library.operator, _S.MAILINGS, OURS)
    assert (numbers_of(found), found.total) == ([OURS], 1)
    for kind, shelf, number in (
        (PartyKind.VENDOR, _S.MAILINGS, OURS),
        (PartyKind.CLIENT, _S.CATEGORIES, CLOSED),
        (PartyKind.CLIENT, _S.MESSAGES, message_of(OURS)),
        (PartyKind.OPERATIONS, _S.CONTACTS, 99),
    ):
        with pytest.raises(NotFound):
            await library.shelves.get(library.acting[kind], shelf, number)


async def test_several_rows_come_in_the_order_they_were_asked_for(library: Library) -> None:
    found = await library.shelves.several(library.operator, _S.CONTACTS, [QUY, 99, ANN, OLA])
    assert numbers_of(found) == [QUY, ANN, OLA]


async def test_a_part_in_an_order_is_found(library: Library) -> None:
    query = Query(order=(Order("email", descending=True),), offset=1, limit=2)
    found = await library.shelves.find(library.operator, _S.CONTACTS, query)
    assert (numbers_of(found), found.total) == ([PIA, OLA], 5)


async def test_a_mailing_comes_with_what_it_refers_to(library: Library) -> None:
    related = (await library.shelves.get(library.operator, _S.MAILINGS, VENDORS)).related
    assert set(related.categories) == {OPEN}
    assert set(related.parties) == {CLIENT, VENDOR, OPERATOR}
    assert set(related.tokens) == {VENDOR, OPERATOR}
    assert not related.statistics


async def test_a_message_comes_with_contact_and_mailing(library: Library) -> None:
    number = message_of(VENDORS)
    related = (await library.shelves.get(library.operator, _S.MESSAGES, number)).related
    assert related.mailings[VENDORS].body == "<p>Hello</p>"
    assert len(related.mailings[VENDORS].attachments) == 1
    assert related.contacts[ANN].email == "ann@example.com"
    lean = (await library.shelves.get(library.operator, _S.MESSAGES, number, wants=Wants(bodies=False))).related
    assert not lean.mailings
    assert lean.contacts


async def test_contacts_and_subscribers_come_with_what_they_refer_to(library: Library) -> None:
    related = (await library.shelves.find(library.operator, _S.CONTACTS, Query())).related
    assert set(related.categories) == {OPEN, MANDATORY}
    assert {person.name for person in related.people.values()} == {"Pia", "Quy"}
    related = (await library.shelves.get(library.operator, _S.SUBSCRIBERS, 50)).related
    assert (set(related.people), set(related.groups), set(related.parties)) == ({1}, {1}, {CLIENT, OPERATOR})


async def test_statistics_are_of_today_this_week_and_this_month(library: Library) -> None:
    wants = Wants(statistics=True)
    for days, counted in ((0, (2, 2, 2)), (1, (0, 2, 2)), (7, (0, 0, 2)), (30, (0, 0, 0))):
        library.clock.advance(START + timedelta(days=days) - library.clock.now())
        found = await library.shelves.get(library.operator, _S.CATEGORIES, OPEN, wants=wants)
        known = found.related.statistics[OPEN]
        assert (known.today.sent, known.week.sent, known.month.sent) == counted
    found = await library.shelves.find(library.operator, _S.CATEGORIES, Query(), wants=wants)
    assert found.related.statistics[CLOSED].month == Tally()


async def test_the_week_begins_on_monday_whatever_the_month(library: Library) -> None:
    sunday = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    await a_mailing(library.store, library.tenant, 9, states=_DONE, at=sunday, category=CLOSED, party=OPERATOR)
    found = await library.shelves.get(library.operator, _S.CATEGORIES, CLOSED, wants=Wants(statistics=True))
    known = found.related.statistics[CLOSED]
    assert (known.today.sent, known.week.sent, known.month.sent) == (0, 0, 1)


async def test_an_attachment_is_for_those_who_see_the_mailing_or_its_messages(library: Library) -> None:
    for acting in library.acting.values():
        found = await library.shelves.attachment(acting, MailingNumber(VENDORS), AttachmentNumber(1))
        assert found.enclosure.file_name == "1.txt"
    await a_mailing(
        library.store, library.tenant, 9, attachments=[an_attachment(2, 9)], party=OPERATOR, made_for=OPERATOR
    )
    await library.shelves.attachment(library.operator, MailingNumber(9), AttachmentNumber(2))
    for kind in (PartyKind.VENDOR, PartyKind.CLIENT):
        with pytest.raises(NotFound):
            await library.shelves.attachment(library.acting[kind], MailingNumber(9), AttachmentNumber(2))
    with pytest.raises(NotFound):
        await library.shelves.attachment(library.operator, MailingNumber(9), AttachmentNumber(1))


async def recipients(library: Library, category: CategoryNumber = OPEN, buyer: int | None = None) -> Sequence[Row]:
    wanted = None if buyer is None else BuyerNumber(buyer)
    found = await library.shelves.recipients(library.operator, CLIENT, category, buyer=wanted, query=Query())
    assert found.total == len(found.rows)
    return found.rows


async def test_recipients_are_the_people_named_and_those_in_groups(library: Library) -> None:
    assert [row.number for row in await recipients(library)] == [PIA, QUY]
    assert [row.number for row in await recipients(library, buyer=1)] == [QUY]
    assert not await recipients(library, buyer=99)
    assert not await recipients(library, category=MANDATORY)
    assert not await recipients(library, category=CLOSED)


async def test_recipients_can_be_narrowed_and_cut(library: Library) -> None:
    narrow = Query(where=Compare("email", Comparison.EQ, "quy@client.example"), limit=1)
    found = await library.shelves.recipients(library.operator, CLIENT, OPEN, query=narrow)
    assert (numbers_of(found), found.total) == ([QUY], 1)


async def test_there_are_no_recipients_while_the_subscriber_is_disabled(library: Library) -> None:
    async with library.store.begin() as tx:
        kept = await tx.subscribers.get(library.tenant, 50)
        marks = {**kept.marks, "updated": Mark(START)}
        disabled = msgspec.structs.replace(kept, state=SubscriberState.DISABLED, revision=2, marks=marks)
        assert await tx.subscribers.change(library.tenant, disabled)
    assert not await recipients(library)


async def test_recipients_of_nobody_and_of_nothing_are_faults(library: Library) -> None:
    with pytest.raises(BadInput) as refused:
        await library.shelves.recipients(library.operator, PartyNumber(99), CategoryNumber(99), query=Query())
    assert [fault.path for fault in refused.value.faults] == ["account.id", "category.id"]


@contextmanager
def statements() -> Generator[list[str]]:
    """What is asked of databases meanwhile."""
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


async def test_ten_times_as_many_rows_cost_no_more_statements(library: Library) -> None:
    async def cost() -> int:
        with statements() as asked:
            await library.shelves.find(library.operator, _S.MESSAGES, Query(limit=1000), wants=Wants(statistics=True))
        return len(asked)

    async def add(number: int) -> None:
        await a_mailing(library.store, library.tenant, number, states=_DONE * 5, at=START, category=OPEN, party=CLIENT)

    await add(9)
    few = await cost()
    for number in range(10, 40):
        await add(number)
    assert await cost() == few > 0

"""What a contact does with the link that takes them off a category."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import text

from muster.domain.contact import Contact
from muster.domain.ids import CategoryNumber, ContactNumber, TenantId
from muster.domain.mark import Mark
from muster.journey.preferences import Preferences, masked
from muster.kinds.notifications.opt_out import Tokens, Wish
from muster.stores.database import SqlStore
from tests.fakes.clock import START, FakeClock
from tests.fakes.database_dump import dump
from tests.fakes.marketplace import ANN, BO, CLOSED, MANDATORY, OLA, OPEN, furnish

KEY = b"a key for links"
QUITTER = OLA


class Reader:
    """Contacts of one tenant, and the links they were sent."""

    def __init__(self, store: SqlStore, clock: FakeClock, tenant: TenantId) -> None:
        self.store = store
        self.tenant = tenant
        self.preferences = Preferences(store, clock, link_key=KEY)

    def link(self, contact: ContactNumber = ANN, category: CategoryNumber = OPEN) -> str:
        return Tokens(KEY).of(Wish(self.tenant, contact, category))

    async def opted_out(self, contact: ContactNumber = ANN) -> set[int]:
        return set((await self.contact(contact)).opt_outs)

    async def contact(self, contact: ContactNumber = ANN) -> Contact:
        async with self.store.read() as tx:
            return await tx.contacts.get(self.tenant, contact)

    async def audited(self) -> list[str]:
        return (await dump(self.store))["audit"]


@pytest.fixture
async def reader(store: SqlStore, clock: FakeClock) -> Reader:
    async with store.begin() as tx:
        tenant = await tx.accounts.across_tenants_add(account_id=uuid4(), name="acme", at=START)
        await furnish(tx, tenant, clock, principals={})
    return Reader(store, clock, tenant)


async def test_a_link_shows_what_may_be_chosen(reader: Reader) -> None:
    found = await reader.preferences.find(reader.link())
    assert found is not None
    assert (found.account, found.address) == ("The operations party", "a***@example.com")
    assert found.about == OPEN
    assert [(choice.category, choice.name, choice.opted_out) for choice in found.choices] == [(OPEN, "Orders", False)]


async def test_looking_changes_nothing(reader: Reader) -> None:
    before = await dump(reader.store)
    for _ in range(2):
        await reader.preferences.find(reader.link())
    assert await dump(reader.store) == before


async def test_opting_out_is_kept_once_and_audited_once(reader: Reader) -> None:
    for _ in range(2):
        assert await reader.preferences.opt_out(reader.link())
    assert await reader.opted_out() == {OPEN}
    contact = await reader.contact()
    assert (contact.revision, contact.marks["updated"]) == (2, Mark(START))
    (note,) = await reader.audited()
    assert "'contact:opt_out'" in note
    assert "'actor': None" in note
    assert "ann" not in note


async def test_opting_in_takes_it_back(reader: Reader) -> None:
    for _ in range(2):
        assert await reader.preferences.opt_in(reader.link(OLA))
    assert await reader.opted_out(OLA) == {MANDATORY}
    assert len(await reader.audited()) == 1


async def test_a_blocked_contact_may_choose_too(reader: Reader) -> None:
    assert await reader.preferences.opt_out(reader.link(BO))
    assert await reader.opted_out(BO) == {OPEN}


async def test_one_opts_out_of_a_category_that_is_not_published_any_more(reader: Reader) -> None:
    assert await reader.preferences.opt_out(reader.link(category=CLOSED))
    assert await reader.opted_out() == {CLOSED}


async def test_a_mandatory_category_cannot_be_opted_out_of(reader: Reader) -> None:
    assert await reader.preferences.opt_out(reader.link(category=MANDATORY))
    assert await reader.preferences.choose(reader.link(), shown=[MANDATORY], wanted=[])
    assert await reader.opted_out() == set()


async def test_only_what_was_shown_is_changed(reader: Reader) -> None:
    await reader.preferences.choose(reader.link(OLA), shown=[], wanted=[OPEN])
    assert await reader.opted_out(OLA) == {OPEN, MANDATORY}
    await reader.preferences.choose(reader.link(OLA), shown=[OPEN, 999], wanted=[OPEN, 998])
    assert await reader.opted_out(OLA) == {MANDATORY}
    await reader.preferences.choose(reader.link(OLA), shown=[OPEN, CLOSED], wanted=[CLOSED])
    assert await reader.opted_out(OLA) == {OPEN, MANDATORY}


async def delete(reader: Reader, contact: ContactNumber) -> None:
    async with reader.store.writer.begin() as connection:
        await connection.execute(text(f"UPDATE contacts SET state = 'deleted' WHERE number = {contact}"))  # noqa: S608


DEAD: dict[str, Callable[[Reader], str]] = {
    "another key": lambda reader: Tokens(b"another").of(Wish(reader.tenant, ANN, OPEN)),
    "another tenant": lambda reader: Tokens(KEY).of(Wish(TenantId(reader.tenant + 1), ANN, OPEN)),
    "nobody": lambda reader: reader.link(ContactNumber(99)),
    "deleted": lambda reader: reader.link(QUITTER),
    "no token": lambda _: "x" * 40,
    "empty": lambda _: "",
}


@pytest.mark.parametrize("which", DEAD)
async def test_a_dead_link_does_nothing(reader: Reader, which: str) -> None:
    await delete(reader, QUITTER)
    token, before = DEAD[which](reader), await dump(reader.store)
    assert await reader.preferences.find(token) is None
    assert not await reader.preferences.opt_out(token)
    assert not await reader.preferences.opt_in(token)
    assert not await reader.preferences.choose(token, shown=[OPEN], wanted=[])
    assert await dump(reader.store) == before


@pytest.mark.parametrize(
    ("address", "shown"),
    [("ann@example.com", "a***@example.com"), ("a@b.co", "a***@b.co"), ('"x@y"@b.co', '"***@b.co')],
)
def test_an_address_is_hidden_but_for_its_domain(address: str, shown: str) -> None:
    assert masked(address) == shown

"""People with e-mail addresses, and what they want to hear of."""

import msgspec
import pytest

from muster.catalog.categories import CategoryCatalog, CategoryWish
from muster.catalog.contacts import ContactCatalog, ContactChange, ContactWish
from muster.catalog.suppressions import SuppressionList
from muster.domain.contact import BlockReason, Contact, ContactState
from muster.domain.directory import Person
from muster.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from muster.domain.ids import CategoryNumber, ContactNumber, PersonNumber
from muster.kinds.addresses import comparable
from muster.ports.store.suppressions import Suppression
from muster.stores.database import SqlStore
from tests.catalog.directory import Town, a_desk, a_town, faults_of, reading_only
from tests.fakes.clock import FakeClock

UNKNOWN = CategoryNumber(9999)


@pytest.fixture
async def town(store: SqlStore, clock: FakeClock) -> Town:
    return await a_town(store, clock)


@pytest.fixture
def catalog(store: SqlStore, clock: FakeClock) -> ContactCatalog:
    return ContactCatalog(store, clock)


@pytest.fixture
async def ann(catalog: ContactCatalog, town: Town) -> Contact:
    return await catalog.add(town.operator, ContactWish(email="Ann@Example.com", name="Ann"))


async def a_category(town: Town, clock: FakeClock, *, opt_out_allowed: bool = True) -> CategoryNumber:
    wish = CategoryWish(name="Orders", opt_out_allowed=opt_out_allowed)
    return (await CategoryCatalog(town.store, clock).add(town.operator, wish)).number


async def kept(town: Town, number: ContactNumber) -> Contact:
    async with town.store.read() as tx:
        return await tx.contacts.get(town.tenant, number)


async def bounced(town: Town, clock: FakeClock, contact: Contact, *, source: str = "bounced") -> None:
    """What the server does when mail to the contact comes back."""
    key, now = comparable(contact.email), clock.now()
    async with town.store.begin() as tx:
        await tx.suppressions.add(town.tenant, [Suppression(address=key, source=source, created_at=now)])
        await tx.contacts.block(town.tenant, [key], BlockReason.BOUNCED, at=now)


async def suppressed(town: Town, contact: Contact) -> bool:
    key = comparable(contact.email)
    async with town.store.read() as tx:
        return key in await tx.suppressions.among(town.tenant, [key])


async def test_a_new_contact_is_active_and_hears_of_everything(town: Town, ann: Contact) -> None:
    assert await kept(town, ann.number) == ann
    assert (ann.state, ann.email, ann.opt_outs, ann.revision) == (ContactState.ACTIVE, "Ann@Example.com", (), 1)
    assert set(ann.marks) == {"created", "updated", "activated"}


async def test_an_address_belongs_to_one_contact_whatever_its_letter_case(
    catalog: ContactCatalog, town: Town, ann: Contact
) -> None:
    with pytest.raises(BadInput) as refused:
        await catalog.add(town.operator, ContactWish(email=" ANN@example.COM"))

    assert faults_of(refused.value) == {"email": "TAKEN"}
    await catalog.delete(town.operator, ann.number)
    assert (await catalog.add(town.operator, ContactWish(email="ann@example.com"))).number != ann.number


async def test_every_fault_of_a_contact_is_told_at_once(catalog: ContactCatalog, town: Town, clock: FakeClock) -> None:
    mandatory = await a_category(town, clock, opt_out_allowed=False)
    wish = ContactWish(email="nope", name="Ann\r\nBcc: all@example.com", opt_outs=(UNKNOWN, mandatory))

    with pytest.raises(BadInput) as refused:
        await catalog.add(town.operator, wish)

    assert faults_of(refused.value) == {
        "email": "NOT_AN_ADDRESS",
        "name": "NOT_ONE_LINE",
        "opt_outs[0]": "UNKNOWN_CATEGORY",
        "opt_outs[1]": "MANDATORY_CATEGORY",
    }


async def test_opt_outs_take_the_place_of_those_before(
    *, catalog: ContactCatalog, town: Town, ann: Contact, clock: FakeClock
) -> None:
    first, second = await a_category(town, clock), await a_category(town, clock)
    await catalog.change(town.operator, ann.number, ContactChange(opt_outs=(first, first)))
    assert (await kept(town, ann.number)).opt_outs == (first,)

    await catalog.change(town.operator, ann.number, ContactChange(opt_outs=(second,)))
    assert (await kept(town, ann.number)).opt_outs == (second,)

    await catalog.change(town.operator, ann.number, ContactChange(name="Anna"))
    found = await kept(town, ann.number)
    assert (found.opt_outs, found.name, found.email, found.revision) == ((second,), "Anna", "Ann@Example.com", 4)


async def test_nobody_opts_out_of_a_mandatory_category(
    *, catalog: ContactCatalog, town: Town, ann: Contact, clock: FakeClock
) -> None:
    mandatory = await a_category(town, clock, opt_out_allowed=False)

    with pytest.raises(BadInput) as refused:
        await catalog.change(town.operator, ann.number, ContactChange(opt_outs=(mandatory,), name="Anna"))

    assert faults_of(refused.value) == {"opt_outs[0]": "MANDATORY_CATEGORY"}
    assert await kept(town, ann.number) == ann


async def test_a_contact_keeps_or_changes_its_address_but_takes_nobody_elses(
    catalog: ContactCatalog, town: Town, ann: Contact
) -> None:
    await catalog.add(town.operator, ContactWish(email="bo@example.com"))

    assert (await catalog.change(town.operator, ann.number, ContactChange(email="ann@example.com"))).revision == 2
    assert (await catalog.change(town.operator, ann.number, ContactChange(email="anna@example.com"))).revision == 3
    with pytest.raises(BadInput) as refused:
        await catalog.change(town.operator, ann.number, ContactChange(email="BO@example.com"))
    assert faults_of(refused.value) == {"email": "TAKEN"}


async def test_blocking_and_unblocking_twice_is_refused(catalog: ContactCatalog, town: Town, ann: Contact) -> None:
    blocked = await catalog.block(town.operator, ann.number)
    assert (blocked.state, blocked.blocked_reason, "blocked" in blocked.marks) == (ContactState.BLOCKED, None, True)
    with pytest.raises(WrongState):
        await catalog.block(town.operator, ann.number)

    assert (await catalog.unblock(town.operator, ann.number)).state is ContactState.ACTIVE
    with pytest.raises(WrongState):
        await catalog.unblock(town.operator, ann.number)


async def test_unblocking_after_a_bounce_frees_the_address_too(
    *, catalog: ContactCatalog, town: Town, ann: Contact, clock: FakeClock
) -> None:
    await bounced(town, clock, ann)

    freed = await catalog.unblock(town.operator, ann.number)

    assert (freed.state, freed.blocked_reason) == (ContactState.ACTIVE, None)
    assert not await suppressed(town, ann)


async def test_unblocking_leaves_on_the_list_what_somebody_put_there(
    *, catalog: ContactCatalog, town: Town, ann: Contact, clock: FakeClock
) -> None:
    await bounced(town, clock, ann, source="operator")

    await catalog.unblock(town.operator, ann.number)

    assert await suppressed(town, ann)


async def test_taking_an_address_off_the_list_activates_the_contact_that_bounced(
    *, catalog: ContactCatalog, town: Town, ann: Contact, clock: FakeClock
) -> None:
    bo = await catalog.add(town.operator, ContactWish(email="bo@example.com"))
    await catalog.block(town.operator, bo.number)
    await bounced(town, clock, ann)

    listed = SuppressionList(town.store, clock, comparable)
    assert await listed.remove(town.tenant, ["ANN@example.com", "bo@example.com"]) == 1

    assert (await kept(town, ann.number)).state is ContactState.ACTIVE
    # Nobody but its operator blocked this one.
    assert (await kept(town, bo.number)).state is ContactState.BLOCKED


async def test_a_deleted_contact_is_gone(catalog: ContactCatalog, town: Town, ann: Contact) -> None:
    await catalog.delete(town.operator, ann.number)

    with pytest.raises(NotFound):
        await kept(town, ann.number)
    with pytest.raises(NotFound):
        await catalog.change(town.operator, ann.number, ContactChange(name="Anna"))


async def test_a_party_changes_contacts_of_its_own_people_only(
    *, catalog: ContactCatalog, town: Town, ann: Contact, clock: FakeClock
) -> None:
    person = Person(number=PersonNumber(1), party=town.client.party.number, name="Ann")
    await a_desk(town.store, clock).put_people(town.tenant, [person])
    with pytest.raises(NotAllowed):
        await catalog.change(town.client, ann.number, ContactChange(name="Anna"))
    async with town.store.begin() as tx:
        linked = msgspec.structs.replace(ann, person=person.number, revision=2)
        assert await tx.contacts.change(town.tenant, comparable(ann.email), linked)

    assert (await catalog.change(town.client, ann.number, ContactChange(name="Anna"))).name == "Anna"
    with pytest.raises(NotAllowed):
        await catalog.change(town.vendor, ann.number, ContactChange(name="Anja"))
    with pytest.raises(NotAllowed):
        await catalog.change(reading_only(town.operator), ann.number, ContactChange(name="Anja"))


async def test_only_the_operating_party_adds_deletes_and_blocks(
    catalog: ContactCatalog, town: Town, ann: Contact
) -> None:
    for acting in (town.vendor, town.client):
        with pytest.raises(NotAllowed):
            await catalog.add(acting, ContactWish(email="bo@example.com"))
        with pytest.raises(NotAllowed):
            await catalog.delete(acting, ann.number)
        with pytest.raises(NotAllowed):
            await catalog.block(acting, ann.number)
        with pytest.raises(NotAllowed):
            await catalog.unblock(acting, ann.number)


async def test_every_change_of_a_contact_is_in_the_audit_log(catalog: ContactCatalog, town: Town, ann: Contact) -> None:
    await catalog.change(town.operator, ann.number, ContactChange(name="Anna"))
    await catalog.block(town.operator, ann.number)
    await catalog.unblock(town.operator, ann.number)
    await catalog.delete(town.operator, ann.number)

    actions = ["add", "update", "block", "unblock", "delete"]
    assert (await town.noted())[-5:] == [f"contact:{action}" for action in actions]

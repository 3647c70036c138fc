"""Which party takes part in which category."""

import pytest

from muster.catalog.categories import CategoryCatalog, CategoryWish
from muster.catalog.subscribers import SubscriberCatalog, SubscriberChange
from muster.domain.directory import Acting, Group, Person
from muster.domain.errors import BadInput, NotAllowed, NotFound
from muster.domain.ids import GroupNumber, PersonNumber, SubscriberNumber
from muster.domain.subscriber import Subscriber, SubscriberState
from muster.stores.database import SqlStore
from tests.catalog.directory import Town, a_desk, a_town, faults_of, reading_only
from tests.fakes.clock import FakeClock

ANN, BO, STRANGER = PersonNumber(1), PersonNumber(2), PersonNumber(3)
BUYERS, STRANGERS = GroupNumber(1), GroupNumber(2)


@pytest.fixture
async def town(store: SqlStore, clock: FakeClock) -> Town:
    """A town with one category; two people and a group of the client's, one of each of the vendor's."""
    made = await a_town(store, clock)
    await CategoryCatalog(store, clock).add(made.operator, CategoryWish(name="Orders"))
    desk, client, vendor = a_desk(store, clock), made.client.party.number, made.vendor.party.number
    people = [Person(number=one, party=client, name="P") for one in (ANN, BO)]
    await desk.put_people(made.tenant, [*people, Person(number=STRANGER, party=vendor, name="P")])
    groups = [Group(number=BUYERS, party=client, name="G"), Group(number=STRANGERS, party=vendor, name="G")]
    await desk.put_groups(made.tenant, groups)
    return made


@pytest.fixture
def catalog(store: SqlStore, clock: FakeClock) -> SubscriberCatalog:
    return SubscriberCatalog(store, clock)


async def subscriber_of(town: Town, acting: Acting) -> Subscriber:
    return next(one for one in await town.subscribers() if one.party == acting.party.number)


async def test_a_party_says_who_of_its_people_hears_of_it(catalog: SubscriberCatalog, town: Town) -> None:
    own = await subscriber_of(town, town.client)

    change = SubscriberChange(people=(BO, ANN, BO), groups=(BUYERS,), note="why")
    await catalog.change(town.client, own.number, change)

    found = await subscriber_of(town, town.client)
    assert (set(found.people), found.groups, found.note, found.revision) == ({ANN, BO}, (BUYERS,), "why", 2)
    await catalog.change(town.client, own.number, SubscriberChange(people=()))
    found = await subscriber_of(town, town.client)
    assert (found.people, found.groups, found.note) == ((), (BUYERS,), "why")


async def test_every_recipient_there_is_not_is_told_at_once(catalog: SubscriberCatalog, town: Town) -> None:
    own = await subscriber_of(town, town.client)
    change = SubscriberChange(people=(ANN, STRANGER, PersonNumber(0)), groups=(STRANGERS,), note="x" * 2001)

    with pytest.raises(BadInput) as refused:
        await catalog.change(town.client, own.number, change)

    assert faults_of(refused.value) == {
        "people[1]": "UNKNOWN_PERSON",
        "people[2]": "UNKNOWN_PERSON",
        "groups[0]": "UNKNOWN_GROUP",
        "note": "TOO_LONG",
    }
    assert await subscriber_of(town, town.client) == own


async def test_the_operating_party_may_name_anybody(catalog: SubscriberCatalog, town: Town) -> None:
    own = await subscriber_of(town, town.client)

    change = SubscriberChange(people=(STRANGER,), groups=(STRANGERS,))
    assert (await catalog.change(town.operator, own.number, change)).people == (STRANGER,)


async def test_switching_off_twice_changes_nothing_the_second_time(catalog: SubscriberCatalog, town: Town) -> None:
    own = await subscriber_of(town, town.client)

    off = await catalog.disable(town.client, own.number, note="quiet please")
    assert (off.state, off.note, off.revision) == (SubscriberState.DISABLED, "quiet please", 2)
    assert await catalog.disable(town.client, own.number) == off
    on = await catalog.enable(town.client, own.number)
    assert (on.state, on.note, set(on.marks)) == (
        SubscriberState.ACTIVE,
        "quiet please",
        {"created", "updated", "activated", "disabled"},
    )


async def test_another_partys_subscriber_is_not_there(catalog: SubscriberCatalog, town: Town) -> None:
    theirs = await subscriber_of(town, town.vendor)

    with pytest.raises(NotFound):
        await catalog.disable(town.client, theirs.number)
    with pytest.raises(NotFound):
        await catalog.change(town.client, theirs.number, SubscriberChange(note="mine"))
    with pytest.raises(NotFound):
        await catalog.enable(town.operator, SubscriberNumber(0))
    with pytest.raises(NotAllowed):
        await catalog.disable(reading_only(town.vendor), theirs.number)


async def test_every_change_of_a_subscriber_is_in_the_audit_log(catalog: SubscriberCatalog, town: Town) -> None:
    own = await subscriber_of(town, town.client)

    await catalog.change(town.client, own.number, SubscriberChange(note="n"))
    await catalog.disable(town.client, own.number)
    await catalog.enable(town.client, own.number)

    actions = ["update", "disabled", "activated"]
    assert (await town.noted())[-3:] == [f"subscriber:{action}" for action in actions]

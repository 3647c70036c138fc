"""The organisations, categories and contacts of a tenant that notifies people: those of the conformance cases."""

from collections.abc import Mapping

import msgspec

from muster.domain.category import Category, CategoryState
from muster.domain.contact import BlockReason, Contact, ContactState
from muster.domain.directory import Buyer, Group, Party, PartyKind, Person, Token
from muster.domain.ids import (
    BuyerNumber,
    CategoryNumber,
    ContactNumber,
    GroupNumber,
    PartyNumber,
    PersonNumber,
    PrincipalId,
    SubscriberNumber,
    TenantId,
    TokenNumber,
)
from muster.domain.mark import Mark, Marks
from muster.domain.subscriber import Subscriber
from muster.kinds.addresses import comparable
from muster.ports.clock import Clock
from muster.ports.store.directory import Counter
from muster.ports.store.unit import Transaction

OPERATOR, VENDOR, CLIENT = PartyNumber(1), PartyNumber(2), PartyNumber(3)
OPEN, CLOSED, MANDATORY = CategoryNumber(6), CategoryNumber(7), CategoryNumber(8)
"""Published and free to opt out of; unpublished; published for everybody."""
ANN, OLA, BO, PIA, QUY = (ContactNumber(number) for number in range(1, 6))
"""An active contact; one who opted out of `OPEN`; a blocked one; two people of the client's, `QUY` in a group."""
PARTIES = {PartyKind.OPERATIONS: OPERATOR, PartyKind.VENDOR: VENDOR, PartyKind.CLIENT: CLIENT}
"""The party of each kind; its token has the same number."""


async def furnish(
    tx: Transaction, tenant: TenantId, clock: Clock, *, principals: Mapping[PartyKind, PrincipalId]
) -> None:
    """Keep all of it; numbers up to 100 are not given out.

    Of the client's people, one is to hear of `OPEN` by name, and the other as one of a group.
    """
    mark = Mark(clock.now(), TokenNumber(OPERATOR), OPERATOR)
    marks = {"created": mark, "updated": mark}
    await _people(tx, tenant, marks)
    for kind, principal in principals.items():
        party = PARTIES[kind]
        token = Token(
            number=TokenNumber(party), party=party, principal=principal, name=f"{kind} token", created_at=clock.now()
        )
        await tx.directory.add_token(tenant, token)
    await _shelves(tx, tenant, marks)
    for counter in Counter:
        await tx.directory.reserve(tenant, counter, 100)


async def hire(tx: Transaction, tenant: TenantId, count: int) -> None:
    """Put so many more of the client's people into the group that sees its buyer; each has a contact."""
    first = await tx.directory.next(tenant, Counter.PERSON, count)
    people = [
        Person(number=PersonNumber(number), party=CLIENT, name=f"P{number}") for number in range(first, first + count)
    ]
    await tx.directory.put_people(tenant, people)
    (group,) = await tx.directory.groups(tenant, [1])
    everybody = (*group.people, *(person.number for person in people))
    await tx.directory.put_groups(tenant, [msgspec.structs.replace(group, people=everybody)])
    (ann,) = await tx.contacts.several(tenant, [ANN])
    begin = await tx.directory.next(tenant, Counter.CONTACT, count)
    contacts = [
        Contact(
            number=ContactNumber(number), email=f"{person.name}@client.example", person=person.number, marks=ann.marks
        )
        for number, person in enumerate(people, begin)
    ]
    assert not await tx.contacts.add(tenant, [(comparable(one.email), one) for one in contacts])


async def _people(tx: Transaction, tenant: TenantId, marks: Marks) -> None:
    """Three parties; the client has two people, of whom the second is in a group that sees its buyer."""
    for kind, number in PARTIES.items():
        party = Party(number=number, kind=kind, name=f"The {kind} party", marks=marks)
        await tx.directory.put_party(tenant, party)
    buyer = Buyer(number=BuyerNumber(1), party=CLIENT, name="Buyer", erp_customer="US-SCU-111111")
    await tx.directory.put_buyers(tenant, [buyer])
    people = [
        Person(number=PersonNumber(number), party=CLIENT, name=name, email=f"{name.lower()}@client.example")
        for number, name in ((1, "Pia"), (2, "Quy"))
    ]
    await tx.directory.put_people(tenant, people)
    group = Group(
        number=GroupNumber(1), party=CLIENT, name="Buyers", people=(PersonNumber(2),), buyers=(BuyerNumber(1),)
    )
    await tx.directory.put_groups(tenant, [group])


async def _shelves(tx: Transaction, tenant: TenantId, marks: Marks) -> None:
    for category in (
        Category(number=OPEN, name="Orders", description="What becomes of orders", marks=marks),
        Category(number=CLOSED, name="Retired", state=CategoryState.UNPUBLISHED, marks=marks),
        Category(number=MANDATORY, name="Security", opt_out_allowed=False, delete_allowed=False, marks=marks),
    ):
        await tx.categories.add(tenant, category)
    await tx.subscribers.open(
        tenant,
        SubscriberNumber(1),
        parties=[OPERATOR, VENDOR, CLIENT],
        categories=[OPEN, CLOSED, MANDATORY],
        mark=marks["created"],
    )
    subscriber = Subscriber(
        number=SubscriberNumber(50),
        party=CLIENT,
        category=OPEN,
        people=(PersonNumber(1),),
        groups=(GroupNumber(1),),
        marks=marks,
    )
    await tx.subscribers.add(tenant, subscriber)
    contacts = [
        Contact(number=ANN, email="ann@example.com", name="Ann", marks=marks),
        Contact(number=OLA, email="ola@example.com", name="Ola", opt_outs=(OPEN, MANDATORY), marks=marks),
        Contact(
            number=BO,
            email="bo@example.com",
            state=ContactState.BLOCKED,
            blocked_reason=BlockReason.BOUNCED,
            marks=marks,
        ),
        Contact(number=PIA, email="pia@client.example", name="Pia", person=PersonNumber(1), marks=marks),
        Contact(number=QUY, email="quy@client.example", name="Quy", person=PersonNumber(2), marks=marks),
    ]
    assert not await tx.contacts.add(tenant, [(comparable(one.email), one) for one in contacts])

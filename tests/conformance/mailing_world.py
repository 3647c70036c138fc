"""Mailings inside a store: what the conformance tests of mailings, messages and statistics begin with."""

from collections.abc import Sequence
from datetime import datetime

from muster.domain.batch import BatchState
from muster.domain.category import Category
from muster.domain.contact import Contact
from muster.domain.directory import Party, PartyKind
from muster.domain.entry import EntryState
from muster.domain.ids import (
    AttachmentNumber,
    BatchNumber,
    CategoryNumber,
    ContactNumber,
    MailingNumber,
    PartyNumber,
    TenantId,
    TokenNumber,
    message_number,
)
from muster.domain.letter import Enclosure
from muster.domain.mailing import Attachment
from muster.domain.mark import Mark
from muster.domain.query import Compare, Comparison, Value
from muster.ports.store.mailings import NewMailing
from muster.ports.store.unit import Store, Transaction
from tests.conformance.store_world import NOON, a_new_batch, a_tenant, keep

MARKS = {"created": Mark(NOON), "updated": Mark(NOON)}
ORDERS, ALERTS = CategoryNumber(1), CategoryNumber(2)
ACME, SHOP = PartyNumber(1), PartyNumber(2)


def eq(field: str, value: Value) -> Compare:
    """The field is the value."""
    return Compare(field, Comparison.EQ, value)


async def a_marketplace(store: Store) -> TenantId:
    """A tenant with two categories, two parties, and the contacts 1 to 5."""
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        for number, name in ((ORDERS, "Orders"), (ALERTS, "Alerts")):
            await tx.categories.add(tenant, Category(number=number, name=name, marks=MARKS))
        for party, name in ((ACME, "Acme"), (SHOP, "Shop")):
            await tx.directory.put_party(tenant, Party(number=party, kind=PartyKind.CLIENT, name=name, marks=MARKS))
        contacts = [
            Contact(number=ContactNumber(n), email=f"c{n}@example.com", name=f"C {n}", marks=MARKS) for n in range(1, 6)
        ]
        await tx.contacts.add(tenant, [(contact.email, contact) for contact in contacts])
    return tenant


def an_attachment(number: int, mailing: int = 1) -> Attachment:
    """A file of 3 octets."""
    file = Enclosure(file_name=f"{number}.txt", content_type="text/plain", size=3, key=f"acme/{number}")
    return Attachment(
        number=AttachmentNumber(number), mailing=MailingNumber(mailing), name=f"File {number}", enclosure=file
    )


def a_new_mailing(number: int, batch: BatchNumber, **fields: object) -> NewMailing:
    """A mailing about orders; `fields` overrides any field."""
    given: dict[str, object] = {
        "number": MailingNumber(number),
        "batch": batch,
        "category": ORDERS,
        "party": ACME,
        "subject": f"Subject {number}",
        "body": "<p>Hello</p>",
        "made_by": TokenNumber(9),
        "made_for": SHOP,
        "created_at": NOON,
        **fields,
    }
    return NewMailing(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


async def a_mailing(
    store: Store,
    tenant: TenantId,
    number: int = 1,
    *,
    states: Sequence[EntryState] = (EntryState.ACCEPTED,) * 3,
    at: datetime = NOON,
    attachments: Sequence[Attachment] = (),
    **fields: object,
) -> BatchNumber:
    """A mailing to the contacts 1, 2, ..., a message in each of `states`; its batch."""
    async with store.begin() as tx:
        return await keep_mailing(
            tx, tenant, number, states=states, attachments=attachments, **{"created_at": at, **fields}
        )


async def keep_mailing(
    tx: Transaction,
    tenant: TenantId,
    number: int,
    *,
    states: Sequence[EntryState],
    attachments: Sequence[Attachment],
    **fields: object,
) -> BatchNumber:
    """`a_mailing` inside a transaction."""
    state = BatchState.QUEUED if EntryState.ACCEPTED in states else BatchState.COMPLETED
    new = a_new_batch(states, kind="notifications", state=state, created_at=fields["created_at"])
    batch = await keep(tx, tenant, new, states=states)
    mailing = a_new_mailing(number, batch.number, **fields)
    messages = [(message_number(number, at), ContactNumber(at + 1)) for at in range(len(states))]
    await tx.mailings.add(tenant, mailing, messages=messages, attachments=attachments)
    return batch.number

"""Mailings: kept with their messages and attachments, found by what they, their category or their party are."""

import pytest

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import AttachmentNumber, BatchNumber, ContactNumber, MailingNumber, TenantId, message_number
from muster.domain.query import Among, Compare, Comparison, Condition, Every, Holds, Like, Not, Order, Query
from muster.ports.store.unit import Store
from tests.conformance.mailing_world import (
    ACME,
    ALERTS,
    ORDERS,
    SHOP,
    a_mailing,
    a_marketplace,
    a_new_mailing,
    an_attachment,
    eq,
)
from tests.conformance.store_world import NOON, a_new_batch, a_tenant, after, given_up, keep

E = EntryState
C = Comparison


async def _found(store: Store, tenant: TenantId, where: Condition | None = None, **asked: object) -> list[int]:
    async with store.read() as tx:
        _, rows = await tx.mailings.find(tenant, Query(where=where, **asked))  # type: ignore[arg-type]  # any of Query's
    return [mailing.number for mailing in rows]


async def test_a_mailing_comes_back_as_it_was_kept(store: Store) -> None:
    tenant = await a_marketplace(store)
    files = (an_attachment(4), an_attachment(3))
    batch = await a_mailing(store, tenant, attachments=files, subject="Größe \U0001f600", body="<p>&amp;\n</p>")
    async with store.read() as tx:
        mailing = await tx.mailings.get(tenant, 1)
        assert await tx.mailings.of_batch(tenant, batch) == mailing
        assert list(await tx.mailings.several(tenant, [1, 2])) == [mailing]
    assert (mailing.subject, mailing.body) == ("Größe \U0001f600", "<p>&amp;\n</p>")
    assert (mailing.category, mailing.party, mailing.made_by, mailing.made_for) == (ORDERS, ACME, 9, SHOP)
    assert (mailing.batch, mailing.state, mailing.created_at, mailing.updated_at) == (batch, "queued", NOON, NOON)
    assert mailing.attachments == (files[1], files[0])


async def test_nothing_is_kept_of_a_mailing_whose_transaction_is_given_up(store: Store) -> None:
    tenant = await a_marketplace(store)
    async with given_up(store) as tx:
        batch = await keep(tx, tenant, a_new_batch(()))
        message = (message_number(1, 0), ContactNumber(1))
        mailing = a_new_mailing(1, batch.number)
        await tx.mailings.add(tenant, mailing, messages=[message], attachments=[an_attachment(1)])
    async with store.read() as tx:
        assert await tx.mailings.find(tenant, Query()) == (0, [])
        assert await tx.messages.several(tenant, [message[0]]) == []


async def test_a_batch_without_a_mailing_has_none(store: Store) -> None:
    tenant = await a_marketplace(store)
    async with store.read() as tx:
        assert await tx.mailings.of_batch(tenant, BatchNumber(7)) is None
        assert await tx.mailings.several(tenant, []) == []
        with pytest.raises(NotFound):
            await tx.mailings.get(tenant, 7)


async def test_an_attachment_is_found_in_its_own_mailing_only(store: Store) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, 1, attachments=[an_attachment(5, 1)])
    await a_mailing(store, tenant, 2, attachments=[an_attachment(6, 2)])
    async with store.read() as tx:
        assert await tx.mailings.attachment(tenant, MailingNumber(1), AttachmentNumber(5)) == an_attachment(5, 1)
        for mailing, attachment in ((1, 6), (2, 5), (1, 7), (3, 5)):
            with pytest.raises(NotFound):
                await tx.mailings.attachment(tenant, MailingNumber(mailing), AttachmentNumber(attachment))


async def test_a_tenant_finds_only_its_own(store: Store) -> None:
    tenant, stranger = await a_marketplace(store), await a_tenant(store, "stranger")
    batch = await a_mailing(store, tenant, attachments=[an_attachment(5)])
    async with store.read() as tx:
        assert await tx.mailings.find(stranger, Query()) == (0, [])
        assert await tx.mailings.of_batch(stranger, batch) is None
        assert await tx.mailings.several(stranger, [1]) == []
        with pytest.raises(NotFound):
            await tx.mailings.attachment(stranger, MailingNumber(1), AttachmentNumber(5))


async def test_the_oldest_comes_first_and_then_the_lowest_number(store: Store) -> None:
    tenant = await a_marketplace(store)
    for number, hours in ((3, 0), (1, 1), (2, 0)):
        await a_mailing(store, tenant, number, at=after(hours=hours))
    assert await _found(store, tenant) == [2, 3, 1]
    assert await _found(store, tenant, order=(Order("created", descending=True),)) == [1, 2, 3]
    assert await _found(store, tenant, offset=1, limit=1) == [3]
    async with store.read() as tx:
        assert await tx.mailings.find(tenant, Query(limit=0)) == (3, [])
        assert await tx.mailings.numbers(tenant, Query(limit=1), most=2) == [2, 3]


@pytest.mark.parametrize(
    "where",
    [
        eq("number", 2),
        eq("subject", "Second"),
        Like("body", "two", begins=False, ends=False, folds=True),
        eq("state", BatchState.COMPLETED),
        eq("category", ALERTS),
        eq("category.number", ALERTS),
        eq("category.name", "Alerts"),
        Every((Compare("category.opt_out_allowed", C.EQ, value=True), eq("category.name", "Alerts"))),
        eq("party", SHOP),
        eq("party.name", "Shop"),
        eq("made_by", None),
        Not(eq("made_for", SHOP)),
        eq("created", after(hours=1)),
        Among("updated", (after(hours=1),)),
        Holds("attachments", eq("file_name", "8.txt")),
        Holds("attachments", None),
        Every((Holds("attachments", eq("size", 3), throughout=True), Holds("attachments", eq("number", 8)))),
        Not(Holds("attachments", eq("size", 4), throughout=True)),
    ],
)
async def test_a_mailing_is_found_by_every_field(store: Store, where: Condition) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, 1)
    other = {"subject": "Second", "body": "<p>Two</p>", "category": ALERTS, "party": SHOP}
    by = {"made_by": None, "made_for": None}
    await a_mailing(
        store, tenant, 2, states=(E.SENT,), at=after(hours=1), attachments=[an_attachment(8, 2)], **other, **by
    )
    assert await _found(store, tenant, where) == [2]


async def test_every_documented_field_can_be_named(store: Store) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, attachments=[an_attachment(1)])
    own = "number subject body state category party made_by made_for created updated revision"
    of_category = (
        "number name description short_description opt_out_allowed delete_allowed state note icon last_used revision"
        " created updated published unpublished"
    )
    names = [
        *own.split(),
        *(f"category.{name}" for name in of_category.split()),
        *(f"party.{name}" for name in ("number", "name", "kind", "status")),
    ]
    for name in names:
        assert await _found(store, tenant, Not(eq(name, "no such thing")), order=(Order(name),)) == [1]
    for name in ("number", "name", "file_name", "size", "content_type"):
        assert await _found(store, tenant, Holds("attachments", Not(eq(name, "no such thing")))) == [1]


async def test_ten_thousand_messages_are_kept_at_once(store: Store) -> None:
    tenant = await a_marketplace(store)
    async with store.begin() as tx:
        batch = await keep(tx, tenant, a_new_batch(()))
        messages = [(message_number(3, at), ContactNumber(at + 1)) for at in range(10_000)]
        await tx.mailings.add(tenant, a_new_mailing(3, batch.number), messages=messages, attachments=())
    async with store.read() as tx:
        assert list(await tx.messages.positions(tenant, [messages[9_999][0], messages[0][0]])) == [
            (batch.number, 9_999),
            (batch.number, 0),
        ]

"""Messages: each an entry of a mailing, found by what it, its mailing or its contact is."""

from datetime import datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import event, text

from muster.domain.entry import EntryState
from muster.domain.errors import NotFound
from muster.domain.ids import MessageNumber, TenantId
from muster.domain.mailing import Message
from muster.domain.query import Among, Condition, Every, Holds, Not, Order, Query
from muster.ports.store.entries import Change
from muster.ports.store.unit import Store
from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.conformance.mailing_world import ACME, ALERTS, ORDERS, SHOP, a_mailing, a_marketplace, an_attachment, eq
from tests.conformance.store_world import NOON, a_tenant, after

E = EntryState
HANDED_OVER = (E.SENT, E.DELIVERED, E.APPLIED, E.UNDELIVERED, E.COMPLAINED)
# Positions in the order of the enumeration: message 10,000 + n is in the nth state.
ALL_STATES = tuple(EntryState)


async def _found(store: Store, tenant: TenantId, where: Condition | None = None, **asked: object) -> list[int]:
    async with store.read() as tx:
        query = Query(where=where, **asked)  # type: ignore[arg-type]  # any of Query's
        total, rows = await tx.messages.find(tenant, query)
        assert list(await tx.messages.numbers(tenant, query, most=1000)) == [row.number for row in rows]
    assert total == len(rows)
    return [message.number for message in rows]


async def _get(store: Store, tenant: TenantId, number: int) -> Message:
    async with store.read() as tx:
        return await tx.messages.get(tenant, number)


async def _behind_the_back(store: SqlStore, left_at: datetime) -> None:
    async with store.writer.begin() as connection:
        micros = int(left_at.timestamp()) * 1_000_000
        await connection.execute(text("UPDATE entries SET left_at = :at"), {"at": micros})


async def test_a_message_says_what_its_mailing_and_its_entry_do(store: Store) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, 7, at=after(hours=1))
    message = await _get(store, tenant, 70_002)
    assert (message.number, message.mailing, message.position, message.contact) == (70_002, 7, 2, 3)
    assert (message.category, message.party, message.made_by, message.made_for) == (ORDERS, ACME, 9, SHOP)
    assert (message.subject, message.state, message.reason) == ("Subject 7", E.ACCEPTED, None)
    assert (message.queued_at, message.left_at, message.updated_at) == (after(hours=1), None, NOON)


async def test_a_message_knows_when_it_was_handed_over(store: Store) -> None:
    tenant = await a_marketplace(store)
    batch = await a_mailing(store, tenant)
    async with store.begin() as tx:
        await tx.entries.intend(tenant, batch, [0], at=after(seconds=1))
        sent = Change(position=0, before=E.DISPATCHING, after=E.DELIVERED)
        await tx.entries.change(tenant, batch, [sent], at=after(seconds=2))
    assert (await _get(store, tenant, 10_000)).left_at == after(seconds=2)
    assert await _found(store, tenant, eq("sent", after(seconds=2))) == [10_000]


async def test_a_message_was_sent_bounced_or_failed_only_where_its_state_says_so(store: SqlStore) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, states=ALL_STATES)
    await _behind_the_back(store, after(hours=1))
    expected = {
        "bounced": {E.UNDELIVERED},
        "complained": {E.COMPLAINED},
        "discarded": {E.SUPPRESSED, E.CANCELLED, E.EXPIRED, E.DUPLICATE},
        "failed": {E.FAILED, E.REJECTED, E.UNKNOWN},
    }
    for field, states in expected.items():
        found = await _found(store, tenant, eq(field, NOON))
        assert {ALL_STATES[number - 10_000] for number in found} == states
    sent = await _found(store, tenant, eq("sent", after(hours=1)))
    assert {ALL_STATES[number - 10_000] for number in sent} == set(HANDED_OVER)
    async with store.read() as tx:
        rows = await tx.messages.several(tenant, range(10_000, 10_000 + len(ALL_STATES)))
    assert {row.state for row in rows if row.left_at is not None} == set(HANDED_OVER)


async def test_the_oldest_mailing_comes_first_and_its_first_message(store: Store) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, 2)
    await a_mailing(store, tenant, 1, at=after(hours=1))
    newest = (Order("created", descending=True),)
    assert await _found(store, tenant) == [20_000, 20_001, 20_002, 10_000, 10_001, 10_002]
    assert await _found(store, tenant, order=newest) == [10_000, 10_001, 10_002, 20_000, 20_001, 20_002]
    async with store.read() as tx:
        total, page = await tx.messages.find(tenant, Query(order=newest, offset=2, limit=2))
        assert (total, [row.number for row in page]) == (6, [10_002, 20_000])
        assert await tx.messages.numbers(tenant, Query(order=newest), most=4) == [10_000, 10_001, 10_002, 20_000]


@pytest.mark.parametrize(
    "where",
    [
        eq("number", 20_001),
        Among("number", tuple(range(20_001, 30_000))),
        Every((eq("contact", 2), eq("mailing", 2))),
        Every((eq("contact.email", "c2@example.com"), eq("category", ALERTS))),
        Every((eq("contact.name", "C 2"), eq("category.name", "Alerts"))),
        eq("state", "sent"),
        Every((Not(eq("state", "accepted")), eq("party.name", "Shop"))),
        Every((eq("mailing", 2), Among("state", ("sent", "delivered")))),
        Every((Holds("attachments", eq("name", "File 8")), Not(eq("state", "accepted")))),
    ],
)
async def test_a_message_is_found_by_what_it_belongs_to(store: Store, where: Condition) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, 1)
    files = [an_attachment(8, 2)]
    await a_mailing(store, tenant, 2, states=(E.ACCEPTED, E.SENT), attachments=files, category=ALERTS, party=SHOP)
    assert await _found(store, tenant, where) == [20_001]


async def test_every_documented_field_can_be_named(store: Store) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, states=(E.ACCEPTED,))
    names = (
        "number mailing state reason subject body category party contact contact.email contact.name contact.state"
        " made_for created updated queued sent bounced complained failed discarded revision category.name"
        " category.published party.number party.kind"
    )
    for name in names.split():
        assert await _found(store, tenant, Not(eq(name, "no such thing")), order=(Order(name),)) == [10_000]
    assert await _found(store, tenant, Holds("attachments", None)) == []


async def test_places_come_in_the_order_asked_for_and_all_must_be_there(store: Store) -> None:
    tenant = await a_marketplace(store)
    batch = await a_mailing(store, tenant)
    async with store.read() as tx:
        asked = [MessageNumber(10_002), MessageNumber(10_000)]
        assert list(await tx.messages.positions(tenant, asked)) == [(batch, 2), (batch, 0)]
        assert list(await tx.messages.positions(tenant, [])) == []
        with pytest.raises(NotFound):
            await tx.messages.positions(tenant, [MessageNumber(10_000), MessageNumber(10_003)])


async def test_a_tenant_finds_only_its_own(store: Store) -> None:
    tenant, stranger = await a_marketplace(store), await a_tenant(store, "stranger")
    await a_mailing(store, tenant)
    for where in (None, eq("contact", 1), eq("number", 10_000), eq("mailing", 1)):
        assert await _found(store, stranger, where) == []
    async with store.read() as tx:
        assert await tx.messages.several(stranger, [10_000]) == []
        with pytest.raises(NotFound):
            await tx.messages.get(stranger, 10_000)
        with pytest.raises(NotFound):
            await tx.messages.positions(stranger, [MessageNumber(10_000)])


async def _plans(store: SqlStore, tenant: TenantId, query: Query) -> str:
    """How SQLite goes about all that this query makes it do."""
    asked: list[tuple[str, Any]] = []
    plans: list[str] = []

    def note(*call: object) -> None:
        asked.append((str(call[2]), call[3]))

    event.listen(store.writer.sync_engine, "before_cursor_execute", note)
    async with store.begin() as tx:
        await tx.messages.find(tenant, query)
    event.remove(store.writer.sync_engine, "before_cursor_execute", note)
    async with store.writer.begin() as connection:
        for statement, values in asked:
            if statement.startswith("SELECT"):
                plans += [
                    row[-1] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                ]
    return "\n".join(plans)


@pytest.mark.parametrize(
    ("query", "read_by"),
    [
        (
            Query(order=(Order("created", descending=True),)),
            "mailings USING INDEX ix_mailings_tenant_created_at (tenant=?",
        ),
        (
            Query(where=Every((eq("mailing", 1), eq("state", "sent")))),
            "(tenant=? AND number=?)\nSEARCH messages USING INDEX",
        ),
        (Query(where=eq("contact", 1)), "messages USING COVERING INDEX ix_messages_contact (tenant=? AND contact=?)"),
        (Query(where=eq("number", 10_001)), "messages USING PRIMARY KEY (tenant=? AND number=?)"),
    ],
)
async def test_no_list_reads_all_messages_of_a_tenant(sqlite_url: str, query: Query, read_by: str) -> None:
    store = open_store(sqlite_url, vault=Vault([Fernet.generate_key().decode()]))
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, states=(E.SENT,) * 3)
    plans = await _plans(store, tenant, query)
    assert read_by in plans
    # On the way from a mailing to its messages, and from numbers to messages, and never all of a tenant's.
    assert "messages USING PRIMARY KEY (tenant=?)" not in plans
    assert "SCAN messages" not in plans
    await store.close()

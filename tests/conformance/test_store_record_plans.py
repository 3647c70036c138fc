"""Many records at once, in a PostgreSQL that knows nothing of them yet: each is looked up through the index for it.

Any other index that begins with the tenant would do, and read all that the tenant has, for each record over again.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from muster.domain.ids import TenantId
from muster.domain.records.char_types import AMOUNT, TABLE, RecordRef
from muster.domain.records.record import Link, Record
from muster.ports.store.records import Span, Writing
from muster.stores.database import SqlStore, SqlTransaction, open_store
from muster.stores.records.writing import MANY
from muster.stores.vault import Vault
from tests.conformance.record_world import a_link, a_record, a_ref, a_rule, buried, write
from tests.conformance.store_world import a_tenant

COUNT = 2_000
ROWS = [a_ref(number, TABLE) for number in range(1, COUNT + 1)]
AMOUNTS = [a_ref(number, AMOUNT) for number in range(1, COUNT + 1)]
OF_VALUES: dict[str, set[str]] = {"record_values": {"pk_record_values"}}
Sent = list[tuple[str, Any]]


def an_amount(ref: RecordRef, title: str = "Amount") -> Record:
    values = {"transaction_date": "2026-01-31", "opening": ref.number, "closing": 0, "model": title, "split": 1}
    return a_record(ref.number, values, ref=ref, title=title, origin=ref.number)


def the_links() -> list[Link]:
    return [a_link(ref.number, a_ref(ref.number, TABLE), ref) for ref in AMOUNTS]


@pytest.fixture
async def store(postgres_url: str, vault: Vault) -> AsyncIterator[SqlStore]:
    """A store that nobody analyses."""
    opened = open_store(postgres_url, vault=vault)
    async with opened.begin() as tx:
        driver: Any = tx.connection
        for table in ("records", "record_values", "record_links", "date_rules", "date_rule_sources"):
            await driver.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    yield opened
    await opened.close()


@pytest.fixture
async def tenant(store: SqlStore) -> TenantId:
    """Somebody with many amounts."""
    found = await a_tenant(store)
    rows = [a_record(ref.number, ref=ref) for ref in ROWS]
    rules = [a_rule(ref.number, a_ref(ref.number, TABLE), ref) for ref in AMOUNTS]
    writing = Writing(added=[*rows, *map(an_amount, AMOUNTS)], links_added=the_links(), rules_put=rules)
    await write(store, found, writing)
    return found


@pytest.fixture
def sent(store: SqlStore, tenant: TenantId) -> Iterator[Sent]:
    """Every statement that goes to the store from now on, with its parameters."""
    del tenant
    noted: Sent = []

    def note(*args: object) -> None:
        noted.append((str(args[2]), args[3]))

    event.listen(store.writer.sync_engine, "before_cursor_execute", note)
    yield noted
    event.remove(store.writer.sync_engine, "before_cursor_execute", note)


async def used(store: SqlStore, sent: Sent) -> dict[str, set[str]]:
    """The indexes, by table, through which PostgreSQL goes for these statements."""
    found: dict[str, set[str]] = {}
    statements = list(sent)
    async with store.writer.connect() as connection:
        await connection.execute(text("SELECT 1"))
        driver: Any = (await connection.get_raw_connection()).driver_connection
        for statement, parameters in statements:
            if "set_config" in statement:
                await driver.fetch(statement, *parameters)
            elif "jsonb_array_elements" in statement or "record_values" in statement:
                plan = "\n".join(row[0] for row in await driver.fetch(f"EXPLAIN {statement}", *parameters))
                for index, table in re.findall(r"using (\w+) on (\w+)", plan):
                    found.setdefault(table, set()).add(index)
                found.setdefault("", set()).update(re.findall(r"Bitmap Index Scan on (\w+)", plan))
    return {table: indexes for table, indexes in found.items() if indexes}


Work = Callable[[SqlTransaction, TenantId], Awaitable[object]]
Indexes = dict[str, set[str]]
_GONE = Writing(removed=[buried(an_amount(ref)) for ref in AMOUNTS], links_removed=[buried(one) for one in the_links()])
_CHANGED = Writing(changed=[an_amount(ref, "Other") for ref in AMOUNTS])
_PAIRS = list(zip(ROWS, AMOUNTS, strict=True))
_YEAR = Span(char_type=AMOUNT, label="transaction_date", low="2026-01-01", high="2026-12-31")
_KEY: Indexes = {"records": {"pk_records"}}
_ORIGIN: Indexes = {"records": {"ix_records_origin"}}
_LINK: Indexes = {"record_links": {"pk_record_links"}}
_CHILD: Indexes = {"record_links": {"ix_record_links_child"}}
_ENDS: Indexes = {"record_links": {"uq_record_links_ends"}}
_TEXT: Indexes = {"record_values": {"ix_record_values_text"}}
_RULE: Indexes = {"date_rules": {"pk_date_rules"}}
_OF_RULE: Indexes = {"date_rule_sources": {"ix_date_rule_sources_rule"}}
_TOUCHING: Indexes = {
    "date_rules": {"uq_date_rules_spot", "pk_date_rules"},
    "date_rule_sources": {"ix_date_rule_sources_record", "ix_date_rule_sources_rule"},
}
_UNRULED = Writing(rules_removed=range(1, COUNT + 1))
CASES: dict[str, tuple[Work, Indexes]] = {
    "looked_at": (lambda tx, tenant: tx.records.load(tenant, AMOUNTS), _KEY),
    "locked": (lambda tx, tenant: tx.records.load(tenant, AMOUNTS, lock=True), _KEY),
    "made": (lambda tx, tenant: tx.records.made_by(tenant, range(COUNT)), _ORIGIN),
    "counted": (lambda tx, tenant: tx.records.made_counts(tenant, range(COUNT)), _ORIGIN),
    "links": (lambda tx, tenant: tx.records.links(tenant, range(COUNT)), _LINK),
    "above": (lambda tx, tenant: tx.records.links_above(tenant, AMOUNTS), _CHILD),
    "below": (lambda tx, tenant: tx.records.links_below(tenant, ROWS), _ENDS),
    "parents": (lambda tx, tenant: tx.records.parent_counts(tenant, AMOUNTS), _CHILD),
    "between": (lambda tx, tenant: tx.records.links_between(tenant, _PAIRS), _ENDS),
    "rules": (lambda tx, tenant: tx.records.rules(tenant, range(COUNT)), _RULE | _OF_RULE),
    "touching": (lambda tx, tenant: tx.records.rules_touching(tenant, AMOUNTS), _TOUCHING),
    "rules_removed": (lambda tx, tenant: tx.records.write(tenant, _UNRULED), _RULE | _OF_RULE),
    "changed": (lambda tx, tenant: tx.records.write(tenant, _CHANGED), _KEY | OF_VALUES),
    "removed": (lambda tx, tenant: tx.records.write(tenant, _GONE), _KEY | OF_VALUES | _LINK),
    "walked": (lambda tx, tenant: tx.records.in_span(tenant, _YEAR, limit=COUNT), _KEY | _TEXT),
}


@pytest.mark.parametrize("case", CASES)
async def test_many_are_looked_up_through_the_index_for_them(
    store: SqlStore, tenant: TenantId, sent: Sent, *, case: str
) -> None:
    work, indexes = CASES[case]

    async with store.begin() as tx:
        await work(tx, tenant)

    assert await used(store, sent) == indexes


async def test_many_new_records_are_counted_on_from_the_moment_they_are_there(store: SqlStore) -> None:
    tenant = await a_tenant(store)
    added = [an_amount(a_ref(number, AMOUNT)) for number in range(1, MANY + 1)]

    await write(store, tenant, Writing(added=added))

    async with store.writer.connect() as connection:
        guessed = await connection.execute(text("SELECT reltuples FROM pg_class WHERE relname = 'records'"))
        assert guessed.scalar_one() == MANY

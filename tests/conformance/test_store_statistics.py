"""How a category's messages fare, by the counts of its batches."""

import pytest

from muster.domain.category import Statistics, Tally
from muster.domain.entry import EntryState
from muster.domain.ids import CategoryNumber, TenantId
from muster.ports.store.categories import Windows
from muster.ports.store.unit import Store
from tests.conformance.mailing_world import ALERTS, ORDERS, a_mailing, a_marketplace
from tests.conformance.store_world import NOON, a_tenant, after

E = EntryState
SINCE = Windows(today=NOON, week=after(days=-3), month=after(days=-1))
"""On the second of a month, the week is the longest of the three."""


async def _statistics(store: Store, tenant: TenantId, category: CategoryNumber = ORDERS) -> Statistics:
    async with store.read() as tx:
        return (await tx.categories.statistics(tenant, [category], since=SINCE))[category]


@pytest.mark.parametrize(
    ("states", "tally"),
    [
        ((E.ACCEPTED, E.HELD, E.DISPATCHING), Tally()),
        ((E.SENT, E.DELIVERED, E.DELIVERED, E.APPLIED), Tally(sent=4)),
        ((E.UNDELIVERED, E.COMPLAINED, E.COMPLAINED), Tally(bounced=1, complained=2)),
        ((E.SUPPRESSED, E.CANCELLED, E.EXPIRED, E.DUPLICATE), Tally(discarded=4)),
        ((E.FAILED, E.REJECTED, E.UNKNOWN), Tally(failed=3)),
    ],
)
async def test_a_message_counts_where_it_stands(store: Store, states: tuple[EntryState, ...], tally: Tally) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, states=states)
    assert await _statistics(store, tenant) == Statistics(today=tally, week=tally, month=tally)


async def test_each_window_counts_what_was_submitted_since_it_began(store: Store) -> None:
    tenant = await a_marketplace(store)
    for number, days in ((1, 0), (2, -1), (3, -2), (4, -3), (5, -4)):
        await a_mailing(store, tenant, number, states=(E.SENT,), at=after(days=days))
    counted = await _statistics(store, tenant)
    assert (counted.today.sent, counted.month.sent, counted.week.sent) == (1, 2, 4)


async def test_categories_are_counted_apart_and_one_without_mailings_has_nothing(store: Store) -> None:
    tenant = await a_marketplace(store)
    await a_mailing(store, tenant, 1, states=(E.SENT,))
    await a_mailing(store, tenant, 2, states=(E.SENT, E.FAILED), category=ALERTS)
    nothing = CategoryNumber(3)
    async with store.read() as tx:
        counted = await tx.categories.statistics(tenant, [ORDERS, ALERTS, nothing], since=SINCE)
        assert await tx.categories.statistics(tenant, [], since=SINCE) == {}
    assert set(counted) == {ORDERS, ALERTS, nothing}
    assert (counted[ORDERS].today, counted[ALERTS].today) == (Tally(sent=1), Tally(sent=1, failed=1))
    assert counted[nothing] == Statistics()


async def test_another_tenants_messages_do_not_count(store: Store) -> None:
    tenant, stranger = await a_marketplace(store), await a_tenant(store, "stranger")
    await a_mailing(store, tenant, states=(E.SENT,))
    assert await _statistics(store, stranger) == Statistics()

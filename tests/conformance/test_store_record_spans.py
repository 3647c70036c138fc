"""Walking through the records that have a text of a span in one of their fields."""

from collections.abc import AsyncIterator

from muster.domain.ids import TenantId
from muster.domain.records.char_types import CATALOG_ITEM, DEAL
from muster.ports.store.records import Span, Writing
from muster.ports.store.unit import Store
from tests.conformance.record_world import a_record, a_ref, write
from tests.conformance.store_world import a_tenant

MARCH = Span(char_type=CATALOG_ITEM, label="day", low="2026-03-01", high="2026-03-31")


async def _have(store: Store, *days: object, name: str = "acme") -> TenantId:
    """Somebody's catalog items with these values of `day`, numbered from 1."""
    tenant = await a_tenant(store, name)
    added = [a_record(number, {"day": day, "other": "2026-03-15"}) for number, day in enumerate(days, start=1)]
    await write(store, tenant, Writing(added=added))
    return tenant


async def _walked(store: Store, tenant: TenantId, *, limit: int) -> AsyncIterator[tuple[str, int]]:
    after: tuple[str, int] | None = None
    async with store.read() as tx:
        while page := await tx.records.in_span(tenant, MARCH, after=after, limit=limit):
            assert len(page) <= limit
            for text, record in page:
                after = (text, record.ref.number)
                yield after


async def test_a_span_has_both_its_ends_and_nothing_beyond(store: Store) -> None:
    tenant = await _have(store, "2026-02-28", "2026-03-31", "2026-03-01", "2026-04-01")
    async with store.read() as tx:
        assert [record.ref.number for _, record in await tx.records.in_span(tenant, MARCH, limit=9)] == [3, 2]
        assert await tx.records.span_count(tenant, MARCH) == 2


async def test_records_come_in_order_of_their_texts_then_numbers_whatever_the_pages(store: Store) -> None:
    tenant = await _have(store, *[f"2026-03-{day:02}" for day in (7, 5, 5, 5, 7, 1, 5)])
    expected = [
        (f"2026-03-{day:02}", number) for day, number in ((1, 6), (5, 2), (5, 3), (5, 4), (5, 7), (7, 1), (7, 5))
    ]
    for limit in (1, 2, 3, 7, 150):
        assert [one async for one in _walked(store, tenant, limit=limit)] == expected


async def test_a_record_with_several_texts_of_the_span_comes_with_each_and_counts_once(store: Store) -> None:
    tenant = await _have(store, ["2026-03-09", "2026-03-02", "2027-03-02"])
    assert [one async for one in _walked(store, tenant, limit=1)] == [("2026-03-02", 1), ("2026-03-09", 1)]
    async with store.read() as tx:
        assert await tx.records.span_count(tenant, MARCH) == 1


async def test_other_tenants_and_other_kinds_of_records_are_not_in_it(store: Store) -> None:
    tenant = await _have(store, "2026-03-03")
    other = await _have(store, name="other")
    await write(store, other, Writing(added=[a_record(1, {"day": "2026-03-03"}, ref=a_ref(1, DEAL))]))
    async with store.read() as tx:
        assert await tx.records.span_count(other, MARCH) == 0
        assert await tx.records.in_span(other, MARCH, limit=9) == []
        assert len(await tx.records.in_span(tenant, MARCH, limit=9)) == 1

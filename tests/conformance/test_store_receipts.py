"""Keeping receipts: stored first, matched later, whatever order the provider tells them in."""

from collections.abc import Sequence

import pytest

from muster.domain.batch import Batch
from muster.domain.entry import EntryState
from muster.domain.ids import ChannelId, TenantId, entry_id
from muster.domain.receipt import Receipt, Verdict
from muster.ports.store.entries import Change
from muster.ports.store.receipts import Handover, Match
from muster.ports.store.unit import Store
from tests.conformance.store_world import NOON, a_batch, a_channel, a_tenant, after


class _Carrier:
    """One tenant's channel and a batch of three entries that went through it."""

    def __init__(self, store: Store, channel: ChannelId, batch: Batch) -> None:
        self._store, self.tenant, self.channel, self.batch = store, batch.tenant, channel, batch

    async def acknowledges(self, *refs: str, position: int = 0, minutes: int = 0) -> None:
        """The provider names the ids of one entry's segments."""
        segments = [Handover(position=position, ref=ref, part=n, parts=len(refs)) for n, ref in enumerate(refs)]
        async with self._store.begin() as tx:
            await tx.receipts.hand_over(
                self.tenant, self.channel, self.batch.number, handovers=segments, at=after(minutes=minutes)
            )

    async def tells(self, *receipts: Receipt) -> None:
        async with self._store.begin() as tx:
            await tx.receipts.add(self.tenant, self.channel, receipts)

    async def matches(self, limit: int = 100) -> Sequence[Match]:
        async with self._store.begin() as tx:
            return sorted(
                await tx.receipts.match(self.tenant, self.channel, limit=limit), key=lambda m: (m.position, m.arrived)
            )

    async def is_waiting(self) -> bool:
        async with self._store.read() as tx:
            return (self.tenant, self.channel) in await tx.receipts.across_tenants_unmatched()


@pytest.fixture
async def carrier(store: Store) -> _Carrier:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (EntryState.SENT,) * 3)
    return _Carrier(store, await a_channel(store, tenant), batch)


def _receipt(ref: str, verdict: Verdict = Verdict.ARRIVED, *, code: str = "", also: tuple[str, ...] = ()) -> Receipt:
    return Receipt(ref=ref, verdict=verdict, code=code, alternates=also, received_at=NOON)


async def test_a_receipt_finds_the_entry_it_speaks_of(carrier: _Carrier) -> None:
    await carrier.acknowledges("m-1", position=1)
    await carrier.tells(_receipt("m-1", Verdict.BOUNCED, code="UNDELIV"))
    assert await carrier.is_waiting()
    (match,) = await carrier.matches()
    assert match == Match(
        tenant=carrier.tenant, batch=carrier.batch.number, position=1, state=EntryState.SENT,
        verdict=Verdict.BOUNCED, code="UNDELIV", parts=1, arrived=match.arrived, address="+491510000001",
    )  # fmt: skip
    assert not await carrier.is_waiting()
    assert await carrier.matches() == []


async def test_a_receipt_that_comes_before_the_acknowledgement_waits_for_it(carrier: _Carrier) -> None:
    await carrier.tells(_receipt("m-1"))
    assert await carrier.matches() == []
    assert await carrier.is_waiting()
    await carrier.acknowledges("m-1", position=2)
    (match,) = await carrier.matches()
    assert (match.position, match.verdict, match.arrived) == (2, Verdict.ARRIVED, 1)


@pytest.mark.parametrize("second", [Verdict.ARRIVED, Verdict.BOUNCED, Verdict.EXPIRED])
async def test_only_the_first_final_receipt_of_a_segment_counts(carrier: _Carrier, second: Verdict) -> None:
    await carrier.acknowledges("m-1")
    await carrier.tells(_receipt("m-1"))
    assert len(await carrier.matches()) == 1
    await carrier.tells(_receipt("m-1", second))
    assert await carrier.matches() == []
    assert not await carrier.is_waiting()


async def test_of_two_receipts_in_one_go_the_first_counts(carrier: _Carrier) -> None:
    await carrier.acknowledges("m-1")
    await carrier.tells(_receipt("m-1", Verdict.BOUNCED), _receipt("m-1", Verdict.ARRIVED))
    assert [match.verdict for match in await carrier.matches()] == [Verdict.BOUNCED]
    assert not await carrier.is_waiting()


async def test_an_intermediate_report_settles_nothing_and_the_final_one_still_counts(carrier: _Carrier) -> None:
    await carrier.acknowledges("m-1")
    await carrier.tells(_receipt("m-1", Verdict.ON_ITS_WAY))
    assert await carrier.matches() == []
    assert not await carrier.is_waiting()
    await carrier.tells(_receipt("m-1", Verdict.ON_ITS_WAY), _receipt("m-1", Verdict.ARRIVED))
    assert [match.verdict for match in await carrier.matches()] == [Verdict.ARRIVED]


async def test_another_spelling_of_the_id_fits_too(carrier: _Carrier) -> None:
    await carrier.acknowledges("ABCDEF", position=1)
    await carrier.tells(_receipt("11259375", also=("abcdef", "ABCDEF")))
    assert [match.position for match in await carrier.matches()] == [1]


async def test_the_ids_own_spelling_wins_over_others(carrier: _Carrier) -> None:
    await carrier.acknowledges("10", position=0)
    await carrier.acknowledges("16", position=1)
    await carrier.tells(_receipt("10", also=("16",)))
    assert [match.position for match in await carrier.matches()] == [0]


async def test_a_receipt_whose_other_spellings_fit_two_entries_is_left_waiting(carrier: _Carrier) -> None:
    await carrier.acknowledges("a", position=0)
    await carrier.acknowledges("A", position=1)
    await carrier.tells(_receipt("10", also=("a", "A")))
    assert await carrier.matches() == []
    assert await carrier.is_waiting()


async def test_an_entry_of_several_segments_is_told_how_many_have_arrived(carrier: _Carrier) -> None:
    await carrier.acknowledges("s-0", "s-1", "s-2")
    await carrier.tells(_receipt("s-1"))
    assert [(match.parts, match.arrived) for match in await carrier.matches()] == [(3, 1)]
    await carrier.tells(_receipt("s-0"), _receipt("s-2"))
    last = await carrier.matches()
    assert len(last) == 2
    assert max(match.arrived for match in last) == 3


async def test_a_bounced_segment_has_not_arrived(carrier: _Carrier) -> None:
    await carrier.acknowledges("s-0", "s-1")
    await carrier.tells(_receipt("s-0"), _receipt("s-1", Verdict.BOUNCED))
    assert {match.verdict: match.arrived for match in await carrier.matches()} == {
        Verdict.ARRIVED: 1,
        Verdict.BOUNCED: 1,
    }


async def test_an_id_used_again_means_the_entry_it_was_last_used_for(carrier: _Carrier) -> None:
    await carrier.acknowledges("m-1", position=0)
    await carrier.acknowledges("m-1", position=1, minutes=5)
    await carrier.tells(_receipt("m-1"))
    assert [match.position for match in await carrier.matches()] == [1]


async def test_what_never_matches_does_not_keep_the_rest_waiting(carrier: _Carrier) -> None:
    await carrier.tells(*(_receipt(f"stray-{n}") for n in range(20)))
    await carrier.acknowledges("m-1")
    await carrier.tells(_receipt("m-1"))
    assert len(await carrier.matches(limit=5)) == 1


async def test_a_receipt_that_found_nothing_is_given_up_in_the_end(store: Store, carrier: _Carrier) -> None:
    await carrier.tells(_receipt("stray"))
    async with store.begin() as tx:
        assert await tx.receipts.across_tenants_give_up(received_before=NOON) == 0
        assert await tx.receipts.across_tenants_give_up(received_before=after(seconds=1)) == 1
    assert not await carrier.is_waiting()
    await carrier.acknowledges("stray")
    assert await carrier.matches() == []


async def test_thousands_of_receipts_are_matched_at_once(store: Store) -> None:
    tenant = await a_tenant(store)
    batch = await a_batch(store, tenant, (EntryState.SENT,) * 3_000)
    channel = await a_channel(store, tenant)
    async with store.begin() as tx:
        segments = [Handover(position=n, ref=f"m-{n}", part=0, parts=1) for n in range(3_000)]
        await tx.receipts.hand_over(tenant, channel, batch.number, handovers=segments, at=NOON)
        await tx.receipts.add(tenant, channel, [_receipt(f"m-{n}") for n in range(3_000)])
        assert len(await tx.receipts.match(tenant, channel, limit=5_000)) == 3_000


async def test_the_same_id_at_another_channel_is_another_message(store: Store, carrier: _Carrier) -> None:
    other = await a_channel(store, carrier.tenant)
    await carrier.acknowledges("m-1")
    async with store.begin() as tx:
        await tx.receipts.add(carrier.tenant, other, [_receipt("m-1")])
        assert not await tx.receipts.match(carrier.tenant, other, limit=9)
        assert await tx.receipts.across_tenants_unmatched() == [(carrier.tenant, other)]


async def test_another_tenants_receipt_cannot_settle_ours(store: Store, carrier: _Carrier) -> None:
    stranger = await a_tenant(store, "stranger")
    await carrier.acknowledges("m-1")
    async with store.begin() as tx:
        await tx.receipts.add(stranger, carrier.channel, [_receipt("m-1")])
        assert not await tx.receipts.match(stranger, carrier.channel, limit=9)
    assert await carrier.matches() == []


async def _passages(store: Store, tenant: TenantId, batch: Batch, *positions: int) -> dict[int, tuple[str, ChannelId]]:
    async with store.read() as tx:
        found = await tx.receipts.passages(tenant, [(batch.number, position) for position in positions])
    assert {one.batch for one in found} <= {batch.number}
    return {one.position: (one.ref, one.channel) for one in found}


async def test_entries_are_found_by_the_id_and_attempt_that_they_left_under(store: Store, carrier: _Carrier) -> None:
    first, later = (f"{entry_id(carrier.batch.id, 1)}/{attempt}" for attempt in (0, 1))
    other = await a_channel(store, carrier.tenant)
    await carrier.acknowledges(f"{entry_id(carrier.batch.id, 0)}/0", position=0)
    async with store.begin() as tx:
        number = carrier.batch.number
        await tx.entries.change(carrier.tenant, number, [Change(1, EntryState.SENT, EntryState.ACCEPTED)], at=NOON)
        await tx.entries.intend(carrier.tenant, number, [1], at=NOON)
        segments = [Handover(position=1, ref=ref, part=0, parts=1) for ref in (first, later)]
        await tx.receipts.hand_over(carrier.tenant, carrier.channel, number, handovers=segments[:1], at=NOON)
        await tx.receipts.hand_over(carrier.tenant, other, number, handovers=segments[1:], at=NOON)
    assert await _passages(store, carrier.tenant, carrier.batch, 0, 1, 7) == {
        0: (f"{entry_id(carrier.batch.id, 0)}/0", carrier.channel),
        1: (later, other),
    }


async def test_what_may_have_left_is_looked_for_at_the_oldest_channel(store: Store) -> None:
    tenant = await a_tenant(store)
    states = (EntryState.UNKNOWN, EntryState.ACCEPTED, EntryState.DELIVERED, EntryState.SUPPRESSED)
    batch = await a_batch(store, tenant, states)
    assert await _passages(store, tenant, batch, 0, 1, 2, 3) == {}
    oldest, _ = await a_channel(store, tenant), await a_channel(store, tenant)
    assert {at: channel for at, (_, channel) in (await _passages(store, tenant, batch, 0, 1, 2, 3)).items()} == {
        0: oldest, 2: oldest,
    }  # fmt: skip


async def test_news_of_what_may_have_left_settles_it(store: Store) -> None:
    tenant = await a_tenant(store)
    batch, channel = await a_batch(store, tenant, (EntryState.UNKNOWN,)), await a_channel(store, tenant)
    ref, _ = (await _passages(store, tenant, batch, 0))[0]
    async with store.begin() as tx:
        await tx.receipts.add(tenant, channel, [_receipt(ref, Verdict.GONE)])
        (match,) = await tx.receipts.match(tenant, channel, limit=9)
    assert (match.position, match.verdict) == (0, Verdict.GONE)


async def test_another_tenants_entries_never_left(store: Store, carrier: _Carrier) -> None:
    stranger = await a_tenant(store, "stranger")
    await a_channel(store, stranger)
    assert await _passages(store, stranger, carrier.batch, 0, 1, 2) == {}


async def test_thousands_of_entries_are_found_at_once(store: Store) -> None:
    tenant = await a_tenant(store)
    batch, channel = await a_batch(store, tenant, (EntryState.SENT,) * 3_000), await a_channel(store, tenant)
    found = await _passages(store, tenant, batch, *range(3_000))
    assert len(found) == 3_000
    assert {one for _, one in found.values()} == {channel}

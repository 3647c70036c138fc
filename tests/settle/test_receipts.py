"""Late news: what providers tell after they took a message."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.batch import BatchState
from muster.domain.entry import TRANSITIONS
from muster.domain.entry import EntryState as S
from muster.domain.ids import BatchNumber, TenantId
from muster.domain.outcome import Carried, Unknown
from muster.domain.receipt import Verdict
from muster.ports.store.entries import Change
from muster.ports.store.receipts import Match
from muster.settle.receipts import changes_from
from tests.fakes.world import World, some


def a_match(
    verdict: Verdict = Verdict.ARRIVED, state: S = S.SENT, *, position: int = 0, parts: int = 1, arrived: int = 1
) -> Match:
    return Match(TenantId(1), BatchNumber(1), position, state, verdict, "code", parts, arrived)


def test_an_entry_that_arrived_is_delivered() -> None:
    assert changes_from([a_match()]) == [Change(0, S.SENT, S.DELIVERED)]


@pytest.mark.parametrize(
    ("verdict", "reason"), [(Verdict.BOUNCED, "undeliverable"), (Verdict.EXPIRED, "validity_expired")]
)
def test_an_entry_that_did_not_arrive_says_what_the_provider_reported(verdict: Verdict, reason: str) -> None:
    assert changes_from([a_match(verdict)]) == [Change(0, S.SENT, S.UNDELIVERED, reason, "the provider reported code")]


def test_an_intermediate_report_settles_nothing() -> None:
    assert changes_from([a_match(Verdict.ON_ITS_WAY)]) == []


def test_an_entry_of_several_segments_arrives_with_the_last_of_them() -> None:
    assert changes_from([a_match(parts=3, arrived=2)]) == []
    assert changes_from([a_match(parts=3, arrived=3)] * 2) == [Change(0, S.SENT, S.DELIVERED)]


def test_one_bounced_segment_is_enough_whatever_the_order() -> None:
    matches = [a_match(parts=2, arrived=1), a_match(Verdict.BOUNCED, parts=2, arrived=1)]
    for order in permutations(matches):
        assert [change.after for change in changes_from(order)] == [S.UNDELIVERED]


def test_an_unknown_entry_is_settled_late_and_says_so() -> None:
    assert changes_from([a_match(state=S.UNKNOWN)])[0].reason == "settled_late"
    assert changes_from([a_match(Verdict.BOUNCED, S.UNKNOWN)])[0].after is S.UNDELIVERED


@given(
    st.lists(st.builds(a_match, st.sampled_from(Verdict), st.sampled_from(S), position=st.integers(0, 3)), max_size=12)
)
def test_whatever_is_reported_each_entry_makes_at_most_one_legal_step(matches: list[Match]) -> None:
    changes = changes_from(matches)
    assert sorted({change.position for change in changes}) == [change.position for change in changes]
    assert all(change.after in TRANSITIONS[change.before].values() for change in changes)


async def test_a_receipt_that_comes_before_its_entry_was_settled_waits_for_it(world: World) -> None:
    batch = await world.send(some(1))
    world.channel.answer = lambda _: Carried(("early",))
    await world.tell(world.a_receipt("early"))
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1}
    await world.matching.run_once()
    assert await world.counts(batch.id) == {S.DELIVERED: 1}


async def test_a_second_receipt_changes_nothing(world: World) -> None:
    batch = await world.send(some(1))
    world.channel.answer = lambda _: Carried(("one",))
    await world.work()
    await world.tell(world.a_receipt("one"), world.a_receipt("one"))
    await world.tell(world.a_receipt("one", Verdict.BOUNCED))
    assert await world.counts(batch.id) == {S.DELIVERED: 1}


async def test_segments_that_report_one_by_one_settle_their_entry_with_the_last(world: World) -> None:
    batch = await world.send(some(1))
    world.channel.answer = lambda _: Carried(("a", "b", "c"), segments=3)
    await world.work()
    for ref in ("c", "a"):
        await world.tell(world.a_receipt(ref))
        assert await world.counts(batch.id) == {S.SENT: 1}
    await world.tell(world.a_receipt("b"))
    assert await world.counts(batch.id) == {S.DELIVERED: 1}
    assert (await world.entries(batch))[0].segments == 3


async def test_a_bounced_segment_ends_the_entry_and_the_others_do_not_bring_it_back(world: World) -> None:
    batch = await world.send(some(1))
    world.channel.answer = lambda _: Carried(("a", "b"), segments=2)
    await world.work()
    await world.tell(world.a_receipt("a", Verdict.BOUNCED))
    await world.tell(world.a_receipt("b"))
    assert await world.counts(batch.id) == {S.UNDELIVERED: 1}


async def test_news_for_entries_of_several_batches_settles_each(world: World) -> None:
    first, second = await world.send(3), await world.send(2)
    await world.work()
    await world.tell(*(world.a_receipt(f"{key}/0") for key in world.channel.arrivals))
    assert [(await world.batch(one.id)).state for one in (first, second)] == [BatchState.COMPLETED] * 2


async def test_late_news_for_a_batch_that_has_ended_moves_its_counts_and_not_its_state(world: World) -> None:
    batch = await world.send(some(2))
    world.channel.answer = lambda parcel: Unknown("answer_lost", refs=(parcel.address,))
    await world.work()
    ended = await world.batch(batch.id)
    await world.tell(world.a_receipt("R1"))
    now = await world.batch(batch.id)
    assert (now.state, now.finished_at) == (ended.state, ended.finished_at)
    assert await world.counts(batch.id) == {S.UNKNOWN: 1, S.DELIVERED: 1}
    await world.check_laws_of(batch.id)

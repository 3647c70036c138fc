"""Working on chunks, window by window, when all goes well or the channel does not."""

from collections import Counter
from datetime import timedelta

from muster.domain.batch import BatchState
from muster.domain.chunk import CHUNKS_IN_QUEUE, WINDOW_SIZE
from muster.domain.entry import EntryState as S
from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown, Unsent
from muster.domain.parcel import Parcel
from muster.domain.receipt import Verdict
from tests.fakes.plain_kind import UNREADABLE
from tests.fakes.world import World, an_entry, some

SECOND = timedelta(seconds=1)


async def test_every_entry_leaves_once_and_arrives_by_its_receipt(world: World) -> None:
    batch = await world.send(1_100)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1_100}
    await world.tell_all_arrived(batch)
    while await world.matching.run_once():
        pass
    ended = await world.batch(batch.id)
    assert (ended.state, ended.counts[S.DELIVERED]) == (BatchState.COMPLETED, 1_100)
    assert set(world.channel.arrivals.values()) == {1}
    await world.check_laws_of(batch.id)


async def test_what_the_channel_confirms_needs_no_receipt(world: World) -> None:
    world.channel.answer = lambda parcel: Carried((parcel.key,), confirmed=True)
    batch = await world.send(3)
    await world.work()
    ended = await world.batch(batch.id)
    assert ended.state is BatchState.COMPLETED
    assert ended.started_at is not None
    assert ended.finished_at is not None


async def test_a_window_holds_at_most_two_hundred_entries_and_few_of_a_slow_channel(world: World) -> None:
    await world.send(500)
    await world.work()
    assert [len(window) for window in world.channel.windows] == [WINDOW_SIZE, WINDOW_SIZE, 100]
    world.handle.rate = 300
    await world.send(60)
    await world.work()
    assert [len(window) for window in world.channel.windows[3:]] == [30, 30]


async def test_only_a_few_chunks_of_a_batch_are_in_hand_at_a_time(world: World) -> None:
    batch = await world.send(5_000)
    seen = [await world.queue.waiting()]
    while await world.step() is not None:
        seen.append(await world.queue.waiting())
    assert max(seen) == CHUNKS_IN_QUEUE
    assert len(seen) == 11
    assert await world.counts(batch.id) == {S.SENT: 5_000}


async def test_chunks_that_wait_for_a_deferred_entry_do_not_pile_up_in_the_queue(world: World) -> None:
    world.channel.answer = lambda p: Deferred("busy") if p.address.endswith("00") else world.channel.take(p)
    batch = await world.send(6_000)
    in_hand = []
    for _ in range(50):
        await world.step()
        await world.wait(timedelta(seconds=2))
        async with world.store.read() as tx:
            in_hand.append(len(await tx.chunks.across_tenants_queued(limit=1_000)))
    # Those that wait and wake come on top of the few first ones, but never bring new ones along.
    assert max(in_hand) <= 3 * CHUNKS_IN_QUEUE
    await world.finish_dispatching(batch.id)
    assert await world.counts(batch.id) == {S.SENT: 5_941, S.FAILED: 59}


async def test_who_opted_out_after_the_batch_was_accepted_is_left_out(world: World) -> None:
    batch = await world.send(3)
    await world.opt_out("r1")
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 2, S.SUPPRESSED: 1}
    left_out = (await world.entries(batch))[1]
    assert (left_out.reason, left_out.attempts) == ("opted_out", 0)
    assert {parcel.address for window in world.channel.windows for parcel in window} == {"R0", "R2"}


async def test_who_opts_out_while_held_is_left_out(world: World) -> None:
    world.channel.answer = lambda _: Deferred("busy")
    batch = await world.send(1)
    await world.work()
    await world.opt_out("r0")
    await world.wait(2 * SECOND)
    await world.work()
    assert await world.counts(batch.id) == {S.SUPPRESSED: 1}


async def test_an_entry_that_cannot_be_rendered_fails_alone(world: World) -> None:
    batch = await world.send([an_entry(0), an_entry(1, payload=UNREADABLE), an_entry(2)])
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 2, S.FAILED: 1}
    assert (await world.entries(batch))[1].reason == "unreadable_entry"


async def test_a_chunk_of_which_nobody_is_left_still_ends(world: World) -> None:
    batch = await world.send([an_entry(position, payload=UNREADABLE) for position in range(450)])
    await world.work()
    assert (await world.batch(batch.id)).state is BatchState.FAILED
    assert world.channel.windows == []


async def test_a_deferred_entry_is_tried_again_when_its_time_has_come_and_not_before(world: World) -> None:
    tries: Counter[str] = Counter()

    def busy_first(parcel: Parcel) -> Outcome:
        tries[parcel.address] += 1
        return Deferred("busy") if parcel.address == "R1" and tries["R1"] == 1 else world.channel.take(parcel)

    world.channel.answer = busy_first
    batch = await world.send(3)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 2, S.HELD: 1}
    await world.wait(SECOND / 2)
    assert await world.step() is None
    await world.wait(SECOND)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 3}
    assert tries == {"R0": 1, "R1": 2, "R2": 1}


async def test_a_provider_that_names_a_time_to_wait_is_obeyed(world: World) -> None:
    world.channel.answer = lambda _: Deferred("throttled", after=timedelta(minutes=5))
    batch = await world.send(1)
    await world.work()
    due = (await world.entries(batch))[0].due_at
    assert due == world.clock.now() + timedelta(minutes=5)


async def test_an_entry_deferred_once_too_often_fails_with_its_reason(world: World) -> None:
    world.channel.answer = lambda _: Deferred("busy", "the line is busy")
    batch = await world.send(1)
    ended = await world.finish(batch.id)
    assert ended.state is BatchState.FAILED
    entry = (await world.entries(batch))[0]
    assert (entry.state, entry.reason, entry.attempts) == (S.FAILED, "busy", 3)
    assert entry.detail == "given up after 3 attempts: the line is busy"


async def test_a_refused_entry_is_never_tried_again(world: World) -> None:
    world.channel.answer = lambda _: Refused("blocked", "not on our network")
    batch = await world.send(2)
    ended = await world.finish(batch.id)
    assert ended.counts[S.FAILED] == 2
    assert len(world.channel.windows) == 1


async def test_an_answer_that_was_lost_leaves_the_entry_unknown_until_a_receipt_tells(world: World) -> None:
    world.channel.answer = lambda p: Unknown("answer_lost", refs=(f"{p.key}/0",))
    batch = await world.send(2)
    await world.work()
    assert await world.counts(batch.id) == {S.UNKNOWN: 2}
    assert (await world.batch(batch.id)).state is BatchState.COMPLETED
    await world.tell_all_arrived(batch)
    assert await world.counts(batch.id) == {S.DELIVERED: 2}
    assert (await world.entries(batch))[0].reason == "settled_late"


async def test_while_the_channel_is_down_chunks_rest_and_nothing_is_lost(world: World) -> None:
    world.channel.healthy = False
    batch = await world.send(300)
    await world.work()
    assert await world.counts(batch.id) == {S.ACCEPTED: 300}
    assert world.channel.windows == []
    world.channel.healthy = True
    await world.wait(SECOND)
    assert await world.step() is None
    await world.wait(5 * SECOND)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 300}


async def test_a_channel_that_cannot_be_opened_costs_waiting_only(world: World) -> None:
    world.channels.cannot_open = True
    batch = await world.send(1)
    for _ in range(5):
        await world.work()
        await world.wait(6 * SECOND)
    world.channels.cannot_open = False
    await world.work()
    entry = (await world.entries(batch))[0]
    assert (entry.state, entry.attempts) == (S.SENT, 1)


async def test_a_tenant_without_a_channel_waits_for_one(world: World) -> None:
    async with world.store.begin() as tx:
        await tx.channels.remove(world.who.tenant, world.channel_id, at=world.clock.now())
    batch = await world.send(1)
    await world.work()
    assert await world.counts(batch.id) == {S.ACCEPTED: 1}
    async with world.store.begin() as tx:
        await tx.channels.add(world.who.tenant, "sandbox", {}, at=world.clock.now())
    await world.wait(6 * SECOND)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1}


async def test_a_window_that_the_channel_could_not_hand_over_is_tried_again(world: World) -> None:
    world.channel.down = 2
    batch = await world.send(300)
    await world.work()
    assert await world.counts(batch.id) == {S.HELD: 300}
    await world.wait(2 * SECOND)
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 300}
    assert set(world.channel.arrivals.values()) == {1}


async def test_what_never_left_is_tried_for_as_long_as_it_takes(world: World) -> None:
    world.channel.answer = lambda _: Unsent("connection_lost")
    batch = await world.send(1)
    for _ in range(20):
        await world.work()
        await world.wait(timedelta(minutes=2))
    assert await world.counts(batch.id) == {S.HELD: 1}
    world.channel.answer = world.channel.take
    await world.work()
    assert await world.counts(batch.id) == {S.SENT: 1}


async def test_a_bounce_ends_the_entry_as_undelivered(world: World) -> None:
    batch = await world.send(some(1))
    await world.work()
    await world.tell(world.a_receipt(f"{world.channel.windows[0][0].key}/0", Verdict.BOUNCED, code="UNDELIV"))
    entry = (await world.entries(batch))[0]
    assert (entry.state, entry.reason) == (S.UNDELIVERED, "undeliverable")
    assert entry.detail == "the provider reported UNDELIV"
    assert (await world.batch(batch.id)).state is BatchState.COMPLETED

"""E-mails that come back, and people who complain of them."""

from collections.abc import Sequence
from itertools import permutations
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from muster.domain.batch import Batch, BatchState
from muster.domain.contact import BlockReason, Contact, ContactState
from muster.domain.entry import EntryState as S
from muster.domain.entry import NewEntry
from muster.domain.ids import ContactNumber, EntryIds
from muster.domain.mark import Mark
from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown
from muster.domain.parcel import Parcel
from muster.domain.receipt import Verdict
from muster.domain.retry import UnknownPolicy
from muster.ports.store.batches import Page
from muster.ports.store.entries import Change
from muster.ports.store.suppressions import Suppression
from muster.settle.receipts import ReceiptDesk
from muster.settle.rollup import roll_up
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.world import World

ANA = "Ana@Example.com"


def presumed(parcel: Parcel) -> Outcome:
    """What a mail server's yes comes to."""
    return Carried((f"{parcel.key}/{parcel.attempt}",), presumed=True)


def letters(*addresses: str) -> Sequence[NewEntry]:
    return [NewEntry(position, S.ACCEPTED, address, "hello") for position, address in enumerate(addresses)]


async def a_mailing(world: World, *addresses: str) -> Batch:
    """A batch whose messages have all been handed over."""
    world.channel.answer = presumed
    batch = await world.send(letters(*(addresses or (ANA,))))
    await world.work()
    return batch


def ref(batch: Batch, position: int = 0, attempt: int = 1) -> str:
    return f"{EntryIds(batch.id).spelled(position)}/{attempt}"


async def tell(world: World, batch: Batch, *verdicts: Verdict, position: int = 0) -> None:
    """Let each come in a transaction of its own."""
    for verdict in verdicts:
        await world.tell(world.a_receipt(ref(batch, position), verdict, code="5.1.1"))


async def listed(world: World) -> dict[str, Suppression]:
    async with world.store.read() as tx:
        _, found = await tx.suppressions.find(world.who.tenant, text="", page=Page(0, 100))
    return {one.address: one for one in found}


async def audited(url: str) -> list[tuple[str, str, str]]:
    """Action, subject and detail of what the server did by itself."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT action, subject, detail FROM audit WHERE actor IS NULL ORDER BY id")
        )
        found = [(str(row[0]), str(row[1]), str(row[2])) for row in rows]
    await engine.dispose()
    return found


async def a_contact(world: World, email: str) -> None:
    at = Mark(at=world.clock.now())
    contact = Contact(number=ContactNumber(5), email=email, marks={"created": at, "updated": at})
    async with world.store.begin() as tx:
        assert list(await tx.contacts.add(world.who.tenant, [(email.lower(), contact)])) == []


async def contact_of(world: World, email: str) -> Contact:
    async with world.store.read() as tx:
        return (await tx.contacts.keyed(world.who.tenant, [email.lower()]))[email.lower()]


async def test_an_e_mail_counts_as_delivered_as_long_as_nothing_is_heard(world: World) -> None:
    batch = await a_mailing(world)
    assert await world.counts(batch.id) == {S.DELIVERED: 1}
    assert (await world.batch(batch.id)).state is BatchState.COMPLETED


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.RETURNED, (S.UNDELIVERED, "returned")),
        (Verdict.GONE, (S.UNDELIVERED, "bounced")),
        (Verdict.COMPLAINED, (S.COMPLAINED, "complained")),
    ],
)
async def test_what_is_heard_later_turns_a_delivered_e_mail_around(
    world: World, verdict: Verdict, expected: tuple[S, str]
) -> None:
    batch = await a_mailing(world)
    ended = await world.batch(batch.id)
    await tell(world, batch, verdict)
    (entry,) = await world.entries(batch)
    assert (entry.state, entry.reason) == expected
    assert entry.detail == "the provider reported 5.1.1"
    now = await world.batch(batch.id)
    assert (now.state, now.finished_at) == (ended.state, ended.finished_at)
    await world.check_laws_of(batch.id)


@pytest.mark.parametrize(("verdict", "source"), [(Verdict.GONE, "bounced"), (Verdict.COMPLAINED, "complained")])
async def test_who_is_gone_or_complained_is_not_written_to_again(world: World, verdict: Verdict, source: str) -> None:
    batch = await a_mailing(world, "ben@example.com", ANA)
    await tell(world, batch, verdict, position=1)
    (one,) = (await listed(world)).values()
    assert (one.address, one.source, one.origin) == (ANA.lower(), source, f"{batch.id}/1")
    again = await a_mailing(world, ANA)
    assert await world.counts(again.id) == {S.SUPPRESSED: 1}


async def test_a_full_mailbox_suppresses_nobody(world: World, database_url: str) -> None:
    batch = await a_mailing(world)
    await tell(world, batch, Verdict.RETURNED)
    assert await listed(world) == {}
    assert await audited(database_url) == []


@pytest.mark.parametrize("reason", list(BlockReason))
async def test_the_contact_is_blocked_and_the_log_says_so(world: World, database_url: str, reason: BlockReason) -> None:
    verdict = Verdict.GONE if reason is BlockReason.BOUNCED else Verdict.COMPLAINED
    await a_contact(world, ANA)
    batch = await a_mailing(world)
    await tell(world, batch, verdict)
    contact = await contact_of(world, ANA)
    assert (contact.state, contact.blocked_reason) == (ContactState.BLOCKED, reason)
    assert await audited(database_url) == [
        ("suppression:add", reason.value, f"1 of batch {batch.id}"),
        ("contact:block", reason.value, "1 of 1"),
    ]


async def test_a_bounce_that_comes_twice_counts_once(world: World, database_url: str) -> None:
    batch = await a_mailing(world)
    await tell(world, batch, Verdict.GONE, Verdict.GONE)
    await world.tell(*[world.a_receipt(ref(batch), Verdict.GONE)] * 2)
    assert await world.counts(batch.id) == {S.UNDELIVERED: 1}
    assert len(await audited(database_url)) == 1


async def test_who_was_let_in_again_is_not_listed_by_an_old_bounce_that_comes_again(world: World) -> None:
    batch = await a_mailing(world)
    await tell(world, batch, Verdict.GONE)
    async with world.store.begin() as tx:
        assert await tx.suppressions.remove(world.who.tenant, [ANA.lower()]) == 1
    await tell(world, batch, Verdict.GONE)
    assert await listed(world) == {}


async def test_a_complaint_after_a_bounce_suppresses_although_the_entry_stays(world: World) -> None:
    batch = await a_mailing(world)
    await tell(world, batch, Verdict.RETURNED, Verdict.COMPLAINED)
    assert await world.counts(batch.id) == {S.UNDELIVERED: 1}
    assert [one.source for one in (await listed(world)).values()] == ["complained"]
    await world.check_laws_of(batch.id)


async def test_a_bounce_after_a_complaint_changes_nothing(world: World) -> None:
    batch = await a_mailing(world)
    await tell(world, batch, Verdict.COMPLAINED, Verdict.GONE, Verdict.RETURNED)
    assert await world.counts(batch.id) == {S.COMPLAINED: 1}
    assert [one.source for one in (await listed(world)).values()] == ["complained"]
    await world.check_laws_of(batch.id)


@pytest.mark.parametrize("verdicts", list(permutations([Verdict.RETURNED, Verdict.GONE, Verdict.COMPLAINED])))
async def test_of_news_that_comes_together_the_gravest_counts(world: World, verdicts: Sequence[Verdict]) -> None:
    batch = await a_mailing(world)
    await world.tell(*(world.a_receipt(ref(batch), verdict) for verdict in verdicts))
    assert await world.counts(batch.id) == {S.COMPLAINED: 1}
    assert [one.source for one in (await listed(world)).values()] == ["complained"]


async def test_news_of_an_arrival_does_not_hide_the_bounce_behind_it(world: World) -> None:
    batch = await a_mailing(world)
    await tell(world, batch, Verdict.ON_ITS_WAY, Verdict.ARRIVED)
    assert await world.counts(batch.id) == {S.DELIVERED: 1}
    await tell(world, batch, Verdict.GONE)
    assert await world.counts(batch.id) == {S.UNDELIVERED: 1}


@pytest.mark.parametrize("verdict", [Verdict.BOUNCED, Verdict.EXPIRED])
async def test_a_text_that_arrived_is_not_turned_around_by_a_late_receipt(world: World, verdict: Verdict) -> None:
    world.channel.answer = lambda _: Carried(("sms",))
    batch = await world.send(1)
    await world.work()
    await world.tell(world.a_receipt("sms"))
    await world.tell(world.a_receipt("sms", verdict))
    assert await world.counts(batch.id) == {S.DELIVERED: 1}


async def test_a_bounce_that_is_faster_than_the_answer_waits_for_it(world: World) -> None:
    batch = await world.send(letters(ANA))
    world.channel.answer = presumed

    async with world.store.begin() as tx:
        # The intent is durable and the message has left; the outcome is not written yet.
        await tx.receipts.add(
            world.who.tenant, world.channel_id, [world.a_receipt(ref(batch), Verdict.GONE, code="5.1.1")]
        )
    await world.matching.run_once()
    assert await world.counts(batch.id) == {S.ACCEPTED: 1}
    await world.work()
    assert await world.counts(batch.id) == {S.DELIVERED: 1}
    await world.matching.run_once()
    assert await world.counts(batch.id) == {S.UNDELIVERED: 1}
    assert list(await listed(world)) == [ANA.lower()]
    await world.check_laws_of(batch.id)


async def test_a_bounce_settles_an_e_mail_whose_answer_was_lost(world: World) -> None:
    world.channel.answer = lambda parcel: Unknown("answer_lost", refs=(f"{parcel.key}/{parcel.attempt}",))
    batch = await world.send(letters(ANA, "ben@example.com"))
    await world.work()
    assert await world.counts(batch.id) == {S.UNKNOWN: 2}
    await tell(world, batch, Verdict.GONE)
    await tell(world, batch, Verdict.COMPLAINED, position=1)
    assert await world.counts(batch.id) == {S.UNDELIVERED: 1, S.COMPLAINED: 1}
    await world.check_laws_of(batch.id)


async def test_a_bounce_settles_an_e_mail_of_which_a_crash_left_nothing_but_the_intent(world: World) -> None:
    world.channel.answer = lambda _: Unknown("result_lost")
    batch = await world.send(letters(ANA, "ben@example.com"))
    await world.work()
    await world.tell(world.a_receipt(ref(batch, 1), Verdict.RETURNED))
    assert [entry.state for entry in await world.entries(batch)] == [S.UNKNOWN, S.UNDELIVERED]
    await tell(world, batch, Verdict.COMPLAINED, position=1)
    assert list(await listed(world)) == ["ben@example.com"]
    await world.check_laws_of(batch.id)


async def test_what_names_an_entry_that_is_not_there_waits_and_is_given_up(world: World) -> None:
    batch = await a_mailing(world)
    strangers = [ref(batch, 1), ref(batch, 0, attempt=2), f"{uuid4()}/1", "no-entry/1"]
    await world.tell(*(world.a_receipt(one, Verdict.GONE) for one in strangers))
    assert await world.counts(batch.id) == {S.DELIVERED: 1}
    assert await listed(world) == {}


async def test_an_entry_of_another_tenant_is_never_found(world: World) -> None:
    batch = await a_mailing(world)
    neighbour = World(world.store, world.clock, world.steps)
    await neighbour.move_in("neighbour")
    await neighbour.tell(neighbour.a_receipt(ref(batch), Verdict.GONE))
    assert await world.counts(batch.id) == {S.DELIVERED: 1}
    assert await listed(neighbour) == {}


async def test_an_entry_held_for_a_second_try_is_not_written_to_once_its_address_is_gone(world: World) -> None:
    world.channel.answer = lambda parcel: Deferred("greylisted") if parcel.address == ANA else presumed(parcel)
    batch = await world.send(letters(ANA))
    await world.work()
    other = await a_mailing(world, ANA.lower())
    await tell(world, other, Verdict.GONE)
    await world.finish(batch.id)
    assert await world.counts(batch.id) == {S.SUPPRESSED: 1}


async def test_news_of_several_mailings_in_one_call_settles_each(world: World) -> None:
    first = await a_mailing(world, "a@example.com", "b@example.com")
    second = await a_mailing(world, "c@example.com", "d@example.com")
    verdicts = [Verdict.GONE, Verdict.COMPLAINED]
    await world.tell(
        *(world.a_receipt(ref(batch, n), verdicts[n]) for batch in (second, first) for n in (1, 0)),
    )
    for batch in (first, second):
        assert await world.counts(batch.id) == {S.UNDELIVERED: 1, S.COMPLAINED: 1}
        await world.check_laws_of(batch.id)
    assert {address: one.origin for address, one in (await listed(world)).items()} == {
        "a@example.com": f"{first.id}/0",
        "b@example.com": f"{first.id}/1",
        "c@example.com": f"{second.id}/0",
        "d@example.com": f"{second.id}/1",
    }


async def test_addresses_are_compared_in_their_one_form(store: SqlStore, clock: FakeClock) -> None:
    world = await World.settled(store, clock)
    world.desk = ReceiptDesk(store, clock, world.meter, comparable=lambda address: address.strip().casefold())
    batch = await a_mailing(world, " ANA@EXAMPLE.COM ")
    await tell(world, batch, Verdict.GONE)
    assert list(await listed(world)) == ["ana@example.com"]


def gone(_: Parcel) -> Outcome:
    """What a mail server's no comes to that has no such mailbox."""
    return Refused("unknown_mailbox", "There is no such mailbox.", gone=True)


async def test_whom_the_mail_server_does_not_know_is_not_written_to_again(world: World, database_url: str) -> None:
    await a_contact(world, ANA)
    world.channel.answer = lambda parcel: gone(parcel) if parcel.address == ANA else presumed(parcel)
    batch = await world.send(letters("ben@example.com", ANA))
    await world.work()
    assert await world.counts(batch.id) == {S.DELIVERED: 1, S.FAILED: 1}
    (one,) = (await listed(world)).values()
    assert (one.address, one.source, one.origin) == (ANA.lower(), "bounced", f"{batch.id}/1")
    contact = await contact_of(world, ANA)
    assert (contact.state, contact.blocked_reason) == (ContactState.BLOCKED, BlockReason.BOUNCED)
    assert await audited(database_url) == [
        ("suppression:add", "bounced", f"1 of batch {batch.id}"),
        ("contact:block", "bounced", "1 of 1"),
    ]
    again = await a_mailing(world, ANA)
    assert await world.counts(again.id) == {S.SUPPRESSED: 1}
    await world.check_laws_of(batch.id)


async def test_any_other_refusal_suppresses_nobody(world: World, database_url: str) -> None:
    world.channel.answer = lambda _: Refused("mailbox_full", "The mailbox is full.")
    batch = await world.send(letters(ANA))
    await world.work()
    assert await world.counts(batch.id) == {S.FAILED: 1}
    assert await listed(world) == {}
    assert await audited(database_url) == []


async def test_a_repeat_that_is_refused_for_good_leaves_the_entry_unknown_and_the_address_alone(world: World) -> None:
    world.handle.unknown = UnknownPolicy(prefer_arrival=True)
    world.channel.answer = lambda parcel: gone(parcel) if parcel.repeat else Unknown("answer_lost")
    batch = await world.send(letters(ANA))
    await world.finish(batch.id)
    assert await world.counts(batch.id) == {S.UNKNOWN: 1}
    assert list(await listed(world)) == [ANA.lower()]


async def test_an_entry_that_news_moved_meanwhile_suppresses_nobody_by_its_refusal(world: World) -> None:
    batch = await world.send(letters(ANA))
    world.channel.answer = gone

    async def settled_by_another(_: Sequence[Parcel]) -> None:
        async with world.store.begin() as tx:
            unknown = [Change(0, S.DISPATCHING, S.UNKNOWN)]
            applied = await tx.entries.change(world.who.tenant, batch.number, unknown, at=world.clock.now())
            await roll_up(tx, batch, applied.deltas, at=world.clock.now())

    world.channel.during = settled_by_another
    await world.work()
    assert await world.counts(batch.id) == {S.UNKNOWN: 1}
    assert await listed(world) == {}


async def test_a_late_arrival_settles_what_is_held_for_a_repeat(world: World) -> None:
    world.handle.unknown = UnknownPolicy(prefer_arrival=True)
    world.channel.answer = lambda parcel: Unknown("answer_lost", refs=(f"{parcel.key}/{parcel.attempt}",))
    batch = await world.send(letters(ANA))
    await world.step()
    assert await world.counts(batch.id) == {S.HELD: 1}
    await tell(world, batch, Verdict.ARRIVED)
    assert await world.counts(batch.id) == {S.DELIVERED: 1}
    await world.finish(batch.id)
    assert len(world.channel.windows) == 1
    await world.check_laws_of(batch.id)


@pytest.mark.parametrize(("verdict", "reason"), [(Verdict.ARRIVED, "settled_late"), (Verdict.BOUNCED, "undeliverable")])
async def test_a_late_answer_settles_what_was_unknown(world: World, verdict: Verdict, reason: str) -> None:
    world.channel.answer = lambda parcel: Unknown("answer_lost", refs=(f"{parcel.key}/{parcel.attempt}",))
    batch = await world.send(letters(ANA))
    await world.work()
    await tell(world, batch, verdict)
    (entry,) = await world.entries(batch)
    assert entry.state is (S.DELIVERED if verdict is Verdict.ARRIVED else S.UNDELIVERED)
    assert entry.reason == reason


async def test_a_late_refusal_does_not_keep_a_repeat_from_leaving(world: World) -> None:
    world.handle.unknown = UnknownPolicy(prefer_arrival=True)
    world.channel.answer = lambda parcel: (
        Carried(("second",), presumed=True) if parcel.repeat else Unknown("answer_lost", refs=(f"{parcel.key}/1",))
    )
    batch = await world.send(letters(ANA))
    await world.step()
    await tell(world, batch, Verdict.BOUNCED)
    await world.finish(batch.id)
    assert await world.counts(batch.id) == {S.DELIVERED: 1}

"""People who reply STOP and START."""

import asyncio

import pytest

from muster.domain.ids import TenantId
from muster.domain.reply import Reply
from muster.kinds.workflow_batches.kind import WorkflowBatches
from muster.ports.store.batches import Page
from muster.ports.store.suppressions import Suppression
from muster.settle.replies import ReplyDesk
from tests.fakes.clock import START
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.world import World

ANA, BEN = "+34600000001", "+34600000002"


def a_desk(world: World, store: FlakyStore | None = None) -> ReplyDesk:
    """The desk, as one process has it."""
    return ReplyDesk(store or world.store, world.clock, world.meter, comparable=WorkflowBatches().comparable)


def said(*texts: tuple[str, str]) -> list[Reply]:
    """Replies, as (sender, text)."""
    return [Reply(sender=sender, recipient="Muster", text=text, received_at=START) for sender, text in texts]


async def reply(world: World, *texts: tuple[str, str]) -> None:
    """Let people reply, in one call of the channel."""
    await a_desk(world).sink(world.who.tenant, world.channel_id)(said(*texts))


async def listed(world: World, tenant: TenantId | None = None) -> dict[str, str]:
    """Whom the tenant must not reach, and why."""
    async with world.store.read() as tx:
        _, found = await tx.suppressions.find(tenant or world.who.tenant, text="", page=Page(0, 10_000))
    return {one.address: one.source for one in found}


async def listed_by_hand(world: World, address: str, source: str) -> None:
    async with world.store.begin() as tx:
        one = Suppression(address=address, source=source, created_at=world.clock.now())
        await tx.suppressions.add(world.who.tenant, [one])


async def test_who_replies_stop_is_not_to_be_reached_any_more(world: World) -> None:
    await reply(world, (ANA, "Stop."), (BEN, "Thank you"))
    assert await listed(world) == {ANA: "reply STOP"}


@pytest.mark.parametrize("sender", ["+34600000001", "34600000001", "+34 600-000-001"])
async def test_however_the_provider_spells_a_number_it_is_the_same(world: World, sender: str) -> None:
    await reply(world, (sender, "BAJA"))
    assert await listed(world) == {ANA: "reply STOP"}


async def test_who_replies_start_is_reached_again(world: World) -> None:
    await reply(world, (ANA, "STOP"))
    await reply(world, (ANA, "START"))
    assert await listed(world) == {}


async def test_the_last_wish_of_each_sender_counts(world: World) -> None:
    await reply(world, (ANA, "STOP"), (BEN, "START"), (ANA, "START"), (BEN, "no thanks"), (BEN, "STOP"))
    assert await listed(world) == {BEN: "reply STOP"}


@pytest.mark.parametrize(
    ("source", "stays"), [("operator", True), ("complaint by letter", True), ("link", False), ("reply STOP", False)]
)
async def test_start_takes_back_only_what_the_customer_asked_for(world: World, source: str, *, stays: bool) -> None:
    await listed_by_hand(world, ANA, source)
    await reply(world, (ANA, "START"))
    assert await listed(world) == ({ANA: source} if stays else {})


async def test_taking_a_reply_twice_changes_nothing(world: World) -> None:
    for _ in range(2):
        await reply(world, (ANA, "STOP"))
    assert await listed(world) == {ANA: "reply STOP"}


async def test_a_wish_is_one_tenants_business(world: World) -> None:
    neighbour = World(world.store, world.clock, world.steps)
    await neighbour.move_in("neighbour")
    await reply(world, (ANA, "STOP"))
    assert await listed(world, neighbour.who.tenant) == {}


async def test_a_reply_that_names_nobody_is_counted(world: World) -> None:
    await reply(world, ("", "STOP"), (ANA, ""), (BEN, "Thank you"))
    assert await listed(world) == {}
    assert world.meter.counts["replies"] == 3


async def test_what_cannot_be_kept_is_not_taken(world: World) -> None:
    flaky = FlakyStore(world.store)
    flaky.away = 1
    sink = a_desk(world, flaky).sink(world.who.tenant, world.channel_id)
    with pytest.raises(Exception, match="the store is away"):
        await sink(said((ANA, "STOP")))
    assert world.meter.counts["replies"] == 0
    await sink(said((ANA, "STOP")))
    assert await listed(world) == {ANA: "reply STOP"}


async def test_many_at_once_are_one_transaction(world: World) -> None:
    flaky = FlakyStore(world.store)
    begun: list[int] = []

    async def note() -> None:
        begun.append(1)

    flaky.before = note
    sink = a_desk(world, flaky).sink(world.who.tenant, world.channel_id)
    await sink(said(*((f"+3460000{n:05}", "STOP") for n in range(500))))
    assert len(begun) == 1
    assert len(await listed(world)) == 500


async def test_two_channels_that_hear_the_same_people_do_not_wait_for_each_other_for_ever(world: World) -> None:
    people = [f"+3460000{n:05}" for n in range(200)]
    sink = a_desk(world).sink(world.who.tenant, world.channel_id)
    words = ["STOP", "START"]
    calls = [said(*((one, words[n % 2]) for one in order)) for n in range(6) for order in (people, people[::-1])]
    async with asyncio.timeout(30):
        await asyncio.gather(*(sink(call) for call in calls))
    await sink(said(*((one, "STOP") for one in people)))
    assert len(await listed(world)) == 200


async def test_a_message_to_who_replied_stop_is_held_back_and_says_why(world: World) -> None:
    await world.opt_out("r0")
    sink = ReplyDesk(world.store, world.clock, world.meter, comparable=str.lower).sink(
        world.who.tenant, world.channel_id
    )
    await sink(said(("R1", "STOP")))
    batch = await world.send(3)
    await world.work()
    entries = await world.entries(await world.batch(batch.id))
    assert [entry.reason for entry in entries] == ["opted_out", "opted_out", None]
    assert "reply STOP" in str(entries[1].detail)

"""The only door for batches."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from muster.domain.batch import BatchState
from muster.domain.chunk import CHUNKS_IN_QUEUE
from muster.domain.entry import EntryState as S
from muster.domain.entry import NewEntry
from muster.domain.errors import IdempotencyConflict, NotFound, TemplateNotActive
from muster.domain.ids import TemplateId
from muster.domain.template import Template, TemplateState
from muster.intake.keys import KEY_LIFETIME
from muster.intake.submit import Submission
from muster.ports.store.batches import BatchFilter, Page
from tests.conformance.store_world import a_template
from tests.fakes.world import World, a_submission, an_entry, some


async def keep(world: World, template: Template) -> Template:
    async with world.store.begin() as tx:
        await tx.templates.add(world.who.tenant, template)
    return template


async def move(world: World, template: Template, state: TemplateState) -> None:
    async with world.store.begin() as tx:
        assert await tx.templates.move(
            world.who.tenant, template.id, state, expected=TemplateState.ACTIVE, at=world.clock.now(), by=None
        )


async def number_of_batches(world: World) -> int:
    async with world.store.read() as tx:
        return (await tx.batches.find(world.who.tenant, BatchFilter(), order=(), page=Page(0, 1)))[0]


def with_template(template: TemplateId | str, *, key: str | None = None) -> Submission:
    return msgspec.structs.replace(a_submission(some(2), key=key), template=template)


async def test_an_accepted_batch_is_durable_whole_and_queued(world: World) -> None:
    submitted = await world.submit(world.who, a_submission(some(5_000), key="order-1"))
    batch = await world.batch(submitted.batch)
    assert (submitted.idempotency_key, submitted.replayed) == ("order-1", False)
    assert (batch.state, batch.total, batch.created_by) == (BatchState.QUEUED, 5_000, world.who.id)
    assert batch.counts[S.ACCEPTED] == 5_000
    assert await world.queue.waiting() == CHUNKS_IN_QUEUE
    await world.check_laws_of(batch.id)


async def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(world: World) -> None:
    first = await world.submit(world.who, a_submission(some(2), key="order-1"))
    again = await world.submit(world.who, a_submission(some(2), key="order-1"))
    assert (again.batch, again.idempotency_key, again.replayed) == (first.batch, "order-1", True)
    assert await number_of_batches(world) == 1


async def test_the_same_key_for_another_request_is_a_conflict(world: World) -> None:
    await world.submit(world.who, a_submission(some(2), key="order-1"))
    with pytest.raises(IdempotencyConflict):
        await world.submit(world.who, a_submission(some(2), key="order-1", fingerprint=b"two"))
    assert await number_of_batches(world) == 1


async def test_a_request_without_a_key_gets_one_that_works(world: World) -> None:
    first = await world.submit(world.who, a_submission(some(1)))
    second = await world.submit(world.who, a_submission(some(1)))
    assert first.batch != second.batch
    again = await world.submit(world.who, a_submission(some(1), key=first.idempotency_key))
    assert (again.batch, again.replayed) == (first.batch, True)


async def test_a_key_can_be_used_again_after_a_day(world: World) -> None:
    first = await world.submit(world.who, a_submission(some(1), key="order-1"))
    world.clock.advance(KEY_LIFETIME)
    second = await world.submit(world.who, a_submission(some(1), key="order-1", fingerprint=b"two"))
    assert second.batch != first.batch


async def test_keys_of_two_tenants_or_two_operations_do_not_meet(world: World) -> None:
    first = await world.submit(world.who, a_submission(some(1), key="order-1"))
    other = msgspec.structs.replace(a_submission(some(1), key="order-1", fingerprint=b"two"), scope="other")
    assert (await world.submit(world.who, other)).batch != first.batch
    await world.move_in("other")
    assert not (await world.submit(world.who, a_submission(some(1), key="order-1", fingerprint=b"two"))).replayed


async def test_two_simultaneous_first_uses_of_a_key_make_one_batch(world: World) -> None:
    uses = [world.submit(world.who, a_submission(some(300), key="order-1")) for _ in range(5)]
    answers = await asyncio.gather(*uses)
    assert len({answer.batch for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False, True, True, True, True]
    assert await number_of_batches(world) == 1
    assert await world.queue.waiting() == 1


async def test_of_two_simultaneous_first_uses_that_differ_one_is_a_conflict(world: World) -> None:
    uses = [world.submit(world.who, a_submission(some(300), key="order-1", fingerprint=f)) for f in (b"1", b"2")]
    answers = await asyncio.gather(*uses, return_exceptions=True)
    assert len([one for one in answers if isinstance(one, IdempotencyConflict)]) == 1
    assert await number_of_batches(world) == 1


async def test_a_batch_remembers_the_version_of_its_template(world: World) -> None:
    template = await keep(world, a_template("Refund", kind="plain"))
    for which in (template.id, "Refund"):
        submitted = await world.submit(world.who, with_template(which))
        batch = await world.batch(submitted.batch)
        assert (batch.template, batch.template_version) == (template.id, template.version_id)
        assert (batch.template_number, batch.template_title) == (1, template.display_name)


async def test_entries_are_made_from_the_template(world: World) -> None:
    await keep(world, a_template("Refund", kind="plain"))
    seen: list[str] = []

    def entries(template: Template | None) -> Sequence[NewEntry]:
        assert template is not None
        seen.append(template.name)
        return some(1)

    await world.submit(world.who, msgspec.structs.replace(with_template("Refund"), entries=entries))
    assert seen == ["Refund"]


@pytest.mark.parametrize("state", [TemplateState.SUSPENDED, TemplateState.ARCHIVED])
async def test_a_template_that_is_not_active_cannot_be_used_and_leaves_nothing(
    world: World, state: TemplateState
) -> None:
    template = await keep(world, a_template("Refund", kind="plain"))
    await move(world, template, state)
    with pytest.raises(TemplateNotActive):
        await world.submit(world.who, with_template("Refund", key="order-1"))
    assert await number_of_batches(world) == 0
    assert await world.queue.waiting() == 0
    # The refused key is free.
    assert not (await world.submit(world.who, a_submission(some(1), key="order-1"))).replayed


async def test_a_replay_is_answered_even_after_the_template_was_suspended(world: World) -> None:
    template = await keep(world, a_template("Refund", kind="plain"))
    first = await world.submit(world.who, with_template("Refund", key="order-1"))
    await move(world, template, TemplateState.SUSPENDED)
    again = await world.submit(world.who, with_template("Refund", key="order-1"))
    assert (again.batch, again.replayed) == (first.batch, True)


async def test_a_template_nobody_knows_or_of_another_tenant_is_not_found(world: World) -> None:
    template = await keep(world, a_template("Refund", kind="plain"))
    with pytest.raises(NotFound):
        await world.submit(world.who, with_template("Unknown"))
    await world.move_in("other")
    for which in (template.id, "Refund"):
        with pytest.raises(NotFound):
            await world.submit(world.who, with_template(which))
    assert await number_of_batches(world) == 0


async def test_a_batch_with_nothing_to_send_fails_at_once(world: World) -> None:
    rejected = [an_entry(position, state=S.REJECTED) for position in range(3)]
    batch = await world.send(rejected)
    assert (batch.state, batch.counts[S.REJECTED]) == (BatchState.FAILED, 3)
    assert batch.finished_at is not None
    assert await world.queue.waiting() == 0


async def test_rejected_entries_do_not_hold_up_the_others(world: World) -> None:
    batch = await world.send([an_entry(0, state=S.REJECTED), an_entry(1)])
    assert batch.state is BatchState.QUEUED
    await world.work()
    assert await world.counts(batch.id) == {S.REJECTED: 1, S.SENT: 1}


async def test_what_fails_while_it_is_kept_leaves_nothing_behind(world: World) -> None:
    doubled = [an_entry(0), an_entry(0)]
    with pytest.raises(Exception, match="entries"):
        await world.submit(world.who, a_submission(doubled, key="order-1"))
    assert await number_of_batches(world) == 0
    assert await world.queue.waiting() == 0
    assert not (await world.submit(world.who, a_submission(some(1), key="order-1"))).replayed


async def test_a_batch_is_counted_once_however_often_it_is_asked_for(world: World) -> None:
    for _ in range(3):
        await world.submit(world.who, a_submission(some(7), key="once-and-again"))
    assert world.meter.counts["batches_submitted"] == 1
    assert world.meter.counts["entries_submitted"] == 7

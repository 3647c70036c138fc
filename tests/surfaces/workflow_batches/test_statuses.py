"""One law: the status a batch shows is the status it is found by."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

from muster.domain.batch import BatchState
from muster.domain.entry import EntryState
from muster.domain.ids import BatchId
from muster.kinds.workflow_batches import NAME
from muster.ports.store.batches import BatchOrder, NewBatch, Page
from muster.surfaces.workflow_batches.translate.batches import ENTRY_STATES, FILTERS, Status, batch_detail, status_of
from tests.surfaces.workflow_batches.house import House

_E = EntryState
MIXES = [
    {_E.ACCEPTED: 1},
    {_E.HELD: 1, _E.SENT: 1},
    {_E.SENT: 2},
    {_E.DELIVERED: 1, _E.REJECTED: 1, _E.FAILED: 1},
    {_E.UNKNOWN: 1},
    {_E.REJECTED: 2},
    {_E.REJECTED: 1, _E.FAILED: 1},
    {_E.SUPPRESSED: 1},
    {_E.EXPIRED: 1},
    {_E.CANCELLED: 1, _E.DELIVERED: 1},
    {_E.CANCELLED: 1},
]


def test_every_state_of_an_entry_has_exactly_one_status() -> None:
    found = Counter(state for states in ENTRY_STATES.values() for state in states)

    assert found == dict.fromkeys(EntryState, 1)


async def test_a_batch_is_found_by_the_status_it_shows_and_by_no_other(house: House) -> None:
    account = await house.account()
    made: set[BatchId] = set()
    async with house.store.begin() as tx:
        for state in BatchState:
            for counts in MIXES:
                for withdrawn in (False, True):
                    new = a_batch(state, counts, house)
                    number = await tx.batches.add(account.tenant, new)
                    if withdrawn:
                        await tx.batches.withdraw(account.tenant, number, at=house.clock.now(), by=None)
                    made.add(new.id)

    shown: list[BatchId] = []
    async with house.store.read() as tx:
        for status in Status:
            _, found = await tx.batches.find(
                account.tenant, FILTERS[status], order=[BatchOrder("created_at")], page=Page(0, 1000)
            )
            assert {status_of(batch) for batch in found} <= {status}
            shown.extend(batch.id for batch in found)
            for batch in found:
                assert (
                    counted(batch_detail(batch)) + sum(batch.counts[s] for s in ENTRY_STATES[Status.QUEUED])
                    == batch.total
                )

    assert len(shown) == len(made)
    assert set(shown) == made


def counted(detail: object) -> int:
    names = ("active", "cancelled", "completed", "declined", "expired", "failed", "rejected")
    return sum(getattr(detail, f"{name}_requests_count") for name in names)


def a_batch(state: BatchState, counts: dict[EntryState, int], house: House) -> NewBatch:
    return NewBatch(
        id=BatchId(uuid4()),
        kind=NAME,
        state=state,
        title="",
        total=sum(counts.values()),
        counts=counts,
        channel=None,
        template=None,
        template_version=None,
        template_number=None,
        template_title="",
        idempotency_key=str(uuid4()),
        created_by=None,
        created_at=house.clock.advance(timedelta(seconds=1)),
    )

"""Each tenant has a few lanes of its own."""

import asyncio

import pytest

from muster.domain.chunk import ChunkRef
from muster.domain.ids import BatchNumber, TenantId
from muster.engine.lanes import Lanes, lanes_of


class Works:
    """Chunks of the slow tenant end when the test says so; all others at once."""

    def __init__(self, slow: int) -> None:
        self._slow = slow
        self.begun: list[tuple[int, int]] = []
        self.go = asyncio.Event()

    async def __call__(self, ref: ChunkRef) -> None:
        self.begun.append((ref.tenant, ref.first))
        if ref.tenant == self._slow:
            await self.go.wait()


def chunk(tenant: int, first: int) -> ChunkRef:
    return ChunkRef(TenantId(tenant), BatchNumber(tenant), first)


async def test_a_stalled_tenant_fills_only_its_own_lanes() -> None:
    works = Works(slow=1)
    lanes = Lanes(works, each=2, stopping=lambda: False)
    async with asyncio.TaskGroup() as group:
        for first in range(5):
            group.create_task(lanes.take(chunk(1, first)))
        await asyncio.sleep(0)
        await lanes.take(chunk(2, 0))
        assert works.begun == [(1, 0), (1, 1), (2, 0)]
        works.go.set()
    assert sorted(works.begun) == [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (2, 0)]


async def test_a_chunk_offered_twice_waits_once() -> None:
    works = Works(slow=1)
    lanes = Lanes(works, each=1, stopping=lambda: False)
    async with asyncio.TaskGroup() as group:
        for first in (0, 1, 1, 1):
            group.create_task(lanes.take(chunk(1, first)))
        await asyncio.sleep(0)
        works.go.set()
    assert works.begun == [(1, 0), (1, 1)]


async def test_a_worker_that_stops_begins_nothing_that_waits() -> None:
    works = Works(slow=1)
    lanes = Lanes(works, each=1, stopping=lambda: True)
    async with asyncio.TaskGroup() as group:
        group.create_task(lanes.take(chunk(1, 0)))
        group.create_task(lanes.take(chunk(1, 1)))
        await asyncio.sleep(0)
        works.go.set()
    assert works.begun == [(1, 0)]
    assert lanes.put_back() == [chunk(1, 1)]
    assert lanes.put_back() == []


async def test_a_chunk_that_fails_frees_its_lane() -> None:
    async def fail(_: ChunkRef) -> None:
        raise RuntimeError("broken")

    lanes = Lanes(fail, each=1, stopping=lambda: False)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            await lanes.take(chunk(1, 0))


@pytest.mark.parametrize(("places", "each"), [(1, 1), (4, 1), (16, 4), (17, 4), (32, 8)])
def test_a_tenant_has_a_quarter_of_the_places(places: int, each: int) -> None:
    assert lanes_of(places) == each

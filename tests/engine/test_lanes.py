"""Each tenant has a few lanes of its own."""

import asyncio

import pytest

from muster.domain.chunk import ChunkRef
from muster.domain.errors import Busy
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
    lanes = Lanes(works, each=2)
    async with asyncio.TaskGroup() as group:
        for first in range(2):
            group.create_task(lanes.take(chunk(1, first)))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await lanes.take(chunk(1, 2))
        await lanes.take(chunk(2, 0))
        assert works.begun == [(1, 0), (1, 1), (2, 0)]
        works.go.set()


async def test_a_job_waits_the_moment_that_the_chunk_before_it_takes_to_leave() -> None:
    works = Works(slow=1)
    lanes = Lanes(works, each=1)
    async with asyncio.TaskGroup() as group:
        for first in range(3):
            group.create_task(lanes.take(chunk(1, first)))
        await asyncio.sleep(0)
        works.go.set()
    assert works.begun == [(1, 0), (1, 1), (1, 2)]


async def test_a_chunk_that_fails_frees_its_lane() -> None:
    async def fail(_: ChunkRef) -> None:
        raise RuntimeError("broken")

    lanes = Lanes(fail, each=1)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            await lanes.take(chunk(1, 0))


@pytest.mark.parametrize(("places", "each"), [(1, 1), (4, 1), (16, 4), (17, 4), (32, 8)])
def test_a_tenant_has_a_quarter_of_the_places(places: int, each: int) -> None:
    assert lanes_of(places) == each

"""A chunk: a range of positions of one batch, the unit of queueing and of leasing."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.ids import BatchNumber, TenantId

CHUNK_SIZE = 500
"""The most positions a chunk spans."""
WINDOW_SIZE = 200
"""The most entries whose intent is written in one transaction; what a crash can leave unknown per worker."""
CHUNKS_IN_QUEUE = 4
"""How many chunks of one batch wait or run at a time, so that batches interleave."""


class ChunkState(StrEnum):
    """Where a chunk stands."""

    QUEUED = "queued"
    """A job for it is in the queue."""
    RUNNING = "running"
    """A worker holds its lease."""
    WAITING = "waiting"
    """Some of its entries are held for a later time; `due_at` is the earliest."""
    PARKED = "parked"
    """Its batch is paused."""
    DONE = "done"
    """Nothing in it has still to be dispatched."""


class ChunkEvent(StrEnum):
    """What can happen to a chunk."""

    LEASED = "leased"
    YIELDED = "yielded"
    POSTPONED = "postponed"
    PARKED = "parked"
    WOKEN = "woken"
    LOST = "lost"
    FINISHED = "finished"


_S, _E = ChunkState, ChunkEvent

TRANSITIONS: Mapping[ChunkState, Mapping[ChunkEvent, ChunkState]] = MappingProxyType(
    {
        _S.QUEUED: {_E.LEASED: _S.RUNNING, _E.PARKED: _S.PARKED},
        _S.RUNNING: {
            _E.YIELDED: _S.QUEUED,
            _E.POSTPONED: _S.WAITING,
            _E.PARKED: _S.PARKED,
            _E.LOST: _S.QUEUED,
            _E.FINISHED: _S.DONE,
        },
        _S.WAITING: {_E.WOKEN: _S.QUEUED},
        _S.PARKED: {_E.WOKEN: _S.QUEUED},
        _S.DONE: {},
    }
)


class ChunkRef(msgspec.Struct, frozen=True):
    """Which chunk: the payload of a queue job."""

    tenant: TenantId
    batch: BatchNumber
    first: int


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The right to write to one chunk. Every write names `fence`; a later lease has a higher one."""

    chunk: ChunkRef
    last: int
    """The position after the chunk's last one."""
    fence: int
    worker: str
    until: datetime

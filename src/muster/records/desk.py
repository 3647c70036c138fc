"""Where operations are handed in: single ones in a transaction of their own, many inside somebody else's."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from muster.domain.errors import Unavailable
from muster.domain.records.operation import Fetch, FetchLink, Operation, Result
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.records.doings import DOINGS
from muster.records.work.blueprints import Blueprints
from muster.records.work.news import finish
from muster.records.work.performing import Performed, perform
from muster.records.work.scene import Acting, Actor, Scene
from muster.records.work.workspace import Workspace

PATIENCE = timedelta(seconds=5)
"""How long a record that somebody else is changing is waited for, unless it is said otherwise."""
_TRIES = 4
_PAUSE = timedelta(milliseconds=25)
_READING: frozenset[type[Operation]] = frozenset({Fetch, FetchLink})


class _Attempt:
    """How far it came."""

    applied = False
    """Everything was done; only the commit was left."""


class RecordDesk:
    """Has operations performed, kept and told."""

    def __init__(
        self, store: Store, clock: Clock, *, patience: timedelta = PATIENCE, blueprints: Blueprints | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._patience = patience
        self._blueprints = blueprints if blueprints is not None else Blueprints(store)

    async def one(self, acting: Acting, operation: Operation) -> Result:
        """Do one thing; what came of it is durable then.

        Raises Unavailable where the store is: either nothing was done, after some tries, or its answer was lost.
        """
        for attempt in range(1, _TRIES):
            attempted = _Attempt()
            try:
                return await self._once(acting, operation, attempted)
            except Unavailable:
                if attempted.applied:
                    # It may well have been kept: whoever asked must look.
                    raise
                # Two that wait for each other: the store lets one of them go on, and this is the other.
                await asyncio.sleep(attempt * _PAUSE.total_seconds())
        return await self._once(acting, operation, _Attempt())

    async def _once(self, acting: Acting, operation: Operation, attempted: _Attempt) -> Result:
        at = self._clock.now()
        opened = self._store.read() if type(operation) in _READING else self._store.begin()
        async with opened as tx:
            performed = await self.apply(tx, acting, [operation], whole=False, at=at)
            attempted.applied = type(operation) not in _READING
        return performed.results[0]

    async def apply(
        self, tx: Transaction, acting: Acting, operations: Sequence[Operation], *, whole: bool, at: datetime
    ) -> Performed:
        """Do all of them in order, inside the caller's transaction: perform, write, put the news into the outbox.

        `whole`: unless all succeed, nothing is done. It becomes durable, and is told, when the transaction ends well.
        """
        workspace = Workspace(tx, await self.scene(tx, acting, at))
        performed = await perform(workspace, operations, DOINGS, whole=whole)
        await finish(tx, workspace)
        return performed

    async def scene(self, tx: Transaction, acting: Acting, at: datetime) -> Scene:
        """The surroundings of a unit of work of the caller's."""
        return Scene(
            tenant=acting.tenant,
            actor=Actor(number=acting.user, role=acting.role),
            blueprint=await self._blueprints.of(tx, acting.tenant),
            at=at,
            patience=self._patience,
        )

"""Where operations are handed in: single ones in a transaction of their own, many inside somebody else's."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from muster.domain.records.operation import Fetch, FetchLink, Operation, Result
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction
from muster.records.doings import DOINGS
from muster.records.work.blueprints import Blueprints
from muster.records.work.news import finish
from muster.records.work.performing import Performed, perform
from muster.records.work.scene import PATIENCE, Acting, Actor, Scene
from muster.records.work.trying import Attempt, persistently
from muster.records.work.workspace import Workspace

_READING: frozenset[type[Operation]] = frozenset({Fetch, FetchLink})


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
        return await persistently(lambda attempt: self._once(acting, operation, attempt))

    async def _once(self, acting: Acting, operation: Operation, attempt: Attempt) -> Result:
        at = self._clock.now()
        opened = self._store.read() if type(operation) in _READING else self._store.begin()
        async with opened as tx:
            performed = await self.apply(tx, acting, [operation], whole=False, at=at)
            attempt.applied = type(operation) not in _READING
        return performed.results[0]

    async def apply(
        self,
        tx: Transaction,
        acting: Acting,
        operations: Sequence[Operation],
        *,
        whole: bool,
        at: datetime,
        dry: bool = False,
    ) -> Performed:
        """Do all of them in order, inside the caller's transaction: perform, write, put the news into the outbox.

        `whole`: unless all succeed, nothing is done; `dry`: in any case. It becomes durable, and is told, when the
        transaction ends well.
        """
        workspace = Workspace(tx, await self.scene(tx, acting, at))
        performed = await perform(workspace, operations, DOINGS, whole=whole, dry=dry)
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

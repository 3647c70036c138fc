"""Writing what a customer did, against whatever else happens to the workflow at that moment."""

from collections.abc import Awaitable, Callable
from typing import Final

from muster.domain.workflow import Workflow
from muster.journey.visit import Visit, asks_the_same
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction

Write = Callable[[Transaction, Workflow], Awaitable[bool]]
"""Writes a change to the workflow as it was read; False, with nothing written, when it has changed since."""

_TRIES: Final = 3
"""A reminder or a longer time may come between, hardly ever several of them."""


class Writer:
    """Writes changes that a visit led to."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def write(self, visit: Visit, change: Write) -> Workflow | None:
        """Write `change`; the workflow as it stands then, or None when somebody was faster and nothing was written.

        A workflow of which only the times have changed still asks what the customer answered: it is written then too.
        """
        workflow = visit.workflow
        for _ in range(_TRIES):
            async with self._store.begin() as tx:
                written = await change(tx, workflow)
                found = await tx.workflows.get(workflow.tenant, workflow.id)
            if written:
                return found
            if not asks_the_same(found, visit, self._clock.now()):
                return None
            workflow = found
        return None
